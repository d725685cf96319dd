//! The learner's loop on exercises: check, hint, solution, reset, progress.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tunebook_course::exercise::{CheckReport, Checker};
use tunebook_course::learner::Learner;
use tunebook_course::work::Work;
use tunebook_course::{Course, Home};

use super::{course, on_ctrl_c};
use crate::failure::{Result, outln};

/// Where the learner works.
#[derive(Args, Debug, Default)]
pub(crate) struct Folder {
    /// Your own copy of notebooks and exercises [default: the one you are in, else work/ in the course]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

impl Folder {
    pub(crate) fn learner(&self) -> Result<(Learner, Home)> {
        let (course, home) = course()?;
        let work = self.work(&course)?;
        Ok((Learner::new(course, work), home))
    }

    /// The folder that was named, the one around the current folder, or `work/` in the course.
    pub(crate) fn work(&self, course: &Course) -> Result<Work> {
        if let Some(dir) = &self.dir {
            return Ok(Work::at(dir)?);
        }
        Ok(Work::around(&std::env::current_dir()?, course))
    }
}

/// Checks your answer to an exercise (all of them, when none is named).
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  tunebook check simple-fine-tuning\n\nYour file is work/exercises/<exercise>/src/lib.rs; \
    it is copied there the first time."
)]
pub(crate) struct Check {
    /// The exercise's id
    exercise: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn check(call: &Check) -> Result<ExitCode> {
    let (learner, home) = call.folder.learner()?;
    let ids = match &call.exercise {
        Some(id) => vec![id.clone()],
        None => learner.course().exercise_ids()?,
    };
    let checker = Checker::new(&home)?;
    let stop = checker.stop();
    on_ctrl_c(move || stop.request())?;
    let mut reports: Vec<CheckReport> = Vec::new();
    for id in ids {
        if !call.json {
            eprintln!("checking {id} ...");
        }
        let report = learner.check(&checker, &id)?;
        if !call.json {
            outln!("{report}");
            if !report.passed() {
                outln!("Your file: {}", learner.work().exercise(&id).display());
            }
        }
        reports.push(report);
    }
    if call.json {
        outln!("{}", serde_json::to_string(&reports)?);
    }
    Ok(if reports.iter().all(CheckReport::passed) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Shows one more hint.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  tunebook hint simple-fine-tuning")]
pub(crate) struct Hint {
    /// The exercise's id
    exercise: String,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn hint(call: &Hint) -> Result<ExitCode> {
    let (learner, _) = call.folder.learner()?;
    let hint = learner.hint(&call.exercise)?;
    outln!("Hint {} of {}\n\n{}", hint.number, hint.total, hint.text.trim());
    Ok(ExitCode::SUCCESS)
}

/// Shows the course's solution, once yours has passed.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  tunebook solution simple-fine-tuning")]
pub(crate) struct Solution {
    /// The exercise's id
    exercise: String,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn solution(call: &Solution) -> Result<ExitCode> {
    let (learner, _) = call.folder.learner()?;
    outln!("{}", learner.solution(&call.exercise)?.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// Restores an exercise's starter or a lesson's notebook; your version is kept beside it.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  tunebook reset simple-fine-tuning")]
pub(crate) struct Reset {
    /// An exercise's or a lesson's id
    name: String,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn reset(call: &Reset) -> Result<ExitCode> {
    let (learner, _) = call.folder.learner()?;
    if let Some(kept) = learner.reset(&call.name)? {
        outln!("{}: as at the start; your version is in {}", call.name, kept.display());
    } else {
        outln!("{}: as at the start", call.name);
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows what is done and what is next.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  tunebook progress")]
pub(crate) struct Progress {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn progress(call: &Progress) -> Result<ExitCode> {
    let (learner, _) = call.folder.learner()?;
    let standing = learner.standing()?;
    if call.json {
        outln!("{}", serde_json::to_string(&standing)?);
    } else {
        outln!("{standing}\n\nKept in {}", learner.progress_file().display());
    }
    Ok(ExitCode::SUCCESS)
}

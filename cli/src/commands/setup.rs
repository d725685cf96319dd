//! `tunebook setup` and `tunebook doctor`.

use std::process::ExitCode;

use clap::Args;
use tunebook_course::doctor;
use tunebook_course::setup::{self, SetupOptions};

use super::course;
use crate::failure::{Result, outln};

/// Prepares kernel, JupyterLab and book; goes on where it was stopped.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  tunebook setup\n  tunebook setup --remove     delete all of it\n\n\
    Everything lies in one folder: TUNEBOOK_HOME, else tunebook/<version> in your data folder.")]
pub(crate) struct Setup {
    /// Delete everything that setup made
    #[arg(long)]
    remove: bool,
}

pub(crate) fn run(call: &Setup) -> Result<ExitCode> {
    let (course, home) = course()?;
    let options = SetupOptions::new(home.clone(), course);
    if call.remove {
        let removed = setup::remove(&home, options.user_jupyter.as_deref(), options.show)?;
        outln!("removed {} ({} MB) and the kernel's entry", removed.folder.display(), removed.bytes / 1_000_000);
        return Ok(ExitCode::SUCCESS);
    }
    let prepared = setup::run(&options)?;
    if prepared.made.is_empty() {
        outln!("Everything is ready in {}.", home.path().display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what is missing on this machine, and the command that mends it.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  tunebook doctor")]
pub(crate) struct Doctor {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn doctor(call: &Doctor) -> Result<ExitCode> {
    let (course, home) = course()?;
    let report = doctor::run(&SetupOptions::new(home, course));
    if call.json {
        outln!("{}", serde_json::to_string(&report)?);
    } else {
        outln!("{report}");
    }
    Ok(ExitCode::from(report.exit_code()))
}

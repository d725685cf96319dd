//! `tunebook build`: lessons to notebooks and book.

use std::process::ExitCode;

use clap::Args;
use tunebook_course::build::{self, BuildOptions};
use tunebook_course::setup::{self, Parts, SetupOptions};

use super::course;
use crate::failure::{Result, outln};

/// Makes notebooks and the book's sources from the lessons.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  tunebook build --execute    run every lesson, keep its outputs, write notebooks and book\n  \
    tunebook build --check      fail when something committed is stale"
)]
pub(crate) struct Build {
    /// Change nothing; list what is stale or wrong
    #[arg(long)]
    check: bool,
    /// Execute the lessons; with --check, compare the numbers that they quote with this run
    #[arg(long)]
    execute: bool,
}

pub(crate) fn run(call: &Build) -> Result<ExitCode> {
    let (course, home) = course()?;
    if call.execute {
        let mut options = SetupOptions::new(home.clone(), course.clone());
        options.parts = Parts::Kernel;
        setup::run(&options)?;
    }
    let options = BuildOptions { check: call.check, execute: call.execute };
    let built = build::run(&course, &home, options, &mut |line| eprintln!("{line}"))?;
    for file in &built.written {
        outln!("wrote {file}");
    }
    for problem in &built.problems {
        eprintln!("{problem}");
    }
    if built.problems.is_empty() {
        outln!("Everything is fresh.");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} problems", built.problems.len());
    Ok(ExitCode::from(1))
}

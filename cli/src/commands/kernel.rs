//! `tunebook kernel`: what Jupyter starts.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tunebook_course::commands::Commands;
use tunebook_course::learner::Learner;
use tunebook_course::work::Work;
use tunebook_course::{Course, Home};
use tunebook_kernel::engine::EngineOptions;
use tunebook_kernel::server;

use crate::failure::Result;

pub(crate) fn run(connection_file: &Path) -> Result<ExitCode> {
    let home = Home::from_env()?;
    server::serve(connection_file, home.path(), engine_options(&home))?;
    Ok(ExitCode::SUCCESS)
}

/// An engine with the course's commands. A kernel that finds no course still runs Rust.
pub(crate) fn engine_options(home: &Home) -> EngineOptions {
    let learner = std::env::current_dir().ok().and_then(|here| {
        let course = Course::locate(&here, home).ok()?;
        let work = Work::around(&here, &course);
        Some(Learner::new(course, work))
    });
    EngineOptions {
        commands: learner.map(|learner| Arc::new(Commands::new(learner, home.clone())) as _),
        ..EngineOptions::default()
    }
}

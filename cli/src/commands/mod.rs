//! One file for each command, or for the few that share their words.

pub(crate) mod book;
pub(crate) mod build;
mod catalogue;
pub(crate) mod data;
pub(crate) mod finetune;
pub(crate) mod kernel;
pub(crate) mod lab;
pub(crate) mod learn;
mod listing;
pub(crate) mod model;
pub(crate) mod notebook;
pub(crate) mod predict;
pub(crate) mod quiz;
pub(crate) mod setup;

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};

use tunebook_course::{Course, Home};
use tunebook_kernel::environment;

use crate::arguments::{Arguments, Command as Call};
use crate::failure::{Failure, Result};

pub(crate) fn run(call: Arguments) -> Result<ExitCode> {
    match call.command.unwrap_or_else(|| Call::Lab(call.lab.into())) {
        Call::Lab(call) => lab::run(call),
        Call::Setup(call) => setup::run(&call),
        Call::Doctor(call) => setup::doctor(&call),
        Call::Run(call) => notebook::run(&call),
        Call::Build(call) => build::run(&call),
        Call::Book(call) => book::run(call),
        Call::Check(call) => learn::check(&call),
        Call::Hint(call) => learn::hint(&call),
        Call::Solution(call) => learn::solution(&call),
        Call::Reset(call) => learn::reset(&call),
        Call::Progress(call) => learn::progress(&call),
        Call::Quiz(call) => quiz::run(&call),
        Call::Score(call) => quiz::score(&call),
        Call::Finetune(call) => finetune::run(&call),
        Call::Predict(call) => predict::predict(&call),
        Call::Embed(call) => predict::embed(&call),
        Call::Model(call) => model::run(call),
        Call::Data(call) => data::run(call),
        Call::Kernel { connection_file } => kernel::run(&connection_file),
    }
}

/// The course that a command means, and where its prepared things lie.
fn course() -> Result<(Course, Home)> {
    let home = Home::from_env()?;
    let here = std::env::current_dir().map_err(|problem| Failure::input(format!("the current folder: {problem}")))?;
    Ok((Course::locate(&here, &home)?, home))
}

/// The folder that a file's or folder's name stands in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether the file's ending says that it holds numpy arrays.
pub(crate) fn is_npz(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"))
}

/// Reads a file to a string, or says why not.
fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|problem| Failure::input(format!("{}: {problem}", path.display())))
}

/// The first Ctrl-C asks what runs to end in good order; the second ends the program.
pub(crate) fn on_ctrl_c(ask: impl Fn() + Send + 'static) -> Result<()> {
    let asked = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        ask();
    })
    .map_err(|problem| Failure::input(format!("Ctrl-C cannot be handled: {problem}")))
}

/// Goes on with `threads` threads in the matrix products, and with what else makes training fast. All of it is read from the
/// environment at the start, so the program starts itself once more.
fn with_threads(threads: Option<usize>) -> Result<()> {
    if threads == Some(0) {
        return Err(Failure::input("--threads 0: give at least 1"));
    }
    let set = |name: &str| std::env::var(name).ok();
    let missing: Vec<(&str, String)> = environment::for_training(threads)
        .into_iter()
        .filter(|(name, value)| match set(name) {
            None => true,
            Some(other) => *name == "RAYON_NUM_THREADS" && threads.is_some() && other != *value,
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let program = std::env::current_exe()?;
    Err(Command::new(program).args(std::env::args_os().skip(1)).envs(missing).exec().into())
}

/// The most memory that this process has held so far, where the system tells.
pub(crate) fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

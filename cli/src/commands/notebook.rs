//! `tunebook run`: executes a notebook in the kernel's engine, without Jupyter.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tunebook_course::setup::{self, Parts, SetupOptions};
use tunebook_kernel::engine::{Engine, Output};
use tunebook_kernel::notebook::{self, Notebook, RunEvent, RunOptions};
use tunebook_kernel::seed;

use super::{course, folder_of, kernel, on_ctrl_c};
use crate::failure::{Failure, Result};

/// Executes a notebook without Jupyter and writes it with its outputs.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  tunebook run notebooks/03-strategies.ipynb\n  \
    tunebook run my.ipynb --output done.ipynb --timeout 120 -p epochs=3\n\n\
    Exit code 1 when a cell fails; its number is printed, and the cells up to it are in the output.")]
pub(crate) struct Run {
    /// The notebook
    notebook: PathBuf,
    /// Where the executed notebook goes [default: NAME.executed.ipynb in the current folder]
    #[arg(long)]
    output: Option<PathBuf>,
    /// Seconds that one cell may take
    #[arg(long)]
    timeout: Option<f64>,
    /// Replaces a value in the cell tagged `parameters`
    #[arg(short = 'p', value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
}

fn parameter(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

pub(crate) fn run(call: &Run) -> Result<ExitCode> {
    // A broken file is found before minutes of preparing.
    let notebook = Notebook::read(&call.notebook)?;
    let timeout = match call.timeout {
        None => None,
        Some(seconds) => Some(
            Duration::try_from_secs_f64(seconds)
                .ok()
                .filter(|timeout| !timeout.is_zero())
                .ok_or_else(|| Failure::input(format!("--timeout {seconds}: give seconds above 0")))?,
        ),
    };
    let output = call.output.clone().unwrap_or_else(|| default_output(&call.notebook));
    check_writable(&output)?;
    let (course, home) = course()?;
    let mut options = SetupOptions::new(home.clone(), course);
    options.parts = Parts::Kernel;
    setup::run(&options)?;
    let seed = seed::open(home.path())?
        .ok_or_else(|| Failure::input("the cells' library is missing; run `tunebook setup`"))?;
    let mut engine = Engine::start(&seed, kernel::engine_options(&home))?;
    let interrupter = engine.interrupter();
    on_ctrl_c(move || interrupter.interrupt())?;
    let options = RunOptions { timeout, parameters: call.parameters.clone() };
    let run = notebook::run(&notebook, &mut engine, &options, &mut |event| show(&event))?;
    run.notebook.write(&output)?;
    say(&format!("\nThe executed notebook is {}.", output.display()));
    match run.failure {
        None => Ok(ExitCode::SUCCESS),
        Some(failure) => Err(Failure::work(format!(
            "{}: code cell {} failed: {}",
            call.notebook.display(),
            failure.cell,
            failure.error
        ))),
    }
}

/// Beside nothing of the learner's: in the current folder, under another name.
fn default_output(notebook: &Path) -> PathBuf {
    let stem = notebook.file_stem().unwrap_or_default().to_string_lossy();
    PathBuf::from(format!("{stem}.executed.ipynb"))
}

/// Finds out before minutes of work whether their result can be kept.
fn check_writable(output: &Path) -> Result<()> {
    let folder = folder_of(output);
    if output.is_dir() {
        return Err(Failure::input(format!("{}: is a folder; give --output a file's name", output.display())));
    }
    tempfile::tempfile_in(folder).map(drop).map_err(|problem| {
        Failure::input(format!("{}: {problem}; give --output a file in a folder you may write to", folder.display()))
    })
}

/// Says a line. One that nobody reads any more does not stop the notebook.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn show(event: &RunEvent<'_>) {
    match event {
        RunEvent::Started { cell, of, code } => {
            let first = code.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("//"));
            say(&format!("[{cell}/{of}] {}", first.unwrap_or_default()));
        }
        RunEvent::Output(Output::Stream { text, .. }) => {
            // A progress line without a newline is to be seen while it grows.
            let mut out = std::io::stdout();
            let _ = write!(out, "{text}").and_then(|()| out.flush());
        }
        RunEvent::Output(Output::DisplayData { data, .. } | Output::ExecuteResult { data, .. }) => {
            if let Some(text) = data.get("text/plain").and_then(|text| text.as_str()) {
                say(text.trim_end());
            }
        }
        RunEvent::Output(_) => {}
        RunEvent::Ended { cell, error: None, time } => {
            say(&format!("      cell {cell}: {:.1} s", time.as_secs_f64()));
        }
        RunEvent::Ended { cell, error: Some(error), time } => {
            say(&format!("      cell {cell} failed after {:.1} s: {error}", time.as_secs_f64()));
        }
    }
}

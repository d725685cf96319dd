//! The process that compiles: it owns evcxr, its analyser and its Cargo.
//!
//! It is a process of its own because evcxr takes its settings from the environment and the
//! working folder, may end the process (`:quit`) and, being large, may crash: the program that
//! shows notebooks must not depend on any of that. Requests come in and events go out over the
//! socket that the engine put in place of stdin.
mod compile_error;
mod events;
pub(crate) mod metadata;
mod output;
mod prepare;
mod runtime_error;

use crate::engine::{CellError, CellResult};
use crate::message::{Event, Request, RunEnd};
use crate::supervisor::RUN_NUMBER;
use evcxr::CommandContext;
use events::Events;
use output::Outputs;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};

/// What a host is told when it is started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HostConfig {
    /// The session's folder: a Cargo workspace.
    pub session: PathBuf,
    /// Where cells run: the notebook's folder.
    pub user_folder: PathBuf,
    /// `PATH` as cells see it.
    pub path: Option<String>,
    /// The argument of evcxr's `:dep` for the facade.
    pub dependency: String,
    /// The file that asks a running cell to stop.
    pub stop_file: PathBuf,
}

impl HostConfig {
    /// The folder of the crate that evcxr writes.
    pub(crate) fn crate_folder(&self) -> PathBuf {
        self.session.join(crate::session::CRATE_FOLDER)
    }
}

/// Runs the host; returns the exit code of the process.
pub(crate) fn main() -> i32 {
    match serve() {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

fn serve() -> std::io::Result<()> {
    let config: HostConfig = serde_json::from_str(&std::env::args().nth(3).unwrap_or_default())?;
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    // Compilers must not read the engine's requests.
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    let events = Events::new(socket.try_clone()?);
    let requests = read_requests(socket, config.session.clone());
    let (mut context, outputs) = match prepare::start(&config, events.clone()) {
        Ok(started) => started,
        Err(error) => {
            let (problem, mend) = (error.problem().to_owned(), error.mend().map(str::to_owned));
            return events.send(&Event::Failed { problem, mend });
        }
    };
    events.send(&Event::Ready)?;
    prepare::warm_up(&mut context);
    events.send(&Event::Warm)?;
    let mut host = Host { config, context, outputs };
    for request in requests {
        let answer = match request {
            Request::Execute { code } => Event::Executed(host.execute(&code)),
            Request::Complete { code, byte } => host.complete(&code, byte),
            Request::Inspect { code, byte } => host.inspect(&code, byte),
        };
        events.send(&answer)?;
    }
    Ok(())
}

/// Reads requests in a thread of its own: when the engine's program is gone, everything ends at
/// once, also in the middle of a cell or of a compilation.
fn read_requests(socket: UnixStream, session: PathBuf) -> Receiver<Request> {
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(socket).lines().map_while(std::io::Result::ok) {
            let Ok(request) = serde_json::from_str(&line) else { break };
            if sender.send(request).is_err() {
                break;
            }
        }
        // What cannot be removed now is swept by the next session.
        let _ = std::fs::remove_dir_all(session);
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::KILL);
    });
    requests
}

struct Host {
    config: HostConfig,
    context: CommandContext,
    outputs: Outputs,
}

impl Host {
    fn execute(&mut self, code: &str) -> CellResult {
        self.outputs.begin();
        let is_result = !code.trim_end().ends_with(';');
        let result = self.context.execute(&with_flush(code));
        let stopped = self.config.stop_file.exists();
        let error = match result {
            Ok(mut shown) => {
                let run = shown.content_by_mime_type.remove(RUN_NUMBER).and_then(|number| number.trim().parse().ok());
                let end = run.map(|number| self.outputs.wait_for_end(number)).unwrap_or_default();
                self.outputs.finish(is_result, shown.content_by_mime_type);
                self.error_of_run(code, &end, stopped)
            }
            Err(error) => {
                if matches!(error, evcxr::Error::SubprocessTerminated(_)) {
                    self.outputs.wait_for_death();
                }
                self.outputs.finish(is_result, std::collections::HashMap::new());
                Some(match error {
                    evcxr::Error::CompilationErrors(errors) => compile_error::describe(code, &errors),
                    evcxr::Error::SubprocessTerminated(_) if stopped => interrupted_hard(),
                    evcxr::Error::SubprocessTerminated(message) => self.died(&message),
                    other if stopped => interrupted(&format!("stopped: {other}")),
                    other => CellError::new("Error", other.to_string()),
                })
            }
        };
        CellResult { ok: error.is_none(), error, values: self.outputs.take_values() }
    }

    fn error_of_run(&self, code: &str, end: &RunEnd, stopped: bool) -> Option<CellError> {
        if end.skipped {
            return Some(interrupted("stopped before the cell ran; all variables are kept"));
        }
        if let Some(panic) = &end.panic {
            return Some(runtime_error::panic(panic, code, &self.config.crate_folder()));
        }
        if let Some(error) = &end.error {
            return Some(runtime_error::question_mark(error));
        }
        stopped.then(|| interrupted("the cell was asked to stop and did; all variables are kept"))
    }

    fn died(&mut self, message: &str) -> CellError {
        let status = self.outputs.take_death().unwrap_or_else(|| message.trim().to_owned());
        let lost = "all variables are lost; functions, types and `use` lines are kept";
        let hint = if status.contains("signal: 9") { " (killed: often memory ran out)" } else { "" };
        CellError::new("Crash", format!("the process that runs the cells ended: {status}{hint}; {lost}"))
    }

    fn complete(&mut self, code: &str, byte: usize) -> Event {
        match self.context.completions(code, byte) {
            Ok(found) => Event::Completed {
                matches: found.completions.iter().map(|completion| name_only(&completion.code)).collect(),
                start: found.start_offset,
                end: found.end_offset,
            },
            Err(_) => Event::Completed { matches: Vec::new(), start: byte, end: byte },
        }
    }

    fn inspect(&mut self, code: &str, byte: usize) -> Event {
        match self.context.hover_at(code, byte) {
            Ok((text, html)) if text != "No documentation found" => {
                Event::Inspected { text: Some(text), html: Some(html) }
            }
            _ => Event::Inspected { text: None, html: None },
        }
    }
}

/// A completion without the names of arguments: in a notebook they would have to be deleted.
fn name_only(code: &str) -> String {
    code.split_once('(').map_or(code, |(name, _)| name).to_owned()
}

fn interrupted(what: &str) -> CellError {
    CellError::new("Interrupted", what)
}

fn interrupted_hard() -> CellError {
    interrupted(
        "the cell did not stop by itself and was ended; all variables are lost; functions, types and `use` lines are kept",
    )
}

/// The cell with a flush of stdout at its end, so that `print!` without a newline is shown in its
/// own cell. A cell that ends in an expression prints a newline itself, when that is displayed.
fn with_flush(code: &str) -> String {
    let statement = code.trim_end().ends_with(';');
    let last = code.trim_end().lines().last().unwrap_or_default().trim_start();
    let rust = !last.starts_with(':') && !last.starts_with('!') && !last.starts_with("//");
    if statement && rust && crate::server::is_complete::is_complete(code) {
        format!("{code}\n::std::io::Write::flush(&mut ::std::io::stdout()).ok();")
    } else {
        code.to_owned()
    }
}

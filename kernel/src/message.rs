//! What the kernel's processes tell each other: one JSON object a line.
use crate::engine::{CellResult, Output};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// From the supervisor to the host, over what evcxr takes for the child's stderr.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChildEvent {
    /// The process that runs cells has started.
    Started { pid: i32 },
    /// A compiled cell begins to run.
    RunStarted,
    /// Text of a cell.
    Stream { name: StreamName, text: String },
    /// A message of the teaching crate: display, update, clear or value.
    Message(Map<String, Value>),
    /// One MIME block of evcxr's own display protocol.
    Content { mime: String, text: String },
    /// A compiled cell has ended.
    RunEnded(RunEnd),
    /// The process that runs cells is gone.
    Died { status: String },
}

/// How the run of a compiled cell ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunEnd {
    /// Counts the runs of one supervisor from 1.
    pub number: u64,
    /// The panic's message, location first, when the cell panicked.
    pub panic: Option<String>,
    /// The error's text, when a `?` ended the cell.
    pub error: Option<String>,
    /// The cell was not run: an interrupt came while it was compiled.
    pub skipped: bool,
}

/// The two text streams of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamName {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// From the engine to the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Run a cell.
    Execute { code: String },
    /// What could stand at this byte of the code.
    Complete { code: String, byte: usize },
    /// Documentation of what stands before this byte.
    Inspect { code: String, byte: usize },
}

/// From the host to the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// Cells can run.
    Ready,
    /// The analyser knows all crates: the first `let` is as fast as the next.
    Warm,
    /// Cells cannot run.
    Failed { problem: String, mend: Option<String> },
    /// The process that runs cells has started.
    Cells { pid: i32 },
    /// A compiled cell begins or ends to run.
    Running { running: bool },
    /// Something to show.
    Output(Output),
    /// Answers `Execute`.
    Executed(CellResult),
    /// Answers `Complete`: candidates for the bytes from `start` to `end`.
    Completed { matches: Vec<String>, start: usize, end: usize },
    /// Answers `Inspect`.
    Inspected { text: Option<String>, html: Option<String> },
}

/// Writes one message as one line, in one call.
pub(crate) fn write_line(mut to: impl std::io::Write, message: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

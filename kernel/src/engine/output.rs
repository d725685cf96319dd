//! What a cell shows and how it ends.
use crate::message::StreamName;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One value in several formats: MIME type to content, as Jupyter has it.
pub type MimeBundle = Map<String, Value>;

/// Something to show, while the cell runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Text on stdout or stderr. Not by line: join what follows each other.
    Stream {
        /// Which of the two.
        name: StreamName,
        /// The text.
        text: String,
    },
    /// A value that the cell displays.
    DisplayData {
        /// The value.
        data: MimeBundle,
        /// How to show it.
        metadata: Map<String, Value>,
        /// A name by which a later [`Output::UpdateDisplayData`] replaces it.
        display_id: Option<String>,
    },
    /// The new content of an earlier display.
    UpdateDisplayData {
        /// The value.
        data: MimeBundle,
        /// How to show it.
        metadata: Map<String, Value>,
        /// The name that the earlier display was given.
        display_id: String,
    },
    /// The cell's output so far goes away.
    ClearOutput {
        /// Only when the next output comes.
        wait: bool,
    },
    /// The value of the cell's last expression.
    ExecuteResult {
        /// The value.
        data: MimeBundle,
        /// How to show it.
        metadata: Map<String, Value>,
    },
}

/// How a cell ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    /// No error.
    pub ok: bool,
    /// What went wrong.
    pub error: Option<CellError>,
    /// The numbers that the cell recorded for the lesson's text, by name.
    pub values: Map<String, Value>,
}

impl CellResult {
    /// A cell that ended well and recorded nothing.
    pub fn good() -> Self {
        Self { ok: true, ..Self::default() }
    }

    /// A cell that ended with this error.
    pub fn failed(error: CellError) -> Self {
        Self { ok: false, error: Some(error), values: Map::new() }
    }
}

/// Why a cell failed, in Jupyter's three parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellError {
    /// The kind: `CompileError`, `Panic`, `Error` (of a `?`), `Interrupted`, `Crash`.
    pub ename: String,
    /// What happened.
    pub evalue: String,
    /// What to show, line by line: the error and the learner's own lines.
    pub traceback: Vec<String>,
}

impl CellError {
    /// An error without lines of code.
    pub fn new(ename: &str, evalue: impl Into<String>) -> Self {
        let evalue = evalue.into();
        let traceback = format!("{ename}: {evalue}").lines().map(str::to_owned).collect();
        Self { ename: ename.to_owned(), evalue, traceback }
    }
}

impl std::fmt::Display for CellError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.ename, self.evalue)
    }
}

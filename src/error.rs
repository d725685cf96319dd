//! The one error type of the library: what went wrong, where, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// What the library's fallible functions return.
///
/// ```
/// fn rows(name: &str) -> tunebook::Result<usize> {
///     Ok(tunebook::data::TextDataset::embedded(name)?.len())
/// }
/// assert!(rows("support-tickets").is_ok() && rows("tickets").is_err());
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error that names the place and the mend.
///
/// ```
/// let error = tunebook::Error::input("tickets.csv", "line 3 has no label", "fill it in or drop the row");
/// assert_eq!(error.to_string(), "tickets.csv: line 3 has no label; fill it in or drop the row");
/// ```
///
/// Its `Debug` form is the same text: that is what Rust prints of an error that leaves `main` or a notebook's cell, and what
/// `unwrap` and `expect` say.
#[non_exhaustive]
pub enum Error {
    /// A file or value from outside is not usable as it is.
    Input {
        /// The file, argument or name that is wrong.
        place: String,
        /// What is wrong with it.
        problem: String,
        /// What the reader can do about it.
        mend: String,
    },
    /// Reading or writing a file failed.
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A tensor operation failed: shapes, types or the device.
    Tensor(candle_core::Error),
    /// The tokenizer refused a text or a file.
    Tokenizer(String),
    /// The training itself cannot go on: a loss that is not finite, a parameter without a gradient.
    Training(String),
    /// A chart could not be drawn.
    Chart(String),
}

impl Error {
    /// An error about something the caller gave, with the place and the mend.
    pub fn input(place: impl fmt::Display, problem: impl fmt::Display, mend: impl fmt::Display) -> Self {
        Self::Input { place: place.to_string(), problem: problem.to_string(), mend: mend.to_string() }
    }

    /// An operating-system error together with the file it is about.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_path_buf(), source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { place, problem, mend } if mend.is_empty() => write!(f, "{place}: {problem}"),
            Self::Input { place, problem, mend } => write!(f, "{place}: {problem}; {mend}"),
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Tensor(source) => write!(f, "tensor operation: {source}"),
            Self::Tokenizer(problem) => write!(f, "tokenizer: {problem}"),
            Self::Training(problem) => write!(f, "training stopped: {problem}"),
            Self::Chart(problem) => write!(f, "chart: {problem}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Tensor(source) => Some(source),
            _ => None,
        }
    }
}

impl From<candle_core::Error> for Error {
    fn from(source: candle_core::Error) -> Self {
        Self::Tensor(source)
    }
}

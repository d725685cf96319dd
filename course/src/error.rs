//! The one error type of this crate: what went wrong, where, what mends it, and the exit code it stands for.

use std::fmt;
use std::path::Path;

/// What the crate's fallible functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Which exit code an error stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The work itself failed (a failing cell, a stale file): exit code 1.
    Work,
    /// The call, the input or the machine is wrong: exit code 2.
    Input,
}

/// An error that names the place, the problem and the mend.
///
/// ```
/// use tunebook_course::Error;
/// let error = Error::input("lessons/03-strategies/lesson.md:12", "the cell has no id", "write `id=some-words`");
/// assert_eq!(error.to_string(), "lessons/03-strategies/lesson.md:12: the cell has no id; write `id=some-words`");
/// assert_eq!(error.exit_code(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The file (with line), argument or thing that is wrong.
    pub place: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to do about it; may be empty.
    pub mend: String,
    /// Which exit code it stands for.
    pub class: Class,
}

impl Error {
    /// The call, the input or the machine is wrong (exit code 2).
    pub fn input(place: impl fmt::Display, problem: impl fmt::Display, mend: impl fmt::Display) -> Self {
        Self { place: place.to_string(), problem: problem.to_string(), mend: mend.to_string(), class: Class::Input }
    }

    /// The work itself failed (exit code 1).
    pub fn work(place: impl fmt::Display, problem: impl fmt::Display, mend: impl fmt::Display) -> Self {
        Self { class: Class::Work, ..Self::input(place, problem, mend) }
    }

    /// The operating system refused to read or write `path`.
    ///
    /// ```
    /// let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    /// let error = tunebook_course::Error::io("/data/seed", &full);
    /// assert!(error.mend.contains("free some space"));
    /// ```
    pub fn io(path: impl AsRef<Path>, source: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let mend = match source.kind() {
            Kind::NotFound => "check the path",
            Kind::PermissionDenied => "check who may read and write it",
            Kind::StorageFull | Kind::QuotaExceeded => "the disk is full: free some space and run the command again",
            _ => "",
        };
        Self::input(path.as_ref().display(), source, mend)
    }

    /// A file that is not valid TOML or has wrong fields, with the line the parser points at.
    pub(crate) fn toml(path: &Path, first_line: usize, text: &str, source: &toml::de::Error) -> Self {
        let line = source.span().map_or(0, |span| line_of(text, span.start)) + first_line.max(1) - 1;
        let place = if line == 0 { path.display().to_string() } else { format!("{}:{line}", path.display()) };
        Self::input(place, source.message().replace('\n', " "), "correct that line")
    }

    /// The exit code of a program that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self.class {
            Class::Work => 1,
            Class::Input => 2,
        }
    }
}

/// The 1-based line of byte `offset` in `text`.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)?;
        if self.mend.is_empty() { Ok(()) } else { write!(f, "; {}", self.mend) }
    }
}

impl std::error::Error for Error {}

//! The crate's one error: what went wrong, where, and what to do.
use std::fmt;
use std::path::Path;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, said once, with the mend where there is one.
///
/// ```
/// use tunebook_kernel::Error;
/// let error = Error::new("the seed was built with another rustc").with_mend("run `tunebook setup`");
/// assert_eq!(error.to_string(), "the seed was built with another rustc; run `tunebook setup`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    problem: String,
    mend: Option<String>,
}

impl Error {
    /// An error that states a problem.
    pub fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), mend: None }
    }

    /// Adds what to do about it.
    pub fn with_mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// A file or folder that could not be read or written.
    pub fn io(path: impl AsRef<Path>, error: &std::io::Error) -> Self {
        let place = path.as_ref().display();
        let failed = Self::new(format!("{place}: {error}"));
        match error.kind() {
            std::io::ErrorKind::StorageFull => failed.with_mend("free some disk space and try again"),
            std::io::ErrorKind::PermissionDenied => failed.with_mend("check who may write there"),
            _ => failed,
        }
    }

    /// What went wrong, without the mend.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to do about it.
    pub fn mend(&self) -> Option<&str> {
        self.mend.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.mend {
            Some(mend) => write!(f, "{}; {mend}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl std::error::Error for Error {}

/// Names the path in an I/O error.
pub(crate) trait At<T> {
    fn at(self, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|error| Error::io(path, &error))
    }
}

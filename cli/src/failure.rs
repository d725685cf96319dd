//! One error and its exit code: 1 when the work itself failed, 2 when the call, the input or the machine is wrong.

use std::fmt;

use crate::settings;

/// What a command ends with when it does not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// The call, the input or the machine is wrong.
    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    /// The work itself failed.
    pub(crate) fn work(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 1 }
    }

    pub(crate) fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<tunebook::Error> for Failure {
    fn from(error: tunebook::Error) -> Self {
        match settings::as_option(error) {
            error @ tunebook::Error::Training(_) => Self::work(error),
            error => Self::input(error),
        }
    }
}

impl From<tunebook_course::Error> for Failure {
    fn from(error: tunebook_course::Error) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl From<tunebook_kernel::Error> for Failure {
    fn from(error: tunebook_kernel::Error) -> Self {
        Self::input(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::input(error)
    }
}

/// `println!` with an error in place of a panic when nobody reads any more, or the disk behind it is full.
macro_rules! outln {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        writeln!(std::io::stdout().lock(), $($words)*).map_err($crate::failure::Failure::from)?
    }};
}
pub(crate) use outln;

/// Writing to a closed pipe (`tunebook ... | head`) is no reason for a message.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe { std::process::exit(0) } else { Self::input(error) }
    }
}

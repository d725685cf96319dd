//! The doctor: finds what this machine lacks before it hurts, and names the command that mends it.
//!
//! Each check in `checks` tries the real thing where that is quick: a Python environment is made, a package is
//! downloaded, the compiler is asked for its version. Nothing is left behind.

mod checks;

use std::fmt;

use serde::Serialize;

use crate::Error;
use crate::setup::SetupOptions;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked, as a stable word: `python`, `network`, `disk`, `rust-src`, `rustc`.
    pub id: &'static str,
    /// The same for a person.
    pub title: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What to do; empty when it is good.
    pub mend: String,
}

impl Check {
    fn of(id: &'static str, title: &'static str, found: crate::Result<String>) -> Self {
        match found {
            Ok(found) => Self { id, title, ok: true, found, mend: String::new() },
            Err(Error { place, problem, mend, .. }) => {
                Self { id, title, ok: false, found: format!("{place}: {problem}"), mend }
            }
        }
    }
}

/// What all checks found.
///
/// ```
/// use tunebook_course::doctor::{Check, Report};
/// let disk = Check { id: "disk", title: "Disk", ok: false, found: "10 MB free".into(), mend: "free 1 GB".into() };
/// let report = Report { checks: vec![disk] };
/// assert_eq!(report.to_string(), "problem  Disk: 10 MB free\n         to mend it: free 1 GB\n");
/// assert_eq!(report.exit_code(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The checks in the order in which setup would meet them.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether nothing is missing.
    pub fn is_good(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }

    /// 0 when nothing is missing, else 2.
    pub fn exit_code(&self) -> u8 {
        if self.is_good() { 0 } else { 2 }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let mark = if check.ok { "ok" } else { "problem" };
            writeln!(f, "{mark:7}  {}: {}", check.title, check.found)?;
            if !check.mend.is_empty() {
                writeln!(f, "         to mend it: {}", check.mend)?;
            }
        }
        Ok(())
    }
}

/// Checks this machine. Takes some seconds, most of them for the network.
///
/// ```no_run
/// use tunebook_course::{Course, Home, doctor, setup};
/// let report = doctor::run(&setup::SetupOptions::new(Home::from_env()?, Course::open(".")?));
/// print!("{report}");
/// # Ok::<(), tunebook_course::Error>(())
/// ```
pub fn run(options: &SetupOptions) -> Report {
    checks::run(options)
}

//! A Python that can make a virtual environment.

use std::path::PathBuf;

use super::machine::Machine;
use crate::{Error, Result};

/// The oldest Python that the pinned requirements work with.
const OLDEST: (u32, u32) = (3, 9);

/// Names under which Python is installed, the usual one first.
const NAMES: [&str; 8] =
    ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9"];

/// Prints the version before it asks for the modules, so that the output tells what is missing.
const PROBE: &str = "import sys; print('%d.%d.%d' % sys.version_info[:3], flush=True); import venv, ensurepip";

/// A Python with `venv` and `ensurepip`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Python {
    /// Its program.
    pub(crate) path: PathBuf,
    /// Such as `3.12.1`.
    pub(crate) version: String,
}

impl Python {
    /// The first Python on `PATH` that can do it; else what is wrong with the one that there is.
    pub(crate) fn find(machine: &Machine) -> Result<Self> {
        let mut first_problem = None;
        for path in NAMES.iter().filter_map(|name| machine.find(name)) {
            match probe(machine, path) {
                Ok(python) => return Ok(python),
                Err(error) => first_problem = first_problem.or(Some(error)),
            }
        }
        Err(first_problem
            .unwrap_or_else(|| Error::input("python3", "there is no Python on PATH, and JupyterLab needs one", mend())))
    }
}

fn probe(machine: &Machine, path: PathBuf) -> Result<Python> {
    let output = machine.command(&path).args(["-c", PROBE]).output().map_err(|e| Error::io(&path, &e))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if version.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        let problem = format!("this Python does not run: {}", said.lines().last().unwrap_or("it prints nothing"));
        return Err(Error::input(path.display(), problem, mend()));
    }
    if (major, minor) < OLDEST {
        let problem = format!("Python {version} is too old: {}.{} or later is needed", OLDEST.0, OLDEST.1);
        return Err(Error::input(path.display(), problem, mend()));
    }
    if !output.status.success() {
        let problem = format!("Python {version} has no `venv` (or no `ensurepip`), so JupyterLab cannot be installed");
        let package = format!("install it (Debian, Ubuntu: `sudo apt install python{major}.{minor}-venv`)");
        return Err(Error::input(path.display(), problem, package));
    }
    Ok(Python { path, version })
}

fn mend() -> String {
    let install = if cfg!(target_os = "macos") {
        "`brew install python`"
    } else {
        "Debian, Ubuntu: `sudo apt install python3-venv`"
    };
    format!("install Python {}.{} or later ({install}) and run the command again", OLDEST.0, OLDEST.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::testing::tool;

    fn find_with(script: Option<&str>) -> Result<Python> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(script) = script {
            tool(folder.path(), "python3", script);
        }
        Python::find(&Machine::new(Some(folder.path().as_os_str())))
    }

    #[test]
    fn no_python_says_what_to_install() {
        let error = find_with(None).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.mend.contains("install Python 3.9 or later"), "{error}");
    }

    #[test]
    fn a_python_without_venv_is_told_from_one_that_is_too_old_and_from_a_broken_one() {
        let error = find_with(Some("echo 3.12.1; echo \"No module named 'ensurepip'\" >&2; exit 1")).unwrap_err();
        assert!(error.problem.contains("no `venv`") && error.mend.contains("python3.12-venv"), "{error}");
        let error = find_with(Some("echo 3.7.9")).unwrap_err();
        assert!(error.problem.contains("3.7.9 is too old"), "{error}");
        let error = find_with(Some("echo 'bad interpreter' >&2; exit 1")).unwrap_err();
        assert!(error.problem.contains("does not run: bad interpreter"), "{error}");
        assert_eq!(find_with(Some("echo 3.10.0")).unwrap().version, "3.10.0");
    }

    #[test]
    fn a_second_python_helps_when_the_first_cannot() {
        let folder = tempfile::tempdir().unwrap();
        tool(folder.path(), "python3", "echo 3.8.1");
        tool(folder.path(), "python3.12", "echo 3.12.4");
        let python = Python::find(&Machine::new(Some(folder.path().as_os_str()))).unwrap();
        assert!(python.path.ends_with("python3.12"));
    }
}

//! JupyterLab: the one on `PATH` from 4.2 on, else one in an environment of its own.
//!
//! An environment cannot be moved once it is made (its scripts hold its path), so it is made where it stays. It is
//! finished when its stamp says so; one without a stamp was interrupted and is made again. What pip has downloaded is
//! in pip's cache by then.

use std::cell::OnceCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::machine::{MB, Machine};
use super::pip;
use super::progress::Bar;
use super::python::Python;
use super::stamp::Stamp;
use super::step::{Context, Cost, Step};
use crate::{Error, Home, Result, files};

/// What is installed: every package with its version and the hashes of its files.
pub(crate) const REQUIREMENTS: &str = include_str!("../../requirements.txt");

/// The oldest JupyterLab that the course is tested with.
const OLDEST: (u32, u32) = (4, 2);

/// The step's stamp, and what it holds.
const NAME: &str = "jupyterlab";

/// A JupyterLab that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub(crate) enum JupyterLab {
    /// The person's own.
    Path {
        /// Its program.
        program: PathBuf,
        /// When that was written, in seconds since 1970: another time, another version.
        written: u64,
        /// What it says its version is.
        version: String,
    },
    /// One of ours.
    Own {
        /// The SHA-256 of the requirements.
        requirements: String,
        /// The Python below it, with every link followed.
        python: PathBuf,
    },
}

impl JupyterLab {
    /// The one that setup has chosen or installed, when it is still there and as it was.
    pub(crate) fn ready(home: &Home) -> Option<Self> {
        let chosen: Self = serde_json::from_str(&Stamp::of(home, NAME).read()?).ok()?;
        let same = match &chosen {
            Self::Path { program, written, .. } => time_written(program) == Some(*written),
            Self::Own { requirements, python } => {
                *requirements == files::sha256(REQUIREMENTS)
                    && own_python(home).canonicalize().is_ok_and(|now| now == *python)
            }
        };
        same.then_some(chosen)
    }

    /// The command that starts it.
    pub(crate) fn command(&self, home: &Home, machine: &Machine) -> Command {
        match self {
            Self::Path { program, .. } => machine.command(program),
            // Not the script `jupyter-lab`: its first line cannot hold a long path or one with a space.
            Self::Own { .. } => {
                let mut command = machine.command(&own_python(home));
                command.args(["-m", "jupyterlab"]).env_remove("PYTHONPATH").env_remove("PYTHONHOME");
                command
            }
        }
    }

    fn stamp(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::input("JupyterLab", e, ""))
    }
}

/// Looks for a JupyterLab on `PATH` that is new enough.
pub(crate) fn on_path(machine: &Machine) -> Option<JupyterLab> {
    let program = machine.find("jupyter-lab")?;
    let output = machine.command(&program).arg("--version").output().ok().filter(|output| output.status.success())?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let (major, minor) = (numbers.next()?, numbers.next()?);
    let written = time_written(&program)?;
    ((major, minor) >= OLDEST).then_some(JupyterLab::Path { program, written, version })
}

fn own_python(home: &Home) -> PathBuf {
    home.venv().join("bin/python")
}

fn time_written(program: &Path) -> Option<u64> {
    let time = std::fs::metadata(program).ok()?.modified().ok()?;
    Some(time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// The step of setup.
#[derive(Default)]
pub(crate) struct PrepareJupyterLab {
    /// What was found on `PATH`: asking for a version takes a second, so it is asked once.
    found: OnceCell<Option<JupyterLab>>,
}

impl PrepareJupyterLab {
    fn found(&self, context: &Context) -> Option<&JupyterLab> {
        self.found.get_or_init(|| on_path(&context.machine)).as_ref()
    }
}

impl Step for PrepareJupyterLab {
    fn title(&self) -> String {
        "JupyterLab".to_owned()
    }

    fn cost(&self, context: &Context) -> Cost {
        match self.found(context) {
            Some(_) => Cost { disk: 0, time: "the one on PATH" },
            None => Cost { disk: 280 * MB, time: "about 2 minutes" },
        }
    }

    fn is_current(&self, context: &Context) -> Result<bool> {
        Ok(JupyterLab::ready(&context.home).is_some())
    }

    fn check(&self, context: &Context) -> Result<()> {
        if self.found(context).is_some() { Ok(()) } else { Python::find(&context.machine).map(drop) }
    }

    fn make(&self, context: &Context, bar: &mut Bar<'_>) -> Result<()> {
        let home = &context.home;
        let stamp = Stamp::of(home, NAME);
        stamp.clear()?;
        if let Some(found) = self.found(context) {
            return stamp.write(&found.stamp()?);
        }
        bar.update(None, "making a Python environment", None);
        let python = Python::find(&context.machine)?;
        make_environment(&context.machine, &python, &home.venv(), context.lock_handle()?)?;
        let requirements = home.venv().join("requirements.txt");
        files::write(&requirements, REQUIREMENTS)?;
        let mut pip = pip::command(context.machine.command(&own_python(home)));
        pip.args(["install", "--require-hashes", "--retries", "3", "--progress-bar", "off", "--requirement"]);
        pip.arg(&requirements).stdin(context.lock_handle()?.map_or_else(Stdio::null, Stdio::from));
        let packages = package_count();
        let mut collected = 0;
        pip::run(pip, &home.logs().join("pip.log"), &mut |line| {
            collected += usize::from(line.starts_with("Collecting "));
            show(bar, line, collected as f64 / packages as f64);
        })?;
        let python = own_python(home).canonicalize().map_err(|e| Error::io(own_python(home), &e))?;
        stamp.write(&JupyterLab::Own { requirements: files::sha256(REQUIREMENTS), python }.stamp()?)
    }
}

/// Downloading is about two thirds of the work, unpacking the rest.
fn show(bar: &mut Bar<'_>, line: &str, collected: f64) {
    if let Some(package) = line.strip_prefix("Collecting ") {
        let name = package.split([' ', ';']).next().unwrap_or_default();
        bar.update(Some((collected * 0.65).min(0.65)), &format!("downloading {}", name.replace("==", " ")), None);
    } else if line.starts_with("Installing collected packages") {
        bar.update(Some(0.65), "unpacking", Some(Duration::from_secs(20)));
    }
}

/// The packages named in the requirements; a few of them are for other platforms.
fn package_count() -> usize {
    let mut names: Vec<_> = REQUIREMENTS.lines().filter_map(|line| Some(line.split_once("==")?.0)).collect();
    names.dedup();
    names.len().max(1)
}

/// Makes an empty environment in place of whatever is there.
///
/// `lock` becomes the standard input of the command, which thus holds it; see [`Context::lock_handle`].
pub(crate) fn make_environment(machine: &Machine, python: &Python, folder: &Path, lock: Option<File>) -> Result<()> {
    files::remove(folder)?;
    let mut command = machine.command(&python.path);
    command.args(["-m", "venv"]).arg(folder).env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    command.stdin(lock.map_or_else(Stdio::null, Stdio::from));
    let output = command.output().map_err(|e| Error::io(&python.path, &e))?;
    if output.status.success() {
        return Ok(());
    }
    files::remove(folder)?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if said.contains("No space left") {
        return Err(Error::input("JupyterLab", "the disk became full", "free 500 MB and run the command again"));
    }
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
    let mend =
        "repair this Python, or install another one from 3.9 on (Debian, Ubuntu: `sudo apt install python3-venv`)";
    Err(Error::input(python.path.display(), format!("no Python environment can be made: {last}"), mend))
}

/// Notes the JupyterLab on `machine` as the one to use, as the step does.
#[cfg(test)]
pub(crate) fn choose_for_tests(home: &Home, machine: &Machine) {
    Stamp::of(home, NAME).write(&on_path(machine).unwrap().stamp().unwrap()).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::testing::tool;

    #[test]
    fn requirements_are_pinned_hashed_and_name_no_host() {
        assert!(!REQUIREMENTS.contains("://") && !REQUIREMENTS.contains("--index"));
        let logical = REQUIREMENTS.replace("\\\n", " ");
        let lines: Vec<_> = logical.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert!(lines.len() > 80);
        for line in lines {
            assert!(line.contains("==") && line.contains("--hash=sha256:"), "{line}");
        }
        assert!((80..150).contains(&package_count()), "{}", package_count());
    }

    #[test]
    fn a_jupyterlab_on_path_counts_from_4_2_on() {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine::new(Some(folder.path().as_os_str()));
        assert_eq!(on_path(&machine), None);
        for (says, good) in
            [("echo 4.2.0", true), ("echo 5.0.1", true), ("echo 4.1.8", false), ("echo 3.6", false), ("exit 1", false)]
        {
            tool(folder.path(), "jupyter-lab", says);
            assert_eq!(on_path(&machine).is_some(), good, "{says}");
        }
    }

    #[test]
    fn a_choice_holds_until_its_program_changes() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        let program = tool(folder.path(), "jupyter-lab", "echo 4.4.0");
        let found = on_path(&Machine::new(Some(folder.path().as_os_str()))).unwrap();
        assert_eq!(JupyterLab::ready(&home), None);
        Stamp::of(&home, NAME).write(&found.stamp().unwrap()).unwrap();
        assert_eq!(JupyterLab::ready(&home), Some(found));
        let later = std::time::SystemTime::now() + Duration::from_mins(1);
        File::options().append(true).open(&program).unwrap().set_modified(later).unwrap();
        assert_eq!(JupyterLab::ready(&home), None);
    }
}

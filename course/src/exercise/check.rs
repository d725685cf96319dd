//! The check of one learner's file: compile, probe in a limited process, judge in another, report.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::program::{self, Part};
use super::report::{CheckLine, CheckReport, Outcome};
use super::sandbox::{self, End, Finished, Job};
use super::{Exercise, Limiter, Limits, Toolchain};
use crate::{Error, Home, Result, files};

#[allow(
    dead_code,
    unreachable_pub,
    clippy::cast_lossless,
    reason = "the file is also compiled into the probe and the judge"
)]
#[path = "support.rs"]
mod support;

/// Checks learners' files.
#[derive(Debug, Clone)]
pub struct Checker {
    toolchain: Toolchain,
    limiter: Limiter,
    cache: PathBuf,
    stop: Stop,
}

/// Stops a check from another thread: Ctrl-C in a terminal, the stop button in a notebook. Clones stop the same checker.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the check that runs now to end; what it has started ends with it.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn clear(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// The most that a probe may write, in bytes.
const OBSERVATIONS: u64 = 1 << 20;

impl Checker {
    /// A checker against the seed in `home`; fails when setup has not run.
    pub fn new(home: &Home) -> Result<Self> {
        let cache = home.path().join("judges");
        Ok(Self::with(Toolchain::of_seed(home)?, Limiter::this_program()?, cache))
    }

    /// A checker from its parts; compiled judges are kept in `cache`.
    pub fn with(toolchain: Toolchain, limiter: Limiter, cache: PathBuf) -> Self {
        Self { toolchain, limiter, cache, stop: Stop::default() }
    }

    /// What stops a check that is under way.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Checks `code` as an answer to `exercise`. An error means that the check itself could not be done.
    pub fn check(&self, exercise: &Exercise, code: &str) -> Result<CheckReport> {
        if same_code(code, &exercise.starter()?) {
            return Ok(CheckReport::new(exercise, Outcome::NotStarted));
        }
        self.run(exercise, code)
    }

    /// Checks `code` even when it is the starter.
    pub(super) fn run(&self, exercise: &Exercise, code: &str) -> Result<CheckReport> {
        self.stop.clear();
        let folder = tempfile::Builder::new().prefix("tunebook-check-").tempdir();
        let folder = folder.map_err(|e| Error::io(std::env::temp_dir(), &e))?;
        let build = folder.path().join("build");
        // A file named after the exercise, so that the compiler's messages are about a name the learner knows.
        let learner = build.join(format!("{}.rs", exercise.id));
        files::write(&learner, code)?;
        let check = exercise.folder.join("check.rs");
        let (probe, judge) = std::thread::scope(|scope| {
            let judge = scope.spawn(|| program::judge(&self.toolchain, &check, &self.cache));
            let probe = program::compile(&self.toolchain, Part::Probe { learner: &learner }, &check, &build);
            (probe, judge.join())
        });
        if self.stop.is_requested() {
            // Ctrl-C reaches both compilers too, and what they said then is of no use.
            return Err(sandbox::stopped(&exercise.id));
        }
        let judge = judge.map_err(|_| Error::input("check", "compiling the judge failed", "run it again"))??;
        let probe = match probe? {
            Ok(probe) => probe,
            Err(error) => return Ok(CheckReport::new(exercise, Outcome::DoesNotCompile(error.messages))),
        };
        let play = folder.path().join("play");
        files::make_dir(&play)?;
        let seen = folder.path().join("observations.txt");
        let finished = self.start(&probe, &[seen.clone().into()], &play, exercise.limits)?;
        let mut report = CheckReport::new(exercise, Outcome::Passed);
        report.output.clone_from(&finished.stdout);
        report.seconds = finished.seconds;
        match observations(&finished, &seen) {
            Ok(failures) => report.failures = failures,
            Err(why) => {
                report.outcome = Outcome::Stopped(explain(&finished, exercise.limits, why));
                return Ok(report);
            }
        }
        report.lines = self.judge(exercise, &judge, &seen, folder.path())?;
        if !report.lines.iter().all(|line| line.missing.is_none()) {
            report.outcome = Outcome::Failed;
        }
        Ok(report)
    }

    fn judge(&self, exercise: &Exercise, judge: &Path, seen: &Path, folder: &Path) -> Result<Vec<CheckLine>> {
        let place = format!("exercises/{}/check.rs", exercise.id);
        let broken = |problem: String| Error::input(&place, problem, "the exercise is broken: report it");
        let to = folder.join("verdict.txt");
        let limits = Limits { seconds: 60, memory_mb: 4096 };
        let finished = self.start(judge, &[seen.into(), to.clone().into()], folder, limits)?;
        if finished.end != End::Exited(0) {
            return Err(broken(format!("the judge ended with {:?}: {}", finished.end, finished.stderr.trim())));
        }
        let mut decided = support::Verdict::from_text(&files::read(&to)?)
            .ok_or_else(|| broken("the judge wrote no readable verdict".into()))?;
        let lines = exercise
            .checks
            .iter()
            .map(|check| match decided.remove(&check.id) {
                Some(missing) => {
                    Ok(CheckLine { id: check.id.clone(), title: check.title.clone(), hidden: check.hidden, missing })
                }
                None => Err(broken(format!("the judge never decides `{}`", check.id))),
            })
            .collect::<Result<Vec<_>>>()?;
        match decided.keys().next() {
            Some(id) => Err(broken(format!("the judge decides `{id}`, which exercise.toml does not list"))),
            None => Ok(lines),
        }
    }

    fn start(&self, program: &Path, arguments: &[OsString], folder: &Path, limits: Limits) -> Result<Finished> {
        let library_path = &self.toolchain.library_path;
        sandbox::run(&self.limiter, &Job { program, arguments, folder, library_path, limits, stop: &self.stop })
    }
}

/// Whether two files are the same but for blank lines and spaces at line ends.
fn same_code(a: &str, b: &str) -> bool {
    let significant = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    significant(a) == significant(b)
}

/// The failures that a probe noted, or why there are no observations.
fn observations(finished: &Finished, seen: &Path) -> Result<Vec<(String, String)>, &'static str> {
    if finished.end != End::Exited(0) {
        return Err("it did not end by itself");
    }
    let length = std::fs::metadata(seen).map_err(|_| "it ended before the check was done")?.len();
    if length > OBSERVATIONS {
        return Err("it returned more than a megabyte");
    }
    let text = std::fs::read_to_string(seen).map_err(|_| "what it returned is not text")?;
    let seen = support::Observations::from_text(&text).ok_or("what it returned has the wrong form")?;
    Ok(seen.failures().map(|(name, why)| (name.to_owned(), why.to_owned())).collect())
}

/// How a probe that returned nothing ended, in words for the learner.
fn explain(finished: &Finished, limits: Limits, why: &str) -> String {
    const ABORT: i32 = 6;
    const KILL: i32 = 9;
    const CPU: i32 = 24;
    const FILE_SIZE: i32 = 25;
    let last = finished.stderr.trim().lines().last().unwrap_or_default();
    match finished.end {
        End::TimedOut | End::Signalled(CPU) => {
            format!("It ran for more than {} s and was stopped. Look for a loop that never ends.", limits.seconds)
        }
        _ if finished.stderr.contains("memory allocation of") || finished.stderr.contains("Cannot allocate memory") => {
            format!("It needed more than {} MB of memory.", limits.memory_mb)
        }
        End::Signalled(KILL) => "The system ended it: most likely this machine ran out of memory.".into(),
        End::Signalled(FILE_SIZE) => "It printed or wrote more than 64 MB.".into(),
        End::Signalled(ABORT) if finished.stderr.contains("overflowed its stack") => {
            "Its stack overflowed. Look for a function that calls itself without an end.".into()
        }
        End::Signalled(signal) => format!("It was ended by signal {signal}. {last}"),
        End::Exited(0) => format!("There is nothing to judge: {why}."),
        End::Exited(code) => format!("It ended with exit code {code}. {last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::support::{Observations, Verdict};
    use super::*;

    #[test]
    fn observations_survive_the_trip_between_the_processes() {
        let mut seen = Observations::default();
        seen.record("accuracy", 0.1_f64 + 0.2);
        seen.record("labels", vec![1_usize, 0, 2]);
        seen.record("name", "tab\there\nand \\n there");
        seen.record("frozen", true);
        seen.attempt("run", |seen| {
            seen.record("before", 1);
            Err("no\tway".into())
        });
        let text = seen.to_text();
        let back = Observations::from_text(&text).unwrap();
        assert_eq!(back.to_text(), text);
        assert_eq!(back.number("accuracy"), Some(0.1 + 0.2));
        assert_eq!(back.numbers("labels"), Some(&[1.0, 0.0, 2.0][..]));
        assert_eq!(back.text("name"), Some("tab\there\nand \\n there"));
        assert!(back.flag("frozen") && !back.flag("absent"));
        assert_eq!((back.number("before"), back.failure("run")), (Some(1.0), Some("no\tway")));
        assert!(Observations::from_text("accuracy\tnumber\tmany\n").is_none());
    }

    #[test]
    fn a_verdict_keeps_its_first_miss() {
        let mut verdict = Verdict::default();
        verdict.require("a", false, "first");
        verdict.require("a", true, "never shown");
        verdict.require("b", true, "");
        let decided = Verdict::from_text(&verdict.to_text()).unwrap();
        assert_eq!(decided["a"].as_deref(), Some("first"));
        assert_eq!(decided["b"], None);
    }

    #[test]
    fn blank_lines_do_not_make_a_starter_an_answer() {
        assert!(same_code("a\n\nb  \n", "a\nb\n"));
        assert!(!same_code("a\nc\n", "a\nb\n"));
    }
}

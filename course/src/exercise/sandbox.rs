//! Runs a program in a process group of its own: limited, with a clean environment, without input, killed as a whole.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tunebook_kernel::environment::library_path_variable;

use super::check::Stop;
use super::{Limits, limited};
use crate::{Error, Result};

/// The program whose hidden mode sets the limits: one that calls [`run_if_limited`](limited::run_if_limited) first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limiter(PathBuf);

impl Limiter {
    /// This very program.
    pub fn this_program() -> Result<Self> {
        tunebook_kernel::this_program()
            .map(Self)
            .map_err(|e| Error::input("this program", e, "start it by its full path"))
    }

    /// Another program with the hidden mode.
    pub fn program(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

/// A program to run.
pub(super) struct Job<'a> {
    pub program: &'a Path,
    pub arguments: &'a [OsString],
    /// Its working folder, home and folder for temporary files.
    pub folder: &'a Path,
    pub library_path: &'a OsString,
    pub limits: Limits,
    pub stop: &'a Stop,
}

/// The check was asked to stop.
pub(super) fn stopped(what: impl std::fmt::Display) -> Error {
    Error::work(what, "the check was interrupted", "run it again when you like")
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Exited(i32),
    Signalled(i32),
    TimedOut,
}

pub(super) struct Finished {
    pub end: End,
    /// What it printed, at most [`KEPT`] bytes of each stream.
    pub stdout: String,
    pub stderr: String,
    pub seconds: f64,
}

/// How much of each output stream is kept for the learner, in bytes.
const KEPT: u64 = 32 << 10;

pub(super) fn run(limiter: &Limiter, job: &Job<'_>) -> Result<Finished> {
    let fail = |e: &std::io::Error| Error::io(job.program, e);
    // Files instead of pipes: a process that escapes the group cannot keep us waiting for the pipe's end.
    let (stdout, stderr) = (tempfile::tempfile(), tempfile::tempfile());
    let (mut stdout, mut stderr) = (stdout.map_err(|e| fail(&e))?, stderr.map_err(|e| fail(&e))?);
    let clone = |file: &File| file.try_clone().map(Stdio::from).map_err(|e| fail(&e));
    let mut command = Command::new(&limiter.0);
    command
        .args(limited::arguments(job.limits, job.program))
        .args(job.arguments)
        .current_dir(job.folder)
        .env_clear()
        .env("HOME", job.folder)
        .env("TMPDIR", job.folder)
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .envs(tunebook_kernel::environment::for_training(None))
        .env(library_path_variable(), job.library_path)
        .stdin(Stdio::null())
        .stdout(clone(&stdout)?)
        .stderr(clone(&stderr)?);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let started = Instant::now();
    let mut child = command.spawn().map_err(|e| Error::io(&limiter.0, &e))?;
    let deadline = started + Duration::from_secs(job.limits.seconds);
    let timed_out = loop {
        if has_ended(&mut child).map_err(|e| fail(&e))? {
            break false;
        }
        if Instant::now() >= deadline {
            break true;
        }
        if job.stop.is_requested() {
            kill_group(&child);
            let _ = child.wait();
            return Err(stopped("check"));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    // Also after a normal end: what it started must not outlive it.
    kill_group(&child);
    let status = child.wait().map_err(|e| fail(&e))?;
    Ok(Finished {
        end: if timed_out { End::TimedOut } else { end_of(status) },
        stdout: kept(&mut stdout),
        stderr: kept(&mut stderr),
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// Whether the program has ended. It is not reaped yet: its group's number stays taken until the group was killed.
#[cfg(unix)]
fn has_ended(child: &mut std::process::Child) -> std::io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(Pid::from_child(child)), options)?.is_some())
}

#[cfg(not(unix))]
fn has_ended(child: &mut std::process::Child) -> std::io::Result<bool> {
    Ok(child.try_wait()?.is_some())
}

fn kill_group(child: &std::process::Child) {
    #[cfg(unix)]
    // An error means that nothing of the group is left.
    let _ = rustix::process::kill_process_group(rustix::process::Pid::from_child(child), rustix::process::Signal::KILL);
    #[cfg(not(unix))]
    let _ = child;
}

fn end_of(status: ExitStatus) -> End {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return End::Signalled(signal);
    }
    End::Exited(status.code().unwrap_or(-1))
}

fn kept(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let length = file.metadata().map_or(0, |meta| meta.len());
    if file.rewind().is_ok() {
        let _ = file.take(KEPT).read_to_end(&mut bytes);
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if length > KEPT {
        text.push_str("\n[... more was printed]\n");
    }
    text
}

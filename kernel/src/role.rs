//! Which of the kernel's processes this one is.
//!
//! The role is an argument, not an environment variable, so that a program which a learner
//! starts from a cell never takes it for its own.
use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The first argument of a process that is one of ours.
pub(crate) const MARK: &str = "__tunebook-kernel-role";

/// A child process of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Owns evcxr: compiles cells.
    Host,
    /// Started by evcxr in place of the process that runs cells; starts that one.
    Supervisor,
    /// Loads and runs the compiled cells.
    Cells,
    /// Runs `cargo metadata` for the analyser.
    Metadata,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Supervisor => "supervisor",
            Self::Cells => "cells",
            Self::Metadata => "metadata",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Host, Self::Supervisor, Self::Cells, Self::Metadata].into_iter().find(|role| role.name() == name)
    }

    /// A command that starts `program` in this role.
    pub(crate) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.arg(MARK).arg(self.name());
        command
    }
}

/// Where this program lies, as it was when it started: once `setup` has put a newer one in its place, the system only
/// knows it as deleted.
pub fn this_program() -> std::io::Result<PathBuf> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = PROGRAM.get() {
        return Ok(path.clone());
    }
    let path = std::env::current_exe()?;
    Ok(PROGRAM.get_or_init(|| path).clone())
}

/// Does the work of a child process, when this process is one, and never returns then.
///
/// A program that uses this crate calls it first thing in `main`: the kernel starts the same
/// program again to compile cells and to run them.
///
/// ```no_run
/// // The first line of `main`:
/// tunebook_kernel::run_if_child();
/// // ... the program itself
/// ```
pub fn run_if_child() {
    // Later it may be too late: see `this_program`.
    let _ = this_program();
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() == Some(OsStr::new(MARK)) {
        let name = arguments.next().unwrap_or_default();
        match name.to_str().and_then(Role::from_name) {
            Some(Role::Host) => std::process::exit(crate::host::main()),
            Some(Role::Supervisor) => std::process::exit(crate::supervisor::main()),
            Some(Role::Metadata) => std::process::exit(crate::host::metadata::main()),
            Some(Role::Cells) => {
                die_with_the_supervisor();
                evcxr::runtime_hook();
            }
            None => {}
        }
        eprintln!("{MARK} {}: not a role of this program", name.display());
        std::process::exit(2);
    }
    // `:cache` and `:allow_static_linking 0` make evcxr use this program as a wrapper around rustc.
    if std::env::var_os("EVCXR_RUSTC_WRAPPER").is_some() && std::env::var_os("EVCXR_IS_RUNTIME").is_none() {
        evcxr::runtime_hook();
    }
}

/// Ends this process when nobody can send it work any more, even in the middle of a cell.
fn die_with_the_supervisor() {
    std::thread::spawn(|| {
        use rustix::event::{PollFd, PollFlags, poll};
        let stdin = std::io::stdin();
        let fd = stdin.as_fd();
        loop {
            // No events asked for: the kernel reports only a closed other end. A second at most
            // between looks covers systems that do not wake for it.
            let mut fds = [PollFd::new(&fd, PollFlags::empty())];
            let second = rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 };
            if poll(&mut fds, Some(&second)).is_ok() && fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) {
                let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            }
        }
    });
}

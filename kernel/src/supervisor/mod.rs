//! The process between evcxr and the process that runs cells.
//!
//! evcxr reads its child's stdout by line and takes some lines for its own; a cell that prints
//! such a line, or bytes that are not UTF-8, would shift every later cell's output. So evcxr's
//! child is this supervisor. It starts the real one and sorts what that writes ([`filter`]):
//! output goes to the host at once as JSON lines over stderr ([`outlet`]), and only control lines
//! that are true go on to evcxr over stdout. It outlives a crash, so no last words are lost.
//!
//! Whether a cell has really ended is found out by a trick: the first byte of the next command
//! (always `L`) is written ahead. The process takes it only when it waits for a command.
mod decoder;
mod filter;
mod outlet;

use crate::message::{ChildEvent, RunEnd, StreamName};
use crate::role::Role;
use filter::{Filter, Piece};
use outlet::Outlet;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionread;

use std::io::{BufRead, PipeReader, PipeWriter, Read, Write};
use std::process::{Child, ChildStderr, ChildStdout, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The variable that names the file which asks a running cell to stop.
pub(crate) const STOP_FILE: &str = "TUNEBOOK_STOP_FILE";

/// The content type under which the number of a run goes through evcxr.
pub(crate) const RUN_NUMBER: &str = "application/x-tunebook-run";

/// How evcxr's generated code says that a variable has another type now.
const TYPE_CHANGED: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";

/// The most that is read at once.
const PORTION: usize = 1 << 16;

/// What every command to the process that runs cells begins with.
const FIRST_BYTE: &[u8] = b"L";

/// Runs the supervisor; returns the exit code of the process.
pub(crate) fn main() -> i32 {
    match Supervisor::start() {
        Ok(supervisor) => supervisor.run(),
        Err(error) => {
            let status = format!("could not be started: {error}");
            let _ = crate::message::write_line(std::io::stderr(), &ChildEvent::Died { status });
            1
        }
    }
}

/// What the thread that forwards commands and the thread that reads output share.
struct Commands {
    to_cells: PipeWriter,
    /// A second handle on the pipe's other end: tells whether what was written has been taken.
    unread: PipeReader,
    /// The first byte of the next command is written already.
    ahead: bool,
    running: bool,
    runs: u64,
}

struct Supervisor {
    child: Arc<Mutex<Child>>,
    stdout: ChildStdout,
    stderr: ChildStderr,
    commands: Arc<Mutex<Commands>>,
    filter: Filter,
    outlet: Outlet,
    panicked: bool,
    failed: bool,
    error: Option<String>,
    changed: Vec<String>,
}

impl Supervisor {
    fn start() -> std::io::Result<Self> {
        let (unread, to_cells) = std::io::pipe()?;
        let mut child = Role::Cells
            .command(&std::env::current_exe()?)
            // The message is enough: a backtrace would show evcxr's frames, and without lines.
            .env("RUST_BACKTRACE", "0")
            .envs(crate::environment::unset_for_training())
            .stdin(Stdio::from(unread.try_clone()?))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(std::io::Error::other("no pipes to the child"));
        };
        let pid = i32::try_from(child.id()).unwrap_or_default();
        crate::message::write_line(std::io::stderr(), &ChildEvent::Started { pid })?;
        let commands = Arc::new(Mutex::new(Commands { to_cells, unread, ahead: false, running: false, runs: 0 }));
        let child = Arc::new(Mutex::new(child));
        let (shared, to_end) = (Arc::clone(&commands), Arc::clone(&child));
        std::thread::spawn(move || {
            let _ = forward_commands(&shared);
            // evcxr is gone or wants a new process: nobody needs this one.
            let _ = to_end.lock().unwrap_or_else(PoisonError::into_inner).kill();
            std::process::exit(0);
        });
        Ok(Self {
            child,
            stdout,
            stderr,
            commands,
            filter: Filter::default(),
            outlet: Outlet::default(),
            panicked: false,
            failed: false,
            error: None,
            changed: Vec::new(),
        })
    }

    fn run(mut self) -> i32 {
        loop {
            let (out, err) = self.wait_for_output();
            if err {
                self.read_stderr(PORTION);
            }
            if out {
                self.read_stdout();
            }
            if self.running() && self.next_command_is_awaited() {
                self.end_run();
            }
            self.outlet.flush_old();
            if !out
                && !err
                && let Some(status) = self.ended()
            {
                let rest = self.filter.finish();
                self.take(rest);
                self.outlet.flush();
                ChildEvent::Died { status: status.to_string() }.send();
                return 1;
            }
        }
    }

    /// Waits until there is output, or a short time when something is held back.
    fn wait_for_output(&mut self) -> (bool, bool) {
        let wait = if self.outlet.holds() { Duration::from_millis(10) } else { Duration::from_millis(250) };
        let mut fds = [PollFd::new(&self.stdout, PollFlags::IN), PollFd::new(&self.stderr, PollFlags::IN)];
        let timeout = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
        if poll(&mut fds, Some(&timeout)).is_err() {
            return (false, false);
        }
        let [out, err] = [&fds[0], &fds[1]].map(PollFd::revents);
        if !(out | err).contains(PollFlags::IN) && (out | err).intersects(PollFlags::HUP) {
            // A closed stream is always "ready": without a pause this would be a busy loop.
            std::thread::sleep(Duration::from_millis(5));
        }
        (out.contains(PollFlags::IN), err.contains(PollFlags::IN))
    }

    /// Reads `most` bytes or fewer; says how many.
    fn read_stderr(&mut self, most: usize) -> usize {
        let mut bytes = vec![0; most.min(PORTION)];
        let count = self.stderr.read(&mut bytes).unwrap_or(0);
        self.outlet.stderr(&bytes[..count]);
        count
    }

    fn read_stdout(&mut self) {
        let mut ended = false;
        let mut most = PORTION;
        loop {
            let mut bytes = vec![0; most.min(PORTION)];
            let Ok(count) = self.stdout.read(&mut bytes) else { return };
            let pieces = self.filter.feed(&bytes[..count]);
            if ended && pieces.contains(&Piece::Complete) {
                // Of several lines that say so, the last one is true.
                let text = self.filter.line_was_text();
                self.take(text);
            }
            let had_ended = ended;
            ended |= self.take(pieces);
            // A process that waits for the next command has written all there is. What its threads go on writing
            // belongs to later cells: waiting for an end of it could take forever.
            most = if had_ended { most - count } else { waiting(&self.stdout) };
            if !ended || most == 0 || count == 0 {
                break;
            }
        }
        if ended {
            self.end_run();
        }
    }

    /// Passes the pieces on; says whether the cell has ended.
    fn take(&mut self, pieces: Vec<Piece>) -> bool {
        let last_complete = pieces.iter().rposition(|piece| *piece == Piece::Complete);
        let mut ended = false;
        for (index, piece) in pieces.into_iter().enumerate() {
            match piece {
                Piece::Text(text) => self.outlet.text(StreamName::Stdout, &text),
                Piece::Message(message) => self.outlet.event(&ChildEvent::Message(message)),
                Piece::Content { mime, text } => self.outlet.event(&ChildEvent::Content { mime, text }),
                Piece::Panic => self.panicked = true,
                Piece::TypeChanged(name) => self.changed.push(name),
                Piece::Error => {
                    self.drain_stderr();
                    self.failed = true;
                    self.error = self.outlet.take_last_stderr();
                }
                Piece::Complete if Some(index) == last_complete && self.running() && self.is_true() => ended = true,
                Piece::Complete => {
                    let text = self.filter.line_was_text();
                    self.take(text);
                }
            }
        }
        ended
    }

    /// How the process that runs cells ended, when it has.
    fn ended(&self) -> Option<ExitStatus> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().ok().flatten()
    }

    fn commands(&self) -> MutexGuard<'_, Commands> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> bool {
        self.commands().running
    }

    /// Whether the cell has ended, as a line on its stdout says.
    fn is_true(&mut self) -> bool {
        {
            let mut commands = self.commands();
            if !commands.ahead {
                commands.ahead = commands.to_cells.write_all(FIRST_BYTE).is_ok();
            }
        }
        let asked = Instant::now();
        while !self.next_command_is_awaited() {
            // A process that goes on writing has not ended. One that is silent may be slow.
            let writes = ioctl_fionread(&self.stdout).is_ok_and(|count| count > 0);
            let patience = if writes { Duration::from_millis(20) } else { Duration::from_secs(2) };
            if asked.elapsed() > patience || self.ended().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        true
    }

    fn next_command_is_awaited(&self) -> bool {
        let commands = self.commands();
        commands.ahead && ioctl_fionread(&commands.unread).is_ok_and(|count| count == 0)
    }

    fn drain_stderr(&mut self) {
        // Not until it is empty: a thread may write without an end.
        let mut most = waiting(&self.stderr);
        while most > 0 {
            let count = self.read_stderr(most);
            most = if count == 0 { 0 } else { most - count };
        }
    }

    /// Says that the cell has ended: to the host first, then to evcxr.
    fn end_run(&mut self) {
        let rest = self.filter.finish();
        self.take(rest);
        self.drain_stderr();
        let changed = std::mem::take(&mut self.changed).into_iter();
        let changed = changed.map(|name| TYPE_CHANGED.to_owned() + &name + "\n").collect::<String>();
        // The check comes before the learner's code: after other output such a line is the learner's.
        let lost = !changed.is_empty() && !self.outlet.has_written();
        if !lost {
            self.outlet.text(StreamName::Stdout, &changed);
        }
        let number = {
            let mut commands = self.commands();
            commands.running = false;
            commands.runs += 1;
            commands.runs
        };
        let panicked = std::mem::take(&mut self.panicked);
        let failed = std::mem::take(&mut self.failed);
        let panic = panicked.then(|| self.outlet.take_panic());
        let error = self.error.take().or_else(|| failed.then(String::new));
        self.outlet.end_of_run();
        ChildEvent::RunEnded(RunEnd { number, panic, error, skipped: false }).send();
        let mut lines = String::new();
        if panicked {
            lines.push_str("EVCXR_PANIC_NOTIFICATION\n");
        }
        if failed {
            lines.push_str("EVCXR_ERROR_OCCURRED\n");
        }
        if lost {
            lines.push_str(&changed);
        }
        tell_evcxr(&lines, number);
    }
}

/// The bytes that wait in a pipe.
fn waiting(pipe: &impl std::os::fd::AsFd) -> usize {
    ioctl_fionread(pipe).map_or(0, |count| count as usize)
}

impl ChildEvent {
    fn send(&self) {
        // A host that does not read is gone, and then this process ends by its stdin.
        let _ = crate::message::write_line(std::io::stderr(), self);
    }
}

/// The lines that end a run for evcxr. The run's number comes back to the host as a content block
/// of the cell's result, so the host knows which end to wait for on the other stream.
fn tell_evcxr(lines: &str, number: u64) {
    let run = format!("EVCXR_BEGIN_CONTENT {RUN_NUMBER}\n{number}\nEVCXR_END_CONTENT\n");
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{run}{lines}EVCXR_EXECUTION_COMPLETE").and_then(|()| stdout.flush());
}

/// Sends evcxr's commands on, until there are no more.
fn forward_commands(shared: &Mutex<Commands>) -> std::io::Result<()> {
    let stop_file = std::env::var_os(STOP_FILE).map(std::path::PathBuf::from);
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut commands = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if stop_file.as_ref().is_some_and(|file| file.exists()) {
            commands.runs += 1;
            let number = commands.runs;
            ChildEvent::RunEnded(RunEnd { number, skipped: true, ..RunEnd::default() }).send();
            // To evcxr it is a panic: variables stay, new ones are not there.
            tell_evcxr("EVCXR_PANIC_NOTIFICATION\n", number);
            continue;
        }
        ChildEvent::RunStarted.send();
        commands.running = true;
        let sent =
            if std::mem::take(&mut commands.ahead) { &line.as_bytes()[FIRST_BYTE.len()..] } else { line.as_bytes() };
        let sent = [sent, b"\n"].concat();
        commands.to_cells.write_all(&sent)?;
    }
    Ok(())
}

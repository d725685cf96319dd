//! Stops a running cell: first by asking, then by ending a process.
use crate::command::CellCommands;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Stops the cell that an engine runs. Cheap to clone, usable from any thread.
#[derive(Clone)]
pub struct Interrupter {
    state: Arc<Mutex<State>>,
    grace: Duration,
}

impl std::fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interrupter").field("grace", &self.grace).finish_non_exhaustive()
    }
}

/// The engine's processes, as far as an interrupt has to know them.
#[derive(Default)]
struct State {
    stop_file: Option<PathBuf>,
    host: Option<Pid>,
    cells: Option<Pid>,
    /// The cell is compiled and runs.
    running: bool,
    /// Counts cells; odd while one is being worked on.
    turn: u64,
    interrupted: bool,
    /// The cell is one of the course's commands: it runs in this process.
    command: Option<Arc<dyn CellCommands>>,
    closed: bool,
}

impl Interrupter {
    pub(crate) fn new(grace: Duration) -> Self {
        Self { state: Arc::default(), grace }
    }

    /// Asks the running cell to stop; ends it when it has not stopped after the grace period.
    /// Does nothing when no cell runs.
    ///
    /// Asking keeps all variables: training stops at the next batch, and a cell that is still
    /// being compiled does not run. Ending the process loses the variables.
    pub fn interrupt(&self) {
        let turn = {
            let mut state = self.state();
            if state.turn.is_multiple_of(2) || state.interrupted {
                return;
            }
            state.interrupted = true;
            if let Some(command) = state.command.clone() {
                // It ends by itself; the processes have nothing to do with it.
                drop(state);
                command.interrupt();
                return;
            }
            if let Some(file) = &state.stop_file {
                // Without the file the cell is ended after the grace period all the same.
                let _ = std::fs::write(file, "");
            }
            state.turn
        };
        let this = self.clone();
        std::thread::spawn(move || {
            this.wait(turn, this.grace);
            this.end_cells(turn);
            // evcxr restarts the process for cells by itself; when even that hangs, all goes.
            this.wait(turn, Duration::from_secs(3));
            this.end_host(turn);
        });
    }

    /// Ends the engine's processes for good.
    pub(crate) fn close(&self) {
        let command = {
            let mut state = self.state();
            state.closed = true;
            if let Some(host) = state.host {
                let _ = kill_process_group(host, Signal::KILL);
            }
            state.command.clone()
        };
        if let Some(command) = command {
            command.interrupt();
        }
    }

    /// Whether no processes are to be started any more.
    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn wait(&self, turn: u64, time: Duration) {
        let step = Duration::from_millis(20);
        let mut left = time;
        while self.state().turn == turn && !left.is_zero() {
            std::thread::sleep(step.min(left));
            left = left.saturating_sub(step);
        }
    }

    fn end_cells(&self, turn: u64) {
        let state = self.state();
        if state.turn != turn {
            return;
        }
        if state.running
            && let Some(cells) = state.cells
        {
            let _ = kill_process(cells, Signal::KILL);
        } else if let Some(host) = state.host {
            // Still compiling, say a large dependency: only ending the compiler helps.
            let _ = kill_process_group(host, Signal::KILL);
        }
    }

    fn end_host(&self, turn: u64) {
        let state = self.state();
        if state.turn == turn
            && let Some(host) = state.host
        {
            let _ = kill_process_group(host, Signal::KILL);
        }
    }

    /// A cell begins; `command` when the course answers it and not the compiler.
    pub(super) fn begin(&self, command: Option<Arc<dyn CellCommands>>) {
        let mut state = self.state();
        state.turn += 1;
        state.interrupted = false;
        state.command = command;
        if let Some(file) = &state.stop_file {
            // Mostly it is not there.
            let _ = std::fs::remove_file(file);
        }
    }

    /// The cell has ended; says whether it was interrupted.
    pub(super) fn end(&self) -> bool {
        let mut state = self.state();
        state.turn += 1;
        state.command = None;
        state.interrupted
    }

    /// Whether the cell that is being worked on was interrupted.
    pub(super) fn is_interrupted(&self) -> bool {
        self.state().interrupted
    }

    /// New processes.
    pub(super) fn attach(&self, stop_file: PathBuf, host: Option<Pid>) {
        let mut state = self.state();
        state.stop_file = Some(stop_file);
        state.host = host;
        state.cells = None;
        state.running = false;
        if state.closed
            && let Some(host) = host
        {
            // Closed while they were being started.
            let _ = kill_process_group(host, Signal::KILL);
        }
    }

    /// The processes are gone.
    pub(super) fn detach(&self) {
        let mut state = self.state();
        state.stop_file = None;
        state.host = None;
        state.cells = None;
        state.running = false;
    }

    pub(super) fn set_cells(&self, pid: i32) {
        self.state().cells = Pid::from_raw(pid);
    }

    pub(super) fn set_running(&self, running: bool) {
        self.state().running = running;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

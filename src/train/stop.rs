//! Stopping a run on request: the next batch is not started, and the report so far comes back.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static TAKEN: Cell<usize> = const { Cell::new(0) };
    #[cfg(test)]
    static HERE: Cell<bool> = const { Cell::new(false) };
}

/// Names the file whose existence asks a run to stop; a notebook kernel sets it for the process that runs the cells.
///
/// ```
/// use tunebook::train::stop;
/// // A program that runs another one, and wants to be able to stop it.
/// let mut child = std::process::Command::new("true");
/// child.env(stop::STOP_FILE_VARIABLE, "/tmp/stop-the-training");
/// ```
pub const STOP_FILE_VARIABLE: &str = "TUNEBOOK_STOP_FILE";

/// Asks the run in progress to stop at its next batch. For a program's Ctrl-C handler.
///
/// ```
/// tunebook::train::stop::request();
/// assert!(tunebook::train::stop::is_requested());
/// tunebook::train::stop::clear();
/// ```
pub fn request() {
    REQUESTED.store(true, Ordering::Relaxed);
}

/// Takes the request back. A run that stopped because of [`request`] does so itself.
///
/// ```
/// use tunebook::train::stop;
/// stop::request();
/// stop::clear();
/// assert!(!stop::is_requested());
/// ```
pub fn clear() {
    REQUESTED.store(false, Ordering::Relaxed);
}

/// Whether a run should stop: asked by [`request`], or by the file that `TUNEBOOK_STOP_FILE` names.
///
/// ```
/// use tunebook::train::stop;
/// // In a loop of one's own, between two batches:
/// if stop::is_requested() {
///     println!("stopping");
/// }
/// ```
pub fn is_requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
        || std::env::var_os(STOP_FILE_VARIABLE).is_some_and(|path| std::path::Path::new(&path).exists())
}

/// Whether a run should stop; the request is taken back, as by the run that follows it.
pub(super) fn take() -> bool {
    let requested = is_requested();
    #[cfg(test)]
    let requested = HERE.replace(false) || requested;
    if requested {
        clear();
        TAKEN.set(TAKEN.get() + 1);
    }
    requested
}

/// How many requests this thread has taken: whoever starts several runs sees by it that one of them was stopped.
pub(super) fn taken() -> usize {
    TAKEN.get()
}

/// A request that only runs of this thread see; the real one would reach any of the tests that run beside.
#[cfg(test)]
pub(super) fn request_here() {
    HERE.set(true);
}

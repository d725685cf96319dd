//! Stopping a run on request: the next batch is not started, and the report so far comes back.

use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Names the file whose existence asks a run to stop; a notebook kernel sets it for the process that runs the cells.
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
pub fn clear() {
    REQUESTED.store(false, Ordering::Relaxed);
}

/// Whether a run should stop: asked by [`request`], or by the file that `TUNEBOOK_STOP_FILE` names.
pub fn is_requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
        || std::env::var_os(STOP_FILE_VARIABLE).is_some_and(|path| std::path::Path::new(&path).exists())
}

/// Whether a run should stop; the request is taken back, as by the run that follows it.
pub(super) fn take() -> bool {
    let requested = is_requested();
    if requested {
        clear();
    }
    requested
}

//! What the kernel's own tests use in place of the teaching crate: small, without dependencies,
//! and with one of each thing that a cell can show.
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a cell imports.
pub mod prelude {
    pub use super::{Picture, Problem, clear, counter, record, show, train, update};
}

static COUNTER: AtomicUsize = AtomicUsize::new(0);

/// Counts calls over all cells: there must be one copy of this library.
pub fn counter() -> usize {
    COUNTER.fetch_add(1, Ordering::SeqCst) + 1
}

fn send(json: &str) {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("\u{1e}tunebook:{json}\n").as_bytes()).unwrap();
    stdout.flush().unwrap();
}

/// Shows text under a display id.
pub fn show(id: &str, text: &str) {
    send(&format!(r#"{{"type":"display_data","data":{{"text/plain":"{text}"}},"metadata":{{}},"display_id":"{id}"}}"#));
}

/// Replaces the text of a display.
pub fn update(id: &str, text: &str) {
    send(&format!(r#"{{"type":"update_display_data","data":{{"text/plain":"{text}"}},"metadata":{{}},"display_id":"{id}"}}"#));
}

/// Clears the cell's output.
pub fn clear() {
    send(r#"{"type":"clear_output","wait":true}"#);
}

/// Records a number.
pub fn record(name: &str, value: f64) {
    send(&format!(r#"{{"type":"value","name":"{name}","value":{value}}}"#));
}

/// Works for a while in small steps, and stops early when it is asked to; returns the steps done.
pub fn train(steps: usize) -> usize {
    let stop = std::env::var_os("TUNEBOOK_STOP_FILE").map(std::path::PathBuf::from);
    for step in 0..steps {
        println!("step {step}");
        std::thread::sleep(std::time::Duration::from_millis(50));
        if stop.as_ref().is_some_and(|file| file.exists()) {
            return step;
        }
    }
    steps
}

/// A value with two formats.
pub struct Picture;

impl Picture {
    /// What evcxr calls for a cell's last expression.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/plain\na picture\nEVCXR_END_CONTENT");
        println!("EVCXR_BEGIN_CONTENT image/svg+xml\n<svg>\n</svg>\nEVCXR_END_CONTENT");
    }
}

/// An error for `?`.
#[derive(Debug)]
pub struct Problem(pub String);

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no column `{}`\nthe file has `text`", self.0)
    }
}

impl std::error::Error for Problem {}

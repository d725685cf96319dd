//! Writing files so that a reader never meets half of one.

use std::path::Path;

use crate::{Error, Result};

/// Writes a temporary file beside `path` and renames it.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".partial-{}", std::process::id()));
    let partial = path.with_file_name(name);
    let outcome = std::fs::write(&partial, bytes).and_then(|()| std::fs::rename(&partial, path));
    if outcome.is_err() {
        // Best effort: the error that matters is the one below.
        let _ = std::fs::remove_file(&partial);
    }
    outcome.map_err(|e| Error::io(path, e))
}

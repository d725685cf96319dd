//! Writing files so that a reader never meets half of one.

use std::path::Path;

use serde_json::Value;

use crate::{Error, Result};

/// The folder that a model is saved in; what is in it already stays.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| {
        let problem = if folder.is_file() { "is a file".to_owned() } else { format!("cannot be made ({e})") };
        Error::input(folder.display(), problem, "give a folder, new or not, where you may write")
    })
}

/// Writes JSON for people to read, in the same way.
pub(super) fn write_json(path: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| Error::input(path.display(), e, "this is a bug: please report it"))?;
    write_atomically(path, text.as_bytes())
}

/// Writes a temporary file beside `path` and renames it.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
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

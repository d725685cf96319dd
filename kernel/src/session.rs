//! A session: one notebook's own copy of the seed.
//!
//! Cells are compiled in a folder of their own (two notebooks would overwrite each other's
//! `libctx.so`), but what the seed built is not copied: large artifacts are hard links to
//! read-only files. Paths keep their depth, because a library finds the standard library
//! relative to itself, and files keep their times, because Cargo decides by them what is fresh.
use crate::error::{At, Result};
use crate::host::metadata::ANALYSED;
use crate::seed::{Seed, layout};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

/// The crate that evcxr writes, within a session.
pub(crate) const CRATE_FOLDER: &str = "ctx";

/// Files from this size on are linked when they are read-only.
const LARGE: u64 = 8 << 10;

/// A session's folder. Dropping it removes the folder.
#[derive(Debug)]
pub struct Session {
    folder: PathBuf,
    /// Locked as long as this process lives: an unlocked session is a stale one.
    _lock: File,
}

impl Session {
    /// Makes a copy of the seed, and removes the sessions of processes that are gone.
    pub fn create(seed: &Seed) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let sessions = seed.home().join("sessions");
        fs::create_dir_all(&sessions).at(&sessions)?;
        let guard = File::create(sessions.join(".lock")).at(&sessions)?;
        guard.lock().at(&sessions)?;
        sweep(&sessions);
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = sessions.join(name);
        fs::create_dir_all(&folder).at(&folder)?;
        let lock = File::create(folder.join("lock")).at(&folder)?;
        lock.lock().at(&folder)?;
        drop(guard);
        let session = Self { folder, _lock: lock };
        copy_tree(&seed.workspace(), &session.folder)?;
        Ok(session)
    }

    /// The folder; a Cargo workspace.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What a host needs in its environment to work here with the seed's compiler.
    pub(crate) fn set_environment(&self, command: &mut Command, seed: &Seed, program: &Path) {
        let tools = self.folder.join(layout::TOOLS);
        let bin = tools.join("bin");
        let old = std::env::var_os("PATH").unwrap_or_default();
        if let Ok(path) = std::env::join_paths(std::iter::once(bin.clone()).chain(std::env::split_paths(&old))) {
            command.env("PATH", path);
        }
        if let Some(home) = std::env::var_os("CARGO_HOME") {
            command.env(layout::REAL_CARGO_HOME, home);
        }
        crate::environment::add_library_folder(command, &seed.library_folder());
        command
            .env("EVCXR_TMPDIR", self.folder.join(CRATE_FOLDER))
            .env("EVCXR_CONFIG_DIR", &self.folder)
            .env("CARGO_HOME", tools)
            .env("RUSTC", bin.join("rustc"))
            .env("TUNEBOOK_PROGRAM", program)
            .env(ANALYSED, seed.analysed().join(","));
    }
}

/// Gives a process that runs cells the user's own environment back.
pub(crate) fn unset_environment(command: &mut Command) {
    for name in ["EVCXR_TMPDIR", "EVCXR_CONFIG_DIR", "RUSTC", "TUNEBOOK_PROGRAM", ANALYSED, layout::REAL_CARGO_HOME] {
        command.env_remove(name);
    }
    match std::env::var_os(layout::REAL_CARGO_HOME) {
        Some(home) => command.env("CARGO_HOME", home),
        None => command.env_remove("CARGO_HOME"),
    };
}

impl Drop for Session {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next session.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Makes the facade part of the session's workspace.
///
/// evcxr first compiles a cell without dependencies; with the facade in the workspace from the
/// beginning, its analyser would read all crates twice.
pub(crate) fn add_facade_workspace(session: &Path) -> Result<()> {
    for name in ["Cargo.toml", "Cargo.lock"] {
        let from = session.join(layout::FULL_WORKSPACE).join(name);
        fs::copy(&from, session.join(name)).at(&from)?;
    }
    let mark = session.join(layout::TOOLS).join(layout::WITH_FACADE);
    fs::write(&mark, "").at(&mark)
}

/// Removes sessions whose process is gone. Call it with the sessions' lock held.
fn sweep(sessions: &Path) {
    let Ok(entries) = fs::read_dir(sessions) else { return };
    for folder in entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()) {
        let alive = File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_err());
        if !alive {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// Whether any session in `home` is in use.
pub fn any_alive(home: &Path) -> bool {
    let Ok(entries) = fs::read_dir(home.join("sessions")) else { return false };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .any(|folder| folder.is_dir() && File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_err()))
}

/// Copies a folder: links large read-only files, copies the others with their times.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).at(to)?;
    for entry in fs::read_dir(from).at(from)? {
        let entry = entry.at(from)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().at(&source)?;
        if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else if kind.is_symlink() {
            let points_to = fs::read_link(&source).at(&source)?;
            std::os::unix::fs::symlink(points_to, &target).at(&target)?;
        } else {
            copy_file(&source, &target)?;
        }
    }
    Ok(())
}

fn copy_file(source: &Path, target: &Path) -> Result<()> {
    let about = fs::metadata(source).at(source)?;
    if about.len() >= LARGE && about.permissions().readonly() && fs::hard_link(source, target).is_ok() {
        return Ok(());
    }
    fs::copy(source, target).at(source)?;
    let time = about.modified().at(source)?;
    // Opened for reading: a copy of a read-only file is read-only too, and its owner may set its times all the same.
    File::open(target).and_then(|file| file.set_modified(time)).at(target)
}

//! What this computer offers: programs on `PATH`, and room on the disk.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, Result};

/// A mebibyte, in bytes.
pub(crate) const MB: u64 = 1 << 20;

/// Where programs are looked for. Tests give a folder of their own.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    path: OsString,
}

impl Machine {
    /// A machine that searches `path`, else the `PATH` of this process.
    pub(crate) fn new(path: Option<&OsStr>) -> Self {
        let path = path.map_or_else(|| std::env::var_os("PATH").unwrap_or_default(), OsStr::to_owned);
        Self { path }
    }

    /// The first executable file of that name.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path).map(|folder| folder.join(name)).find(|file| is_executable(file))
    }

    /// A command without the variables that `cargo run` exports: they would win over a cell's libraries.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        tunebook_kernel::environment::clean(&mut command);
        command.env("PATH", &self.path).stdin(Stdio::null());
        command
    }

    /// `PATH` with `folder` in front.
    pub(crate) fn path_with(&self, folder: &Path) -> OsString {
        let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&self.path));
        // A folder whose name holds a colon cannot stand in PATH at all.
        std::env::join_paths(folders).unwrap_or_else(|_| self.path.clone())
    }
}

fn is_executable(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// The bytes that this user may still write where `folder` lies or will lie.
pub(crate) fn free_space(folder: &Path) -> Result<u64> {
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let disk = rustix::fs::statvfs(there).map_err(|e| Error::io(there, &e.into()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Fails when fewer than `needed` bytes are free.
pub(crate) fn check_space(folder: &Path, free: u64, needed: u64) -> Result<()> {
    if free >= needed {
        return Ok(());
    }
    let problem = format!("the disk has {} free, and {} are needed", size(free), size(needed));
    let mend = format!("free {}, or set TUNEBOOK_HOME to a folder on another disk", size(needed - free));
    Err(Error::input(folder.display(), problem, mend))
}

/// Bytes as a person reads them.
pub(crate) fn size(bytes: u64) -> String {
    if bytes >= 1000 * MB {
        format!("{:.1} GB", bytes as f64 / (1024 * MB) as f64)
    } else {
        format!("{} MB", bytes.div_ceil(MB))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_executable_files_are_programs() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tool");
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        let machine = Machine::new(Some(folder.path().as_os_str()));
        assert_eq!(machine.find("tool"), None);
        assert_eq!(machine.find("folder"), None);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(machine.find("tool"), Some(file));
    }

    #[test]
    fn a_full_disk_is_named_with_what_to_free() {
        let error = check_space(Path::new("/data"), 500 * MB, 1500 * MB).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let text = error.to_string();
        assert!(text.contains("/data: the disk has 500 MB free, and 1.5 GB are needed; free 1.0 GB"), "{text}");
        assert!(check_space(Path::new("/data"), 1500 * MB, 1500 * MB).is_ok());
    }

    #[test]
    fn space_is_measured_where_the_folder_will_lie() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_space(&folder.path().join("not/yet/there")).unwrap() > 0);
    }
}

//! Removes everything that setup made.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::progress::Reporter;
use super::{Show, kernelspec};
use crate::{Error, Home, Result, files};

/// What [`remove`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The folder that is gone.
    pub folder: PathBuf,
    /// The bytes that are free now.
    pub bytes: u64,
}

/// Everything that may lie in a home: in a folder with other things in it, setup has no business.
const OURS: [&str; 16] = [
    "bin",
    "book",
    "judges",
    "jupyter",
    "lab.json",
    "logs",
    "seed",
    "seed.lock",
    "seed.old",
    "seed.partial",
    "sessions",
    "setup.lock",
    "share",
    "sources",
    "stamps",
    "venv",
];

/// Removes the home of a setup and the kernelspec; the learner's work and the course stay.
///
/// A home that is not there is fine; a folder that setup did not make is refused, and so is one in use by a lab.
///
/// ```
/// use tunebook_course::{Home, setup};
/// let folder = tempfile::tempdir()?;
/// let removed = setup::remove(&Home::at(folder.path().join("none")), None, setup::Show::Auto).unwrap();
/// assert_eq!(removed.bytes, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn remove(home: &Home, user_jupyter: Option<&Path>, show: Show) -> Result<Removed> {
    let folder = home.path().to_owned();
    if !folder.exists() {
        kernelspec::remove_users(home, user_jupyter)?;
        return Ok(Removed { folder, bytes: 0 });
    }
    claim(home)?;
    let mut reporter = Reporter::new(show);
    let mut bar = reporter.watch(&format!("removing {}", folder.display()));
    let bytes = files::size_of_tree(&folder);
    // Held while everything goes, so that no lab begins meanwhile.
    let _lab = crate::lab::lock(home)?;
    let _setup = not_in_use(home)?;
    kernelspec::remove_users(home, user_jupyter)?;
    for name in OURS {
        bar.update(None, name, None);
        make_writable(&folder.join(name));
        files::remove(&folder.join(name))?;
    }
    super::book::remove_leftovers(home)?;
    // The folder of the version, and `tunebook` above it when no other version is there.
    let _ = std::fs::remove_dir(&folder);
    if let Some(parent) = folder.parent().filter(|parent| parent.ends_with("tunebook")) {
        let _ = std::fs::remove_dir(parent);
    }
    Ok(Removed { folder, bytes })
}

/// Fails while a setup or a notebook works in the home; the lock keeps another setup away.
fn not_in_use(home: &Home) -> Result<File> {
    let mend = "let it end, or stop it, and run the command again";
    let (lock, free) = super::try_lock(home)?;
    if !free {
        return Err(Error::input(home.path().display(), "a setup is at work in it", mend));
    }
    if tunebook_kernel::session::any_alive(home.path()) {
        return Err(Error::input(home.path().display(), "a notebook's kernel is running in it", mend));
    }
    Ok(lock)
}

/// Fails when the home is a folder that holds other people's files.
pub(crate) fn claim(home: &Home) -> Result<()> {
    let folder = home.path();
    let mend = "set TUNEBOOK_HOME to a folder of its own, which need not exist";
    if folder.exists() && !folder.is_dir() {
        return Err(Error::input(folder.display(), "TUNEBOOK_HOME is not a folder", mend));
    }
    if folder.as_os_str().as_encoded_bytes().contains(&b':') {
        return Err(Error::input(
            folder.display(),
            "a path with a colon cannot be searched for libraries",
            "set TUNEBOOK_HOME to a folder without one",
        ));
    }
    let foreign = files::entries(folder)?
        .into_iter()
        .find(|path| path.file_name().and_then(|name| name.to_str()).is_none_or(|name| !OURS.contains(&name)));
    match foreign {
        Some(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Err(Error::input(folder.display(), format!("TUNEBOOK_HOME holds `{name}`, which is not Tunebook's"), mend))
        }
        None => Ok(()),
    }
}

/// Folders without the right to write cannot be emptied; some tools leave such.
fn make_writable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(about) = std::fs::symlink_metadata(path) else { return };
    if !about.is_dir() {
        return;
    }
    let mode = about.permissions().mode();
    if mode & 0o700 != 0o700 {
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode | 0o700));
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        make_writable(&entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_other_things_is_neither_used_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
        std::fs::create_dir(folder.path().join("book")).unwrap();
        let home = Home::at(folder.path());
        let error = remove(&home, None, Show::Nothing).unwrap_err();
        assert!(error.problem.contains("thesis.txt"), "{error}");
        assert!(folder.path().join("book").exists());
        assert_eq!(claim(&home).unwrap_err().exit_code(), 2);
        assert!(claim(&Home::at("/a:b")).unwrap_err().problem.contains("colon"));
    }

    #[test]
    fn a_home_in_use_stays() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        files::write(&home.seed().join("kept"), "x").unwrap();
        let lock = File::create(home.path().join("setup.lock")).unwrap();
        lock.lock().unwrap();
        assert!(remove(&home, None, Show::Nothing).unwrap_err().problem.contains("a setup is at work"));
        drop(lock);
        files::write(&home.path().join("sessions/1-0/lock"), "").unwrap();
        let session = File::open(home.path().join("sessions/1-0/lock")).unwrap();
        session.lock().unwrap();
        assert!(remove(&home, None, Show::Nothing).unwrap_err().problem.contains("kernel is running"));
        assert!(home.seed().join("kept").exists());
        drop(session);
        remove(&home, None, Show::Nothing).unwrap();
        assert!(!home.path().exists());
    }

    #[test]
    fn everything_of_ours_goes() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("tunebook/0.1.0"));
        files::write(&home.seed().join("ws/lib.so"), vec![0; 1000]).unwrap();
        files::write(&home.stamp("book"), "key").unwrap();
        let closed = home.seed().join("closed");
        files::write(&closed.join("file"), "x").unwrap();
        std::fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o500)).unwrap();
        let removed = remove(&home, None, Show::Nothing).unwrap();
        assert_eq!(removed.bytes, 1004);
        assert!(!folder.path().join("tunebook").exists());
        assert!(folder.path().exists());
    }
}

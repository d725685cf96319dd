//! Reading and writing files with errors that name them; writes are atomic, so that nothing is left half-written.

use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Reads a text file.
pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| Error::io(path, &e))
}

/// Makes a folder and its parents.
pub(crate) fn make_dir(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|e| Error::io(path, &e))
}

/// Writes a file through a temporary neighbour, so that a reader sees the old or the new content, never a half.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    make_dir(parent)?;
    let fail = |e: &std::io::Error| Error::io(path, e);
    let mut file = tempfile::Builder::new().prefix(".tunebook-").tempfile_in(parent).map_err(|e| fail(&e))?;
    file.write_all(content.as_ref()).map_err(|e| fail(&e))?;
    #[cfg(unix)]
    {
        // Temporary files are private by default; these are ordinary files.
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_or(0o644, |m| m.permissions().mode());
        file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).map_err(|e| fail(&e))?;
    }
    file.persist(path).map_err(|e| fail(&e.error))?;
    Ok(())
}

/// A file's bytes; `None` when there is none.
pub(crate) fn there(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(path, &e)),
    }
}

/// Writes a file unless it has this content already.
pub(crate) fn write_if_different(path: &Path, content: &str) -> Result<()> {
    if std::fs::read_to_string(path).is_ok_and(|old| old == content) { Ok(()) } else { write(path, content) }
}

/// Copies a file through a temporary neighbour, keeping its permissions.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let parent = to.parent().unwrap_or(Path::new("."));
    make_dir(parent)?;
    let staged = tempfile::Builder::new().prefix(".tunebook-").tempfile_in(parent).map_err(|e| Error::io(to, &e))?;
    std::fs::copy(from, staged.path()).map_err(|e| Error::io(to, &e))?;
    staged.persist(to).map_err(|e| Error::io(to, &e.error))?;
    Ok(())
}

/// The entries of a folder, sorted by name; hidden ones are left out. A missing folder is empty.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = match std::fs::read_dir(folder) {
        Ok(read) => read,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io(folder, &e)),
    };
    let mut paths = Vec::new();
    for entry in read {
        let path = entry.map_err(|e| Error::io(folder, &e))?.path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Every file below a folder, sorted; hidden ones are left out.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            all.extend(files_below(&path)?);
        } else {
            all.push(path);
        }
    }
    Ok(all)
}

/// Removes a folder or file; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let result = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match result {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path, &e)),
        _ => Ok(()),
    }
}

/// The SHA-256 of some bytes, as 64 hexadecimal digits.
pub(crate) fn sha256(content: impl AsRef<[u8]>) -> String {
    use std::fmt::Write as _;
    Sha256::digest(content.as_ref()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The bytes that the files below a folder take.
pub(crate) fn size_of_tree(folder: &Path) -> u64 {
    let Ok(read) = std::fs::read_dir(folder) else { return 0 };
    read.flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size_of_tree(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_the_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/file.txt");
        write(&path, "one").unwrap();
        write(&path, "two").unwrap();
        assert_eq!(read(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn sha256_is_the_standard_one() {
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

//! One lab at a time: a locked file that says who runs and where.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Addresses;
use crate::{Error, Home, Result, files};

/// The locked file. The lock, not the file, says that a lab runs: a killed lab leaves the file but no lock.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    file: File,
}

/// What the file holds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Running {
    pid: u32,
    addresses: Option<Addresses>,
}

impl Lock {
    /// Takes the lock; an error that names the addresses when another lab has it.
    pub(crate) fn take(home: &Home) -> Result<Self> {
        files::make_dir(home.path())?;
        let path = home.path().join("lab.json");
        let fail = |e: &std::io::Error| Error::io(&path, e);
        loop {
            let mut file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                // It names the token, which is for this user only.
                .mode(0o600)
                .open(&path)
                .map_err(|e| fail(&e))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(refuse(&mut file)),
                Err(TryLockError::Error(e)) => return Err(fail(&e)),
            }
            // The lab before may have removed the file between the opening and the locking.
            let locked = file.metadata().map_err(|e| fail(&e))?.ino();
            if std::fs::metadata(&path).is_ok_and(|there| there.ino() == locked) {
                let mut lock = Self { path, file };
                lock.write(None)?;
                return Ok(lock);
            }
        }
    }

    /// Says where the lab is.
    pub(crate) fn announce(&mut self, addresses: &Addresses) -> Result<()> {
        self.write(Some(addresses.clone()))
    }

    fn write(&mut self, addresses: Option<Addresses>) -> Result<()> {
        let running = Running { pid: std::process::id(), addresses };
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(serde_json::to_string(&running)?.as_bytes())
        };
        write(&mut self.file).map_err(|e| Error::io(&self.path, &e))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A file that stays behind is unlocked and does no harm.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn refuse(file: &mut File) -> Error {
    let mut text = String::new();
    let _ = file.read_to_string(&mut text);
    let running: Running = serde_json::from_str(&text).unwrap_or_default();
    let stop = match running.pid {
        0 => "stop it with Ctrl-C in its terminal".to_owned(),
        pid => format!("stop it with Ctrl-C in its terminal or with `kill {pid}`"),
    };
    match running.addresses {
        Some(addresses) => {
            let problem = format!("a lab is running: JupyterLab at {}, the book at {}", addresses.lab, addresses.book);
            Error::input("lab", problem, format!("open these, or {stop}"))
        }
        None => Error::input("lab", "another lab is just starting", format!("wait for it, or {stop}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_where_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mut first = Lock::take(&home).unwrap();
        assert!(Lock::take(&home).unwrap_err().problem.contains("just starting"));
        let addresses = Addresses { lab: "http://127.0.0.1:1/lab?token=x".into(), book: "http://127.0.0.1:2/".into() };
        first.announce(&addresses).unwrap();
        let error = Lock::take(&home).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.problem.contains(&addresses.lab) && error.problem.contains(&addresses.book), "{error}");
        assert!(error.mend.contains(&format!("kill {}", std::process::id())), "{error}");
        drop(first);
        assert!(!folder.path().join("lab.json").exists());
        Lock::take(&home).unwrap();
    }

    #[test]
    fn a_file_that_a_killed_lab_left_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lab.json"), r#"{"pid":1,"addresses":null}"#).unwrap();
        Lock::take(&Home::at(folder.path())).unwrap();
    }
}

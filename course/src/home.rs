//! Where Tunebook keeps what it prepares: one folder, `TUNEBOOK_HOME`.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The folder of everything that setup makes.
///
/// | folder | holds |
/// | --- | --- |
/// | `bin` | a copy of the program; the kernelspec points here |
/// | `seed` | the teaching crate, compiled once |
/// | `sessions` | one folder for each running kernel |
/// | `venv` | JupyterLab, when none was on PATH |
/// | `book` | the book as static files |
/// | `stamps` | what each step of setup was done for |
/// | `logs` | what the tools said |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The home that the environment asks for: `TUNEBOOK_HOME`, else `tunebook/<version>` in the platform's data
    /// folder (`$XDG_DATA_HOME` or `~/.local/share` on Linux, `~/Library/Application Support` on macOS).
    pub fn from_env() -> Result<Self> {
        Self::resolve(&|name| std::env::var_os(name).map(PathBuf::from))
    }

    /// The same with the environment given by the caller.
    ///
    /// ```
    /// use tunebook_course::Home;
    /// let home = Home::resolve(&|name| (name == "TUNEBOOK_HOME").then(|| "/tmp/here".into())).unwrap();
    /// assert_eq!(home.seed(), std::path::Path::new("/tmp/here/seed"));
    /// ```
    pub fn resolve(env: &dyn Fn(&str) -> Option<PathBuf>) -> Result<Self> {
        let set = |name: &str| env(name).filter(|path| !path.as_os_str().is_empty());
        if let Some(path) = set("TUNEBOOK_HOME") {
            return Ok(Self(std::path::absolute(&path).map_err(|e| Error::io(&path, &e))?));
        }
        let data = if cfg!(target_os = "macos") {
            set("HOME").map(|home| home.join("Library/Application Support"))
        } else {
            // The XDG rules: a relative path is to be ignored.
            set("XDG_DATA_HOME")
                .filter(|path| path.is_absolute())
                .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        };
        let data = data.ok_or_else(|| {
            Error::input("TUNEBOOK_HOME", "neither it nor HOME is set", "set TUNEBOOK_HOME to a folder for the course")
        })?;
        Ok(Self(data.join("tunebook").join(env!("CARGO_PKG_VERSION"))))
    }

    /// A home at a folder of the caller's choice.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The copy of the program that the kernelspec starts.
    pub fn program(&self) -> PathBuf {
        self.0.join("bin/tunebook")
    }

    /// The compiled teaching crate.
    pub fn seed(&self) -> PathBuf {
        self.0.join("seed")
    }

    /// JupyterLab's own Python environment.
    pub fn venv(&self) -> PathBuf {
        self.0.join("venv")
    }

    /// The book as static files.
    pub fn book(&self) -> PathBuf {
        self.0.join("book")
    }

    /// What the tools said.
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// Data that Jupyter finds through `JUPYTER_PATH`: the kernelspec.
    pub fn jupyter_data(&self) -> PathBuf {
        self.0.join("share/jupyter")
    }

    pub(crate) fn stamp(&self, step: &str) -> PathBuf {
        self.0.join("stamps").join(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_with(pairs: &[(&str, &str)]) -> Result<Home> {
        Home::resolve(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
    }

    #[test]
    fn the_variable_wins_then_the_platform() {
        assert_eq!(home_with(&[("TUNEBOOK_HOME", "/t"), ("HOME", "/h")]).unwrap().path(), Path::new("/t"));
        let version = env!("CARGO_PKG_VERSION");
        if cfg!(target_os = "linux") {
            let home = home_with(&[("HOME", "/h")]).unwrap();
            assert_eq!(home.path(), Path::new("/h/.local/share/tunebook").join(version));
            let home = home_with(&[("HOME", "/h"), ("XDG_DATA_HOME", "/x")]).unwrap();
            assert_eq!(home.path(), Path::new("/x/tunebook").join(version));
            let home = home_with(&[("HOME", "/h"), ("XDG_DATA_HOME", "relative")]).unwrap();
            assert!(home.path().starts_with("/h"));
        }
    }

    #[test]
    fn nothing_set_is_an_error_that_says_what_to_set() {
        let error = home_with(&[("TUNEBOOK_HOME", "")]).unwrap_err();
        assert!(error.mend.contains("TUNEBOOK_HOME"), "{error}");
    }
}

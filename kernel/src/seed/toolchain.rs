//! The compiler that a seed is built with.
use crate::environment;
use crate::error::{At, Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A compiler, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// The compiler itself, not rustup's proxy.
    pub rustc: PathBuf,
    /// Its Cargo.
    pub cargo: PathBuf,
    /// The folder of its libraries and tools.
    pub sysroot: PathBuf,
    /// What `rustc -vV` says.
    pub version: String,
    /// The platform, as a target triple.
    pub host: String,
}

impl Toolchain {
    /// The toolchain that a folder's `rust-toolchain.toml` names, else the user's default.
    pub fn of(folder: &Path) -> Result<Self> {
        let rustc = tool("rustc", folder)?;
        let cargo = tool("cargo", folder)?;
        let version = version(&rustc)?;
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .ok_or_else(|| Error::new(format!("{} -vV names no host", rustc.display())))?
            .to_owned();
        let sysroot =
            PathBuf::from(output(Command::new(&rustc).args(["--print", "sysroot"]).current_dir(folder))?.trim());
        Ok(Self { rustc, cargo, sysroot, version, host })
    }

    /// Fails when the standard library's sources are missing: without them no `let` has a type.
    pub fn check_sources(&self) -> Result<()> {
        if self.sysroot.join("lib/rustlib/src/rust/library/std/src/lib.rs").is_file() {
            return Ok(());
        }
        Err(Error::new("the sources of Rust's standard library are missing")
            .with_mend("run `rustup component add rust-src`"))
    }

    /// Fails when the compiler at this path is another one now.
    pub fn check_unchanged(&self) -> Result<()> {
        let now = version(&self.rustc).unwrap_or_else(|_| "none".to_owned());
        if now == self.version {
            return Ok(());
        }
        let short = |version: &str| version.lines().next().unwrap_or_default().to_owned();
        Err(Error::new(format!(
            "the cells' library was built with {}, but the compiler is {} now",
            short(&self.version),
            short(&now)
        ))
        .with_mend("run `tunebook setup`"))
    }

    /// The folder of the standard library's dynamic library.
    pub fn library_folder(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(&self.host).join("lib")
    }
}

fn tool(name: &str, folder: &Path) -> Result<PathBuf> {
    let mut rustup = Command::new("rustup");
    environment::clean(&mut rustup).args(["which", name]).current_dir(folder);
    if let Ok(path) = output(&mut rustup) {
        return Ok(PathBuf::from(path.trim()));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|tool| tool.is_file())
        .ok_or_else(|| Error::new(format!("`{name}` was not found")).with_mend("install Rust from https://rustup.rs"))
}

fn version(rustc: &Path) -> Result<String> {
    output(Command::new(rustc).arg("-vV"))
}

/// What a command prints, if it succeeds.
fn output(command: &mut Command) -> Result<String> {
    let program = PathBuf::from(command.get_program());
    let output = command.output().at(&program)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::new(format!("{}: {}", program.display(), first_paragraph(&String::from_utf8_lossy(&output.stderr)))))
}

/// What a tool says before a blank line, on one line: rustup's advice belongs to its error, its stack backtrace does not.
fn first_paragraph(said: &str) -> String {
    said.trim().lines().map(str::trim).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::first_paragraph;

    #[test]
    fn a_tools_error_is_one_line_without_its_backtrace() {
        let said = "error: toolchain 'x' is not installed\nhelp: run `rustup toolchain install`\n\nStack backtrace:\n   0: anyhow\n";
        assert_eq!(
            first_paragraph(said),
            "error: toolchain 'x' is not installed; help: run `rustup toolchain install`"
        );
        assert_eq!(first_paragraph(""), "");
    }
}

//! Cargo as evcxr calls it, with its progress.
use super::Toolchain;
use crate::environment;
use crate::error::{At, Error, Result};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{Sender, channel};

/// Cargo in the workspace's crate, with the settings that evcxr gives it: only then is what it
/// builds fresh for a session.
fn command(toolchain: &Toolchain, workspace: &Path) -> Command {
    let mut command = Command::new(&toolchain.cargo);
    environment::clean(&mut command)
        .current_dir(workspace.join("ctx"))
        .env("CARGO_TARGET_DIR", "target")
        .env("CARGO_BUILD_BUILD_DIR", "target")
        .env("RUSTC", &toolchain.rustc)
        .env("RUSTFLAGS", "-Cprefer-dynamic")
        .stdin(Stdio::null());
    command
}

/// Fetches the crates that this platform needs: from Cargo's cache when they are there.
pub(super) fn fetch(toolchain: &Toolchain, workspace: &Path) -> Result<()> {
    let run = |offline: bool| {
        let mut command = command(toolchain, workspace);
        command.args(["fetch", "--target", &toolchain.host]);
        if offline {
            command.arg("--offline");
        }
        command.output().at(&toolchain.cargo)
    };
    if run(true)?.status.success() {
        return Ok(());
    }
    let online = run(false)?;
    if online.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&online.stderr);
    Err(Error::new(format!("the crates of the cells' library cannot be fetched: {}", said.trim()))
        .with_mend("connect this machine to the internet once and try again"))
}

/// One step of a build: units done, units in all, what is being compiled.
pub(super) struct Unit {
    pub done: usize,
    pub total: usize,
    pub compiling: String,
}

enum Line {
    Progress(Unit),
    Library(PathBuf),
    Error(String),
}

/// Builds the keeper and with it the facade; returns the facade's dynamic library.
pub(super) fn build(
    toolchain: &Toolchain,
    workspace: &Path,
    package: &str,
    report: &mut dyn FnMut(Unit),
) -> Result<PathBuf> {
    let mut command = command(toolchain, workspace);
    command
        .args(["build", "--offline", "-p", super::layout::KEEPER, "--target", &toolchain.host])
        .arg("--message-format=json-render-diagnostics")
        // Cargo counts its units only in the progress bar.
        .envs([
            ("CARGO_TERM_PROGRESS_WHEN", "always"),
            ("CARGO_TERM_PROGRESS_WIDTH", "200"),
            ("CARGO_TERM_COLOR", "never"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut cargo = command.spawn().at(&toolchain.cargo)?;
    let (sender, lines) = channel();
    if let (Some(stdout), Some(stderr)) = (cargo.stdout.take(), cargo.stderr.take()) {
        let (from_stdout, package) = (sender.clone(), package.to_owned());
        std::thread::spawn(move || read_artifacts(stdout, &package, &from_stdout));
        std::thread::spawn(move || read_progress(stderr, &sender));
    }
    let (mut library, mut said) = (None, String::new());
    for line in lines {
        match line {
            Line::Progress(unit) => report(unit),
            Line::Library(path) => library = Some(path),
            Line::Error(text) => {
                said.push_str(&text);
                said.push('\n');
            }
        }
    }
    let status = cargo.wait().at(&toolchain.cargo)?;
    match library {
        Some(library) if status.success() => Ok(library),
        _ if said.contains("No space left") => {
            Err(Error::new("the disk is full").with_mend("free about 1 GB and try again"))
        }
        _ => Err(Error::new(format!("the cells' library does not compile:\n{}", said.trim()))),
    }
}

fn read_artifacts(stdout: impl Read, package: &str, sender: &Sender<Line>) {
    for line in BufReader::new(stdout).lines().map_while(std::io::Result::ok) {
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        let id = message["package_id"].as_str().unwrap_or_default();
        // `path+file:///...#tunebook-facade@0.1.0`, or without the name when the folder has it.
        let ours = id.rsplit(['/', '#', '@']).any(|part| part == package);
        if message["reason"] != "compiler-artifact" || !ours {
            continue;
        }
        let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str).map(PathBuf::from);
        for file in files {
            if file.extension().is_some_and(|end| end == "so" || end == "dylib") {
                let _ = sender.send(Line::Library(file));
            }
        }
    }
}

/// Cargo's progress bar, `Building [==>  ] 12/345: name, name`, is rewritten after a `\r`.
fn read_progress(stderr: ChildStderr, sender: &Sender<Line>) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    for byte in reader.by_ref().bytes().map_while(std::io::Result::ok) {
        if byte != b'\r' && byte != b'\n' {
            line.push(byte);
            continue;
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        line.clear();
        let message = match parse_progress(&text) {
            Some(unit) => Line::Progress(unit),
            None if text.trim().is_empty() || text.trim_start().starts_with("Compiling ") => continue,
            None => Line::Error(text),
        };
        if sender.send(message).is_err() {
            break;
        }
    }
}

fn parse_progress(line: &str) -> Option<Unit> {
    let rest = line.split_once("Building [")?.1.split_once("] ")?.1;
    let (counts, compiling) = rest.split_once(": ").unwrap_or((rest, ""));
    let (done, total) = counts.trim().split_once('/')?;
    Some(Unit { done: done.parse().ok()?, total: total.parse().ok()?, compiling: compiling.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    #[test]
    fn cargos_progress_bar_is_read() {
        let unit = super::parse_progress("    Building [=====>      ] 12/345: serde, candle-core").unwrap();
        assert_eq!((unit.done, unit.total, unit.compiling.as_str()), (12, 345, "serde, candle-core"));
        assert!(super::parse_progress("   Compiling serde v1.0.0").is_none());
    }
}

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
    Err(not_fetched(&String::from_utf8_lossy(&online.stderr)))
}

/// What Cargo says where the network is the matter, whatever the crate that it wanted.
const NETWORK: [&str; 11] = [
    "Could not resolve",
    "Couldn't resolve",
    "Could not connect",
    "Couldn't connect",
    "Failed to connect",
    "network error",
    "network failure",
    "timed out",
    "Timeout was reached",
    "SSL",
    "failed to download",
];

fn not_fetched(said: &str) -> Error {
    let said = said.trim();
    if NETWORK.iter().any(|words| said.contains(words)) {
        return Error::new(format!("the crates of the cells' library cannot be fetched: {said}"))
            .with_mend("connect this machine to the internet (or set a proxy for Cargo) and try again");
    }
    Error::new(format!("Cargo refuses the cells' library: {said}"))
        .with_mend("mend the file that Cargo names, or take the course's folder afresh, and try again")
}

/// What Cargo says about the standard library's crates, for the analyser; `None` when a crate that
/// they need is not there and cannot be fetched.
pub(super) fn standard_library(toolchain: &Toolchain, workspace: &Path) -> Option<Vec<u8>> {
    let manifest = toolchain.sysroot.join("lib/rustlib/src/rust/library/Cargo.toml");
    let ask = |arguments: &[&str]| {
        let mut command = command(toolchain, workspace);
        // The standard library's manifests use features that are not stable.
        command.env("RUSTC_BOOTSTRAP", "1").env("__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS", "nightly");
        command.args(arguments).arg("--locked").arg("--manifest-path").arg(&manifest);
        command.output().ok().filter(|output| output.status.success())
    };
    let metadata = ["metadata", "--format-version=1", "--offline", "--filter-platform", &toolchain.host];
    ask(&metadata)
        .or_else(|| ask(&["fetch", "--target", &toolchain.host]).and_then(|_| ask(&metadata)))
        .map(|output| output.stdout)
}

/// What a build reports.
pub(super) enum News {
    /// Units done, units in all, what is being compiled.
    Progress { done: usize, total: usize, compiling: String },
    /// A package's library is there; `fresh` when it was before.
    Finished { package: String, fresh: bool },
}

enum Line {
    News(News),
    Library(PathBuf),
    Error(String),
}

/// Builds the keeper and with it the facade; returns the facade's dynamic library.
pub(super) fn build(
    toolchain: &Toolchain,
    workspace: &Path,
    package: &str,
    report: &mut dyn FnMut(News),
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
            Line::News(news) => report(news),
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
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let name = package_name(message["package_id"].as_str().unwrap_or_default());
        let build_script =
            message["target"]["kind"].as_array().is_some_and(|kinds| kinds.contains(&"custom-build".into()));
        if !build_script {
            let fresh = message["fresh"] == true;
            let _ = sender.send(Line::News(News::Finished { package: name.to_owned(), fresh }));
        }
        let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str).map(PathBuf::from);
        let is_library = |file: &PathBuf| file.extension().is_some_and(|end| end == "so" || end == "dylib");
        for file in files.filter(|file| name == package && is_library(file)) {
            let _ = sender.send(Line::Library(file));
        }
    }
}

/// The package of an id: `registry+https://...#serde@1.0.0`, `path+file:///folder/facade#tunebook-facade@0.1.0`,
/// or `path+file:///folder/tunebook-facade#0.1.0` when the folder has the package's name.
fn package_name(id: &str) -> &str {
    let (source, rest) = id.rsplit_once('#').unwrap_or((id, ""));
    match rest.split_once('@') {
        Some((name, _)) => name,
        None => source.rsplit('/').next().unwrap_or_default(),
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
            Some(news) => Line::News(news),
            None if text.trim().is_empty() || text.trim_start().starts_with("Compiling ") => continue,
            None => Line::Error(text),
        };
        if sender.send(message).is_err() {
            break;
        }
    }
}

fn parse_progress(line: &str) -> Option<News> {
    let rest = line.split_once("Building [")?.1.split_once("] ")?.1;
    let (counts, compiling) = rest.split_once(": ").unwrap_or((rest, ""));
    let (done, total) = counts.trim().split_once('/')?;
    Some(News::Progress {
        done: done.parse().ok()?,
        total: total.parse().ok()?,
        compiling: compiling.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::{News, not_fetched, package_name, parse_progress};

    #[test]
    fn a_refused_manifest_is_no_matter_of_the_network() {
        let network = "warning: spurious network error (3 tries remaining): [6] Could not resolve hostname\n\
            error: failed to get `serde` as a dependency of package `a`\n\nCaused by:\n  download of config.json failed";
        let error = not_fetched(network).to_string();
        assert!(error.contains("cannot be fetched") && error.contains("internet"), "{error}");
        let manifest =
            "error: failed to parse manifest at `/a/Cargo.toml`\n\nCaused by:\n  feature `x` includes `dep:y`";
        let error = not_fetched(manifest).to_string();
        assert!(error.contains("refuses the cells' library: error: failed to parse manifest"), "{error}");
        assert!(!error.contains("internet") && error.contains("the file that Cargo names"), "{error}");
    }

    #[test]
    fn cargos_progress_bar_is_read() {
        let line = "    Building [=====>      ] 12/345: serde, candle-core";
        let Some(News::Progress { done, total, compiling }) = parse_progress(line) else { panic!("{line}") };
        assert_eq!((done, total, compiling.as_str()), (12, 345, "serde, candle-core"));
        assert!(parse_progress("   Compiling serde v1.0.0").is_none());
    }

    #[test]
    fn a_package_id_has_the_name() {
        for id in
            ["registry+https://index#facade@1.0.0", "path+file:///a/b#facade@1.0.0", "path+file:///a/facade#1.0.0"]
        {
            assert_eq!(package_name(id), "facade");
        }
    }
}

//! Runs pip and says in one sentence why it failed.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Error, Result, files};

/// Settings of pip that would install somewhere else than into the environment that runs it.
const ELSEWHERE: [&str; 4] = ["PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV"];

/// `python -m pip` with what every call shares. The person's own index, proxy and certificates stay in force.
pub(crate) fn command(mut python: Command) -> Command {
    for name in ELSEWHERE {
        python.env_remove(name);
    }
    python.env("PIP_USER", "0").env("PYTHONUNBUFFERED", "1").env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    python.args(["-m", "pip", "--disable-pip-version-check", "--no-input", "--no-color"]);
    python
}

/// Runs a command of pip, keeps what it says in `log`, and passes each line on.
pub(crate) fn run(mut pip: Command, log: &Path, said: &mut dyn FnMut(&str)) -> Result<()> {
    files::make_dir(log.parent().unwrap_or(Path::new(".")))?;
    let mut log_file = File::create(log).map_err(|e| Error::io(log, &e))?;
    let (reader, writer) = std::io::pipe().map_err(|e| Error::io("pip", &e))?;
    let both = writer.try_clone().map_err(|e| Error::io("pip", &e))?;
    pip.stdout(Stdio::from(writer)).stderr(Stdio::from(both));
    let program = pip.get_program().to_owned();
    let mut child = pip.spawn().map_err(|e| Error::io(&program, &e))?;
    // The command holds the pipe's other end, which must close for the reading to end.
    drop(pip);
    let mut output = String::new();
    for line in BufReader::new(reader).split(b'\n').map_while(std::io::Result::ok) {
        let line = String::from_utf8_lossy(&line);
        said(line.trim_end());
        let _ = writeln!(log_file, "{}", line.trim_end());
        output.push_str(line.trim_end());
        output.push('\n');
    }
    let status = child.wait().map_err(|e| Error::io(&program, &e))?;
    if status.success() { Ok(()) } else { Err(explain(&output, log)) }
}

/// Why pip failed, from what it said.
fn explain(output: &str, log: &Path) -> Error {
    let said = |parts: &[&str]| parts.iter().any(|part| output.contains(part));
    if said(&["No space left on device", "Errno 28", "Disk quota exceeded"]) {
        return Error::input("JupyterLab", "the disk became full", "free 500 MB and run the command again");
    }
    if said(&["DO NOT MATCH THE HASHES"]) {
        let problem = "a downloaded package is not the one that this version of Tunebook was tested with";
        let mend = format!("run the command again; if it stays so, a proxy changes downloads: see {}", log.display());
        return Error::input("JupyterLab", problem, mend);
    }
    let network = [
        "NewConnectionError",
        "NameResolutionError",
        "Failed to establish a new connection",
        "ConnectTimeout",
        "ReadTimeout",
        "Read timed out",
        "Temporary failure in name resolution",
        "Network is unreachable",
        "ProxyError",
        "SSLError",
        "Connection refused",
        "ConnectionResetError",
        "No matching distribution found",
    ];
    if said(&network) {
        let mend = "connect this machine to the network (or set a proxy or index for pip) and run the command again: \
                    what is done is kept; or put a JupyterLab of 4.2 or later on PATH";
        return Error::input("JupyterLab", "the Python package index cannot be reached", mend);
    }
    let line = output
        .lines()
        .rev()
        .find(|line| line.starts_with("ERROR"))
        .or(output.lines().last())
        .unwrap_or("no reason given");
    Error::input("JupyterLab", format!("pip failed: {line}"), format!("see {}", log.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::testing::tool;

    fn fails(script: &str) -> (Error, String) {
        let folder = tempfile::tempdir().unwrap();
        let pip = tool(folder.path(), "pip", script);
        let log = folder.path().join("logs/pip.log");
        let mut lines = Vec::new();
        let error = run(Command::new(pip), &log, &mut |line| lines.push(line.to_owned())).unwrap_err();
        (error, lines.join("|") + "#" + &std::fs::read_to_string(&log).unwrap())
    }

    #[test]
    fn each_reason_has_its_own_mend() {
        let (error, said) = fails("echo Collecting a; echo 'Failed to establish a new connection' >&2; exit 1");
        assert!(error.problem.contains("package index cannot be reached"), "{error}");
        assert_eq!(
            said,
            "Collecting a|Failed to establish a new connection#Collecting a\nFailed to establish a new connection\n"
        );
        let (error, _) = fails("echo 'OSError: [Errno 28] No space left on device'; exit 1");
        assert!(error.mend.contains("free 500 MB"), "{error}");
        let (error, _) = fails("echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES'; exit 1");
        assert!(error.problem.contains("not the one"), "{error}");
        let (error, _) = fails("echo 'ERROR: something else'; echo bye; exit 1");
        assert!(error.to_string().contains("pip failed: ERROR: something else; see"), "{error}");
    }
}

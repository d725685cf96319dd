//! JupyterLab as a child process: started with settings of its own, stopped with its kernels.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::http;
use crate::{Error, Home, Result, files};

/// Settings of the server, as JupyterLab reads them.
const SERVER: &str = include_str!("jupyter_server_config.py");
/// The person changes these in JupyterLab's settings; these are only what they begin with.
const SETTINGS: &str = r#"{
  "@jupyterlab/apputils-extension:notification": {
    "checkForUpdates": false, "doNotDisturbMode": false, "fetchNews": "false"
  }
}
"#;
/// JupyterLab shows a chart as wide as it was drawn and hides what does not fit; this makes it as narrow as its cell.
const STYLE: &str = ".jp-RenderedSVG img, .jp-RenderedSVG svg { max-width: 100%; height: auto; }\n";
const PAGE: &str = r#"{ "buildAvailable": false, "buildCheck": false }
"#;

/// How long JupyterLab may take to answer.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long it may take to end its kernels.
const FAREWELL: Duration = Duration::from_secs(10);

/// Where JupyterLab listens, and what it shows.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    pub(crate) root: PathBuf,
    /// What lets a browser in.
    pub(crate) token: String,
}

/// A running JupyterLab. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Jupyter {
    child: Child,
    log: PathBuf,
    ended: Option<ExitStatus>,
}

impl Jupyter {
    /// Starts `command`, which is JupyterLab without arguments.
    pub(crate) fn start(mut command: Command, home: &Home, place: &Place) -> Result<Self> {
        let folders = write_settings(home)?;
        let log = home.logs().join("jupyterlab.log");
        files::make_dir(&home.logs())?;
        let log_file = File::create(&log).map_err(|e| Error::io(&log, &e))?;
        let for_errors = log_file.try_clone().map_err(|e| Error::io(&log, &e))?;
        command
            .arg("--no-browser")
            .arg(format!("--ServerApp.ip={}", place.address))
            .arg(format!("--ServerApp.port={}", place.port))
            .arg("--ServerApp.port_retries=0")
            .arg(format!("--ServerApp.root_dir={}", place.root.display()));
        if rustix::process::geteuid().is_root() {
            // In a container the only user often is root; JupyterLab wants that to be said.
            command.arg("--allow-root");
        }
        command
            // Not an argument: those are seen by everybody on this machine.
            .env("JUPYTER_TOKEN", &place.token)
            .env("JUPYTER_CONFIG_DIR", &folders.config)
            .env("JUPYTER_RUNTIME_DIR", &folders.runtime)
            .env("JUPYTER_PATH", jupyter_path(home))
            .env("TUNEBOOK_HOME", home.path())
            .current_dir(&place.root)
            // A pipe that nobody writes to: when this process ends, in whatever way, JupyterLab reads its end and stops.
            .stdin(Stdio::piped())
            .stdout(log_file)
            .stderr(for_errors)
            // Ctrl-C in the terminal is for this process, which then stops JupyterLab in good order.
            .process_group(0);
        let program = PathBuf::from(command.get_program());
        let child = command.spawn().map_err(|e| Error::io(&program, &e))?;
        Ok(Self { child, log, ended: None })
    }

    /// Waits until `path` answers, or until `stop` says so (then it returns `false`).
    pub(crate) fn wait_until_it_answers(&mut self, place: &Place, path: &str, stop: &dyn Fn() -> bool) -> Result<bool> {
        let began = Instant::now();
        while !stop() {
            if http::status(reachable(place.address), place.port, path) == Some(200) {
                return Ok(true);
            }
            if let Some(status) = self.ended()? {
                return Err(self.failed(&format!("it ended at once ({status})")));
            }
            if began.elapsed() > PATIENCE {
                return Err(self.failed(&format!("it does not answer after {} s", PATIENCE.as_secs())));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(false)
    }

    /// How JupyterLab ended, when it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().map_err(|e| Error::io(&self.log, &e))?;
        }
        Ok(self.ended)
    }

    /// Whether it has ended because a person shut it down in its menu; an error when it has failed.
    pub(crate) fn was_shut_down(&mut self) -> Result<bool> {
        match self.ended()? {
            None => Ok(false),
            Some(status) if status.success() => Ok(true),
            Some(status) => Err(self.failed(&format!("it has ended ({status})"))),
        }
    }

    /// Stops JupyterLab; it ends its kernels. What does not end in time, or after `hurry`, is killed.
    pub(crate) fn stop(&mut self, hurry: &dyn Fn() -> bool) {
        let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return };
        let began = Instant::now();
        if matches!(self.ended(), Ok(None)) {
            let _ = kill_process_group(group, Signal::TERM);
        }
        while matches!(self.ended(), Ok(None)) && began.elapsed() < FAREWELL && !hurry() {
            std::thread::sleep(Duration::from_millis(50));
        }
        // What is left of the group, JupyterLab itself or what it has started in it.
        let _ = kill_process_group(group, Signal::KILL);
        if self.ended.is_none() {
            self.ended = self.child.wait().ok();
        }
    }

    fn failed(&self, problem: &str) -> Error {
        let mut said = String::new();
        let _ = File::open(&self.log).and_then(|mut log| log.read_to_string(&mut said));
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
        Error::input("JupyterLab", format!("{problem}: {}", last.trim()), format!("see {}", self.log.display()))
    }
}

impl Drop for Jupyter {
    fn drop(&mut self) {
        self.stop(&|| false);
    }
}

/// The address by which this machine reaches a server that listens on `address`.
pub(crate) fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) if v4.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(v6) if v6.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

struct Folders {
    config: PathBuf,
    runtime: PathBuf,
}

/// Settings of our own: a person's settings for other servers (a port, a certificate, another root) do not apply here.
fn write_settings(home: &Home) -> Result<Folders> {
    let config = home.path().join("jupyter/config");
    let runtime = home.path().join("jupyter/runtime");
    files::write_if_different(&config.join("jupyter_server_config.py"), SERVER)?;
    files::write_if_different(&config.join("labconfig/default_setting_overrides.json"), SETTINGS)?;
    files::write_if_different(&config.join("labconfig/page_config.json"), PAGE)?;
    files::write_if_different(&config.join("custom/custom.css"), STYLE)?;
    files::make_dir(&runtime)?;
    Ok(Folders { config, runtime })
}

/// Our kernel first, then what the person has set.
fn jupyter_path(home: &Home) -> std::ffi::OsString {
    let own = home.jupyter_data();
    let set = std::env::var_os("JUPYTER_PATH").unwrap_or_default();
    let all =
        std::iter::once(own.clone()).chain(std::env::split_paths(&set).filter(|path| !path.as_os_str().is_empty()));
    std::env::join_paths(all).unwrap_or_else(|_| own.into_os_string())
}

//! The engine's connection to its host process.
use super::{EngineOptions, Interrupter, Output, StreamName};
use crate::environment;
use crate::error::{At, Error, Result};
use crate::host::HostConfig;
use crate::message::{Event, Request, write_line};
use crate::role::{Role, this_program};
use crate::seed::Seed;
use crate::session::Session;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines of the host's own output that are kept for an error message.
const LAST_WORDS: usize = 20;

/// A running host, its session and the socket to it. Dropping it ends the processes and removes
/// the session's folder.
pub(super) struct Link {
    socket: UnixStream,
    events: Receiver<Event>,
    host: Child,
    last_words: Arc<Mutex<VecDeque<String>>>,
    interrupter: Interrupter,
    ready: bool,
    warm: bool,
    // Dropped last: the host works in this folder.
    _session: Session,
}

impl Link {
    pub(super) fn start(seed: &Seed, options: &EngineOptions, interrupter: &Interrupter) -> Result<Self> {
        seed.check_toolchain()?;
        let session = Session::create(seed)?;
        let program = match &options.program {
            Some(program) => program.clone(),
            None => this_program().at("this program")?,
        };
        let folder = match &options.folder {
            Some(folder) => folder.canonicalize().at(folder)?,
            None => std::env::current_dir().at("the working folder")?,
        };
        let config = HostConfig {
            session: session.folder().to_owned(),
            user_folder: folder,
            path: std::env::var("PATH").ok(),
            dependency: seed.dependency().to_owned(),
            stop_file: session.folder().join("stop"),
        };
        let (socket, hosts_end) = UnixStream::pair().at("a socket")?;
        let mut command = Role::Host.command(&program);
        environment::clean(&mut command);
        session.set_environment(&mut command, seed, &program);
        let json = serde_json::to_string(&config).map_err(|error| Error::new(error.to_string()))?;
        command.arg(json).current_dir(session.folder());
        command.stdin(OwnedFd::from(hosts_end)).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C in a terminal is this program's to handle, and one signal ends all.
        command.process_group(0);
        let mut host = command.spawn().at(&program)?;
        drop(command);

        interrupter.attach(config.stop_file, pid(&host));
        let (sender, events) = channel();
        let last_words = Arc::default();
        if let (Some(stdout), Some(stderr)) = (host.stdout.take(), host.stderr.take()) {
            keep_last_words(stdout, &last_words, sender.clone());
            keep_last_words(stderr, &last_words, sender.clone());
        }
        let reader = socket.try_clone().at("a socket")?;
        let watcher = interrupter.clone();
        std::thread::spawn(move || read_events(reader, &watcher, &sender));
        let interrupter = interrupter.clone();
        Ok(Self { socket, events, host, last_words, interrupter, ready: false, warm: false, _session: session })
    }

    /// Sends a request; `None` when nobody is there.
    pub(super) fn send(&mut self, request: &Request) -> Option<()> {
        write_line(&self.socket, request).ok()
    }

    /// The next event; `None` when the host has ended.
    pub(super) fn next(&mut self) -> Option<Event> {
        loop {
            // The readers of the host's stdout and stderr may outlive its socket, so the end of
            // the socket is an event too: `read_events` sends `Failed` last.
            match self.events.recv().ok()? {
                Event::Ready => self.ready = true,
                Event::Warm => self.warm = true,
                Event::Failed { .. } if self.ready => return None,
                event => return Some(event),
            }
        }
    }

    pub(super) fn is_ready(&mut self) -> bool {
        while !self.ready
            && let Ok(event) = self.events.try_recv()
        {
            match event {
                Event::Ready => self.ready = true,
                Event::Failed { .. } => break,
                _ => {}
            }
        }
        self.ready
    }

    pub(super) fn wait_until_ready(&mut self) -> Result<()> {
        while !self.ready {
            match self.events.recv() {
                Ok(Event::Ready) => self.ready = true,
                Ok(Event::Failed { problem, mend }) => {
                    let error = Error::new(problem);
                    return Err(match mend {
                        Some(mend) => error.with_mend(mend),
                        None => error,
                    });
                }
                Ok(_) => {}
                Err(_) => return Err(Error::new("the kernel's compiler ended while it was prepared")),
            }
        }
        Ok(())
    }

    pub(super) fn wait_until_warm(&mut self) -> Result<()> {
        self.wait_until_ready()?;
        while !self.warm {
            match self.events.recv() {
                Ok(Event::Warm) => self.warm = true,
                Ok(Event::Failed { .. }) | Err(_) => return Err(Error::new("the kernel's compiler ended")),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// What the host printed last.
    pub(super) fn last_words(self) -> Vec<String> {
        self.last_words.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.interrupter.detach();
        // The host ends by itself when its socket closes; a compiler that hangs does not.
        let _ = self.socket.shutdown(Shutdown::Both);
        let asked = Instant::now();
        if let Some(group) = pid(&self.host) {
            // The process is not reaped before its group is killed: nobody else gets its number.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(group), options), Ok(None)) && asked.elapsed() < Duration::from_secs(1) {
                std::thread::sleep(Duration::from_millis(5));
            }
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.host.wait();
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

fn read_events(socket: UnixStream, interrupter: &Interrupter, sender: &Sender<Event>) {
    for line in BufReader::new(socket).lines() {
        let Ok(event) = line.map_err(|_| ()).and_then(|line| serde_json::from_str(&line).map_err(|_| ())) else {
            break;
        };
        match event {
            Event::Cells { pid } => interrupter.set_cells(pid),
            Event::Running { running } => interrupter.set_running(running),
            event => {
                if sender.send(event).is_err() {
                    break;
                }
            }
        }
    }
    let problem = "the kernel's compiler ended".to_owned();
    let _ = sender.send(Event::Failed { problem, mend: Some("run the cell again".to_owned()) });
}

/// Reads what the host itself prints: Cargo's progress goes to the notebook, the rest is kept.
fn keep_last_words(from: impl Read + Send + 'static, words: &Arc<Mutex<VecDeque<String>>>, sender: Sender<Event>) {
    let words = Arc::clone(words);
    std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(std::io::Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if line.trim_start().starts_with("Compiling ") {
                let text = format!("{}\n", line.trim());
                let _ = sender.send(Event::Output(Output::Stream { name: StreamName::Stderr, text }));
            }
            let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
            if words.len() == LAST_WORDS {
                words.pop_front();
            }
            words.push_back(line);
        }
    });
}

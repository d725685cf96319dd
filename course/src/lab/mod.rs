//! The lab: JupyterLab at a lesson's notebook, and the book beside it.
//!
//! [`run`] prepares the machine ([`crate::setup`]) and the work folder ([`crate::work`]), starts both servers, says
//! where they are as soon as both answer, and stops them on Ctrl-C. Read [`jupyter`] for the child process and its
//! settings, [`book`] for the book's server, [`mod@lock`] for why there is only one lab at a time.

mod book;
mod browser;
pub(crate) mod http;
mod jupyter;
mod lock;
mod port;
mod signals;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use book::BookServer;

use crate::setup::jupyterlab::JupyterLab;
use crate::setup::{self, SetupOptions};
use crate::work::Work;
use crate::{Error, Home, Result, files};
use jupyter::{Jupyter, Place};
use lock::Lock;
use signals::Signals;

/// The ports that are tried first, so that addresses stay the same where they can.
const USUAL_LAB_PORT: u16 = 8888;
const USUAL_BOOK_PORT: u16 = 3000;

/// What the lab works with.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// How the machine is prepared; says also where the course and the home are.
    pub setup: SetupOptions,
    /// The learner's folder: the root of JupyterLab's file browser.
    pub work: Work,
    /// The lesson to open: an id, a number or a folder's name; `None`: the first.
    pub lesson: Option<String>,
    /// The address to listen on.
    pub address: IpAddr,
    /// JupyterLab's port; `None`: a free one.
    pub port: Option<u16>,
    /// The book's port; `None`: a free one.
    pub book_port: Option<u16>,
    /// Whether a browser is opened where there is a display.
    pub browser: bool,
}

impl LabOptions {
    /// The lab on this machine, open to this machine only.
    pub fn new(setup: SetupOptions) -> Self {
        let work = Work::of(&setup.course);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { setup, work, lesson: None, address, port: None, book_port: None, browser: true }
    }
}

/// Where a running lab is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// JupyterLab at the lesson's notebook, with the token that lets a browser in.
    pub lab: String,
    /// The book.
    pub book: String,
}

/// A lab whose servers both answer. Dropping it stops them.
#[derive(Debug)]
pub struct Lab {
    addresses: Addresses,
    // Dropped in this order: JupyterLab ends its kernels, then the book, and the lock goes last.
    jupyter: Jupyter,
    book: BookServer,
    _lock: Lock,
}

impl Lab {
    /// Where it is.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Whether JupyterLab has ended by itself: a person chose "Shut Down" in its menu, or it failed.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.jupyter.ended()?.is_some())
    }

    /// Stops JupyterLab with its kernels, and the book's server.
    pub fn stop(mut self) {
        self.jupyter.stop(&|| false);
    }
}

/// Prepares everything, opens the lab, and returns when it was stopped: by Ctrl-C, by SIGTERM or in JupyterLab's menu.
///
/// ```no_run
/// use tunebook_course::{Course, Home, lab, setup};
/// let setup = setup::SetupOptions::new(Home::from_env()?, Course::open(".")?);
/// lab::run(&lab::LabOptions { browser: false, ..lab::LabOptions::new(setup) })?;
/// # Ok::<(), tunebook_course::Error>(())
/// ```
pub fn run(options: &LabOptions) -> Result<()> {
    let lock = begin(options)?;
    setup::run(&options.setup)?;
    // From here on Ctrl-C is ours: before, it ends the program at once, which is safe.
    let signals = Signals::catch()?;
    let Some(mut lab) = open(options, lock, &|| signals.count() > 0)? else { return Ok(()) };
    present(options, &lab)?;
    while signals.count() == 0 && !lab.has_ended()? {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    if lab.jupyter.was_shut_down()? {
        say("JupyterLab was shut down.");
    } else {
        say("Stopping JupyterLab and its kernels.");
        lab.jupyter.stop(&|| signals.count() > 1);
    }
    Ok(())
}

/// Starts both servers on a machine that is prepared, and returns when both answer.
///
/// An error that names the addresses when another lab runs in the same home.
pub fn start(options: &LabOptions) -> Result<Lab> {
    let lock = begin(options)?;
    // Without a wish to stop there is always a lab or an error.
    open(options, lock, &|| false)?.ok_or_else(|| Error::work("lab", "it was stopped", ""))
}

/// Fails for as long as a lab runs in this home.
pub(crate) fn lock(home: &Home) -> Result<impl Drop + use<>> {
    Lock::take(home)
}

/// What can be refused at once, before anything is prepared.
fn begin(options: &LabOptions) -> Result<Lock> {
    setup::claim(&options.setup.home)?;
    notebook(options)?;
    let lock = Lock::take(&options.setup.home)?;
    if let (Some(port), Some(book_port)) = (options.port, options.book_port)
        && port == book_port
        && port != 0
    {
        return Err(Error::input(
            format!("--port {port} --book-port {book_port}"),
            "one port cannot serve both",
            "give two different ports, or leave an option out to get a free one",
        ));
    }
    for (port, option) in [(options.port, "--port"), (options.book_port, "--book-port")] {
        if port.is_some() {
            port::listen(options.address, port, 0, option)?;
        }
    }
    Ok(lock)
}

fn open(options: &LabOptions, mut lock: Lock, stop: &dyn Fn() -> bool) -> Result<Option<Lab>> {
    let home = &options.setup.home;
    let notebook = notebook(options)?;
    for notice in options.work.prepare(&options.setup.course)? {
        if let crate::work::Notice::Newer(path) = notice {
            say(&format!(
                "{}: the course has a newer version; yours stays (`tunebook reset` brings the new one)",
                path.display()
            ));
        }
    }
    let jupyterlab = JupyterLab::ready(home)
        .ok_or_else(|| Error::input("JupyterLab", "it is not installed yet", "run `tunebook setup`"))?;
    say("Starting JupyterLab ...");
    // A port that was asked for comes before one that is only usual.
    let listen_for_lab = || port::listen(options.address, options.port, USUAL_LAB_PORT, "--port");
    let asked = options.port.map(|_| listen_for_lab()).transpose()?;
    let book_listener = port::listen(options.address, options.book_port, USUAL_BOOK_PORT, "--book-port")?;
    let book = BookServer::start(&home.book(), book_listener)?;
    let listener = asked.map_or_else(listen_for_lab, Ok)?;
    let port = listener.local_addr().map_err(|e| Error::io("--port", &e))?.port();
    // JupyterLab opens the port itself; between here and there nobody else on this machine is likely to.
    drop(listener);

    let machine = options.setup.machine();
    let place = Place { address: options.address, port, root: options.work.folder().to_owned(), token: token()? };
    let mut command = jupyterlab.command(home, &machine);
    // So that `tunebook check` works in JupyterLab's terminal.
    command.env("PATH", machine.path_with(&home.path().join("bin")));
    let mut jupyter = Jupyter::start(command, home, &place)?;
    let page = format!("/lab/tree/{notebook}?token={}", place.token);
    if !jupyter.wait_until_it_answers(&place, &page, stop)? {
        return Ok(None);
    }
    let at = |port: u16| SocketAddr::new(jupyter::reachable(options.address), port);
    let addresses =
        Addresses { lab: format!("http://{}{page}", at(port)), book: format!("http://{}/", at(book.port())) };
    lock.announce(&addresses)?;
    Ok(Some(Lab { addresses, jupyter, book, _lock: lock }))
}

fn present(options: &LabOptions, lab: &Lab) -> Result<()> {
    let addresses = lab.addresses();
    say(&format!("The lesson: {}", addresses.lab));
    say(&format!("The book:   {}", addresses.book));
    let link = lab.book.link_once(token()?, &addresses.lab);
    if options.browser
        && browser::open(&options.setup.machine(), &format!("{}{link}", addresses.book.trim_end_matches('/')))
    {
        say("The lesson opens in your browser. Ctrl-C stops the lab.");
    } else {
        say("Open the first address in a browser. Ctrl-C stops the lab.");
    }
    Ok(())
}

/// Says a line on standard output. One that nobody reads any more does not stop the lab.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The notebook to open, relative to the work folder.
fn notebook(options: &LabOptions) -> Result<String> {
    let course = &options.setup.course;
    let lesson = match &options.lesson {
        Some(name) => course.lesson(name)?,
        None => course.lessons()?.into_iter().next().ok_or_else(|| {
            Error::input(
                course.root().join("lessons").display(),
                "the course has no lessons",
                "use a complete checkout",
            )
        })?,
    };
    Ok(lesson.notebook().display().to_string())
}

/// A secret from the operating system, 64 hexadecimal digits.
fn token() -> Result<String> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0; 32];
    File::open(source).and_then(|mut file| file.read_exact(&mut bytes)).map_err(|e| Error::io(source, &e))?;
    Ok(files::sha256(bytes))
}

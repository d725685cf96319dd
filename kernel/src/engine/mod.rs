//! Runs cells: one [`Engine`] is one notebook's state.
//!
//! Compiling and running happen in other processes ([`link`]); this side sends a cell, passes its
//! output on while it runs, and answers the course's own commands ([`crate::command`]) itself.
mod interrupt;
mod link;
mod output;

pub use crate::message::StreamName;
pub use interrupt::Interrupter;
pub use output::{CellError, CellResult, MimeBundle, Output};

use crate::command::{self, CellCommands};
use crate::error::{Error, Result};
use crate::message::{Event, Request};
use crate::seed::{self, Seed};
use link::Link;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How an engine runs.
#[derive(Clone)]
pub struct EngineOptions {
    /// The course's commands (`:check`, `:quiz`, ...), if there are any.
    pub commands: Option<Arc<dyn CellCommands>>,
    /// The folder in which cells run; the default is this process's.
    pub folder: Option<PathBuf>,
    /// The program that [`crate::run_if_child`] is part of; the default is this one.
    pub program: Option<PathBuf>,
    /// How long an interrupted cell may go on before it is ended.
    pub grace: Duration,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { commands: None, folder: None, program: None, grace: Duration::from_secs(5) }
    }
}

/// Runs cells, one after the other; they share variables, functions, types and `use` lines.
///
/// ```no_run
/// use tunebook_kernel::{engine::{Engine, EngineOptions, Output}, seed};
///
/// let home = std::path::Path::new("/home/me/.local/share/tunebook/0.1.0");
/// let seed = seed::open(home)?.expect("`tunebook setup` has been run");
/// let mut engine = Engine::start(&seed, EngineOptions::default())?;
/// let result = engine.execute("let x = 6 * 7; println!(\"{x}\");", &mut |output| {
///     if let Output::Stream { text, .. } = output {
///         print!("{text}");
///     }
/// });
/// assert!(result.ok);
/// # Ok::<(), tunebook_kernel::Error>(())
/// ```
pub struct Engine {
    seed: Seed,
    options: EngineOptions,
    interrupter: Interrupter,
    /// `None` after the processes ended; the next cell starts new ones.
    link: Option<Link>,
}

impl Engine {
    /// Starts the processes. They prepare themselves in the background.
    pub fn start(seed: &Seed, options: EngineOptions) -> Result<Self> {
        let interrupter = Interrupter::new(options.grace);
        Self::start_with(seed, options, interrupter)
    }

    /// Starts the processes under an interrupter that somebody has already.
    pub(crate) fn start_with(seed: &Seed, options: EngineOptions, interrupter: Interrupter) -> Result<Self> {
        let link = Link::start(seed, &options, &interrupter)?;
        Ok(Self { seed: seed.clone(), options, interrupter, link: Some(link) })
    }

    /// Waits until cells can run. The first cell waits by itself; this is for measuring.
    pub fn wait_until_ready(&mut self) -> Result<()> {
        let ready = self.link()?.wait_until_ready();
        if ready.is_err() {
            self.link = None;
        }
        ready
    }

    /// Waits until the first `let` is as fast as any other.
    pub fn wait_until_warm(&mut self) -> Result<()> {
        self.link()?.wait_until_warm()
    }

    /// A handle by which another thread stops a running cell.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// Runs a cell and hands over its output while it runs.
    pub fn execute(&mut self, code: &str, show: &mut dyn FnMut(Output)) -> CellResult {
        if code.trim().is_empty() {
            return CellResult::good();
        }
        let commands = self.options.commands.clone();
        let call = commands.and_then(|commands| Some((command::find(&*commands, code, show)?, commands)));
        // Before anything that may take long, so that an interrupt is never lost.
        self.interrupter.begin(call.as_ref().map(|(_, commands)| Arc::clone(commands)));
        let result = match call {
            Some((call, commands)) => Some(command::run(&*commands, &call, show)),
            None => self.ready().map_or_else(Some, |()| self.run(code, show)),
        };
        let interrupted = self.interrupter.end();
        result.unwrap_or_else(|| self.restart(interrupted))
    }

    /// Waits until cells can run; the cell's result when they cannot, or when it was interrupted meanwhile.
    fn ready(&mut self) -> std::result::Result<(), CellResult> {
        let failed = |error: Error| CellResult::failed(CellError::new("Error", error.to_string()));
        let ready = self.wait_until_ready();
        if self.interrupter.is_interrupted() {
            let problem = "the cell was interrupted before it began; nothing is lost";
            return Err(CellResult::failed(CellError::new("Interrupted", problem.to_owned())));
        }
        ready.map_err(failed)
    }

    /// Sends the cell and waits for its end; `None` when the compiling process ended first.
    fn run(&mut self, code: &str, show: &mut dyn FnMut(Output)) -> Option<CellResult> {
        let link = self.link.as_mut()?;
        link.send(&Request::Execute { code: code.to_owned() })?;
        loop {
            match link.next()? {
                Event::Output(output) => show(output),
                Event::Executed(result) => return Some(result),
                _ => {}
            }
        }
    }

    /// New processes after the old ones ended; says what is lost.
    fn restart(&mut self, interrupted: bool) -> CellResult {
        let last_words = self.link.take().map(Link::last_words).unwrap_or_default();
        let lost = "everything that earlier cells defined is lost: run them again";
        let restarted = match self.link() {
            Ok(_) => String::new(),
            Err(error) => format!("; {error}"),
        };
        CellResult::failed(if interrupted {
            CellError::new(
                "Interrupted",
                format!("the kernel's compiler was ended and started again; {lost}{restarted}"),
            )
        } else {
            let mut error = CellError::new(
                "Crash",
                format!("the kernel's compiler ended and was started again; {lost}{restarted}"),
            );
            error.traceback.extend(last_words);
            error
        })
    }

    /// What could stand at a byte of the code, and the bytes it would replace.
    pub fn complete(&mut self, code: &str, byte: usize) -> (Vec<String>, std::ops::Range<usize>) {
        match self.ask(&Request::Complete { code: code.to_owned(), byte }) {
            Some(Event::Completed { matches, start, end }) => (matches, start..end),
            _ => (Vec::new(), byte..byte),
        }
    }

    /// Documentation of the name in which a byte of the code lies.
    pub fn inspect(&mut self, code: &str, byte: usize) -> Option<MimeBundle> {
        let byte = end_of_name(code, byte);
        let Some(Event::Inspected { text, html }) = self.ask(&Request::Inspect { code: code.to_owned(), byte }) else {
            return None;
        };
        let mut bundle = MimeBundle::new();
        bundle.insert("text/plain".to_owned(), text?.into());
        if let Some(html) = html {
            bundle.insert("text/html".to_owned(), html.into());
        }
        Some(bundle)
    }

    /// A question to the analyser. Not worth waiting for while everything is still being prepared.
    fn ask(&mut self, question: &Request) -> Option<Event> {
        let link = self.link.as_mut()?;
        if !link.is_ready() {
            return None;
        }
        link.send(question)?;
        loop {
            let event = link.next()?;
            if matches!(event, Event::Completed { .. } | Event::Inspected { .. }) {
                return Some(event);
            }
        }
    }

    fn link(&mut self) -> Result<&mut Link> {
        if self.interrupter.is_closed() {
            return Err(Error::new("the kernel is being shut down"));
        }
        let link = if let Some(link) = self.link.take() {
            link
        } else {
            // `setup` may have put another seed in the old one's place.
            if let Some(seed) = seed::open(self.seed.home())? {
                self.seed = seed;
            }
            Link::start(&self.seed, &self.options, &self.interrupter)?
        };
        Ok(self.link.insert(link))
    }
}

/// The end of the name around a byte, with the bracket of a call: evcxr finds methods by it.
fn end_of_name(code: &str, byte: usize) -> usize {
    let start = (0..=byte.min(code.len())).rev().find(|&byte| code.is_char_boundary(byte)).unwrap_or(0);
    let rest = &code[start..];
    let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let call = usize::from(rest[name..].starts_with('('));
    start + name + call
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_found_from_within() {
        assert_eq!(super::end_of_name("né_x(1)", 1), 6);
        assert_eq!(super::end_of_name("né", 2), 3);
        assert_eq!(super::end_of_name("a b", 99), 3);
    }
}

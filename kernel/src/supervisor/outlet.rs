//! Sends output to the host: soon, in order, in few messages.
//!
//! Text waits for a moment so that a loop that prints makes tens of messages a second instead of
//! thousands. The moment also lets the text of an error be taken back out of stderr.
use super::decoder::Decoder;
use crate::message::{ChildEvent, StreamName};
use std::time::{Duration, Instant};

/// How long text may wait.
const MOMENT: Duration = Duration::from_millis(20);
/// How long the text of a panic may wait for the cell to end.
const PANIC_MOMENT: Duration = Duration::from_secs(2);
/// Text that is sent at once, in bytes.
const MUCH: usize = 1 << 16;
/// Text of one cell that is shown, in bytes: a browser chokes on more.
const LIMIT: usize = 8 << 20;

/// What is on its way to the host.
#[derive(Debug, Default)]
pub(super) struct Outlet {
    held: Vec<(StreamName, String)>,
    since: Option<Instant>,
    stderr: Decoder,
    /// Bytes of text of this cell so far.
    written: usize,
    /// Anything but stderr came out of this cell.
    showed: bool,
}

impl Outlet {
    /// Takes bytes of stderr.
    pub(super) fn stderr(&mut self, bytes: &[u8]) {
        let text = self.stderr.decode(bytes);
        self.text(StreamName::Stderr, &text);
    }

    /// Takes text.
    pub(super) fn text(&mut self, name: StreamName, text: &str) {
        if text.is_empty() {
            return;
        }
        self.showed |= name == StreamName::Stdout;
        let before = self.written;
        self.written += text.len();
        // The message of a panic must get through: the cell's error is made of it.
        if before > LIMIT && !text.contains("panicked at ") {
            return;
        }
        let notice = format!("\n[output cut after {} MiB]\n", LIMIT >> 20);
        let text = if before <= LIMIT && self.written > LIMIT { &notice } else { text };
        match self.held.last_mut() {
            Some((last, held)) if *last == name => held.push_str(text),
            _ => self.held.push((name, text.to_owned())),
        }
        self.since.get_or_insert_with(Instant::now);
        if self.held.iter().map(|(_, text)| text.len()).sum::<usize>() > MUCH && self.panic_start().is_none() {
            self.flush();
        }
    }

    /// Sends an event after the text before it.
    pub(super) fn event(&mut self, event: &ChildEvent) {
        self.showed = true;
        self.flush();
        event.send();
    }

    /// Whether text waits.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether the cell wrote anything but stderr.
    pub(super) fn has_written(&self) -> bool {
        self.showed
    }

    /// Sends text that has waited long enough.
    pub(super) fn flush_old(&mut self) {
        let moment = if self.panic_start().is_some() { PANIC_MOMENT } else { MOMENT };
        if self.since.is_some_and(|since| since.elapsed() >= moment) {
            self.flush();
        }
    }

    /// Sends all text.
    pub(super) fn flush(&mut self) {
        for (name, text) in self.held.drain(..) {
            ChildEvent::Stream { name, text }.send();
        }
        self.since = None;
    }

    /// Takes back the last text of stderr: what evcxr's code printed for a `?`.
    pub(super) fn take_last_stderr(&mut self) -> Option<String> {
        let last = self.held.iter().rposition(|(name, _)| *name == StreamName::Stderr)?;
        Some(self.held.remove(last).1.trim_end().to_owned())
    }

    /// Takes back the message of a panic.
    pub(super) fn take_panic(&mut self) -> String {
        let Some((index, start)) = self.panic_start() else { return String::new() };
        let text = &mut self.held[index].1;
        let message = text.split_off(start);
        if text.is_empty() {
            self.held.remove(index);
        }
        message.trim().to_owned()
    }

    /// Where the message of a panic begins in the text that waits.
    fn panic_start(&self) -> Option<(usize, usize)> {
        self.held.iter().enumerate().filter(|(_, (name, _))| *name == StreamName::Stderr).find_map(
            |(index, (_, text))| {
                let thread = text.find("thread '")?;
                text[thread..].contains("panicked at ").then_some(())?;
                let start = text[..thread].trim_end_matches('\n').len();
                Some((index, if start == 0 { 0 } else { start + 1 }))
            },
        )
    }

    /// Sends everything and forgets this cell.
    pub(super) fn end_of_run(&mut self) {
        let rest = self.stderr.finish();
        self.text(StreamName::Stderr, &rest);
        self.flush();
        self.written = 0;
        self.showed = false;
    }
}

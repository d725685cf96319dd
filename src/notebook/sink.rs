//! Where output goes, and the one function that writes it.

use std::io::Write;

use super::message;

/// The place that shows what a cell or a program displays.
///
/// ```
/// use tunebook::notebook::Sink;
///
/// assert_eq!(Sink::from_environment(true, true), Sink::Tunebook);
/// assert_eq!(Sink::from_environment(false, true), Sink::StockEvcxr);
/// assert_eq!(Sink::from_environment(false, false), Sink::Terminal);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// Tunebook's own kernel: rich content at once, and displays that change in place.
    Tunebook,
    /// The stock evcxr kernel: rich content at the end of the cell, one for each MIME type.
    StockEvcxr,
    /// No notebook: plain text.
    Terminal,
}

impl Sink {
    /// The sink of this process: `TUNEBOOK_SINK=1` is set by Tunebook's kernel, `EVCXR_IS_RUNTIME` by evcxr.
    ///
    /// ```
    /// let sink = tunebook::notebook::Sink::current();
    /// println!("{sink:?}");
    /// ```
    pub fn current() -> Self {
        let ours = std::env::var_os("TUNEBOOK_SINK").is_some_and(|value| value == "1");
        Self::from_environment(ours, std::env::var_os("EVCXR_IS_RUNTIME").is_some())
    }

    /// The sink for a process in which Tunebook's mark is set, and evcxr's mark is set.
    ///
    /// See [`Sink`] for an example.
    pub fn from_environment(tunebook_mark: bool, evcxr_mark: bool) -> Self {
        match (tunebook_mark, evcxr_mark) {
            (true, _) => Self::Tunebook,
            (false, true) => Self::StockEvcxr,
            (false, false) => Self::Terminal,
        }
    }
}

/// Writes `text` to standard output under one lock, and flushes.
///
/// A display must not end a training run because its reader went away: a write error (a closed pipe) is dropped.
pub(crate) fn write_out(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Hands a measured number to the notebook, under a name that the lesson's prose may quote.
///
/// Nothing is shown. Outside Tunebook's kernel the call does nothing. A value that is not finite is not recorded, and
/// standard error says so.
///
/// ```
/// tunebook::notebook::record("full_val_accuracy", 0.93);
/// ```
pub fn record(name: &str, value: f64) {
    if !value.is_finite() {
        eprintln!("record: {name} is {value}, so nothing is recorded");
    } else if Sink::current() == Sink::Tunebook {
        write_out(&message::value(name, value));
    }
}

/// Empties the cell's output: at once, or (with `wait`) when the next output arrives, which does not flicker.
///
/// Only Tunebook's kernel can do this; elsewhere the call does nothing.
///
/// ```
/// tunebook::notebook::clear_output(true);
/// ```
pub fn clear_output(wait: bool) {
    if Sink::current() == Sink::Tunebook {
        write_out(&message::clear_output(wait));
    }
}

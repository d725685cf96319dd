//! A display that changes in place while a cell runs.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::sink::{Sink, write_out};
use super::{Display, message};

/// No more than about four updates a second: a browser that redraws a chart more often falls behind.
const INTERVAL: Duration = Duration::from_millis(250);

/// A display that changes in place.
///
/// Updates come as often as the program likes; at most about four a second are sent, and the last one always
/// ([`finish`](Self::finish), or when the value is dropped). Where displays cannot change (stock evcxr, a
/// terminal), only the last one is shown.
///
/// ```
/// use tunebook::notebook::{Display, LiveDisplay};
///
/// let mut live = LiveDisplay::new();
/// for step in 1..=3 {
///     live.update(Display::text(format!("step {step}")));
/// }
/// live.finish();
/// ```
#[derive(Debug)]
pub struct LiveDisplay {
    id: String,
    sink: Sink,
    /// The newest display that has not been sent.
    pending: Option<Display>,
    last_sent: Option<Instant>,
}

impl LiveDisplay {
    /// A display that shows nothing yet, in the place that [`Sink::current`] names.
    ///
    /// See [`LiveDisplay`] for an example.
    pub fn new() -> Self {
        Self::in_sink(Sink::current())
    }

    fn in_sink(sink: Sink) -> Self {
        Self { id: fresh_id(), sink, pending: None, last_sent: None }
    }

    /// The display's id: unique to it, also across kernel restarts.
    ///
    /// ```
    /// use tunebook::notebook::LiveDisplay;
    ///
    /// assert_ne!(LiveDisplay::new().id(), LiveDisplay::new().id());
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether an update would be sent now. Lets a program skip drawing what nobody would see.
    ///
    /// ```
    /// let live = tunebook::notebook::LiveDisplay::new();
    /// if live.is_due() { /* draw, then update */ }
    /// ```
    pub fn is_due(&self) -> bool {
        self.is_due_at(Instant::now())
    }

    /// Shows `display` in place of what was shown, now or with the next update that is due.
    ///
    /// See [`LiveDisplay`] for an example.
    pub fn update(&mut self, display: Display) {
        self.pending = Some(display);
        let now = Instant::now();
        if self.is_due_at(now) {
            self.send(now);
        }
    }

    /// Sends the last update if it is still waiting. Dropping the value does the same.
    ///
    /// See [`LiveDisplay`] for an example.
    pub fn finish(&mut self) {
        self.send(Instant::now());
    }

    fn is_due_at(&self, now: Instant) -> bool {
        self.sink == Sink::Tunebook && self.last_sent.is_none_or(|sent| now.saturating_duration_since(sent) >= INTERVAL)
    }

    fn send(&mut self, now: Instant) {
        if let Some(text) = self.take_message(now) {
            write_out(&text);
        }
    }

    /// The bytes to write for the pending display, which is pending no longer.
    fn take_message(&mut self, now: Instant) -> Option<String> {
        let display = self.pending.take()?;
        let first = self.last_sent.replace(now).is_none();
        Some(match self.sink {
            Sink::Tunebook if first => message::display_data(display.data(), Some(&self.id)),
            Sink::Tunebook => message::update_display_data(display.data(), &self.id),
            other => display.render(other),
        })
    }
}

impl Default for LiveDisplay {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for LiveDisplay {
    fn drop(&mut self) {
        self.finish();
    }
}

/// `tunebook-PID-START-COUNTER`. A restarted kernel may get its predecessor's process id, and the notebook still shows
/// the predecessor's displays: the start time tells the two apart.
fn fresh_id() -> String {
    static START: OnceLock<u128> = OnceLock::new();
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let start =
        START.get_or_init(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_micros()));
    format!("tunebook-{}-{start:x}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program that updates at the given times (milliseconds) would write, with the final flush.
    fn run(sink: Sink, times: &[u64]) -> Vec<String> {
        let mut live = LiveDisplay::in_sink(sink);
        live.id = "id".into();
        let start = Instant::now();
        let mut written = Vec::new();
        let mut now = start;
        for time in times {
            now = start + Duration::from_millis(*time);
            live.pending = Some(Display::text(format!("t{time}")));
            if live.is_due_at(now) {
                written.extend(live.take_message(now));
            }
        }
        written.extend(live.take_message(now));
        written
    }

    #[test]
    fn updates_are_throttled_and_the_last_is_sent() {
        let written = run(Sink::Tunebook, &[0, 10, 100, 249, 260, 300, 400]);
        let texts: Vec<&str> = written.iter().map(|line| &line[line.find("\":\"t").unwrap() + 3..]).collect();
        assert_eq!(written.len(), 3, "{written:?}");
        assert!(texts[0].starts_with("t0\"") && texts[1].starts_with("t260\"") && texts[2].starts_with("t400\""));
        assert!(written[0].contains("\"type\":\"display_data\""));
        assert!(written[1].contains("\"type\":\"update_display_data\""));
        assert!(written.iter().all(|line| line.contains("\"display_id\":\"id\"")));
    }

    #[test]
    fn a_sent_update_is_not_sent_twice() {
        assert_eq!(run(Sink::Tunebook, &[0, 300]).len(), 2);
        assert!(run(Sink::Tunebook, &[]).is_empty());
    }

    #[test]
    fn places_that_cannot_change_show_only_the_last() {
        assert_eq!(run(Sink::Terminal, &[0, 300, 900]), ["t900\n"]);
        assert_eq!(run(Sink::StockEvcxr, &[0, 900]), ["EVCXR_BEGIN_CONTENT text/plain\nt900\nEVCXR_END_CONTENT\n"]);
    }
}

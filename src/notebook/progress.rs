//! A progress bar: one changing line in a notebook, indicatif's bar in a terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::display::escape_html;
use super::sink::Sink;
use super::{Display, LiveDisplay};

/// Progress through a known number of steps, with rate and time left.
///
/// In Tunebook's kernel it is one line that changes in place; in a terminal a bar on standard error; on the stock
/// evcxr kernel only the final line. Dropped before it is finished, it stays where it was.
///
/// ```
/// use tunebook::notebook::Progress;
///
/// let mut progress = Progress::new("training", 3);
/// for step in 0..3 {
///     progress.set_message(format!("loss {:.2}", 1.0 / f64::from(step + 1)));
///     progress.advance(1);
/// }
/// progress.finish();
/// assert_eq!(progress.done(), 3);
/// ```
#[derive(Debug)]
pub struct Progress {
    label: String,
    message: String,
    done: u64,
    total: u64,
    start: Instant,
    finished: bool,
    shown: Shown,
}

#[derive(Debug)]
enum Shown {
    Notebook(LiveDisplay),
    Terminal(ProgressBar),
}

impl Progress {
    /// A bar at zero of `total` steps.
    ///
    /// See [`Progress`] for an example.
    pub fn new(label: impl Into<String>, total: u64) -> Self {
        let label = label.into();
        let shown = match Sink::current() {
            Sink::Tunebook | Sink::StockEvcxr => Shown::Notebook(LiveDisplay::new()),
            Sink::Terminal => Shown::Terminal(terminal_bar(&label, total)),
        };
        Self { label, message: String::new(), done: 0, total, start: Instant::now(), finished: false, shown }
    }

    /// Steps done so far.
    ///
    /// See [`Progress`] for an example.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Goes `steps` further.
    ///
    /// See [`Progress`] for an example.
    pub fn advance(&mut self, steps: u64) {
        self.done = self.done.saturating_add(steps);
        if let Shown::Terminal(bar) = &self.shown {
            bar.set_position(self.done);
        }
        self.refresh();
    }

    /// A short text behind the bar: the latest loss, the file at work. Shown with the next step.
    ///
    /// See [`Progress`] for an example.
    pub fn set_message(&mut self, message: impl Into<String>) {
        self.message = message.into();
        if let Shown::Terminal(bar) = &self.shown {
            bar.set_message(self.message.clone());
        }
    }

    /// Ends the bar; it stays on the screen with the time it took.
    ///
    /// See [`Progress`] for an example.
    pub fn finish(&mut self) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        let state = self.state();
        match &mut self.shown {
            Shown::Notebook(live) => {
                live.update(state.display());
                live.finish();
            }
            // indicatif's `finish` would jump to the end; work that stopped early stays where it stopped.
            Shown::Terminal(bar) if self.done < self.total => bar.abandon(),
            Shown::Terminal(bar) => bar.finish(),
        }
    }

    fn refresh(&mut self) {
        let state = self.state();
        if let Shown::Notebook(live) = &mut self.shown
            && live.is_due()
        {
            live.update(state.display());
        }
    }

    fn state(&self) -> State {
        State {
            label: self.label.clone(),
            message: self.message.clone(),
            done: self.done,
            total: self.total,
            elapsed: self.start.elapsed(),
            finished: self.finished,
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let state = self.state();
        match &mut self.shown {
            Shown::Notebook(live) => live.update(state.display()),
            Shown::Terminal(bar) => bar.abandon(),
        }
    }
}

fn terminal_bar(label: &str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{prefix} {bar:30} {pos}/{len} {per_sec:.dim} {elapsed} elapsed, {eta} left {msg}",
    )
    .expect("the template is a constant; a test makes a bar");
    ProgressBar::new(total).with_style(style).with_prefix(label.to_string())
}

/// What a bar says at one moment.
struct State {
    label: String,
    message: String,
    done: u64,
    total: u64,
    elapsed: Duration,
    finished: bool,
}

impl State {
    fn display(&self) -> Display {
        Display::html(self.html()).with("text/plain", self.text())
    }

    /// `training: 12/40 · 5.2/s · 0:05 left · loss 0.41`
    fn text(&self) -> String {
        let mut parts = vec![format!("{}: {}/{}", self.label, self.done, self.total)];
        parts.extend(self.pace());
        if !self.message.is_empty() {
            parts.push(self.message.clone());
        }
        parts.join(" \u{b7} ")
    }

    fn html(&self) -> String {
        let mut details = self.pace();
        if !self.message.is_empty() {
            details.push(escape_html(&self.message));
        }
        let label = escape_html(&self.label);
        // No colours of our own: the line reads on light and dark pages alike.
        format!(
            "<div style=\"font-variant-numeric:tabular-nums\">{label} <progress value=\"{done}\" max=\"{total}\" \
             aria-label=\"{label}\" style=\"width:16em;vertical-align:middle\"></progress> {done}/{total} \
             <small>{details}</small></div>",
            done = self.done,
            total = self.total.max(1),
            details = details.join(" \u{b7} "),
        )
    }

    /// Rate, and time left or taken.
    fn pace(&self) -> Vec<String> {
        let seconds = self.elapsed.as_secs_f64();
        if self.done == 0 || seconds <= 0.0 {
            return Vec::new();
        }
        let rate = self.done as f64 / seconds;
        let rate_text = if rate >= 1.0 { format!("{rate:.1}/s") } else { format!("{:.1} s each", 1.0 / rate) };
        let time = if self.finished || self.done >= self.total {
            format!("{} in all", clock(seconds))
        } else {
            format!("{} left", clock((self.total - self.done) as f64 / rate))
        };
        vec![rate_text, time]
    }
}

/// Seconds as `m:ss` or `h:mm:ss`, rounded up so that work never has "0:00 left".
fn clock(seconds: f64) -> String {
    let whole = seconds.ceil() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(done: u64, total: u64, seconds: f64) -> State {
        State {
            label: "training".into(),
            message: String::new(),
            done,
            total,
            elapsed: Duration::from_secs_f64(seconds),
            finished: false,
        }
    }

    #[test]
    fn text_says_rate_and_time_left() {
        assert_eq!(state(10, 40, 2.0).text(), "training: 10/40 \u{b7} 5.0/s \u{b7} 0:06 left");
        assert_eq!(state(1, 4, 30.0).text(), "training: 1/4 \u{b7} 30.0 s each \u{b7} 1:30 left");
        assert_eq!(state(0, 40, 2.0).text(), "training: 0/40");
        assert_eq!(state(40, 40, 8.0).text(), "training: 40/40 \u{b7} 5.0/s \u{b7} 0:08 in all");
    }

    #[test]
    fn html_is_one_escaped_line() {
        let mut state = state(1, 4, 1.0);
        state.message = "loss < 1".into();
        let html = state.html();
        assert!(html.contains("value=\"1\" max=\"4\"") && html.contains("loss &lt; 1") && !html.contains('\n'));
    }

    #[test]
    fn nothing_to_do_is_not_a_division_by_zero() {
        assert_eq!(state(0, 0, 0.0).text(), "training: 0/0");
        assert!(state(0, 0, 0.0).html().contains("max=\"1\""));
    }

    #[test]
    fn clock_has_hours_when_needed() {
        assert_eq!(clock(0.2), "0:01");
        assert_eq!(clock(59.0), "0:59");
        assert_eq!(clock(3_661.0), "1:01:01");
    }

    #[test]
    fn the_terminal_bar_stays_where_work_stopped() {
        let mut progress = Progress::new("training", 2);
        let Shown::Terminal(bar) = &progress.shown else { panic!("tests run outside a notebook") };
        let bar = bar.clone();
        progress.set_message("loss 1.2");
        progress.advance(1);
        progress.finish();
        assert_eq!((bar.position(), bar.message().as_str(), bar.is_finished()), (1, "loss 1.2", true));
    }
}

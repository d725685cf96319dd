//! What setup says while it works: bars in a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How setup shows its progress, on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// Bars when standard error is a terminal, else lines.
    #[default]
    Auto,
    /// Lines.
    Lines,
    /// Nothing.
    Nothing,
}

/// Without a terminal, a line at most this often.
const BETWEEN_LINES: Duration = Duration::from_secs(15);

/// Who is told.
pub(crate) struct Reporter {
    to: To,
}

enum To {
    Terminal,
    Lines(Box<dyn Write>),
    Nobody,
}

impl Reporter {
    pub(crate) fn new(show: Show) -> Self {
        let to = match show {
            Show::Auto if std::io::stderr().is_terminal() => To::Terminal,
            Show::Auto | Show::Lines => To::Lines(Box::new(std::io::stderr())),
            Show::Nothing => To::Nobody,
        };
        Self { to }
    }

    /// A reporter that writes lines to `lines`.
    #[cfg(test)]
    pub(crate) fn to_lines(lines: impl Write + 'static) -> Self {
        Self { to: To::Lines(Box::new(lines)) }
    }

    /// Says a line.
    pub(crate) fn say(&mut self, line: &str) {
        match &mut self.to {
            // A log that cannot be written to must not stop the work.
            To::Terminal => drop(writeln!(std::io::stderr(), "{line}")),
            To::Lines(lines) => drop(writeln!(lines, "{line}")),
            To::Nobody => {}
        }
    }

    /// Begins the `number`th of `count` steps.
    pub(crate) fn begin(&mut self, number: usize, count: usize, title: &str) -> Bar<'_> {
        let name = format!("[{number}/{count}] {title}");
        let bar = match self.to {
            To::Terminal => Some(terminal_bar(&name)),
            _ => None,
        };
        if bar.is_none() {
            self.say(&name);
        }
        let now = Instant::now();
        Bar { reporter: self, shown: bar, name, began: now, said: now }
    }

    /// Shows in a terminal that something is being done, until the bar is dropped; elsewhere only what takes long is said.
    pub(crate) fn watch(&mut self, name: &str) -> Bar<'_> {
        let shown = matches!(self.to, To::Terminal).then(|| terminal_bar(name));
        let now = Instant::now();
        Bar { reporter: self, shown, name: name.to_owned(), began: now, said: now }
    }
}

fn terminal_bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::new(1000).with_prefix(name.to_owned()).with_style(style(false));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn style(measured: bool) -> ProgressStyle {
    let template = if measured {
        "{prefix}  {bar:24} {percent:>3} %  {wide_msg}"
    } else {
        "{prefix}  {spinner} {elapsed}  {wide_msg}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A step that is being done.
pub(crate) struct Bar<'a> {
    reporter: &'a mut Reporter,
    shown: Option<ProgressBar>,
    name: String,
    began: Instant,
    said: Instant,
}

impl Bar<'_> {
    /// How far the step is: the part done (0 to 1) where it is known, what is being done, the time left where known.
    pub(crate) fn update(&mut self, done: Option<f64>, doing: &str, left: Option<Duration>) {
        let left = left.map_or_else(String::new, |left| format!("about {} left", words(left)));
        let message =
            [left.as_str(), doing].iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>().join(" · ");
        if let Some(bar) = &self.shown {
            bar.set_style(style(done.is_some()));
            bar.set_position((done.unwrap_or_default() * 1000.0) as u64);
            bar.set_message(message);
        } else if self.said.elapsed() >= BETWEEN_LINES {
            self.said = Instant::now();
            let percent = done.map_or_else(String::new, |done| format!("{:.0} % · ", done * 100.0));
            self.reporter.say(&format!("      {percent}{message}"));
        }
    }

    /// Says a line that stays.
    pub(crate) fn note(&mut self, line: &str) {
        match &self.shown {
            Some(bar) => bar.println(line),
            None => self.reporter.say(line),
        }
    }

    /// The step is done.
    pub(crate) fn finish(mut self) {
        let line = format!("{}: done in {}", self.name, words(self.began.elapsed()));
        if let Some(bar) = self.shown.take() {
            bar.finish_and_clear();
        }
        self.reporter.say(&line);
    }
}

impl Drop for Bar<'_> {
    fn drop(&mut self) {
        // A step that failed: its bar must not stand beside the error.
        if let Some(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

/// A duration as a person says it.
pub(crate) fn words(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 90.0 => format!("{s:.0} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_few_words() {
        let said = [0.4, 42.0, 89.9, 240.0].map(|seconds| words(Duration::from_secs_f64(seconds)));
        assert_eq!(said, ["0.4 s", "42 s", "90 s", "4 min"]);
    }
}

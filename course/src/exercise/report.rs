//! What the learner is told about an answer, as text and as HTML.

use std::fmt::{self, Write as _};

use serde::Serialize;
use tunebook_grader::escape_html;

use super::Exercise;

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// The exercise's id.
    pub exercise: String,
    /// Its title.
    pub title: String,
    /// How the check ended.
    pub outcome: Outcome,
    /// Every check, in the manifest's order; empty when the code did not get that far.
    pub lines: Vec<CheckLine>,
    /// Attempts of the probe that ended in an error or a panic: which, and the message.
    pub failures: Vec<(String, String)>,
    /// What the learner's program printed.
    pub output: String,
    /// How long it ran, in seconds.
    pub seconds: f64,
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
pub enum Outcome {
    /// Every check passed.
    Passed,
    /// At least one check missed.
    Failed,
    /// The code is still the starter.
    NotStarted,
    /// The compiler refused it; its messages.
    DoesNotCompile(String),
    /// It did not return: limits, exit or abort, in words.
    Stopped(String),
}

/// One decided check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckLine {
    /// The check's id.
    pub id: String,
    /// What is checked.
    pub title: String,
    /// Whether it is shown only when missed.
    pub hidden: bool,
    /// What is missing; `None` for a pass.
    pub missing: Option<String>,
}

impl CheckReport {
    pub(super) fn new(exercise: &Exercise, outcome: Outcome) -> Self {
        Self {
            exercise: exercise.id.clone(),
            title: exercise.title.clone(),
            outcome,
            lines: Vec::new(),
            failures: Vec::new(),
            output: String::new(),
            seconds: 0.0,
        }
    }

    /// Whether the exercise is done.
    pub fn passed(&self) -> bool {
        self.outcome == Outcome::Passed
    }

    /// One line that says how it went.
    pub fn headline(&self) -> String {
        match &self.outcome {
            Outcome::Passed => format!("Passed: {}", self.title),
            Outcome::Failed => {
                let passed = self.lines.iter().filter(|line| line.missing.is_none()).count();
                format!("Not yet: {} ({passed} of {} checks passed)", self.title, self.lines.len())
            }
            Outcome::NotStarted => format!("Not started: {}", self.title),
            Outcome::DoesNotCompile(_) => format!("Does not compile: {}", self.title),
            Outcome::Stopped(_) => format!("Stopped: {}", self.title),
        }
    }

    /// What to do next; `call` is what stands before a command: `tunebook ` in a terminal, `:` in a notebook.
    fn next_step(&self, call: &str) -> String {
        let id = &self.exercise;
        match &self.outcome {
            Outcome::Passed => format!("The course's own solution is open now: `{call}solution {id}`."),
            Outcome::NotStarted => {
                format!("This is still the starter. Replace its `todo`s, then check again. A nudge: `{call}hint {id}`.")
            }
            Outcome::DoesNotCompile(_) => {
                "Correct the first message and check again; later ones often follow from it.".into()
            }
            Outcome::Failed | Outcome::Stopped(_) => format!("Stuck? `{call}hint {id}` gives one hint at a time."),
        }
    }

    /// The checks that are shown: hidden ones only when they miss.
    fn shown(&self) -> impl Iterator<Item = &CheckLine> {
        self.lines.iter().filter(|line| !line.hidden || line.missing.is_some())
    }

    fn detail(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::DoesNotCompile(text) | Outcome::Stopped(text) => Some(text.trim_end()),
            _ => None,
        }
    }

    /// The report as one `<div>` without scripts or style sheets; the learner's text is escaped.
    pub fn to_html(&self) -> String {
        let colour = match self.outcome {
            Outcome::Passed => "#2e9e6b",
            Outcome::NotStarted => "#b8860b",
            _ => "#d9603b",
        };
        let mut page = format!(
            "<div class=\"tunebook-check\" style=\"border-left:4px solid {colour};padding:0.4em 0.9em;line-height:1.45\">\
             <p style=\"margin:0.2em 0\"><strong>{}</strong></p>",
            escape_html(&self.headline())
        );
        if let Some(detail) = self.detail() {
            let _ = write!(page, "<pre style=\"overflow-x:auto;margin:0.4em 0\">{}</pre>", escape_html(detail));
        }
        page.push_str("<ul style=\"list-style:none;padding-left:0;margin:0.4em 0\">");
        for line in self.shown() {
            let (sign, word, colour) =
                if line.missing.is_none() { ("✓", "passed", "#2e9e6b") } else { ("✗", "missing", "#d9603b") };
            let _ = write!(
                page,
                "<li style=\"margin:0.25em 0\"><strong style=\"color:{colour}\">{sign} {word}</strong> {}",
                escape_html(&line.title)
            );
            if let Some(missing) = &line.missing {
                let _ = write!(page, "<br>{}", escape_html(missing));
            }
            page.push_str("</li>");
        }
        for (what, why) in &self.failures {
            let _ = write!(
                page,
                "<li style=\"margin:0.25em 0\"><code>{}</code> failed: {}</li>",
                escape_html(what),
                escape_html(why)
            );
        }
        page.push_str("</ul>");
        if !self.output.trim().is_empty() {
            let _ = write!(
                page,
                "<details><summary>What your code printed</summary><pre style=\"overflow-x:auto\">{}</pre></details>",
                escape_html(self.output.trim_end())
            );
        }
        let _ = write!(page, "<p style=\"margin:0.4em 0\">{}</p></div>", escape_html(&self.next_step(":")));
        page
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        if let Some(detail) = self.detail() {
            writeln!(f, "{detail}")?;
        }
        for line in self.shown() {
            match &line.missing {
                None => writeln!(f, "  ✓ passed   {}", line.title)?,
                Some(missing) => writeln!(f, "  ✗ missing  {}\n             {missing}", line.title)?,
            }
        }
        for (what, why) in &self.failures {
            writeln!(f, "  {what} failed: {why}")?;
        }
        if !self.output.trim().is_empty() {
            writeln!(f, "  your code printed:")?;
            for line in self.output.trim_end().lines() {
                writeln!(f, "  | {line}")?;
            }
        }
        write!(f, "{}", self.next_step("tunebook "))
    }
}

//! What a cleaning did: each step with the rows it changed, removed or noted.

use std::fmt;

use super::text::is_invisible;
use crate::metrics::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::words::{excerpt, grouped, part_of};

/// Examples kept of a step's changes, and rows that a display lists.
const SHOWN: usize = 5;

/// A step of a cleaning, in the order in which they run.
///
/// ```
/// use tunebook::data::{Cleaner, RawRow, CleaningStep};
/// let row = |text: &str, label: &str| RawRow { text: Some(text.to_owned()), label: Some(label.to_owned()) };
/// let rows = [row("disk  full", "storage"), row("disk full", "storage"), row("invoice", "billing")];
/// let (_, report) = Cleaner::default().clean_rows("tickets", &rows)?;
/// let whitespace = report.step(CleaningStep::Whitespace).expect("it ran");
/// assert_eq!(whitespace.changed, [0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CleaningStep {
    /// Tags go, entities become characters.
    Html,
    /// Control and zero-width characters go.
    Invisible,
    /// Unicode normal form C.
    Unicode,
    /// Runs of white space become one space.
    Whitespace,
    /// Texts that are missing.
    MissingText,
    /// Labels that are missing.
    MissingLabel,
    /// The same text with different labels.
    Conflicts,
    /// The same text with the same label.
    Duplicates,
    /// Nearly the same text.
    NearDuplicates,
    /// Texts that are far shorter or longer than the rest.
    LengthOutliers,
}

impl fmt::Display for CleaningStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Html => "HTML markup",
            Self::Unicode => "Unicode NFC",
            Self::Invisible => "invisible characters",
            Self::Whitespace => "white space",
            Self::MissingText => "missing texts",
            Self::MissingLabel => "missing labels",
            Self::Conflicts => "conflicting labels",
            Self::Duplicates => "duplicates",
            Self::NearDuplicates => "near-duplicates",
            Self::LengthOutliers => "length outliers",
        })
    }
}

/// A row of the data set before the cleaning, and why a step removed or noted it.
///
/// ```
/// use tunebook::data::{Cleaner, RawRow, CleaningStep};
/// let row = |text: &str, label: &str| RawRow { text: Some(text.to_owned()), label: Some(label.to_owned()) };
/// let rows = [row("disk  full", "storage"), row("disk full", "storage"), row("invoice", "billing")];
/// let (_, report) = Cleaner::default().clean_rows("tickets", &rows)?;
/// let duplicates = report.step(CleaningStep::Duplicates).expect("it ran");
/// let note = &duplicates.removed[0];
/// println!("row {} ({}): {}", note.row, note.id, note.reason);
/// assert_eq!(note.row, 1);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowNote {
    /// The row before the cleaning.
    pub row: usize,
    /// The row's id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// A change, before and after.
///
/// ```
/// use tunebook::data::{Cleaner, RawRow, CleaningStep};
/// let row = |text: &str, label: &str| RawRow { text: Some(text.to_owned()), label: Some(label.to_owned()) };
/// let rows = [row("disk  full", "storage"), row("disk full", "storage"), row("invoice", "billing")];
/// let (_, report) = Cleaner::default().clean_rows("tickets", &rows)?;
/// let example = &report.step(CleaningStep::Whitespace).expect("it ran").examples[0];
/// assert_eq!((example.before.as_str(), example.after.as_str()), ("disk  full", "disk full"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleaningExample {
    /// The row before the cleaning.
    pub row: usize,
    /// The row's id.
    pub id: String,
    /// The text (or label) before the step.
    pub before: String,
    /// The text (or label) after it.
    pub after: String,
}

/// What one step did. All row numbers are those before the cleaning.
///
/// ```
/// use tunebook::data::{Cleaner, RawRow};
/// let row = |text: &str, label: &str| RawRow { text: Some(text.to_owned()), label: Some(label.to_owned()) };
/// let rows = [row("disk  full", "storage"), row("disk full", "storage"), row("invoice", "billing")];
/// let (_, report) = Cleaner::default().clean_rows("tickets", &rows)?;
/// for step in report.steps().iter().filter(|step| !step.is_empty()) {
///     println!("{:?}: {} changed, {} removed", step.step, step.changed.len(), step.removed.len());
/// }
/// assert_eq!(report.rows_after(), 2);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepReport {
    /// The step.
    pub step: CleaningStep,
    /// How many rows the step looked at.
    pub rows: usize,
    /// The rows it changed, ascending.
    pub changed: Vec<usize>,
    /// The first of its changes, five at most.
    pub examples: Vec<CleaningExample>,
    /// The rows it removed, and why.
    pub removed: Vec<RowNote>,
    /// The rows it left as they are but that somebody should look at, and why.
    pub noted: Vec<RowNote>,
}

impl StepReport {
    pub(super) fn new(step: CleaningStep, rows: usize) -> Self {
        let (changed, examples, removed, noted) = Default::default();
        Self { step, rows, changed, examples, removed, noted }
    }

    pub(super) fn change(&mut self, row: usize, id: &str, before: &str, after: &str) {
        self.changed.push(row);
        if self.examples.len() < SHOWN {
            let (id, before, after) = (id.to_owned(), before.to_owned(), after.to_owned());
            self.examples.push(CleaningExample { row, id, before, after });
        }
    }

    /// Whether the step found nothing.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty() && self.noted.is_empty()
    }

    /// One line for each of the first rows the step touched.
    fn lines(&self) -> Vec<String> {
        let examples = self.examples.iter().map(|example| {
            let (before, after) = around_the_change(&example.before, &example.after);
            format!("{}: \"{before}\" -> \"{after}\"", example.id)
        });
        let removed = self.removed.iter().map(|note| format!("{} removed: {}", note.id, note.reason));
        let noted = self.noted.iter().map(|note| format!("{} kept: {}", note.id, note.reason));
        examples.chain(removed.take(SHOWN)).chain(noted.take(SHOWN)).take(SHOWN).collect()
    }
}

/// What a [`Cleaner`](super::Cleaner) did to a data set, step by step.
///
/// ```
/// use tunebook::data::{Cleaner, CleaningStep, TextDataset};
///
/// let texts = ["All  good", "it broke", "all good"].map(String::from).to_vec();
/// let data = TextDataset::new("moods", texts, vec![0, 1, 0], vec!["happy".into(), "angry".into()])?;
/// let (clean, report) = Cleaner::default().clean(&data)?;
/// assert_eq!(clean.texts(), ["All good", "it broke"]);
/// assert_eq!(report.step(CleaningStep::Whitespace).unwrap().changed, [0]);
/// assert_eq!(report.removed_rows(), [2]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleaningReport {
    pub(super) name: String,
    pub(super) rows_before: usize,
    pub(super) rows_after: usize,
    pub(super) steps: Vec<StepReport>,
}

impl CleaningReport {
    /// The steps that ran, in their order; steps that are switched off are not among them.
    pub fn steps(&self) -> &[StepReport] {
        &self.steps
    }

    /// One step, if it ran.
    pub fn step(&self, step: CleaningStep) -> Option<&StepReport> {
        self.steps.iter().find(|report| report.step == step)
    }

    /// How many rows there were.
    pub fn rows_before(&self) -> usize {
        self.rows_before
    }

    /// How many rows are left.
    pub fn rows_after(&self) -> usize {
        self.rows_after
    }

    /// The rows that are gone, ascending: places in the data set before the cleaning.
    pub fn removed_rows(&self) -> Vec<usize> {
        let mut rows: Vec<usize> =
            self.steps.iter().flat_map(|step| &step.removed).map(|removed| removed.row).collect();
        rows.sort_unstable();
        rows
    }

    /// The rows that any step changed, ascending; some of them may have been removed later.
    pub fn changed_rows(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self.steps.iter().flat_map(|step| step.changed.iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Whether the data set came out as it went in.
    pub fn is_unchanged(&self) -> bool {
        self.steps.iter().all(|step| step.changed.is_empty() && step.removed.is_empty())
    }

    /// The report as a rich value: a table with one row for each step, and the same as text.
    pub fn display(&self) -> Display {
        let mut table = HtmlTable::new(&self.title(), &["step", "changed", "removed", "noted", "for example"]);
        for step in &self.steps {
            let counts = [step.changed.len(), step.removed.len(), step.noted.len()];
            let [changed, removed, noted] = counts.map(|count| Cell { text: grouped(count), strong: count > 0 });
            let example = Cell::plain(step.lines().first().cloned().unwrap_or_default());
            table.row(&step.step.to_string(), &[changed, removed, noted, example], false);
        }
        Display::html(table.finish(&[])).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    fn title(&self) -> String {
        format!("{}: {} rows before, {} after", self.name, grouped(self.rows_before), grouped(self.rows_after))
    }
}

/// One line for each step, and the first rows it touched below it.
impl fmt::Display for CleaningReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())?;
        for step in &self.steps {
            write!(f, "\n  {:20}  ", step.step)?;
            if step.is_empty() {
                f.write_str("nothing found")?;
                continue;
            }
            let parts = [("changed", step.changed.len()), ("removed", step.removed.len()), ("noted", step.noted.len())];
            let parts: Vec<String> = parts
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(what, count)| format!("{what} {}", part_of(count, step.rows)))
                .collect();
            f.write_str(&parts.join(", "))?;
            for line in step.lines() {
                write!(f, "\n      {line}")?;
            }
        }
        Ok(())
    }
}

/// The places where two texts differ, with a little of what stands before; invisible characters as their codes.
fn around_the_change(before: &str, after: &str) -> (String, String) {
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let start = same.saturating_sub(20);
    let cut = |text: &str| {
        let shown: String = text.chars().skip(start).take(61).flat_map(visible).collect();
        let head = if start > 0 { "…" } else { "" };
        format!("{head}{}", excerpt_as_is(&shown))
    };
    (cut(before), cut(after))
}

/// At most 60 characters, white space as it is: it can be what changed.
fn excerpt_as_is(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(60).chain(['…']).collect() }
}

/// `c`, or its code when a reader would not see it.
fn visible(c: char) -> Vec<char> {
    let hidden = is_invisible(c) || (c.is_whitespace() && c != ' ');
    if hidden || unicode_normalization::char::is_combining_mark(c) { c.escape_default().collect() } else { vec![c] }
}

/// A text's beginning, for a reason.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", excerpt(text, 60))
}

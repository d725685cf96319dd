//! The settings of a cleaning, and its run.

use std::collections::HashMap;

use rayon::prelude::*;

use super::report::{CleaningReport, CleaningStep, RowNote, StepReport, quoted};
use super::{html, text};
use crate::data::text::Part;
use crate::data::{DuplicateGroup, NearDuplicateSearch, OutlierRule, TextDataset};
use crate::words::grouped;
use crate::{Error, Result};

/// What happens to a row without a text.
///
/// ```
/// use tunebook::data::{Cleaner, MissingText, RawRow};
/// let rows = [
///     RawRow { text: None, label: Some("billing".to_owned()) },
///     RawRow { text: Some("disk full".to_owned()), label: Some("storage".to_owned()) },
/// ];
/// let filled = Cleaner { missing_text: MissingText::Fill("(no text)".to_owned()), ..Cleaner::default() };
/// assert_eq!(filled.clean_rows("tickets", &rows)?.0.texts()[0], "(no text)");
/// assert_eq!(Cleaner::default().clean_rows("tickets", &rows)?.0.len(), 1);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MissingText {
    /// The row is removed.
    #[default]
    Drop,
    /// The text becomes this one.
    Fill(String),
}

/// What happens to a row without a label.
///
/// ```
/// use tunebook::data::{Cleaner, MissingLabel, RawRow};
/// let row = |text: &str, label: Option<&str>| RawRow { text: Some(text.to_owned()), label: label.map(str::to_owned) };
/// let rows = [row("disk full", Some("storage")), row("no space", Some("storage")), row("help", None)];
/// let guessed = Cleaner { missing_label: MissingLabel::MostFrequent, ..Cleaner::default() };
/// assert_eq!(guessed.clean_rows("tickets", &rows)?.0.len(), 3);
/// assert_eq!(Cleaner::default().clean_rows("tickets", &rows)?.0.len(), 2);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MissingLabel {
    /// The row is removed.
    #[default]
    Drop,
    /// The label becomes the most frequent one (the first of equals). A guess: it makes the frequent label look more
    /// frequent, so it is for few rows only.
    MostFrequent,
    /// The label becomes this one, a new one if no row has it: `Fill("unknown".into())` makes what is missing a class of
    /// its own.
    Fill(String),
}

/// What happens to white space.
///
/// ```
/// use tunebook::data::{Cleaner, RawRow, Whitespace};
/// let rows = [RawRow { text: Some("disk   full\n\n\nhelp".to_owned()), label: Some("storage".to_owned()) }];
/// let text = |whitespace| -> tunebook::Result<String> {
///     Ok(Cleaner { whitespace, ..Cleaner::default() }.clean_rows("tickets", &rows)?.0.texts()[0].clone())
/// };
/// assert_eq!(text(Whitespace::Collapse)?, "disk full help");
/// assert_eq!(text(Whitespace::KeepLines)?, "disk full\n\nhelp");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Whitespace {
    /// It stays as it is.
    Keep,
    /// Each run becomes one space, line breaks stay, and at most one empty line stands between two others.
    KeepLines,
    /// Each run, line breaks among them, becomes one space; none stands at either end.
    #[default]
    Collapse,
}

/// What happens to rows whose texts are equal and whose labels are not.
///
/// ```
/// use tunebook::data::{Cleaner, Conflicts, RawRow};
/// let row = |text: &str, label: &str| RawRow { text: Some(text.to_owned()), label: Some(label.to_owned()) };
/// let rows = [row("disk full", "storage"), row("disk full", "billing"), row("invoice", "billing")];
/// let strict = Cleaner { conflicts: Conflicts::DropAll, ..Cleaner::default() };
/// assert_eq!(strict.clean_rows("tickets", &rows)?.0.texts(), ["invoice"]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conflicts {
    /// All stay, and the report names them: somebody should read them.
    #[default]
    ReportOnly,
    /// Those with the label of more than half of them stay, the others are removed; without such a label all are.
    KeepMajority,
    /// All are removed.
    DropAll,
}

/// A row as it comes out of a file or a table, where cells can be empty.
///
/// ```
/// use tunebook::data::{Cleaner, RawRow};
/// let row = RawRow { text: Some("  disk full ".to_owned()), label: Some("storage".to_owned()) };
/// let (data, report) = Cleaner::default().clean_rows("tickets", &[row, RawRow::default()])?;
/// assert_eq!((data.texts(), report.removed_rows()), (&["disk full".to_owned()][..], vec![1]));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawRow {
    /// The text, if there is one.
    pub text: Option<String>,
    /// The label's name, if there is one.
    pub label: Option<String>,
}

/// A cleaning: which steps run, and how. The fields stand in the order in which the steps run.
///
/// The defaults are safe for any text: Unicode, invisible characters and white space in one form, rows without text or
/// label removed, of equal rows the first kept; rows with conflicting labels only reported.
///
/// ```
/// use tunebook::data::{Cleaner, Conflicts, NearDuplicateSearch, TextDataset};
///
/// let data = TextDataset::embedded("support-tickets")?;
/// let cleaner = Cleaner {
///     conflicts: Conflicts::DropAll,
///     near_duplicates: Some(NearDuplicateSearch::default()),
///     ..Cleaner::default()
/// };
/// let (clean, report) = cleaner.clean(&data)?;
/// assert_eq!(report.rows_after(), clean.len());
/// println!("{report}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each a step of its own")]
pub struct Cleaner {
    /// Whether HTML tags go and entities become characters; off by default, for code and formulas
    /// are full of both. `&amp;lt;` becomes `&lt;`: one level is taken off.
    pub html: bool,
    /// Whether control characters, zero-width characters, soft hyphens and direction marks go. Joiners within emoji and
    /// within scripts that need them stay.
    pub invisible: bool,
    /// Whether texts are brought to Unicode normal form C, in which `é` is one character.
    pub unicode: bool,
    /// What happens to white space.
    pub whitespace: Whitespace,
    /// Texts and label names that mean "no value", in any case; empty ones always do. By default `nan`, `null`, `n/a`,
    /// `#n/a` and `<na>`, as tables write them; `none` is not among them, for it can be an answer.
    pub missing_markers: Vec<String>,
    /// What happens to a row without a text.
    pub missing_text: MissingText,
    /// What happens to a row without a label.
    pub missing_label: MissingLabel,
    /// What happens to equal texts (as [`comparable_text`](crate::data::comparable_text)) with different labels.
    pub conflicts: Conflicts,
    /// Whether of rows with equal texts and the same label only the first stays.
    pub duplicates: bool,
    /// How near-duplicates are searched for; none are by default. Of rows with the same label the first stays; one with
    /// another label stays too, and the report names it.
    pub near_duplicates: Option<NearDuplicateSearch>,
    /// By which rule texts far shorter or longer than the rest are noted in the report; they stay. None by default.
    pub length_outliers: Option<OutlierRule>,
}

impl Default for Cleaner {
    fn default() -> Self {
        Self {
            html: false,
            invisible: true,
            unicode: true,
            whitespace: Whitespace::default(),
            missing_markers: ["nan", "null", "n/a", "#n/a", "<na>"].map(String::from).to_vec(),
            missing_text: MissingText::default(),
            missing_label: MissingLabel::default(),
            conflicts: Conflicts::default(),
            duplicates: true,
            near_duplicates: None,
            length_outliers: None,
        }
    }
}

/// A row on its way through the steps.
struct Row {
    /// Its place before the cleaning.
    place: usize,
    id: String,
    text: String,
    label: Option<usize>,
    part: Option<Part>,
}

impl Row {
    fn note(&self, reason: String) -> RowNote {
        RowNote { row: self.place, id: self.id.clone(), reason }
    }
}

impl Cleaner {
    /// A cleaned copy of `data`, and what was done. Ids and the fixed split stay with their rows; label names that mean
    /// "no value" are gone, others stay even if no row has them any more.
    ///
    /// # Errors
    /// Before any work: a fill text or label that is itself missing, a near-duplicate search or an outlier rule that makes
    /// no sense; [`MissingLabel::MostFrequent`] when no row has a label.
    pub fn clean(&self, data: &TextDataset) -> Result<(TextDataset, CleaningReport)> {
        self.check()?;
        let old_names = data.label_names();
        let names: Vec<String> = old_names.iter().filter(|name| !self.is_missing(name)).cloned().collect();
        let new_label: Vec<Option<usize>> =
            old_names.iter().map(|name| names.iter().position(|known| known == name)).collect();
        let rows = (0..data.len())
            .map(|place| Row {
                place,
                id: data.ids()[place].clone(),
                text: data.texts()[place].clone(),
                label: new_label[data.labels()[place]],
                part: data.parts().map(|parts| parts[place]),
            })
            .collect();
        let (mut clean, report) = self.run(data.name(), rows, names)?;
        clean.augmentation.clone_from(&data.augmentation);
        clean.holds_copies = data.holds_copies;
        Ok((clean, report))
    }

    /// A data set from rows with empty cells, cleaned, and what was done. Label names are sorted; ids are the row numbers.
    ///
    /// # Errors
    /// Those of [`clean`](Self::clean).
    ///
    /// ```
    /// use tunebook::data::{Cleaner, MissingText, RawRow};
    ///
    /// let row = |text: &str, label: &str| RawRow { text: Some(text.into()), label: Some(label.into()) };
    /// let rows = [row("All good", "happy"), RawRow { text: None, ..row("", "angry") }, row("It broke", "NaN")];
    /// let cleaner = Cleaner { missing_text: MissingText::Fill("(no text)".into()), ..Cleaner::default() };
    /// let (data, report) = cleaner.clean_rows("moods", &rows)?;
    /// assert_eq!(data.texts(), ["All good", "(no text)"]);
    /// assert_eq!(report.removed_rows(), [2]); // it has no label
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn clean_rows(&self, name: &str, rows: &[RawRow]) -> Result<(TextDataset, CleaningReport)> {
        self.clean_rows_with(name, rows, |place| place.to_string(), None)
    }

    /// The same with an id for each place, and label names that are given in their order; others follow them, sorted.
    pub(super) fn clean_rows_with(
        &self,
        name: &str,
        rows: &[RawRow],
        id: impl Fn(usize) -> String,
        given_names: Option<&[String]>,
    ) -> Result<(TextDataset, CleaningReport)> {
        self.check()?;
        let label = |row: &RawRow| {
            row.label.as_deref().map(str::trim).filter(|label| !self.is_missing(label)).map(str::to_owned)
        };
        let mut names = given_names.unwrap_or_default().to_vec();
        let mut found: Vec<String> = rows.iter().filter_map(label).filter(|found| !names.contains(found)).collect();
        found.sort();
        found.dedup();
        names.append(&mut found);
        let place_of: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let rows = rows
            .iter()
            .enumerate()
            .map(|(place, row)| Row {
                place,
                id: id(place),
                text: row.text.clone().unwrap_or_default(),
                label: label(row).and_then(|label| place_of.get(label.as_str()).copied()),
                part: None,
            })
            .collect();
        self.run(name, rows, names)
    }

    fn check(&self) -> Result<()> {
        if let MissingText::Fill(text) = &self.missing_text
            && self.is_missing(text)
        {
            return Err(Error::input(
                "missing_text",
                format!("the text {} is itself a missing one", quoted(text)),
                "fill in a text with words, or use MissingText::Drop",
            ));
        }
        if let MissingLabel::Fill(label) = &self.missing_label
            && self.is_missing(label)
        {
            return Err(Error::input(
                "missing_label",
                format!("the label {} is itself a missing one", quoted(label)),
                "fill in a name, or use MissingLabel::Drop",
            ));
        }
        if let Some(search) = &self.near_duplicates {
            search.sketch(&[])?;
        }
        if let Some(rule) = self.length_outliers {
            rule.find(&[0.0])?;
        }
        Ok(())
    }

    /// Whether a text or a label's name means that there is none.
    fn is_missing(&self, value: &str) -> bool {
        let value = value.trim();
        value.is_empty() || self.missing_markers.iter().any(|marker| value.to_lowercase() == marker.to_lowercase())
    }

    fn run(&self, name: &str, mut rows: Vec<Row>, mut names: Vec<String>) -> Result<(TextDataset, CleaningReport)> {
        let rows_before = rows.len();
        let mut steps = Vec::new();
        let mut on_texts = |on: bool, step, new: &(dyn Fn(&str) -> Option<String> + Sync)| {
            if on {
                steps.push(rewrite(&mut rows, step, new));
            }
        };
        on_texts(self.html, CleaningStep::Html, &html::without_markup);
        on_texts(self.invisible, CleaningStep::Invisible, &text::without_invisible);
        // After that: an accent may have stood apart from its letter by such a character.
        on_texts(self.unicode, CleaningStep::Unicode, &text::nfc);
        let plain = |text: &str| text::with_plain_spaces(text, self.whitespace);
        on_texts(self.whitespace != Whitespace::Keep, CleaningStep::Whitespace, &plain);
        steps.push(self.missing_texts(&mut rows));
        steps.push(self.missing_labels(name, &mut rows, &mut names)?);
        let names = names.as_slice();
        let mut data = into_data(name, &rows, names)?;
        let conflicts = self.conflicting(&data, &mut rows);
        if !conflicts.removed.is_empty() {
            data = into_data(name, &rows, names)?;
        }
        steps.push(conflicts);
        if self.duplicates {
            let duplicates = without_duplicates(&data, &mut rows);
            if !duplicates.removed.is_empty() {
                data = into_data(name, &rows, names)?;
            }
            steps.push(duplicates);
        }
        if let Some(search) = &self.near_duplicates {
            let near = without_near_duplicates(&data, &mut rows, search)?;
            if !near.removed.is_empty() {
                data = into_data(name, &rows, names)?;
            }
            steps.push(near);
        }
        if let Some(rule) = self.length_outliers {
            steps.push(length_outliers(&data, &rows, rule)?);
        }
        Ok((data, CleaningReport { name: name.to_owned(), rows_before, rows_after: rows.len(), steps }))
    }

    fn missing_texts(&self, rows: &mut Vec<Row>) -> StepReport {
        let mut report = StepReport::new(CleaningStep::MissingText, rows.len());
        match &self.missing_text {
            MissingText::Drop => {
                let is_missing = |row: &Row| self.is_missing(&row.text).then(|| "it has no text".to_owned());
                report.removed = remove(rows, |_, row| is_missing(row));
            }
            MissingText::Fill(text) => {
                for row in rows.iter_mut().filter(|row| self.is_missing(&row.text)) {
                    report.change(row.place, &row.id, &row.text, text);
                    row.text.clone_from(text);
                }
            }
        }
        report
    }

    fn missing_labels(&self, name: &str, rows: &mut Vec<Row>, names: &mut Vec<String>) -> Result<StepReport> {
        let mut report = StepReport::new(CleaningStep::MissingLabel, rows.len());
        if rows.iter().all(|row| row.label.is_some()) {
            return Ok(report);
        }
        let filled = match &self.missing_label {
            MissingLabel::Drop => {
                report.removed = remove(rows, |_, row| row.label.is_none().then(|| "it has no label".to_owned()));
                return Ok(report);
            }
            MissingLabel::MostFrequent => most_frequent(rows, names.len()).ok_or_else(|| {
                Error::input(name, "no row has a label, so none is the most frequent", "label some rows first")
            })?,
            MissingLabel::Fill(label) => names.iter().position(|name| name == label).unwrap_or_else(|| {
                names.push(label.clone());
                names.len() - 1
            }),
        };
        for row in rows.iter_mut().filter(|row| row.label.is_none()) {
            report.change(row.place, &row.id, "", &names[filled]);
            row.label = Some(filled);
        }
        Ok(report)
    }

    fn conflicting(&self, data: &TextDataset, rows: &mut Vec<Row>) -> StepReport {
        let mut report = StepReport::new(CleaningStep::Conflicts, rows.len());
        let mut reasons = vec![None; rows.len()];
        for group in data.duplicates().into_iter().filter(DuplicateGroup::is_conflicting) {
            let labels: Vec<String> = group
                .labels
                .iter()
                .map(|&label| {
                    let count = group.rows.iter().filter(|&&row| data.labels()[row] == label).count();
                    format!("{} ({count})", data.label_name(label))
                })
                .collect();
            let majority = group.labels.iter().copied().find(|&label| {
                2 * group.rows.iter().filter(|&&row| data.labels()[row] == label).count() > group.rows.len()
            });
            for &row in &group.rows {
                let stays = self.conflicts == Conflicts::KeepMajority && majority == Some(data.labels()[row]);
                if !stays {
                    let text = quoted(&data.texts()[row]);
                    reasons[row] = Some(format!("the text {text} has the labels {}", labels.join(", ")));
                }
            }
        }
        if self.conflicts == Conflicts::ReportOnly {
            let noted = rows.iter().zip(reasons).filter_map(|(row, reason)| Some(row.note(reason?)));
            report.noted = noted.collect();
        } else {
            report.removed = remove(rows, |at, _| reasons[at].take());
        }
        report
    }
}

/// The label that most rows have, the first of equals.
fn most_frequent(rows: &[Row], labels: usize) -> Option<usize> {
    let mut counts = vec![0_usize; labels];
    for label in rows.iter().filter_map(|row| row.label) {
        counts[label] += 1;
    }
    let most = counts.iter().copied().max().filter(|&most| most > 0)?;
    counts.iter().position(|&count| count == most)
}

/// Gives every text its new form, all texts at once.
fn rewrite(rows: &mut [Row], step: CleaningStep, new: &(dyn Fn(&str) -> Option<String> + Sync)) -> StepReport {
    let mut report = StepReport::new(step, rows.len());
    let texts: Vec<Option<String>> = rows.par_iter().map(|row| new(&row.text)).collect();
    for (row, text) in rows.iter_mut().zip(texts) {
        if let Some(text) = text {
            report.change(row.place, &row.id, &row.text, &text);
            row.text = text;
        }
    }
    report
}

/// Removes the rows for which there is a reason, by the place at which they stand now.
fn remove(rows: &mut Vec<Row>, mut reason: impl FnMut(usize, &Row) -> Option<String>) -> Vec<RowNote> {
    let (mut removed, mut at) = (Vec::new(), 0);
    rows.retain(|row| {
        let reason = reason(at, row);
        at += 1;
        let stays = reason.is_none();
        removed.extend(reason.map(|reason| row.note(reason)));
        stays
    });
    removed
}

/// The rows as a data set; all have a label by now.
fn into_data(name: &str, rows: &[Row], names: &[String]) -> Result<TextDataset> {
    let ids = rows.iter().map(|row| row.id.clone()).collect();
    let texts = rows.iter().map(|row| row.text.clone()).collect();
    let labels = rows.iter().filter_map(|row| row.label).collect();
    let parts = rows.iter().map(|row| row.part).collect::<Option<Vec<Part>>>().filter(|parts| !parts.is_empty());
    TextDataset::with_ids(name, ids, texts, labels, names.to_vec(), parts)
}

/// Of rows with the same text and label the first stays; what conflicts has been decided before.
fn without_duplicates(data: &TextDataset, rows: &mut Vec<Row>) -> StepReport {
    let mut report = StepReport::new(CleaningStep::Duplicates, rows.len());
    let mut reasons = vec![None; rows.len()];
    for group in data.duplicates() {
        for &label in &group.labels {
            let mut same = group.rows.iter().filter(|&&row| data.labels()[row] == label);
            let first = same.next().map(|&row| &data.ids()[row]);
            for &row in same {
                reasons[row] = first.map(|first| format!("the same text as {first}"));
            }
        }
    }
    report.removed = remove(rows, |at, _| reasons[at].take());
    report
}

fn without_near_duplicates(
    data: &TextDataset,
    rows: &mut Vec<Row>,
    search: &NearDuplicateSearch,
) -> Result<StepReport> {
    let mut report = StepReport::new(CleaningStep::NearDuplicates, rows.len());
    let mut reasons = vec![None; rows.len()];
    for found in data.near_duplicates(search)? {
        let like = format!("{:.2} like {}", found.similarity, data.ids()[found.like]);
        if data.labels()[found.row] == data.labels()[found.like] {
            reasons[found.row] = Some(like);
        } else {
            let label = data.label_name(data.labels()[found.like]);
            report.noted.push(rows[found.row].note(format!("{like}, which has the label {label}")));
        }
    }
    report.removed = remove(rows, |at, _| reasons[at].take());
    Ok(report)
}

fn length_outliers(data: &TextDataset, rows: &[Row], rule: OutlierRule) -> Result<StepReport> {
    let mut report = StepReport::new(CleaningStep::LengthOutliers, rows.len());
    if rows.is_empty() {
        return Ok(report);
    }
    let found = data.length_outliers(rule)?;
    let usual = format!("{} to {}", grouped(found.lower.max(0.0).ceil() as usize), grouped(found.upper as usize));
    for at in found.rows {
        let length = grouped(data.texts()[at].chars().count());
        report.noted.push(rows[at].note(format!("{length} characters; {usual} are usual")));
    }
    Ok(report)
}

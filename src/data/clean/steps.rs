//! The steps of a cleaning, on rows that keep their places.

use rayon::prelude::*;

use super::report::{CleaningReport, CleaningStep, RowNote, StepReport, quoted};
use super::{Cleaner, Conflicts, MissingLabel, MissingText, Whitespace, html, text};
use crate::data::text::Part;
use crate::data::{DuplicateGroup, NearDuplicateSearch, OutlierRule, TextDataset};
use crate::words::grouped;
use crate::{Error, Result};

/// A row on its way through the steps.
pub(super) struct Row {
    /// Its place before the cleaning.
    pub place: usize,
    pub id: String,
    pub text: String,
    pub label: Option<usize>,
    pub part: Option<Part>,
}

impl Row {
    fn note(&self, reason: String) -> RowNote {
        RowNote { row: self.place, id: self.id.clone(), reason }
    }
}

impl Cleaner {
    /// All steps in their order.
    pub(super) fn run(
        &self,
        name: &str,
        mut rows: Vec<Row>,
        mut names: Vec<String>,
    ) -> Result<(TextDataset, CleaningReport)> {
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

//! A cleaning: what is set, and its run over a data set or over rows with empty cells.

use std::collections::HashMap;

use super::report::{CleaningReport, quoted};
use super::settings::{Conflicts, MissingLabel, MissingText, RawRow, Whitespace};
use super::steps::Row;
use crate::data::{NearDuplicateSearch, OutlierRule, TextDataset};
use crate::{Error, Result};

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

impl Cleaner {
    /// A cleaned copy of `data`, and what was done. Ids, columns and the fixed split stay with their rows; label names that
    /// mean "no value" are gone, others stay even if no row has them any more.
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
        let (clean, report) = self.run(data.name(), rows, names)?;
        let removed = report.removed_rows();
        let left: Vec<usize> = (0..data.len()).filter(|row| removed.binary_search(row).is_err()).collect();
        Ok((clean.beside_texts_of(data, &left), report))
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
    pub(super) fn is_missing(&self, value: &str) -> bool {
        let value = value.trim();
        value.is_empty() || self.missing_markers.iter().any(|marker| value.to_lowercase() == marker.to_lowercase())
    }
}

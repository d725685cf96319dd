//! Texts with one label each.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::data::rows::{label_counts, label_problem};
use crate::data::{LabelledRows, Rows, TextAugmentation, TextSplits, embedded, split};
use crate::{Error, Result};

/// Which part of a fixed split a row belongs to.
///
/// ```
/// use tunebook::data::{Part, TextDataset};
/// let data = TextDataset::embedded("support-tickets")?;
/// let test = data.parts().map(|parts| parts.iter().filter(|part| **part == Part::Test).count());
/// assert_eq!(test, Some(data.fixed_split()?.test.len()));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Rows that the model learns from.
    Train,
    /// Rows that decisions are made on: when to stop, which learning rate.
    Validation,
    /// Rows that are looked at once, at the end.
    Test,
}

/// `train`, `validation` or `test`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        })
    }
}

/// `train` or `training`; `validation`, `valid`, `val` or `dev`; `test`; in any case.
impl FromStr for Part {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word.trim().to_lowercase().as_str() {
            "train" | "training" => Ok(Self::Train),
            "validation" | "valid" | "val" | "dev" => Ok(Self::Validation),
            "test" => Ok(Self::Test),
            _ => Err(Error::input("part", format!("\"{word}\" is no part"), "write train, validation or test")),
        }
    }
}

/// Texts, each with one label out of a fixed list.
///
/// ```
/// use tunebook::data::TextDataset;
///
/// let data = TextDataset::new(
///     "moods",
///     vec!["all good".into(), "it broke again".into()],
///     vec![0, 1],
///     vec!["happy".into(), "angry".into()],
/// )?;
/// assert_eq!(data.len(), 2);
/// assert_eq!(data.label_name(data.labels()[1]), "angry");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TextDataset {
    name: String,
    ids: Vec<String>,
    texts: Vec<String>,
    labels: Vec<usize>,
    label_names: Vec<String>,
    parts: Option<Vec<Part>>,
    columns: BTreeMap<String, Vec<String>>,
    /// How a training step changes the texts that it reads.
    pub(super) augmentation: Option<Arc<TextAugmentation>>,
    /// Whether changed copies of rows are among the rows.
    pub(super) holds_copies: bool,
}

impl TextDataset {
    /// A data set from texts and label indices into `label_names`; ids are the row numbers.
    ///
    /// # Errors
    /// When the lengths differ, a label has no name, or a label name stands twice.
    pub fn new(name: &str, texts: Vec<String>, labels: Vec<usize>, label_names: Vec<String>) -> Result<Self> {
        let ids = (0..texts.len()).map(|row| row.to_string()).collect();
        Self::with_ids(name, ids, texts, labels, label_names, None)
    }

    pub(crate) fn with_ids(
        name: &str,
        ids: Vec<String>,
        texts: Vec<String>,
        labels: Vec<usize>,
        label_names: Vec<String>,
        parts: Option<Vec<Part>>,
    ) -> Result<Self> {
        if let Some((problem, mend)) = label_problem(texts.len(), "texts", &labels, &label_names) {
            return Err(Error::input(name, problem, mend));
        }
        let (columns, augmentation, holds_copies) = (BTreeMap::new(), None, false);
        Ok(Self { name: name.to_owned(), ids, texts, labels, label_names, parts, columns, augmentation, holds_copies })
    }

    /// A data set that ships inside the library, ready without a network: `"support-tickets"` or
    /// `"product-reviews"`.
    ///
    /// # Errors
    /// For a name that no embedded data set has; the message lists those there are.
    pub fn embedded(name: &str) -> Result<Self> {
        embedded::text(name)
    }

    /// The data set's name, for reports and messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The rows' ids: stable words that survive reordering, or row numbers where the source has none.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The texts, in row order.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The labels, in row order: indices into [`label_names`](Self::label_names).
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The names of the labels, in index order.
    pub fn label_names(&self) -> Vec<String> {
        self.label_names.clone()
    }

    /// The name of one label.
    ///
    /// # Panics
    /// When `label` is not an index into the names.
    pub fn label_name(&self, label: usize) -> &str {
        &self.label_names[label]
    }

    /// How many rows each label has, in index order.
    pub fn label_counts(&self) -> Vec<usize> {
        label_counts(&self.labels, self.label_names.len())
    }

    /// The rows at `rows`, in that order, with the same label names and augmentation.
    ///
    /// # Panics
    /// When a row does not exist.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            name: self.name.clone(),
            ids: rows.iter().map(|&row| self.ids[row].clone()).collect(),
            texts: rows.iter().map(|&row| self.texts[row].clone()).collect(),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            label_names: self.label_names.clone(),
            parts: split::select_parts(self.parts(), rows),
            columns: self
                .columns
                .iter()
                .map(|(column, values)| (column.clone(), rows.iter().map(|&row| values[row].clone()).collect()))
                .collect(),
            augmentation: self.augmentation.clone(),
            holds_copies: self.holds_copies,
        }
    }

    /// The same data with one more column: what else is known of each row, such as the product or the month. A model does
    /// not read it. It stays with its rows through splits, and is there to slice by: evaluate on one product, train on
    /// the months before another. A column of the same name is replaced.
    ///
    /// ```
    /// use tunebook::data::TextDataset;
    /// let names = ["bad", "good"].map(String::from).to_vec();
    /// let texts = ["too loud", "so quiet", "no sound"].map(String::from).to_vec();
    /// let data = TextDataset::new("reviews", texts, vec![0, 1, 0], names)?
    ///     .with_column("product", ["blender", "blender", "speaker"].map(String::from).to_vec())?;
    /// assert_eq!(data.rows_where("product", "blender")?, [0, 1]);
    /// assert_eq!(data.select(&[2]).column("product")?, ["speaker"]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is not one value for each row.
    pub fn with_column(mut self, column: &str, values: Vec<String>) -> Result<Self> {
        if values.len() != self.len() {
            return Err(Error::input(
                format!("{}, column {column}", self.name),
                format!("{} values for {} rows", values.len(), self.len()),
                "give each row one value, in row order",
            ));
        }
        self.columns.insert(column.to_owned(), values);
        Ok(self)
    }

    /// The names of the columns beside text and label, in alphabetical order.
    pub fn column_names(&self) -> Vec<String> {
        self.columns.keys().cloned().collect()
    }

    /// The values of one column, in row order.
    ///
    /// # Errors
    /// When there is no such column; the message lists those there are.
    pub fn column(&self, column: &str) -> Result<&[String]> {
        self.columns.get(column).map(Vec::as_slice).ok_or_else(|| {
            let there = if self.columns.is_empty() { "none".to_owned() } else { self.column_names().join(", ") };
            Error::input(&self.name, format!("has no column {column}"), format!("columns there are: {there}"))
        })
    }

    /// The rows whose `column` says `value`, in order, for [`select`](Self::select).
    ///
    /// # Errors
    /// When there is no such column.
    pub fn rows_where(&self, column: &str, value: &str) -> Result<Vec<usize>> {
        let values = self.column(column)?;
        Ok((0..values.len()).filter(|&row| values[row] == value).collect())
    }

    /// The same rows with what is kept beside the texts of `source`'s rows at `rows`: columns and augmentation.
    pub(super) fn beside_texts_of(self, source: &Self, rows: &[usize]) -> Self {
        let Self { columns, augmentation, holds_copies, .. } = source.select(rows);
        Self { columns, augmentation, holds_copies, ..self }
    }

    /// The rows at `rows` with other ids and texts: a set for training only, of rows and their changed copies.
    pub(super) fn with_changed_copies(&self, rows: &[usize], ids: Vec<String>, texts: Vec<String>) -> Self {
        Self { ids, texts, parts: None, augmentation: None, holds_copies: true, ..self.select(rows) }
    }

    /// The part of the fixed split that each row belongs to, where there is one.
    pub fn parts(&self) -> Option<&[Part]> {
        self.parts.as_deref()
    }

    /// The same rows with a fixed split: the part of each row, in row order. Words that a column holds become parts by
    /// `parse`.
    ///
    /// ```
    /// use tunebook::data::{Part, TextDataset};
    /// let texts = ["too loud", "so quiet"].map(String::from).to_vec();
    /// let data = TextDataset::new("reviews", texts, vec![0, 1], vec!["bad".into(), "good".into()])?
    ///     .with_column("split", vec!["train".into(), "dev".into()])?;
    /// let parts = data.column("split")?.iter().map(|word| word.parse()).collect::<tunebook::Result<Vec<Part>>>()?;
    /// assert_eq!(data.with_parts(parts)?.fixed_split()?.validation.texts(), ["so quiet"]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is not one part for each row.
    pub fn with_parts(mut self, parts: Vec<Part>) -> Result<Self> {
        self.parts = Some(split::checked_parts(&self, parts)?);
        Ok(self)
    }

    /// The split that belongs to the data set: the same rows in the same part for everybody, forever.
    ///
    /// ```
    /// let data = tunebook::data::TextDataset::embedded("support-tickets")?.fixed_split()?;
    /// assert_eq!(data.train.len() + data.validation.len() + data.test.len(), 512);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the data set has no fixed split; then use [`stratified_split`](Self::stratified_split).
    pub fn fixed_split(&self) -> Result<TextSplits> {
        split::fixed(self, self.parts.as_deref())
    }

    /// A random split by `seed` in which each label has the same share of every part.
    ///
    /// `validation` and `test` are fractions of all rows, for example 0.2; what is left is the training part. A label
    /// with few rows keeps at least one of them for training.
    ///
    /// # Errors
    /// When a fraction is negative or not finite, or the two leave nothing to train on.
    pub fn stratified_split(&self, seed: u64, validation: f64, test: f64) -> Result<TextSplits> {
        split::stratified(self, seed, validation, test)
    }

    /// `per_label` rows of every label, drawn by `seed`: the few-shot setting.
    ///
    /// # Errors
    /// When a label has fewer rows than that; the message names it.
    pub fn few_shot(&self, per_label: usize, seed: u64) -> Result<Self> {
        split::few_shot(self, per_label, seed)
    }
}

impl Rows for TextDataset {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    fn names_of_labels(&self) -> &[String] {
        &self.label_names
    }

    fn select(&self, rows: &[usize]) -> Self {
        self.select(rows)
    }

    fn check_held_out(&self) -> Result<()> {
        if self.holds_copies {
            return Err(Error::input(
                &self.name,
                "it holds changed copies of its rows, which are for training only",
                "split the original set first, and enlarge its training part with with_copies",
            ));
        }
        Ok(())
    }
}

impl LabelledRows for TextDataset {
    fn labels(&self) -> &[usize] {
        &self.labels
    }

    fn label_names(&self) -> &[String] {
        &self.label_names
    }
}

impl fmt::Display for TextDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} texts, {} labels", self.name, self.len(), self.label_names.len())?;
        let width = self.label_names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for (name, count) in self.label_names.iter().zip(self.label_counts()) {
            writeln!(f, "  {name:width$}  {count}")?;
        }
        Ok(())
    }
}

impl TextDataset {
    /// Shows the counts in a notebook cell.
    pub fn evcxr_display(&self) {
        println!("{self}");
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;

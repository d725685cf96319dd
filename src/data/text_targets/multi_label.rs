//! Texts with any number of labels.

use std::fmt;

use super::check_one_each;
use crate::data::rows::name_problem;
use crate::data::split::select_parts;
use crate::data::{Part, Rows};
use crate::{Error, Result};

/// Texts, each with any number of labels out of a fixed list.
///
/// ```
/// use tunebook::data::MultiLabelDataset;
/// let names = vec!["storage".to_owned(), "urgent".to_owned()];
/// let texts = vec!["disk full, help now".to_owned(), "how do I log in?".to_owned()];
/// let data = MultiLabelDataset::from_names("tickets", texts, &[vec!["urgent", "storage"], vec![]], names)?;
/// assert_eq!(data.labels(), [[true, true], [false, false]]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MultiLabelDataset {
    name: String,
    texts: Vec<String>,
    labels: Vec<Vec<bool>>,
    label_names: Vec<String>,
    pub(super) parts: Option<Vec<Part>>,
}

impl MultiLabelDataset {
    /// A data set from texts and a row of one yes or no for each label name.
    ///
    /// # Errors
    /// When the lengths differ, there are no label names, or a label name stands twice.
    pub fn new(name: &str, texts: Vec<String>, labels: Vec<Vec<bool>>, label_names: Vec<String>) -> Result<Self> {
        check_one_each(name, texts.len(), labels.len(), "rows of labels")?;
        if label_names.is_empty() {
            return Err(Error::input(name, "there are no label names", "name every label"));
        }
        if let Some((row, found)) = labels.iter().map(Vec::len).enumerate().find(|(_, len)| *len != label_names.len()) {
            let problem = format!("row {row} has {found} labels, and there are {} label names", label_names.len());
            return Err(Error::input(name, problem, "give one yes or no for each label name"));
        }
        if let Some((problem, mend)) = name_problem(&label_names) {
            return Err(Error::input(name, problem, mend));
        }
        Ok(Self { name: name.to_owned(), texts, labels, label_names, parts: None })
    }

    /// The same from the names of the labels that each text has.
    ///
    /// # Errors
    /// As [`MultiLabelDataset::new`], and for a label that is not among the names.
    pub fn from_names(
        name: &str,
        texts: Vec<String>,
        labels: &[Vec<impl AsRef<str>>],
        label_names: Vec<String>,
    ) -> Result<Self> {
        let mut rows = Vec::with_capacity(labels.len());
        for (row, given) in labels.iter().enumerate() {
            let mut indicators = vec![false; label_names.len()];
            for label in given {
                let place = label_names.iter().position(|name| name == label.as_ref()).ok_or_else(|| {
                    let problem =
                        format!("row {row} has the label \"{}\", which is not among the names", label.as_ref());
                    Error::input(name, problem, format!("the labels are: {}", label_names.join(", ")))
                })?;
                indicators[place] = true;
            }
            rows.push(indicators);
        }
        Self::new(name, texts, rows, label_names)
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

    /// The texts, in row order.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// One yes or no for each label, in row order.
    pub fn labels(&self) -> &[Vec<bool>] {
        &self.labels
    }

    /// The names of the labels, in the order of the rows' values.
    pub fn label_names(&self) -> Vec<String> {
        self.label_names.clone()
    }

    /// How many rows have each label, in the order of the names.
    pub fn label_counts(&self) -> Vec<usize> {
        (0..self.label_names.len()).map(|label| self.labels.iter().filter(|row| row[label]).count()).collect()
    }

    /// Shows the counts in a notebook cell.
    pub fn evcxr_display(&self) {
        println!("{self}");
    }
}

impl Rows for MultiLabelDataset {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    fn select(&self, rows: &[usize]) -> Self {
        Self {
            name: self.name.clone(),
            texts: rows.iter().map(|&row| self.texts[row].clone()).collect(),
            labels: rows.iter().map(|&row| self.labels[row].clone()).collect(),
            label_names: self.label_names.clone(),
            parts: select_parts(self.parts.as_deref(), rows),
        }
    }

    fn names_of_labels(&self) -> &[String] {
        &self.label_names
    }
}

impl fmt::Display for MultiLabelDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given: usize = self.label_counts().iter().sum();
        let mean = given as f64 / self.texts.len().max(1) as f64;
        writeln!(
            f,
            "{}: {} texts, {} labels, {mean:.2} of them a text",
            self.name,
            self.len(),
            self.label_names.len()
        )?;
        let width = self.label_names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for (name, count) in self.label_names.iter().zip(self.label_counts()) {
            writeln!(f, "  {name:width$}  {count}")?;
        }
        Ok(())
    }
}

//! Texts with one number each.

use std::fmt;

use super::{check_one_each, mean_and_deviation};
use crate::data::split::select_parts;
use crate::data::{Part, Rows};
use crate::{Error, Result};

/// Texts, each with one number: grades, ratings, similarities.
///
/// ```
/// use tunebook::data::TextRegressionDataset;
/// let texts = vec!["good".to_owned(), "bad".to_owned()];
/// let data = TextRegressionDataset::new("stars", texts, vec![1.0, -1.0])?;
/// assert_eq!(data.targets(), [1.0, -1.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TextRegressionDataset {
    name: String,
    texts: Vec<String>,
    targets: Vec<f32>,
    pub(super) parts: Option<Vec<Part>>,
}

impl TextRegressionDataset {
    /// A data set from texts and one number for each.
    ///
    /// # Errors
    /// When the lengths differ or a number is not finite.
    pub fn new(name: &str, texts: Vec<String>, targets: Vec<f32>) -> Result<Self> {
        check_one_each(name, texts.len(), targets.len(), "targets")?;
        if let Some((row, target)) = targets.iter().enumerate().find(|(_, target)| !target.is_finite()) {
            return Err(Error::input(
                name,
                format!("the target of row {row} is {target}"),
                "fill it in or drop the row",
            ));
        }
        Ok(Self { name: name.to_owned(), texts, targets, parts: None })
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

    /// The numbers, in row order.
    pub fn targets(&self) -> &[f32] {
        &self.targets
    }

    /// Mean and standard deviation of the numbers; where all are equal the deviation is 1.
    ///
    /// # Errors
    /// Without rows, and when the numbers are too large to be added up.
    pub fn scale(&self) -> Result<(f64, f64)> {
        mean_and_deviation(self.targets.iter().copied().map(f64::from), &self.name)
    }

    /// The same texts with `(target - mean) / deviation` as targets: what a model that starts at 0 learns fast. The numbers are
    /// those of the training part, from [`TextRegressionDataset::scale`]; after the training
    /// [`TextRegressor::rescale`](crate::model::TextRegressor::rescale) brings the model's answers back to the targets' unit.
    ///
    /// ```
    /// use tunebook::data::TextRegressionDataset;
    /// let texts = vec!["cheap".to_owned(), "dear".to_owned()];
    /// let data = TextRegressionDataset::new("prices", texts, vec![100.0, 300.0])?;
    /// let (mean, deviation) = data.scale()?;
    /// assert_eq!((mean, deviation), (200.0, 100.0));
    /// assert_eq!(data.standardised(mean, deviation)?.targets(), [-1.0, 1.0]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the numbers lead to a target that is not finite, as a deviation of 0 does.
    pub fn standardised(&self, mean: f64, deviation: f64) -> Result<Self> {
        let targets = self.targets.iter().map(|target| ((f64::from(*target) - mean) / deviation) as f32).collect();
        let parts = self.parts.clone();
        Ok(Self { parts, ..Self::new(&self.name, self.texts.clone(), targets)? })
    }

    /// Shows the size and the range in a notebook cell.
    pub fn evcxr_display(&self) {
        println!("{self}");
    }
}

impl Rows for TextRegressionDataset {
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
            targets: rows.iter().map(|&row| self.targets[row]).collect(),
            parts: select_parts(self.parts.as_deref(), rows),
        }
    }
}

impl fmt::Display for TextRegressionDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} texts", self.name, self.len())?;
        if self.targets.is_empty() {
            return Ok(());
        }
        let (low, high) =
            self.targets.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), t| (l.min(*t), h.max(*t)));
        let mean = self.targets.iter().map(|t| f64::from(*t)).sum::<f64>() / self.targets.len() as f64;
        write!(f, ", targets from {low} to {high}, mean {mean:.3}")
    }
}

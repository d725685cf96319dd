//! Texts with other targets than one label: any number of labels, or a number.

use std::fmt;

use super::rows::name_problem;
use crate::data::{Rows, Splits, split};
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
        Ok(Self { name: name.to_owned(), texts, labels, label_names })
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

    /// A random split by `seed`; `validation` and `test` are fractions of all rows, what is left is the training part.
    ///
    /// # Errors
    /// When a fraction is negative or not finite, or the two leave nothing to train on.
    pub fn random_split(&self, seed: u64, validation: f64, test: f64) -> Result<Splits<Self>> {
        split::random(self, seed, validation, test)
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
        }
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
        Ok(Self { name: name.to_owned(), texts, targets })
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
        Self::new(&self.name, self.texts.clone(), targets)
    }

    /// A random split by `seed`; `validation` and `test` are fractions of all rows, what is left is the training part.
    ///
    /// # Errors
    /// When a fraction is negative or not finite, or the two leave nothing to train on.
    pub fn random_split(&self, seed: u64, validation: f64, test: f64) -> Result<Splits<Self>> {
        split::random(self, seed, validation, test)
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

/// Mean and standard deviation of training targets; the deviation is 1 where all are equal.
pub(crate) fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone, name: &str) -> Result<(f64, f64)> {
    let count = values.clone().count();
    if count == 0 {
        return Err(Error::input(name, "has no rows", "give at least one row to learn from"));
    }
    let mean = values.clone().sum::<f64>() / count as f64;
    let deviation = (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64).sqrt();
    if !(mean.is_finite() && deviation.is_finite()) {
        let problem = "the targets are too large to be standardised";
        return Err(Error::input(name, problem, "give them in a larger unit"));
    }
    // What rounding leaves of equal targets is no spread.
    let is_spread = deviation > 1e-12 * mean.abs() && deviation > 0.0;
    Ok((mean, if is_spread { deviation } else { 1.0 }))
}

fn check_one_each(name: &str, texts: usize, found: usize, what: &str) -> Result<()> {
    if texts == found {
        return Ok(());
    }
    Err(Error::input(name, format!("{texts} texts but {found} {what}"), "give one for each text"))
}

#[cfg(test)]
mod tests {
    use super::{MultiLabelDataset, TextRegressionDataset};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        let error = |labels: Vec<Vec<bool>>, names: &[&str]| {
            MultiLabelDataset::new("made", words(&["a", "b"]), labels, words(names)).unwrap_err().to_string()
        };
        assert!(error(vec![vec![true]], &["x"]).contains("made: 2 texts but 1 rows of labels"));
        assert!(error(vec![vec![true], vec![]], &["x"]).contains("row 1 has 0 labels"));
        assert!(error(vec![vec![], vec![]], &[]).contains("no label names"));
        assert!(error(vec![vec![true, false]; 2], &["x", "x"]).contains("\"x\" stands twice"));
        let unknown = MultiLabelDataset::from_names("made", words(&["a"]), &[vec!["y"]], words(&["x"]));
        assert!(unknown.unwrap_err().to_string().contains("row 0 has the label \"y\""));
        let error = |targets| TextRegressionDataset::new("made", words(&["a"]), targets).unwrap_err().to_string();
        assert!(error(vec![]).contains("1 texts but 0 targets"));
        assert!(error(vec![f32::NAN]).contains("row 0 is NaN"));
    }

    #[test]
    fn a_random_split_keeps_texts_and_targets_together() {
        let texts: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let data = TextRegressionDataset::new("made", texts, (0..50u16).map(f32::from).collect()).unwrap();
        let parts = data.random_split(1, 0.2, 0.1).unwrap();
        assert_eq!([parts.train.len(), parts.validation.len(), parts.test.len()], [35, 10, 5]);
        let mut seen = Vec::new();
        for part in [&parts.train, &parts.validation, &parts.test] {
            for (text, target) in part.texts().iter().zip(part.targets()) {
                assert_eq!(*text, target.to_string());
                seen.push(*target as usize);
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
        assert_eq!(data.to_string(), "made: 50 texts, targets from 0 to 49, mean 24.500");
    }
}

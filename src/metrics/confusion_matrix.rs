//! Which class was taken for which.

use std::fmt;

use super::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::{Error, Result};

/// Counts of true against predicted classes: row = true class, column = predicted class.
///
/// ```
/// use tunebook::metrics::ConfusionMatrix;
///
/// let names = ["cat".to_string(), "dog".to_string()];
/// let matrix = ConfusionMatrix::new(&[0, 0, 1, 1], &[0, 1, 1, 1], &names)?;
/// assert_eq!(matrix.count(0, 1), 1); // one cat was taken for a dog
/// assert_eq!(matrix.accuracy(), 0.75);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    label_names: Vec<String>,
    /// Square, row by row, one row for each true class.
    counts: Vec<Vec<u64>>,
}

impl ConfusionMatrix {
    /// Counts pairs of true and predicted class numbers; each number is a place in `label_names`.
    ///
    /// An error when the two lists differ in length, are empty, or hold a number without a name.
    pub fn new(true_labels: &[usize], predicted: &[usize], label_names: &[String]) -> Result<Self> {
        check_pairs(true_labels, predicted)?;
        let classes = label_names.len();
        let mut counts = vec![vec![0; classes]; classes];
        for (item, (&truth, &guess)) in true_labels.iter().zip(predicted).enumerate() {
            for (what, class) in [("true", truth), ("predicted", guess)] {
                if class >= classes {
                    return Err(Error::input(
                        format!("{what} label of item {item}"),
                        format!("class {class} has no name: there are {classes} class names, numbered from 0"),
                        "pass the names of all classes",
                    ));
                }
            }
            counts[truth][guess] += 1;
        }
        Ok(Self { label_names: label_names.to_vec(), counts })
    }

    /// The class names, in the order of rows and columns.
    ///
    /// ```
    /// # let names = ["cat".to_string(), "dog".to_string()];
    /// let matrix = tunebook::metrics::ConfusionMatrix::new(&[0], &[1], &names)?;
    /// assert_eq!(matrix.label_names(), names);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn label_names(&self) -> &[String] {
        &self.label_names
    }

    /// All counts: one row for each true class, one column for each predicted class.
    ///
    /// ```
    /// # let names = ["cat".to_string(), "dog".to_string()];
    /// let matrix = tunebook::metrics::ConfusionMatrix::new(&[0, 1], &[1, 1], &names)?;
    /// assert_eq!(matrix.counts(), [[0, 1], [0, 1]]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// How many items of class `true_class` were predicted as `predicted_class`; 0 for classes that do not exist.
    ///
    /// See [`ConfusionMatrix`] for an example.
    pub fn count(&self, true_class: usize, predicted_class: usize) -> u64 {
        self.counts.get(true_class).and_then(|row| row.get(predicted_class)).copied().unwrap_or(0)
    }

    /// How many items were counted.
    ///
    /// ```
    /// # let names = ["cat".to_string(), "dog".to_string()];
    /// let matrix = tunebook::metrics::ConfusionMatrix::new(&[0, 1], &[1, 1], &names)?;
    /// assert_eq!(matrix.total(), 2);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// The share of items on the diagonal: predicted as what they are.
    ///
    /// See [`ConfusionMatrix`] for an example.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.counts.len()).map(|class| self.counts[class][class]).sum();
        right as f64 / self.total() as f64
    }

    /// The matrix as a rich value: an HTML table and text.
    ///
    /// ```
    /// # let names = ["cat".to_string(), "dog".to_string()];
    /// let matrix = tunebook::metrics::ConfusionMatrix::new(&[0, 1], &[1, 1], &names)?;
    /// assert!(matrix.display().get("text/html").is_some());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn display(&self) -> Display {
        let mut headers = vec!["true \\ predicted"];
        headers.extend(self.label_names.iter().map(String::as_str));
        let mut table = HtmlTable::new("Confusion matrix", &headers);
        for (class, row) in self.counts.iter().enumerate() {
            let cells: Vec<Cell> = row
                .iter()
                .enumerate()
                .map(|(column, count)| Cell { text: count.to_string(), strong: column == class })
                .collect();
            table.row(&self.label_names[class], &cells, false);
        }
        Display::html(table.finish(&["Rows: true classes. Columns: predictions.".to_string()]))
            .with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    ///
    /// See [`display`](Self::display).
    pub fn evcxr_display(&self) {
        self.display().show();
    }
}

/// A text table, without a trailing newline.
impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let corner = "true \\ predicted";
        let longest = self.label_names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let first = longest.max(corner.len());
        write!(f, "{corner:>first$}")?;
        let widths: Vec<usize> = self.label_names.iter().map(|name| name.chars().count().max(6)).collect();
        for (name, width) in self.label_names.iter().zip(&widths) {
            write!(f, "  {name:>width$}")?;
        }
        for (name, row) in self.label_names.iter().zip(&self.counts) {
            write!(f, "\n{name:>first$}")?;
            for (count, width) in row.iter().zip(&widths) {
                write!(f, "  {count:>width$}")?;
            }
        }
        Ok(())
    }
}

/// The share of predictions that equal the true label.
///
/// ```
/// assert_eq!(tunebook::metrics::accuracy(&[0, 1, 2, 2], &[0, 1, 2, 1])?, 0.75);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// An error when the two lists differ in length or are empty.
pub fn accuracy(true_labels: &[usize], predicted: &[usize]) -> Result<f64> {
    check_pairs(true_labels, predicted)?;
    let right = true_labels.iter().zip(predicted).filter(|(truth, guess)| truth == guess).count();
    Ok(right as f64 / true_labels.len() as f64)
}

pub(super) fn check_pairs(true_labels: &[usize], predicted: &[usize]) -> Result<()> {
    if true_labels.len() != predicted.len() {
        return Err(Error::input(
            "predictions",
            format!("{} predictions for {} true labels", predicted.len(), true_labels.len()),
            "give one prediction for each label, in the same order",
        ));
    }
    if true_labels.is_empty() {
        return Err(Error::input("labels", "there is nothing to measure", "give at least one label and prediction"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rows_are_true_classes() {
        let matrix = ConfusionMatrix::new(&[0, 0, 0, 1], &[1, 1, 0, 1], &names(&["a", "b"])).unwrap();
        assert_eq!(matrix.counts(), [[1, 2], [0, 1]]);
        assert_eq!(matrix.count(0, 1), 2);
        assert_eq!(matrix.count(7, 7), 0);
    }

    #[test]
    fn text_is_aligned() {
        let matrix = ConfusionMatrix::new(&[0, 1], &[1, 1], &names(&["access", "networking"])).unwrap();
        let expected = "true \\ predicted  access  networking\n          access       0           1\n      networking       0           1";
        assert_eq!(matrix.to_string(), expected);
    }

    #[test]
    fn html_escapes_names() {
        let matrix = ConfusionMatrix::new(&[0], &[0], &names(&["<script>"])).unwrap();
        let html = matrix.display().get("text/html").unwrap().to_string();
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"));
    }

    #[test]
    fn bad_input_is_named() {
        let two = names(&["a", "b"]);
        let error =
            |truth: &[usize], guess: &[usize]| ConfusionMatrix::new(truth, guess, &two).unwrap_err().to_string();
        assert!(error(&[0, 1], &[0]).contains("1 predictions for 2 true labels"));
        assert!(error(&[], &[]).contains("nothing to measure"));
        assert!(error(&[0, 2], &[0, 1]).contains("true label of item 1: class 2 has no name"));
        assert!(error(&[0], &[9]).contains("predicted label of item 0"));
    }
}

//! What a model's run over a labelled data set gives.

use std::fmt;

use super::{ClassificationReport, ConfusionMatrix, ZeroDivision};
use crate::notebook::Display;
use crate::{Error, Result};

/// A model's loss, predictions and probabilities on a labelled data set.
///
/// ```
/// use tunebook::metrics::Evaluation;
///
/// let names = vec!["cat".to_string(), "dog".to_string()];
/// let evaluation = Evaluation::new(0.4, vec![0, 1], vec![vec![0.9, 0.1], vec![0.6, 0.4]], names)?;
/// assert_eq!(evaluation.predictions, [0, 0]);
/// assert_eq!(evaluation.accuracy, 0.5);
/// println!("{}", evaluation.classification_report());
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Share of right predictions, 0 to 1.
    pub accuracy: f64,
    /// The true class of each item.
    pub labels: Vec<usize>,
    /// The most probable class of each item.
    pub predictions: Vec<usize>,
    /// For each item, the probability of each class.
    pub probabilities: Vec<Vec<f32>>,
    /// The class names; a class number is a place in this list.
    pub label_names: Vec<String>,
    /// Counted once, when everything was checked: later methods cannot fail.
    matrix: ConfusionMatrix,
}

impl Evaluation {
    /// Checks the parts, and takes the most probable class of each row as its prediction (the first of equals).
    ///
    /// `loss` is the mean cross-entropy; `labels` are true class numbers; `probabilities` has one row for each label and
    /// one column for each name. An error when shapes differ, there are no items, a label has no name, or a probability is
    /// not finite.
    ///
    /// See [`Evaluation`] for an example.
    pub fn new(loss: f64, labels: Vec<usize>, probabilities: Vec<Vec<f32>>, label_names: Vec<String>) -> Result<Self> {
        for (item, row) in probabilities.iter().enumerate() {
            if row.len() != label_names.len() {
                return Err(Error::input(
                    format!("probabilities of item {item}"),
                    format!("{} values for {} classes", row.len(), label_names.len()),
                    "give one probability for each class",
                ));
            }
            if row.iter().any(|probability| !probability.is_finite()) {
                return Err(Error::input(
                    format!("probabilities of item {item}"),
                    "they are not all finite numbers: the model has diverged",
                    "train again with a lower learning rate",
                ));
            }
        }
        let predictions: Vec<usize> = probabilities.iter().map(|row| most_probable(row)).collect();
        let matrix = ConfusionMatrix::new(&labels, &predictions, &label_names)?;
        Ok(Self { loss, accuracy: matrix.accuracy(), labels, predictions, probabilities, label_names, matrix })
    }

    /// Precision, recall and F1 of each class, with averages; 0 / 0 counts as 0.
    ///
    /// See [`Evaluation`] for an example.
    pub fn classification_report(&self) -> ClassificationReport {
        ClassificationReport::from_matrix(&self.matrix, ZeroDivision::Zero)
    }

    /// Which class was taken for which.
    ///
    /// ```
    /// use tunebook::metrics::Evaluation;
    ///
    /// let names = vec!["cat".to_string(), "dog".to_string()];
    /// let evaluation = Evaluation::new(0.9, vec![1], vec![vec![0.6, 0.4]], names)?;
    /// assert_eq!(evaluation.confusion_matrix().count(1, 0), 1);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn confusion_matrix(&self) -> ConfusionMatrix {
        self.matrix.clone()
    }

    /// The mean of the classes' F1 scores: each class counts the same.
    ///
    /// ```
    /// # let names = vec!["cat".to_string(), "dog".to_string()];
    /// let right = tunebook::metrics::Evaluation::new(0.1, vec![0, 1], vec![vec![1.0, 0.0], vec![0.0, 1.0]], names)?;
    /// assert_eq!(right.macro_f1(), 1.0);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn macro_f1(&self) -> f64 {
        self.classification_report().macro_average().f1
    }

    /// What evcxr calls when this value is the last expression of a cell: one line with loss and accuracy.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: items, loss, accuracy, macro F1.
impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (items, percent) = (self.labels.len(), 100.0 * self.accuracy);
        write!(f, "{items} items: loss {:.4}, accuracy {percent:.1} %, macro F1 {:.3}", self.loss, self.macro_f1())
    }
}

fn most_probable(row: &[f32]) -> usize {
    let mut best = 0;
    for (class, probability) in row.iter().enumerate() {
        if *probability > row[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(labels: &[usize], probabilities: &[[f32; 2]]) -> Result<Evaluation> {
        let rows = probabilities.iter().map(|row| row.to_vec()).collect();
        Evaluation::new(0.5, labels.to_vec(), rows, vec!["a".into(), "b".into()])
    }

    #[test]
    fn the_first_of_equals_wins() {
        let evaluation = evaluate(&[0, 1], &[[0.5, 0.5], [0.2, 0.8]]).unwrap();
        assert_eq!(evaluation.predictions, [0, 1]);
        assert_eq!(evaluation.to_string(), "2 items: loss 0.5000, accuracy 100.0 %, macro F1 1.000");
    }

    #[test]
    fn bad_parts_are_named() {
        let error = |result: Result<Evaluation>| result.unwrap_err().to_string();
        assert!(error(evaluate(&[0], &[[f32::NAN, 0.5]])).contains("item 0: they are not all finite"));
        assert!(error(evaluate(&[0, 1], &[[0.5, 0.5]])).contains("1 predictions for 2"));
        assert!(error(evaluate(&[2], &[[0.5, 0.5]])).contains("class 2 has no name"));
        assert!(error(evaluate(&[], &[])).contains("nothing to measure"));
        let ragged = Evaluation::new(0.5, vec![0], vec![vec![1.0]], vec!["a".into(), "b".into()]);
        assert!(error(ragged).contains("1 values for 2 classes"));
    }
}

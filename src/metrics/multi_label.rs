//! Scores for items that have any number of labels at once.

use std::fmt;

use super::check;
use super::classification_report::{Scores, ZeroDivision, average, scores};
use super::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::{Error, Result};

/// Precision, recall and F1 of each label with their averages, subset accuracy and Hamming loss, for multi-label
/// classification. 0 / 0 counts as 0, as in scikit-learn.
///
/// ```
/// use tunebook::metrics::MultiLabelReport;
///
/// let names = ["urgent".to_string(), "billing".to_string()];
/// let truth = [vec![true, false], vec![true, true]];
/// let predicted = [vec![true, false], vec![true, false]];
/// let report = MultiLabelReport::new(&truth, &predicted, &names)?;
/// assert_eq!((report.subset_accuracy(), report.hamming_loss()), (0.5, 0.25));
/// assert_eq!((report.macro_average().f1, report.micro_average().f1), (0.5, 0.8));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MultiLabelReport {
    classes: Vec<Scores>,
    micro: Scores,
    subset_accuracy: f64,
    hamming_loss: f64,
    loss: Option<f64>,
}

impl MultiLabelReport {
    /// A report over rows of one yes or no for each label name.
    ///
    /// An error when shapes differ, there are no items or no label names.
    ///
    /// See [`MultiLabelReport`] for an example.
    pub fn new(true_labels: &[Vec<bool>], predicted: &[Vec<bool>], label_names: &[String]) -> Result<Self> {
        check::lengths("predictions", predicted.len(), true_labels.len())?;
        if label_names.is_empty() {
            return Err(Error::input("label names", "there are none", "pass the name of every label"));
        }
        for (what, rows) in [("true", true_labels), ("predicted", predicted)] {
            if let Some(item) = rows.iter().position(|row| row.len() != label_names.len()) {
                return Err(Error::input(
                    format!("{what} labels of item {item}"),
                    format!("{} values for {} label names", rows[item].len(), label_names.len()),
                    "give one yes or no for each label",
                ));
            }
        }
        let pairs = || true_labels.iter().zip(predicted);
        let (mut totals, mut wrong) = ([0; 3], 0);
        let class = |(label, name): (usize, &String)| {
            let [mut hits, mut guesses, mut support] = [0; 3];
            for (truth, guess) in pairs().map(|(truth, guess)| (truth[label], guess[label])) {
                hits += u64::from(truth && guess);
                guesses += u64::from(guess);
                support += u64::from(truth);
                wrong += u64::from(truth != guess);
            }
            totals = [totals[0] + hits, totals[1] + guesses, totals[2] + support];
            scores(name, ZeroDivision::Zero, hits, guesses, support)
        };
        let classes = label_names.iter().enumerate().map(class).collect();
        let items = true_labels.len() as f64;
        Ok(Self {
            classes,
            micro: scores("micro avg", ZeroDivision::Zero, totals[0], totals[1], totals[2]),
            subset_accuracy: pairs().filter(|(truth, guess)| truth == guess).count() as f64 / items,
            hamming_loss: wrong as f64 / (items * label_names.len() as f64),
            loss: None,
        })
    }

    /// The same report with the mean loss of the probabilities behind the decisions.
    ///
    /// ```
    /// # let names = ["urgent".to_string()];
    /// let report = tunebook::metrics::MultiLabelReport::new(&[vec![true]], &[vec![true]], &names)?;
    /// assert_eq!((report.loss(), report.with_loss(0.25).loss()), (None, Some(0.25)));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn with_loss(self, loss: f64) -> Self {
        Self { loss: Some(loss), ..self }
    }

    /// The mean binary cross-entropy over items and labels, in nats; `None` for a report over decisions alone.
    ///
    /// See [`with_loss`](Self::with_loss).
    pub fn loss(&self) -> Option<f64> {
        self.loss
    }

    /// The scores of each label, in the order of the label names.
    pub fn classes(&self) -> &[Scores] {
        &self.classes
    }

    /// Scores over the summed counts of all labels: frequent labels count more.
    ///
    /// See [`MultiLabelReport`] for an example.
    pub fn micro_average(&self) -> Scores {
        self.micro.clone()
    }

    /// The mean over labels, each counting the same.
    ///
    /// See [`MultiLabelReport`] for an example.
    pub fn macro_average(&self) -> Scores {
        average(&self.classes, "macro avg", |_| 1.0)
    }

    /// The mean over labels, each counting by its support.
    pub fn weighted_average(&self) -> Scores {
        average(&self.classes, "weighted avg", |class| class.support as f64)
    }

    /// The share of items with every label right, 0 to 1. scikit-learn: `accuracy_score` of label indicators.
    ///
    /// See [`MultiLabelReport`] for an example.
    pub fn subset_accuracy(&self) -> f64 {
        self.subset_accuracy
    }

    /// The share of single yes-or-no decisions that are wrong, 0 to 1. scikit-learn: `hamming_loss`.
    ///
    /// See [`MultiLabelReport`] for an example.
    pub fn hamming_loss(&self) -> f64 {
        self.hamming_loss
    }

    /// The report as a rich value: an HTML table and text.
    ///
    /// ```
    /// # let names = ["urgent".to_string()];
    /// let report = tunebook::metrics::MultiLabelReport::new(&[vec![true]], &[vec![true]], &names)?;
    /// assert!(report.display().get("text/html").is_some());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn display(&self) -> Display {
        let headers = ["label", "precision", "recall", "F1-score", "support"];
        let mut table = HtmlTable::new("Multi-label report", &headers);
        let averages = [self.micro_average(), self.macro_average(), self.weighted_average()];
        for (place, row) in self.classes.iter().chain(&averages).enumerate() {
            let cells = [row.precision, row.recall, row.f1].map(|score| Cell::plain(format!("{score:.2}")));
            let cells: Vec<Cell> = cells.into_iter().chain([Cell::plain(row.support.to_string())]).collect();
            table.row(&row.name, &cells, place == self.classes.len());
        }
        Display::html(table.finish(&[self.to_string()])).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    ///
    /// See [`display`](Self::display).
    pub fn evcxr_display(&self) {
        self.display().show();
    }
}

/// The score from which on a label should be given so that its F1 on these items is the best there is. `None` when no item
/// has the label: then F1 is 0 whatever the threshold.
///
/// A threshold lies in the middle between two scores, or at the lowest; of equally good ones it is the one nearest to one
/// half. Chosen on validation data; on the data that a model learned from it would be too confident (Lipton et al., 2014,
/// "Optimal Thresholding of Classifiers to Maximize F1 Measure").
///
/// ```
/// let threshold = tunebook::metrics::best_f1_threshold(&[true, true, false, false], &[0.4, 0.3, 0.2, 0.1])?;
/// assert_eq!(threshold, Some(0.25));
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// An error when lengths differ, there are no items, or a score is not finite.
pub fn best_f1_threshold(true_labels: &[bool], scores: &[f32]) -> Result<Option<f32>> {
    check::lengths("scores", scores.len(), true_labels.len())?;
    check::finite("score", &scores.iter().copied().map(f64::from).collect::<Vec<_>>())?;
    let mut items: Vec<(f32, bool)> = scores.iter().copied().zip(true_labels.iter().copied()).collect();
    items.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = items.iter().filter(|(_, truth)| *truth).count();
    let (mut hits, mut best): (usize, Option<(f64, f32)>) = (0, None);
    for (place, &(score, truth)) in items.iter().enumerate() {
        hits += usize::from(truth);
        let next = items.get(place + 1).map(|(next, _)| *next);
        // Equal scores are given together or not at all.
        if next == Some(score) || hits == 0 {
            continue;
        }
        let f1 = 2.0 * hits as f64 / (place + 1 + positives) as f64;
        let middle = next.map_or(score, |next| next + (score - next) / 2.0);
        // Between two neighbours of single precision there is no middle.
        let threshold = if next == Some(middle) { score } else { middle };
        let from_half = |threshold: f32| (threshold - 0.5).abs();
        let better = best.is_none_or(|(most, at)| {
            f1 > most || (f1.total_cmp(&most).is_eq() && from_half(threshold) < from_half(at))
        });
        if better {
            best = Some((f1, threshold));
        }
    }
    Ok(best.map(|(_, threshold)| threshold))
}

/// One line: averages, subset accuracy and Hamming loss.
impl fmt::Display for MultiLabelReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (micro, mean) = (self.micro.f1, self.macro_average().f1);
        write!(f, "micro F1 {micro:.3}, macro F1 {mean:.3}, ")?;
        write!(f, "subset accuracy {:.3}, Hamming loss {:.3}", self.subset_accuracy, self.hamming_loss)
    }
}

#[cfg(test)]
mod tests {
    use super::{MultiLabelReport, best_f1_threshold};

    #[test]
    fn no_other_threshold_has_a_better_f1() {
        let scores: Vec<f32> = (0..60u16).map(|n| f32::from(n * 37 % 50) / 50.0).collect();
        let truth: Vec<bool> = (0..60u16).map(|n| n * 37 % 50 + n % 7 * 4 > 33).collect();
        let f1 = |from: f32| {
            let rows = |yes: &dyn Fn(usize) -> bool| (0..60).map(|n| vec![yes(n)]).collect::<Vec<_>>();
            let report = MultiLabelReport::new(&rows(&|n| truth[n]), &rows(&|n| scores[n] >= from), &["a".to_owned()]);
            report.unwrap().classes()[0].f1
        };
        let best = f1(best_f1_threshold(&truth, &scores).unwrap().unwrap());
        assert!((0..=100u16).all(|n| f1(f32::from(n) / 100.0) <= best + 1e-12) && best > f1(0.5), "{best}");
    }

    #[test]
    fn degenerate_labels_have_an_answer() {
        assert_eq!(best_f1_threshold(&[false, false], &[0.1, 0.9]).unwrap(), None);
        // Everything is given; equal scores cannot be told apart.
        assert_eq!(best_f1_threshold(&[true, true], &[0.3, 0.3]).unwrap(), Some(0.3));
        assert_eq!(best_f1_threshold(&[true, false], &[0.3, 0.3]).unwrap(), Some(0.3));
        let next = f32::from_bits(0.3f32.to_bits() - 1);
        assert_eq!(best_f1_threshold(&[true, false], &[0.3, next]).unwrap(), Some(0.3));
        assert!(best_f1_threshold(&[true], &[f32::NAN]).unwrap_err().to_string().contains("score of item 0"));
    }
}

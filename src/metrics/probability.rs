//! How good probabilities are, not only the predictions made from them: log loss, Brier score, calibration.

use std::fmt;

use super::check;
use super::evaluation::most_probable;
use super::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::{Error, Result};

/// The mean of `-ln(probability of the true class)`, in nats, 0 or more. scikit-learn: `log_loss`.
///
/// Probabilities are kept 2.2e-16 away from 0 and 1: a class that was ruled out costs 36 nats, not infinitely many.
///
/// ```
/// let loss = tunebook::metrics::log_loss(&[0, 1], &[vec![0.5, 0.5], vec![0.5, 0.5]])?;
/// assert!((loss - 2f64.ln()).abs() < 1e-12);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// An error when shapes differ, there are no items, a label has no column, or a row is not made of probabilities.
pub fn log_loss(labels: &[usize], probabilities: &[Vec<f32>]) -> Result<f64> {
    check::probability_rows(labels, probabilities)?;
    let cost = |(row, label): (&Vec<f32>, &usize)| -f64::from(row[*label]).clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
    Ok(probabilities.iter().zip(labels).map(cost).sum::<f64>() / labels.len() as f64)
}

/// The mean squared distance of the probabilities from the truth (Brier, 1950). scikit-learn: `brier_score_loss`.
///
/// With two classes it is counted for one of them and goes from 0 to 1; with more it is summed over all and goes to 2.
///
/// ```
/// assert_eq!(tunebook::metrics::brier_score(&[1], &[vec![0.5, 0.5]])?, 0.25);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// Errors are those of [`log_loss`].
pub fn brier_score(labels: &[usize], probabilities: &[Vec<f32>]) -> Result<f64> {
    let classes = check::probability_rows(labels, probabilities)?;
    let distance = |(row, label): (&Vec<f32>, &usize)| {
        let square = |(class, value): (usize, &f32)| (f64::from(*value) - f64::from(u8::from(class == *label))).powi(2);
        row.iter().enumerate().map(square).sum::<f64>()
    };
    let mean = probabilities.iter().zip(labels).map(distance).sum::<f64>() / labels.len() as f64;
    Ok(if classes == 2 { mean / 2.0 } else { mean })
}

/// The items whose confidence lies above `lower` and up to `upper` (the first bin holds 0 too).
///
/// ```
/// use tunebook::metrics::Calibration;
/// let calibration = Calibration::new(&[0, 1], &[vec![0.8, 0.2], vec![0.8, 0.2]], 10)?;
/// let filled: Vec<_> = calibration.bins.iter().filter(|bin| bin.count > 0).collect();
/// assert_eq!((filled.len(), filled[0].count, filled[0].accuracy), (1, 2, 0.5));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReliabilityBin {
    /// The lower end, left out.
    pub lower: f64,
    /// The upper end, included.
    pub upper: f64,
    /// How many items.
    pub count: usize,
    /// Their mean confidence, 0 to 1; not a number in an empty bin.
    pub confidence: f64,
    /// The share of them that is right, 0 to 1; not a number in an empty bin.
    pub accuracy: f64,
}

/// How far confidence is from accuracy: the expected calibration error and its bins.
///
/// Confidence is the probability of the predicted class; bins have equal widths from 0 to 1. Guo and others, 2017, "On
/// Calibration of Modern Neural Networks". The bins are those of scikit-learn's `calibration_curve`.
///
/// ```
/// use tunebook::metrics::Calibration;
///
/// // Two items at 80 %, one of them wrong: confidence is 0.3 above accuracy.
/// let calibration = Calibration::new(&[0, 1], &[vec![0.8, 0.2], vec![0.8, 0.2]], 10)?;
/// assert!((calibration.expected_error - 0.3).abs() < 1e-6);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Expected calibration error (ECE), 0 to 1: the mean distance of accuracy from confidence, bins counting by items.
    pub expected_error: f64,
    /// Maximum calibration error (MCE), 0 to 1: the largest distance of any bin.
    pub maximum_error: f64,
    /// The bins, from 0 to 1, empty ones too.
    pub bins: Vec<ReliabilityBin>,
}

impl Calibration {
    /// Sorts the items into `bins` bins by the probability of their predicted class, the first of equals.
    ///
    /// An error when `bins` is 0 or above 1,000, and those of [`log_loss`].
    ///
    /// See [`Calibration`] for an example.
    pub fn new(labels: &[usize], probabilities: &[Vec<f32>], bins: usize) -> Result<Self> {
        check::probability_rows(labels, probabilities)?;
        if !(1..=1000).contains(&bins) {
            return Err(Error::input("bins", format!("{bins} bins cannot be filled"), "choose 1 to 1000; 10 is usual"));
        }
        let width = 1.0 / bins as f64;
        let mut sums = vec![(0_usize, 0.0_f64, 0_usize); bins];
        for (row, label) in probabilities.iter().zip(labels) {
            let guess = most_probable(row);
            let confidence = f64::from(row[guess]).min(1.0);
            let bin = (1..bins).filter(|edge| *edge as f64 * width < confidence).count();
            sums[bin].0 += 1;
            sums[bin].1 += confidence;
            sums[bin].2 += usize::from(guess == *label);
        }
        let (mut expected_error, mut maximum_error) = (0.0, 0.0_f64);
        let bin = |(place, (count, confidence, right)): (usize, (usize, f64, usize))| {
            let items = count as f64;
            let (confidence, accuracy) = (confidence / items, right as f64 / items);
            if count > 0 {
                let distance = (confidence - accuracy).abs();
                expected_error += distance * items / labels.len() as f64;
                maximum_error = maximum_error.max(distance);
            }
            let edge = |place: usize| if place == bins { 1.0 } else { place as f64 * width };
            ReliabilityBin { lower: edge(place), upper: edge(place + 1), count, confidence, accuracy }
        };
        let bins = sums.into_iter().enumerate().map(bin).collect();
        Ok(Self { expected_error, maximum_error, bins })
    }

    /// The bins as a rich value: an HTML table and text.
    ///
    /// ```
    /// let calibration = tunebook::metrics::Calibration::new(&[0], &[vec![0.8, 0.2]], 5)?;
    /// assert!(calibration.display().get("text/html").is_some());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn display(&self) -> Display {
        let mut table = HtmlTable::new("Calibration", &["confidence", "items", "mean confidence", "accuracy"]);
        for bin in self.bins.iter().filter(|bin| bin.count > 0) {
            let cells = [bin.count.to_string(), format!("{:.3}", bin.confidence), format!("{:.3}", bin.accuracy)];
            table.row(&format!("{:.2} to {:.2}", bin.lower, bin.upper), &cells.map(Cell::plain), false);
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

/// One line: both errors.
impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected calibration error {:.4}, maximum {:.4}", self.expected_error, self.maximum_error)
    }
}

//! How well scores put items in order: ROC and precision-recall curves with their areas, and top-k accuracy.

use std::fmt;

use super::check;
use crate::notebook::Display;
use crate::{Error, Result};

/// How the scores of several classes become one.
///
/// ```
/// use tunebook::metrics::{Average, roc_auc_one_vs_rest};
/// let rows = [vec![0.8, 0.1, 0.1], vec![0.2, 0.5, 0.3], vec![0.3, 0.3, 0.4], vec![0.2, 0.6, 0.2]];
/// let area = |average| roc_auc_one_vs_rest(&[0, 1, 2, 2], &rows, average);
/// assert!(area(Average::Weighted)? < area(Average::Macro)?); // the class that is ranked worst has most items
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Average {
    /// Each class counts the same.
    #[default]
    Macro,
    /// Each class counts by its number of items.
    Weighted,
}

/// True against false positive rate at every threshold. scikit-learn: `roc_curve`.
///
/// ```
/// use tunebook::metrics::RocCurve;
///
/// let curve = RocCurve::new(&[false, false, true, true], &[0.1, 0.4, 0.35, 0.8])?;
/// assert_eq!(curve.area(), 0.75);
/// assert_eq!(curve.true_positive_rate, [0.0, 0.5, 0.5, 1.0, 1.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    /// Of the negative items, the share at or above each threshold, rising from 0 to 1. Not a number without negative items.
    pub false_positive_rate: Vec<f64>,
    /// Of the positive items, the share at or above each threshold, rising from 0 to 1. Not a number without positive items.
    pub true_positive_rate: Vec<f64>,
    /// The thresholds, falling from infinity.
    pub thresholds: Vec<f64>,
}

impl RocCurve {
    /// The curve of one score for each item: the higher, the more likely positive. Points on a straight line between
    /// their neighbours are left out.
    ///
    /// An error when lengths differ, there are no items, or a score is not finite.
    ///
    /// See [`RocCurve`] for an example.
    pub fn new(positive: &[bool], scores: &[f64]) -> Result<Self> {
        let steps = steps(positive, scores)?;
        let mut corners = vec![Step { threshold: f64::INFINITY, hits: 0, alarms: 0 }];
        for (place, step) in steps.iter().enumerate() {
            // scikit-learn looks for bends before it puts the origin in front: the first step always stays.
            let bend = place.checked_sub(1).and_then(|before| Some((steps.get(before)?, steps.get(place + 1)?)));
            let straight = bend.is_some_and(|(before, after)| {
                after.hits - step.hits == step.hits - before.hits
                    && after.alarms - step.alarms == step.alarms - before.alarms
            });
            if !straight {
                corners.push(*step);
            }
        }
        let last = corners[corners.len() - 1];
        let share = |count: u64, of: u64| if of == 0 { f64::NAN } else { count as f64 / of as f64 };
        Ok(Self {
            false_positive_rate: corners.iter().map(|step| share(step.alarms, last.alarms)).collect(),
            true_positive_rate: corners.iter().map(|step| share(step.hits, last.hits)).collect(),
            thresholds: corners.iter().map(|step| step.threshold).collect(),
        })
    }

    /// The area under the curve: the chance that a positive item scores above a negative one, ties counting half.
    /// 0.5 is a coin, 1 a perfect order; not a number when all items are positive or none is.
    ///
    /// See [`RocCurve`] for an example.
    pub fn area(&self) -> f64 {
        let (x, y) = (&self.false_positive_rate, &self.true_positive_rate);
        x.windows(2).zip(y.windows(2)).map(|(x, y)| (x[1] - x[0]) * f64::midpoint(y[0], y[1])).sum()
    }

    /// What evcxr calls when this value is the last expression of a cell: one line with the area.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: the number of points and the area.
impl fmt::Display for RocCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ROC curve of {} points, area {:.4}", self.thresholds.len(), self.area())
    }
}

/// Precision against recall at every threshold. scikit-learn: `precision_recall_curve`.
///
/// ```
/// use tunebook::metrics::PrecisionRecallCurve;
///
/// let curve = PrecisionRecallCurve::new(&[false, true, true], &[0.2, 0.1, 0.9])?;
/// assert_eq!(curve.recall, [1.0, 0.5, 0.5, 0.0]);
/// assert!((curve.average_precision() - 5.0 / 6.0).abs() < 1e-12);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecallCurve {
    /// Of the items at or above each threshold, the share that is positive; a last 1 has no threshold.
    pub precision: Vec<f64>,
    /// Of the positive items, the share at or above each threshold; a last 0 has no threshold. 1 without positive items.
    pub recall: Vec<f64>,
    /// The thresholds, rising.
    pub thresholds: Vec<f64>,
}

impl PrecisionRecallCurve {
    /// The curve of one score for each item: the higher, the more likely positive.
    ///
    /// An error when lengths differ, there are no items, or a score is not finite.
    ///
    /// See [`PrecisionRecallCurve`] for an example.
    pub fn new(positive: &[bool], scores: &[f64]) -> Result<Self> {
        let steps = steps(positive, scores)?;
        let all = steps[steps.len() - 1].hits;
        let rising = || steps.iter().rev();
        let precision = |step: &Step| step.hits as f64 / (step.hits + step.alarms) as f64;
        let recall = |step: &Step| if all == 0 { 1.0 } else { step.hits as f64 / all as f64 };
        Ok(Self {
            precision: rising().map(precision).chain([1.0]).collect(),
            recall: rising().map(recall).chain([0.0]).collect(),
            thresholds: rising().map(|step| step.threshold).collect(),
        })
    }

    /// The mean of precision over the steps in recall, 0 to 1, without interpolation; 0 without positive items.
    /// scikit-learn: `average_precision_score`.
    ///
    /// See [`PrecisionRecallCurve`] for an example.
    pub fn average_precision(&self) -> f64 {
        self.recall.windows(2).zip(&self.precision).map(|(recall, precision)| (recall[0] - recall[1]) * precision).sum()
    }

    /// What evcxr calls when this value is the last expression of a cell: one line with the average precision.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: the number of points and the average precision.
impl fmt::Display for PrecisionRecallCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (points, average) = (self.recall.len(), self.average_precision());
        write!(f, "precision-recall curve of {points} points, average precision {average:.4}")
    }
}

/// The area under the ROC curve of one score for each item; see [`RocCurve::area`]. scikit-learn: `roc_auc_score`.
///
/// ```
/// assert_eq!(tunebook::metrics::roc_auc(&[false, true, true], &[0.2, 0.2, 0.9])?, 0.75);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// Errors are those of [`RocCurve::new`].
pub fn roc_auc(positive: &[bool], scores: &[f64]) -> Result<f64> {
    Ok(RocCurve::new(positive, scores)?.area())
}

/// The mean over classes of the area under the ROC curve of each class against the rest.
/// scikit-learn: `roc_auc_score` with `multi_class="ovr"`.
///
/// `scores` has one row for each item and one column for each class. Not a number when a class never occurs or is the
/// only one.
///
/// ```
/// use tunebook::metrics::{Average, roc_auc_one_vs_rest};
///
/// let rows = [vec![0.8, 0.1, 0.1], vec![0.2, 0.5, 0.3], vec![0.3, 0.3, 0.4]];
/// assert_eq!(roc_auc_one_vs_rest(&[0, 1, 2], &rows, Average::Macro)?, 1.0);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// An error when shapes differ, there are no items, a label has no column, or a score is not finite.
pub fn roc_auc_one_vs_rest(labels: &[usize], scores: &[Vec<f32>], average: Average) -> Result<f64> {
    let classes = check::score_rows(labels, scores)?;
    let (mut total, mut weights) = (0.0, 0.0);
    for class in 0..classes {
        let (positive, column) = one_vs_rest(labels, scores, class);
        let weight = match average {
            Average::Macro => 1.0,
            Average::Weighted => positive.iter().filter(|positive| **positive).count() as f64,
        };
        total += weight * roc_auc(&positive, &column)?;
        weights += weight;
    }
    Ok(total / weights)
}

/// Whether each item is of the class, and its score for it.
pub(super) fn one_vs_rest(labels: &[usize], scores: &[Vec<f32>], class: usize) -> (Vec<bool>, Vec<f64>) {
    let column = scores.iter().map(|row| row.get(class).map_or(f64::NAN, |score| f64::from(*score))).collect();
    (labels.iter().map(|label| *label == class).collect(), column)
}

/// The share of items whose true class is among the `k` with the highest scores, 0 to 1; of equal scores the later class
/// comes first. scikit-learn: `top_k_accuracy_score`. 1 when `k` is the number of classes or more.
///
/// ```
/// let rows = [vec![0.5, 0.3, 0.2], vec![0.5, 0.3, 0.2]];
/// assert_eq!(tunebook::metrics::top_k_accuracy(&[1, 2], &rows, 2)?, 0.5);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// An error when `k` is 0, shapes differ, there are no items, a label has no column, or a score is not finite.
pub fn top_k_accuracy(labels: &[usize], scores: &[Vec<f32>], k: usize) -> Result<f64> {
    check::score_rows(labels, scores)?;
    if k == 0 {
        return Err(Error::input("k", "no class is among the best 0", "choose k from 1 to the number of classes"));
    }
    let hit = |(row, label): &(&Vec<f32>, &usize)| {
        let own = row[**label];
        let before = |(class, score): &(usize, &f32)| **score > own || (**score >= own && class > *label);
        row.iter().enumerate().filter(before).count() < k
    };
    Ok(scores.iter().zip(labels).filter(hit).count() as f64 / labels.len() as f64)
}

/// How many positive and negative items score at a threshold or above.
#[derive(Clone, Copy)]
struct Step {
    threshold: f64,
    hits: u64,
    alarms: u64,
}

/// One step for each score that occurs, from the highest.
fn steps(positive: &[bool], scores: &[f64]) -> Result<Vec<Step>> {
    check::lengths("scores", scores.len(), positive.len())?;
    check::finite("score", scores)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut steps: Vec<Step> = Vec::new();
    let (mut hits, mut alarms) = (0, 0);
    for item in order {
        if positive[item] {
            hits += 1;
        } else {
            alarms += 1;
        }
        let step = Step { threshold: scores[item], hits, alarms };
        match steps.last_mut() {
            Some(last) if last.threshold <= step.threshold => *last = step,
            _ => steps.push(step),
        }
    }
    Ok(steps)
}

//! Agreement between true and predicted classes that a large class cannot make look good.

use std::collections::BTreeMap;

use super::confusion_matrix::check_pairs;
use crate::Result;

/// How much a wrong class counts in [`cohen_kappa`], by its distance from the true one.
///
/// ```
/// use tunebook::metrics::{KappaWeights, cohen_kappa};
/// let (true_grades, given) = ([0, 1, 2, 3], [0, 1, 2, 0]);
/// let plain = cohen_kappa(&true_grades, &given, KappaWeights::None)?;
/// let quadratic = cohen_kappa(&true_grades, &given, KappaWeights::Quadratic)?;
/// assert!(quadratic < plain); // three grades off counts for more
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KappaWeights {
    /// Every wrong class counts the same: for classes without an order.
    #[default]
    None,
    /// As much as the distance of the class numbers: for grades.
    Linear,
    /// As much as the squared distance: the quadratic weighted kappa (QWK) of essay and medical grading.
    Quadratic,
}

impl KappaWeights {
    fn weight(self, a: usize, b: usize) -> f64 {
        let distance = a.abs_diff(b) as f64;
        match self {
            Self::None => f64::from(u8::from(a != b)),
            Self::Linear => distance,
            Self::Quadratic => distance * distance,
        }
    }
}

/// For each class that occurs: how often it is true, how often predicted, how often both.
fn tallies(true_labels: &[usize], predicted: &[usize]) -> Result<BTreeMap<usize, [f64; 3]>> {
    check_pairs(true_labels, predicted)?;
    let mut tallies: BTreeMap<usize, [f64; 3]> = BTreeMap::new();
    for (&truth, &guess) in true_labels.iter().zip(predicted) {
        tallies.entry(truth).or_default()[0] += 1.0;
        tallies.entry(guess).or_default()[1] += 1.0;
        if truth == guess {
            tallies.entry(truth).or_default()[2] += 1.0;
        }
    }
    Ok(tallies)
}

/// The mean of the classes' recalls, 0 to 1: accuracy in which each class counts the same. Classes that never occur as
/// true labels are left out. scikit-learn: `balanced_accuracy_score`.
///
/// ```
/// // Always the large class: accuracy says 0.75, this says no better than chance.
/// assert_eq!(tunebook::metrics::balanced_accuracy(&[0, 0, 0, 1], &[0, 0, 0, 0])?, 0.5);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// An error when the two lists differ in length or are empty.
pub fn balanced_accuracy(true_labels: &[usize], predicted: &[usize]) -> Result<f64> {
    let tallies = tallies(true_labels, predicted)?;
    let recalls: Vec<f64> =
        tallies.values().filter(|[truth, ..]| *truth > 0.0).map(|[truth, _, both]| both / truth).collect();
    Ok(recalls.iter().sum::<f64>() / recalls.len() as f64)
}

/// Cohen's kappa, at most 1: agreement beyond what two raters with the same habits would reach by chance (0).
///
/// Cohen, 1960, "A Coefficient of Agreement for Nominal Scales"; weights: Cohen, 1968. scikit-learn: `cohen_kappa_score`.
/// Not a number when only one class occurs on both sides: chance alone agrees then. With weights the class numbers must
/// be in order.
///
/// ```
/// use tunebook::metrics::{KappaWeights, cohen_kappa};
///
/// assert_eq!(cohen_kappa(&[0, 0, 1, 1], &[0, 1, 1, 1], KappaWeights::None)?, 0.5);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// An error when the two lists differ in length or are empty.
pub fn cohen_kappa(true_labels: &[usize], predicted: &[usize], weights: KappaWeights) -> Result<f64> {
    let tallies = tallies(true_labels, predicted)?;
    let items = true_labels.len() as f64;
    let observed: f64 =
        true_labels.iter().zip(predicted).map(|(&truth, &guess)| weights.weight(truth, guess)).sum::<f64>();
    let mut expected = 0.0;
    for (&a, [truth, ..]) in &tallies {
        for (&b, [_, guess, _]) in &tallies {
            expected += weights.weight(a, b) * truth * guess / items;
        }
    }
    Ok(if expected == 0.0 { f64::NAN } else { 1.0 - observed / expected })
}

/// Matthews' correlation coefficient, -1 to 1: the correlation of true and predicted classes, for two classes or more.
///
/// Matthews, 1975; for many classes Gorodkin, 2004, "Comparing two K-category assignments by a K-category correlation
/// coefficient". scikit-learn: `matthews_corrcoef`. 0 when all labels or all predictions are of one class.
///
/// ```
/// assert_eq!(tunebook::metrics::matthews_correlation(&[0, 0, 1, 1], &[1, 1, 0, 0])?, -1.0);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// An error when the two lists differ in length or are empty.
pub fn matthews_correlation(true_labels: &[usize], predicted: &[usize]) -> Result<f64> {
    let tallies = tallies(true_labels, predicted)?;
    let items = true_labels.len() as f64;
    let total = |of: fn(&[f64; 3]) -> f64| tallies.values().map(of).sum::<f64>();
    let covariance = total(|[_, _, both]| *both) * items - total(|[truth, guess, _]| truth * guess);
    let truth = items * items - total(|[truth, ..]| truth * truth);
    let guess = items * items - total(|[_, guess, _]| guess * guess);
    let scale = (truth * guess).sqrt();
    Ok(if scale == 0.0 { 0.0 } else { covariance / scale })
}

//! Whether two lists of numbers rise and fall together: Pearson's and Spearman's correlation.

use super::regression::check_numbers;
use crate::Result;

/// Pearson's correlation coefficient, -1 to 1: how close the pairs lie to a straight line that rises (1) or falls (-1). The
/// line's slope and place do not matter: predictions that are all twice too high correlate perfectly. Semantic similarity
/// (STS) and essay scores are compared by it. scipy: `pearsonr`.
///
/// Not a number for a single item, and when all targets or all predictions are equal: nothing rises or falls then.
///
/// ```
/// use tunebook::metrics::pearson_correlation;
///
/// assert!((pearson_correlation(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0])? - 1.0).abs() < 1e-12);
/// assert!(pearson_correlation(&[1.0, 2.0, 3.0], &[5.0, 5.0, 5.0])?.is_nan());
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// Errors are those of [`mean_absolute_error`](super::mean_absolute_error).
pub fn pearson_correlation(targets: &[f64], predicted: &[f64]) -> Result<f64> {
    check_numbers(targets, predicted)?;
    Ok(pearson(targets, predicted))
}

/// Spearman's rank correlation, -1 to 1: whether a larger target goes with a larger prediction, however much larger
/// (Spearman, 1904, "The Proof and Measurement of Association between Two Things"). It is Pearson's coefficient of the
/// ranks; equal numbers share the mean of their ranks. scipy: `spearmanr`.
///
/// Not a number for a single item, and when all targets or all predictions are equal.
///
/// ```
/// // Any rising curve is as good as a line.
/// let rho = tunebook::metrics::spearman_correlation(&[1.0, 2.0, 3.0, 4.0], &[1.0, 10.0, 100.0, 1000.0])?;
/// assert!((rho - 1.0).abs() < 1e-12);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// Errors are those of [`mean_absolute_error`](super::mean_absolute_error).
pub fn spearman_correlation(targets: &[f64], predicted: &[f64]) -> Result<f64> {
    check_numbers(targets, predicted)?;
    Ok(pearson(&ranks(targets), &ranks(predicted)))
}

/// The cosine of the angle between the two lists, each less its mean.
fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let (Some(a), Some(b)) = (direction(a), direction(b)) else { return f64::NAN };
    // Rounding may carry a perfect correlation a little further.
    a.iter().zip(&b).map(|(x, y)| x * y).sum::<f64>().clamp(-1.0, 1.0)
}

/// The values less their mean, scaled to the length 1; `None` when all are equal, as a single one is.
#[expect(clippy::float_cmp, reason = "equal to the last bit is what is asked")]
fn direction(values: &[f64]) -> Option<Vec<f64>> {
    // Asked of the values themselves: the mean of equal ones can be rounded to beside them.
    if values.iter().all(|value| *value == values[0]) {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let mut centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    // Squares of very large or small numbers leave the range: the largest becomes 1 first.
    let largest = centred.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    for value in &mut centred {
        *value /= largest;
    }
    let length = centred.iter().map(|value| value * value).sum::<f64>().sqrt();
    for value in &mut centred {
        *value /= length;
    }
    Some(centred)
}

/// The rank of each value, counted from 1; equal values have the mean of the ranks they take up.
#[expect(clippy::float_cmp, reason = "only equal values are tied")]
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    // By `==`: the two zeros are tied, though one sorts before the other.
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (tied.len() + 1) as f64 / 2.0;
        for &at in tied {
            ranks[at] = rank;
        }
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn both_equal_scipy() {
        let golden: Value = serde_json::from_str(include_str!("../../tests/data/metrics/scipy.json")).unwrap();
        let cases = golden["correlation"].as_array().unwrap();
        assert!(cases.len() >= 20);
        for case in cases {
            let list =
                |key: &str| case[key].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
            let (targets, predicted) = (list("true"), list("predicted"));
            for (what, ours) in [
                ("pearson", pearson_correlation(&targets, &predicted).unwrap()),
                ("spearman", spearman_correlation(&targets, &predicted).unwrap()),
            ] {
                let same = case[what].as_f64().map_or(ours.is_nan(), |theirs| (ours - theirs).abs() <= 1e-12);
                assert!(same, "{what} of {}: {ours}, not {}", case["name"], case[what]);
            }
        }
    }

    #[test]
    fn pairs_that_cannot_be_compared_are_named() {
        for correlation in [pearson_correlation, spearman_correlation] {
            let error = |targets: &[f64], predicted: &[f64]| correlation(targets, predicted).unwrap_err().to_string();
            assert!(error(&[1.0], &[]).contains("0 predictions for 1"));
            assert!(error(&[], &[]).contains("nothing to measure"));
            assert!(error(&[f64::INFINITY], &[1.0]).contains("target of item 0"));
        }
    }
}

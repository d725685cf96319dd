//! How far predicted numbers are from true ones.

use super::check;
use crate::Result;

/// The mean absolute difference, in the unit of the targets. scikit-learn: `mean_absolute_error`.
///
/// ```
/// assert_eq!(tunebook::metrics::mean_absolute_error(&[1.0, 2.0], &[2.0, 4.0])?, 1.5);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// An error when the two lists differ in length, are empty, or hold a number that is not finite.
pub fn mean_absolute_error(targets: &[f64], predicted: &[f64]) -> Result<f64> {
    check_numbers(targets, predicted)?;
    Ok(mean(targets.iter().zip(predicted).map(|(target, guess)| (target - guess).abs())))
}

/// The root of the mean squared difference, in the unit of the targets. scikit-learn: `root_mean_squared_error`.
///
/// ```
/// assert_eq!(tunebook::metrics::root_mean_squared_error(&[0.0, 0.0], &[1.0, 7.0])?, 5.0);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// Errors are those of [`mean_absolute_error`].
pub fn root_mean_squared_error(targets: &[f64], predicted: &[f64]) -> Result<f64> {
    check_numbers(targets, predicted)?;
    Ok(mean(targets.iter().zip(predicted).map(|(target, guess)| (target - guess).powi(2))).sqrt())
}

/// The coefficient of determination (R²), at most 1: the share of the targets' variance that is predicted; 0 is as good as
/// their mean. scikit-learn: `r2_score`.
///
/// Not a number for a single item. When all targets are equal: 1 if all are met exactly, else 0.
///
/// ```
/// assert_eq!(tunebook::metrics::r2_score(&[1.0, 2.0, 3.0], &[2.0, 2.0, 2.0])?, 0.0);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// Errors are those of [`mean_absolute_error`].
pub fn r2_score(targets: &[f64], predicted: &[f64]) -> Result<f64> {
    check_numbers(targets, predicted)?;
    if targets.len() < 2 {
        return Ok(f64::NAN);
    }
    let centre = mean(targets.iter().copied());
    let residual: f64 = targets.iter().zip(predicted).map(|(target, guess)| (target - guess).powi(2)).sum();
    let total: f64 = targets.iter().map(|target| (target - centre).powi(2)).sum();
    Ok(match (residual == 0.0, total == 0.0) {
        (true, _) => 1.0,
        (false, true) => 0.0,
        (false, false) => 1.0 - residual / total,
    })
}

pub(super) fn check_numbers(targets: &[f64], predicted: &[f64]) -> Result<()> {
    check::lengths("predictions", predicted.len(), targets.len())?;
    check::finite("target", targets)?;
    check::finite("prediction", predicted)
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

//! What a model's run over a data set gives, when its answers are numbers.

use std::fmt;

use super::html::{Cell, HtmlTable};
use super::{Bootstrap, ConfidenceInterval, correlation, regression};
use crate::Result;
use crate::notebook::Display;
use crate::words::grouped;

/// True and predicted numbers of a data set, in the target's own unit, and how far they are apart.
///
/// ```
/// use tunebook::metrics::RegressionEvaluation;
///
/// let evaluation = RegressionEvaluation::new(vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 6.0])?;
/// assert_eq!((evaluation.mean_absolute_error, evaluation.residuals()), (1.0, vec![0.0, 0.0, 3.0]));
/// println!("{evaluation}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RegressionEvaluation {
    /// The mean squared difference in the unit that the model learns, as the loss of an epoch; of
    /// [`new`](RegressionEvaluation::new) in the targets' unit.
    pub loss: f64,
    /// The true number of each item.
    pub targets: Vec<f64>,
    /// The predicted number of each item.
    pub predictions: Vec<f64>,
    /// The mean absolute difference, in the targets' unit; see [`mean_absolute_error`](super::mean_absolute_error).
    pub mean_absolute_error: f64,
    /// The root of the mean squared difference, in the targets' unit; see
    /// [`root_mean_squared_error`](super::root_mean_squared_error).
    pub root_mean_squared_error: f64,
    /// The share of the targets' variance that is predicted, at most 1; see [`r2_score`](super::r2_score).
    pub r2: f64,
    /// How close targets and predictions lie to a rising line, -1 to 1; see
    /// [`pearson_correlation`](super::pearson_correlation).
    pub pearson: f64,
    /// Whether they stand in the same order, -1 to 1; see [`spearman_correlation`](super::spearman_correlation).
    pub spearman: f64,
}

impl RegressionEvaluation {
    /// Measures predictions against targets, one each, in the same order.
    ///
    /// An error when the two lists differ in length, are empty, or hold a number that is not finite.
    ///
    /// See [`RegressionEvaluation`] for an example.
    pub fn new(targets: Vec<f64>, predictions: Vec<f64>) -> Result<Self> {
        let root_mean_squared_error = regression::root_mean_squared_error(&targets, &predictions)?;
        Ok(Self {
            loss: root_mean_squared_error.powi(2),
            mean_absolute_error: regression::mean_absolute_error(&targets, &predictions)?,
            root_mean_squared_error,
            r2: regression::r2_score(&targets, &predictions)?,
            pearson: correlation::pearson_correlation(&targets, &predictions)?,
            spearman: correlation::spearman_correlation(&targets, &predictions)?,
            targets,
            predictions,
        })
    }

    /// The same evaluation of a model that learns the targets divided by `deviation`: its loss is in that unit.
    ///
    /// ```
    /// use tunebook::metrics::RegressionEvaluation;
    /// let evaluation = RegressionEvaluation::new(vec![10.0, 20.0], vec![12.0, 18.0])?;
    /// assert_eq!((evaluation.loss, evaluation.in_deviations_of(2.0).loss), (4.0, 1.0));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn in_deviations_of(self, deviation: f64) -> Self {
        Self { loss: self.root_mean_squared_error.powi(2) / deviation.powi(2), ..self }
    }

    /// Predicted minus true number of each item.
    pub fn residuals(&self) -> Vec<f64> {
        self.predictions.iter().zip(&self.targets).map(|(guess, target)| guess - target).collect()
    }

    /// The bootstrap interval of a metric; see [`Bootstrap::interval`]. `metric` gets evaluations of samples; their `loss` is
    /// that of the whole.
    ///
    /// ```
    /// use tunebook::metrics::{Bootstrap, RegressionEvaluation};
    /// let evaluation = RegressionEvaluation::new(vec![1.0, 2.0, 3.0], vec![1.0, 2.5, 2.0])?;
    /// let interval = evaluation.bootstrap(&Bootstrap::default(), |sample| sample.mean_absolute_error)?;
    /// assert!(interval.lower <= interval.estimate && interval.estimate <= interval.upper);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn bootstrap(&self, bootstrap: &Bootstrap, metric: impl Fn(&Self) -> f64) -> Result<ConfidenceInterval> {
        bootstrap.interval(self.targets.len(), |items| {
            let of = |values: &[f64]| items.iter().map(|item| values[*item]).collect();
            let sample = Self::new(of(&self.targets), of(&self.predictions));
            sample.map_or(f64::NAN, |sample| metric(&Self { loss: self.loss, ..sample }))
        })
    }

    /// The metrics as a rich value: an HTML table and text.
    pub fn display(&self) -> Display {
        let title = format!("Regression, {} items", grouped(self.targets.len()));
        let mut table = HtmlTable::new(&title, &["metric", "value"]);
        for (name, value) in [
            ("mean absolute error", format!("{:.4}", self.mean_absolute_error)),
            ("root mean squared error", format!("{:.4}", self.root_mean_squared_error)),
            ("R²", format!("{:.4}", self.r2)),
            ("Pearson correlation", format!("{:.4}", self.pearson)),
            ("Spearman correlation", format!("{:.4}", self.spearman)),
        ] {
            table.row(name, &[Cell::plain(value)], false);
        }
        Display::html(table.finish(&[])).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }
}

/// One line, without the loss, which depends on the model: items, mean absolute error, root mean squared error, R², Pearson's and Spearman's correlation.
impl fmt::Display for RegressionEvaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = grouped(self.targets.len());
        let (mae, rmse) = (self.mean_absolute_error, self.root_mean_squared_error);
        write!(
            f,
            "{items} items: mean absolute error {mae:.4}, root mean squared error {rmse:.4}, R² {:.4}, ",
            self.r2
        )?;
        write!(f, "Pearson {:.4}, Spearman {:.4}", self.pearson, self.spearman)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "both sides run the same code, or are exact")]
    fn the_line_and_the_fields_say_what_the_functions_do() {
        let (targets, predictions) = (vec![1.0, 2.0, 4.0, 5.0], vec![1.0, 3.0, 4.0, 3.0]);
        let evaluation = RegressionEvaluation::new(targets.clone(), predictions.clone()).unwrap();
        assert_eq!(evaluation.mean_absolute_error, 0.75);
        assert_eq!(evaluation.root_mean_squared_error, 1.25f64.sqrt());
        assert_eq!(evaluation.r2, regression::r2_score(&targets, &predictions).unwrap());
        assert_eq!(evaluation.residuals(), [0.0, 1.0, 0.0, -2.0]);
        // Means 3 and 2.75: 5 / sqrt(10 * 4.75). Ranks 1 2 3 4 and 1 2.5 4 2.5: 3 / sqrt(5 * 4.5).
        let line = "4 items: mean absolute error 0.7500, root mean squared error 1.1180, R² 0.5000, \
                    Pearson 0.7255, Spearman 0.6325";
        assert_eq!(evaluation.to_string(), line);
        assert!(evaluation.display().get("text/html").is_some_and(|html| html.contains("0.7500")));
    }

    #[test]
    fn predictions_that_cannot_be_measured_are_named() {
        let error = |targets, predictions| RegressionEvaluation::new(targets, predictions).unwrap_err().to_string();
        assert!(error(vec![1.0], vec![]).contains("0 predictions for 1"));
        assert!(error(vec![], vec![]).contains("nothing to measure"));
        assert!(error(vec![1.0], vec![f64::NAN]).contains("prediction of item 0"));
    }
}

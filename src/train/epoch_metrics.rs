//! What an epoch measures beside loss and accuracy, from the same pass over the validation data.

use std::collections::BTreeMap;

use super::Targets;
use super::loss::softmax_row;
use crate::Result;
use crate::metrics::{Evaluation, MultiLabelReport, RegressionEvaluation};

/// What every run measures.
pub(super) const LOSS: &str = "val_loss";
/// What is measured where an answer is right or wrong.
pub(super) const ACCURACY: &str = "val_accuracy";

const OF_CLASSES: [&str; 7] = [
    LOSS,
    ACCURACY,
    "val_balanced_accuracy",
    "val_macro_f1",
    "val_weighted_f1",
    "val_matthews_correlation",
    "val_roc_auc",
];
const OF_LABELS: [&str; 6] = [LOSS, ACCURACY, "val_macro_f1", "val_micro_f1", "val_weighted_f1", "val_subset_accuracy"];
const OF_VALUES: [&str; 4] = [LOSS, "val_mae", "val_rmse", "val_r2"];

/// Whether a larger value of the metric is the better one; `None` for a name that no targets have.
pub(super) fn larger_is_better(name: &str) -> Option<bool> {
    let known = [&OF_CLASSES[..], &OF_LABELS, &OF_VALUES].concat().contains(&name);
    known.then_some(!matches!(name, LOSS | "val_mae" | "val_rmse"))
}

/// All names, each once.
pub(super) fn every_name() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for name in [&OF_CLASSES[..], &OF_LABELS, &OF_VALUES].concat() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl Targets {
    /// The names of what an epoch measures where answers are such: what [`EarlyStopping::on`](super::EarlyStopping::on) can
    /// watch. Classes, labels and numbers have different ones.
    ///
    /// ```
    /// use tunebook::train::Targets;
    /// assert_eq!(Targets::Values(vec![1.5]).metric_names(), ["val_loss", "val_mae", "val_rmse", "val_r2"]);
    /// assert!(Targets::Classes(vec![0, 1]).metric_names().contains(&"val_macro_f1"));
    /// ```
    pub fn metric_names(&self) -> &'static [&'static str] {
        match self {
            Self::Classes(_) => &OF_CLASSES,
            Self::Labels(_) => &OF_LABELS,
            Self::Values(_) => &OF_VALUES,
        }
    }

    /// All that [`Targets::metric_names`] names but loss and accuracy, which [`Targets::measure`] gives, for a model's
    /// outputs. F1 scores count 0 / 0 as 0; a label is given from probability one half on; errors of numbers are in the unit
    /// of the targets. What cannot be measured, such as the area under the ROC curve where a class never occurs, is no number,
    /// and so is all of it when an output is none.
    ///
    /// ```
    /// use tunebook::train::Targets;
    /// let metrics = Targets::Classes(vec![0, 0, 1]).metrics(&[vec![2.0, 0.0], vec![1.0, 0.0], vec![3.0, 0.0]]);
    /// assert_eq!(metrics["val_balanced_accuracy"], 0.5); // the second class was never found
    /// ```
    pub fn metrics(&self, outputs: &[Vec<f32>]) -> BTreeMap<String, f64> {
        let values = match self {
            Self::Classes(labels) => of_classes(labels, outputs),
            Self::Labels(labels) => of_labels(labels, outputs),
            Self::Values(values) => of_values(values, outputs),
        };
        // Outputs that are no numbers, or no rows: nothing was measured.
        let values = values.unwrap_or_default();
        let names = self.metric_names().iter().filter(|name| !matches!(**name, LOSS | ACCURACY));
        names.map(|name| ((*name).to_owned(), values.get(name).copied().unwrap_or(f64::NAN))).collect()
    }
}

fn of_classes(labels: &[usize], outputs: &[Vec<f32>]) -> Result<BTreeMap<&'static str, f64>> {
    let names = numbered(outputs);
    let probabilities = outputs.iter().map(|row| softmax_row(row, 0).0).collect();
    // The loss is measured elsewhere.
    let evaluation = Evaluation::new(f64::NAN, labels.to_vec(), probabilities, names)?;
    let report = evaluation.classification_report();
    Ok(BTreeMap::from([
        ("val_balanced_accuracy", evaluation.balanced_accuracy()?),
        ("val_macro_f1", report.macro_average().f1),
        ("val_weighted_f1", report.weighted_average().f1),
        ("val_matthews_correlation", evaluation.matthews_correlation()?),
        ("val_roc_auc", evaluation.roc_auc()?),
    ]))
}

fn of_labels(labels: &[Vec<f32>], outputs: &[Vec<f32>]) -> Result<BTreeMap<&'static str, f64>> {
    if outputs.iter().flatten().any(|output| !output.is_finite()) {
        return Ok(BTreeMap::new());
    }
    let truth: Vec<Vec<bool>> = labels.iter().map(|row| row.iter().map(|label| *label > 0.5).collect()).collect();
    let given: Vec<Vec<bool>> = outputs.iter().map(|row| row.iter().map(|output| *output > 0.0).collect()).collect();
    let report = MultiLabelReport::new(&truth, &given, &numbered(outputs))?;
    Ok(BTreeMap::from([
        ("val_macro_f1", report.macro_average().f1),
        ("val_micro_f1", report.micro_average().f1),
        ("val_weighted_f1", report.weighted_average().f1),
        ("val_subset_accuracy", report.subset_accuracy()),
    ]))
}

fn of_values(values: &[f32], outputs: &[Vec<f32>]) -> Result<BTreeMap<&'static str, f64>> {
    let targets = values.iter().copied().map(f64::from).collect();
    let predictions = outputs.iter().map(|row| row.first().map_or(f64::NAN, |output| f64::from(*output))).collect();
    let evaluation = RegressionEvaluation::new(targets, predictions)?;
    Ok(BTreeMap::from([
        ("val_mae", evaluation.mean_absolute_error),
        ("val_rmse", evaluation.root_mean_squared_error),
        ("val_r2", evaluation.r2),
    ]))
}

/// Names for the outputs, which the scores do not depend on.
fn numbered(outputs: &[Vec<f32>]) -> Vec<String> {
    (0..outputs.first().map_or(0, Vec::len)).map(|place| place.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::{ACCURACY, LOSS, every_name, larger_is_better};
    use crate::train::Targets;

    #[test]
    fn every_name_has_a_value_and_a_direction() {
        for (targets, outputs) in [
            (Targets::Classes(vec![0, 1, 1]), vec![vec![2.0, 0.0], vec![1.0, 0.0], vec![0.0, 3.0]]),
            (Targets::Labels(vec![vec![1.0, 0.0], vec![1.0, 1.0]]), vec![vec![2.0, 1.0], vec![1.0, -2.0]]),
            (Targets::Values(vec![1.0, 2.0, 4.0]), vec![vec![1.0], vec![3.0], vec![4.0]]),
        ] {
            let metrics = targets.metrics(&outputs);
            let beside = targets.metric_names().iter().filter(|name| ![LOSS, ACCURACY].contains(name));
            assert!(beside.clone().all(|name| metrics[*name].is_finite() && larger_is_better(name).is_some()));
            assert_eq!(metrics.len(), beside.count());
            // What is no number is measured by nothing.
            let mut broken = outputs;
            broken[0][0] = f32::NAN;
            assert!(targets.metrics(&broken).values().all(|value| value.is_nan()));
            assert_eq!(targets.metrics(&[]).len(), metrics.len());
        }
        assert_eq!(larger_is_better("loss"), None);
        assert!(every_name().len() > 10 && every_name().iter().all(|name| larger_is_better(name).is_some()));
    }

    #[test]
    fn the_scores_are_those_of_the_counts() {
        // Confusions: class 0 right twice of three, class 1 right once of one.
        let outputs = vec![vec![2.0, 0.0], vec![1.0, 0.0], vec![0.0, 3.0], vec![0.0, 1.0]];
        let metrics = Targets::Classes(vec![0, 0, 0, 1]).metrics(&outputs);
        let (first, second) = (0.8, 2.0 / 3.0);
        assert!((metrics["val_macro_f1"] - f64::midpoint(first, second)).abs() < 1e-12);
        assert!((metrics["val_weighted_f1"] - (3.0 * first + second) / 4.0).abs() < 1e-12);
        assert!((metrics["val_balanced_accuracy"] - 5.0 / 6.0).abs() < 1e-12);
        // One of the three of class 0 looks more like class 1 than the one of class 1 does.
        assert!((metrics["val_roc_auc"] - 2.0 / 3.0).abs() < 1e-12);
        assert!(Targets::Classes(vec![0, 0]).metrics(&outputs[..2])["val_roc_auc"].is_nan());

        let outputs = vec![vec![2.0, -1.0], vec![-1.0, -2.0]];
        let metrics = Targets::Labels(vec![vec![1.0, 0.0], vec![1.0, 1.0]]).metrics(&outputs);
        assert!((metrics["val_micro_f1"] - 0.5).abs() < 1e-12 && (metrics["val_macro_f1"] - 1.0 / 3.0).abs() < 1e-12);
        assert!((metrics["val_subset_accuracy"] - 0.5).abs() < 1e-12);

        let metrics =
            Targets::Values(vec![1.0, 2.0, 4.0, 5.0]).metrics(&[[1.0], [3.0], [4.0], [3.0]].map(|row| row.to_vec()));
        assert!((metrics["val_mae"] - 0.75).abs() < 1e-12 && (metrics["val_r2"] - 0.5).abs() < 1e-12);
        assert!((metrics["val_rmse"].powi(2) - 1.25).abs() < 1e-12);
    }
}

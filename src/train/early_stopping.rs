//! Stopping when validation no longer improves.

use super::epoch_metrics::{every_name, larger_is_better};
use super::progress::Bits;
use super::{EpochRecord, Targets};
use crate::{Error, Result};

/// Stops a run when a metric has not improved for some epochs, and restores the best epoch's weights.
///
/// The best weights are restored at the end in any case, also when the run was not stopped early.
///
/// ```
/// use tunebook::train::EarlyStopping;
/// let stopping = EarlyStopping::on("val_accuracy").patience(3);
/// assert_eq!(stopping.metric(), "val_accuracy");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStopping {
    metric: String,
    patience: usize,
    min_delta: f64,
}

impl EarlyStopping {
    /// Watches a metric of the validation data, whose best epoch is kept. Patience is 2 epochs.
    ///
    /// | targets | metrics |
    /// | --- | --- |
    /// | all | `val_loss` |
    /// | classes | `val_accuracy`, `val_balanced_accuracy`, `val_macro_f1`, `val_weighted_f1`, `val_matthews_correlation`, `val_roc_auc` |
    /// | any number of labels | `val_accuracy` of single decisions, `val_macro_f1`, `val_micro_f1`, `val_weighted_f1`, `val_subset_accuracy` |
    /// | numbers | `val_mae`, `val_rmse`, `val_r2` |
    ///
    /// Of loss, `val_mae` and `val_rmse` smaller is better, of all others larger. Another name, or one that the targets do not
    /// have, is an error before the training. All are measured from one pass over the validation data, whichever is watched;
    /// see [`Targets::metrics`] for what they are exactly. The checkpoints that
    /// [`Checkpoints::keep_best`](super::Checkpoints::keep_best) keeps go by it too.
    ///
    /// ```
    /// use tunebook::prelude::*;
    /// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
    /// let (train, validation) = (data.train.few_shot(2, 42)?, data.validation.few_shot(1, 42)?);
    /// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
    /// let trainer = Trainer::new(model).method(Method::FeatureExtraction).observer(Quiet);
    /// let report = trainer.early_stopping(EarlyStopping::on("val_macro_f1")).fit(&train, &validation)?;
    /// let kept = report.kept_epoch().and_then(|epoch| epoch.metric("val_macro_f1"));
    /// assert_eq!(kept, report.history().metric("val_macro_f1").into_iter().reduce(f64::max));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn on(metric: &str) -> Self {
        Self { metric: metric.to_owned(), patience: 2, min_delta: 0.0 }
    }

    /// How many epochs in a row may pass without improvement; 1 or more.
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// How much better an epoch must be to count as improved; 0 or more.
    pub fn min_delta(mut self, delta: f64) -> Self {
        self.min_delta = delta;
        self
    }

    /// The watched metric.
    pub fn metric(&self) -> &str {
        &self.metric
    }

    pub(super) fn watch(&self) -> Result<Watch> {
        let Some(larger_is_better) = larger_is_better(&self.metric) else {
            let problem = format!("{:?} is not a metric of an epoch", self.metric);
            let mend = format!("use one of {}", every_name().join(", "));
            return Err(Error::input("EarlyStopping::on", problem, mend));
        };
        if self.patience == 0 {
            return Err(Error::input("EarlyStopping::patience", "is 0", "give 1 or more"));
        }
        if !(self.min_delta >= 0.0 && self.min_delta.is_finite()) {
            return Err(Error::input("EarlyStopping::min_delta", format!("is {}", self.min_delta), "give 0.0 or more"));
        }
        Ok(Watch { rule: self.clone(), larger_is_better, best: None, waited: 0 })
    }
}

/// The state of the rule during a run.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    rule: EarlyStopping,
    larger_is_better: bool,
    best: Option<(usize, f64)>,
    waited: usize,
}

/// What an epoch means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The best so far: keep its weights.
    Improved,
    /// Not better, but there is patience left.
    Waiting,
    /// Patience is at its end.
    Stop,
}

impl Watch {
    /// The watched metric.
    pub(super) fn metric(&self) -> &str {
        &self.rule.metric
    }

    /// Whether the validation data have what is watched, for a model with so many outputs, or an error that says so.
    pub(super) fn check(&self, targets: &Targets, outputs: usize) -> Result<()> {
        let (metric, names) = (self.metric(), targets.metric_names());
        if !names.contains(&metric) {
            let kind = match targets {
                Targets::Classes(_) => "one class for each row",
                Targets::Labels(_) => "any number of labels for each row",
                Targets::Values(_) => "numbers, of which none is right or wrong",
            };
            let problem = format!("\"{metric}\" is not measured where targets are {kind}");
            return Err(Error::input("EarlyStopping::on", problem, format!("use one of {}", names.join(", "))));
        }
        // Whatever the outputs are, some data have no value, such as an area under the ROC curve without a second class.
        let measured = targets.metrics(&vec![vec![0.0; outputs]; targets.len()]);
        if measured.get(metric).is_some_and(|value| value.is_nan()) {
            let problem = format!("\"{metric}\" cannot be measured on the validation data");
            let mend = "give validation data with rows of every class, and at least two rows; or watch another metric";
            return Err(Error::input("EarlyStopping::on", problem, mend));
        }
        Ok(())
    }

    pub(super) fn observe(&mut self, record: &EpochRecord) -> Verdict {
        let value = match record.metric(self.metric()).unwrap_or(f64::NAN) {
            // The worst there is, so that a later number is an improvement.
            value if value.is_nan() => f64::NEG_INFINITY,
            value if self.larger_is_better => value,
            value => -value,
        };
        if value > f64::NEG_INFINITY && self.best.is_none_or(|(_, best)| value > best + self.rule.min_delta) {
            self.best = Some((record.epoch, value));
            self.waited = 0;
            return Verdict::Improved;
        }
        self.waited += 1;
        if self.waited >= self.rule.patience { Verdict::Stop } else { Verdict::Waiting }
    }

    /// Best epoch, its value, and epochs waited since, for a checkpoint.
    pub(super) fn state(&self) -> Option<(usize, Bits, usize)> {
        self.best.map(|(epoch, value)| (epoch, Bits(value), self.waited))
    }

    /// Goes on from what [`Watch::state`] gave.
    pub(super) fn restore(&mut self, (epoch, value, waited): (usize, Bits, usize)) {
        self.best = Some((epoch, value.0));
        self.waited = waited;
    }

    /// The best epoch, counted from 1.
    pub(super) fn best_epoch(&self) -> Option<usize> {
        self.best.map(|(epoch, _)| epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::{EarlyStopping, Verdict};
    use crate::train::{EpochRecord, Targets};

    fn verdicts(rule: &EarlyStopping, values: &[f64]) -> Vec<Verdict> {
        let mut watch = rule.watch().unwrap();
        let record = |(i, v): (usize, &f64)| EpochRecord {
            epoch: i + 1,
            val_loss: *v,
            val_accuracy: *v,
            ..EpochRecord::default()
        };
        values.iter().enumerate().map(|v| watch.observe(&record(v))).collect()
    }

    #[test]
    fn counts_epochs_without_improvement() {
        use Verdict::{Improved, Stop, Waiting};
        let rule = EarlyStopping::on("val_loss").patience(2);
        assert_eq!(verdicts(&rule, &[1.0, 1.1, 0.9, 0.9, 0.95]), [Improved, Waiting, Improved, Waiting, Stop]);
        let rule = EarlyStopping::on("val_accuracy").patience(1).min_delta(0.1);
        assert_eq!(verdicts(&rule, &[0.5, 0.7, 0.75]), [Improved, Improved, Stop]);
    }

    #[test]
    fn an_epoch_without_a_number_is_the_worst() {
        use Verdict::{Improved, Waiting};
        let rule = EarlyStopping::on("val_loss").patience(5);
        assert_eq!(verdicts(&rule, &[f64::NAN, 1.0, f64::NAN, 0.5]), [Waiting, Improved, Waiting, Improved]);
    }

    #[test]
    fn unknown_metrics_and_bad_numbers_are_errors() {
        let message = EarlyStopping::on("loss").watch().unwrap_err().to_string();
        assert!(message.contains("val_accuracy") && message.contains("val_r2"), "{message}");
        let refused = |metric: &str, targets: &Targets, outputs: usize| {
            let watch = EarlyStopping::on(metric).watch().unwrap();
            watch.check(targets, outputs).err().map(|error| error.to_string())
        };
        let numbers = Targets::Values(vec![1.5, 2.0]);
        let message = refused("val_accuracy", &numbers, 1).unwrap();
        assert!(message.contains("numbers") && message.contains("val_loss, val_mae, val_rmse, val_r2"), "{message}");
        assert!(refused("val_macro_f1", &numbers, 1).is_some() && refused("val_r2", &numbers, 1).is_none());
        let message = refused("val_r2", &Targets::Values(vec![1.5]), 1).unwrap();
        assert!(message.contains("cannot be measured") && message.contains("two rows"), "{message}");
        let classes = Targets::Classes(vec![0, 1, 1]);
        for metric in classes.metric_names() {
            assert_eq!(refused(metric, &classes, 2), None);
        }
        assert!(refused("val_roc_auc", &classes, 3).unwrap().contains("rows of every class"));
        assert!(refused("val_micro_f1", &classes, 2).unwrap().contains("one class for each row"));
        assert_eq!(refused("val_micro_f1", &Targets::Labels(vec![vec![1.0, 0.0]]), 2), None);
        assert!(EarlyStopping::on("val_loss").patience(0).watch().is_err());
        assert!(EarlyStopping::on("val_loss").min_delta(f64::NAN).watch().is_err());
    }
}

//! Stopping when validation no longer improves.

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
    /// Watches `val_loss` (smaller is better) or `val_accuracy` (larger is better; not for a regression). Patience is 2
    /// epochs.
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
        let larger_is_better = match self.metric.as_str() {
            "val_loss" => false,
            "val_accuracy" => true,
            other => {
                return Err(Error::input(
                    "EarlyStopping::on",
                    format!("{other:?} is not a metric of an epoch"),
                    "use \"val_loss\" or \"val_accuracy\"",
                ));
            }
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
    /// Whether the validation data have what is watched, or an error that says so.
    pub(super) fn check(&self, targets: &Targets) -> Result<()> {
        if self.larger_is_better && !targets.has_accuracy() {
            return Err(Error::input(
                "EarlyStopping::on",
                "\"val_accuracy\" is not measured: the targets are numbers, of which none is right or wrong",
                "use \"val_loss\"",
            ));
        }
        Ok(())
    }

    pub(super) fn observe(&mut self, record: &EpochRecord) -> Verdict {
        let value = if self.larger_is_better { record.val_accuracy } else { -record.val_loss };
        if self.best.is_none_or(|(_, best)| value > best + self.rule.min_delta) {
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
    fn unknown_metrics_and_bad_numbers_are_errors() {
        assert!(EarlyStopping::on("loss").watch().unwrap_err().to_string().contains("val_accuracy"));
        let watch = |metric: &str| EarlyStopping::on(metric).watch().unwrap();
        let message = watch("val_accuracy").check(&Targets::Values(vec![1.5])).unwrap_err().to_string();
        assert!(message.contains("numbers") && message.contains("use \"val_loss\""), "{message}");
        watch("val_loss").check(&Targets::Values(vec![1.5])).unwrap();
        watch("val_accuracy").check(&Targets::Classes(vec![1])).unwrap();
        assert!(EarlyStopping::on("val_loss").patience(0).watch().is_err());
        assert!(EarlyStopping::on("val_loss").min_delta(f64::NAN).watch().is_err());
    }
}

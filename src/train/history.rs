//! What each epoch measured.

use std::fmt;

/// One epoch of a run.
///
/// ```
/// use tunebook::train::EpochRecord;
/// let epoch = EpochRecord { epoch: 3, val_loss: 0.42, val_accuracy: 0.9, ..EpochRecord::default() };
/// assert!(epoch.val_accuracy > 0.5);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss over the epoch's batches, as trained: with dropout and label smoothing.
    pub train_loss: f64,
    /// Mean loss on the validation data, without smoothing and class weights: cross-entropy in nats, or the mean squared
    /// error of a regression.
    pub val_loss: f64,
    /// Share of right answers on the validation data, 0 to 1; not a number where answers are numbers, of which none is
    /// right or wrong.
    pub val_accuracy: f64,
    /// The learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// How long the epoch took, validation included.
    pub seconds: f64,
}

/// The epochs of a run, in order.
///
/// ```
/// use tunebook::prelude::*;
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let (train, validation) = (data.train.few_shot(2, 42)?, data.validation.few_shot(1, 42)?);
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let report = Trainer::new(model).method(Method::FeatureExtraction).observer(Quiet).fit(&train, &validation)?;
/// let history = report.history();
/// assert_eq!(history.epochs().len(), 3);
/// assert_eq!(history.last().map(|epoch| epoch.epoch), Some(3));
/// println!("{history}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub(super) epochs: Vec<EpochRecord>,
}

impl History {
    /// Every epoch.
    pub fn epochs(&self) -> &[EpochRecord] {
        &self.epochs
    }

    /// The last epoch.
    pub fn last(&self) -> Option<&EpochRecord> {
        self.epochs.last()
    }

    /// The epoch of this number, counted from 1.
    pub fn epoch(&self, number: usize) -> Option<&EpochRecord> {
        self.epochs.iter().find(|e| e.epoch == number)
    }

    /// Training losses, for a chart.
    pub fn train_loss(&self) -> Vec<f64> {
        self.epochs.iter().map(|e| e.train_loss).collect()
    }

    /// Validation losses, for a chart.
    pub fn val_loss(&self) -> Vec<f64> {
        self.epochs.iter().map(|e| e.val_loss).collect()
    }

    /// Validation accuracies, for a chart; see [`EpochRecord::val_accuracy`].
    pub fn val_accuracy(&self) -> Vec<f64> {
        self.epochs.iter().map(|e| e.val_accuracy).collect()
    }
}

/// A table, one line an epoch; without a column of accuracies where there are none.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_accuracy = self.epochs.is_empty() || self.epochs.iter().any(|e| !e.val_accuracy.is_nan());
        let title = if has_accuracy { "val accuracy  " } else { "" };
        writeln!(f, "epoch  train loss  val loss  {title}learning rate  seconds")?;
        for e in &self.epochs {
            write!(f, "{:>5}  {:>10.4}  {:>8.4}  ", e.epoch, e.train_loss, e.val_loss)?;
            if has_accuracy {
                write!(f, "{:>10.1} %  ", e.val_accuracy * 100.0)?;
            }
            writeln!(f, "{:>13.2e}  {:>7.1}", e.learning_rate, e.seconds)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{EpochRecord, History};

    #[test]
    fn a_regression_has_no_column_of_accuracies() {
        let record =
            EpochRecord { epoch: 1, train_loss: 0.5, val_loss: 0.25, learning_rate: 1e-3, ..Default::default() };
        let shown = |val_accuracy| History { epochs: vec![EpochRecord { val_accuracy, ..record.clone() }] }.to_string();
        assert_eq!(
            shown(0.75),
            "epoch  train loss  val loss  val accuracy  learning rate  seconds\n    1      0.5000    0.2500        75.0 %        \
             1.00e-3      0.0\n"
        );
        assert_eq!(
            shown(f64::NAN),
            "epoch  train loss  val loss  learning rate  seconds\n    1      0.5000    0.2500        1.00e-3      0.0\n"
        );
    }
}

//! What each epoch measured.

use std::fmt;

/// One epoch of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss over the epoch's batches, as trained: with dropout and label smoothing.
    pub train_loss: f64,
    /// Mean cross-entropy on the validation data, in nats.
    pub val_loss: f64,
    /// Share of right answers on the validation data, 0 to 1.
    pub val_accuracy: f64,
    /// The learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// How long the epoch took, validation included.
    pub seconds: f64,
}

/// The epochs of a run, in order.
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

    /// Validation accuracies, for a chart.
    pub fn val_accuracy(&self) -> Vec<f64> {
        self.epochs.iter().map(|e| e.val_accuracy).collect()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "epoch  train loss  val loss  val accuracy  learning rate  seconds")?;
        for e in &self.epochs {
            writeln!(
                f,
                "{:>5}  {:>10.4}  {:>8.4}  {:>10.1} %  {:>13.2e}  {:>7.1}",
                e.epoch,
                e.train_loss,
                e.val_loss,
                e.val_accuracy * 100.0,
                e.learning_rate,
                e.seconds
            )?;
        }
        Ok(())
    }
}

//! Watching a run from outside: what a live chart, a progress bar or a test hangs on to.

use super::{EpochRecord, Method};

/// What a run is about to do.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingPlan {
    /// The strategy.
    pub method: Method,
    /// The largest learning rate.
    pub learning_rate: f64,
    /// Whether it is the pretrained source's default.
    pub is_default_rate: bool,
    /// The pretrained source.
    pub source: String,
    /// Passes over the data.
    pub epochs: usize,
    /// Steps of one epoch.
    pub batches_per_epoch: usize,
    /// Texts to train on.
    pub samples: usize,
    /// Numbers that training may change.
    pub trainable_parameters: usize,
    /// Numbers that the model holds.
    pub total_parameters: usize,
}

/// One step of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRecord {
    /// Counted from 1, over all epochs.
    pub step: usize,
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// How far the run is, in epochs: 0.5 is half of the first.
    pub progress: f64,
    /// The batch's loss.
    pub loss: f64,
    /// The step's learning rate.
    pub learning_rate: f64,
    /// Norm of all gradients before clipping.
    pub gradient_norm: f64,
}

/// Is told what a run does. Every method has an empty default.
///
/// ```
/// use tunebook::train::{EpochRecord, Observer};
/// struct Losses(Vec<f64>);
/// impl Observer for Losses {
///     fn on_epoch(&mut self, record: &EpochRecord) {
///         self.0.push(record.val_loss);
///     }
/// }
/// ```
pub trait Observer {
    /// While a frozen encoder turns the texts into vectors, once before the first step: how many of how many.
    fn on_encode(&mut self, done: usize, total: usize) {
        let _ = (done, total);
    }

    /// Before the first step.
    fn on_start(&mut self, plan: &TrainingPlan) {
        let _ = plan;
    }

    /// After each step.
    fn on_step(&mut self, record: &StepRecord) {
        let _ = record;
    }

    /// After each epoch's validation.
    fn on_epoch(&mut self, record: &EpochRecord) {
        let _ = record;
    }

    /// After the last epoch; `best_epoch` is the one whose weights were restored, counted from 1.
    fn on_end(&mut self, best_epoch: Option<usize>) {
        let _ = best_epoch;
    }
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quiet;

impl Observer for Quiet {}

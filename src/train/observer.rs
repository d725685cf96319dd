//! Watching a run from outside: what a live chart, a progress bar or a test hangs on to.

use super::epoch_metrics::{ACCURACY, LOSS};
use super::{EpochRecord, Gradients, Method};
use crate::chart::LearningCurves;
use crate::model::CutTexts;

/// What a run is about to do.
///
/// ```
/// use tunebook::train::{Observer, TrainingPlan};
/// struct Steps(usize);
/// impl Observer for Steps {
///     fn on_start(&mut self, plan: &TrainingPlan) {
///         self.0 = plan.epochs * plan.batches_per_epoch;
///     }
/// }
/// ```
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
    /// Where the model computes, as [`crate::model::device_name`] says it.
    pub device: String,
    /// Passes over the data.
    pub epochs: usize,
    /// Steps of one epoch.
    pub batches_per_epoch: usize,
    /// Rows to train on.
    pub samples: usize,
    /// Training texts that are longer than the model reads; `None` for models that read no texts.
    pub texts_cut: Option<CutTexts>,
    /// The rows that batch normalisation sees at a time, where that is less than a step learns from: with
    /// [accumulation](crate::train::TrainingConfig::accumulation_steps).
    pub rows_normalised_together: Option<usize>,
    /// Numbers that training may change.
    pub trainable_parameters: usize,
    /// Numbers that the model holds.
    pub total_parameters: usize,
    /// Whether an epoch has an accuracy: not where answers are numbers.
    pub measures_accuracy: bool,
    /// The metric that early stopping watches, if it does.
    pub watched: Option<String>,
}

impl TrainingPlan {
    /// That the steps are not those of one large batch, where they are not, and what to do.
    ///
    /// ```
    /// use tunebook::train::{Observer, TrainingPlan};
    /// struct Notes(Vec<String>);
    /// impl Observer for Notes {
    ///     fn on_start(&mut self, plan: &TrainingPlan) {
    ///         self.0.extend(plan.accumulation_note());
    ///     }
    /// }
    /// ```
    pub fn accumulation_note(&self) -> Option<String> {
        self.rows_normalised_together.map(|rows| {
            format!(
                "batch normalisation knows the {rows} rows of one batch, not all that a step adds up: a larger batch_size \
                 without accumulation_steps learns differently"
            )
        })
    }

    /// Curves that wait for the run's epochs.
    pub(super) fn curves(&self) -> LearningCurves {
        let curves = LearningCurves::new(self.epochs).with_title(self.method.to_string());
        let curves = if self.measures_accuracy { curves } else { curves.loss_only("mean squared error") };
        match self.watched_beside() {
            Some(metric) => curves.with_metric(metric),
            None => curves,
        }
    }

    /// The watched metric, where it is neither loss nor accuracy, which have curves of their own.
    pub(super) fn watched_beside(&self) -> Option<&str> {
        self.watched.as_deref().filter(|metric| ![LOSS, ACCURACY].contains(metric))
    }
}

/// One step of a run.
///
/// ```
/// use tunebook::train::{Observer, StepRecord};
/// /// Ends a run that has gone wrong.
/// struct Careful { largest_norm: f64, wants_stop: bool }
/// impl Observer for Careful {
///     fn on_step(&mut self, record: &StepRecord) {
///         self.wants_stop = record.gradient_norm > self.largest_norm;
///     }
///
///     fn wants_stop(&self) -> bool {
///         self.wants_stop
///     }
/// }
/// ```
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

    /// After each backward pass, before the step: the gradients as they are, not clipped.
    fn on_gradients(&mut self, step: usize, gradients: &Gradients) {
        let _ = (step, gradients);
    }

    /// After each step.
    fn on_step(&mut self, record: &StepRecord) {
        let _ = record;
    }

    /// After each epoch's validation.
    fn on_epoch(&mut self, record: &EpochRecord) {
        let _ = record;
    }

    /// Asked before each batch: whether the run should stop there and keep what it has.
    fn wants_stop(&self) -> bool {
        false
    }

    /// After the last epoch; `best_epoch` is the one whose weights were restored, counted from 1.
    fn on_end(&mut self, best_epoch: Option<usize>) {
        let _ = best_epoch;
    }
}

/// Both are told everything, the first one first: `(Live::new(), GradientNorms::default())`.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn on_encode(&mut self, done: usize, total: usize) {
        self.0.on_encode(done, total);
        self.1.on_encode(done, total);
    }

    fn on_start(&mut self, plan: &TrainingPlan) {
        self.0.on_start(plan);
        self.1.on_start(plan);
    }

    fn on_gradients(&mut self, step: usize, gradients: &Gradients) {
        self.0.on_gradients(step, gradients);
        self.1.on_gradients(step, gradients);
    }

    fn on_step(&mut self, record: &StepRecord) {
        self.0.on_step(record);
        self.1.on_step(record);
    }

    fn on_epoch(&mut self, record: &EpochRecord) {
        self.0.on_epoch(record);
        self.1.on_epoch(record);
    }

    fn wants_stop(&self) -> bool {
        self.0.wants_stop() || self.1.wants_stop()
    }

    fn on_end(&mut self, best_epoch: Option<usize>) {
        self.0.on_end(best_epoch);
        self.1.on_end(best_epoch);
    }
}

/// The one behind the reference is told everything, and is still there after the run.
impl<T: Observer> Observer for &mut T {
    fn on_encode(&mut self, done: usize, total: usize) {
        (**self).on_encode(done, total);
    }

    fn on_start(&mut self, plan: &TrainingPlan) {
        (**self).on_start(plan);
    }

    fn on_gradients(&mut self, step: usize, gradients: &Gradients) {
        (**self).on_gradients(step, gradients);
    }

    fn on_step(&mut self, record: &StepRecord) {
        (**self).on_step(record);
    }

    fn on_epoch(&mut self, record: &EpochRecord) {
        (**self).on_epoch(record);
    }

    fn wants_stop(&self) -> bool {
        (**self).wants_stop()
    }

    fn on_end(&mut self, best_epoch: Option<usize>) {
        (**self).on_end(best_epoch);
    }
}

/// Shows nothing.
///
/// ```
/// use tunebook::prelude::*;
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let (train, validation) = (data.train.few_shot(2, 42)?, data.validation.few_shot(1, 42)?);
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let report = Trainer::new(model).method(Method::FeatureExtraction).observer(Quiet).fit(&train, &validation)?;
/// assert_eq!(report.samples(), 16);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quiet;

impl Observer for Quiet {}

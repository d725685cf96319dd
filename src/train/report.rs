//! What a run leaves: the trained model and the facts of its training.

use std::fmt;

use super::{EpochRecord, History, Method, TrainingConfig, TrainingPlan};
use crate::chart::LearningCurves;
use crate::model::{CutTexts, TextClassifier};
use crate::notebook::Display;
use crate::words::part_of;

/// Why a run ended.
///
/// ```
/// use tunebook::prelude::*;
/// use tunebook::train::StopReason;
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let (train, validation) = (data.train.few_shot(2, 42)?, data.validation.few_shot(1, 42)?);
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let report = Trainer::new(model).method(Method::FeatureExtraction).observer(Quiet).fit(&train, &validation)?;
/// assert_eq!(report.stop_reason(), StopReason::Completed);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// All epochs were run.
    Completed,
    /// Early stopping found no improvement.
    NoImprovement,
    /// [`super::stop::request`] or the stop file asked for it.
    Requested,
}

/// A finished run: the trained model, what each epoch measured, and what it cost.
///
/// ```
/// use tunebook::prelude::*;
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let (train, validation) = (data.train.few_shot(2, 42)?, data.validation.few_shot(1, 42)?);
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let report = Trainer::new(model).method(Method::FeatureExtraction).observer(Quiet).fit(&train, &validation)?;
/// assert_eq!(report.trainable_parameters(), 8 * 128 + 8);
/// println!("{report}");
/// assert!(report.curves().to_svg()?.contains("feature extraction"));
/// let model = report.into_model();
/// # let _ = model;
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrainingReport<M = TextClassifier> {
    model: M,
    plan: TrainingPlan,
    config: TrainingConfig,
    history: History,
    best_epoch: Option<usize>,
    reason: StopReason,
    seconds: f64,
    samples_per_second: f64,
}

impl<M> TrainingReport<M> {
    #[allow(clippy::too_many_arguments)] // one call, beside the loop that measured them
    pub(super) fn new(
        model: M,
        plan: TrainingPlan,
        config: TrainingConfig,
        history: History,
        best_epoch: Option<usize>,
        reason: StopReason,
        seconds: f64,
        samples_per_second: f64,
    ) -> Self {
        Self { model, plan, config, history, best_epoch, reason, seconds, samples_per_second }
    }

    /// The same for a training whose earlier part was asked to stop.
    pub(super) fn stopped_on_request(self) -> Self {
        Self { reason: StopReason::Requested, ..self }
    }

    /// The trained model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The trained model, moved out.
    pub fn into_model(self) -> M {
        self.model
    }

    /// What each epoch measured.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The epoch whose weights the model has: the restored one, otherwise the last.
    pub fn kept_epoch(&self) -> Option<&EpochRecord> {
        match self.best_epoch {
            Some(epoch) => self.history.epoch(epoch),
            None => self.history.last(),
        }
    }

    /// The epoch that early stopping restored, by the metric that it watched; counted from 1.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best_epoch
    }

    /// Validation accuracy of the kept epoch, 0 to 1; not a number when no epoch was finished, and for a regression.
    pub fn val_accuracy(&self) -> f64 {
        self.kept_epoch().map_or(f64::NAN, |e| e.val_accuracy)
    }

    /// Validation loss of the kept epoch: cross-entropy in nats, or the mean squared error of a regression. Not a number
    /// when no epoch was finished.
    pub fn val_loss(&self) -> f64 {
        self.kept_epoch().map_or(f64::NAN, |e| e.val_loss)
    }

    /// The strategy.
    pub fn method(&self) -> Method {
        self.plan.method.clone()
    }

    /// Where the model computed: `cpu`, `cuda:0`, `metal:0`.
    pub fn device(&self) -> &str {
        &self.plan.device
    }

    /// The settings of the run.
    pub fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// The largest learning rate of the run.
    pub fn learning_rate(&self) -> f64 {
        self.plan.learning_rate
    }

    /// Why the run ended.
    pub fn stop_reason(&self) -> StopReason {
        self.reason
    }

    /// Wall-clock time of the whole run in seconds, validation included.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Training rows a second, validation not counted.
    pub fn samples_per_second(&self) -> f64 {
        self.samples_per_second
    }

    /// How many rows the run learned from, each once an epoch.
    pub fn samples(&self) -> usize {
        self.plan.samples
    }

    /// Training texts that were longer than the model reads, and so cut; `None` for models that read no texts.
    pub fn texts_cut(&self) -> Option<CutTexts> {
        self.plan.texts_cut
    }

    /// How many numbers the run could change.
    pub fn trainable_parameters(&self) -> usize {
        self.plan.trainable_parameters
    }

    /// How many numbers the model holds.
    pub fn total_parameters(&self) -> usize {
        self.plan.total_parameters
    }

    /// The curves of the run.
    pub fn curves(&self) -> LearningCurves {
        let mut curves = self.plan.curves();
        for e in self.history.epochs() {
            curves.push_epoch(e.train_loss, e.val_loss, e.val_accuracy);
            if let Some(value) = self.plan.watched_beside().and_then(|metric| e.metric(metric)) {
                curves.push_metric(value);
            }
        }
        if let Some(epoch) = self.best_epoch {
            curves.set_best_epoch(epoch);
        }
        curves
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

impl<M> fmt::Display for TrainingReport<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.plan;
        let rate = if plan.is_default_rate { "the source's default" } else { "given" };
        writeln!(f, "{} of {}, learning rate {:e} ({rate})", plan.method, plan.source, plan.learning_rate)?;
        write!(f, "{}", self.history)?;
        let by = self.plan.watched_beside().map_or(String::new(), |metric| format!(" (best {metric})"));
        let end = match (self.reason, self.best_epoch) {
            (StopReason::Completed, None) => "all epochs run".to_owned(),
            (StopReason::Completed, Some(epoch)) => format!("all epochs run, weights of epoch {epoch} restored{by}"),
            (StopReason::NoImprovement, Some(epoch)) => format!("stopped early, weights of epoch {epoch} restored{by}"),
            (StopReason::NoImprovement, None) => "stopped early".to_owned(),
            (StopReason::Requested, None) => "stopped on request".to_owned(),
            (StopReason::Requested, Some(epoch)) => {
                format!("stopped on request, weights of epoch {epoch} restored{by}")
            }
        };
        let device = if plan.device == "cpu" { String::new() } else { format!(" on {}", plan.device) };
        write!(
            f,
            "{end}; {:.1} s{device}, {:.0} samples/s, {} parameters trainable",
            self.seconds,
            self.samples_per_second,
            part_of(plan.trainable_parameters, plan.total_parameters)
        )?;
        if let Some(texts) = plan.texts_cut.filter(|texts| texts.cut > 0) {
            write!(f, "\n{texts}")?;
        }
        match plan.accumulation_note() {
            Some(note) => write!(f, "\n{note}"),
            None => Ok(()),
        }
    }
}

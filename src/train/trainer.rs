//! Fine-tuning in one expression.

use std::rc::Rc;

use super::checkpoint::Checkpoints;
use super::config::ClassWeights;
use super::run::{Rows, Run};
use super::step::StepSettings;
use super::{
    EarlyStopping, Examples, Live, LossOptions, Method, Observer, Targets, Trainable, TrainingConfig, TrainingReport,
};
use crate::data::balance::balanced_weights;
use crate::model::TextClassifier;
use crate::{Error, Result};

/// Fine-tunes a model.
///
/// ```no_run
/// use tunebook::prelude::*;
/// # fn main() -> tunebook::Result<()> {
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let model = TextClassifier::from_pretrained(Pretrained::folder("models/minilm"), data.label_names())?;
/// let report = Trainer::new(model)
///     .method(Method::Partial { last_n_layers: 2 })
///     .config(TrainingConfig { epochs: 10, ..Default::default() })
///     .early_stopping(EarlyStopping::on("val_loss").patience(2))
///     .fit(&data.train, &data.validation)?;
/// println!("{}", report.model().evaluate(&data.test)?.classification_report());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Trainer<M = TextClassifier, O = Live> {
    pub(super) model: M,
    pub(super) method: Method,
    pub(super) config: TrainingConfig,
    early_stopping: Option<EarlyStopping>,
    checkpoints: Option<Checkpoints>,
    resume: bool,
    observer: O,
}

impl<M: Trainable> Trainer<M, Live> {
    /// A trainer with the default settings: full fine-tuning, 3 epochs, live curves.
    pub fn new(model: M) -> Self {
        Self {
            model,
            method: Method::default(),
            config: TrainingConfig::default(),
            early_stopping: None,
            checkpoints: None,
            resume: false,
            observer: Live::new(),
        }
    }
}

impl<M: Trainable, O: Observer> Trainer<M, O> {
    /// Which parameters learn.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// The run's settings.
    pub fn config(mut self, config: TrainingConfig) -> Self {
        self.config = config;
        self
    }

    /// Stop when validation no longer improves, and keep the best epoch's weights.
    pub fn early_stopping(mut self, rule: EarlyStopping) -> Self {
        self.early_stopping = Some(rule);
        self
    }

    /// Keep the run on disk while it goes on.
    pub fn checkpoints(mut self, checkpoints: Checkpoints) -> Self {
        self.checkpoints = Some(checkpoints);
        self
    }

    /// Go on from the newest checkpoint, or start when there is none. The outcome is the same to the last bit as that of
    /// a run that was never interrupted, with the same number of threads.
    pub fn resume(mut self) -> Self {
        self.resume = true;
        self
    }

    /// Something else that watches the run, in place of the live curves: [`super::Quiet`] for silence, a pair for both.
    pub fn observer<P: Observer>(self, observer: P) -> Trainer<M, P> {
        Trainer {
            model: self.model,
            method: self.method,
            config: self.config,
            early_stopping: self.early_stopping,
            checkpoints: self.checkpoints,
            resume: self.resume,
            observer,
        }
    }

    /// Trains, validating after each epoch. The report owns the trained model.
    ///
    /// Settings and data are checked first. With [`Method::FeatureExtraction`] every row is encoded once before the first
    /// step; the first step is audited ([`super::GradientAudit`]); a loss that is no number stops the run with an error.
    /// With the same seed, data and number of threads, a rerun gives the same bits.
    pub fn fit(self, train: &M::Data, validation: &M::Data) -> Result<TrainingReport<M>> {
        let Self { mut model, method, config, early_stopping, checkpoints, resume, observer } = self;
        let watch = early_stopping.as_ref().map(EarlyStopping::watch).transpose()?;
        if resume && checkpoints.is_none() {
            return Err(Error::input(
                "Trainer::resume",
                "there is no place for checkpoints",
                "call checkpoints(...) too",
            ));
        }
        let (examples, settings) = prepare(&mut model, &method, &config, train)?;
        let texts_cut = model.texts_cut(train, &examples.inputs)?;
        model.check(validation, "validation data")?;
        let rows = Rc::new(Rows { train: examples, validation: model.prepare(validation)? });
        if let Some(watch) = &watch {
            watch.check(&rows.validation.targets)?;
        }
        if let Some(checkpoints) = &checkpoints {
            checkpoints.check()?;
        }
        let start = std::time::Instant::now();
        Run { model, method, config, settings, watch, checkpoints, resume, observer, rows, texts_cut, start }.go()
    }
}

/// Checks settings, data and method, and readies the model for them: the training rows, and how to compute with them.
pub(super) fn prepare<M: Trainable>(
    model: &mut M,
    method: &Method,
    config: &TrainingConfig,
    train: &M::Data,
) -> Result<(Examples<M::Inputs>, StepSettings)> {
    config.check()?;
    model.check(train, "training data")?;
    if let Some(max_length) = config.max_length {
        model.set_max_length(max_length)?;
    }
    let examples = model.prepare(train)?;
    let class_weights = class_weights(&config.class_weights, &examples.targets)?;
    let options = LossOptions { label_smoothing: config.label_smoothing, class_weights };
    examples.targets.check(&options)?;
    method.apply(model, config.seed)?;
    Ok((examples, StepSettings { batch_size: config.batch_size, options, mixup: config.mixup }))
}

/// A number for each class; none where all weigh the same.
fn class_weights(wanted: &ClassWeights, targets: &Targets) -> Result<Vec<f64>> {
    let counts = match targets {
        Targets::Classes(labels) => {
            let classes = labels.iter().max().map_or(0, |last| last + 1);
            labels.iter().fold(vec![0usize; classes], |mut counts, &label| {
                counts[label] += 1;
                counts
            })
        }
        _ if *wanted == ClassWeights::None => return Ok(Vec::new()),
        _ => return Ok(vec![1.0]), // `Targets::check` says that weights are for classes only
    };
    match wanted {
        ClassWeights::None => Ok(Vec::new()),
        ClassWeights::Given(weights) if weights.len() >= counts.len() => Ok(weights.clone()),
        ClassWeights::Given(weights) => Err(Error::input(
            "TrainingConfig::class_weights",
            format!("has {} weights for {} classes", weights.len(), counts.len()),
            "give one for each class",
        )),
        // A class without a row never meets its weight.
        ClassWeights::Balanced => Ok(balanced_weights(&counts)),
    }
}

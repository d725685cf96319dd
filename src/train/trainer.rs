//! Fine-tuning in one expression.

use std::rc::Rc;

use super::checkpoint::Checkpoints;
use super::run::{Rows, Run};
use super::{EarlyStopping, Live, Method, Observer, Trainable, TrainingConfig, TrainingReport, prepare};
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

    /// Stop when a metric of the validation data no longer improves, and keep the weights of its best epoch.
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
    /// Settings, data and method are checked first, and one row goes through the model, so that what cannot work is an
    /// error at once. With [`Method::FeatureExtraction`] every row is encoded once before the first step; the first step is audited ([`super::GradientAudit`]); a loss that is no number stops the run with an error.
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
        prepare::check(&mut model, &method, &config, train)?;
        model.check_held_out(validation, "validation data")?;
        if let Some(checkpoints) = &checkpoints {
            checkpoints.check(resume)?;
        }
        let (examples, settings, outputs) = prepare::examples(&model, &config, train)?;
        let texts_cut = model.texts_cut(train, &examples.inputs)?;
        let rows = Rc::new(Rows { train: examples, validation: model.prepare(validation)? });
        if let Some(watch) = &watch {
            watch.check(&rows.validation.targets, outputs)?;
        }
        let start = std::time::Instant::now();
        Run { model, method, config, settings, watch, checkpoints, resume, observer, rows, texts_cut, start }.go()
    }
}

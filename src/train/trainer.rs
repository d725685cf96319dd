//! Fine-tuning in one expression.

use super::examples::Examples;
use super::run::Run;
use super::{EarlyStopping, Live, Method, Observer, TrainingConfig, TrainingReport, evaluate};
use crate::Result;
use crate::data::TextDataset;
use crate::model::TextClassifier;

/// Fine-tunes a classifier.
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
pub struct Trainer<O = Live> {
    model: TextClassifier,
    method: Method,
    config: TrainingConfig,
    early_stopping: Option<EarlyStopping>,
    observer: O,
}

impl Trainer<Live> {
    /// A trainer with the default settings: full fine-tuning, 3 epochs, live curves.
    pub fn new(model: TextClassifier) -> Self {
        Self {
            model,
            method: Method::default(),
            config: TrainingConfig::default(),
            early_stopping: None,
            observer: Live::new(),
        }
    }
}

impl<O: Observer> Trainer<O> {
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

    /// Something else that watches the run, in place of the live curves: [`super::Quiet`] for silence.
    pub fn observer<P: Observer>(self, observer: P) -> Trainer<P> {
        Trainer {
            model: self.model,
            method: self.method,
            config: self.config,
            early_stopping: self.early_stopping,
            observer,
        }
    }

    /// Trains, validating after each epoch. The report owns the trained model.
    ///
    /// Settings and data are checked first. With [`Method::FeatureExtraction`] every text is encoded once before the first step; the first step is audited ([`super::GradientAudit`]); a loss that is no
    /// number stops the run with an error. With the same seed, data and number of threads, a rerun gives the same bits.
    pub fn fit(self, train: &TextDataset, validation: &TextDataset) -> Result<TrainingReport> {
        let Self { mut model, method, config, early_stopping, mut observer } = self;
        config.check()?;
        let watch = early_stopping.as_ref().map(EarlyStopping::watch).transpose()?;
        evaluate::check_data(&model, train, "training data")?;
        evaluate::check_data(&model, validation, "validation data")?;
        if let Some(max_length) = config.max_length {
            model.encoder_mut().set_max_length(max_length)?;
        }
        method.apply(&model)?;
        let mut examples = (Examples::tokens(&model, train)?, Examples::tokens(&model, validation)?);
        let start = std::time::Instant::now();
        if method == Method::FeatureExtraction {
            let (trained_on, total) = (examples.0.len(), examples.0.len() + examples.1.len());
            examples.0 = examples.0.into_features(&model, &mut |done| observer.on_encode(done, total))?;
            examples.1 = examples.1.into_features(&model, &mut |done| observer.on_encode(trained_on + done, total))?;
        }
        Run { model, method, config, watch, observer, train: examples.0, validation: examples.1, start }.go()
    }
}

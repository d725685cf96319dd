//! Text to labels: an encoder with a linear head.

use std::path::Path;

use candle_core::{Device, Tensor};

use super::hub_layout::{self, Task};
use super::{
    LoadReport, ModelCard, ModelSummary, ParameterStore, Pass, Prediction, Predictions, Pretrained, TextEncoder,
    TextNetwork, TokenBatch,
};
use crate::data::rows::name_problem;
use crate::{Error, Result};

/// A text classifier: encoder, pooling, dropout and a linear head.
///
/// ```no_run
/// use tunebook::model::{Pretrained, TextClassifier};
/// let labels = vec!["billing".to_owned(), "storage".to_owned()];
/// let model = TextClassifier::from_pretrained(Pretrained::folder("models/minilm"), labels)?;
/// println!("{}", model.summary());
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TextClassifier {
    pub(super) network: TextNetwork,
    pub(super) labels: Vec<String>,
}

impl TextClassifier {
    /// A pretrained encoder with a fresh head for these labels. The head starts from seed 42; see
    /// [`TextClassifier::from_pretrained_seeded`].
    pub fn from_pretrained(source: Pretrained, labels: Vec<String>) -> Result<Self> {
        Self::from_pretrained_seeded(source, labels, 42)
    }

    /// The same with the head's seed given.
    pub fn from_pretrained_seeded(source: Pretrained, labels: Vec<String>, seed: u64) -> Result<Self> {
        check_labels(&labels)?;
        Ok(Self { network: TextNetwork::with_new_head(source, labels.len(), seed)?, labels })
    }

    /// The same network with random weights from a seed: what pretraining has to beat.
    pub fn from_scratch(source: Pretrained, labels: Vec<String>, seed: u64) -> Result<Self> {
        check_labels(&labels)?;
        Ok(Self { network: TextNetwork::from_scratch(source, labels.len(), seed)?, labels })
    }

    /// A classifier that [`TextClassifier::save`] wrote, ready to predict.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Self::load_on(folder, &Device::Cpu)
    }

    /// The same on a device of [`super::device()`].
    pub fn load_on(folder: impl AsRef<Path>, device: &Device) -> Result<Self> {
        Self::from_finetuned(Pretrained::folder(folder).device(device))
    }

    /// A classifier with the head and the labels that its source brings along: a model of the Hub that was fine-tuned
    /// already, to predict with or to train further on the same labels.
    ///
    /// ```no_run
    /// use tunebook::model::{Pretrained, TextClassifier};
    /// let source = Pretrained::hub("distilbert/distilbert-base-uncased-finetuned-sst-2-english");
    /// let model = TextClassifier::from_finetuned(source)?;
    /// assert_eq!(model.labels(), ["NEGATIVE", "POSITIVE"]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the source has no `id2label` or no head, and as [`TextClassifier::from_pretrained`].
    pub fn from_finetuned(source: Pretrained) -> Result<Self> {
        let files = source.load()?;
        let labels = Task::Classes(&[]).read_labels(&files)?;
        check_labels(&labels)?;
        Ok(Self { network: TextNetwork::from_files(files, labels.len())?, labels })
    }

    /// Scores before the softmax: `(batch, labels)`.
    pub fn logits(&self, batch: &TokenBatch, pass: &Pass) -> Result<Tensor> {
        self.network.outputs(batch, pass)
    }

    /// Scores from pooled vectors `(batch, hidden)`: what remains to compute when the encoder is frozen.
    pub fn head_logits(&self, pooled: &Tensor, pass: &Pass) -> Result<Tensor> {
        self.network.head_outputs(pooled, pass)
    }

    /// The most probable label of each text, with all probabilities.
    pub fn predict(&self, texts: &[&str]) -> Result<Predictions> {
        let rows = self.network.rows(texts, |logits| Ok(candle_nn::ops::softmax(logits, 1)?))?;
        let items = texts
            .iter()
            .zip(rows)
            .map(|(text, probabilities)| Prediction::new((*text).to_owned(), probabilities, &self.labels))
            .collect();
        Ok(Predictions::new(items, self.labels.clone()))
    }

    /// What the model is made of.
    pub fn network(&self) -> &TextNetwork {
        &self.network
    }

    pub(crate) fn network_mut(&mut self) -> &mut TextNetwork {
        &mut self.network
    }

    /// The encoder below the head. Its parameters are the classifier's.
    pub fn encoder(&self) -> &TextEncoder {
        self.network.encoder()
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        self.encoder().device()
    }

    /// All parameters, the head's included.
    pub fn store(&self) -> &ParameterStore {
        self.network.store()
    }

    /// The labels, in the order of the logits.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Which parameters were loaded, which start fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        self.network.load_report()
    }

    /// Layers with their sizes, and which of them train.
    pub fn summary(&self) -> ModelSummary {
        let title = format!("TextClassifier on {}, {} labels", self.encoder().name(), self.labels.len());
        self.network.summary(title)
    }

    /// Writes the model in the Hub's layout: weights (LoRA merged), tokenizer, `config.json` with the labels, and a
    /// `README.md`. [`TextClassifier::load`] gives bit-equal logits.
    ///
    /// In Python, `AutoTokenizer` and `AutoModelForSequenceClassification.from_pretrained(folder)` read a model with
    /// [`super::Pooling::Pooler`]; for other poolings say `trust_remote_code=True`, which uses the file
    /// `modeling_tunebook.py` that lies in the folder. Each file appears whole or not at all; `config.json`, without which
    /// nothing loads, comes last.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        self.save_with_card(folder, &ModelCard::new())
    }

    /// The same with data and metrics on the model's page.
    ///
    /// ```
    /// use tunebook::model::{ModelCard, Pretrained, TextClassifier};
    /// let labels = vec!["billing".to_owned(), "storage".to_owned()];
    /// let model = TextClassifier::from_pretrained(Pretrained::embedded(), labels)?;
    /// let folder = std::env::temp_dir().join(format!("tunebook-doc-{}", std::process::id()));
    /// model.save_with_card(&folder, &ModelCard::new().data("320 tickets").metric("accuracy", 0.91))?;
    /// assert_eq!(TextClassifier::load(&folder)?.labels(), model.labels());
    /// # std::fs::remove_dir_all(folder).unwrap();
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn save_with_card(&self, folder: impl AsRef<Path>, card: &ModelCard) -> Result<()> {
        hub_layout::write(folder.as_ref(), self.encoder(), &Task::Classes(&self.labels), card)
    }
}

pub(super) fn check_labels(labels: &[String]) -> Result<()> {
    if labels.len() < 2 {
        return Err(Error::input("labels", format!("{} given", labels.len()), "a classifier needs at least two"));
    }
    check_names(labels)
}

/// No name stands twice.
pub(super) fn check_names(labels: &[String]) -> Result<()> {
    match name_problem(labels) {
        None => Ok(()),
        Some((problem, mend)) => Err(Error::input("labels", problem, mend)),
    }
}

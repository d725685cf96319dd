//! Text to labels: an encoder with a linear head.

use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::Value;

use super::{
    Linear, LoadReport, LoraConfig, ModelCard, ModelSummary, ParameterStore, Pass, Prediction, Predictions, Pretrained,
    PretrainedFiles, StoreBuilder, TextEncoder, TokenBatch, hub_layout,
};
use crate::{Error, Result};

/// The prefix of the head's parameter names.
const HEAD: &str = "classifier";

/// Texts in one forward pass of prediction.
const PREDICT_BATCH: usize = 32;

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
    pub(super) encoder: TextEncoder,
    head: Linear,
    pub(super) store: ParameterStore,
    pub(super) labels: Vec<String>,
    pub(super) lora: Option<LoraConfig>,
    report: LoadReport,
}

impl TextClassifier {
    /// A pretrained encoder with a fresh head for these labels. The head starts from seed 42; see
    /// [`TextClassifier::from_pretrained_seeded`].
    pub fn from_pretrained(source: Pretrained, labels: Vec<String>) -> Result<Self> {
        Self::from_pretrained_seeded(source, labels, 42)
    }

    /// The same with the head's seed given.
    pub fn from_pretrained_seeded(source: Pretrained, labels: Vec<String>, seed: u64) -> Result<Self> {
        let mut files = source.load()?;
        // A head that the file brings along belongs to other labels.
        let brought: Vec<String> = files.weights.names().into_iter().filter(|n| n.starts_with("classifier.")).collect();
        for name in &brought {
            files.weights.take(name);
        }
        let builder = StoreBuilder::strict(files.weights.clone(), seed).allow_new("classifier.").on(&files.device);
        let mut model = Self::build(files, builder, labels)?;
        model.report.unused.extend(brought);
        Ok(model)
    }

    /// The same network with random weights from a seed: what pretraining has to beat.
    pub fn from_scratch(source: Pretrained, labels: Vec<String>, seed: u64) -> Result<Self> {
        let files = source.load()?;
        let builder = StoreBuilder::random(seed).on(&files.device);
        Self::build(files, builder, labels)
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
        let labels = read_labels(&files.config_json, &format!("config.json of {}", files.name))?;
        let builder = StoreBuilder::strict(files.weights.clone(), 0).on(&files.device);
        Self::build(files, builder, labels)
    }

    fn build(files: PretrainedFiles, builder: StoreBuilder, labels: Vec<String>) -> Result<Self> {
        check_labels(&labels)?;
        let (encoder, head) = TextEncoder::build(files, builder, |config, builder| {
            Linear::new(builder, HEAD, config.hidden_size, labels.len(), config.initializer_range)
        })?;
        let (store, report) = (encoder.store().clone(), encoder.load_report().clone());
        Ok(Self { encoder, head, store, labels, lora: None, report })
    }

    /// Scores before the softmax: `(batch, labels)`.
    pub fn logits(&self, batch: &TokenBatch, pass: &Pass) -> Result<Tensor> {
        self.head_logits(&self.encoder.forward(batch, pass)?, pass)
    }

    /// Scores from pooled vectors `(batch, hidden)`: what remains to compute when the encoder is frozen.
    pub fn head_logits(&self, pooled: &Tensor, pass: &Pass) -> Result<Tensor> {
        let dropped = pass.dropout(pooled, self.encoder.bert.config().classifier_dropout())?;
        self.head.forward(&dropped, pass)
    }

    /// The most probable label of each text, with all probabilities.
    pub fn predict(&self, texts: &[&str]) -> Result<Predictions> {
        let sequences = self.encoder.tokenizer.encode(texts)?;
        let rows = self.probabilities(&sequences)?;
        let items = texts
            .iter()
            .zip(rows)
            .map(|(text, probabilities)| Prediction::new((*text).to_owned(), probabilities, &self.labels))
            .collect();
        Ok(Predictions::new(items, self.labels.clone()))
    }

    /// Class probabilities of token sequences, in their order.
    pub(crate) fn probabilities(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let mut order: Vec<usize> = (0..sequences.len()).collect();
        order.sort_by_key(|&i| sequences[i].len());
        let mut rows = vec![Vec::new(); sequences.len()];
        for indices in order.chunks(PREDICT_BATCH) {
            let batch: Vec<&[u32]> = indices.iter().map(|&i| sequences[i].as_slice()).collect();
            let batch = TokenBatch::new(&batch, self.encoder.tokenizer.pad_id())?;
            let logits = self.logits(&batch, &Pass::evaluation())?;
            let probabilities = candle_nn::ops::softmax(&logits, 1)?.to_vec2::<f32>()?;
            for (&i, row) in indices.iter().zip(probabilities) {
                rows[i] = row;
            }
        }
        Ok(rows)
    }

    /// The encoder below the head. Its parameters are the classifier's.
    pub fn encoder(&self) -> &TextEncoder {
        &self.encoder
    }

    pub(crate) fn encoder_mut(&mut self) -> &mut TextEncoder {
        &mut self.encoder
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        self.encoder.device()
    }

    /// All parameters, the head's included.
    pub fn store(&self) -> &ParameterStore {
        &self.store
    }

    /// The labels, in the order of the logits.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Which parameters were loaded, which start fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        &self.report
    }

    /// Layers with their sizes, and which of them train.
    pub fn summary(&self) -> ModelSummary {
        let title = format!("TextClassifier on {}, {} labels", self.encoder.name(), self.labels.len());
        ModelSummary::of(&self.store, title)
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
        hub_layout::write(folder.as_ref(), &self.encoder, self.encoder.merged_tensors()?, &self.labels, card)
    }
}

pub(super) fn check_labels(labels: &[String]) -> Result<()> {
    if labels.len() < 2 {
        return Err(Error::input("labels", format!("{} given", labels.len()), "a classifier needs at least two"));
    }
    let mut sorted = labels.to_vec();
    sorted.sort();
    if let Some((twice, _)) = sorted.iter().zip(&sorted[1..]).find(|(a, b)| a == b) {
        return Err(Error::input("labels", format!("{twice:?} is given twice"), "give each label once"));
    }
    Ok(())
}

/// The labels under `id2label`, ordered by id.
fn read_labels(config: &Value, origin: &str) -> Result<Vec<String>> {
    let map = config["id2label"].as_object().ok_or_else(|| {
        Error::input(
            origin,
            "has no id2label",
            "this folder holds an encoder, not a trained classifier: use TextClassifier::from_pretrained",
        )
    })?;
    (0..map.len())
        .map(|id| {
            map.get(&id.to_string()).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
                Error::input(
                    origin,
                    format!("id2label has no text for id {id}"),
                    "number the labels from 0 without gaps",
                )
            })
        })
        .collect()
}

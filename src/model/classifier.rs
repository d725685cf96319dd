//! Text to labels: an encoder with a linear head.

use std::path::Path;

use candle_core::Tensor;
use serde_json::{Value, json};

use super::{
    BertEncoder, Linear, LoadReport, LoraConfig, ModelSummary, ParameterStore, Pass, Prediction, Predictions,
    Pretrained, PretrainedFiles, StoreBuilder, TextEncoder, TokenBatch, files, weights,
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
        let builder = StoreBuilder::strict(files.weights.clone(), seed).allow_new("classifier.");
        let mut model = Self::build(files, builder, labels)?;
        model.report.unused.extend(brought);
        Ok(model)
    }

    /// The same network with random weights from a seed: what pretraining has to beat.
    pub fn from_scratch(source: Pretrained, labels: Vec<String>, seed: u64) -> Result<Self> {
        Self::build(source.load()?, StoreBuilder::random(seed), labels)
    }

    /// A classifier that [`TextClassifier::save`] wrote, ready to predict.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let files = Pretrained::folder(folder).load()?;
        let labels = read_labels(&files.config_json, &folder.join("config.json").display().to_string())?;
        let builder = StoreBuilder::strict(files.weights.clone(), 0);
        Self::build(files, builder, labels)
    }

    fn build(files: PretrainedFiles, mut builder: StoreBuilder, labels: Vec<String>) -> Result<Self> {
        check_labels(&labels)?;
        let config = &files.config;
        let bert = BertEncoder::new(config, &mut builder)?;
        let head = Linear::new(&mut builder, HEAD, config.hidden_size, labels.len(), config.initializer_range)?;
        let (store, report) = builder.finish()?;
        let encoder = TextEncoder::assemble(files, bert, store.clone(), report.clone());
        Ok(Self { encoder, head, store, labels, lora: None, report })
    }

    /// Scores before the softmax: `(batch, labels)`.
    pub fn logits(&self, batch: &TokenBatch, pass: &Pass) -> Result<Tensor> {
        self.head_logits(&self.encoder.forward(batch, pass)?, pass)
    }

    /// Scores from pooled vectors `(batch, hidden)`: what remains to compute when the encoder is frozen.
    pub fn head_logits(&self, pooled: &Tensor, pass: &Pass) -> Result<Tensor> {
        let dropped = pass.dropout(pooled, self.encoder.bert.config().hidden_dropout_prob)?;
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

    /// Writes `model.safetensors` (LoRA merged into the weights), `tokenizer.json` and `config.json` in the Hub's layout. Each file appears whole or
    /// not at all; `config.json`, without which nothing loads, comes last.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        weights::write(&folder.join("model.safetensors"), self.merged_tensors()?)?;
        let tokenizer = self.encoder.tokenizer.to_json()?;
        files::write_atomically(&folder.join("tokenizer.json"), tokenizer.as_bytes())?;
        let config = serde_json::to_string_pretty(&self.config_json())
            .map_err(|e| Error::input("config.json", e, "this is a bug: please report it"))?;
        files::write_atomically(&folder.join("config.json"), config.as_bytes())
    }

    /// The source's own configuration with what this classifier adds.
    fn config_json(&self) -> Value {
        let source = self.encoder.source();
        let mut config = match &source.config_json {
            Value::Object(map) => map.clone(),
            _ => serde_json::Map::new(),
        };
        let id2label: serde_json::Map<String, Value> =
            self.labels.iter().enumerate().map(|(i, label)| (i.to_string(), json!(label))).collect();
        let label2id: serde_json::Map<String, Value> =
            self.labels.iter().enumerate().map(|(i, label)| (label.clone(), json!(i))).collect();
        config.insert("id2label".to_owned(), Value::Object(id2label));
        config.insert("label2id".to_owned(), Value::Object(label2id));
        config.insert("architectures".to_owned(), json!(["BertModel"]));
        config.insert(
            "tunebook".to_owned(),
            json!({
                "pooling": self.encoder.pooling.name(),
                "max_length": self.encoder.tokenizer.max_length(),
                "learning_rates": source.learning_rates.to_value(),
                "base_model": source.name,
                "base_weights_sha256": source.weights_sha256,
            }),
        );
        Value::Object(config)
    }
}

fn check_labels(labels: &[String]) -> Result<()> {
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

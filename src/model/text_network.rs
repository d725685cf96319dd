//! What all models on texts are made of: an encoder, dropout and a linear head on its vectors.

use candle_core::Tensor;

use super::{
    BertConfig, Linear, LoadReport, LoraConfig, ModelSummary, ParameterStore, Pass, Pretrained, PretrainedFiles,
    StoreBuilder, TextEncoder, TokenBatch,
};
use crate::Result;

/// The prefix of the head's parameter names.
const HEAD: &str = "classifier.";

/// Texts in one forward pass of prediction.
const PREDICT_BATCH: usize = 32;

/// An encoder with a linear head: what [`super::TextClassifier`], [`super::MultiLabelClassifier`] and
/// [`super::TextRegressor`] share. They differ in what the head's outputs mean.
///
/// ```
/// use tunebook::model::{Pass, Pretrained, TextClassifier, TokenBatch};
/// let labels = vec!["billing".to_owned(), "storage".to_owned()];
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), labels)?;
/// let network = model.network();
/// let tokens = network.encoder().tokenizer().encode(&["The disk is full."])?;
/// let batch = TokenBatch::new(&[&tokens[0]], network.encoder().tokenizer().pad_id())?;
/// assert_eq!(network.outputs(&batch, &Pass::evaluation())?.dims(), [1, 2]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TextNetwork {
    pub(super) encoder: TextEncoder,
    head: Linear,
    pub(super) store: ParameterStore,
    pub(super) lora: Option<LoraConfig>,
    report: LoadReport,
}

impl TextNetwork {
    /// A pretrained encoder with a fresh head of so many outputs. A head that the source brings along is left out.
    pub(super) fn with_new_head(source: Pretrained, outputs: usize, seed: u64) -> Result<Self> {
        let mut files = source.load()?;
        // A head that the file brings along belongs to another task.
        let brought: Vec<String> = files.weights.names().into_iter().filter(|n| n.starts_with(HEAD)).collect();
        for name in &brought {
            files.weights.take(name);
        }
        let builder = StoreBuilder::strict(files.weights.clone(), seed).allow_new(HEAD).on(&files.device);
        let mut network = Self::build(files, builder, outputs)?;
        network.report.unused.extend(brought);
        Ok(network)
    }

    /// Random weights from a seed.
    pub(super) fn from_scratch(source: Pretrained, outputs: usize, seed: u64) -> Result<Self> {
        let files = source.load()?;
        let builder = StoreBuilder::random(seed).on(&files.device);
        Self::build(files, builder, outputs)
    }

    /// All weights of the files, the head's included.
    pub(super) fn from_files(files: PretrainedFiles, outputs: usize) -> Result<Self> {
        let builder = StoreBuilder::strict(files.weights.clone(), 0).on(&files.device);
        Self::build(files, builder, outputs)
    }

    fn build(files: PretrainedFiles, builder: StoreBuilder, outputs: usize) -> Result<Self> {
        let head = |config: &BertConfig, builder: &mut StoreBuilder| {
            Linear::new(builder, HEAD.trim_end_matches('.'), config.hidden_size, outputs, config.initializer_range)
        };
        let (encoder, head) = TextEncoder::build(files, builder, head)?;
        let (store, report) = (encoder.store().clone(), encoder.load_report().clone());
        Ok(Self { encoder, head, store, lora: None, report })
    }

    /// The head's outputs for a batch: `(batch, outputs)`.
    pub fn outputs(&self, batch: &TokenBatch, pass: &Pass) -> Result<Tensor> {
        self.head_outputs(&self.encoder.forward(batch, pass)?, pass)
    }

    /// The same from pooled vectors `(batch, hidden)`: what remains to compute when the encoder is frozen.
    pub fn head_outputs(&self, pooled: &Tensor, pass: &Pass) -> Result<Tensor> {
        let dropped = pass.dropout(pooled, self.encoder.bert.config().classifier_dropout())?;
        self.head.forward(&dropped, pass)
    }

    /// What `answer` makes of the head's outputs for texts, in their order, without gradients and dropout.
    pub(super) fn rows(&self, texts: &[&str], answer: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Vec<Vec<f32>>> {
        let sequences = self.encoder.tokenizer.encode(texts)?;
        let mut order: Vec<usize> = (0..sequences.len()).collect();
        order.sort_by_key(|&i| sequences[i].len());
        let mut rows = vec![Vec::new(); sequences.len()];
        for indices in order.chunks(PREDICT_BATCH) {
            let batch: Vec<&[u32]> = indices.iter().map(|&i| sequences[i].as_slice()).collect();
            let batch = TokenBatch::new(&batch, self.encoder.tokenizer.pad_id())?;
            let answers = answer(&self.outputs(&batch, &Pass::evaluation())?)?.to_vec2::<f32>()?;
            for (&i, row) in indices.iter().zip(answers) {
                rows[i] = row;
            }
        }
        Ok(rows)
    }

    /// The encoder below the head. Its parameters are the network's.
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

    /// Which parameters were loaded, which start fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        &self.report
    }

    /// Layers with their sizes, and which of them train.
    pub(super) fn summary(&self, title: String) -> ModelSummary {
        ModelSummary::of(&self.store, title)
    }
}

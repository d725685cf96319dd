//! Text to vectors: tokenizer, encoder and pooling together.

use candle_core::{Device, Tensor};

use super::pooling::Pooler;
use super::{
    BertConfig, BertEncoder, LearningRates, LoadReport, ParameterStore, Pass, Pooling, Pretrained, PretrainedFiles,
    StoreBuilder, TextTokenizer, TokenBatch,
};
use crate::Result;

/// Texts in one forward pass of [`TextEncoder::embed`].
const EMBED_BATCH: usize = 32;

/// An encoder with its tokenizer: a text becomes one vector.
///
/// Its own parameters are in [`TextEncoder::store`].
///
/// ```
/// use tunebook::model::{Pretrained, TextEncoder};
/// let encoder = TextEncoder::from_pretrained(Pretrained::embedded())?;
/// let vectors = encoder.embed(&["The disk is full.", "No space left on the disk.", "Where is my invoice?"])?;
/// assert_eq!(vectors.dims(), [3, 128]);
/// let vectors = vectors.to_vec2::<f32>()?;
/// let cosine = |a: &[f32], b: &[f32]| {
///     let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
///     dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
/// };
/// assert!(cosine(&vectors[0], &vectors[1]) > cosine(&vectors[0], &vectors[2]));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TextEncoder {
    pub(super) tokenizer: TextTokenizer,
    pub(super) bert: BertEncoder,
    pooler: Option<Pooler>,
    pub(super) pooling: Pooling,
    store: ParameterStore,
    report: LoadReport,
    source: SourceInfo,
}

/// What is worth remembering of where an encoder came from.
#[derive(Clone, Debug)]
pub(super) struct SourceInfo {
    pub(super) name: String,
    pub(super) weights_sha256: String,
    pub(super) learning_rates: LearningRates,
    pub(super) config_json: serde_json::Value,
}

impl TextEncoder {
    /// Loads a pretrained encoder.
    pub fn from_pretrained(source: Pretrained) -> Result<Self> {
        let files = source.load()?;
        let builder = StoreBuilder::strict(files.weights.clone(), 0).on(&files.device);
        Self::build(files, builder, |_, _| Ok(())).map(|(encoder, ())| encoder)
    }

    /// The same network with random weights from a seed: what pretraining has to beat.
    pub fn from_scratch(source: Pretrained, seed: u64) -> Result<Self> {
        let files = source.load()?;
        let builder = StoreBuilder::random(seed).on(&files.device);
        Self::build(files, builder, |_, _| Ok(())).map(|(encoder, ())| encoder)
    }

    /// The encoder, and what `head` takes from the same builder.
    pub(super) fn build<H>(
        files: PretrainedFiles,
        mut builder: StoreBuilder,
        head: impl FnOnce(&BertConfig, &mut StoreBuilder) -> Result<H>,
    ) -> Result<(Self, H)> {
        let bert = BertEncoder::new(&files.config, &mut builder)?;
        let pooler = Pooler::new(files.pooling, &files.config, &mut builder)?;
        let head = head(&files.config, &mut builder)?;
        let (store, report) = builder.finish()?;
        let source = SourceInfo {
            name: files.name,
            weights_sha256: files.weights.sha256().to_owned(),
            learning_rates: files.learning_rates,
            config_json: files.config_json,
        };
        Ok((Self { tokenizer: files.tokenizer, bert, pooler, pooling: files.pooling, store, report, source }, head))
    }

    /// One vector for each text: `(texts, hidden)`, in the order given, not normalised, on the encoder's device.
    /// No gradients.
    pub fn embed(&self, texts: &[&str]) -> Result<Tensor> {
        self.embed_tokens(&self.tokenizer.encode(texts)?)
    }

    /// The same for token ids of [`TextTokenizer::encode`].
    pub fn embed_tokens(&self, sequences: &[Vec<u32>]) -> Result<Tensor> {
        self.embed_tokens_telling(sequences, &mut |_| Ok(()))
    }

    /// The same; tells after each batch how many are done, and ends with an error when that says so.
    pub(super) fn embed_tokens_telling(
        &self,
        sequences: &[Vec<u32>],
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Tensor> {
        let width = self.bert.config().hidden_size;
        // Texts of similar length share a batch, so that little is computed for padding.
        let mut order: Vec<usize> = (0..sequences.len()).collect();
        order.sort_by_key(|&i| sequences[i].len());
        let mut vectors = vec![0f32; sequences.len() * width];
        for (n, indices) in order.chunks(EMBED_BATCH).enumerate() {
            progress(n * EMBED_BATCH)?;
            let batch: Vec<&[u32]> = indices.iter().map(|&i| sequences[i].as_slice()).collect();
            let batch = TokenBatch::new(&batch, self.tokenizer.pad_id())?;
            let pooled = self.forward(&batch, &Pass::evaluation())?.to_vec2::<f32>()?;
            for (&i, vector) in indices.iter().zip(&pooled) {
                vectors[i * width..(i + 1) * width].copy_from_slice(vector);
            }
        }
        Ok(Tensor::from_vec(vectors, (sequences.len(), width), self.device())?)
    }

    /// Pooled vectors of a batch from any device: `(batch, hidden)`, on the encoder's.
    pub fn forward(&self, batch: &TokenBatch, pass: &Pass) -> Result<Tensor> {
        let batch = batch.to_device(self.device())?;
        let pooled = self.pooling.apply(&self.bert.forward(&batch, pass)?, &batch)?;
        self.pooler.as_ref().map_or(Ok(pooled.clone()), |pooler| pooler.forward(&pooled, pass))
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &TextTokenizer {
        &self.tokenizer
    }

    /// The network below the pooling.
    pub fn bert(&self) -> &BertEncoder {
        &self.bert
    }

    /// How token vectors become one.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        self.bert.device()
    }

    /// The encoder's parameters.
    pub fn store(&self) -> &ParameterStore {
        &self.store
    }

    /// Which parameters were loaded, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        &self.report
    }

    /// What the source is called.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// SHA-256 of the weights file, in hexadecimal.
    pub fn weights_sha256(&self) -> &str {
        &self.source.weights_sha256
    }

    /// The learning rates that the source recommends.
    pub fn learning_rates(&self) -> LearningRates {
        self.source.learning_rates
    }

    /// Another limit on tokens; special tokens count.
    pub fn set_max_length(&mut self, tokens: usize) -> Result<()> {
        let positions = self.bert.config().max_position_embeddings;
        if tokens > positions {
            return Err(crate::Error::input(
                "max_length",
                format!("{tokens} tokens, but {} has {positions} positions", self.source.name),
                "give a smaller limit",
            ));
        }
        if tokens != self.tokenizer.max_length() {
            self.tokenizer = self.tokenizer.with_max_length(tokens)?;
        }
        Ok(())
    }

    pub(super) fn set_store(&mut self, store: ParameterStore) {
        self.store = store;
    }

    pub(super) fn source(&self) -> &SourceInfo {
        &self.source
    }
}

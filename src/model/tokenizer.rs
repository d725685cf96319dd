//! Text to token ids, and token ids to a padded batch.

use candle_core::{Device, Tensor};
use tokenizers::{Tokenizer, TruncationParams};

use crate::{Error, Result};

/// A tokenizer of the Hub's `tokenizer.json`, truncating at a number of tokens.
///
/// ```
/// use tunebook::model::{Pretrained, TextEncoder};
/// let encoder = TextEncoder::from_pretrained(Pretrained::embedded())?;
/// let tokenizer = encoder.tokenizer();
/// assert_eq!(tokenizer.tokens("The disk")?, ["[CLS]", "the", "disk", "[SEP]"]);
/// assert_eq!(tokenizer.encode(&["The disk"])?[0].len(), 4);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TextTokenizer {
    inner: Tokenizer,
    max_length: usize,
    pad_id: u32,
}

/// The shortest useful limit: `[CLS]`, one token, `[SEP]`.
const SHORTEST: usize = 3;

impl TextTokenizer {
    /// Reads a `tokenizer.json`; `origin` names it in errors. `max_length` counts special tokens.
    pub fn from_json(bytes: &[u8], origin: &str, max_length: usize) -> Result<Self> {
        let inner = Tokenizer::from_bytes(bytes)
            .map_err(|e| Error::input(origin, format!("not a readable tokenizer ({e})"), "fetch the file again"))?;
        Self::new(inner, max_length)
    }

    /// Wraps a tokenizer; padding and truncation that it brings along are replaced.
    pub fn new(mut inner: Tokenizer, max_length: usize) -> Result<Self> {
        if max_length < SHORTEST {
            return Err(Error::input("max_length", max_length, format!("give at least {SHORTEST} tokens")));
        }
        let pad_id = inner.token_to_id("[PAD]").or_else(|| inner.token_to_id("<pad>")).unwrap_or(0);
        inner.with_padding(None);
        let truncation = TruncationParams { max_length, ..TruncationParams::default() };
        inner.with_truncation(Some(truncation)).map_err(|e| Error::Tokenizer(e.to_string()))?;
        Ok(Self { inner, max_length, pad_id })
    }

    /// The same tokenizer with another limit.
    pub fn with_max_length(&self, max_length: usize) -> Result<Self> {
        Self::new(self.inner.clone(), max_length)
    }

    /// Longest sequence it returns, special tokens included.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Id of the padding token.
    pub fn pad_id(&self) -> u32 {
        self.pad_id
    }

    /// Number of entries of the vocabulary, added tokens included.
    pub fn vocab_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The tokens of one text as words of the vocabulary, special tokens included.
    pub fn tokens(&self, text: &str) -> Result<Vec<String>> {
        let encoding = self.inner.encode(text, true).map_err(|e| Error::Tokenizer(e.to_string()))?;
        Ok(encoding.get_tokens().to_vec())
    }

    /// Token ids of each text, special tokens included, truncated at `max_length`.
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<u32>>> {
        let encodings =
            self.inner.encode_batch_fast(texts.to_vec(), true).map_err(|e| Error::Tokenizer(e.to_string()))?;
        Ok(encodings.into_iter().map(|e| e.get_ids().to_vec()).collect())
    }

    /// How many tokens each text has before it is cut, special tokens included.
    pub fn lengths(&self, texts: &[&str]) -> Result<Vec<usize>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let encodings =
            self.uncut()?.encode_batch_fast(texts.to_vec(), true).map_err(|e| Error::Tokenizer(e.to_string()))?;
        Ok(encodings.iter().map(tokenizers::Encoding::len).collect())
    }

    /// The wrapped tokenizer.
    pub fn inner(&self) -> &Tokenizer {
        &self.inner
    }

    /// The `tokenizer.json` of it, without truncation and padding.
    pub(super) fn to_json(&self) -> Result<String> {
        self.uncut()?.to_string(false).map_err(|e| Error::Tokenizer(e.to_string()))
    }

    fn uncut(&self) -> Result<Tokenizer> {
        let mut inner = self.inner.clone();
        inner.with_truncation(None).map_err(|e| Error::Tokenizer(e.to_string()))?;
        Ok(inner)
    }
}

/// Token ids of several texts, padded to the longest.
///
/// ```
/// use tunebook::model::TokenBatch;
/// let batch = TokenBatch::new(&[&[2, 5, 3], &[2, 3]], 0)?;
/// assert_eq!(batch.ids().to_vec2::<u32>()?, [[2, 5, 3], [2, 3, 0]]);
/// assert_eq!(batch.mask().to_vec2::<f32>()?, [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TokenBatch {
    ids: Tensor,
    mask: Tensor,
}

impl TokenBatch {
    /// Pads `sequences` with `pad_id`. At least one sequence, none empty.
    pub fn new(sequences: &[&[u32]], pad_id: u32) -> Result<Self> {
        let longest = sequences.iter().map(|s| s.len()).max().unwrap_or(0);
        if sequences.iter().any(|s| s.is_empty()) || longest == 0 {
            return Err(Error::input("batch", "a sequence without tokens", "give at least one token for each text"));
        }
        let mut ids = vec![pad_id; sequences.len() * longest];
        let mut mask = vec![0f32; ids.len()];
        for (n, sequence) in sequences.iter().enumerate() {
            let start = n * longest;
            ids[start..start + sequence.len()].copy_from_slice(sequence);
            mask[start..start + sequence.len()].fill(1.0);
        }
        let shape = (sequences.len(), longest);
        Ok(Self {
            ids: Tensor::from_vec(ids, shape, &Device::Cpu)?,
            mask: Tensor::from_vec(mask, shape, &Device::Cpu)?,
        })
    }

    /// The same batch on another device; on the same one nothing is copied.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        Ok(Self { ids: self.ids.to_device(device)?, mask: self.mask.to_device(device)? })
    }

    /// Token ids: `(batch, tokens)`, `u32`.
    pub fn ids(&self) -> &Tensor {
        &self.ids
    }

    /// 1 at tokens, 0 at padding: `(batch, tokens)`, `f32`.
    pub fn mask(&self) -> &Tensor {
        &self.mask
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ids.dims()[0]
    }

    /// Always false: a batch has at least one text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tokens of the longest text.
    pub fn tokens(&self) -> usize {
        self.ids.dims()[1]
    }
}

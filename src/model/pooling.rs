//! From one vector for each token to one vector for a text.

use candle_core::Tensor;

use super::{BertConfig, Linear, ModelType, Pass, StoreBuilder, TokenBatch};
use crate::{Error, Result};

/// How the token vectors of a text become one.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use tunebook::model::{Pooling, TokenBatch};
/// let batch = TokenBatch::new(&[&[2, 7, 3], &[2, 3]], 0)?;                    // the second text has one padding
/// let hidden = Tensor::new(&[[[1.0f32], [2.0], [6.0]], [[-4.0], [-2.0], [9.0]]], &Device::Cpu)?;
/// let pooled = |pooling: Pooling| -> tunebook::Result<_> { Ok(pooling.apply(&hidden, &batch)?.to_vec2::<f32>()?) };
/// assert_eq!(pooled(Pooling::Mean)?, [[3.0], [-3.0]]);
/// assert_eq!(pooled(Pooling::Max)?, [[6.0], [-2.0]]);
/// assert_eq!(pooled(Pooling::Cls)?, [[1.0], [-4.0]]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooling {
    /// The mean over the tokens that are not padding.
    #[default]
    Mean,
    /// The vector of the first token, `[CLS]`.
    Cls,
    /// The largest value of each dimension over the tokens that are not padding.
    Max,
    /// The vector of `[CLS]` through the source's own dense layer: with tanh in BERT (the pooler of Devlin et al., 2018),
    /// with ReLU in DistilBERT's classifiers. A source without these weights is an error.
    Pooler,
}

/// Every kind with the word for it in `config.json`.
const WORDS: [(&str, Pooling); 4] =
    [("mean", Pooling::Mean), ("cls", Pooling::Cls), ("max", Pooling::Max), ("pooler", Pooling::Pooler)];

impl Pooling {
    /// `(batch, tokens, hidden)` to `(batch, hidden)`. For [`Pooling::Pooler`] this is the vector of `[CLS]`, which
    /// [`super::TextEncoder::forward`] then takes through the dense layer.
    pub fn apply(self, hidden: &Tensor, batch: &TokenBatch) -> Result<Tensor> {
        match self {
            Self::Cls | Self::Pooler => Ok(hidden.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?),
            Self::Mean => {
                // A matrix product with weights 1/n at tokens and 0 at padding.
                let mask = batch.mask();
                let weights = mask.broadcast_div(&mask.sum_keepdim(1)?)?.unsqueeze(1)?;
                Ok(weights.matmul(hidden)?.squeeze(1)?)
            }
            Self::Max => {
                // At padding, where the mask is 0, the state becomes too small to be the largest.
                let padding = batch.mask().affine(1e9, -1e9)?.unsqueeze(2)?;
                let hidden = hidden.broadcast_mul(&batch.mask().unsqueeze(2)?)?;
                Ok(hidden.broadcast_add(&padding)?.max(1)?)
            }
        }
    }

    /// The word for it in `config.json`.
    pub(super) fn name(self) -> &'static str {
        WORDS.iter().find(|(_, pooling)| *pooling == self).map_or("mean", |(word, _)| word)
    }

    /// The kind of this word.
    pub(super) fn from_name(word: &str) -> Option<Self> {
        WORDS.iter().find(|(known, _)| *known == word).map(|(_, pooling)| *pooling)
    }
}

/// The dense layer of [`Pooling::Pooler`] with its activation.
#[derive(Clone, Debug)]
pub(super) struct Pooler {
    dense: Linear,
    model_type: ModelType,
}

impl Pooler {
    /// The layer where the pooling has one.
    pub(super) fn new(pooling: Pooling, config: &BertConfig, builder: &mut StoreBuilder) -> Result<Option<Self>> {
        if pooling != Pooling::Pooler {
            return Ok(None);
        }
        let width = config.hidden_size;
        if builder.lacks("pooler.dense.weight") {
            return Err(Error::input(
                builder.origin(),
                "the weights have no pooler (BERT's pooler.dense, DistilBERT's pre_classifier)",
                "use Pooling::Mean or Pooling::Cls",
            ));
        }
        let dense = Linear::new(builder, "pooler.dense", width, width, config.initializer_range)?;
        Ok(Some(Self { dense, model_type: config.model_type }))
    }

    /// `(batch, hidden)` to the same shape.
    pub(super) fn forward(&self, first: &Tensor, pass: &Pass) -> Result<Tensor> {
        let dense = self.dense.forward(first, pass)?;
        Ok(match self.model_type {
            ModelType::Bert => dense.tanh()?,
            ModelType::DistilBert => dense.relu()?,
        })
    }
}

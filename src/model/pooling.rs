//! From one vector for each token to one vector for a text.

use candle_core::Tensor;

use super::TokenBatch;
use crate::Result;

/// How the token vectors of a text become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooling {
    /// The mean over the tokens that are not padding.
    #[default]
    Mean,
    /// The vector of the first token, `[CLS]`.
    Cls,
}

impl Pooling {
    /// `(batch, tokens, hidden)` to `(batch, hidden)`.
    pub fn apply(self, hidden: &Tensor, batch: &TokenBatch) -> Result<Tensor> {
        match self {
            Self::Cls => Ok(hidden.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?),
            Self::Mean => {
                // A matrix product with weights 1/n at tokens and 0 at padding.
                let mask = batch.mask();
                let weights = mask.broadcast_div(&mask.sum_keepdim(1)?)?.unsqueeze(1)?;
                Ok(weights.matmul(hidden)?.squeeze(1)?)
            }
        }
    }

    /// The word for it in `config.json`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Cls => "cls",
        }
    }
}

//! What kind of forward pass a model runs.

use std::cell::Cell;

use candle_core::Tensor;

use crate::Result;
use crate::ops::Dropout;

/// One forward pass: with or without gradients, with or without what only training does.
///
/// ```
/// use tunebook::model::Pass;
/// assert!(Pass::training(7).tracks_gradients() && Pass::training(7).is_training());
/// assert!(!Pass::evaluation().tracks_gradients());
/// assert!(!Pass::gradients().is_training());
/// ```
#[derive(Debug)]
pub struct Pass {
    tracks: bool,
    dropout_seed: Option<u64>,
    drops: Cell<u64>,
}

impl Pass {
    /// For training: gradients, dropout and changed images, whose masks and changes follow from `seed` (give each step its
    /// own), and batch normalisation by the batch.
    pub fn training(seed: u64) -> Self {
        Self { tracks: true, dropout_seed: Some(seed), drops: Cell::new(0) }
    }

    /// For prediction: no gradients, no dropout, batch normalisation by running statistics.
    pub fn evaluation() -> Self {
        Self { tracks: false, dropout_seed: None, drops: Cell::new(0) }
    }

    /// Gradients of what prediction computes, without dropout: for checks of gradients and for studying a loss.
    pub fn gradients() -> Self {
        Self { tracks: true, dropout_seed: None, drops: Cell::new(0) }
    }

    /// Whether trainable parameters take part as variables.
    pub fn tracks_gradients(&self) -> bool {
        self.tracks
    }

    /// Whether this is a step of training: dropout drops, batch normalisation follows its batch.
    pub fn is_training(&self) -> bool {
        self.dropout_seed.is_some()
    }

    /// What masks and changes of this pass follow from; `None` when nothing is drawn.
    pub(crate) fn seed(&self) -> Option<u64> {
        self.dropout_seed
    }

    /// Dropout at this rate when training, otherwise `x`. Each call in a pass draws a mask of its own.
    pub fn dropout(&self, x: &Tensor, rate: f64) -> Result<Tensor> {
        match self.draw_dropout(rate) {
            Some(Dropout { rate, seed }) => crate::ops::dropout(x, rate, seed),
            None => Ok(x.clone()),
        }
    }

    /// The next mask, for an operation that drops out itself; `None` when nothing is dropped.
    pub(crate) fn draw_dropout(&self, rate: f64) -> Option<Dropout> {
        let seed = self.dropout_seed.filter(|_| rate > 0.0)?;
        let n = self.drops.get() + 1;
        self.drops.set(n);
        Some(Dropout { rate, seed: seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) })
    }
}

//! SGD with momentum on one parameter, in one pass over its numbers.

use candle_core::{Result, Tensor};

use super::in_place::InPlace;
use crate::ops::vectorized;

/// The numbers of one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct SgdStep {
    pub(super) momentum: f64,
    pub(super) nesterov: bool,
    pub(super) rate: f64,
    pub(super) weight_decay: f64,
    pub(super) grad_scale: f64,
}

impl SgdStep {
    /// The step on any device from candle's operations: the new parameter and its momentum.
    ///
    /// Momentum starts at zero, so the first step's momentum is the gradient itself, as in PyTorch.
    pub(super) fn composed(self, p: &Tensor, g: &Tensor, m: &Tensor) -> Result<(Tensor, Tensor)> {
        let g = (g * self.grad_scale)?;
        let m = ((m * self.momentum)? + &g)?;
        let direction = if self.nesterov { (g + (&m * self.momentum)?)? } else { m.clone() };
        let p = ((p * (1.0 - self.rate * self.weight_decay))? - (direction * self.rate)?)?;
        Ok((p, m))
    }
}

impl InPlace for SgdStep {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn keep(&self) -> f32 {
        (1.0 - self.rate * self.weight_decay) as f32
    }

    fn apply(&self, p: &mut [f32], g: &[f32], first: &mut [f32], _: &mut [f32]) {
        let keep = self.keep();
        let (momentum, rate, grad_scale) = (self.momentum as f32, self.rate as f32, self.grad_scale as f32);
        // g + momentum * m with Nesterov, m without.
        let (of_gradient, of_momentum) = if self.nesterov { (1.0, momentum) } else { (0.0, 1.0) };
        vectorized!({
            for ((p, &g), m) in p.iter_mut().zip(g).zip(first.iter_mut()) {
                let g = g * grad_scale;
                *m = momentum * *m + g;
                *p = *p * keep - rate * (of_gradient * g + of_momentum * *m);
            }
        });
    }
}

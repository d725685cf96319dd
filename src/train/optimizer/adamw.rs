//! AdamW on one parameter, in one pass over its numbers.

use candle_core::{Result, Tensor};

use super::in_place::InPlace;
use crate::ops::vectorized;

/// The numbers of one step, ready for the loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdamWStep {
    pub(super) beta1: f64,
    pub(super) beta2: f64,
    pub(super) eps: f64,
    /// The parameter's learning rate at this step.
    pub(super) rate: f64,
    pub(super) weight_decay: f64,
    /// What clipping leaves of the gradient.
    pub(super) grad_scale: f64,
    /// How many steps this parameter has made, this one included.
    pub(super) step: i32,
}

impl AdamWStep {
    /// 1 - lr * decay; lr / (1 - b1^t); 1 / sqrt(1 - b2^t).
    fn constants(self) -> (f64, f64, f64) {
        (
            1.0 - self.rate * self.weight_decay,
            self.rate / (1.0 - self.beta1.powi(self.step)),
            1.0 / (1.0 - self.beta2.powi(self.step)).sqrt(),
        )
    }

    /// The step on any device from candle's operations: the new parameter and its running means.
    pub(super) fn composed(self, p: &Tensor, g: &Tensor, m: &Tensor, v: &Tensor) -> Result<(Tensor, Tensor, Tensor)> {
        let (keep, step_size, root_correction) = self.constants();
        let g = (g * self.grad_scale)?;
        let m = ((m * self.beta1)? + (&g * (1.0 - self.beta1))?)?;
        let v = ((v * self.beta2)? + (g.sqr()? * (1.0 - self.beta2))?)?;
        let denominator = ((v.sqrt()? * root_correction)? + self.eps)?;
        let p = ((p * keep)? - ((&m / denominator)? * step_size)?)?;
        Ok((p, m, v))
    }
}

impl InPlace for AdamWStep {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn keep(&self) -> f32 {
        self.constants().0 as f32
    }

    fn apply(&self, p: &mut [f32], g: &[f32], first: &mut [f32], second: &mut [f32]) {
        let (keep, step_size, root_correction) = self.constants();
        let (keep, step_size, root_correction) = (keep as f32, step_size as f32, root_correction as f32);
        let (b1, b2) = (self.beta1 as f32, self.beta2 as f32);
        let (grad_scale, eps) = (self.grad_scale as f32, self.eps as f32);
        vectorized!({
            for (((p, &g), m), v) in p.iter_mut().zip(g).zip(first.iter_mut()).zip(second.iter_mut()) {
                let g = g * grad_scale;
                *m = b1 * *m + (1.0 - b1) * g;
                *v = b2 * *v + (1.0 - b2) * g * g;
                let denominator = v.sqrt() * root_correction + eps;
                *p = *p * keep - step_size * *m / denominator;
            }
        });
    }
}

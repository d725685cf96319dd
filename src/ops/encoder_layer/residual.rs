//! Dropout, the residual sum and layer normalisation.

use rayon::prelude::*;

use crate::ops::layer_norm::{RowGradients, statistics};
use crate::ops::slices::rows_per_task;
use crate::ops::vectorized;

/// A normalisation's parameters.
pub(super) struct Norm<'a> {
    /// Where the weight is among the operation's inputs; the bias follows.
    pub(super) place: usize,
    pub(super) weight: &'a [f32],
    pub(super) bias: &'a [f32],
    pub(super) eps: f32,
}

impl Norm<'_> {
    /// `y = norm(x + residual)`. Afterwards `x` holds the normalised sum without weight and bias, and `scales` what each
    /// row was multiplied by: the backward pass needs both.
    pub(super) fn forward(&self, x: &mut [f32], residual: &[f32], scales: &mut [f32], y: &mut [f32]) {
        let width = self.weight.len();
        let rows = rows_per_task(width);
        let task = rows * width;
        x.par_chunks_mut(task)
            .zip(residual.par_chunks(task))
            .zip(y.par_chunks_mut(task))
            .zip(scales.par_chunks_mut(rows))
            .for_each(|(((x, residual), y), scales)| {
                vectorized!({
                    let rows = x.chunks_exact_mut(width).zip(residual.chunks_exact(width));
                    for (((x, residual), y), kept) in rows.zip(y.chunks_exact_mut(width)).zip(scales.iter_mut()) {
                        x.iter_mut().zip(residual).for_each(|(x, r)| *x += r);
                        let (mean, scale) = statistics(x, self.eps);
                        *kept = scale;
                        for (((x, y), &w), &b) in x.iter_mut().zip(y).zip(self.weight).zip(self.bias) {
                            *x = (*x - mean) * scale;
                            *y = *x * w + b;
                        }
                    }
                });
            });
    }

    /// The gradient of the sum into `ds`, from the output's `dy`; returns those of weight and bias.
    pub(super) fn backward(&self, normal: &[f32], scales: &[f32], dy: &[f32], ds: &mut [f32]) -> (Vec<f32>, Vec<f32>) {
        let width = self.weight.len();
        let rows = rows_per_task(width);
        let task = rows * width;
        let tasks: Vec<RowGradients> = ds
            .par_chunks_mut(task)
            .zip(normal.par_chunks(task))
            .zip(dy.par_chunks(task))
            .zip(scales.par_chunks(rows))
            .map(|(((ds, normal), dy), scales)| {
                let mut gradients = RowGradients::new(width);
                vectorized!({
                    let rows = ds.chunks_exact_mut(width).zip(normal.chunks_exact(width));
                    for (((ds, normal), dy), &scale) in rows.zip(dy.chunks_exact(width)).zip(scales) {
                        gradients.row(normal, scale, dy, self.weight, ds);
                    }
                });
                gradients
            })
            .collect();
        RowGradients::total(&tasks, width)
    }
}

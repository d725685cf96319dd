//! The softmax of attention, with its mask and its scale.

use candle_core::{CpuStorage, CustomOp2, D, DType, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::exponential::exp_falling;
use super::slices::{floats, rows_per_task, stored_floats};
use super::vectorized;

/// `softmax(scale * scores)` over the last dimension, with zero probability where `mask` is zero.
///
/// `scores` is `(batch, heads, queries, keys)`, `mask` is `(batch, keys)` with 1 for a token and 0 for padding. A row
/// whose keys are all masked gives zeros, not NaN. Differentiable in `scores`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let scores = Tensor::new(&[[[[0.5f32, 0.5, 9.0]]]], &Device::Cpu)?;
/// let mask = Tensor::new(&[[1.0f32, 1.0, 0.0]], &Device::Cpu)?;
/// let probabilities = tunebook::ops::masked_softmax(&scores, &mask, 1.0)?;
/// assert_eq!(probabilities.flatten_all()?.to_vec1::<f32>()?, [0.5, 0.5, 0.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn masked_softmax(scores: &Tensor, mask: &Tensor, scale: f64) -> crate::Result<Tensor> {
    let (batch, _, _, keys) = scores.dims4()?;
    if mask.dims() != [batch, keys] {
        return Err(candle_core::Error::Msg(format!(
            "masked_softmax: scores are {:?}, so the mask must be ({batch}, {keys}), not {:?}",
            scores.dims(),
            mask.dims()
        ))
        .into());
    }
    if !super::has_kernel(scores) {
        return composed(scores, mask, scale);
    }
    let mask = mask.to_dtype(DType::F32)?.contiguous()?.detach();
    Ok(scores.contiguous()?.apply_op2(&mask, MaskedSoftmax { scale: scale as f32 })?)
}

/// The same from candle's differentiable operations, for other devices and number types.
fn composed(scores: &Tensor, mask: &Tensor, scale: f64) -> crate::Result<Tensor> {
    let (batch, _, _, keys) = scores.dims4()?;
    let mask = mask.to_dtype(scores.dtype())?.reshape((batch, 1, 1, keys))?;
    let scores = (scores * scale)?.broadcast_add(&((&mask - 1.0)? * 1e4)?)?;
    let probabilities = candle_nn::ops::softmax(&scores, D::Minus1)?;
    Ok(probabilities.broadcast_mul(&mask)?)
}

struct MaskedSoftmax {
    scale: f32,
}

/// The largest number, or NaN where there is one: a NaN must reach the loss, where training stops and says so. In lanes, so
/// that it runs as vector code; the order does not matter.
#[inline(always)]
#[allow(clippy::inline_always)] // a call in the loop would keep it scalar
fn largest(values: &[f32]) -> f32 {
    let more = |a: f32, b: f32| if b > a || b.is_nan() { b } else { a };
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (blocks, rest) = values.as_chunks::<16>();
    for block in blocks {
        for (lane, &v) in lanes.iter_mut().zip(block) {
            *lane = more(*lane, v);
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |a, &b| more(a, b))
}

/// One row, in place: `softmax(scale * x)` where `mask` is not zero.
#[inline(always)]
#[allow(clippy::inline_always)] // a call in the loop would keep it scalar
pub(super) fn softmax_row(y: &mut [f32], mask: &[f32], scale: f32) {
    for (y, &m) in y.iter_mut().zip(mask) {
        *y = if m == 0.0 { f32::NEG_INFINITY } else { *y * scale };
    }
    let largest = largest(y);
    if largest == f32::NEG_INFINITY {
        y.fill(0.0);
        return;
    }
    let mut total = 0.0;
    for y in y.iter_mut() {
        *y = exp_falling(*y - largest);
    }
    for y in y.iter() {
        total += *y;
    }
    let factor = if largest.is_nan() { f32::NAN } else { 1.0 / total };
    for y in y.iter_mut() {
        *y *= factor;
    }
}

impl CustomOp2 for MaskedSoftmax {
    fn name(&self) -> &'static str {
        "masked_softmax"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = floats(self.name(), s1, l1)?;
        let mask = floats(self.name(), s2, l2)?;
        let (_, heads, queries, keys) = l1.shape().dims4()?;
        let mut y = x.to_vec();
        let rows = rows_per_task(keys);
        let task = rows * keys;
        let rows_per_example = heads * queries;
        y.par_chunks_mut(task).enumerate().for_each(|(n, y)| {
            vectorized!({
                for (r, y) in y.chunks_exact_mut(keys).enumerate() {
                    let example = (n * rows + r) / rows_per_example;
                    softmax_row(y, &mask[example * keys..(example + 1) * keys], self.scale);
                }
            });
        });
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(
        &self,
        _scores: &Tensor,
        _mask: &Tensor,
        res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        // dx = scale * y * (g - sum(g y)); masked entries have y = 0 and so no gradient.
        let grad = grad.contiguous()?;
        let (ys, yl) = res.storage_and_layout();
        let (gs, gl) = grad.storage_and_layout();
        let y = stored_floats(self.name(), &ys, yl)?;
        let g = stored_floats(self.name(), &gs, gl)?;
        let keys = res.dim(D::Minus1)?;
        let mut dx = vec![0f32; y.len()];
        let task = rows_per_task(keys) * keys;
        dx.par_chunks_mut(task).zip(y.par_chunks(task)).zip(g.par_chunks(task)).for_each(|((dx, y), g)| {
            vectorized!({
                let rows = dx.chunks_exact_mut(keys).zip(y.chunks_exact(keys)).zip(g.chunks_exact(keys));
                for ((dx, y), g) in rows {
                    let product: f32 = y.iter().zip(g).map(|(y, g)| y * g).sum();
                    for ((dx, &y), &g) in dx.iter_mut().zip(y).zip(g) {
                        *dx = self.scale * y * (g - product);
                    }
                }
            });
        });
        Ok((Some(Tensor::from_vec(dx, res.shape(), res.device())?), None))
    }
}

#[cfg(test)]
mod tests {
    use super::{composed, masked_softmax};
    use crate::ops::verify::{assert_gradients, assert_same_gradients, random_var};
    use candle_core::{Device, Tensor};

    #[test]
    fn gradient_matches_finite_differences_and_the_composed_form() {
        let scores = random_var(&[2, 3, 5, 7], 3.0, 1);
        let mask = Tensor::new(&[[1f32, 1., 1., 1., 1., 1., 1.], [1., 1., 1., 1., 0., 0., 0.]], &Device::Cpu).unwrap();
        assert_gradients("softmax", &[&scores], || masked_softmax(&scores, &mask, 0.7));
        let own = || masked_softmax(&scores, &mask, 0.7);
        assert_same_gradients("softmax", &[&scores], own, || composed(&scores, &mask, 0.7), 2e-6);
    }

    #[test]
    fn rows_add_up_to_one_over_several_tasks() {
        let scores = random_var(&[3, 4, 50, 50], 20.0, 2);
        let mask = Tensor::ones((3, 50), candle_core::DType::F32, &Device::Cpu).unwrap();
        let sums = masked_softmax(&scores, &mask, 1.0).unwrap().sum(3).unwrap().flatten_all().unwrap();
        assert!(sums.to_vec1::<f32>().unwrap().iter().all(|s| (s - 1.0).abs() < 1e-5));
    }

    #[test]
    fn a_fully_masked_row_is_zero_and_a_nan_stays_visible() {
        let scores = Tensor::new(&[[[[1f32, 2.0]]], [[[f32::NAN, 2.0]]]], &Device::Cpu).unwrap();
        let mask = Tensor::new(&[[0f32, 0.0], [1.0, 1.0]], &Device::Cpu).unwrap();
        let y = masked_softmax(&scores, &mask, 1.0).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(y[..2], [0.0, 0.0]);
        assert!(y[2].is_nan() && y[3].is_nan());
    }
}

//! Layer normalisation over the last dimension.

use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::slices::{floats, in_order, rows_per_task, stored_floats};
use super::vectorized;

/// `(x - mean) / sqrt(variance + eps) * weight + bias`, mean and variance over the last dimension.
///
/// `x` is `(..., n)`; `weight` and `bias` are `(n)`. Differentiable in all three.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let x = Tensor::new(&[[1.0f32, 3.0]], &Device::Cpu)?;
/// let (weight, bias) = (Tensor::new(&[1.0f32, 1.0], &Device::Cpu)?, Tensor::new(&[0.0f32, 0.0], &Device::Cpu)?);
/// let y = tunebook::ops::layer_norm(&x, &weight, &bias, 1e-12)?;
/// assert_eq!(y.to_vec2::<f32>()?, [[-1.0, 1.0]]);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> crate::Result<Tensor> {
    let width = x.dim(D::Minus1)?;
    if weight.dims() != [width] || bias.dims() != [width] {
        return Err(candle_core::Error::Msg(format!(
            "layer_norm: x ends in {width}, but weight is {:?} and bias {:?}",
            weight.dims(),
            bias.dims()
        ))
        .into());
    }
    if !super::has_kernel(x) {
        return composed(x, weight, bias, eps);
    }
    Ok(x.contiguous()?.apply_op3(&weight.contiguous()?, &bias.contiguous()?, LayerNorm { eps: eps as f32 })?)
}

/// The same from candle's differentiable operations, for other devices and number types.
fn composed(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> crate::Result<Tensor> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let normal = centred.broadcast_div(&(variance + eps)?.sqrt()?)?;
    Ok(normal.broadcast_mul(weight)?.broadcast_add(bias)?)
}

struct LayerNorm {
    eps: f32,
}

/// Sums in eight lanes, so that the loop can run as vector code.
#[inline(always)]
#[allow(clippy::inline_always)] // a call in the loop would keep it scalar
pub(super) fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0f32; 8];
    let (chunks, rest) = x.as_chunks::<8>();
    for chunk in chunks {
        for (lane, &v) in lanes.iter_mut().zip(chunk) {
            *lane += f(v);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|&v| f(v)).sum::<f32>()
}

/// Mean and reciprocal standard deviation of one row.
#[inline(always)]
#[allow(clippy::inline_always)]
pub(super) fn statistics(row: &[f32], eps: f32) -> (f32, f32) {
    let n = row.len() as f32;
    let mean = sum(row, |v| v) / n;
    let variance = sum(row, |v| (v - mean) * (v - mean)) / n;
    (mean, 1.0 / (variance + eps).sqrt())
}

/// What rows add to the gradients of weight and bias, while their own are computed.
pub(super) struct RowGradients {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
    products: Vec<f32>,
}

impl RowGradients {
    pub(super) fn new(width: usize) -> Self {
        Self { weight: vec![0.0; width], bias: vec![0.0; width], products: vec![0.0; width] }
    }

    /// The gradient of a row into `dx`: from what it is when normalised, the reciprocal of its standard deviation, and the
    /// output's `dy`.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    pub(super) fn row(&mut self, normal: &[f32], scale: f32, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
        let n = dx.len();
        let (normal, dy, weight, products) = (&normal[..n], &dy[..n], &weight[..n], &mut self.products[..n]);
        let (weights, biases) = (&mut self.weight[..n], &mut self.bias[..n]);
        for i in 0..n {
            weights[i] += dy[i] * normal[i];
            biases[i] += dy[i];
            dx[i] = dy[i] * weight[i];
            products[i] = dx[i] * normal[i];
        }
        // dx = scale * (dy w - mean(dy w) - normal * mean(dy w normal))
        let mean_grad = sum(dx, |v| v) / n as f32;
        let mean_product = sum(products, |v| v) / n as f32;
        for i in 0..n {
            dx[i] = scale * (dx[i] - mean_grad - normal[i] * mean_product);
        }
    }

    /// The sums of all tasks for weight and bias, added in order: the result does not depend on which thread was first.
    pub(super) fn total(tasks: &[Self], width: usize) -> (Vec<f32>, Vec<f32>) {
        let weight = in_order(tasks.iter().map(|task| task.weight.as_slice()), width);
        (weight, in_order(tasks.iter().map(|task| task.bias.as_slice()), width))
    }
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = floats(self.name(), s1, l1)?;
        let weight = floats(self.name(), s2, l2)?;
        let bias = floats(self.name(), s3, l3)?;
        let width = weight.len();
        let mut y = vec![0f32; x.len()];
        let task = rows_per_task(width) * width;
        y.par_chunks_mut(task).zip(x.par_chunks(task)).for_each(|(y, x)| {
            vectorized!({
                for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                    let (mean, scale) = statistics(x, self.eps);
                    for (((y, &x), &w), &b) in y.iter_mut().zip(x).zip(weight).zip(bias) {
                        *y = (x - mean) * scale * w + b;
                    }
                }
            });
        });
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (xs, xl) = x.storage_and_layout();
        let (ws, wl) = weight.storage_and_layout();
        let (gs, gl) = grad.storage_and_layout();
        let values = stored_floats(self.name(), &xs, xl)?;
        let w = stored_floats(self.name(), &ws, wl)?;
        let g = stored_floats(self.name(), &gs, gl)?;
        let width = w.len();
        let task = rows_per_task(width) * width;
        let mut dx = vec![0f32; values.len()];
        let tasks: Vec<RowGradients> = dx
            .par_chunks_mut(task)
            .zip(values.par_chunks(task))
            .zip(g.par_chunks(task))
            .map(|((dx, x), g)| {
                let mut gradients = RowGradients::new(width);
                let mut normal = vec![0f32; width];
                vectorized!({
                    let rows = dx.chunks_exact_mut(width).zip(x.chunks_exact(width)).zip(g.chunks_exact(width));
                    for ((dx, x), g) in rows {
                        let (mean, scale) = statistics(x, self.eps);
                        normal.iter_mut().zip(x).for_each(|(normal, x)| *normal = (x - mean) * scale);
                        gradients.row(&normal, scale, g, w, dx);
                    }
                });
                gradients
            })
            .collect();
        let (dw, db) = RowGradients::total(&tasks, width);
        let tensor = |data: Vec<f32>, like: &Tensor| Tensor::from_vec(data, like.shape(), like.device()).map(Some);
        Ok((
            if x.track_op() { tensor(dx, x)? } else { None },
            if weight.track_op() { tensor(dw, weight)? } else { None },
            if bias.track_op() { tensor(db, bias)? } else { None },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{composed, layer_norm};
    use crate::ops::verify::{assert_gradients, assert_same_gradients, random_var};

    #[test]
    fn gradient_matches_finite_differences_and_the_composed_form() {
        let x = random_var(&[3, 5, 19], 1.5, 1);
        let (weight, bias) = (random_var(&[19], 1.0, 2), random_var(&[19], 1.0, 3));
        assert_gradients("layer_norm", &[&x, &weight, &bias], || layer_norm(&x, &weight, &bias, 1e-5));
        let own = || layer_norm(&x, &weight, &bias, 1e-5);
        assert_same_gradients("layer_norm", &[&x, &weight, &bias], own, || composed(&x, &weight, &bias, 1e-5), 2e-5);
    }

    #[test]
    fn sums_over_many_rows_do_not_depend_on_the_split() {
        let x = random_var(&[2000, 24], 1.0, 4);
        let (weight, bias) = (random_var(&[24], 1.0, 5), random_var(&[24], 1.0, 6));
        let own = || layer_norm(&x, &weight, &bias, 1e-5);
        assert_same_gradients("layer_norm", &[&weight, &bias], own, || composed(&x, &weight, &bias, 1e-5), 1e-4);
    }

    #[test]
    fn a_wrong_width_is_an_error() {
        let x = random_var(&[2, 4], 1.0, 1);
        let weight = random_var(&[3], 1.0, 2);
        let message = layer_norm(&x, &weight, &weight, 1e-5).unwrap_err().to_string();
        assert!(message.contains("x ends in 4"), "{message}");
    }
}

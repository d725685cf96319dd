//! Batch normalisation: over the batch in training, with running statistics otherwise.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::layer_norm::sum;
use super::slices::{floats, rows_per_task, stored_floats};
use super::vectorized;

/// Mean and variance of each channel over a batch, without gradients.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// let x = Tensor::new(&[0f32, 2.0], &Device::Cpu)?.reshape((1, 1, 1, 2))?;
/// let (weight, bias) = (Tensor::ones(1, DType::F32, &Device::Cpu)?, Tensor::zeros(1, DType::F32, &Device::Cpu)?);
/// let (_, statistics) = tunebook::ops::batch_norm_train(&x, &weight, &bias, 1e-5)?;
/// assert_eq!(statistics.variance.to_vec1::<f32>()?, [2.0]); // divided by one less than the count
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchStatistics {
    /// Mean, `(channels)`.
    pub mean: Tensor,
    /// Unbiased variance (divided by one less than the count), `(channels)`: what running statistics collect.
    pub variance: Tensor,
    /// How many numbers of a channel there were: batch x height x width.
    pub count: usize,
}

/// Normalises each channel with given statistics: `(x - mean) / sqrt(variance + eps) * weight + bias`.
///
/// `x` is `(batch, channels, height, width)`; the other tensors are `(channels)`. Differentiable in `x`, `weight` and
/// `bias`; the statistics are constants. This is evaluation mode, and the mode of a frozen layer.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let x = Tensor::new(&[5.0f32, 7.0], &Device::Cpu)?.reshape((1, 1, 1, 2))?;
/// let one = |value: f32| Tensor::new(&[value], &Device::Cpu);
/// let y = tunebook::ops::batch_norm(&x, &one(5.0)?, &one(4.0)?, &one(3.0)?, &one(1.0)?, 0.0)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [1.0, 4.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn batch_norm(
    x: &Tensor,
    mean: &Tensor,
    variance: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    eps: f64,
) -> crate::Result<Tensor> {
    check(x, &[mean, variance, weight, bias])?;
    let (mean, variance) = (mean.detach(), variance.detach());
    if !super::has_kernel(x) {
        return normalise(&centre(x, &mean)?, &variance, weight, bias, eps);
    }
    let scale = variance.to_vec1::<f32>()?.iter().map(|v| reciprocal_deviation(*v, eps)).collect();
    let op = BatchNorm { mean: mean.to_vec1()?, scale, follows_batch: false };
    Ok(x.contiguous()?.apply_op3(&weight.contiguous()?, &bias.contiguous()?, op)?)
}

/// Normalises each channel with the batch's own mean and (biased) variance, and returns these statistics (Ioffe and
/// Szegedy 2015).
///
/// Shapes as for [`batch_norm()`]. Differentiable in `x`, `weight` and `bias`, through the statistics too. This is
/// training mode; a caller moves its running statistics towards the returned ones.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// let x = Tensor::new(&[0f32, 2.0, 4.0, 6.0], &Device::Cpu)?.reshape((2, 1, 1, 2))?; // two images, one channel
/// let (weight, bias) = (Tensor::ones(1, DType::F32, &Device::Cpu)?, Tensor::zeros(1, DType::F32, &Device::Cpu)?);
/// let (y, statistics) = tunebook::ops::batch_norm_train(&x, &weight, &bias, 0.0)?;
/// assert!(y.mean_all()?.to_scalar::<f32>()?.abs() < 1e-6);
/// assert_eq!((statistics.mean.to_vec1::<f32>()?, statistics.count), (vec![3.0], 4));
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// # Errors
/// When a channel has one number only: its variance says nothing.
pub fn batch_norm_train(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    eps: f64,
) -> crate::Result<(Tensor, BatchStatistics)> {
    check(x, &[weight, bias])?;
    let (batch, channels, height, width) = x.dims4()?;
    let count = batch * height * width;
    if count < 2 {
        return Err(crate::Error::input(
            "batch_norm",
            format!("x is {:?}: one number for each channel", x.dims()),
            "give a larger batch or larger images, or use the running statistics",
        ));
    }
    let unbias = count as f64 / (count - 1) as f64;
    if !super::has_kernel(x) {
        let (y, mean, variance) = composed(x, weight, bias, eps)?;
        return Ok((y, BatchStatistics { mean, variance: (variance * unbias)?, count }));
    }
    let x = x.contiguous()?;
    let (mean, variance): (Vec<f32>, Vec<f32>) = {
        let (storage, layout) = x.storage_and_layout();
        statistics(stored_floats("batch_norm", &storage, layout)?, channels, height * width)
    };
    let scale = variance.iter().map(|v| reciprocal_deviation(*v, eps)).collect();
    let unbiased = variance.iter().map(|v| (f64::from(*v) * unbias) as f32).collect();
    let statistics = BatchStatistics {
        mean: Tensor::from_slice(&mean, channels, x.device())?,
        variance: Tensor::from_vec::<_, f32>(unbiased, channels, x.device())?,
        count,
    };
    let y = x.apply_op3(&weight.contiguous()?, &bias.contiguous()?, BatchNorm { mean, scale, follows_batch: true })?;
    Ok((y, statistics))
}

fn check(x: &Tensor, vectors: &[&Tensor]) -> crate::Result<()> {
    let (_, channels, ..) = x.dims4()?;
    match vectors.iter().find(|v| v.dims() != [channels]) {
        None => Ok(()),
        Some(v) => Err(candle_core::Error::Msg(format!(
            "batch_norm: x has {channels} channels, but a vector for them is {:?}",
            v.dims()
        ))
        .into()),
    }
}

fn reciprocal_deviation(variance: f32, eps: f64) -> f32 {
    (1.0 / (f64::from(variance) + eps).sqrt()) as f32
}

/// A `(channels)` vector in the shape that broadcasts over images.
fn per_channel(v: &Tensor) -> Result<Tensor> {
    v.reshape((1, v.elem_count(), 1, 1))
}

fn centre(x: &Tensor, mean: &Tensor) -> crate::Result<Tensor> {
    Ok(x.broadcast_sub(&per_channel(mean)?)?)
}

fn normalise(centred: &Tensor, variance: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> crate::Result<Tensor> {
    let normal = centred.broadcast_div(&per_channel(&(variance + eps)?.sqrt()?)?)?;
    Ok(normal.broadcast_mul(&per_channel(weight)?)?.broadcast_add(&per_channel(bias)?)?)
}

/// Training mode from candle's operations, for other devices and number types; with mean and biased variance.
fn composed(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> crate::Result<(Tensor, Tensor, Tensor)> {
    let channels = x.dim(1)?;
    let mean = x.mean_keepdim((0, 2, 3))?.reshape(channels)?;
    let centred = centre(x, &mean)?;
    let variance = centred.sqr()?.mean_keepdim((0, 2, 3))?.reshape(channels)?;
    Ok((normalise(&centred, &variance, weight, bias, eps)?, mean.detach(), variance.detach()))
}

/// Mean and biased variance of each channel: in two passes, planes added in double precision in the order of images.
fn statistics(x: &[f32], channels: usize, plane: usize) -> (Vec<f32>, Vec<f32>) {
    let count = (x.len() / channels) as f64;
    (0..channels)
        .into_par_iter()
        .map(|channel| {
            let planes = || x.chunks_exact(plane).skip(channel).step_by(channels);
            vectorized!({
                let mean = (planes().map(|p| f64::from(sum(p, |v| v))).sum::<f64>() / count) as f32;
                let squares: f64 = planes().map(|p| f64::from(sum(p, |v| (v - mean) * (v - mean)))).sum();
                (mean, (squares / count) as f32)
            })
        })
        .unzip()
}

struct BatchNorm {
    mean: Vec<f32>,
    /// Reciprocal standard deviation.
    scale: Vec<f32>,
    /// Whether the statistics are those of the batch, so that gradients flow through them.
    follows_batch: bool,
}

impl BatchNorm {
    /// Sums over each channel of the gradient, and of the gradient times the normalised input.
    fn sums(&self, x: &[f32], g: &[f32], plane: usize) -> (Vec<f32>, Vec<f32>) {
        let channels = self.mean.len();
        (0..channels)
            .into_par_iter()
            .map(|channel| {
                let (mean, scale) = (self.mean[channel], self.scale[channel]);
                vectorized!({
                    let pairs = x.chunks_exact(plane).zip(g.chunks_exact(plane)).skip(channel).step_by(channels);
                    let (mut total, mut product) = (0f64, 0f64);
                    for (x, g) in pairs {
                        total += f64::from(sum(g, |v| v));
                        product += f64::from(centred_dot(x, g, mean));
                    }
                    (total as f32, (product * f64::from(scale)) as f32)
                })
            })
            .unzip()
    }
}

/// The sum of `(x - mean) * g`, in eight lanes, so that the loop can run as vector code.
#[inline(always)]
#[allow(clippy::inline_always)] // a call in the loop would keep it scalar
fn centred_dot(x: &[f32], g: &[f32], mean: f32) -> f32 {
    let mut lanes = [0f32; 8];
    let ((xs, x_rest), (gs, g_rest)) = (x.as_chunks::<8>(), g.as_chunks::<8>());
    for (x, g) in xs.iter().zip(gs) {
        for i in 0..8 {
            lanes[i] += (x[i] - mean) * g[i];
        }
    }
    lanes.iter().sum::<f32>() + x_rest.iter().zip(g_rest).map(|(x, g)| (x - mean) * g).sum::<f32>()
}

impl CustomOp3 for BatchNorm {
    fn name(&self) -> &'static str {
        "batch_norm"
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
        let (_, channels, height, width) = l1.shape().dims4()?;
        let plane = height * width;
        let mut y = vec![0f32; x.len()];
        let planes = y.par_chunks_mut(plane).zip(x.par_chunks(plane)).enumerate();
        planes.with_min_len(rows_per_task(plane)).for_each(|(n, (y, x))| {
            let c = n % channels;
            let (mean, scale, bias) = (self.mean[c], self.scale[c] * weight[c], bias[c]);
            y.iter_mut().zip(x).for_each(|(y, x)| *y = (x - mean) * scale + bias);
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
        let (_, channels, height, width) = x.dims4()?;
        let plane = height * width;
        let (db, dw) = if self.follows_batch || weight.track_op() || bias.track_op() {
            self.sums(values, g, plane)
        } else {
            (Vec::new(), Vec::new())
        };
        let dx = if x.track_op() {
            let count = (values.len() / channels) as f32;
            let mut dx = vec![0f32; values.len()];
            let planes = dx.par_chunks_mut(plane).zip(values.par_chunks(plane)).zip(g.par_chunks(plane)).enumerate();
            planes.with_min_len(rows_per_task(plane)).for_each(|(n, ((dx, x), g))| {
                let c = n % channels;
                let scale = w[c] * self.scale[c];
                if self.follows_batch {
                    // dx = w / deviation * (g - mean(g) - normal * mean(g normal))
                    let (mean, mean_grad) = (self.mean[c], db[c] / count);
                    let slope = self.scale[c] * dw[c] / count;
                    let values = dx.iter_mut().zip(x).zip(g);
                    values.for_each(|((dx, x), g)| *dx = scale * (g - mean_grad - (x - mean) * slope));
                } else {
                    dx.iter_mut().zip(g).for_each(|(dx, g)| *dx = scale * g);
                }
            });
            Some(Tensor::from_vec(dx, x.shape(), x.device())?)
        } else {
            None
        };
        let vector = |data: Vec<f32>, like: &Tensor| Tensor::from_vec(data, like.shape(), like.device()).map(Some);
        Ok((
            dx,
            if weight.track_op() { vector(dw, weight)? } else { None },
            if bias.track_op() { vector(db, bias)? } else { None },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{batch_norm, batch_norm_train, centre, composed, normalise};
    use crate::ops::verify::{assert_close, assert_gradients, assert_same_gradients, random_var};

    #[test]
    fn training_matches_finite_differences_and_the_composed_form() {
        let x = random_var(&[4, 3, 5, 3], 1.5, 1);
        let (weight, bias) = (random_var(&[3], 1.0, 2), random_var(&[3], 1.0, 3));
        let own = || Ok(batch_norm_train(&x, &weight, &bias, 1e-5)?.0);
        assert_gradients("batch_norm", &[&x, &weight, &bias], own);
        let other = || Ok(composed(&x, &weight, &bias, 1e-5)?.0);
        assert_same_gradients("batch_norm", &[&x, &weight, &bias], own, other, 1e-5);
    }

    #[test]
    fn evaluation_matches_finite_differences_and_the_composed_form() {
        let x = random_var(&[4, 3, 5, 3], 1.5, 1);
        let (weight, bias) = (random_var(&[3], 1.0, 2), random_var(&[3], 1.0, 3));
        let (mean, variance) =
            (random_var(&[3], 1.0, 4), (random_var(&[3], 0.5, 5).as_detached_tensor() + 1.0).unwrap());
        let own = || batch_norm(&x, &mean, &variance, &weight, &bias, 1e-5);
        assert_gradients("batch_norm", &[&x, &weight, &bias], own);
        let other = || normalise(&centre(&x, &mean.as_detached_tensor())?, &variance, &weight, &bias, 1e-5);
        assert_same_gradients("batch_norm", &[&x, &weight, &bias], own, other, 1e-5);
        let grads = own().unwrap().sum_all().unwrap().backward().unwrap();
        assert!(grads.get(&mean).is_none(), "statistics are constants");
    }

    #[test]
    fn statistics_are_the_batch_s_mean_and_unbiased_variance() {
        // 1, 3, 5, 7 in one channel: mean 4, variance 20 / 3.
        let x = candle_core::Tensor::new(&[1f32, 3., 5., 7.], &candle_core::Device::Cpu).unwrap();
        let one = random_var(&[1], 1.0, 1);
        let (_, statistics) = batch_norm_train(&x.reshape((2, 1, 2, 1)).unwrap(), &one, &one, 1e-5).unwrap();
        assert_eq!(statistics.mean.to_vec1::<f32>().unwrap(), [4.0]);
        assert!((statistics.variance.to_vec1::<f32>().unwrap()[0] - 20.0 / 3.0).abs() < 1e-6);
        assert_eq!(statistics.count, 4);
    }

    #[test]
    fn a_large_mean_does_not_drown_the_variance() {
        let x = (random_var(&[8, 2, 6, 6], 1.0, 7).as_detached_tensor() + 1000.0).unwrap();
        let one = candle_core::Tensor::ones(2, candle_core::DType::F32, x.device()).unwrap();
        let (_, shifted) = batch_norm_train(&x, &one, &one, 1e-5).unwrap();
        let (_, plain) = batch_norm_train(&(x - 1000.0).unwrap(), &one, &one, 1e-5).unwrap();
        assert_close("variance", &shifted.variance, &plain.variance, 1e-4);
    }

    #[test]
    fn one_number_a_channel_and_wrong_widths_are_errors() {
        let one = random_var(&[2], 1.0, 1);
        let message = batch_norm_train(&random_var(&[1, 2, 1, 1], 1.0, 1), &one, &one, 1e-5).unwrap_err().to_string();
        assert!(message.contains("one number for each channel"), "{message}");
        let message = batch_norm_train(&random_var(&[2, 3, 2, 2], 1.0, 1), &one, &one, 1e-5).unwrap_err().to_string();
        assert!(message.contains("3 channels"), "{message}");
    }
}

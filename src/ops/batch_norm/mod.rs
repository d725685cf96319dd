//! Batch normalisation: over the batch in training, with running statistics otherwise; alone, or with the residual sum
//! and the rectifier that follow it in a residual network. [`operation`] has the loops.

mod operation;
#[cfg(test)]
mod tests;

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::layer_norm::sum;
use super::many;
use super::slices::stored_floats;
use super::vectorized;
use operation::BatchNorm;

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
    with_statistics(x, (mean, variance), (weight, bias), eps, Tail::Nothing)
}

/// `relu(batch_norm(x) + residual)`, the end of a residual block (He et al. 2015), in one pass over the numbers; `residual`
/// has the shape of `x`, without one it is `relu(batch_norm(x))`.
///
/// The rest is as for [`batch_norm()`]; differentiable in `residual` too.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let x = Tensor::new(&[3.0f32, 7.0], &Device::Cpu)?.reshape((1, 1, 1, 2))?;
/// let one = |value: f32| Tensor::new(&[value], &Device::Cpu);
/// let y = tunebook::ops::batch_norm_relu(&x, Some(&x), &one(5.0)?, &one(4.0)?, &one(4.0)?, &one(0.0)?, 0.0)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [0.0, 11.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn batch_norm_relu(
    x: &Tensor,
    residual: Option<&Tensor>,
    mean: &Tensor,
    variance: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    eps: f64,
) -> crate::Result<Tensor> {
    with_statistics(x, (mean, variance), (weight, bias), eps, Tail::Relu(residual))
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
    with_batch(x, (weight, bias), eps, Tail::Nothing)
}

/// `relu(batch_norm_train(x) + residual)` with the statistics of the batch; see [`batch_norm_relu()`] and
/// [`batch_norm_train()`].
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// let x = Tensor::new(&[3.0f32, 7.0], &Device::Cpu)?.reshape((2, 1, 1, 1))?;
/// let (weight, bias) = (Tensor::ones(1, DType::F32, &Device::Cpu)?, Tensor::zeros(1, DType::F32, &Device::Cpu)?);
/// let (y, statistics) = tunebook::ops::batch_norm_relu_train(&x, None, &weight, &bias, 0.0)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [0.0, 1.0]);
/// assert_eq!(statistics.mean.to_vec1::<f32>()?, [5.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// # Errors
/// When a channel has one number only: its variance says nothing.
pub fn batch_norm_relu_train(
    x: &Tensor,
    residual: Option<&Tensor>,
    weight: &Tensor,
    bias: &Tensor,
    eps: f64,
) -> crate::Result<(Tensor, BatchStatistics)> {
    with_batch(x, (weight, bias), eps, Tail::Relu(residual))
}

/// What follows the normalisation.
#[derive(Clone, Copy)]
enum Tail<'a> {
    Nothing,
    /// The sum with a residual, if there is one, and the rectifier.
    Relu(Option<&'a Tensor>),
}

impl Tail<'_> {
    /// From candle's operations, for other devices and number types.
    fn composed(self, y: Tensor) -> crate::Result<Tensor> {
        match self {
            Self::Nothing => Ok(y),
            Self::Relu(None) => super::relu(&y),
            Self::Relu(Some(residual)) => super::relu(&(y + residual)?),
        }
    }

    fn residual(&self) -> Option<&Tensor> {
        match self {
            Self::Nothing => None,
            Self::Relu(residual) => *residual,
        }
    }
}

fn with_statistics(
    x: &Tensor,
    (mean, variance): (&Tensor, &Tensor),
    (weight, bias): (&Tensor, &Tensor),
    eps: f64,
    tail: Tail<'_>,
) -> crate::Result<Tensor> {
    check(x, tail, &[mean, variance, weight, bias])?;
    let (mean, variance) = (mean.detach(), variance.detach());
    if !super::has_kernel(x) || x.elem_count() == 0 {
        return tail.composed(normalise(&centre(x, &mean)?, &variance, weight, bias, eps)?);
    }
    let scale = variance.to_vec1::<f32>()?.iter().map(|v| reciprocal_deviation(*v, eps)).collect();
    apply(x, (weight, bias), tail, (mean.to_vec1()?, scale), false)
}

fn with_batch(
    x: &Tensor,
    (weight, bias): (&Tensor, &Tensor),
    eps: f64,
    tail: Tail<'_>,
) -> crate::Result<(Tensor, BatchStatistics)> {
    check(x, tail, &[weight, bias])?;
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
    if !super::has_kernel(x) || x.elem_count() == 0 {
        let (y, mean, variance) = composed(x, weight, bias, eps)?;
        return Ok((tail.composed(y)?, BatchStatistics { mean, variance: (variance * unbias)?, count }));
    }
    let x = x.contiguous()?;
    let (mean, variance): (Vec<f32>, Vec<f32>) = {
        let (storage, layout) = x.storage_and_layout();
        let values = stored_floats("batch_norm", &storage, layout)?;
        super::in_pool(|| statistics(values, channels, height * width))
    };
    let scale = variance.iter().map(|v| reciprocal_deviation(*v, eps)).collect();
    let unbiased = variance.iter().map(|v| (f64::from(*v) * unbias) as f32).collect();
    let statistics = BatchStatistics {
        mean: Tensor::from_slice(&mean, channels, x.device())?,
        variance: Tensor::from_vec::<_, f32>(unbiased, channels, x.device())?,
        count,
    };
    Ok((apply(&x, (weight, bias), tail, (mean, scale), true)?, statistics))
}

/// The operation with these means and reciprocal deviations.
fn apply(
    x: &Tensor,
    (weight, bias): (&Tensor, &Tensor),
    tail: Tail<'_>,
    (mean, scale): (Vec<f32>, Vec<f32>),
    follows_batch: bool,
) -> crate::Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    let relu = matches!(tail, Tail::Relu(_));
    let op = BatchNorm { plane: height * width, mean, scale, follows_batch, relu };
    let mut inputs = vec![x, weight, bias];
    inputs.extend(tail.residual());
    Ok(many::apply(op, &inputs, x.shape().clone())?)
}

fn check(x: &Tensor, tail: Tail<'_>, vectors: &[&Tensor]) -> crate::Result<()> {
    let (_, channels, ..) = x.dims4()?;
    if let Some(v) = vectors.iter().find(|v| v.dims() != [channels]) {
        let message = format!("batch_norm: x has {channels} channels, but a vector for them is {:?}", v.dims());
        return Err(candle_core::Error::Msg(message).into());
    }
    match tail.residual() {
        Some(residual) if residual.dims() != x.dims() => Err(candle_core::Error::Msg(format!(
            "batch_norm: x is {:?}, but the residual {:?}",
            x.dims(),
            residual.dims()
        ))
        .into()),
        _ => Ok(()),
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

//! GELU, the activation of BERT's feed-forward layers.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::exponential::exp_falling;
use super::slices::{GRAIN, floats, stored_floats};
use super::vectorized;

/// The Gaussian error linear unit, `x * Phi(x)` with the exact normal distribution function Phi (erf form, not tanh).
///
/// Any shape; the result has the same. Differentiable.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let x = Tensor::new(&[-1.0f32, 0.0, 1.0], &Device::Cpu)?;
/// let y = tunebook::ops::gelu(&x)?.to_vec1::<f32>()?;
/// assert!((y[2] - 0.841_345).abs() < 1e-5 && y[1] == 0.0);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn gelu(x: &Tensor) -> crate::Result<Tensor> {
    if !super::has_kernel(x) {
        return Ok(x.gelu_erf()?);
    }
    Ok(x.contiguous()?.apply_op1(Gelu)?)
}

struct Gelu;

/// Phi(x) and the density's unscaled bell e^(-x^2/2).
///
/// Abramowitz and Stegun 7.1.26 for the tail of the error function: absolute error below 1.5e-7, and the tail keeps
/// its relative accuracy for very negative x.
#[inline(always)]
#[allow(clippy::inline_always)] // a call in the loop would keep it scalar
fn distribution(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let bell = exp_falling(-z * z);
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut p = 1.061_405_4;
    p = p * t - 1.453_152;
    p = p * t + 1.421_413_7;
    p = p * t - 0.284_496_74;
    p = p * t + 0.254_829_6;
    let tail = 0.5 * p * t * bell;
    (if x < 0.0 { tail } else { 1.0 - tail }, bell)
}

/// `y = gelu(x)`.
pub(super) fn values(y: &mut [f32], x: &[f32]) {
    y.par_chunks_mut(GRAIN).zip(x.par_chunks(GRAIN)).for_each(|(y, x)| {
        vectorized!({
            for (y, &x) in y.iter_mut().zip(x) {
                *y = x * distribution(x).0;
            }
        });
    });
}

/// 1 / sqrt(2 pi).
const INV_SQRT_2PI: f32 = 0.398_942_3;

/// `y = gelu(x)`; afterwards `x` holds the derivative there, from the same exponential.
pub(super) fn values_and_derivatives(y: &mut [f32], x: &mut [f32]) {
    y.par_chunks_mut(GRAIN).zip(x.par_chunks_mut(GRAIN)).for_each(|(y, x)| {
        vectorized!({
            for (y, x) in y.iter_mut().zip(x.iter_mut()) {
                let (cumulative, bell) = distribution(*x);
                *y = *x * cumulative;
                *x = cumulative + *x * bell * INV_SQRT_2PI;
            }
        });
    });
}

/// Multiplies gradients of the output by the derivative at `x`: d/dx x Phi(x) = Phi(x) + x phi(x).
fn times_derivative(grad: &mut [f32], x: &[f32]) {
    grad.par_chunks_mut(GRAIN).zip(x.par_chunks(GRAIN)).for_each(|(grad, x)| {
        vectorized!({
            for (g, &x) in grad.iter_mut().zip(x) {
                let (cumulative, bell) = distribution(x);
                *g *= cumulative + x * bell * INV_SQRT_2PI;
            }
        });
    });
}

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = floats(self.name(), storage, layout)?;
        let mut y = vec![0f32; x.len()];
        values(&mut y, x);
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let (x_storage, x_layout) = arg.storage_and_layout();
        let (g_storage, g_layout) = grad.storage_and_layout();
        let x = stored_floats(self.name(), &x_storage, x_layout)?;
        let g = stored_floats(self.name(), &g_storage, g_layout)?;
        let mut dx = g.to_vec();
        times_derivative(&mut dx, x);
        Ok(Some(Tensor::from_vec(dx, arg.shape(), arg.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::{gelu, times_derivative, values, values_and_derivatives};
    use crate::ops::verify::{assert_close, assert_gradients, assert_same_gradients, random_var};

    #[test]
    fn gradient_matches_finite_differences_and_the_composed_form() {
        let x = random_var(&[7, 33], 2.0, 1);
        assert_gradients("gelu", &[&x], || gelu(&x));
        assert_same_gradients("gelu", &[&x], || gelu(&x), || Ok(x.gelu_erf()?), 2e-6);
    }

    #[test]
    fn values_and_derivatives_together_are_those_of_two_passes() {
        let x = random_var(&[40_001], 3.0, 2).to_vec1::<f32>().unwrap();
        let (mut alone, mut slopes) = (vec![0.0; x.len()], vec![1.0; x.len()]);
        values(&mut alone, &x);
        times_derivative(&mut slopes, &x);
        let (mut together, mut derivatives) = (vec![0.0; x.len()], x);
        values_and_derivatives(&mut together, &mut derivatives);
        assert_eq!(together, alone);
        assert_eq!(derivatives, slopes);
    }

    #[test]
    fn far_tails_are_finite() {
        let x = candle_core::Tensor::new(&[-60.0f32, -12.0, 12.0, 60.0], &candle_core::Device::Cpu).unwrap();
        assert_close("tails", &gelu(&x).unwrap(), &x.relu().unwrap(), 1e-6);
    }
}

//! The rectifier.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::slices::{GRAIN, floats, stored_floats};

/// `max(x, 0)`, any shape. The gradient at 0 is 0, as in PyTorch; candle's own `relu` passes it on there.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let x = Tensor::new(&[-1.0f32, 0.0, 2.0], &Device::Cpu)?;
/// assert_eq!(tunebook::ops::relu(&x)?.to_vec1::<f32>()?, [0.0, 0.0, 2.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn relu(x: &Tensor) -> crate::Result<Tensor> {
    if !super::has_kernel(x) {
        return composed(x);
    }
    Ok(x.contiguous()?.apply_op1(Relu)?)
}

/// The same from candle's operations, for other devices and number types.
fn composed(x: &Tensor) -> crate::Result<Tensor> {
    Ok((x * x.detach().gt(0.0)?.to_dtype(x.dtype())?)?)
}

struct Relu;

impl CustomOp1 for Relu {
    fn name(&self) -> &'static str {
        "relu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = floats(self.name(), storage, layout)?;
        let mut y = vec![0f32; x.len()];
        y.par_chunks_mut(GRAIN).zip(x.par_chunks(GRAIN)).for_each(|(y, x)| {
            // Written so that what is not a number stays visible instead of becoming 0.
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = if x <= 0.0 { 0.0 } else { x });
        });
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, arg: &Tensor, res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let (rs, rl) = res.storage_and_layout();
        let (gs, gl) = grad.storage_and_layout();
        let y = stored_floats(self.name(), &rs, rl)?;
        let g = stored_floats(self.name(), &gs, gl)?;
        let mut dx = vec![0f32; y.len()];
        dx.par_chunks_mut(GRAIN).zip(y.par_chunks(GRAIN)).zip(g.par_chunks(GRAIN)).for_each(|((dx, y), g)| {
            dx.iter_mut().zip(y).zip(g).for_each(|((dx, &y), &g)| *dx = if y <= 0.0 { 0.0 } else { g });
        });
        Ok(Some(Tensor::from_vec(dx, arg.shape(), arg.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::{composed, relu};
    use crate::ops::verify::{assert_gradients_within, assert_same_gradients, random_var};
    use candle_core::{Device, Var};

    #[test]
    fn gradient_matches_finite_differences_and_the_composed_form() {
        let x = random_var(&[4, 33], 1.0, 1);
        // A small step: finite differences are wrong only where it crosses the corner.
        assert_gradients_within("relu", &[&x], || relu(&x), 64, 1e-3, 1.5e-2);
        assert_same_gradients("relu", &[&x], || relu(&x), || composed(&x), 0.0);
    }

    #[test]
    fn the_corner_passes_no_gradient_and_nan_is_kept() {
        let x = Var::new(&[0f32, -0.0, f32::NAN], &Device::Cpu).unwrap();
        let y = relu(&x).unwrap();
        assert!(y.to_vec1::<f32>().unwrap()[2].is_nan());
        let grads = y.sum_all().unwrap().backward().unwrap();
        assert_eq!(grads.get(&x).unwrap().to_vec1::<f32>().unwrap()[..2], [0.0, 0.0]);
    }
}

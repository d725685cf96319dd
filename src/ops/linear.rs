//! The linear layer as one operation, so that a frozen operand costs nothing in the backward pass.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp3, D, DType, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::slices::{self, floats, rows_per_task, stored_floats};
use super::vectorized;

/// `x W^T + b`: the last dimension goes from `inputs` to `outputs`.
///
/// `x` is `(..., inputs)`, `weight` is `(outputs, inputs)` as in PyTorch and in Hub files, `bias` is `(outputs)`.
/// Differentiable in all three; the gradient of a detached (frozen) operand is not computed.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let x = Tensor::new(&[[1.0f32, 2.0]], &Device::Cpu)?;
/// let weight = Tensor::new(&[[1.0f32, 0.0], [0.0, 1.0], [1.0, 1.0]], &Device::Cpu)?;
/// let bias = Tensor::new(&[0.0f32, 0.0, 10.0], &Device::Cpu)?;
/// assert_eq!(tunebook::ops::linear(&x, &weight, &bias)?.to_vec2::<f32>()?, [[1.0, 2.0, 13.0]]);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor) -> crate::Result<Tensor> {
    let inputs = x.dim(D::Minus1)?;
    let (outputs, expected) = weight.dims2()?;
    if inputs != expected || bias.dims() != [outputs] {
        return Err(candle_core::Error::Msg(format!(
            "linear: x is {:?}, weight {:?}, bias {:?}; weight must be (outputs, {inputs}) and bias (outputs)",
            x.dims(),
            weight.dims(),
            bias.dims()
        ))
        .into());
    }
    let mut shape = x.dims().to_vec();
    let last = shape.len() - 1;
    shape[last] = outputs;
    let rows = x.contiguous()?.reshape(((), inputs))?;
    let y = if super::has_kernel(x) {
        rows.apply_op3(&weight.contiguous()?, &bias.contiguous()?, Linear)?
    } else {
        composed(&rows, weight, bias)?
    };
    Ok(y.reshape(shape)?)
}

/// The same from candle's operations, for other devices and number types.
fn composed(rows: &Tensor, weight: &Tensor, bias: &Tensor) -> crate::Result<Tensor> {
    Ok(rows.matmul(&weight.t()?)?.broadcast_add(bias)?)
}

struct Linear;

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear"
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
        let (m, k) = l1.shape().dims2()?;
        let (n, _) = l2.shape().dims2()?;
        let bias = floats(self.name(), s3, l3)?;
        let mut product = s1.matmul(s2, (1, m, n, k), l1, &l2.transpose(0, 1)?)?;
        if let CpuStorage::F32(y) = &mut product {
            y.par_chunks_mut(rows_per_task(n) * n).for_each(|y| {
                vectorized!({
                    for row in y.chunks_exact_mut(n) {
                        row.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
                    }
                });
            });
        }
        Ok((product, Shape::from((m, n))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?.detach();
        let dx = if x.track_op() { Some(grad.matmul(&weight.detach())?) } else { None };
        let dw = if weight.track_op() { Some(grad.t()?.matmul(&x.detach())?) } else { None };
        let db = if bias.track_op() { Some(column_sums(&grad)?) } else { None };
        Ok((dx, dw, db))
    }
}

/// Sums of the columns of an `(m, n)` tensor.
fn column_sums(grad: &Tensor) -> Result<Tensor> {
    if grad.dtype() != DType::F32 {
        return grad.sum(0);
    }
    let (storage, layout) = grad.storage_and_layout();
    let sums = slices::column_sums(stored_floats("linear", &storage, layout)?, grad.dim(1)?);
    Tensor::from_vec(sums, grad.dim(1)?, grad.device())
}

#[cfg(test)]
mod tests {
    use super::{composed, linear};
    use crate::ops::verify::{assert_gradients, assert_same_gradients, random_var};

    #[test]
    fn gradient_matches_finite_differences_and_the_composed_form() {
        let x = random_var(&[3, 4, 6], 1.0, 1);
        let (weight, bias) = (random_var(&[5, 6], 1.0, 2), random_var(&[5], 1.0, 3));
        assert_gradients("linear", &[&x, &weight, &bias], || linear(&x, &weight, &bias));
        let other = || Ok(composed(&x.reshape((12, 6))?, &weight, &bias)?.reshape((3, 4, 5))?);
        assert_same_gradients("linear", &[&x, &weight, &bias], || linear(&x, &weight, &bias), other, 1e-5);
    }

    #[test]
    fn many_rows_agree_with_the_composed_form() {
        let x = random_var(&[900, 40], 1.0, 4);
        let (weight, bias) = (random_var(&[33, 40], 1.0, 5), random_var(&[33], 1.0, 6));
        let other = || composed(&x, &weight, &bias);
        assert_same_gradients("linear", &[&x, &weight, &bias], || linear(&x, &weight, &bias), other, 1e-5);
    }

    #[test]
    fn a_frozen_weight_gets_no_gradient_but_passes_it_on() {
        let x = random_var(&[2, 3], 1.0, 1);
        let (weight, bias) = (random_var(&[4, 3], 1.0, 2), random_var(&[4], 1.0, 3));
        let y = linear(&x, &weight.as_detached_tensor(), &bias.as_detached_tensor()).unwrap();
        let grads = y.sum_all().unwrap().backward().unwrap();
        assert!(grads.get(&x).is_some() && grads.get(&weight).is_none() && grads.get(&bias).is_none());
    }
}

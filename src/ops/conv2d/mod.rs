//! Two-dimensional convolution as matrix products over unfolded patches.
//!
//! Reading order: [`geometry`] has the sizes and shares the work out, [`columns`] unfolds images to columns and folds
//! columns back, [`passes`] multiplies.

mod columns;
mod geometry;
mod passes;

use candle_core::{Shape, Tensor};

use super::many::{self, Operation};
use super::scratch::Buffer;
use geometry::Geometry;

/// Convolution (cross-correlation, as in PyTorch's `conv2d`), dilation 1, one group.
///
/// `x` is `(batch, channels, height, width)` and `weight` `(outputs, channels, kernel height, kernel width)`; the result
/// is `(batch, outputs, (height + 2 padding - kernel height) / stride + 1, ...)`. `padding` zeros are added on each side.
/// Differentiable in both; the gradient of a detached operand (a frozen weight, the images of the first layer) is not
/// computed. Patches are unfolded a few images at a time; with the number of
/// threads fixed, a rerun is bit-equal.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let x = Tensor::arange(0f32, 9.0, &Device::Cpu)?.reshape((1, 1, 3, 3))?;
/// let sum = Tensor::ones((1, 1, 2, 2), candle_core::DType::F32, &Device::Cpu)?;
/// let y = tunebook::ops::conv2d(&x, &sum, 1, 0)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [8.0, 12.0, 20.0, 24.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// # Errors
/// When the channels differ, the stride is 0, the kernel is larger than the padded image, or images are empty.
pub fn conv2d(x: &Tensor, weight: &Tensor, stride: usize, padding: usize) -> crate::Result<Tensor> {
    let geometry = Geometry::new(x, weight, stride, padding)?;
    if !super::has_kernel(x) {
        return composed(&geometry, x, weight);
    }
    let shape = Shape::from((geometry.batch, geometry.outputs, geometry.out.0, geometry.out.1));
    Ok(many::apply(Conv2d(geometry), &[x, weight], shape)?)
}

/// The same from candle's operations, for other devices and number types. The padded image is cut to what the kernel
/// reads: candle's backward pass fails where rows or columns are left over on one side only.
fn composed(g: &Geometry, x: &Tensor, weight: &Tensor) -> crate::Result<Tensor> {
    let x = x.pad_with_zeros(2, g.padding, g.padding)?.pad_with_zeros(3, g.padding, g.padding)?;
    let x = x.narrow(2, 0, (g.out.0 - 1) * g.stride + g.kernel.0)?;
    let x = x.narrow(3, 0, (g.out.1 - 1) * g.stride + g.kernel.1)?;
    Ok(x.contiguous()?.conv2d(weight, 0, g.stride, 1, 1)?)
}

struct Conv2d(Geometry);

impl Operation for Conv2d {
    type Saved = ();

    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn forward(&self, inputs: &[&[f32]], keep: bool) -> (Vec<f32>, Option<()>) {
        (passes::forward(&self.0, inputs[0], inputs[1]), keep.then_some(()))
    }

    fn backward(&self, inputs: &[&[f32]], (): (), grad: &[f32], wanted: &[bool]) -> Vec<Option<Buffer>> {
        passes::backward(&self.0, inputs[0], inputs[1], grad, (wanted[0], wanted[1])).into()
    }
}

#[cfg(test)]
mod tests {
    use super::{Geometry, composed, conv2d};
    use crate::ops::verify::{assert_gradients, assert_same_gradients, random_var};

    #[test]
    fn gradient_matches_finite_differences() {
        let (x, weight) = (random_var(&[2, 3, 5, 6], 1.0, 1), random_var(&[4, 3, 3, 3], 1.0, 2));
        for (stride, padding) in [(1, 1), (2, 1), (1, 0)] {
            assert_gradients("conv2d", &[&x, &weight], || conv2d(&x, &weight, stride, padding));
        }
    }

    #[test]
    fn every_geometry_agrees_with_the_composed_form() {
        // (batch, channels, height, width), (outputs, kernel height, kernel width), stride, padding
        for (n, (x, weight, stride, padding)) in [
            ([5, 2, 9, 7], [3, 3, 3], 1, 1),
            ([3, 2, 12, 11], [4, 7, 7], 2, 3),
            ([2, 3, 8, 8], [5, 1, 1], 2, 0),
            ([40, 2, 4, 4], [3, 3, 3], 1, 1),
            ([2, 1, 5, 5], [2, 5, 5], 1, 0),
            ([2, 1, 2, 3], [2, 3, 3], 3, 3),
            ([1, 2, 20, 20], [2, 2, 3], 1, 0),
            ([3, 2, 16, 16], [3, 3, 3], 1, 1),
            ([19, 2, 8, 8], [3, 3, 3], 1, 1),
            ([7, 3, 16, 16], [4, 3, 3], 2, 1),
            ([3, 2, 4, 4], [5, 3, 3], 2, 1),
            ([300, 2, 2, 2], [3, 3, 3], 1, 1),
            ([3, 4, 17, 17], [5, 1, 1], 1, 0),
            ([2, 4, 6, 6], [5, 1, 1], 1, 0),
            ([2, 1, 11, 8], [2, 2, 5], 4, 2),
        ]
        .into_iter()
        .enumerate()
        {
            let x = random_var(&x, 1.0, n as u64);
            let weight = random_var(&[weight[0], x.dims()[1], weight[1], weight[2]], 1.0, 100 + n as u64);
            let own = || conv2d(&x, &weight, stride, padding);
            let what = format!("geometry {n}");
            let composed = || composed(&Geometry::new(&x, &weight, stride, padding)?, &x, &weight);
            assert_same_gradients(&what, &[&x, &weight], own, composed, 1e-5);
        }
    }

    #[test]
    fn detached_operands_get_no_gradient() {
        let (x, weight) = (random_var(&[2, 1, 5, 5], 1.0, 1), random_var(&[2, 1, 3, 3], 1.0, 2));
        let first = conv2d(&x.as_detached_tensor(), &weight, 1, 1).unwrap().sum_all().unwrap().backward().unwrap();
        assert!(first.get(&x).is_none() && first.get(&weight).is_some());
        let frozen = conv2d(&x, &weight.as_detached_tensor(), 1, 1).unwrap().sum_all().unwrap().backward().unwrap();
        assert!(frozen.get(&x).is_some() && frozen.get(&weight).is_none());
    }

    #[test]
    fn a_rerun_is_bit_equal() {
        let (x, weight) = (random_var(&[37, 5, 9, 9], 1.0, 1), random_var(&[6, 5, 3, 3], 1.0, 2));
        let run = || {
            let y = conv2d(&x, &weight, 1, 1).unwrap();
            let grads = y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
            let values = |t: &candle_core::Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            [values(&y), values(grads.get(&x).unwrap()), values(grads.get(&weight).unwrap())]
        };
        let first = run();
        (0..5).for_each(|_| assert_eq!(run(), first));
    }

    #[test]
    fn an_empty_batch_gives_an_empty_result() {
        let (x, weight) = (random_var(&[0, 2, 4, 4], 1.0, 1), random_var(&[3, 2, 3, 3], 1.0, 2));
        let y = conv2d(&x, &weight, 1, 1).unwrap();
        assert_eq!(y.dims(), [0, 3, 4, 4]);
        let grads = y.sum_all().unwrap().backward().unwrap();
        assert_eq!(grads.get(&weight).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap(), [0.0; 54]);
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        let x = random_var(&[1, 2, 4, 4], 1.0, 1);
        for (weight, stride, padding) in [([1, 3, 3, 3], 1, 0), ([1, 2, 5, 5], 1, 0), ([1, 2, 3, 3], 0, 0)] {
            let message = conv2d(&x, &random_var(&weight, 1.0, 2), stride, padding).unwrap_err().to_string();
            assert!(message.contains("channels must agree"), "{message}");
        }
        let empty = conv2d(&random_var(&[1, 2, 0, 4], 1.0, 1), &random_var(&[1, 2, 1, 1], 1.0, 2), 1, 1).unwrap_err();
        assert!(empty.to_string().contains("only the batch"), "{empty}");
    }
}

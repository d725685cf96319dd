//! Max pooling with windows that may overlap, as in the first layers of a ResNet.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::slices::{floats, rows_per_task, stored_floats};

/// The largest number in each window, `kernel` by `kernel`, every `stride` positions.
///
/// `x` is `(batch, channels, height, width)`; the result has `(height + 2 padding - kernel) / stride + 1` rows. Padding
/// never wins. Differentiable: the gradient goes to the window's first largest number, as in PyTorch. (candle's own
/// `max_pool2d` has a gradient only where `kernel` equals `stride`.)
///
/// ```
/// use candle_core::{Device, Tensor};
/// let x = Tensor::arange(0f32, 16.0, &Device::Cpu)?.reshape((1, 1, 4, 4))?;
/// let y = tunebook::ops::max_pool2d(&x, 2, 2, 0)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [5.0, 7.0, 13.0, 15.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// # Errors
/// When kernel or stride is 0, the padding is more than half the kernel, or the kernel is larger than the padded image.
pub fn max_pool2d(x: &Tensor, kernel: usize, stride: usize, padding: usize) -> crate::Result<Tensor> {
    let op = MaxPool2d::new(x, kernel, stride, padding)?;
    if !super::has_kernel(x) {
        return op.composed(x);
    }
    Ok(x.contiguous()?.apply_op1(op)?)
}

struct MaxPool2d {
    height: usize,
    width: usize,
    out: (usize, usize),
    kernel: usize,
    stride: usize,
    padding: usize,
}

impl MaxPool2d {
    fn new(x: &Tensor, kernel: usize, stride: usize, padding: usize) -> crate::Result<Self> {
        let (_, _, height, width) = x.dims4()?;
        let smallest = height.min(width) + 2 * padding;
        if kernel == 0 || stride == 0 || 2 * padding > kernel || kernel > smallest || height * width == 0 {
            return Err(crate::Error::input(
                "max_pool2d",
                format!("x is {:?}, kernel {kernel}, stride {stride}, padding {padding}", x.dims()),
                "kernel and stride must be positive, padding at most half the kernel, and the kernel fit into the padded image",
            ));
        }
        let size = |length: usize| (length + 2 * padding - kernel) / stride + 1;
        Ok(Self { height, width, out: (size(height), size(width)), kernel, stride, padding })
    }

    /// The part of the window at output position `at` that lies inside `length`.
    fn window(&self, at: usize, length: usize) -> std::ops::Range<usize> {
        let start = at * self.stride;
        start.saturating_sub(self.padding)..(start + self.kernel).saturating_sub(self.padding).min(length)
    }

    /// The output positions along an axis whose window has its place `k` inside `length`, and the first such input.
    fn inside(&self, k: usize, length: usize, out: usize) -> (std::ops::Range<usize>, usize) {
        let start = self.padding.saturating_sub(k).div_ceil(self.stride);
        let end = (length + self.padding).saturating_sub(k).div_ceil(self.stride).min(out);
        (start..end, (start * self.stride + k).saturating_sub(self.padding))
    }

    /// The largest numbers of one plane: first down the columns, then along the rows. `line` is one row of memory.
    fn largest(&self, plane: &[f32], line: &mut [f32], y: &mut [f32]) {
        for (oy, out) in y.chunks_exact_mut(self.out.1).enumerate() {
            line.fill(f32::NEG_INFINITY);
            for row in self.window(oy, self.height) {
                let row = &plane[row * self.width..][..self.width];
                line.iter_mut().zip(row).for_each(|(best, v)| *best = larger(*best, *v));
            }
            out.fill(f32::NEG_INFINITY);
            for k in 0..self.kernel {
                let (positions, first) = self.inside(k, self.width, self.out.1);
                if positions.is_empty() {
                    continue;
                }
                let values = line[first..].iter().step_by(self.stride);
                out[positions].iter_mut().zip(values).for_each(|(best, v)| *best = larger(*best, *v));
            }
        }
    }

    /// Adds the gradient of each output to the first place of its window that holds the output.
    #[allow(clippy::float_cmp)] // the very same number is looked for
    fn spread(&self, plane: &[f32], y: &[f32], grad: &[f32], dx: &mut [f32]) {
        for (oy, (y, grad)) in y.chunks_exact(self.out.1).zip(grad.chunks_exact(self.out.1)).enumerate() {
            let rows = self.window(oy, self.height);
            for (ox, (y, grad)) in y.iter().zip(grad).enumerate() {
                let columns = self.window(ox, self.width);
                let holds = |v: &f32| v == y || (v.is_nan() && y.is_nan());
                let place = rows.clone().find_map(|row| {
                    let start = row * self.width;
                    let values = &plane[start + columns.start..start + columns.end];
                    values.iter().position(holds).map(|n| start + columns.start + n)
                });
                if let Some(place) = place {
                    dx[place] += grad;
                }
            }
        }
    }

    /// The same from candle's operations, for other devices and number types: gathered windows and a maximum.
    fn composed(&self, x: &Tensor) -> crate::Result<Tensor> {
        let (batch, channels, height, width) = x.dims4()?;
        // One more column, lower than any number, stands for the padding.
        let outside = (height * width) as u32;
        let positions = self.out.0 * self.out.1;
        let mut places = Vec::with_capacity(positions * self.kernel * self.kernel);
        for position in 0..positions {
            let (rows, columns) =
                (self.window(position / self.out.1, height), self.window(position % self.out.1, width));
            let start = places.len();
            places.extend(rows.flat_map(|y| columns.clone().map(move |x| (y * width + x) as u32)));
            places.resize(start + self.kernel * self.kernel, outside);
        }
        let places = Tensor::from_vec(places, positions * self.kernel * self.kernel, x.device())?;
        let planes = x.reshape((batch * channels, height * width))?;
        let lowest = Tensor::full(f32::MIN, (batch * channels, 1), x.device())?.to_dtype(x.dtype())?;
        let windows = Tensor::cat(&[&planes, &lowest], 1)?.index_select(&places, 1)?;
        let largest = windows.reshape((batch * channels, positions, self.kernel * self.kernel))?.max(2)?;
        Ok(largest.reshape((batch, channels, self.out.0, self.out.1))?)
    }
}

/// The larger of two numbers; what is not a number stays visible.
fn larger(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() { b } else { a }
}

impl CustomOp1 for MaxPool2d {
    fn name(&self) -> &'static str {
        "max_pool2d"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = floats(self.name(), storage, layout)?;
        let (batch, channels, ..) = layout.shape().dims4()?;
        let (plane, positions) = (self.height * self.width, self.out.0 * self.out.1);
        let mut y = vec![0f32; batch * channels * positions];
        let planes = y.par_chunks_mut(positions).zip(x.par_chunks(plane)).with_min_len(rows_per_task(plane));
        planes.for_each_init(|| vec![0f32; self.width], |line, (y, x)| self.largest(x, line, y));
        Ok((CpuStorage::F32(y), Shape::from((batch, channels, self.out.0, self.out.1))))
    }

    fn bwd(&self, arg: &Tensor, res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let (xs, xl) = arg.storage_and_layout();
        let (ys, yl) = res.storage_and_layout();
        let (gs, gl) = grad.storage_and_layout();
        let x = stored_floats(self.name(), &xs, xl)?;
        let y = stored_floats(self.name(), &ys, yl)?;
        let g = stored_floats(self.name(), &gs, gl)?;
        let (plane, positions) = (self.height * self.width, self.out.0 * self.out.1);
        let mut dx = vec![0f32; x.len()];
        let outputs = y.par_chunks(positions).zip(g.par_chunks(positions));
        let planes = dx.par_chunks_mut(plane).zip(x.par_chunks(plane)).zip(outputs);
        planes.with_min_len(rows_per_task(plane)).for_each(|((dx, x), (y, g))| self.spread(x, y, g, dx));
        Ok(Some(Tensor::from_vec(dx, arg.shape(), arg.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::{MaxPool2d, max_pool2d};
    use crate::ops::verify::{assert_gradients_within, assert_same_gradients, random_var};
    use candle_core::{Device, Tensor, Var};

    #[test]
    fn gradient_matches_finite_differences_and_the_composed_form() {
        let x = random_var(&[2, 3, 7, 6], 1.0, 3);
        for (kernel, stride, padding) in [(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 3, 1)] {
            let own = || max_pool2d(&x, kernel, stride, padding);
            // A small step: finite differences are wrong only where another number becomes the largest.
            assert_gradients_within("max_pool2d", &[&x], own, 64, 1e-4, 1.5e-2);
            let composed = || MaxPool2d::new(&x, kernel, stride, padding)?.composed(&x);
            assert_same_gradients("max_pool2d", &[&x], own, composed, 1e-6);
        }
    }

    #[test]
    fn the_first_of_equal_numbers_gets_the_gradient() {
        let x = Var::from_tensor(&Tensor::zeros((1, 1, 2, 2), candle_core::DType::F32, &Device::Cpu).unwrap()).unwrap();
        let grads = max_pool2d(&x, 2, 2, 0).unwrap().sum_all().unwrap().backward().unwrap();
        let gradient = grads.get(&x).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(gradient, [1.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn what_is_not_a_number_stays_visible() {
        let x = Var::new(&[[[[1f32, f32::NAN], [3.0, 2.0], [5.0, 4.0]]]], &Device::Cpu).unwrap();
        let y = max_pool2d(&x, 2, 1, 0).unwrap();
        let values = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(values[0].is_nan());
        assert_eq!(values[1..], [5.0]);
        let grads = y.sum_all().unwrap().backward().unwrap();
        let gradient = grads.get(&x).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(gradient, [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        let x = random_var(&[1, 1, 3, 4], 1.0, 1);
        for (kernel, stride, padding) in [(0, 1, 0), (2, 0, 0), (2, 1, 2), (4, 1, 0)] {
            assert!(max_pool2d(&x, kernel, stride, padding).unwrap_err().to_string().contains("padded image"));
        }
    }
}

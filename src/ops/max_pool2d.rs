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
        if kernel == 0 || stride == 0 || 2 * padding > kernel || kernel > smallest {
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

    /// Calls `each` with the number of every output position and the place of its largest input.
    fn scan(&self, plane: &[f32], mut each: impl FnMut(usize, usize)) {
        for oy in 0..self.out.0 {
            let rows = self.window(oy, self.height);
            for ox in 0..self.out.1 {
                let columns = self.window(ox, self.width);
                let mut best = rows.start * self.width + columns.start;
                for y in rows.clone() {
                    for place in y * self.width + columns.start..y * self.width + columns.end {
                        if plane[place] > plane[best] || plane[place].is_nan() {
                            best = place;
                        }
                    }
                }
                each(oy * self.out.1 + ox, best);
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
        planes.for_each(|(y, x)| self.scan(x, |position, place| y[position] = x[place]));
        Ok((CpuStorage::F32(y), Shape::from((batch, channels, self.out.0, self.out.1))))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let (xs, xl) = arg.storage_and_layout();
        let (gs, gl) = grad.storage_and_layout();
        let x = stored_floats(self.name(), &xs, xl)?;
        let g = stored_floats(self.name(), &gs, gl)?;
        let (plane, positions) = (self.height * self.width, self.out.0 * self.out.1);
        let mut dx = vec![0f32; x.len()];
        let planes = dx.par_chunks_mut(plane).zip(x.par_chunks(plane)).zip(g.par_chunks(positions));
        planes
            .with_min_len(rows_per_task(plane))
            .for_each(|((dx, x), g)| self.scan(x, |position, place| dx[place] += g[position]));
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
    fn sizes_that_do_not_fit_are_errors() {
        let x = random_var(&[1, 1, 3, 4], 1.0, 1);
        for (kernel, stride, padding) in [(0, 1, 0), (2, 0, 0), (2, 1, 2), (4, 1, 0)] {
            assert!(max_pool2d(&x, kernel, stride, padding).unwrap_err().to_string().contains("padded image"));
        }
    }
}

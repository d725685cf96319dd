//! Two-dimensional convolution as matrix products over unfolded patches.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Storage, Tensor};
use rayon::prelude::*;

use super::slices::{floats, rows_per_task, stored_floats};

/// Positions that one matrix product takes at least, where the batch has them: with fewer the weights are read from
/// memory for too little work, with many more the unfolded patches no longer stay in the cache.
const COLUMNS: usize = 256;

/// Convolution (cross-correlation, as in PyTorch's `conv2d`), dilation 1, one group.
///
/// `x` is `(batch, channels, height, width)` and `weight` `(outputs, channels, kernel height, kernel width)`; the result
/// is `(batch, outputs, (height + 2 padding - kernel height) / stride + 1, ...)`. `padding` zeros are added on each side.
/// Differentiable in both; the gradient of a detached operand (a frozen weight, the images of the first layer) is not
/// computed. Patches are unfolded a few images at a time, images in parallel; sums are added in a fixed order.
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
/// When the channels differ, the stride is 0, or the kernel is larger than the padded image.
pub fn conv2d(x: &Tensor, weight: &Tensor, stride: usize, padding: usize) -> crate::Result<Tensor> {
    let op = Conv2d::new(x, weight, stride, padding)?;
    if !super::has_kernel(x) {
        return op.composed(x, weight);
    }
    Ok(x.contiguous()?.apply_op2(&weight.contiguous()?, op)?)
}

/// All sizes of one convolution.
struct Conv2d {
    batch: usize,
    channels: usize,
    height: usize,
    width: usize,
    outputs: usize,
    kernel: (usize, usize),
    out: (usize, usize),
    stride: usize,
    padding: usize,
}

impl Conv2d {
    fn new(x: &Tensor, weight: &Tensor, stride: usize, padding: usize) -> crate::Result<Self> {
        let (batch, channels, height, width) = x.dims4()?;
        let (outputs, expected, kernel_height, kernel_width) = weight.dims4()?;
        let (padded_height, padded_width) = (height + 2 * padding, width + 2 * padding);
        let fits = (1..=padded_height).contains(&kernel_height) && (1..=padded_width).contains(&kernel_width);
        if channels != expected || stride == 0 || !fits {
            return Err(crate::Error::input(
                "conv2d",
                format!("x is {:?}, weight {:?}, stride {stride}, padding {padding}", x.dims(), weight.dims()),
                "the channels must agree, the stride be positive and the kernel fit into the padded image",
            ));
        }
        Ok(Self {
            batch,
            channels,
            height,
            width,
            outputs,
            kernel: (kernel_height, kernel_width),
            out: ((padded_height - kernel_height) / stride + 1, (padded_width - kernel_width) / stride + 1),
            stride,
            padding,
        })
    }

    /// The same from candle's operations, for other devices and number types. The padded image is cut to what the
    /// kernel reads: candle's backward pass fails where rows or columns are left over on one side only.
    fn composed(&self, x: &Tensor, weight: &Tensor) -> crate::Result<Tensor> {
        let x = x.pad_with_zeros(2, self.padding, self.padding)?.pad_with_zeros(3, self.padding, self.padding)?;
        let x = x.narrow(2, 0, (self.out.0 - 1) * self.stride + self.kernel.0)?;
        let x = x.narrow(3, 0, (self.out.1 - 1) * self.stride + self.kernel.1)?;
        Ok(x.contiguous()?.conv2d(weight, 0, self.stride, 1, 1)?)
    }

    /// Numbers that one output position reads.
    fn patch(&self) -> usize {
        self.channels * self.kernel.0 * self.kernel.1
    }

    /// Output positions of one image.
    fn positions(&self) -> usize {
        self.out.0 * self.out.1
    }

    /// Images that one matrix product takes. It does not depend on the number of threads, nor do the sums.
    fn group(&self) -> usize {
        COLUMNS.div_ceil(self.positions()).min(self.batch).max(1)
    }

    /// Numbers in one image of the input.
    fn image(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The output columns whose input column lies inside the image for this column of the kernel.
    fn inside(&self, kx: usize) -> (usize, usize) {
        let start = self.padding.saturating_sub(kx).div_ceil(self.stride).min(self.out.1);
        let end = (self.width + self.padding).saturating_sub(kx).div_ceil(self.stride).min(self.out.1);
        (start, end.max(start))
    }

    /// The input row that output row `oy` reads with row `ky` of the kernel, if it lies inside the image.
    fn input_row(&self, oy: usize, ky: usize) -> Option<usize> {
        (oy * self.stride + ky).checked_sub(self.padding).filter(|&y| y < self.height)
    }

    /// Unfolds images to `(patch, images x positions)`.
    fn unfold(&self, images: &[f32], columns: &mut [f32]) {
        let (positions, plane) = (self.positions(), self.height * self.width);
        let row_length = images.len() / self.image() * positions;
        let (kh, kw) = self.kernel;
        columns.par_chunks_mut(row_length).with_min_len(rows_per_task(row_length)).enumerate().for_each(
            |(row, out)| {
                let (channel, ky, kx) = (row / (kh * kw), row / kw % kh, row % kw);
                let (start, end) = self.inside(kx);
                for (image, out) in images.chunks_exact(self.image()).zip(out.chunks_exact_mut(positions)) {
                    let plane = &image[channel * plane..][..plane];
                    for (oy, out) in out.chunks_exact_mut(self.out.1).enumerate() {
                        let Some(y) = self.input_row(oy, ky).filter(|_| start < end) else {
                            out.fill(0.0);
                            continue;
                        };
                        let line = &plane[y * self.width + start * self.stride + kx - self.padding..];
                        out[..start].fill(0.0);
                        out[end..].fill(0.0);
                        if self.stride == 1 {
                            out[start..end].copy_from_slice(&line[..end - start]);
                        } else {
                            let line = line.iter().step_by(self.stride);
                            out[start..end].iter_mut().zip(line).for_each(|(out, v)| *out = *v);
                        }
                    }
                }
            },
        );
    }

    /// The reverse: adds each unfolded number to the place that it came from.
    fn fold(&self, columns: &[f32], images: &mut [f32]) {
        let (positions, plane) = (self.positions(), self.height * self.width);
        let row_length = images.len() / self.image() * positions;
        let (kh, kw) = self.kernel;
        images.par_chunks_mut(self.image()).enumerate().for_each(|(n, image)| {
            for (row, columns) in columns.chunks_exact(row_length).enumerate() {
                let (channel, ky, kx) = (row / (kh * kw), row / kw % kh, row % kw);
                let (start, end) = self.inside(kx);
                if start == end {
                    continue;
                }
                let plane = &mut image[channel * plane..][..plane];
                for (oy, values) in columns[n * positions..][..positions].chunks_exact(self.out.1).enumerate() {
                    let Some(y) = self.input_row(oy, ky) else { continue };
                    let line = &mut plane[y * self.width + start * self.stride + kx - self.padding..];
                    if self.stride == 1 {
                        line.iter_mut().zip(&values[start..end]).for_each(|(to, v)| *to += v);
                    } else {
                        let line = line.iter_mut().step_by(self.stride);
                        line.zip(&values[start..end]).for_each(|(to, v)| *to += v);
                    }
                }
            }
        });
    }

    /// Gradients of one group of images, gathered to `(outputs, images x positions)`.
    fn gather(&self, grad: &[f32]) -> Vec<f32> {
        let positions = self.positions();
        let images = grad.len() / (self.outputs * positions);
        let mut rows = Vec::with_capacity(grad.len());
        for output in 0..self.outputs {
            for image in 0..images {
                rows.extend_from_slice(&grad[(image * self.outputs + output) * positions..][..positions]);
            }
        }
        rows
    }
}

/// The product of two matrices whose layouts may be transposed.
fn product(left: (&CpuStorage, &Layout), right: (&CpuStorage, &Layout)) -> Result<Vec<f32>> {
    let (m, k) = left.1.shape().dims2()?;
    let (_, n) = right.1.shape().dims2()?;
    match left.0.matmul(right.0, (1, m, n, k), left.1, right.1)? {
        CpuStorage::F32(values) => Ok(values),
        _ => Err(candle_core::Error::Msg("conv2d: expected 32-bit floats".to_owned()).bt()),
    }
}

impl CustomOp2 for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = floats(self.name(), s1, l1)?;
        let (patch, positions, group) = (self.patch(), self.positions(), self.group());
        let weight = Layout::contiguous_with_offset((self.outputs, patch), l2.start_offset());
        let per_image = self.outputs * positions;
        let mut y = vec![0f32; self.batch * per_image];
        y.par_chunks_mut(group * per_image).zip(x.par_chunks(group * self.image())).try_for_each_init(
            Vec::new,
            |buffer, (y, images)| {
                let count = images.len() / self.image() * positions;
                buffer.resize(patch * count, 0f32);
                self.unfold(images, buffer);
                let columns = CpuStorage::F32(std::mem::take(buffer));
                let rows = product((s2, &weight), (&columns, &Layout::contiguous((patch, count))))?;
                for (output, row) in rows.chunks_exact(count).enumerate() {
                    for (image, values) in row.chunks_exact(positions).enumerate() {
                        y[(image * self.outputs + output) * positions..][..positions].copy_from_slice(values);
                    }
                }
                // The next group of this task uses the same memory.
                if let CpuStorage::F32(columns) = columns {
                    *buffer = columns;
                }
                Ok::<_, candle_core::Error>(())
            },
        )?;
        Ok((CpuStorage::F32(y), Shape::from((self.batch, self.outputs, self.out.0, self.out.1))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _res: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (xs, xl) = x.storage_and_layout();
        let (ws, wl) = weight.storage_and_layout();
        let (gs, gl) = grad.storage_and_layout();
        let values = stored_floats(self.name(), &xs, xl)?;
        let g = stored_floats(self.name(), &gs, gl)?;
        let Storage::Cpu(weights) = &*ws else {
            return Err(candle_core::Error::Msg("conv2d: expected a weight in main memory".to_owned()).bt());
        };
        let (patch, positions, group) = (self.patch(), self.positions(), self.group());
        let transposed = Layout::contiguous_with_offset((self.outputs, patch), wl.start_offset()).transpose(0, 1)?;
        let group_grad = group * self.outputs * positions;
        let (needs_x, needs_weight) = (x.track_op(), weight.track_op());

        let mut dx = vec![0f32; if needs_x { values.len() } else { 0 }];
        if needs_x {
            dx.par_chunks_mut(group * self.image()).zip(g.par_chunks(group_grad)).try_for_each(|(dx, g)| {
                let rows = Layout::contiguous((self.outputs, g.len() / self.outputs));
                let g = CpuStorage::F32(self.gather(g));
                self.fold(&product((weights, &transposed), (&g, &rows))?, dx);
                Ok::<_, candle_core::Error>(())
            })?;
        }

        let mut dw = vec![0f32; if needs_weight { self.outputs * patch } else { 0 }];
        if needs_weight {
            let partial = values
                .par_chunks(group * self.image())
                .zip(g.par_chunks(group_grad))
                .map(|(images, g)| {
                    let count = g.len() / self.outputs;
                    let mut columns = vec![0f32; patch * count];
                    self.unfold(images, &mut columns);
                    let columns = (&CpuStorage::F32(columns), &Layout::contiguous((patch, count)).transpose(0, 1)?);
                    let g = CpuStorage::F32(self.gather(g));
                    product((&g, &Layout::contiguous((self.outputs, count))), columns)
                })
                .collect::<Result<Vec<_>>>()?;
            // In the order of the images, whichever thread was first.
            for part in &partial {
                dw.iter_mut().zip(part).for_each(|(sum, v)| *sum += v);
            }
        }
        let tensor = |data: Vec<f32>, like: &Tensor| Tensor::from_vec(data, like.shape(), like.device());
        Ok((needs_x.then(|| tensor(dx, x)).transpose()?, needs_weight.then(|| tensor(dw, weight)).transpose()?))
    }
}

#[cfg(test)]
mod tests {
    use super::{Conv2d, conv2d};
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
        ]
        .into_iter()
        .enumerate()
        {
            let x = random_var(&x, 1.0, n as u64);
            let weight = random_var(&[weight[0], x.dims()[1], weight[1], weight[2]], 1.0, 100 + n as u64);
            let own = || conv2d(&x, &weight, stride, padding);
            let what = format!("geometry {n}");
            let composed = || Conv2d::new(&x, &weight, stride, padding)?.composed(&x, &weight);
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
    fn sizes_that_do_not_fit_are_errors() {
        let x = random_var(&[1, 2, 4, 4], 1.0, 1);
        for (weight, stride, padding) in [([1, 3, 3, 3], 1, 0), ([1, 2, 5, 5], 1, 0), ([1, 2, 3, 3], 0, 0)] {
            let message = conv2d(&x, &random_var(&weight, 1.0, 2), stride, padding).unwrap_err().to_string();
            assert!(message.contains("channels must agree"), "{message}");
        }
    }
}

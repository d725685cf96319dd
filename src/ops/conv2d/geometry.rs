//! The sizes of one convolution, and how its work is shared out.

use candle_core::Tensor;

use crate::ops::gemm::Threads;

/// Positions that one matrix product takes at least, where the batch has them: with fewer the weights are read from
/// memory for too little work, with many more the unfolded patches no longer stay in the cache.
const COLUMNS: usize = 256;

/// All sizes of one convolution.
#[derive(Clone, Copy)]
pub(super) struct Geometry {
    pub(super) batch: usize,
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) outputs: usize,
    pub(super) kernel: (usize, usize),
    pub(super) out: (usize, usize),
    pub(super) stride: usize,
    pub(super) padding: usize,
}

impl Geometry {
    pub(super) fn new(x: &Tensor, weight: &Tensor, stride: usize, padding: usize) -> crate::Result<Self> {
        let (batch, channels, height, width) = x.dims4()?;
        let (outputs, expected, kernel_height, kernel_width) = weight.dims4()?;
        let (padded_height, padded_width) = (height + 2 * padding, width + 2 * padding);
        let fits = (1..=padded_height).contains(&kernel_height) && (1..=padded_width).contains(&kernel_width);
        let is_empty = [channels, height, width, outputs].contains(&0);
        if channels != expected || stride == 0 || !fits || is_empty {
            return Err(crate::Error::input(
                "conv2d",
                format!("x is {:?}, weight {:?}, stride {stride}, padding {padding}", x.dims(), weight.dims()),
                "the channels must agree, the stride be positive, the kernel fit into the padded image; only the batch may be empty",
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

    /// Numbers that one output position reads.
    pub(super) fn patch(&self) -> usize {
        self.channels * self.kernel.0 * self.kernel.1
    }

    /// Output positions of one image.
    pub(super) fn positions(&self) -> usize {
        self.out.0 * self.out.1
    }

    /// Numbers in one image of the input.
    pub(super) fn image(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Numbers in one image of the output.
    pub(super) fn out_image(&self) -> usize {
        self.outputs * self.positions()
    }

    /// Images that one matrix product takes.
    pub(super) fn group(&self) -> usize {
        COLUMNS.div_ceil(self.positions()).min(self.batch).max(1)
    }

    /// Images of one task, and who computes its products: a task for each thread, where there are positions enough for
    /// all of them, else one task whose products use all threads. (Then the weights are the larger part, and each thread
    /// reads its own share of them.)
    pub(super) fn share(&self) -> (usize, Threads) {
        let threads = rayon::current_num_threads();
        if threads > 1 && self.batch * self.positions() < threads * COLUMNS {
            (self.batch.max(1), Threads::All)
        } else {
            (self.batch.div_ceil(threads).max(1), Threads::One)
        }
    }

    /// Whether an unfolded image is the image itself.
    pub(super) fn is_pointwise(&self) -> bool {
        self.kernel == (1, 1) && self.stride == 1 && self.padding == 0
    }
}

//! A linear layer, with LoRA or without, on numbers in memory.

use rayon::prelude::*;

use crate::ops::dropout::{Dropout, Mask};
use crate::ops::gemm::{Matrix, Target, Threads, product};
use crate::ops::scratch::Buffer;
use crate::ops::slices::{add, column_sums, rows_per_task};

/// `x W^T + b`, and what LoRA adds.
pub(super) struct Linear<'a> {
    /// Where the weight is among the operation's inputs; the bias and LoRA's `A` and `B` follow.
    pub(super) place: usize,
    pub(super) weight: &'a [f32],
    pub(super) bias: &'a [f32],
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) adapter: Option<Adapter<'a>>,
}

/// LoRA beside a weight.
pub(super) struct Adapter<'a> {
    pub(super) down: &'a [f32],
    pub(super) up: &'a [f32],
    pub(super) rank: usize,
    pub(super) scale: f32,
    pub(super) dropout: Option<Dropout>,
}

/// What LoRA keeps for the backward pass.
pub(super) struct Narrow {
    /// `A x`, with `x` as the adapter sees it.
    values: Buffer,
    mask: Option<Mask>,
}

impl<'a> Linear<'a> {
    fn matrix(&self) -> Matrix<'a> {
        Matrix::new(self.weight, self.outputs, self.inputs)
    }

    /// Writes all of `y`, `(rows, outputs)`. Returns what the backward pass needs where there is LoRA.
    pub(super) fn forward(&self, x: &[f32], y: &mut [f32]) -> Option<Narrow> {
        let n = self.outputs;
        let rows = y.len() / n;
        y.par_chunks_mut(rows_per_task(n) * n).for_each(|y| {
            for row in y.chunks_exact_mut(n) {
                row.copy_from_slice(self.bias);
            }
        });
        let x_matrix = Matrix::new(x, rows, self.inputs);
        product(y, n, Target::Add, (x_matrix, self.matrix().t()), 1.0, Threads::All);
        self.adapter.as_ref().map(|adapter| {
            let mask = adapter.dropout.map(|dropout| dropout.mask(x.len()));
            let dropped = mask.as_ref().map(|mask| mask.applied(x));
            let x = Matrix::new(dropped.as_deref().unwrap_or(x), rows, self.inputs);
            let mut narrow = Buffer::take(rows * adapter.rank);
            let down = Matrix::new(adapter.down, adapter.rank, self.inputs);
            product(&mut narrow, adapter.rank, Target::Replace, (x, down.t()), 1.0, Threads::All);
            let up = Matrix::new(adapter.up, n, adapter.rank);
            let both = (Matrix::new(&narrow, rows, adapter.rank), up.t());
            product(y, n, Target::Add, both, adapter.scale, Threads::All);
            Narrow { values: narrow, mask }
        })
    }

    /// From the output's gradient `dy`: gradients of the parameters that are `wanted` into `gradients`, and the input's
    /// into `dx` where that is asked for. `narrow` is what the forward pass returned.
    pub(super) fn backward(
        &self,
        x: &[f32],
        narrow: Option<&Narrow>,
        dy: &[f32],
        dx: Option<(&mut [f32], Target)>,
        wanted: &[bool],
        gradients: &mut [Option<Buffer>],
    ) {
        let (m, n) = (self.inputs, self.outputs);
        let rows = dy.len() / n;
        let dy_matrix = Matrix::new(dy, rows, n);
        if wanted[self.place] {
            let mut dw = Buffer::take(n * m);
            product(&mut dw, m, Target::Replace, (dy_matrix.t(), Matrix::new(x, rows, m)), 1.0, Threads::All);
            gradients[self.place] = Some(dw);
        }
        if wanted[self.place + 1] {
            gradients[self.place + 1] = Some(Buffer::copy_of(&column_sums(dy, n)));
        }
        let mut dx = dx;
        if let Some((dx, target)) = &mut dx {
            product(dx, m, *target, (dy_matrix, self.matrix()), 1.0, Threads::All);
        }
        let (Some(adapter), Some(Narrow { values: narrow, mask })) = (&self.adapter, narrow) else { return };
        let rank = adapter.rank;
        let mut d_narrow = Buffer::take(rows * rank);
        let up = Matrix::new(adapter.up, n, rank);
        product(&mut d_narrow, rank, Target::Replace, (dy_matrix, up), adapter.scale, Threads::All);
        if wanted[self.place + 2] {
            let dropped = mask.as_ref().map(|mask| mask.applied(x));
            let x = Matrix::new(dropped.as_deref().unwrap_or(x), rows, m);
            let mut d_down = Buffer::take(rank * m);
            let both = (Matrix::new(&d_narrow, rows, rank).t(), x);
            product(&mut d_down, m, Target::Replace, both, 1.0, Threads::All);
            gradients[self.place + 2] = Some(d_down);
        }
        if wanted[self.place + 3] {
            let mut d_up = Buffer::take(n * rank);
            let both = (dy_matrix.t(), Matrix::new(narrow, rows, rank));
            product(&mut d_up, rank, Target::Replace, both, adapter.scale, Threads::All);
            gradients[self.place + 3] = Some(d_up);
        }
        if let Some((dx, _)) = dx {
            let both = (Matrix::new(&d_narrow, rows, rank), Matrix::new(adapter.down, rank, m));
            let Some(mask) = mask else {
                return product(dx, m, Target::Add, both, 1.0, Threads::All);
            };
            let mut through = Buffer::take(rows * m);
            product(&mut through, m, Target::Replace, both, 1.0, Threads::All);
            mask.apply(&mut through);
            add(dx, &through);
        }
    }
}

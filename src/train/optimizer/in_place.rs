//! A rule's pass over the numbers of a parameter in main memory.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp1, Layout, Tensor};
use rayon::prelude::*;

use crate::Result;
use crate::ops::{GRAIN, Gradient, RowGradient};

/// The arithmetic of one rule on plain slices: parameter, gradient, first and second memory.
pub(super) trait InPlace: Sync {
    fn name(&self) -> &'static str;

    /// What weight decay leaves of a number.
    fn keep(&self) -> f32;

    /// The step on some of the numbers, on this thread.
    fn apply(&self, p: &mut [f32], g: &[f32], first: &mut [f32], second: &mut [f32]);
}

/// What a rule remembers of the gradients of a parameter.
#[derive(Debug)]
pub(super) struct Memory {
    /// The running mean, or momentum.
    pub(super) first: Vec<f32>,
    /// The running mean of squares; empty for a rule without one.
    pub(super) second: Vec<f32>,
    /// Of a table with gradients by rows, which rows have had one; `None` before the first.
    moved: Option<Vec<bool>>,
}

impl Memory {
    /// Nothing remembered of `count` numbers.
    pub(super) fn fresh(count: usize, with_second: bool, gradient: &Gradient) -> Self {
        // Zeroed memory costs nothing until it is written: what is never read of a table never exists.
        let moved = match gradient {
            Gradient::Rows(rows) => Some(vec![false; count / rows.width]),
            _ => None,
        };
        Self { first: vec![0.0; count], second: vec![0.0; if with_second { count } else { 0 }], moved }
    }

    /// These numbers, as a checkpoint has them.
    pub(super) fn restored(first: Vec<f32>, second: Vec<f32>) -> Self {
        Self { first, second, moved: None }
    }

    /// One step of `parameter`.
    pub(super) fn step(&mut self, rule: impl InPlace, parameter: &Tensor, gradient: &Gradient) -> Result<()> {
        Ok(parameter.inplace_op1(&Update { rule, gradient, memory: RefCell::new(self) })?)
    }

    fn whole(&mut self, rule: &impl InPlace, p: &mut [f32], g: &[f32]) {
        self.moved = None;
        let second = parts(&mut self.second, GRAIN, p.len());
        p.par_chunks_mut(GRAIN)
            .zip(g.par_chunks(GRAIN))
            .zip(self.first.par_chunks_mut(GRAIN))
            .zip(second)
            .for_each(|(((p, g), first), second)| rule.apply(p, g, first, second));
    }

    /// The same for a gradient that is zero outside of some rows. A row that never had one has a memory of zeros: the step
    /// leaves of it what weight decay leaves, and that is all there is to compute.
    fn rows(&mut self, rule: &impl InPlace, p: &mut [f32], gradient: &RowGradient) {
        let width = gradient.width;
        let Self { first, second, moved } = self;
        let moved = moved.get_or_insert_with(|| {
            let at_rest = |row: usize, memory: &[f32]| memory.iter().skip(row * width).take(width).all(|v| *v == 0.0);
            (0..p.len() / width).map(|row| !(at_rest(row, first) && at_rest(row, second))).collect()
        });
        let (keep, zeros) = (rule.keep(), vec![0f32; width]);
        let rows = (GRAIN / width).max(1);
        let second = parts(second, rows * width, p.len());
        p.par_chunks_mut(rows * width)
            .zip(first.par_chunks_mut(rows * width))
            .zip(second)
            .zip(moved.par_chunks_mut(rows))
            .enumerate()
            .for_each(|(task, (((p, first), second), moved))| {
                let start = task * rows;
                let mut given = gradient.within(start..start + moved.len()).peekable();
                for (n, (p, moved)) in p.chunks_exact_mut(width).zip(moved).enumerate() {
                    let g = match given.next_if(|&place| gradient.rows[place] == start + n) {
                        Some(place) => gradient.row(place),
                        None if *moved => &zeros,
                        None => {
                            for v in p {
                                *v *= keep;
                            }
                            continue;
                        }
                    };
                    *moved = true;
                    let row = n * width..(n + 1) * width;
                    rule.apply(p, g, &mut first[row.clone()], second.get_mut(row).unwrap_or_default());
                }
            });
    }
}

/// The parts that go with those of `count` numbers; all empty when the memory is.
fn parts(memory: &mut [f32], size: usize, count: usize) -> Vec<&mut [f32]> {
    let mut parts: Vec<&mut [f32]> = memory.chunks_mut(size).collect();
    parts.resize_with(count.div_ceil(size), Default::default);
    parts
}

/// A rule as candle's in-place operation on a parameter.
struct Update<'a, R> {
    rule: R,
    gradient: &'a Gradient,
    memory: RefCell<&'a mut Memory>,
}

impl<R: InPlace> InplaceOp1 for Update<'_, R> {
    fn name(&self) -> &'static str {
        self.rule.name()
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let name = "optimizer step";
        let (start, end) =
            layout.contiguous_offsets().ok_or_else(|| candle_core::Error::RequiresContiguous { op: name }.bt())?;
        let CpuStorage::F32(values) = storage else {
            return Err(candle_core::Error::Msg(format!("{name}: expected 32-bit floats")).bt());
        };
        let p = &mut values[start..end];
        let mut memory = self.memory.borrow_mut();
        match self.gradient {
            Gradient::Rows(gradient) => memory.rows(&self.rule, p, gradient),
            gradient => gradient.with_floats(|g| memory.whole(&self.rule, p, g))?,
        }
        Ok(())
    }
}

//! Gradients of parameters, beside candle's store.
//!
//! candle adds every gradient to a tensor of zeros. For the word table of a BERT that is 47 MB taken from the system three
//! times in each step, for a few hundred rows that were read. While [`collect`] runs a backward pass, operations leave the
//! gradients of variables here instead: in memory that is used again, and of a table only the rows that were read. Outside
//! of it they all go to candle's store, where whoever calls `backward` expects them.

use std::cell::RefCell;
use std::collections::HashMap;

use candle_core::{Result, Shape, Tensor, TensorId};

use super::scratch::Buffer;
use super::slices::stored_floats;

/// The gradient of one parameter.
#[derive(Clone, Debug)]
pub(crate) enum Gradient {
    /// From candle's store: of operations that are not our own, and on other devices.
    Stored(Tensor),
    /// All numbers, in the parameter's order.
    Whole(Buffer),
    /// Of a table: what is not here is zero.
    Rows(RowGradient),
}

/// The gradient of a table, of which few rows were read.
#[derive(Clone, Debug)]
pub(crate) struct RowGradient {
    /// Which rows, ascending, each once.
    pub(crate) rows: Vec<usize>,
    /// Their numbers, one row after the other.
    pub(crate) values: Buffer,
    /// Numbers in a row.
    pub(crate) width: usize,
}

thread_local! {
    static COLLECTED: RefCell<Option<HashMap<TensorId, Gradient>>> = const { RefCell::new(None) };
}

/// Runs a backward pass, and returns what operations left beside candle's store, by the variable's id.
pub(crate) fn collect<R>(backward: impl FnOnce() -> R) -> (R, HashMap<TensorId, Gradient>) {
    /// Also after a panic: a thread may be used again.
    struct Off;
    impl Drop for Off {
        fn drop(&mut self) {
            COLLECTED.set(None);
        }
    }
    let off = Off;
    COLLECTED.set(Some(HashMap::new()));
    let result = backward();
    let collected = COLLECTED.take().unwrap_or_default();
    drop(off);
    (result, collected)
}

/// Whether a gradient of this input is left here instead of in candle's store.
pub(super) fn is_collected(input: &Tensor) -> bool {
    input.is_variable() && COLLECTED.with_borrow(Option::is_some)
}

/// Leaves the gradient of a variable, or adds it to what is there of another use.
pub(super) fn leave(variable: TensorId, shape: &Shape, gradient: Gradient) -> Result<()> {
    COLLECTED.with_borrow_mut(|collected| {
        let Some(collected) = collected else { return Ok(()) };
        let sum = match collected.remove(&variable) {
            Some(other) => other.add(gradient, shape)?,
            None => gradient,
        };
        collected.insert(variable, sum);
        Ok(())
    })
}

impl Gradient {
    /// The same numbers as a tensor of the parameter's shape.
    pub(crate) fn to_tensor(&self, shape: &Shape) -> Result<Tensor> {
        match self {
            Self::Stored(tensor) => Ok(tensor.clone()),
            Self::Whole(values) => Tensor::from_slice(values, shape, &candle_core::Device::Cpu),
            Self::Rows(rows) => {
                let mut all = vec![0f32; shape.elem_count()];
                for (&row, values) in rows.rows.iter().zip(rows.values.chunks_exact(rows.width)) {
                    all[row * rows.width..][..rows.width].copy_from_slice(values);
                }
                Tensor::from_vec(all, shape, &candle_core::Device::Cpu)
            }
        }
    }

    /// The sum with another gradient of the same parameter.
    pub(crate) fn add(self, other: Self, shape: &Shape) -> Result<Self> {
        Ok(match (self, other) {
            (Self::Whole(mut sum), Self::Whole(part)) => {
                super::slices::add(&mut sum, &part);
                Self::Whole(sum)
            }
            (Self::Rows(one), Self::Rows(other)) => Self::Rows(one.add(&other)),
            (one, other) => Self::Stored((one.to_tensor(shape)? + other.to_tensor(shape)?)?),
        })
    }

    /// Calls `f` with the numbers when they lie one after the other in main memory.
    pub(crate) fn with_floats<R>(&self, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
        match self {
            Self::Whole(values) => Ok(f(values)),
            Self::Stored(tensor) => {
                let tensor = tensor.contiguous()?;
                let (storage, layout) = tensor.storage_and_layout();
                Ok(f(stored_floats("gradient", &storage, layout)?))
            }
            Self::Rows(_) => Err(candle_core::Error::Msg("gradient: only some rows are there".to_owned()).bt()),
        }
    }

    /// Whether the numbers are 32-bit floats in main memory.
    pub(crate) fn has_kernel(&self) -> bool {
        match self {
            Self::Stored(tensor) => super::has_kernel(tensor),
            Self::Whole(_) | Self::Rows(_) => true,
        }
    }
}

impl RowGradient {
    /// Adds up `grads`, one row of `width` numbers for each of `ids`, by id; in the order of `ids`, so that a rerun is
    /// bit-equal.
    pub(super) fn sum(ids: &[u32], grads: &[f32], width: usize) -> Self {
        let mut rows: Vec<usize> = ids.iter().map(|&id| id as usize).collect();
        rows.sort_unstable();
        rows.dedup();
        let mut values = Buffer::take(rows.len() * width);
        values.fill(0.0);
        for (&id, grad) in ids.iter().zip(grads.chunks_exact(width)) {
            // Every id is there.
            let place = rows.partition_point(|&row| row < id as usize);
            values[place * width..][..width].iter_mut().zip(grad).for_each(|(sum, v)| *sum += v);
        }
        Self { rows, values, width }
    }

    /// The places in `rows` of those of `range`.
    pub(crate) fn within(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let place = |bound| self.rows.partition_point(|&row| row < bound);
        place(range.start)..place(range.end)
    }

    /// The numbers of the row at this place.
    pub(crate) fn row(&self, place: usize) -> &[f32] {
        &self.values[place * self.width..][..self.width]
    }

    fn add(&self, other: &Self) -> Self {
        let ids: Vec<u32> = self.rows.iter().chain(&other.rows).map(|&row| row as u32).collect();
        let grads = [&*self.values, &*other.values].concat();
        Self::sum(&ids, &grads, self.width)
    }
}

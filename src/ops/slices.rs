//! How a kernel reaches the numbers of a tensor in main memory.

use candle_core::{CpuStorage, Error, Layout, Result, Storage};
use rayon::prelude::*;

use super::vectorized;

/// Numbers handled by one task: large enough that handing it out costs nothing, small enough to share evenly.
pub(crate) const GRAIN: usize = 1 << 14;

/// The 32-bit floats of a contiguous tensor in main memory.
pub(super) fn floats<'a>(op: &'static str, storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (start, end) = layout.contiguous_offsets().ok_or_else(|| Error::RequiresContiguous { op }.bt())?;
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// The same for what `Tensor::storage_and_layout` returns, as a backward pass meets it.
pub(super) fn stored_floats<'a>(op: &'static str, storage: &'a Storage, layout: &Layout) -> Result<&'a [f32]> {
    match storage {
        Storage::Cpu(storage) => floats(op, storage, layout),
        _ => Err(Error::Msg(format!("{op}: expected a tensor in main memory")).bt()),
    }
}

/// Rows of `width` numbers that together make about one grain.
pub(super) fn rows_per_task(width: usize) -> usize {
    (GRAIN / width.max(1)).max(1)
}

/// Sums of the columns of rows of `width` numbers; partial sums are added in order, whichever thread made them.
pub(super) fn column_sums(rows: &[f32], width: usize) -> Vec<f32> {
    let partial: Vec<Vec<f32>> = rows
        .par_chunks(rows_per_task(width) * width)
        .map(|rows| {
            let mut sums = vec![0f32; width];
            vectorized!({
                for row in rows.chunks_exact(width) {
                    sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
                }
            });
            sums
        })
        .collect();
    in_order(partial.iter().map(Vec::as_slice), width)
}

/// The sum of vectors of `width` numbers, one after the other.
pub(super) fn in_order<'a>(parts: impl Iterator<Item = &'a [f32]>, width: usize) -> Vec<f32> {
    let mut sums = vec![0f32; width];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(sum, v)| *sum += v);
    }
    sums
}

/// `y *= x`.
pub(super) fn multiply(y: &mut [f32], x: &[f32]) {
    y.par_chunks_mut(GRAIN).zip(x.par_chunks(GRAIN)).for_each(|(y, x)| y.iter_mut().zip(x).for_each(|(y, x)| *y *= x));
}

/// `y += x`.
pub(super) fn add(y: &mut [f32], x: &[f32]) {
    y.par_chunks_mut(GRAIN).zip(x.par_chunks(GRAIN)).for_each(|(y, x)| y.iter_mut().zip(x).for_each(|(y, x)| *y += x));
}

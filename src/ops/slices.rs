//! How a kernel reaches the numbers of a tensor in main memory.

use candle_core::{CpuStorage, Error, Layout, Result, Storage};

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

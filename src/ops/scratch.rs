//! Memory that operations use again from step to step.
//!
//! A training step needs hundreds of megabytes for a moment. Taken from the system each time, every page is zeroed and
//! mapped anew, which costs as much as a fifth of the step; here it goes back to a pool.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// What lies idle at most, in numbers: 256 MiB.
const IDLE: usize = 64 << 20;

static POOL: Mutex<Pool> = Mutex::new(Pool { idle: Vec::new(), numbers: 0 });

/// Idle memory, the longest idle first.
struct Pool {
    idle: Vec<Vec<f32>>,
    numbers: usize,
}

/// Numbers in memory of the pool; they return to it when dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    memory: Vec<f32>,
    len: usize,
}

impl Buffer {
    /// `len` numbers of any value: whoever takes them writes all of them.
    pub(super) fn take(len: usize) -> Self {
        let size = size_class(len);
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = pool.idle.iter().rposition(|memory| memory.len() == size).map(|n| pool.idle.remove(n));
        if memory.is_some() {
            pool.numbers -= size;
        }
        drop(pool);
        Self { memory: memory.unwrap_or_else(|| vec![0.0; size]), len }
    }

    /// The same numbers as `values`.
    pub(super) fn copy_of(values: &[f32]) -> Self {
        let mut copy = Self::take(values.len());
        copy.copy_from_slice(values);
        copy
    }

    /// The numbers for a tensor, which keeps their memory.
    pub(super) fn into_vec(mut self) -> Vec<f32> {
        let mut memory = std::mem::take(&mut self.memory);
        memory.truncate(self.len);
        memory
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self::copy_of(self)
    }
}

/// How many numbers lie idle.
#[cfg(test)]
pub(crate) fn idle_memory() -> usize {
    POOL.lock().unwrap_or_else(PoisonError::into_inner).numbers
}

/// The next of four sizes to each doubling, so that batches of nearly the same shape share memory.
fn size_class(len: usize) -> usize {
    let step = (len.next_power_of_two() / 8).max(256);
    len.next_multiple_of(step)
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[..self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        if memory.is_empty() {
            return;
        }
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        pool.numbers += memory.len();
        pool.idle.push(memory);
        while pool.numbers > IDLE {
            let oldest = pool.idle.remove(0);
            pool.numbers -= oldest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Buffer, size_class};

    #[test]
    fn sizes_share_classes_and_waste_little() {
        assert_eq!(size_class(1_000_000), size_class(1_010_000));
        for len in [1, 255, 257, 4_000, 1_000_001, 70_000_000] {
            let size = size_class(len);
            assert!(size >= len && (size - len) <= (len / 4).max(256), "{len}: {size}");
        }
    }

    #[test]
    fn a_buffer_has_the_asked_length_whatever_was_there() {
        let first = Buffer::copy_of(&[1.0; 1000]);
        drop(first);
        let second = Buffer::copy_of(&[2.0; 990]);
        assert_eq!(*second, [2.0; 990]);
    }
}

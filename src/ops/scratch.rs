//! Memory that operations use again from step to step.
//!
//! A training step needs hundreds of megabytes for a moment. Taken from the system each time, every page is zeroed and
//! mapped anew, which costs as much as a fifth of the step; here it goes back to a pool.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// What lies idle at most, in numbers: 256 MiB.
const IDLE: usize = 64 << 20;

static POOL: Mutex<Pool> = Mutex::new(Pool { idle: Vec::new(), numbers: 0, step: 0 });

/// Idle memory, the longest idle first.
struct Pool {
    /// Memory, and the step in which it was used last.
    idle: Vec<(u64, Vec<f32>)>,
    numbers: usize,
    /// Training steps that are over.
    step: u64,
}

impl Pool {
    /// Takes out about `size` numbers, the longest idle first, of what this step has not used: most of it served batches of
    /// another length, and the new memory stands in its place. What this step has used it will use again in the next.
    fn take_stale(&mut self, size: usize) -> Vec<Vec<f32>> {
        let (mut count, mut numbers) = (0, 0);
        for (_, memory) in self.idle.iter().take_while(|(step, _)| *step < self.step) {
            if numbers >= size {
                break;
            }
            numbers += memory.len();
            count += 1;
        }
        self.take_first(count)
    }

    fn take_first(&mut self, count: usize) -> Vec<Vec<f32>> {
        let memory: Vec<Vec<f32>> = self.idle.drain(..count).map(|(_, memory)| memory).collect();
        self.numbers -= memory.iter().map(Vec::len).sum::<usize>();
        memory
    }
}

/// Says that a training step is over. What it has not used goes back to the system.
pub(crate) fn end_step() {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let count = pool.idle.iter().take_while(|(step, _)| *step < pool.step).count();
    let stale = pool.take_first(count);
    pool.step += 1;
    drop(pool);
    drop(stale);
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
        let found = pool.idle.iter().rposition(|(_, memory)| memory.len() == size);
        let memory = found.map(|n| pool.idle.remove(n).1);
        let stale = if memory.is_some() { Vec::new() } else { pool.take_stale(size) };
        if memory.is_some() {
            pool.numbers -= size;
        }
        // The system takes it back without making other threads wait.
        drop(pool);
        drop(stale);
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
        let step = pool.step;
        pool.idle.push((step, memory));
        while pool.numbers > IDLE {
            let (_, oldest) = pool.idle.remove(0);
            pool.numbers -= oldest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Buffer, Pool, size_class};

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

    #[test]
    fn memory_for_another_length_takes_the_place_of_what_lies_idle() {
        let idle = |step: u64, len: usize| (step, vec![0.0; len]);
        let pool =
            || Pool { idle: vec![idle(0, 300), idle(0, 200), idle(0, 100), idle(1, 400)], numbers: 1000, step: 1 };
        let lengths = |memory: Vec<Vec<f32>>| memory.iter().map(Vec::len).collect::<Vec<_>>();
        for (size, dropped) in [(1, vec![300]), (300, vec![300]), (301, vec![300, 200]), (5000, vec![300, 200, 100])] {
            let mut pool = pool();
            assert_eq!(lengths(pool.take_stale(size)), dropped, "{size}");
            assert_eq!(pool.numbers, pool.idle.iter().map(|(_, memory)| memory.len()).sum::<usize>());
        }
        // Nothing that this step has used goes, whatever is asked for.
        assert!(Pool { step: 0, ..pool() }.take_stale(5000).is_empty());
    }
}

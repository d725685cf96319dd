//! Dropout whose mask comes from a seed, so that a rerun drops the same numbers.

use std::ops::Range;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;

use super::scratch::Buffer;
use super::slices::{GRAIN, floats, stored_floats};
use super::vectorized;

/// Random words that are made at once.
const STRETCH: usize = 256;

/// Sets each number to zero with probability `rate` and divides the others by `1 - rate`.
///
/// Any shape. The same `seed` and shape drop the same numbers, on any number of threads. Differentiable: what was
/// dropped gets no gradient. A rate outside `0.0..1.0` is an error; rate 0 returns `x` unchanged.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let x = Tensor::ones(1000, candle_core::DType::F32, &Device::Cpu)?;
/// let y = tunebook::ops::dropout(&x, 0.2, 7)?.to_vec1::<f32>()?;
/// assert!(y.iter().all(|v| *v == 0.0 || (*v - 1.25).abs() < 1e-6));
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn dropout(x: &Tensor, rate: f64, seed: u64) -> crate::Result<Tensor> {
    if !(0.0..1.0).contains(&rate) {
        return Err(crate::Error::input("dropout", format!("rate {rate}"), "give a rate from 0.0 to below 1.0"));
    }
    if rate == 0.0 {
        return Ok(x.clone());
    }
    let op = Dropout { rate, seed };
    if !super::has_kernel(x) {
        let mut mask = vec![1f32; x.elem_count()];
        op.apply(&mut mask);
        let mask = Tensor::from_vec(mask, x.shape(), x.device())?.to_dtype(x.dtype())?;
        return Ok((x * mask)?);
    }
    Ok(x.contiguous()?.apply_op1(op)?)
}

/// One mask: which numbers are dropped follows from these two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout {
    pub(crate) rate: f64,
    pub(crate) seed: u64,
}

impl Dropout {
    /// What the numbers that stay are multiplied by.
    pub(super) fn scale(self) -> f32 {
        (1.0 / (1.0 - self.rate)) as f32
    }

    /// Random words below this one drop their number.
    pub(super) fn threshold(self) -> u32 {
        (self.rate * (1u64 << 32) as f64) as u32
    }

    /// Calls `f` with stretches of a part of the data, which begins at `offset`, and for each number of theirs a random word:
    /// one below [`Dropout::threshold`] drops it.
    #[inline(always)]
    #[allow(clippy::inline_always)] // `f` has loops
    pub(super) fn for_each_stretch(self, len: usize, offset: usize, mut f: impl FnMut(Range<usize>, &[[u8; 4]])) {
        let mut bytes = [0u8; 4 * STRETCH];
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut start = 0;
        while start < len {
            let (grain, within) = ((offset + start) / GRAIN, (offset + start) % GRAIN);
            let end = len.min(start + GRAIN - within);
            rng.set_stream(grain as u64);
            rng.set_word_pos(within as u128);
            while start < end {
                let count = STRETCH.min(end - start);
                let words = &mut bytes[..4 * count];
                rng.fill_bytes(words);
                f(start..start + count, words.as_chunks::<4>().0);
                start += count;
            }
        }
    }

    /// Drops and scales in place. Each grain has a random stream of its own: the mask is made again in the backward
    /// pass instead of being kept, and does not depend on which thread works on which grain.
    pub(super) fn apply(self, data: &mut [f32]) {
        let (threshold, scale) = (self.threshold(), self.scale());
        data.par_chunks_mut(GRAIN).enumerate().for_each(|(n, chunk)| {
            vectorized!({
                self.for_each_stretch(
                    chunk.len(),
                    n * GRAIN,
                    #[inline(always)]
                    |stretch, words| {
                        for (v, word) in chunk[stretch].iter_mut().zip(words) {
                            *v = if u32::from_le_bytes(*word) < threshold { 0.0 } else { *v * scale };
                        }
                    },
                );
            });
        });
    }
}

/// Numbers with one word of a [`Mask`].
const WORD: usize = 16;

/// A mask that was drawn, in one bit for each number: for an operation that needs it again.
#[derive(Debug)]
pub(super) struct Mask {
    /// The lowest bit is the first number's; 1 where it is dropped.
    dropped: Vec<u16>,
    scale: f32,
}

impl Dropout {
    /// The mask that [`Dropout::apply`] uses on `len` numbers.
    pub(super) fn mask(self, len: usize) -> Mask {
        let threshold = self.threshold();
        let mut dropped = vec![0u16; len.div_ceil(WORD)];
        // Grains and stretches begin at a whole word.
        dropped.par_chunks_mut(GRAIN / WORD).enumerate().for_each(|(n, dropped)| {
            let start = n * GRAIN;
            vectorized!({
                self.for_each_stretch(
                    GRAIN.min(len - start),
                    start,
                    #[inline(always)]
                    |stretch, words| {
                        for (bits, words) in dropped[stretch.start / WORD..].iter_mut().zip(words.chunks(WORD)) {
                            *bits = words.iter().enumerate().fold(0, |bits, (n, word)| {
                                bits | (u16::from(u32::from_le_bytes(*word) < threshold) << n)
                            });
                        }
                    },
                );
            });
        });
        Mask { dropped, scale: self.scale() }
    }
}

impl Mask {
    /// Drops and scales in place.
    pub(super) fn apply(&self, data: &mut [f32]) {
        let scale = self.scale;
        data.par_chunks_mut(GRAIN).zip(self.dropped.par_chunks(GRAIN / WORD)).for_each(|(data, dropped)| {
            vectorized!({
                for (values, &bits) in data.chunks_mut(WORD).zip(dropped) {
                    for (n, v) in values.iter_mut().enumerate() {
                        *v = if bits >> n & 1 == 1 { 0.0 } else { *v * scale };
                    }
                }
            });
        });
    }

    /// A copy of `x` with what is dropped at zero and the others scaled.
    pub(super) fn applied(&self, x: &[f32]) -> Buffer {
        let mut copy = Buffer::copy_of(x);
        self.apply(&mut copy);
        copy
    }
}

impl CustomOp1 for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut y = floats(self.name(), storage, layout)?.to_vec();
        self.apply(&mut y);
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let (storage, layout) = grad.storage_and_layout();
        let mut dx = stored_floats(self.name(), &storage, layout)?.to_vec();
        self.apply(&mut dx);
        Ok(Some(Tensor::from_vec(dx, arg.shape(), arg.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::dropout;
    use crate::ops::verify::{assert_gradients, random_var};

    #[test]
    fn gradient_matches_finite_differences() {
        let x = random_var(&[9, 31], 1.0, 1);
        assert_gradients("dropout", &[&x], || dropout(&x, 0.3, 5));
    }

    #[test]
    fn drops_the_asked_share_and_repeats_with_the_seed() {
        let x = candle_core::Tensor::ones(100_000, candle_core::DType::F32, &candle_core::Device::Cpu).unwrap();
        let y = dropout(&x, 0.1, 3).unwrap().to_vec1::<f32>().unwrap();
        let dropped = y.iter().filter(|v| **v == 0.0).count();
        assert!((9_500..10_500).contains(&dropped), "{dropped}");
        assert_eq!(y, dropout(&x, 0.1, 3).unwrap().to_vec1::<f32>().unwrap());
        assert_ne!(y, dropout(&x, 0.1, 4).unwrap().to_vec1::<f32>().unwrap());
        assert!(dropout(&x, 1.0, 3).is_err());
    }

    #[test]
    fn a_mask_that_is_kept_drops_the_same_numbers() {
        let dropout = super::Dropout { rate: 0.3, seed: 9 };
        for len in [1, 16, 1000, super::GRAIN, 2 * super::GRAIN + 37] {
            let values: Vec<f32> = (1..=len).map(|n| n as f32).collect();
            let mut expected = values.clone();
            dropout.apply(&mut expected);
            let mask = dropout.mask(len);
            assert_eq!(*mask.applied(&values), expected, "{len}");
        }
    }

    #[test]
    fn a_part_has_the_mask_of_its_place() {
        let mask = super::Dropout { rate: 0.4, seed: 11 };
        let mut whole = vec![1.0; 3 * super::GRAIN];
        mask.apply(&mut whole);
        for (offset, len) in [(0, 10), (7, super::GRAIN), (super::GRAIN, 5), (2 * super::GRAIN - 3, super::GRAIN)] {
            let mut part = vec![1.0; len];
            mask.for_each_stretch(len, offset, |stretch, words| {
                for (v, word) in part[stretch].iter_mut().zip(words) {
                    *v = if u32::from_le_bytes(*word) < mask.threshold() { 0.0 } else { mask.scale() };
                }
            });
            assert_eq!(part, whole[offset..offset + len], "{offset}");
        }
    }
}

//! From bytes to what a network reads.

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use crate::data::{ImageDataset, Normalization};
use crate::{Error, Result};

/// Some images of a data set as a tensor `(rows, channels, height, width)`: scaled to 0..1, changed by the data set's
/// augmentation where a seed is given, and normalised. Each place of the batch draws changes of its own.
pub(crate) fn batch(
    data: &ImageDataset,
    rows: &[usize],
    normalization: &Normalization,
    seed: Option<u64>,
    device: &Device,
) -> Result<Tensor> {
    let shape = data.shape();
    if normalization.mean.len() != shape.channels {
        let problem = format!("has {} channels, the images {}", normalization.mean.len(), shape.channels);
        return Err(Error::input("normalization", problem, "fit it on images of the same kind"));
    }
    let change = data.augmentation().zip(seed);
    let mut batch = vec![0f32; rows.len() * shape.numel()];
    batch.par_chunks_mut(shape.numel()).zip(rows).enumerate().try_for_each(|(place, (image, &row))| -> Result<()> {
        for (value, &pixel) in image.iter_mut().zip(data.pixels(row)) {
            *value = f32::from(pixel) / 255.0;
        }
        if let Some((augmentation, seed)) = change {
            image.copy_from_slice(&augmentation.apply(image, shape, seed_of(seed, place))?);
        }
        normalization.apply(image);
        Ok(())
    })?;
    Ok(Tensor::from_vec(batch, (rows.len(), shape.channels, shape.height, shape.width), device)?)
}

/// A seed for one place of a batch; neighbouring places and steps have nothing in common (the finaliser of splitmix64).
fn seed_of(step: u64, place: usize) -> u64 {
    let mixed = step.wrapping_add((place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

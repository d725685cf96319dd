//! Which texts make up each batch.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Examples, Trainable, TrainingConfig};

/// Batches that are sorted together: texts in a batch get similar lengths while batches stay mixed.
const BUCKET: usize = 16;

/// The rows of each step of an epoch, as the settings want them.
pub(super) fn of_epoch<M: Trainable>(
    model: &M,
    train: &Examples<M::Inputs>,
    config: &TrainingConfig,
    epoch: usize,
) -> Vec<Vec<usize>> {
    let lengths = if config.group_by_length { model.lengths(&train.inputs) } else { None };
    let lengths = lengths.unwrap_or_else(|| vec![1; train.len()]);
    shuffled(&lengths, config.rows_per_step(), config.seed, epoch)
}

/// The batches of one epoch as places in the data, shuffled by seed and epoch.
///
/// Within stretches of sixteen batches texts are grouped by length, so that little is computed for padding.
fn shuffled(lengths: &[usize], batch_size: usize, seed: u64, epoch: usize) -> Vec<Vec<usize>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch as u64);
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.shuffle(&mut rng);
    for bucket in order.chunks_mut(batch_size.saturating_mul(BUCKET)) {
        bucket.sort_by_key(|&i| lengths[i]);
    }
    let mut batches: Vec<Vec<usize>> = order.chunks(batch_size).map(<[usize]>::to_vec).collect();
    batches.shuffle(&mut rng);
    batches
}

#[cfg(test)]
mod tests {
    use super::shuffled;

    #[test]
    fn every_text_once_an_epoch_in_an_order_that_seed_and_epoch_fix() {
        let lengths: Vec<usize> = (0..103).map(|i| i * 7 % 40).collect();
        let batches = shuffled(&lengths, 8, 1, 1);
        let mut seen: Vec<usize> = batches.concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..103).collect::<Vec<_>>());
        assert_eq!(batches, shuffled(&lengths, 8, 1, 1));
        assert_ne!(batches, shuffled(&lengths, 8, 1, 2));
        assert_ne!(batches, shuffled(&lengths, 8, 2, 1));
    }

    #[test]
    fn lengths_in_a_batch_are_alike() {
        let lengths: Vec<usize> = (0..1000).map(|i| i * 7919 % 100).collect();
        let padded: usize = shuffled(&lengths, 10, 3, 1)
            .iter()
            .map(|batch| batch.len() * batch.iter().map(|&i| lengths[i]).max().unwrap())
            .sum();
        // Unsorted batches of ten would pad to about 90 each, so to 90,000 in all; the tokens are about 49,500.
        assert!(padded < 60_000, "{padded}");
    }
}

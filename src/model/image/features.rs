//! What a frozen network says of images, kept between runs.

use candle_core::Tensor;
use sha2::{Digest, Sha256};

use super::ImageClassifier;
use crate::Result;
use crate::data::ImageDataset;
use crate::model::Pass;
use crate::model::feature_cache::{Key, cached, hash_weights};

impl ImageClassifier {
    /// A hash of all that a vector depends on beside the pixels: the weights and running statistics below the head as they
    /// are now, and the normalisation.
    pub(crate) fn fingerprint(&self) -> Result<Key> {
        let mut hash = Sha256::new().chain_update(format!("images {:?}", self.normalization()));
        hash_weights(&mut hash, self.store(), |name| name.starts_with("fc."))?;
        Ok(hash.finalize().into())
    }

    /// The vectors `(rows, features)` that the head reads of some images, as they are, without augmentation. Vectors that
    /// these very weights once gave for these very images are not computed again; `weights` is
    /// [`ImageClassifier::fingerprint`].
    pub(crate) fn features_cached(&self, weights: &Key, images: &ImageDataset, rows: &[usize]) -> Result<Tensor> {
        let mut hash = Sha256::new().chain_update(weights).chain_update(images.shape().to_string());
        for &row in rows {
            hash.update(images.pixels(row));
        }
        cached(hash.finalize().into(), rows.len(), self.device(), || {
            self.network().features(&self.batch(images, rows, None)?, &Pass::evaluation())
        })
    }
}

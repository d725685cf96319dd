//! Vectors of frozen bodies, kept between runs: the same texts or images through the same weights are computed once.
//!
//! An entry is all vectors of one call. A text's vector differs in its last bits with the texts that share its batch, so
//! single vectors would make a run depend on what was computed before it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use candle_core::{Device, Tensor};
use sha2::{Digest, Sha256};

use super::{ParameterStore, TextEncoder, device_name};
use crate::Result;

/// Bytes of vectors that are kept; the oldest go first.
const LIMIT: usize = 256 << 20;

/// The hash of the weights and of all rows.
pub(crate) type Key = [u8; 32];

static CACHE: LazyLock<Mutex<Generations>> = LazyLock::new(Mutex::default);

/// Two generations: when the young one has half of the limit it becomes the old one, and what was old is dropped.
/// An entry that is used moves to the young one, so that what is in use stays.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Key, Arc<[f32]>>,
    old: HashMap<Key, Arc<[f32]>>,
    young_bytes: usize,
}

impl Generations {
    fn get(&mut self, key: &Key) -> Option<Arc<[f32]>> {
        if let Some(vector) = self.young.get(key) {
            return Some(Arc::clone(vector));
        }
        let vector = self.old.remove(key)?;
        self.insert(*key, Arc::clone(&vector), LIMIT);
        Some(vector)
    }

    fn insert(&mut self, key: Key, vector: Arc<[f32]>, limit: usize) {
        self.young_bytes += size_of_val(&*vector) + size_of::<Key>();
        self.young.insert(key, vector);
        if self.young_bytes > limit / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

/// The vectors `(rows, width)` that `compute` gives, unless they are there under this key.
pub(super) fn cached(
    key: Key,
    rows: usize,
    device: &Device,
    compute: impl FnOnce() -> Result<Tensor>,
) -> Result<Tensor> {
    let found = CACHE.lock().unwrap_or_else(PoisonError::into_inner).get(&key);
    if let Some(vectors) = found {
        let width = vectors.len() / rows.max(1);
        return Ok(Tensor::from_slice(&vectors, (rows, width), device)?);
    }
    let vectors = compute()?;
    if rows > 0 {
        let kept: Arc<[f32]> = vectors.flatten_all()?.to_vec1::<f32>()?.into();
        CACHE.lock().unwrap_or_else(PoisonError::into_inner).insert(key, kept, LIMIT);
    }
    Ok(vectors)
}

/// Takes the values of parameters and buffers into a hash, but those for whose name `is_head` says so, and the device,
/// whose last bits are its own.
pub(super) fn hash_weights(hash: &mut Sha256, store: &ParameterStore, is_head: impl Fn(&str) -> bool) -> Result<()> {
    hash.update(device_name(store.device()));
    let parameters = store.all().into_iter().map(|p| (p.name().to_owned(), p.var().as_detached_tensor()));
    let buffers = store.buffers().into_iter().map(|b| (b.name().to_owned(), b.tensor()));
    for (name, tensor) in parameters.chain(buffers).filter(|(name, _)| !is_head(name)) {
        hash.update(name);
        // Counters change no vector.
        if !tensor.dtype().is_float() {
            continue;
        }
        let values = tensor.flatten_all()?.to_vec1::<f32>()?;
        let mut bytes = Vec::with_capacity(values.len() * 4);
        for value in values {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        hash.update(&bytes);
    }
    Ok(())
}

impl TextEncoder {
    /// As [`TextEncoder::embed_tokens`], but vectors that these very weights once gave for these very texts are not
    /// computed again. They are kept in memory, up to 256 MiB for the process.
    ///
    /// ```
    /// use tunebook::model::{Pretrained, TextEncoder};
    /// let encoder = TextEncoder::from_pretrained(Pretrained::embedded())?;
    /// let tokens = encoder.tokenizer().encode(&["The disk is full."])?;
    /// let first = encoder.embed_tokens_cached(&tokens)?;
    /// let again = encoder.embed_tokens_cached(&tokens)?; // no forward pass
    /// assert_eq!(first.to_vec2::<f32>()?, again.to_vec2::<f32>()?);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn embed_tokens_cached(&self, sequences: &[Vec<u32>]) -> Result<Tensor> {
        self.embed_tokens_cached_as(&self.fingerprint()?, sequences, &mut |_| Ok(()))
    }

    /// The same with the hash of the weights given: portions of one data set share it. Tells how many are done.
    pub(crate) fn embed_tokens_cached_as(
        &self,
        weights: &Key,
        sequences: &[Vec<u32>],
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Tensor> {
        cached(key(weights, sequences), sequences.len(), self.device(), || {
            self.embed_tokens_telling(sequences, progress)
        })
    }

    /// A hash of all that a vector depends on beside the tokens: the weights as they are now, LoRA's included, the
    /// pooling, and the device, whose last bits are its own.
    pub(crate) fn fingerprint(&self) -> Result<Key> {
        let mut hash = Sha256::new().chain_update(self.pooling.name());
        hash_weights(&mut hash, self.store(), |name| name.starts_with("classifier."))?;
        Ok(hash.finalize().into())
    }
}

fn key(weights: &Key, sequences: &[Vec<u32>]) -> Key {
    let mut hash = Sha256::new().chain_update(weights);
    for tokens in sequences {
        hash.update((tokens.len() as u64).to_le_bytes());
        for token in tokens {
            hash.update(token.to_le_bytes());
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::{Generations, key};
    use crate::model::TextEncoder;
    use crate::model::fixture::{tiny, tiny_folder};

    #[test]
    fn other_weights_give_other_vectors() {
        let dir = tiny_folder();
        let encoder = TextEncoder::from_pretrained(tiny(&dir)).unwrap();
        let tokens = vec![vec![2, 4, 5, 3], vec![2, 9, 3], vec![2, 4, 5, 3]];
        let plain = || encoder.embed_tokens(&tokens).unwrap().to_vec2::<f32>().unwrap();
        let cached = || encoder.embed_tokens_cached(&tokens).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(cached(), plain());
        let first = cached();
        let norm = encoder.store().get("encoder.layer.2.output.LayerNorm.bias").unwrap();
        norm.var().set(&(norm.var().as_detached_tensor() + 1.0).unwrap()).unwrap();
        assert_ne!(cached(), first);
        assert_eq!(cached(), plain());
    }

    #[test]
    fn what_is_in_use_stays_and_the_rest_goes() {
        let mut cache = Generations::default();
        let limit = 2 * 10 * (4 * 4 + 32);
        for n in 0..100u32 {
            cache.insert(key(&[0; 32], &[vec![n]]), vec![0.0; 4].into(), limit);
            assert!(cache.young.len() + cache.old.len() <= 22);
        }
        assert!(cache.get(&key(&[0; 32], &[vec![99]])).is_some() && cache.get(&key(&[0; 32], &[vec![1]])).is_none());
    }
}

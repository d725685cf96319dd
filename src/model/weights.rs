//! Weights files: safetensors in, safetensors out, with the names of the Hub's BERT family made one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use sha2::{Digest, Sha256};

use super::ParameterStore;
use super::names::NameStyle;
use crate::words::hexadecimal;
use crate::{Error, Result};

/// The tensors of a weights file, as 32-bit floats under normalised names.
///
/// Half-precision files become 32-bit. Names become those of `BertModel`: a `bert.` or `distilbert.` prefix is dropped,
/// DistilBERT's `transformer.layer.N.attention.q_lin` is `encoder.layer.N.attention.self.query` (and so on; its
/// `pre_classifier` is `pooler.dense`), and the legacy names `gamma` and `beta` of old conversions are `weight` and
/// `bias`.
///
/// ```
/// use tunebook::candle::{DType, Device, Tensor, safetensors};
/// use tunebook::model::Weights;
/// let path = std::env::temp_dir().join(format!("tunebook-doc-weights-{}.safetensors", std::process::id()));
/// let gamma = Tensor::ones(4, DType::F32, &Device::Cpu)?;
/// safetensors::save(&[("bert.embeddings.LayerNorm.gamma", gamma)].into(), &path)?;
/// let weights = Weights::from_file(&path)?;
/// assert_eq!(weights.get("embeddings.LayerNorm.weight").map(Tensor::dims), Some(&[4][..]));
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Weights {
    tensors: BTreeMap<String, Tensor>,
    origin: String,
    sha256: String,
}

impl Weights {
    /// Reads a safetensors file.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        Self::from_bytes(&bytes, &path.display().to_string())
    }

    /// Reads safetensors bytes; `origin` names them in errors.
    pub fn from_bytes(bytes: &[u8], origin: &str) -> Result<Self> {
        let tensors = parse(bytes, origin, "it may be cut short or a Git LFS pointer: fetch it again")?;
        let style = NameStyle::of(tensors.keys().map(String::as_str));
        let count = tensors.len();
        let tensors: BTreeMap<String, Tensor> = tensors
            .into_iter()
            .map(|(name, tensor)| {
                let tensor = if tensor.dtype().is_float() { tensor.to_dtype(DType::F32)? } else { tensor };
                Ok((style.to_ours(&name), tensor))
            })
            .collect::<Result<_>>()?;
        if tensors.len() < count {
            return Err(Error::input(
                origin,
                "holds the same parameter twice, as with and without the prefix of its family",
                "export the model again with save_pretrained",
            ));
        }
        let sha256 = hexadecimal(&Sha256::digest(bytes));
        Ok(Self { tensors, origin: origin.to_owned(), sha256 })
    }

    /// The current values of a store's parameters; `origin` names them in errors.
    pub(super) fn of_store(store: &ParameterStore, origin: &str) -> Self {
        let tensors = store.all().iter().map(|p| (p.name().to_owned(), p.var().as_detached_tensor())).collect();
        Self { tensors, origin: origin.to_owned(), sha256: String::new() }
    }

    /// Reads the matrices of a LoRA adapter: the names without what peft puts before them.
    pub(super) fn from_adapter_file(path: &Path, prefix: &str) -> Result<Self> {
        let read = Self::from_file(path)?;
        let plain = |name: &'_ str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
        let names: Vec<String> = read.tensors.keys().map(|name| plain(name)).collect();
        let style = NameStyle::of(names.iter().map(String::as_str));
        let tensors = names.iter().zip(read.tensors.into_values()).map(|(name, t)| (style.to_ours(name), t)).collect();
        Ok(Self { tensors, ..read })
    }

    /// Where they came from, for messages.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The SHA-256 of the file, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The normalised names, without those already taken.
    pub fn names(&self) -> BTreeSet<String> {
        self.tensors.keys().cloned().collect()
    }

    /// The tensor of this normalised name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// Moves a tensor out.
    pub(super) fn take(&mut self, name: &str) -> Option<Tensor> {
        self.tensors.remove(name)
    }
}

/// Reads the tensors of a safetensors file, names and number types as they are; `mend` says what to do when it is broken.
pub(crate) fn read(path: &Path, mend: &str) -> Result<HashMap<String, Tensor>> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    parse(&bytes, &path.display().to_string(), mend)
}

fn parse(bytes: &[u8], origin: &str, mend: &str) -> Result<HashMap<String, Tensor>> {
    candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(|e| {
        let cause = e.to_string();
        let cause = cause.lines().next().unwrap_or_default();
        Error::input(origin, format!("not a readable safetensors file ({cause})"), mend)
    })
}

/// Writes tensors to a safetensors file, through a temporary file beside it: either the whole file appears or none.
pub(crate) fn write(path: &Path, tensors: Vec<(String, Tensor)>) -> Result<()> {
    // The format's metadata line tells transformers that layouts are PyTorch's.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let bytes = safetensors::serialize(tensors, Some(metadata)).map_err(|e| {
        Error::input(path.display(), format!("cannot be written ({e})"), "this is a bug: please report it")
    })?;
    super::files::write_atomically(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::{Weights, write};
    use candle_core::{DType, Device, Tensor};

    fn names(list: &[&str], dtype: DType) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        let tensor = Tensor::new(&[0.5f32, -2.0], &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
        write(&path, list.iter().map(|n| ((*n).to_owned(), tensor.clone())).collect()).unwrap();
        (dir, path)
    }

    #[test]
    fn prefix_legacy_names_and_half_precision_are_normalised() {
        let (_dir, path) = names(&["bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.beta"], DType::F16);
        let weights = Weights::from_file(&path).unwrap();
        let tensor = weights.get("embeddings.LayerNorm.weight").unwrap();
        assert_eq!(tensor.to_vec1::<f32>().unwrap(), [0.5, -2.0]);
        assert!(weights.get("embeddings.LayerNorm.bias").is_some());
        assert_eq!(weights.sha256().len(), 64);
    }

    #[test]
    fn a_corrupt_file_is_one_clear_error() {
        let (_dir, path) = names(&["a"], DType::F32);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 3);
        std::fs::write(&path, &bytes).unwrap();
        let message = Weights::from_file(&path).unwrap_err().to_string();
        assert!(message.contains("model.safetensors") && message.contains("fetch it again"), "{message}");
        std::fs::write(&path, b"version https://git-lfs.github.com/spec/v1").unwrap();
        assert!(Weights::from_file(&path).unwrap_err().to_string().contains("safetensors"));
    }
}

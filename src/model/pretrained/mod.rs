//! Where pretrained encoders come from: inside the library, a folder in the Hub's layout, or the Hugging Face Hub.

#[cfg(feature = "hub")]
mod download;
mod embedded;
mod folder;
#[cfg(all(test, feature = "hub"))]
mod hub_tests;
mod image;

use std::path::{Path, PathBuf};

use candle_core::Device;
use serde_json::Value;

use super::{BertConfig, LearningRates, Pooling, TextTokenizer, Weights};
use crate::hub::{Kind, cache, check_id};
use crate::{Error, Result};

/// The files of one kind of model.
struct Files {
    /// Those that it must have.
    required: &'static [&'static str],
    /// Those that say more about it, where there are any.
    #[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "only fetching asks for them"))]
    optional: &'static [&'static str],
}

impl Files {
    const TEXT: Self = Self {
        required: &["config.json", "tokenizer.json", "model.safetensors"],
        optional: &["sentence_bert_config.json", "1_Pooling/config.json"],
    };
    /// What says of which kind a model is.
    const CONFIG: Self = Self { required: &["config.json"], optional: &[] };
    const IMAGE: Self = Self { required: &["config.json", "model.safetensors"], optional: &[] };
}

/// A pretrained encoder that is named but not loaded yet.
///
/// ```no_run
/// use tunebook::model::{Pretrained, TextEncoder};
/// let encoder = TextEncoder::from_pretrained(Pretrained::folder("models/minilm"))?;
/// let vectors = encoder.embed(&["The disk is full.", "No space left on device."])?;
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pretrained {
    source: Source,
    pooling: Option<Pooling>,
    max_length: Option<usize>,
    device: Device,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Embedded,
    Folder(PathBuf),
    Hub { id: String, revision: String, offline: bool, verify: bool },
}

impl Pretrained {
    /// What is inside the library: no network, no files. For texts the small English encoder (its model card is
    /// `models/tunebook-encoder/README.md`), for [images](super::ImageClassifier::from_pretrained) a small network for grey
    /// images of about 28 to 64 pixels, which was pretrained on drawings (`models/tunebook-images/README.md`).
    ///
    /// ```
    /// use tunebook::model::{Pretrained, TextEncoder};
    /// let encoder = TextEncoder::from_pretrained(Pretrained::embedded())?;
    /// assert_eq!(encoder.embed(&["The disk is full."])?.dims(), [1, 128]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn embedded() -> Self {
        Self::new(Source::Embedded)
    }

    /// The size of the embedded encoder's files, in bytes.
    ///
    /// ```
    /// assert!(tunebook::model::Pretrained::embedded_size() < 8_000_000);
    /// ```
    pub fn embedded_size() -> usize {
        embedded::size()
    }

    /// A folder with `config.json`, `tokenizer.json` and `model.safetensors`, as the Hub lays them out.
    pub fn folder(path: impl AsRef<Path>) -> Self {
        Self::new(Source::Folder(path.as_ref().to_path_buf()))
    }

    /// A model of the Hugging Face Hub, `owner/name`.
    ///
    /// With the crate's feature `hub` the files are fetched into the Hub's cache once and read from there afterwards;
    /// without it (in a notebook) they are read from the cache, and an error says which command fetches them.
    ///
    /// | variable | meaning |
    /// | --- | --- |
    /// | `HF_HUB_OFFLINE` | `1`: never use the network |
    /// | `HF_HUB_CACHE`, `HF_HOME` | where the cache lies; default `~/.cache/huggingface/hub` |
    /// | `HF_ENDPOINT` | another server that speaks the Hub's file paths |
    /// | `HF_TOKEN` | for private models |
    pub fn hub(id: &str) -> Self {
        Self::new(Source::Hub { id: id.to_owned(), revision: "main".to_owned(), offline: false, verify: false })
    }

    fn new(source: Source) -> Self {
        Self { source, pooling: None, max_length: None, device: Device::Cpu }
    }

    /// A branch, tag or commit of the Hub; a full commit hash makes a run repeatable and needs no network once cached.
    pub fn revision(mut self, name: &str) -> Self {
        if let Source::Hub { revision, .. } = &mut self.source {
            name.clone_into(revision);
        }
        self
    }

    /// Reads the Hub's cache only, as `HF_HUB_OFFLINE=1` does.
    pub fn offline(mut self, only_cache: bool) -> Self {
        if let Source::Hub { offline, .. } = &mut self.source {
            *offline = only_cache;
        }
        self
    }

    /// Compares files that are cached already with the checksums that the Hub gave for them, and fetches again what differs.
    /// Files that arrive are always compared. Without the crate's feature `hub`, this changes nothing.
    pub fn verify(mut self, also_cached: bool) -> Self {
        if let Source::Hub { verify, .. } = &mut self.source {
            *verify = also_cached;
        }
        self
    }

    /// Another pooling than the source's own.
    pub fn pooling(mut self, pooling: Pooling) -> Self {
        self.pooling = Some(pooling);
        self
    }

    /// Another limit on tokens than the source's own; special tokens count.
    pub fn max_length(mut self, tokens: usize) -> Self {
        self.max_length = Some(tokens);
        self
    }

    /// The device that the model's parameters are made on and that it computes on; the CPU when nothing is said. See
    /// [`super::device()`].
    pub fn device(mut self, device: &Device) -> Self {
        self.device = device.clone();
        self
    }

    /// Fetches a model of the Hub, text or image, and returns its folder in the Hub's cache. The small files come first: a
    /// model of a kind that cannot be built costs no long download.
    ///
    /// ```no_run
    /// use tunebook::model::Pretrained;
    /// let folder = Pretrained::hub("sentence-transformers/all-MiniLM-L6-v2").verify(true).fetch()?;
    /// assert!(folder.join("model.safetensors").is_file());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the source is not the Hub; when there is no such model or revision, a file is missing, or the model is gated;
    /// when a file arrives neither whole nor with its checksum; without a network, when the cache lacks a file.
    pub fn fetch(&self) -> Result<PathBuf> {
        let Source::Hub { id, revision, offline, verify } = &self.source else {
            return Err(Error::input("Pretrained", "is no model of the Hub", "use Pretrained::hub"));
        };
        let get = |files: &Files| hub_folder(id, revision, *offline, *verify, files);
        let folder = get(&Files::CONFIG)?;
        let origin = folder.join("config.json");
        let bytes = std::fs::read(&origin).map_err(|e| Error::io(&origin, e))?;
        let place = format!("{id}, config.json");
        let config: Value = serde_json::from_slice(&bytes)
            .map_err(|e| Error::input(&place, format!("not valid JSON ({e})"), "choose another model"))?;
        // timm names an architecture, transformers a type.
        if config["architecture"].is_string() {
            return get(&Files::IMAGE);
        }
        BertConfig::from_value(&config, &place)?;
        get(&Files::TEXT)
    }

    /// Fetches (for a Hub model) and reads the files.
    pub fn load(self) -> Result<PretrainedFiles> {
        let mut files = match self.source {
            Source::Embedded => embedded::read()?,
            Source::Folder(path) => folder::read(&path, path.display().to_string())?,
            Source::Hub { id, revision, offline, verify } => {
                folder::read(&hub_folder(&id, &revision, offline, verify, &Files::TEXT)?, id)?
            }
        };
        files.device = self.device;
        files.pooling = self.pooling.unwrap_or(files.pooling);
        if let Some(max_length) = self.max_length {
            files.tokenizer = files.tokenizer.with_max_length(files.checked_length(max_length)?)?;
        }
        Ok(files)
    }
}

/// The folder of the Hub's cache that holds the revision, fetched first where that is allowed.
#[cfg_attr(not(feature = "hub"), allow(unused_variables, reason = "only what fetches can verify"))]
fn hub_folder(id: &str, revision: &str, offline: bool, verify: bool, files: &Files) -> Result<PathBuf> {
    check_id(Kind::Model, id)?;
    let offline = offline || cache::is_offline();
    #[cfg(feature = "hub")]
    if !offline {
        return download::fetch(id, revision, verify, files);
    }
    let repository = cache::repository(&cache::root()?, Kind::Model, id);
    let snapshot = cache::snapshot(&repository, revision);
    match files.required.iter().find(|file| !snapshot.join(file).is_file()) {
        None => {
            #[cfg(feature = "hub")]
            if verify {
                let paths = files.required.iter().map(|file| snapshot.join(file));
                paths.into_iter().try_for_each(|path| crate::hub::download::check_cached(Kind::Model, id, &path))?;
            }
            Ok(snapshot)
        }
        Some(file) => {
            let what = format!("{file} of revision {revision} is");
            Err(cache::missing(Kind::Model, id, &repository, &what, offline))
        }
    }
}

/// The files of a pretrained encoder, read and checked, and what the source recommends.
///
/// ```
/// use tunebook::model::Pretrained;
/// let files = Pretrained::embedded().load()?;
/// assert_eq!((files.config.hidden_size, files.config.num_hidden_layers), (128, 4));
/// assert!(files.tokenizer.max_length() <= files.config.max_position_embeddings);
/// println!("{}, pooling {:?}, {:?}", files.name, files.pooling, files.learning_rates);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PretrainedFiles {
    /// What the source is called: a path or a Hub id.
    pub name: String,
    /// The encoder's sizes.
    pub config: BertConfig,
    /// The whole `config.json`.
    pub config_json: Value,
    /// The tokenizer, truncating at the source's limit.
    pub tokenizer: TextTokenizer,
    /// The weights.
    pub weights: Weights,
    /// How the source makes one vector of a text.
    pub pooling: Pooling,
    /// Default learning rates.
    pub learning_rates: LearningRates,
    /// Where the model is to compute. The weights above are in main memory.
    pub device: Device,
}

impl PretrainedFiles {
    /// A limit on tokens that the encoder's positions allow.
    pub(super) fn checked_length(&self, max_length: usize) -> Result<usize> {
        if max_length > self.config.max_position_embeddings {
            return Err(Error::input(
                "max_length",
                format!("{max_length} tokens, but {} has {} positions", self.name, self.config.max_position_embeddings),
                "give a smaller limit",
            ));
        }
        Ok(max_length)
    }
}

//! Reading a folder in the Hub's layout.

use std::path::Path;

use candle_core::Device;
use serde_json::Value;

use super::PretrainedFiles;
use crate::model::{BertConfig, LearningRates, Pooling, TextTokenizer, Weights};
use crate::{Error, Result};

/// Used when the source does not say where to truncate: tickets and reviews are shorter, and cost grows with length.
const DEFAULT_MAX_LENGTH: usize = 128;

pub(super) fn read(folder: &Path, name: String) -> Result<PretrainedFiles> {
    if !folder.is_dir() {
        return Err(Error::input(
            folder.display(),
            "no such folder",
            "give a folder with config.json, tokenizer.json and model.safetensors",
        ));
    }
    let file = |name: &str| required(folder, name);
    let origin = |name: &str| folder.join(name).display().to_string();
    let config_json: Value = serde_json::from_slice(&file("config.json")?)
        .map_err(|e| Error::input(origin("config.json"), format!("not valid JSON ({e})"), "fetch the file again"))?;
    let (pooling, max_length) = (pooling(folder, &config_json)?, max_length(folder, &config_json));
    assemble(name, config_json, pooling, max_length, &file, &origin)
}

/// Reads tokenizer and weights and checks that they belong to the configuration. `file` gives a file's bytes, `origin`
/// its name in errors.
pub(super) fn assemble(
    name: String,
    config_json: Value,
    pooling: Pooling,
    max_length: usize,
    file: &dyn Fn(&str) -> Result<Vec<u8>>,
    origin: &dyn Fn(&str) -> String,
) -> Result<PretrainedFiles> {
    let config = BertConfig::from_value(&config_json, &origin("config.json"))?;
    let learning_rates = LearningRates::from_config(&config_json, config.hidden_size, &origin("config.json"))?;
    let max_length = max_length.min(config.max_position_embeddings);
    let tokenizer = TextTokenizer::from_json(&file("tokenizer.json")?, &origin("tokenizer.json"), max_length)?;
    if tokenizer.vocab_size() > config.vocab_size {
        return Err(Error::input(
            origin("tokenizer.json"),
            format!("{} tokens, but config.json says vocab_size {}", tokenizer.vocab_size(), config.vocab_size),
            "take both files from the same model",
        ));
    }
    let weights = Weights::from_bytes(&file("model.safetensors")?, &origin("model.safetensors"))?;
    Ok(PretrainedFiles { name, config, config_json, tokenizer, weights, pooling, learning_rates, device: Device::Cpu })
}

pub(super) fn required(folder: &Path, file: &str) -> Result<Vec<u8>> {
    let path = folder.join(file);
    if path.is_file() {
        return std::fs::read(&path).map_err(|e| Error::io(&path, e));
    }
    let mend = if file == "model.safetensors" && folder.join("pytorch_model.bin").is_file() {
        "the folder has pytorch_model.bin only: choose a revision with safetensors, or convert it"
    } else if file == "model.safetensors" && folder.join("model.safetensors.index.json").is_file() {
        "weights split over several files are not supported: choose a smaller model"
    } else {
        "a model folder holds config.json and model.safetensors, and for texts tokenizer.json"
    };
    Err(Error::input(path.display(), "no such file", mend))
}

/// JSON of an optional file; what is absent or unreadable counts as saying nothing.
fn optional(folder: &Path, file: &str) -> Value {
    std::fs::read(folder.join(file)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn max_length(folder: &Path, config: &Value) -> usize {
    let own = config["tunebook"]["max_length"].as_u64();
    let sentence_transformers = || optional(folder, "sentence_bert_config.json")["max_seq_length"].as_u64();
    own.or_else(sentence_transformers).map_or(DEFAULT_MAX_LENGTH, |n| n as usize)
}

/// The pooling that the folder names: the crate's own word, that of sentence-transformers, or what transformers' own
/// classifiers do.
fn pooling(folder: &Path, config: &Value) -> Result<Pooling> {
    if let Some(word) = config["tunebook"]["pooling"].as_str() {
        return Pooling::from_name(word).ok_or_else(|| {
            Error::input(
                folder.join("config.json").display(),
                format!("tunebook.pooling is {word:?}"),
                "use \"mean\", \"cls\", \"max\" or \"pooler\"",
            )
        });
    }
    let native = ["BertForSequenceClassification", "DistilBertForSequenceClassification"];
    if native.iter().any(|class| config["architectures"][0] == *class) {
        return Ok(Pooling::Pooler);
    }
    let file = "1_Pooling/config.json";
    let said = optional(folder, file);
    // Newer versions write one word, older ones a flag for each mode.
    let modes: Vec<&str> = match (said["pooling_mode"].as_str(), said.as_object()) {
        (Some(word), _) => vec![word],
        (None, Some(entries)) => {
            let flags = entries.iter().filter(|(_, value)| **value == true);
            flags.filter_map(|(key, _)| key.strip_prefix("pooling_mode_")).collect()
        }
        (None, None) => Vec::new(),
    };
    match modes.as_slice() {
        [] | ["mean" | "mean_tokens"] => Ok(Pooling::Mean),
        ["cls" | "cls_token"] => Ok(Pooling::Cls),
        ["max" | "max_tokens"] => Ok(Pooling::Max),
        other => Err(Error::input(
            folder.join(file).display(),
            format!("pooling by {}", other.join(" and ")),
            "only one of mean, cls and max is supported: choose another model",
        )),
    }
}

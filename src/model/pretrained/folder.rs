//! Reading a folder in the Hub's layout.

use std::path::Path;

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
    let config_path = folder.join("config.json");
    let origin = config_path.display().to_string();
    let config_json: Value = serde_json::from_slice(&required(folder, "config.json")?)
        .map_err(|e| Error::input(&origin, format!("not valid JSON ({e})"), "fetch the file again"))?;
    let config = BertConfig::from_value(&config_json, &origin)?;
    let learning_rates = LearningRates::from_config(&config_json, config.hidden_size, &origin)?;

    let max_length = max_length(folder, &config_json).min(config.max_position_embeddings);
    let tokenizer_path = folder.join("tokenizer.json");
    let tokenizer_origin = tokenizer_path.display().to_string();
    let tokenizer = TextTokenizer::from_json(&required(folder, "tokenizer.json")?, &tokenizer_origin, max_length)?;
    if tokenizer.vocab_size() > config.vocab_size {
        return Err(Error::input(
            tokenizer_origin,
            format!("{} tokens, but config.json says vocab_size {}", tokenizer.vocab_size(), config.vocab_size),
            "take both files from the same model",
        ));
    }
    let weights_path = folder.join("model.safetensors");
    let weights = Weights::from_bytes(&required(folder, "model.safetensors")?, &weights_path.display().to_string())?;
    let pooling = pooling(folder, &config_json)?;
    Ok(PretrainedFiles { name, config, config_json, tokenizer, weights, pooling, learning_rates })
}

fn required(folder: &Path, file: &str) -> Result<Vec<u8>> {
    let path = folder.join(file);
    if path.is_file() {
        return std::fs::read(&path).map_err(|e| Error::io(&path, e));
    }
    let mend = if file == "model.safetensors" && folder.join("pytorch_model.bin").is_file() {
        "the folder has pytorch_model.bin only: choose a revision with safetensors, or convert it"
    } else if file == "model.safetensors" && folder.join("model.safetensors.index.json").is_file() {
        "weights split over several files are not supported: choose a smaller model"
    } else {
        "a model folder holds config.json, tokenizer.json and model.safetensors"
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

fn pooling(folder: &Path, config: &Value) -> Result<Pooling> {
    match config["tunebook"]["pooling"].as_str() {
        Some("mean") => return Ok(Pooling::Mean),
        Some("cls") => return Ok(Pooling::Cls),
        Some(other) => {
            return Err(Error::input(
                folder.join("config.json").display(),
                format!("tunebook.pooling is {other:?}"),
                "use \"mean\" or \"cls\"",
            ));
        }
        None => {}
    }
    let sentence_transformers = optional(folder, "1_Pooling/config.json");
    Ok(if sentence_transformers["pooling_mode_cls_token"] == true { Pooling::Cls } else { Pooling::Mean })
}

//! The encoder inside the library.

use serde_json::Value;

use super::{PretrainedFiles, folder};
use crate::model::Pooling;
use crate::{Error, Result};

/// What a person calls it.
const NAME: &str = "tunebook-encoder (embedded)";

const FILES: [(&str, &[u8]); 3] = [
    ("config.json", include_bytes!("../../../models/tunebook-encoder/config.json")),
    ("tokenizer.json", include_bytes!("../../../models/tunebook-encoder/tokenizer.json")),
    ("model.safetensors", include_bytes!("../../../models/tunebook-encoder/model.safetensors")),
];

/// The bytes of the files.
pub(super) fn size() -> usize {
    FILES.iter().map(|(_, bytes)| bytes.len()).sum()
}

pub(super) fn read() -> Result<PretrainedFiles> {
    let file = |name: &str| {
        let found = FILES.iter().find(|(known, _)| *known == name);
        found.map(|(_, bytes)| bytes.to_vec()).ok_or_else(|| Error::input(NAME, format!("no file {name}"), ""))
    };
    let origin = |name: &str| format!("{NAME}, {name}");
    let config: Value = serde_json::from_slice(&file("config.json")?)
        .map_err(|e| Error::input(origin("config.json"), format!("not valid JSON ({e})"), "build the library anew"))?;
    let max_length = config["tunebook"]["max_length"].as_u64().unwrap_or(128) as usize;
    folder::assemble(NAME.to_owned(), config, Pooling::Mean, max_length, &file, &origin)
}

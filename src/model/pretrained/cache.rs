//! The Hugging Face Hub's cache on disk: found without any network code.

use std::path::PathBuf;

use crate::{Error, Result};

/// Files that a model must have.
pub(super) const REQUIRED: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

/// Whether `HF_HUB_OFFLINE` asks to stay off the network.
pub(super) fn is_offline() -> bool {
    std::env::var("HF_HUB_OFFLINE").is_ok_and(|v| matches!(v.to_lowercase().as_str(), "1" | "on" | "yes" | "true"))
}

/// The folder of the cached snapshot of a branch, tag or commit.
pub(super) fn find(id: &str, revision: &str, offline: bool) -> Result<PathBuf> {
    let repository = root()?.join(format!("models--{}", id.replace('/', "--")));
    // A branch or tag is a small file with the commit; a commit is its own name.
    let commit = std::fs::read_to_string(repository.join("refs").join(revision))
        .map_or_else(|_| revision.to_owned(), |text| text.trim().to_owned());
    let snapshot = repository.join("snapshots").join(commit);
    match REQUIRED.iter().find(|file| !snapshot.join(file).is_file()) {
        None => Ok(snapshot),
        Some(file) => {
            let fetch = format!("run `tunebook model get {id}` in a terminal with a network");
            let mend = if offline { format!("{fetch}, without HF_HUB_OFFLINE") } else { fetch };
            Err(Error::input(
                id,
                format!("{file} of revision {revision} is not in the cache {}", repository.display()),
                mend,
            ))
        }
    }
}

/// Where the Hub's libraries keep their cache.
fn root() -> Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    variable("HF_HUB_CACHE")
        .or_else(|| variable("HF_HOME").map(|home| home.join("hub")))
        .or_else(|| variable("XDG_CACHE_HOME").map(|cache| cache.join("huggingface/hub")))
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache/huggingface/hub")))
        .ok_or_else(|| Error::input("HF_HOME", "not set, and there is no home folder", "set HF_HOME to a folder"))
}

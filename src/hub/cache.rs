//! The Hugging Face Hub's cache on disk: found without any network code.

use std::path::{Path, PathBuf};

use super::Kind;
use crate::{Error, Result};

/// Whether `HF_HUB_OFFLINE` asks to stay off the network.
pub(crate) fn is_offline() -> bool {
    std::env::var("HF_HUB_OFFLINE").is_ok_and(|v| matches!(v.to_lowercase().as_str(), "1" | "on" | "yes" | "true"))
}

/// The folder of a model or data set in the cache.
pub(crate) fn repository(root: &Path, kind: Kind, id: &str) -> PathBuf {
    let kind = match kind {
        Kind::Model => "models",
        Kind::Dataset => "datasets",
    };
    root.join(format!("{kind}--{}", id.replace('/', "--")))
}

/// Where the cached files of a branch, tag or commit are, or would be.
pub(crate) fn snapshot(repository: &Path, revision: &str) -> PathBuf {
    // A branch or tag is a small file with the commit; a commit is its own name.
    let commit = std::fs::read_to_string(repository.join("refs").join(revision))
        .map_or_else(|_| revision.to_owned(), |text| text.trim().to_owned());
    repository.join("snapshots").join(commit)
}

/// The error for what the cache lacks: `what` is not in it, and which command fetches it.
pub(crate) fn missing(kind: Kind, id: &str, repository: &Path, what: &str, offline: bool) -> Error {
    let fetch = format!("run `{}` in a terminal with a network", kind.get_command(id));
    let mend = if offline { format!("{fetch}, without HF_HUB_OFFLINE and --offline") } else { fetch };
    Error::input(id, format!("{what} not in the cache {}", repository.display()), mend)
}

/// A folder that the environment names.
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Where public data sets lie that do not come from the Hub.
pub(crate) fn data_folder() -> Result<PathBuf> {
    variable("TUNEBOOK_DATA")
        .or_else(|| variable("XDG_CACHE_HOME").map(|cache| cache.join("tunebook/data")))
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache/tunebook/data")))
        .ok_or_else(|| {
            Error::input("TUNEBOOK_DATA", "not set, and there is no home folder", "set TUNEBOOK_DATA to a folder")
        })
}

/// Where the Hub's libraries keep their cache.
pub(crate) fn root() -> Result<PathBuf> {
    variable("HF_HUB_CACHE")
        .or_else(|| variable("HF_HOME").map(|home| home.join("hub")))
        .or_else(|| variable("XDG_CACHE_HOME").map(|cache| cache.join("huggingface/hub")))
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache/huggingface/hub")))
        .ok_or_else(|| Error::input("HF_HOME", "not set, and there is no home folder", "set HF_HOME to a folder"))
}

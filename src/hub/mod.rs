//! The Hugging Face Hub: its cache on disk, and with the feature `hub` what fetches files into it.
//!
//! Read `cache.rs` first (where files lie), then `download.rs` (one file of the Hub), `transfer.rs` (its bytes: on from where
//! an earlier try stopped, and checked), `http.rs` and `checksum.rs`.

pub(crate) mod cache;
#[cfg(feature = "hub")]
mod cached;
#[cfg(feature = "hub")]
pub(crate) mod checksum;
#[cfg(feature = "hub")]
pub(crate) mod download;
#[cfg(feature = "hub")]
pub(crate) mod http;
#[cfg(all(test, feature = "hub"))]
pub(crate) mod test_server;
#[cfg(feature = "hub")]
pub(crate) mod transfer;

#[cfg(feature = "hub")]
pub use cached::{CachedRepository, CachedRevision, cache_folder, cached};

use crate::{Error, Result};

/// What is kept under a name on the Hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A model.
    Model,
    /// A data set.
    Dataset,
}

impl Kind {
    /// The word for people.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Dataset => "data set",
        }
    }

    /// The command that fetches one into the cache.
    pub(crate) fn get_command(self, id: &str) -> String {
        match self {
            Self::Model => format!("tunebook model get {id}"),
            Self::Dataset => format!("tunebook data get {id}"),
        }
    }
}

/// A name has an owner: `owner/name`.
pub(crate) fn check_id(kind: Kind, id: &str) -> Result<()> {
    if id.split('/').count() != 2 || id.split('/').any(str::is_empty) {
        return Err(Error::input(
            id,
            format!("not the name of a {} on the Hub", kind.noun()),
            "write it as owner/name",
        ));
    }
    Ok(())
}

/// Whether `HF_HUB_OFFLINE` asks to stay off the network.
///
/// ```
/// if tunebook::hub::is_offline() {
///     println!("cached models and data only");
/// }
/// ```
pub fn is_offline() -> bool {
    cache::is_offline()
}

//! The Hugging Face Hub: its cache on disk, and with the feature `hub` what fetches files into it.

pub(crate) mod cache;
#[cfg(feature = "hub")]
pub(crate) mod download;
#[cfg(all(test, feature = "hub"))]
pub(crate) mod test_server;

use crate::{Error, Result};

/// What is kept under a name on the Hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Model,
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

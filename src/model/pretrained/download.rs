//! Fetching a model from the Hub into its cache.

use std::path::PathBuf;

use hf_hub::{HFClientSync, HFError, split_id};

use super::Files;
use crate::Result;
use crate::hub::Kind;
use crate::hub::download::Wanted;

/// Fetches what is not cached yet and returns the snapshot's folder.
pub(super) fn fetch(id: &str, revision: &str, files: &Files) -> Result<PathBuf> {
    let client = Wanted { kind: Kind::Model, id, revision }.client()?;
    fetch_with(&client, id, revision, files)
}

/// The same with a client that is set up already.
pub(super) fn fetch_with(client: &HFClientSync, id: &str, revision: &str, files: &Files) -> Result<PathBuf> {
    let wanted = Wanted { kind: Kind::Model, id, revision };
    let (owner, name) = split_id(id);
    let repository = client.model(owner, name);
    let mut folder = PathBuf::new();
    for file in files.required {
        let path = wanted.get(&repository, file).map_err(|e| wanted.failure(file, &e))?;
        folder = path.parent().map(PathBuf::from).unwrap_or_default();
    }
    for file in files.optional {
        match wanted.get(&repository, file) {
            // No connection here means that the required files came from the cache: it has what there is.
            Ok(_)
            | Err(HFError::EntryNotFound { .. } | HFError::LocalEntryNotFound { .. } | HFError::Request { .. }) => {}
            Err(e) => return Err(wanted.failure(file, &e)),
        }
    }
    Ok(folder)
}

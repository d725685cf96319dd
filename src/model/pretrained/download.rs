//! Fetching a model from the Hub into its cache.

use std::path::PathBuf;

use hf_hub::split_id;

use super::Files;
use crate::Result;
use crate::hub::Kind;
use crate::hub::download::{Hub, Wanted};
use crate::hub::http::Problem;

/// Fetches what is not cached yet and returns the snapshot's folder.
pub(super) fn fetch(id: &str, revision: &str, verify: bool, files: &Files) -> Result<PathBuf> {
    let hub = Hub::from_env(&Wanted { kind: Kind::Model, id, revision }, verify)?;
    fetch_with(&hub, id, revision, files)
}

/// The same with a connection that is set up already.
pub(super) fn fetch_with(hub: &Hub, id: &str, revision: &str, files: &Files) -> Result<PathBuf> {
    let wanted = Wanted { kind: Kind::Model, id, revision };
    let (owner, name) = split_id(id);
    let repository = hub.client.model(owner, name);
    let (paths, commit) = hub.get_all(&repository, &wanted, files.required.iter().copied())?;
    let folder = paths.last().and_then(|path| path.parent()).map(PathBuf::from).unwrap_or_default();
    for file in files.optional {
        match hub.get(&repository, &Wanted { revision: &commit, ..wanted }, file) {
            // No connection here means that the required files came from the cache: it has what there is.
            Ok(_) | Err(Problem::Refused { status: 404, .. } | Problem::Broken { have: 0, .. }) => {}
            Err(e) => return Err(wanted.failure(file, &e)),
        }
    }
    hub.name(&wanted, &commit).map_err(|e| wanted.failure("the name", &e))?;
    Ok(folder)
}

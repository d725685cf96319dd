//! Fetching a data set's Parquet files from the Hub into its cache.

use std::path::{Path, PathBuf};

use hf_hub::repository::RepoTreeEntry;
use hf_hub::split_id;

use super::{CONVERTED, HubDataset, Part};
use crate::hub::Kind;
use crate::hub::download::{Hub, Wanted, is_unknown_revision, problem_of};
use crate::{Error, Result};

/// Fetches what is not cached yet; where the cache under `root` has the files and there is no connection, these.
pub(super) fn fetch(data: &HubDataset, root: &Path) -> Result<Vec<(Part, PathBuf)>> {
    let hub = Hub::from_env(&Wanted { kind: Kind::Dataset, id: &data.id, revision: "main" }, data.verify)?;
    fetch_with(&hub, data, root)
}

/// The same with a connection that is set up already.
pub(super) fn fetch_with(hub: &Hub, data: &HubDataset, root: &Path) -> Result<Vec<(Part, PathBuf)>> {
    let (owner, name) = split_id(&data.id);
    let repository = hub.client.dataset(owner, name);
    for revision in data.branches() {
        let wanted = Wanted { kind: Kind::Dataset, id: &data.id, revision };
        let listed = repository.list_tree().revision(revision).recursive(true).send();
        let entries = match listed.map_err(|e| problem_of(e, root)) {
            Ok(entries) => entries,
            Err(problem) if revision == CONVERTED && is_unknown_revision(&problem) => Vec::new(),
            Err(problem) if problem.may_pass() => {
                return data.cached(root, false).map_err(|_| wanted.failure("the list of files", &problem));
            }
            Err(problem) => return Err(wanted.failure("the list of files", &problem)),
        };
        let paths = entries.into_iter().filter_map(|entry| match entry {
            RepoTreeEntry::File { path, .. } => Some(path),
            RepoTreeEntry::Directory { .. } => None,
        });
        let chosen = data.choose(paths.collect())?;
        if chosen.is_empty() {
            continue;
        }
        data.check_train(&chosen)?;
        // From the last to the first: see `HubDataset::cached`.
        let (paths, commit) = hub.get_all(&repository, &wanted, chosen.iter().rev().map(|(_, path)| path.as_str()))?;
        hub.name(&wanted, &commit).map_err(|e| wanted.failure("the name", &e))?;
        return Ok(chosen.iter().map(|(part, _)| *part).zip(paths.into_iter().rev()).collect());
    }
    Err(Error::input(
        &data.id,
        "has no Parquet files with train, validation or test in their names, and the Hub made none",
        "fetch its files and read them with TextDataset::read",
    ))
}

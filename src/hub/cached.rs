//! What is in the Hub's cache.

use std::path::{Path, PathBuf};

use hf_hub::HFClient;

use super::{Kind, cache};
use crate::{Error, Result};

/// A model or data set in the Hub's cache.
///
/// ```
/// for repository in tunebook::hub::cached()? {
///     println!("{}: {} bytes", repository.id, repository.bytes);
///     for revision in &repository.revisions {
///         println!("  {} {:?}: {} files", revision.commit, revision.names, revision.files.len());
///     }
/// }
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedRepository {
    /// Model or data set.
    pub kind: Kind,
    /// Its name, `owner/name`.
    pub id: String,
    /// Its commits in the cache, those with a name first.
    pub revisions: Vec<CachedRevision>,
    /// The space that its whole files take, each content once.
    pub bytes: u64,
    /// The space of files that have not arrived whole yet: fetching goes on there.
    pub incomplete_bytes: u64,
}

/// A commit of a model or data set in the Hub's cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedRevision {
    /// The commit's hash.
    pub commit: String,
    /// Branches and tags that stood for it when it was fetched.
    pub names: Vec<String>,
    /// Its folder.
    pub folder: PathBuf,
    /// Its files with their sizes in bytes, sorted by path.
    pub files: Vec<(String, u64)>,
}

/// The folder of the Hub's cache: `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or `~/.cache/huggingface/hub`.
///
/// ```
/// println!("{}", tunebook::hub::cache_folder()?.display());
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// # Errors
/// When none of the variables is set and there is no home folder.
pub fn cache_folder() -> Result<PathBuf> {
    cache::root()
}

/// The models and data sets in the Hub's cache, sorted by name; none where there is no cache yet.
///
/// # Errors
/// When the cache cannot be read.
pub fn cached() -> Result<Vec<CachedRepository>> {
    let root = cache::root()?;
    let cannot = |problem| Error::input(root.display(), problem, "check the folder's permissions, or set HF_HOME");
    let client = HFClient::builder().cache_dir(root.clone()).build_sync().map_err(|e| cannot(e.to_string()))?;
    let found = client.scan_cache().send().map_err(|e| cannot(e.to_string()))?;
    let mut all: Vec<CachedRepository> = Vec::new();
    for repository in found.repos {
        let kind = match repository.repo_type {
            "model" => Kind::Model,
            "dataset" => Kind::Dataset,
            _ => continue,
        };
        let revisions = repository.revisions.into_iter().map(|revision| {
            let mut files: Vec<(String, u64)> =
                revision.files.into_iter().map(|file| (file.file_name, file.size_on_disk)).collect();
            files.sort();
            let mut names = revision.refs;
            names.sort();
            CachedRevision { commit: revision.commit_hash, names, folder: revision.snapshot_path, files }
        });
        let mut revisions: Vec<CachedRevision> = revisions.collect();
        revisions.sort_by_key(|revision| (revision.names.is_empty(), revision.commit.clone()));
        all.push(CachedRepository {
            kind,
            id: repository.repo_id,
            revisions,
            bytes: repository.size_on_disk,
            incomplete_bytes: incomplete(&repository.repo_path.join("blobs")),
        });
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// The bytes of files that have begun to arrive.
fn incomplete(blobs: &Path) -> u64 {
    let entries = std::fs::read_dir(blobs).into_iter().flatten().flatten();
    let begun = entries.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "incomplete"));
    begun.filter_map(|entry| entry.metadata().ok()).map(|about| about.len()).sum()
}

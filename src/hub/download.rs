//! Fetching files from the Hub into its cache.
//!
//! hf-hub lists files and lays out the cache. The bytes are fetched by `transfer.rs`: hf-hub 1.0 begins anew after a broken
//! connection, compares no checksum, and takes the body of an error for the file.

use std::path::{Path, PathBuf};

use hf_hub::{HFClient, HFClientSync, HFError, HFRepositorySync, RepoType};
use reqwest::Url;

use super::checksum::Checksum;
use super::http::{FileHead, Http, Problem, token};
use super::transfer::Transfer;
use super::{Kind, cache};
use crate::{Error, Result};

/// A branch, tag or commit of a model or data set, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) kind: Kind,
    pub(crate) id: &'a str,
    pub(crate) revision: &'a str,
}

/// A file of a commit in the cache.
pub(crate) struct Fetched {
    pub(crate) path: PathBuf,
    pub(crate) commit: String,
}

/// The Hub and its cache.
pub(crate) struct Hub {
    pub(crate) client: HFClientSync,
    http: Http,
    endpoint: Url,
    cache: PathBuf,
    /// Compares also cached files with their checksums, and fetches again what differs.
    verify: bool,
}

impl Hub {
    /// With the settings of the environment.
    pub(crate) fn from_env(wanted: &Wanted<'_>, verify: bool) -> Result<Self> {
        let client = HFClient::builder().cache_dir(cache::root()?).build();
        client.map_err(|e| problem_of(e, Path::new(""))).and_then(|client| Self::new(client, token(), verify)).map_err(
            |problem| {
                Error::input(wanted.id, format!("cannot ask the Hub ({problem})"), "check HF_ENDPOINT and HF_TOKEN")
            },
        )
    }

    /// With a client that is set up already.
    pub(crate) fn new(client: HFClient, token: Option<String>, verify: bool) -> Result<Self, Problem> {
        let cache = client.cache_dir().to_owned();
        let broken = |cause: String| Problem::Broken { cause, have: 0, whole: None };
        let endpoint = Url::parse(client.endpoint()).map_err(|e| broken(e.to_string()))?;
        let client = HFClientSync::from_inner(client).map_err(|e| problem_of(e, &cache))?;
        Ok(Self { client, http: Http::new(token)?, endpoint, cache, verify })
    }

    /// A file in the cache, fetched first if it was not there.
    pub(crate) fn get<T: RepoType>(
        &self,
        repository: &HFRepositorySync<T>,
        wanted: &Wanted<'_>,
        file: &str,
    ) -> Result<Fetched, Problem> {
        let folder = cache::repository(&self.cache, wanted.kind, wanted.id);
        let snapshot = cache::snapshot(&folder, wanted.revision);
        let commit = snapshot.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let cached = Fetched { path: snapshot.join(file), commit };
        let is_commit = wanted.revision.len() == 40 && wanted.revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_commit && cached.path.is_file() && !self.verify {
            return Ok(cached);
        }
        let head = match self.http.head(&self.url(wanted, file)) {
            Ok(head) => head,
            // Without a connection, what the cache has will do.
            Err(problem) if problem.may_pass() && cached.path.is_file() => {
                return if self.verify { verified(&cached.path).map(|()| cached) } else { Ok(cached) };
            }
            Err(problem) => return Err(problem),
        };
        self.bring(&folder, wanted, &head, file)?;
        // The bytes are there: this gives them the file's name, at the commit that was asked about. A branch may move.
        let named = repository.download_file().filename(file).revision(head.commit.clone()).send();
        Ok(Fetched { path: named.map_err(|e| problem_of(e, &self.cache))?, commit: head.commit })
    }

    /// Files of one commit, that of the first file, though a branch may move meanwhile; and the commit. What cannot be had is
    /// an error with its mend.
    pub(crate) fn get_all<'a, T: RepoType>(
        &self,
        repository: &HFRepositorySync<T>,
        wanted: &Wanted<'_>,
        files: impl Iterator<Item = &'a str>,
    ) -> Result<(Vec<PathBuf>, String)> {
        let mut commit = wanted.revision.to_owned();
        let mut paths = Vec::new();
        for file in files {
            let of_commit = Wanted { revision: &commit, ..*wanted };
            let fetched = self.get(repository, &of_commit, file).map_err(|e| wanted.failure(file, &e))?;
            paths.push(fetched.path);
            commit = fetched.commit;
        }
        Ok((paths, commit))
    }

    /// Notes which commit a branch or tag stands for, once all its files are there: until then, the cache has the one before.
    pub(crate) fn name(&self, wanted: &Wanted<'_>, commit: &str) -> Result<(), Problem> {
        let path = cache::repository(&self.cache, wanted.kind, wanted.id).join("refs").join(wanted.revision);
        if wanted.revision == commit || std::fs::read_to_string(&path).is_ok_and(|before| before.trim() == commit) {
            return Ok(());
        }
        let write = || {
            std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
            std::fs::write(&path, commit)
        };
        write().map_err(|source| Problem::Disk { path: path.clone(), source })
    }

    /// The bytes of a file, in the cache under the name of their content.
    fn bring(&self, folder: &Path, wanted: &Wanted<'_>, head: &FileHead, file: &str) -> Result<(), Problem> {
        let blob = folder.join("blobs").join(&head.etag);
        if self.verify && blob.exists() {
            let size = blob.metadata().map(|about| about.len());
            let has_size = head.size.is_none_or(|announced| size.is_ok_and(|size| size == announced));
            if !has_size || verified(&blob).is_err() {
                std::fs::remove_file(&blob).map_err(|source| Problem::Disk { path: blob.clone(), source })?;
            }
        }
        if blob.exists() {
            return Ok(());
        }
        let url = self.url(&Wanted { revision: &head.commit, ..*wanted }, file);
        let checksum = Checksum::of_etag(&head.etag);
        Transfer { http: &self.http, url, to: &blob, size: head.size, checksum, label: file }.run()
    }

    fn url(&self, wanted: &Wanted<'_>, file: &str) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            if wanted.kind == Kind::Dataset {
                path.push("datasets");
            }
            path.extend(wanted.id.split('/')).extend(["resolve", wanted.revision]).extend(file.split('/'));
        }
        url
    }
}

/// Compares a cached file with the name of its content, which is its checksum.
fn verified(path: &Path) -> Result<(), Problem> {
    let disk = |source| Problem::Disk { path: path.to_owned(), source };
    let blob = path.canonicalize().map_err(disk)?;
    let name = blob.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(checksum) = Checksum::of_etag(&name) else { return Ok(()) };
    match checksum.check(&blob).map_err(disk)? {
        Ok(()) => Ok(()),
        Err(found) => {
            let what = format!("the cached {} has {found} in place of {checksum}", blob.display());
            Err(Problem::Altered { what })
        }
    }
}

/// The same as an error for people who stay off the network.
pub(crate) fn check_cached(kind: Kind, id: &str, path: &Path) -> Result<()> {
    verified(path).map_err(|problem| {
        let mend = format!("run `{}` in a terminal with a network, which fetches it again", kind.get_command(id));
        Error::input(id, problem, mend)
    })
}

/// What hf-hub reports, in this module's words.
pub(crate) fn problem_of(error: HFError, cache: &Path) -> Problem {
    let refused = |status, code: &str| Problem::Refused { status, code: code.to_owned() };
    match error {
        HFError::Http { context } | HFError::AuthRequired { context } | HFError::Forbidden { context } => {
            refused(context.status.as_u16(), context.error_code.as_deref().unwrap_or_default())
        }
        HFError::RepoNotFound { .. } => refused(404, "RepoNotFound"),
        HFError::RevisionNotFound { .. } => refused(404, "RevisionNotFound"),
        HFError::EntryNotFound { .. } => refused(404, "EntryNotFound"),
        HFError::Io(source) => Problem::Disk { path: cache.to_owned(), source },
        other => Problem::Broken { cause: other.to_string(), have: 0, whole: None },
    }
}

/// Whether the Hub knows the name, and not this branch, tag or commit under it.
pub(crate) fn is_unknown_revision(problem: &Problem) -> bool {
    matches!(problem, Problem::Refused { code, .. } if code == "RevisionNotFound")
}

impl Wanted<'_> {
    /// What is wrong, with what to do about it.
    pub(crate) fn failure(&self, file: &str, problem: &Problem) -> Error {
        let mend = match problem {
            Problem::Refused { status, code } => self.mend_of_refusal(*status, code),
            Problem::Broken { have: 0, .. } => {
                let noun = self.kind.noun();
                format!("check the network and HF_ENDPOINT; a {noun} that is cached works with HF_HUB_OFFLINE=1")
            }
            other => other.mend("HF_HOME"),
        };
        Error::input(self.id, format!("cannot fetch {file} of revision {} ({problem})", self.revision), mend)
    }

    fn mend_of_refusal(&self, status: u16, code: &str) -> String {
        let noun = self.kind.noun();
        match (status, code) {
            (_, "GatedRepo") => {
                "its owner must let you in: ask on its page on huggingface.co, and set HF_TOKEN to a token of \
                                 your account"
                    .to_owned()
            }
            // The Hub answers alike for what does not exist and for what is private.
            (_, "RepoNotFound") | (401 | 403, _) => {
                format!("check the name on huggingface.co; a private {noun} needs HF_TOKEN")
            }
            (_, "RevisionNotFound") => {
                format!("check the branch, tag or commit; the {noun}'s page lists its revisions")
            }
            (404, _) if self.kind == Kind::Model => {
                "check the name and the revision on huggingface.co: the model must have config.json, \
                 model.safetensors and, for texts, tokenizer.json"
                    .to_owned()
            }
            (404, _) => "check the name and the revision on huggingface.co".to_owned(),
            _ => "the server is busy or broken: try again later, or check HF_ENDPOINT".to_owned(),
        }
    }
}

impl Problem {
    /// What to do about a file that did not arrive whole, where the server is not to blame. `variable` says where files lie.
    pub(crate) fn mend(&self, variable: &str) -> String {
        match self {
            Self::Full { free, needed, .. } => {
                let missing = (needed - free).div_ceil(1_000_000);
                format!("free {missing} MB, or set {variable} to a folder on another disk")
            }
            Self::Disk { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                format!("free some space, or set {variable} to a folder on another disk; then run it again")
            }
            Self::Disk { .. } => format!("make it writable, or set {variable} to a folder that is"),
            Self::Altered { .. } => {
                "run it again; if that does not help, something on the way changes files: check the \
                                     address and the proxy"
                    .to_owned()
            }
            Self::Broken { have: 0, .. } => "check the network".to_owned(),
            Self::Broken { .. } => "run it again: it goes on where it stopped".to_owned(),
            Self::Refused { .. } => "check the address".to_owned(),
        }
    }
}

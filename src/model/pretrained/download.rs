//! Fetching a model from the Hub into its cache.

use std::path::PathBuf;
use std::sync::Mutex;

use hf_hub::progress::{DownloadEvent, Progress, ProgressEvent, ProgressHandler};
use hf_hub::{HFClientSync, HFError, split_id};
use indicatif::{ProgressBar, ProgressStyle};

use super::cache::REQUIRED;
use crate::{Error, Result};

/// Files that say more about a model when it has them.
const OPTIONAL: [&str; 2] = ["sentence_bert_config.json", "1_Pooling/config.json"];

/// Fetches what is not cached yet and returns the snapshot's folder.
pub(super) fn fetch(id: &str, revision: &str) -> Result<PathBuf> {
    let client = HFClientSync::new().map_err(|e| failure(id, revision, "the client", &e))?;
    fetch_with(&client, id, revision)
}

/// The same with a client that is set up already.
pub(super) fn fetch_with(client: &HFClientSync, id: &str, revision: &str) -> Result<PathBuf> {
    let (owner, name) = split_id(id);
    let repository = client.model(owner, name);
    let get = |file: &str| {
        repository
            .download_file()
            .filename(file)
            .revision(revision.to_owned())
            .progress(Progress::new(Bar::new(file)))
            .send()
    };
    let mut folder = PathBuf::new();
    for file in REQUIRED {
        let path = get(file).map_err(|e| failure(id, revision, file, &e))?;
        folder = path.parent().map(PathBuf::from).unwrap_or_default();
    }
    for file in OPTIONAL {
        match get(file) {
            // No connection here means that the required files came from the cache: it has what there is.
            Ok(_)
            | Err(HFError::EntryNotFound { .. } | HFError::LocalEntryNotFound { .. } | HFError::Request { .. }) => {}
            Err(e) => return Err(failure(id, revision, file, &e)),
        }
    }
    Ok(folder)
}

/// The Hub's error with what to do about it.
fn failure(id: &str, revision: &str, file: &str, error: &HFError) -> Error {
    let mend = match error {
        // The Hub answers alike for a model that does not exist and for one that is private.
        HFError::RepoNotFound { .. } | HFError::AuthRequired { .. } | HFError::Forbidden { .. } => {
            "check the name on huggingface.co; a private model needs HF_TOKEN"
        }
        HFError::RevisionNotFound { .. } => "check the branch, tag or commit on the model's page",
        HFError::EntryNotFound { .. } => {
            "check the name and the revision on huggingface.co: the model must have config.json, tokenizer.json and model.safetensors"
        }
        _ => "check the network and HF_ENDPOINT; a model that is cached works with HF_HUB_OFFLINE=1",
    };
    Error::input(id, format!("cannot fetch {file} of revision {revision} ({error})"), mend)
}

/// A progress bar on stderr, shown in a terminal only.
struct Bar {
    file: String,
    bar: Mutex<Option<ProgressBar>>,
}

impl Bar {
    fn new(file: &str) -> Self {
        Self { file: file.to_owned(), bar: Mutex::new(None) }
    }
}

impl ProgressHandler for Bar {
    fn on_progress(&self, event: &ProgressEvent) {
        let ProgressEvent::Download(event) = event else { return };
        let Ok(mut slot) = self.bar.lock() else { return };
        match event {
            DownloadEvent::Start { total_bytes, .. } => {
                let bar = ProgressBar::new(*total_bytes);
                if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}") {
                    bar.set_style(style);
                }
                bar.set_message(self.file.clone());
                *slot = Some(bar);
            }
            DownloadEvent::Progress { files } => {
                if let (Some(bar), Some(file)) = (slot.as_ref(), files.last()) {
                    bar.set_position(file.bytes_completed);
                }
            }
            DownloadEvent::AggregateProgress { bytes_completed, .. } => {
                if let Some(bar) = slot.as_ref() {
                    bar.set_position(*bytes_completed);
                }
            }
            DownloadEvent::Complete => {
                if let Some(bar) = slot.take() {
                    bar.finish_and_clear();
                }
            }
        }
    }
}

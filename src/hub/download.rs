//! Fetching files from the Hub into its cache.

use std::path::PathBuf;
use std::sync::Mutex;

use hf_hub::progress::{DownloadEvent, Progress, ProgressEvent, ProgressHandler};
use hf_hub::{HFClientSync, HFError, HFRepositorySync, HFResult, RepoType};
use indicatif::{ProgressBar, ProgressStyle};

use super::Kind;
use crate::{Error, Result};

/// A branch, tag or commit of a model or data set, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) kind: Kind,
    pub(crate) id: &'a str,
    pub(crate) revision: &'a str,
}

impl Wanted<'_> {
    /// A client with the settings of the environment.
    pub(crate) fn client(&self) -> Result<HFClientSync> {
        HFClientSync::new().map_err(|e| self.failure("the client", &e))
    }

    /// Fetches a file that is not cached yet; returns where it is.
    pub(crate) fn get<T: RepoType>(&self, repository: &HFRepositorySync<T>, file: &str) -> HFResult<PathBuf> {
        let download = repository.download_file().filename(file).revision(self.revision.to_owned());
        download.progress(Progress::new(Bar::new(file))).send()
    }

    /// The Hub's error with what to do about it.
    pub(crate) fn failure(&self, file: &str, error: &HFError) -> Error {
        let noun = self.kind.noun();
        let mend = match error {
            // The Hub answers alike for what does not exist and for what is private.
            error if is_unknown_repository(error) => {
                format!("check the name on huggingface.co; a private {noun} needs HF_TOKEN")
            }
            error if is_unknown_revision(error) => format!("check the branch, tag or commit on the {noun}'s page"),
            HFError::EntryNotFound { .. } if self.kind == Kind::Model => {
                "check the name and the revision on huggingface.co: the model must have config.json, \
                 model.safetensors and, for texts, tokenizer.json"
                    .to_owned()
            }
            HFError::EntryNotFound { .. } => "check the name and the revision on huggingface.co".to_owned(),
            _ => format!("check the network and HF_ENDPOINT; a {noun} that is cached works with HF_HUB_OFFLINE=1"),
        };
        Error::input(self.id, format!("cannot fetch {file} of revision {} ({error})", self.revision), mend)
    }
}

/// Whether the Hub does not know the name, or does not show what is under it. Listings say it by a code or status alone.
fn is_unknown_repository(error: &HFError) -> bool {
    match error {
        HFError::RepoNotFound { .. } | HFError::AuthRequired { .. } | HFError::Forbidden { .. } => true,
        HFError::Http { context } => {
            context.error_code.as_deref() == Some("RepoNotFound") || matches!(context.status.as_u16(), 401 | 403)
        }
        _ => false,
    }
}

/// Whether the Hub knows the name, and not this branch, tag or commit under it.
pub(crate) fn is_unknown_revision(error: &HFError) -> bool {
    match error {
        HFError::RevisionNotFound { .. } => true,
        HFError::Http { context } => context.error_code.as_deref() == Some("RevisionNotFound"),
        _ => false,
    }
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

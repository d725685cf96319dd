//! The folder of the model, and the JSON object.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tunebook::prelude::*;
use tunebook::train::StopReason;

use super::Finetune;
use super::options::DataKind;
use super::task::Measured;
use crate::commands::{folder_of, peak_memory_bytes};
use crate::failure::{Failure, Result};

/// The folder in which a model is written before it gets its name: nothing half-written is ever taken for a model.
pub(super) struct Staging {
    folder: tempfile::TempDir,
    out: PathBuf,
}

impl Staging {
    pub(super) fn beside(out: &Path) -> Result<Self> {
        let parent = folder_of(out);
        let cannot = |problem: std::io::Error| {
            let mend = "give --out a folder below one that you may write to";
            Failure::input(format!("{}: {problem}; {mend}", parent.display()))
        };
        std::fs::create_dir_all(parent).map_err(cannot)?;
        let folder = tempfile::Builder::new().prefix(".tunebook-model-").tempdir_in(parent).map_err(cannot)?;
        Ok(Self { folder, out: out.to_owned() })
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.folder.path().join("model")
    }

    /// Gives the model its name. One that is there already, which [`may_replace`] has allowed, goes.
    pub(super) fn finish(self) -> Result<()> {
        if self.out.exists() {
            std::fs::rename(&self.out, self.folder.path().join("earlier"))?;
        }
        std::fs::rename(self.folder(), &self.out)
            .map_err(|problem| Failure::input(format!("{}: {problem}; give --out a new folder", self.out.display())))
    }
}

/// The file beside checkpoints that says where the model of a stopped run was written.
const STOPPED: &str = "stopped-model.txt";

/// Whether the folder of `--out` is there because the run that `--resume` goes on with wrote it when it was stopped.
pub(super) fn may_replace(call: &Finetune) -> bool {
    let marker = call.training.checkpoints.as_ref().filter(|_| call.training.resume).map(|folder| folder.join(STOPPED));
    let written = marker.and_then(|marker| std::fs::read_to_string(marker).ok());
    let out = call.results.out.as_ref().and_then(|out| out.canonicalize().ok());
    written.zip(out).is_some_and(|(written, out)| written == out.display().to_string())
}

/// Notes for [`may_replace`] that the model of `--out` is that of a stopped run, or that it is so no more.
pub(super) fn note_stopped(call: &Finetune, stopped: bool) -> Result<()> {
    let (Some(checkpoints), Some(out)) = (&call.training.checkpoints, &call.results.out) else { return Ok(()) };
    let marker = checkpoints.join(STOPPED);
    if stopped {
        std::fs::write(marker, out.canonicalize()?.display().to_string())?;
    } else if marker.exists() {
        std::fs::remove_file(marker)?;
    }
    Ok(())
}

/// Everything about a run, for a program that reads it. Numbers that are none, such as the accuracy of a regression, are null.
pub(super) fn as_json<M>(
    call: &Finetune,
    task: &str,
    report: &TrainingReport<M>,
    measured: Measured,
    measured_on: &str,
) -> Value {
    let epoch = |epoch: &EpochRecord| {
        json!({
            "epoch": epoch.epoch, "train_loss": epoch.train_loss, "val_loss": epoch.val_loss,
            "val_accuracy": epoch.val_accuracy, "val_metrics": epoch.val_metrics, "learning_rate": epoch.learning_rate, "seconds": epoch.seconds,
        })
    };
    let history: Vec<Value> = report.history().epochs().iter().map(epoch).collect();
    let texts_cut = report.texts_cut().map(|texts| {
        json!({
            "count": texts.cut, "texts": texts.texts, "share": texts.share(), "longest": texts.longest,
            "max_length": texts.max_length,
        })
    });
    let model = match (&call.model.model, call.data.data_kind) {
        (Some(model), _) => json!(model),
        (None, DataKind::Text) => json!("embedded"),
        (None, DataKind::Table) => Value::Null,
        (None, DataKind::Image) => json!(super::image::SMALL),
    };
    let mut object = json!({
        "task": task,
        "model": model,
        "method": report.method().to_string(),
        "device": report.device(),
        "measured_on": measured_on,
        "seconds": report.seconds(),
        "samples_per_second": report.samples_per_second(),
        "trainable_parameters": report.trainable_parameters(),
        "peak_memory_bytes": peak_memory_bytes(),
        "learning_rate": report.learning_rate(),
        "texts_cut": texts_cut,
        "monitor": call.training.monitor,
        "best_epoch": report.best_epoch(),
        "stop_reason": match report.stop_reason() {
            StopReason::Completed => "completed",
            StopReason::NoImprovement => "no improvement",
            StopReason::Requested => "requested",
        },
        "seed": call.training.seed,
        "history": history,
        "out": call.results.out,
    });
    let metrics = measured.metrics.into_iter().map(|(name, value)| (name.to_owned(), json!(value)));
    if let Value::Object(object) = &mut object {
        object.extend(metrics.collect::<Map<_, _>>());
        object.extend(measured.more);
    }
    object
}

//! The run: train, measure, save, say.

use std::process::ExitCode;

use tunebook::data::Rows;
use tunebook::model::ModelCard;
use tunebook::prelude::*;
use tunebook::train::StopReason;

use super::Finetune;
use super::output::{Staging, as_json, note_stopped};
use super::progress::Bars;
use super::task::{Finetuned, Measured};
use super::texts::Parts;
use crate::commands::on_ctrl_c;
use crate::failure::{Failure, Result, outln};

/// Trains the model on the parts, does `finish` to what came out, and measures, saves and says the outcome.
pub(super) fn train<M: Finetuned>(
    call: &Finetune,
    config: TrainingConfig,
    model: M,
    parts: &Parts<M::Data>,
    finish: impl FnOnce(&mut M) -> tunebook::Result<()>,
) -> Result<ExitCode>
where
    M::Data: Rows,
{
    // Made before the training, so that a folder nobody may write to is found now and not after it.
    let staging = call.results.out.as_deref().map(Staging::beside).transpose()?;
    on_ctrl_c(|| {
        eprintln!("\nstopping at the next batch; once more to end at once");
        tunebook::train::stop::request();
    })?;
    // Without --patience no run is long enough to be stopped, and the best epoch is kept all the same.
    let patience = call.training.patience.unwrap_or(usize::MAX);
    let mut trainer = Trainer::new(model)
        .method(call.model.method())
        .config(config)
        .early_stopping(EarlyStopping::on(&call.training.monitor).patience(patience));
    if let Some(folder) = &call.training.checkpoints {
        trainer = trainer.checkpoints(Checkpoints::in_folder(folder));
    }
    if call.training.resume {
        trainer = trainer.resume();
    }
    let report = trainer.observer(Bars::default()).fit(&parts.train, &parts.validation)?;
    if report.stop_reason() == StopReason::Requested {
        if report.history().epochs().is_empty() {
            return Err(stopped_too_early(call));
        }
        say_stopped(call, &report);
    }
    let mut model = report.model().clone();
    finish(&mut model)?;
    let measured = model.measure(parts)?;
    if call.training.tune_thresholds && parts.measured.is_none() {
        eprintln!(
            "the thresholds were chosen on the rows that are measured: give --test for numbers that hold elsewhere"
        );
    }
    if let Some(staging) = staging {
        model.save_all(&staging.folder(), &card(call, parts, &measured))?;
        staging.finish()?;
        note_stopped(call, report.stop_reason() == StopReason::Requested)?;
    }
    if let Some(file) = &call.results.curves {
        report.curves().save(file)?;
    }
    // Not before the model is kept: a reader of the numbers that went away must not cost it.
    if call.results.json {
        outln!("{}", as_json(call, M::TASK, &report, measured, parts.measured_on));
    } else {
        outln!("{report}\n\nOn the {}:\n{}", parts.measured_on, measured.text);
        if let Some(out) = &call.results.out {
            outln!("The model is in {}.", out.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What has hardly learned is not written as if it were a model.
fn stopped_too_early(call: &Finetune) -> Failure {
    let go_on = match &call.training.checkpoints {
        Some(folder) => format!("; the same call with --resume goes on from {}", folder.display()),
        None => String::new(),
    };
    Failure::work(format!("training was stopped before its first epoch ended: there is no model to keep{go_on}"))
}

fn say_stopped<M>(call: &Finetune, report: &TrainingReport<M>) {
    let epochs = report.history().epochs().len();
    let kept = match report.best_epoch() {
        Some(epoch) => format!("the model is that of epoch {epoch}, the best so far"),
        None => "the model is as it was then".to_owned(),
    };
    eprintln!("training was stopped after {epochs} of {} epochs; {kept}", call.training.epochs);
    if let Some(folder) = &call.training.checkpoints {
        eprintln!("the same call with --resume goes on from {}", folder.display());
    }
}

/// What the model's page says of data and metrics. File names are said, not where on this machine they lie.
fn card<D: Rows>(call: &Finetune, parts: &Parts<D>, measured: &Measured) -> ModelCard {
    let name = |path: &std::path::Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let data = format!(
        "`{}`: {} rows for training, {} for validation. The metrics are those of the {} ({} rows).",
        name(&call.data.train).replace('`', "'"),
        parts.train.len(),
        parts.validation.len(),
        parts.measured_on,
        parts.measured().len()
    );
    measured.metrics.iter().fold(ModelCard::new().data(&data), |card, (name, value)| card.metric(name, *value))
}

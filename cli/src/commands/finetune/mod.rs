//! `tunebook finetune`: fine-tunes on a person's own file.
//!
//! Read `options.rs` (what can be said), this file (which model for which task), `texts.rs`, `table.rs` and `image.rs`
//! (the rows),
//! `task.rs` (what is measured), `run.rs` (the run), `progress.rs` and `output.rs` (what is shown and written).

mod augment;
mod image;
mod options;
mod output;
mod progress;
mod run;
mod table;
mod task;
mod texts;

use std::process::ExitCode;

use clap::Args;
use tunebook::prelude::*;

use self::options::{DataKind, DataOptions, ModelOptions, ResultOptions, TaskName, TrainingOptions};
use self::run::train;
use super::model::source;
use super::with_threads;
use crate::failure::Result;

/// Fine-tunes a model on your own labelled texts or images, or trains one on your own table.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  tunebook finetune --train tickets.csv --method full --out my-model\n  \
    tunebook finetune --model sentence-transformers/all-MiniLM-L6-v2 --train tickets.csv --method lora --rank 8 \\\n      \
    --patience 2 --monitor val_macro_f1 --curves curves.svg --out my-model\n  \
    tunebook finetune --train articles.jsonl --task multi-label --label-column topics --out my-model\n  \
    tunebook finetune --train reviews.parquet --task regression --label-column stars --out my-model\n  \
    tunebook finetune --data-kind table --train loads.csv --target-column tier --ignore-columns id --out my-model\n  \
    tunebook finetune --train comments.csv --label-columns toxic,insult,threat --out my-model\n  \
    tunebook finetune --data-kind image --train flowers/train --test flowers/test --image-size 64 --out my-model\n  \
    tunebook finetune --data-kind image --train pneumoniamnist.npz --label-names normal,pneumonia --out my-model\n  \
    tunebook finetune --data-kind image --model embedded --train few-scans --grey --image-size 28 --out my-model\n  \
    tunebook finetune --train tickets.csv --checkpoints runs/a --resume --out my-model\n\
    \nThe metrics are those of --test, else of --validation, else of a fifth held out by --seed (stratified for \
    classification). The epoch with the best value of --monitor, the lowest validation loss unless said otherwise, is kept, also when Ctrl-C \
    ends the training early.\n\n\
    Exit codes: 0 good, 1 the training failed, 2 the call, the input or the machine is wrong.")]
pub(crate) struct Finetune {
    #[command(flatten)]
    data: DataOptions,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    training: TrainingOptions,
    #[command(flatten)]
    results: ResultOptions,
}

pub(crate) fn run(call: &Finetune) -> Result<ExitCode> {
    with_threads(call.training.threads)?;
    call.check()?;
    let config = call.config()?;
    let device = device(&call.training.device)?;
    let seed = call.training.seed;
    let encoder = || source(call.model.model.as_deref().unwrap_or("embedded")).device(&device);
    match (call.data.data_kind, call.data.task()) {
        (DataKind::Text, None | Some(TaskName::Classification)) => {
            let data = texts::classes(call)?;
            let model = TextClassifier::from_pretrained_seeded(encoder(), data.train.label_names(), seed)?;
            train(call, config, model, &data, |_| Ok(()))
        }
        (DataKind::Text, Some(TaskName::MultiLabel)) => {
            let data = texts::labels(call)?;
            let model = MultiLabelClassifier::from_pretrained_seeded(encoder(), data.train.label_names(), seed)?;
            train(call, config, model, &data, |model| {
                if call.training.tune_thresholds {
                    model.tune_thresholds(&data.validation)?;
                }
                Ok(())
            })
        }
        (DataKind::Text, Some(TaskName::Regression)) => {
            let (data, mean) = texts::numbers(call)?;
            let model = TextRegressor::from_pretrained_seeded(encoder(), seed)?;
            // It learned standardised numbers; from here on it answers in their own unit.
            train(call, config, model, &data, |model| model.rescale(data.deviation, mean))
        }
        (DataKind::Image, _) => {
            let (model, data) = image::classifier(call, image::classes(call)?, &device)?;
            train(call, config, model, &data, |_| Ok(()))
        }
        (DataKind::Table, Some(TaskName::Regression)) => {
            let (preprocessor, data) = table::numbers(call)?;
            let model = table::regressor(call, &preprocessor, &data.train)?.to_device(&device)?;
            train(call, config, model, &data, |_| Ok(()))
        }
        (DataKind::Table, _) => {
            let (preprocessor, data) = table::classes(call)?;
            let model = table::classifier(call, &preprocessor, data.train.label_names())?.to_device(&device)?;
            train(call, config, model, &data, |_| Ok(()))
        }
    }
}

//! `tunebook finetune`: fine-tunes on a person's own file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tunebook::data::Columns;
use tunebook::metrics::Evaluation;
use tunebook::prelude::*;
use tunebook::train::TrainingReport;

use super::model::source;
use super::{stop_on_ctrl_c, with_threads};
use crate::failure::{Failure, Result};

/// Fine-tunes a pretrained encoder on your own labelled texts.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  tunebook finetune --model embedded --train tickets.csv --method full --out my-model\n\
    \nThe metrics are those of --test, else of --validation, else of a stratified fifth held out by --seed."
)]
pub(crate) struct Finetune {
    /// `embedded`, a folder in the Hub's layout, or a Hub id such as sentence-transformers/all-MiniLM-L6-v2
    #[arg(long, default_value = "embedded")]
    model: String,
    /// Labelled texts: .csv, .tsv or .jsonl
    #[arg(long)]
    train: PathBuf,
    /// Labelled texts to decide on (early stopping, best epoch)
    #[arg(long)]
    validation: Option<PathBuf>,
    /// Labelled texts to measure on at the end
    #[arg(long)]
    test: Option<PathBuf>,
    /// Column of the text
    #[arg(long, default_value = "text")]
    text_column: String,
    /// Column of the label
    #[arg(long, default_value = "label")]
    label_column: String,
    /// Which parameters train
    #[arg(long, value_enum, default_value_t = MethodName::Full)]
    method: MethodName,
    /// Layers that train with `--method partial`, counted from the last
    #[arg(long, default_value_t = 2)]
    layers: usize,
    /// Times every training row is seen
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Peak learning rate [default: the model's own for the method]
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Rows in one step
    #[arg(long, default_value_t = 16)]
    batch_size: usize,
    /// Longest text in tokens [default: the model's own]
    #[arg(long)]
    max_length: Option<usize>,
    /// Decides initial weights, order and dropout
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Threads of the matrix products [default: all cores]
    #[arg(long)]
    threads: Option<usize>,
    /// Folder for the trained model, in the Hub's layout
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print one JSON object instead of a report
    #[arg(long)]
    json: bool,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum MethodName {
    /// Only the new head; the encoder's vectors are computed once
    FeatureExtraction,
    /// The head and the last layers (--layers)
    Partial,
    /// Everything
    Full,
}

struct Parts {
    train: TextDataset,
    validation: TextDataset,
    test: Option<TextDataset>,
    measured_on: &'static str,
}

pub(crate) fn run(call: Finetune) -> Result<ExitCode> {
    with_threads(call.threads)?;
    if let Some(out) = &call.out
        && out.exists()
    {
        return Err(Failure::input(format!("{}: is already there; give --out a new folder", out.display())));
    }
    let parts = parts(&call)?;
    let model = TextClassifier::from_pretrained_seeded(source(&call.model), parts.train.label_names(), call.seed)?;
    let config = TrainingConfig {
        epochs: call.epochs,
        batch_size: call.batch_size,
        learning_rate: call.learning_rate,
        max_length: call.max_length,
        seed: call.seed,
        ..Default::default()
    };
    stop_on_ctrl_c()?;
    let trainer = Trainer::new(model).method(method(&call)).config(config);
    let report = if call.json {
        trainer.observer(Quiet).fit(&parts.train, &parts.validation)?
    } else {
        trainer.fit(&parts.train, &parts.validation)?
    };
    let evaluation = report.model().evaluate(parts.test.as_ref().unwrap_or(&parts.validation))?;
    if let Some(out) = &call.out {
        report.model().save(out)?;
    }
    if call.json {
        println!("{}", as_json(&call, &report, &evaluation, parts.measured_on)?);
    } else {
        println!("{report}\n\nOn the {}:\n{}", parts.measured_on, evaluation.classification_report());
        if let Some(out) = &call.out {
            println!("The model is in {}.", out.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn method(call: &Finetune) -> Method {
    match call.method {
        MethodName::FeatureExtraction => Method::FeatureExtraction,
        MethodName::Partial => Method::Partial { last_n_layers: call.layers },
        MethodName::Full => Method::Full,
    }
}

fn parts(call: &Finetune) -> Result<Parts> {
    let columns = Columns { text: call.text_column.clone(), label: call.label_column.clone() };
    let all = TextDataset::read(&call.train, &columns, None)?;
    let names = all.label_names();
    if names.len() < 2 {
        return Err(Failure::input(format!(
            "{}: all rows have the label \"{}\"; a classifier needs two labels or more",
            call.train.display(),
            names.first().map_or("", String::as_str)
        )));
    }
    let read =
        |path: &Option<PathBuf>| path.as_ref().map(|path| TextDataset::read(path, &columns, Some(&names))).transpose();
    let (validation, test) = (read(&call.validation)?, read(&call.test)?);
    let measured_on = match (&test, &validation) {
        (Some(_), _) => "test set",
        (None, Some(_)) => "validation set",
        (None, None) => "held-out fifth of the training file",
    };
    let (train, validation) = match validation {
        Some(validation) => (all, validation),
        None => {
            let split = all.stratified_split(call.seed, 0.2, 0.0)?;
            (split.train, split.validation)
        }
    };
    if validation.is_empty() {
        return Err(Failure::input(format!(
            "{}: too few rows to hold a fifth out; give --validation",
            call.train.display()
        )));
    }
    Ok(Parts { train, validation, test, measured_on })
}

fn as_json(call: &Finetune, report: &TrainingReport, evaluation: &Evaluation, measured_on: &str) -> Result<String> {
    let history: Vec<_> = report
        .history()
        .epochs()
        .iter()
        .map(|epoch| {
            json!({
                "epoch": epoch.epoch, "train_loss": epoch.train_loss, "val_loss": epoch.val_loss,
                "val_accuracy": epoch.val_accuracy, "learning_rate": epoch.learning_rate, "seconds": epoch.seconds,
            })
        })
        .collect();
    Ok(serde_json::to_string(&json!({
        "model": call.model,
        "method": method(call).to_string(),
        "measured_on": measured_on,
        "accuracy": evaluation.accuracy,
        "macro_f1": evaluation.macro_f1(),
        "loss": evaluation.loss,
        "seconds": report.seconds(),
        "samples_per_second": report.samples_per_second(),
        "trainable_parameters": report.trainable_parameters(),
        "peak_memory_bytes": super::peak_memory_bytes(),
        "learning_rate": report.learning_rate(),
        "seed": call.seed,
        "history": history,
        "out": call.out,
    }))?)
}

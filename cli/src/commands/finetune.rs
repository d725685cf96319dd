//! `tunebook finetune`: fine-tunes on a person's own file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tunebook::data::Columns;
use tunebook::metrics::Evaluation;
use tunebook::notebook::Progress;
use tunebook::prelude::*;
use tunebook::train::{Observer, StepRecord, StopReason, TrainingPlan, TrainingReport};

use super::model::source;
use super::{folder_of, on_ctrl_c, with_threads};
use crate::failure::{Failure, Result, outln};

/// Fine-tunes a pretrained encoder on your own labelled texts.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  tunebook finetune --model embedded --train tickets.csv --method full --out my-model\n  \
    tunebook finetune --model sentence-transformers/all-MiniLM-L6-v2 --train tickets.csv --method lora --rank 8 \\\n      \
    --patience 2 --curves curves.svg --out my-model\n  \
    tunebook finetune --train tickets.csv --checkpoints runs/a --resume --out my-model\n\
    \nThe metrics are those of --test, else of --validation, else of a stratified fifth held out by --seed."
)]
pub(crate) struct Finetune {
    /// `embedded`, a folder in the Hub's layout, or a Hub id such as sentence-transformers/all-MiniLM-L6-v2
    #[arg(long, default_value = "embedded")]
    model: String,
    /// Labelled texts: .csv, .tsv, .jsonl or .parquet
    #[arg(long)]
    train: PathBuf,
    /// Labelled texts that every epoch is measured on
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
    /// Rank of the matrices with `--method lora`
    #[arg(long, default_value_t = 8)]
    rank: usize,
    /// Strength of the matrices with `--method lora` [default: twice the rank]
    #[arg(long)]
    lora_alpha: Option<f64>,
    /// Layers that get matrices with `--method lora`, by the last words of their names
    #[arg(long, value_delimiter = ',', default_value = "query,value")]
    lora_targets: Vec<String>,
    /// Times every training row is seen
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Peak learning rate [default: the model's own for the method]
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Rows in one forward pass
    #[arg(long, default_value_t = 16)]
    batch_size: usize,
    /// Forward passes whose gradients are added up for one step
    #[arg(long, default_value_t = 1)]
    accumulation_steps: usize,
    /// How the learning rate moves after the warmup
    #[arg(long, value_enum, default_value_t = ScheduleName::Linear)]
    schedule: ScheduleName,
    /// Each layer's learning rate is that of the layer above times this
    #[arg(long, default_value_t = 1.0)]
    layer_decay: f64,
    /// Let rare labels count more in the loss
    #[arg(long)]
    balance_classes: bool,
    /// Stop when the validation loss has not improved for so many epochs, and keep the best epoch
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<usize>,
    /// Folder in which the run is kept after every epoch
    #[arg(long, value_name = "DIR")]
    checkpoints: Option<PathBuf>,
    /// Go on from the newest checkpoint, or start when there is none
    #[arg(long, requires = "checkpoints")]
    resume: bool,
    /// File for the learning curves, .svg or .png
    #[arg(long, value_name = "FILE")]
    curves: Option<PathBuf>,
    /// Longest text in tokens [default: the model's own]
    #[arg(long)]
    max_length: Option<usize>,
    /// Decides initial weights, order and dropout
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Threads of the matrix products [default: all cores]
    #[arg(long)]
    threads: Option<usize>,
    /// Where to compute: cpu, cuda, cuda:1, metal, or auto, the first of cuda, metal and cpu that is at hand
    #[arg(long, default_value = "auto")]
    device: String,
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
    /// Small matrices beside frozen weights, and the head (--rank)
    Lora,
    /// Biases and the head
    Bitfit,
    /// The head, then one more layer after every epoch
    Gradual,
    /// One epoch of the head, then everything with rates that fall towards the input
    TwoPhase,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum ScheduleName {
    /// In a straight line to 0
    Linear,
    /// Along half a cosine to 0
    Cosine,
    /// Not at all
    Constant,
    /// Up and down along half cosines
    OneCycle,
}

struct Parts {
    train: TextDataset,
    validation: TextDataset,
    test: Option<TextDataset>,
    measured_on: &'static str,
}

pub(crate) fn run(call: &Finetune) -> Result<ExitCode> {
    with_threads(call.threads)?;
    if let Some(out) = &call.out
        && out.exists()
    {
        return Err(Failure::input(format!("{}: is already there; give --out a new folder", out.display())));
    }
    if let Some(file) = &call.curves {
        check_curves(file)?;
    }
    let device = device(&call.device)?;
    let parts = parts(call)?;
    let model = source(&call.model).device(&device);
    let model = TextClassifier::from_pretrained_seeded(model, parts.train.label_names(), call.seed)?;
    let config = TrainingConfig {
        epochs: call.epochs,
        batch_size: call.batch_size,
        accumulation_steps: call.accumulation_steps,
        learning_rate: call.learning_rate,
        schedule: schedule(call.schedule),
        layer_decay: call.layer_decay,
        class_weights: if call.balance_classes { ClassWeights::Balanced } else { ClassWeights::None },
        max_length: call.max_length,
        seed: call.seed,
        ..Default::default()
    };
    config.check().map_err(as_an_option)?;
    // Made before the training, so that a folder nobody may write to is found now and not after it.
    let staging = call.out.as_deref().map(Staging::beside).transpose()?;
    on_ctrl_c(|| {
        eprintln!("\nstopping at the next batch; once more to end at once");
        tunebook::train::stop::request();
    })?;
    let mut trainer = Trainer::new(model).method(method(call)).config(config);
    if let Some(epochs) = call.patience {
        trainer = trainer.early_stopping(EarlyStopping::on("val_loss").patience(epochs));
    }
    if let Some(folder) = &call.checkpoints {
        trainer = trainer.checkpoints(Checkpoints::in_folder(folder));
    }
    if call.resume {
        trainer = trainer.resume();
    }
    let report = if call.json {
        trainer.observer(OnlyProgress::default()).fit(&parts.train, &parts.validation)?
    } else {
        trainer.fit(&parts.train, &parts.validation)?
    };
    if report.stop_reason() == StopReason::Requested {
        let epochs = report.history().epochs().len();
        eprintln!("training was stopped after {epochs} of {} epochs; the model is as it was then", call.epochs);
        if let Some(folder) = &call.checkpoints {
            eprintln!("the same call with --resume goes on from {}", folder.display());
        }
    }
    let evaluation = report.model().evaluate(parts.test.as_ref().unwrap_or(&parts.validation))?;
    let said = say(call, &report, &evaluation, parts.measured_on);
    if let Some(staging) = staging {
        report.model().save(staging.folder())?;
        staging.finish()?;
    }
    if let Some(file) = &call.curves {
        report.curves().save(file)?;
    }
    // Not before the model is kept: a reader of the numbers that went away must not cost it.
    said?;
    if let Some(out) = call.out.as_ref().filter(|_| !call.json) {
        outln!("The model is in {}.", out.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// An error about a setting, by the name of the option that set it: `--epochs` for `TrainingConfig::epochs`.
fn as_an_option(error: Error) -> Failure {
    match &error {
        Error::Input { place, problem, mend } => match place.strip_prefix("TrainingConfig::") {
            Some(name) => Failure::input(format!("--{}: {problem}; {mend}", name.replace('_', "-"))),
            None => error.into(),
        },
        _ => error.into(),
    }
}

/// A chart that cannot be written is found before the training.
fn check_curves(file: &Path) -> Result<()> {
    let ending = file.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    if !matches!(ending.as_deref(), Some("svg" | "png")) {
        return Err(Failure::input(format!("{}: give --curves a file that ends in .svg or .png", file.display())));
    }
    if !folder_of(file).is_dir() {
        return Err(Failure::input(format!("{}: there is no such folder for --curves", folder_of(file).display())));
    }
    Ok(())
}

fn say(call: &Finetune, report: &TrainingReport, evaluation: &Evaluation, measured_on: &str) -> Result<()> {
    if call.json {
        outln!("{}", as_json(call, report, evaluation, measured_on)?);
    } else {
        outln!("{report}\n\nOn the {measured_on}:\n{}", evaluation.classification_report());
    }
    Ok(())
}

/// The folder in which a model is written before it gets its name: nothing half-written is ever taken for a model.
struct Staging {
    folder: tempfile::TempDir,
    out: PathBuf,
}

impl Staging {
    fn beside(out: &Path) -> Result<Self> {
        let parent = folder_of(out);
        let cannot = |problem: std::io::Error| {
            let mend = "give --out a folder below one that you may write to";
            Failure::input(format!("{}: {problem}; {mend}", parent.display()))
        };
        std::fs::create_dir_all(parent).map_err(cannot)?;
        let folder = tempfile::Builder::new().prefix(".tunebook-model-").tempdir_in(parent).map_err(cannot)?;
        Ok(Self { folder, out: out.to_owned() })
    }

    fn folder(&self) -> PathBuf {
        self.folder.path().join("model")
    }

    fn finish(self) -> Result<()> {
        std::fs::rename(self.folder(), &self.out)
            .map_err(|problem| Failure::input(format!("{}: {problem}; give --out a new folder", self.out.display())))
    }
}

/// A progress bar on standard error: standard output is for the JSON.
#[derive(Default)]
struct OnlyProgress(Option<Progress>);

impl Observer for OnlyProgress {
    fn on_encode(&mut self, done: usize, total: usize) {
        let progress = self.0.get_or_insert_with(|| Progress::new("encoding texts", total as u64));
        progress.advance((done as u64).saturating_sub(progress.done()));
    }

    fn on_start(&mut self, plan: &TrainingPlan) {
        if let Some(mut encoding) = self.0.take() {
            encoding.finish();
        }
        self.0 = Some(Progress::new("training", (plan.epochs * plan.batches_per_epoch) as u64));
    }

    fn on_step(&mut self, _: &StepRecord) {
        if let Some(progress) = &mut self.0 {
            progress.advance(1);
        }
    }

    fn on_end(&mut self, _: Option<usize>) {
        if let Some(mut progress) = self.0.take() {
            progress.finish();
        }
    }
}

fn method(call: &Finetune) -> Method {
    match call.method {
        MethodName::FeatureExtraction => Method::FeatureExtraction,
        MethodName::Partial => Method::Partial { last_n_layers: call.layers },
        MethodName::Full => Method::Full,
        MethodName::Lora => Method::Lora(LoraConfig {
            rank: call.rank,
            alpha: call.lora_alpha.unwrap_or(2.0 * call.rank as f64),
            target_modules: call.lora_targets.clone(),
            ..LoraConfig::default()
        }),
        MethodName::Bitfit => Method::BitFit,
        MethodName::Gradual => Method::Gradual { epochs_per_layer: 1 },
        MethodName::TwoPhase => Method::TwoPhase { freeze_epochs: 1 },
    }
}

fn schedule(name: ScheduleName) -> Schedule {
    match name {
        ScheduleName::Linear => Schedule::Linear,
        ScheduleName::Cosine => Schedule::Cosine,
        ScheduleName::Constant => Schedule::Constant,
        ScheduleName::OneCycle => Schedule::OneCycle,
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
    let (train, validation) = if let Some(validation) = validation {
        (all, validation)
    } else {
        let split = all.stratified_split(call.seed, 0.2, 0.0)?;
        (split.train, split.validation)
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
        "device": report.device(),
        "measured_on": measured_on,
        "accuracy": evaluation.accuracy,
        "macro_f1": evaluation.macro_f1(),
        "loss": evaluation.loss,
        "seconds": report.seconds(),
        "samples_per_second": report.samples_per_second(),
        "trainable_parameters": report.trainable_parameters(),
        "peak_memory_bytes": super::peak_memory_bytes(),
        "learning_rate": report.learning_rate(),
        "stop_reason": match report.stop_reason() {
            StopReason::Completed => "completed",
            StopReason::NoImprovement => "no improvement",
            StopReason::Requested => "requested",
        },
        "seed": call.seed,
        "history": history,
        "out": call.out,
    }))?)
}

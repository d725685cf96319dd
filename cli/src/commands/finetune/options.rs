//! What can be said to `tunebook finetune`, and which options do not go together.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tunebook::data::Columns;
use tunebook::prelude::*;

use super::augment::{Said, parse_change};
use super::output::may_replace;
use crate::commands::folder_of;
use crate::failure::{Failure, Result};

/// The rows, and what is to be learned of them.
#[derive(Args, Debug)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataOptions {
    /// Labelled rows: .csv, .tsv, .jsonl or .parquet; for images a folder with a folder of PNG or JPEG files for each class, or
    /// an .npz file as MedMNIST has them
    #[arg(long)]
    pub(super) train: PathBuf,
    /// Labelled rows that every epoch is measured on
    #[arg(long)]
    pub(super) validation: Option<PathBuf>,
    /// Labelled rows to measure on at the end
    #[arg(long)]
    pub(super) test: Option<PathBuf>,
    /// What a row is
    #[arg(long, value_enum, default_value_t = DataKind::Text)]
    pub(super) data_kind: DataKind,
    /// What is to be predicted [default: classification]
    #[arg(long, value_enum)]
    task: Option<TaskName>,
    /// Column of the text [default: text]
    #[arg(long)]
    pub(super) text_column: Option<String>,
    /// Column of the label, of the labels, or of the number to predict [default: label]
    #[arg(long, visible_alias = "target-column", value_name = "COLUMN")]
    label_column: Option<String>,
    /// Columns of 0 and 1, one for each label, for several labels of a text; in place of --label-column
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS", conflicts_with = "label_column")]
    pub(super) label_columns: Vec<String>,
    /// Character between the labels of a cell, with `--task multi-label` [default: the one of ; and | that is used]
    #[arg(long, value_name = "CHARACTER")]
    pub(super) label_separator: Option<char>,
    /// Columns of a table that are left out, such as ids
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(super) ignore_columns: Vec<String>,
    /// Columns of a table that hold numbers, where a few cells look like something else
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(super) numeric_columns: Vec<String>,
    /// Columns of a table that hold categories, where they look like numbers
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(super) categorical_columns: Vec<String>,
    /// Side in pixels to which image files are scaled, or height x width: 64, 48x64 [default: as they are, all of one size]
    #[arg(long, value_name = "SIZE", value_parser = image_size)]
    pub(super) image_size: Option<(usize, usize)>,
    /// Read image files as grey, those in colour too
    #[arg(long)]
    pub(super) grey: bool,
    /// Names of the classes of an .npz file, in the order of their numbers [default: the numbers]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(super) label_names: Vec<String>,
    /// Changes of the training images, each with its strength, new at every pass: horizontal-flip=0.5 (chance), vertical-flip,
    /// shift=0.1 (share of the side), rotation=10 (degrees), scale=0.1, brightness=0.2, contrast=0.2, random-erasing=0.25
    #[arg(long, value_delimiter = ',', value_name = "NAME=STRENGTH", value_parser = parse_change)]
    pub(super) augment: Vec<Said>,
}

/// The model, and which of its parameters learn.
#[derive(Args, Debug)]
#[command(next_help_heading = "Model and method")]
pub(crate) struct ModelOptions {
    /// For texts `embedded`, a folder in the Hub's layout, or a Hub id such as sentence-transformers/all-MiniLM-L6-v2; for
    /// tables the folder of a model that was saved, whose hidden layers are kept; for images `embedded`, a small network for grey
    /// images of 28 to 64 pixels that was pretrained on drawings, small or resnet18, fresh networks for small and for larger
    /// images, or a folder or a Hub id with pretrained weights such as timm/resnet18.a1_in1k [default: embedded for texts,
    /// small for images, a fresh network for tables]
    #[arg(long)]
    pub(super) model: Option<String>,
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
    /// Widths of the hidden layers of a table's network [default: 64]
    #[arg(long, value_delimiter = ',', value_name = "WIDTHS")]
    pub(super) hidden: Vec<usize>,
    /// Longest text in tokens [default: the model's own]
    #[arg(long)]
    max_length: Option<usize>,
}

/// How it trains.
#[derive(Args, Debug)]
#[command(next_help_heading = "Training")]
pub(crate) struct TrainingOptions {
    /// Times every training row is seen
    #[arg(long, default_value_t = 10)]
    pub(super) epochs: usize,
    /// Peak learning rate [default: the model's own for the method]
    #[arg(long, allow_negative_numbers = true)]
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
    /// Share of the steps over which the learning rate rises from 0
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    warmup: f64,
    /// By how much each step draws the weights to 0
    #[arg(long, default_value_t = 0.01)]
    weight_decay: f64,
    /// Each layer's learning rate is that of the layer above times this
    #[arg(long, default_value_t = 1.0)]
    layer_decay: f64,
    /// Share of each label's probability that is spread over all labels, for classification
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    label_smoothing: f64,
    /// Strength of mixup for images and tables: each row is mixed with another, the shares drawn from a Beta distribution of
    /// this alpha; 0.2 is usual
    #[arg(long, value_name = "ALPHA", default_value_t = 0.0)]
    mixup: f64,
    /// Let rare labels count more in the loss, for classification
    #[arg(long)]
    balance_classes: bool,
    /// After the training, find for each label the probability from which on it is given, on the validation rows, with `--task
    /// multi-label`
    #[arg(long)]
    pub(super) tune_thresholds: bool,
    /// Stop when the metric of --monitor has not improved for so many epochs [default: run all]
    #[arg(long, visible_alias = "early-stopping", value_name = "EPOCHS")]
    pub(super) patience: Option<usize>,
    /// Metric of the validation rows whose best epoch is kept. For classification val_loss, val_accuracy, val_balanced_accuracy,
    /// val_macro_f1, val_weighted_f1, val_matthews_correlation, val_roc_auc; for multi-label val_loss, val_accuracy,
    /// val_macro_f1, val_micro_f1, val_weighted_f1, val_subset_accuracy; for regression val_loss, val_mae, val_rmse, val_r2
    #[arg(long, value_name = "METRIC", default_value = "val_loss")]
    pub(super) monitor: String,
    /// Folder in which the run is kept after every epoch
    #[arg(long, value_name = "DIR")]
    pub(super) checkpoints: Option<PathBuf>,
    /// Go on from the newest checkpoint, or start when there is none; the model that a stopped run wrote to --out is replaced
    #[arg(long, requires = "checkpoints")]
    pub(super) resume: bool,
    /// Decides initial weights, order and dropout
    #[arg(long, default_value_t = 42)]
    pub(super) seed: u64,
    /// Threads of the matrix products [default: all cores]
    #[arg(long)]
    pub(super) threads: Option<usize>,
    /// Where to compute: cpu, cuda, cuda:1, metal, or auto, the first of cuda, metal and cpu that is at hand
    #[arg(long, default_value = "auto")]
    pub(super) device: String,
}

/// What is written.
#[derive(Args, Debug)]
#[command(next_help_heading = "Results")]
pub(crate) struct ResultOptions {
    /// File for the learning curves, .svg or .png
    #[arg(long, value_name = "FILE")]
    pub(super) curves: Option<PathBuf>,
    /// Folder for the trained model, in the Hub's layout
    #[arg(long)]
    pub(super) out: Option<PathBuf>,
    /// Print one JSON object instead of a report
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataKind {
    /// A text, in the column --text-column
    Text,
    /// The cells of all columns but the target: numbers and categories
    Table,
    /// An image, in the folder of its class or in an .npz file
    Image,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskName {
    /// One label of several
    Classification,
    /// Any number of labels; they stand in a list, in one cell with a character between them, or in columns of 0 and 1
    MultiLabel,
    /// A number
    Regression,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
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

#[derive(ValueEnum, Clone, Copy, Debug)]
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

impl DataOptions {
    pub(super) fn columns(&self) -> Columns {
        let text = self.text_column.clone().unwrap_or_else(|| Columns::default().text);
        Columns { text, label: self.label_column().to_owned() }
    }

    pub(super) fn label_column(&self) -> &str {
        self.label_column.as_deref().unwrap_or("label")
    }

    /// What is to be predicted, where it was said: columns of 0 and 1 say it too.
    pub(super) fn task(&self) -> Option<TaskName> {
        self.task.or((!self.label_columns.is_empty()).then_some(TaskName::MultiLabel))
    }
}

/// `64`, or `48x64`: height and width.
fn image_size(said: &str) -> Result<(usize, usize), String> {
    let side = |text: &str| text.trim().parse().ok().filter(|side| (1..=4096).contains(side));
    let (height, width) = said.split_once(['x', 'X']).unwrap_or((said, said));
    side(height)
        .zip(side(width))
        .ok_or_else(|| "give a side in pixels such as 64, or height x width such as 48x64".into())
}

impl ModelOptions {
    pub(super) fn method(&self) -> Method {
        match self.method {
            MethodName::FeatureExtraction => Method::FeatureExtraction,
            MethodName::Partial => Method::Partial { last_n_layers: self.layers },
            MethodName::Full => Method::Full,
            MethodName::Lora => Method::Lora(LoraConfig {
                rank: self.rank,
                alpha: self.lora_alpha.unwrap_or(2.0 * self.rank as f64),
                target_modules: self.lora_targets.clone(),
                ..LoraConfig::default()
            }),
            MethodName::Bitfit => Method::BitFit,
            MethodName::Gradual => Method::Gradual { epochs_per_layer: 1 },
            MethodName::TwoPhase => Method::TwoPhase { freeze_epochs: 1 },
        }
    }
}

impl super::Finetune {
    /// The settings of the run, in range.
    pub(super) fn config(&self) -> Result<TrainingConfig> {
        let training = &self.training;
        let config = TrainingConfig {
            epochs: training.epochs,
            batch_size: training.batch_size,
            accumulation_steps: training.accumulation_steps,
            learning_rate: training.learning_rate,
            weight_decay: training.weight_decay,
            warmup_ratio: training.warmup,
            schedule: match training.schedule {
                ScheduleName::Linear => Schedule::Linear,
                ScheduleName::Cosine => Schedule::Cosine,
                ScheduleName::Constant => Schedule::Constant,
                ScheduleName::OneCycle => Schedule::OneCycle,
            },
            layer_decay: training.layer_decay,
            label_smoothing: training.label_smoothing,
            mixup: training.mixup,
            class_weights: if training.balance_classes { ClassWeights::Balanced } else { ClassWeights::None },
            max_length: self.model.max_length,
            seed: training.seed,
            ..Default::default()
        };
        config.check()?;
        Ok(config)
    }

    /// Options that do not go together, and files that cannot be written, are found before anything is read.
    pub(super) fn check(&self) -> Result<()> {
        let (data, model) = (&self.data, &self.model);
        let (kind, task) = (data.data_kind, data.task().unwrap_or(TaskName::Classification));
        match (kind, task) {
            (DataKind::Table, TaskName::MultiLabel) => {
                let message = "--task multi-label: is for texts; for a table use classification or regression";
                return Err(Failure::input(message));
            }
            (DataKind::Image, TaskName::MultiLabel | TaskName::Regression) => {
                return Err(Failure::input("--task: images have one label each; use classification, or leave it out"));
            }
            _ => {}
        }
        let for_tables = [
            ("--hidden", !model.hidden.is_empty()),
            ("--ignore-columns", !data.ignore_columns.is_empty()),
            ("--numeric-columns", !data.numeric_columns.is_empty()),
            ("--categorical-columns", !data.categorical_columns.is_empty()),
        ];
        let for_texts = [("--text-column", data.text_column.is_some()), ("--max-length", model.max_length.is_some())];
        let for_images = [
            ("--image-size", data.image_size.is_some()),
            ("--grey", data.grey),
            ("--label-names", !data.label_names.is_empty()),
            ("--augment", !data.augment.is_empty()),
        ];
        // Before any file is read: a strength out of range.
        data.augmentation()?;
        let for_files = [("--label-column", data.label_column.is_some())];
        let for_several = [
            ("--label-columns", !data.label_columns.is_empty()),
            ("--label-separator", data.label_separator.is_some()),
            ("--tune-thresholds", self.training.tune_thresholds),
        ];
        let said = |options: &[(&'static str, bool)]| options.iter().find(|(_, said)| *said).map(|(option, _)| *option);
        for (option, purpose) in [
            (said(&for_tables).filter(|_| kind != DataKind::Table), "--data-kind table"),
            (said(&for_texts).filter(|_| kind != DataKind::Text), "--data-kind text"),
            (said(&for_images).filter(|_| kind != DataKind::Image), "--data-kind image"),
            (said(&for_files).filter(|_| kind == DataKind::Image), "texts and tables"),
            (said(&for_several).filter(|_| task != TaskName::MultiLabel), "--task multi-label"),
        ] {
            if let Some(option) = option {
                return Err(Failure::input(format!("{option}: is for {purpose}; leave it out")));
            }
        }
        if !data.label_columns.is_empty() && data.label_separator.is_some() {
            let message = "--label-separator: is for labels in one column; leave it out, or --label-columns";
            return Err(Failure::input(message));
        }
        if let Some(out) = self.results.out.as_ref().filter(|out| out.exists() && !may_replace(self)) {
            return Err(Failure::input(format!("{}: is already there; give --out a new folder", out.display())));
        }
        self.results.curves.as_deref().map_or(Ok(()), check_curves)
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

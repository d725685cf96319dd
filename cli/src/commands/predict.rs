//! `tunebook predict` and `tunebook embed`: a trained model, or an encoder, on files of texts, rows or images.

use std::io::{BufWriter, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};
use tunebook::data::{ColumnValues, FolderImages, read};
use tunebook::prelude::*;

use super::{is_npz, model::source, with_threads};
use crate::failure::{Failure, Result};
use crate::settings::naming_column;

/// Texts or rows at once: a long file needs little memory, and the first lines come early.
const PORTION: usize = 256;

/// Predicts labels or numbers for texts, the rows of a table, or images.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  tunebook predict --model my-model new-tickets.txt --json\n  \
    tunebook predict --model my-table-model loads.parquet --json\n  \
    tunebook predict --model my-image-model new-images/ --json\n  \
    tunebook predict --model my-image-model rose.jpg tulip.png\n\n\
    What the model is says its folder. With --json each line has, by the kind of model:\n  \
    one label         label, probabilities\n  \
    several labels    labels, probabilities\n  \
    a number          value\n\
    beside the `text`, the cells of the `row` that the model looked at, or the file of the `image`.")]
pub(crate) struct Predict {
    /// Folder that `finetune --out` wrote
    #[arg(long)]
    model: PathBuf,
    /// .csv, .tsv, .jsonl or .parquet files with a column of texts, or with the columns of a table; for texts also .txt files with
    /// one text a line; for images PNG or JPEG files, which are scaled to the model's size, folders of them, or .npz files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Column of the text
    #[arg(long, default_value = "text")]
    text_column: String,
    /// Where to compute: cpu, cuda, cuda:1, metal, or auto, the first of cuda, metal and cpu that is at hand
    #[arg(long, default_value = "auto")]
    device: String,
    /// JSON Lines with the probability of every label
    #[arg(long)]
    json: bool,
}

pub(crate) fn predict(call: &Predict) -> Result<ExitCode> {
    with_threads(None)?;
    let model = SavedModel::load_on(&call.model, &device(&call.device)?)?;
    let mut lines = Lines { out: BufWriter::new(std::io::stdout().lock()), json: call.json };
    match &model {
        SavedModel::TextClassifier(model) => each_text(call, |texts| {
            let predictions = model.predict(texts)?;
            let names = predictions.known_labels();
            texts
                .iter()
                .zip(predictions.items())
                .try_for_each(|(text, item)| lines.label("text", &json!(text), item, names))
        }),
        SavedModel::MultiLabelClassifier(model) => each_text(call, |texts| {
            let predictions = model.predict(texts)?;
            let names = predictions.known_labels();
            texts.iter().zip(predictions.items()).try_for_each(|(text, item)| {
                let shown = item.labels.iter().filter_map(|label| {
                    let place = names.iter().position(|name| name == label)?;
                    Some(format!("{label} {:.1} %", 100.0 * item.probabilities[place]))
                });
                let shown: Vec<String> = shown.collect();
                let shown = if shown.is_empty() { "no label".to_owned() } else { shown.join(", ") };
                let probabilities = by_name(names, &item.probabilities);
                let json = json!({ "text": text, "labels": item.labels, "probabilities": probabilities });
                lines.write(&json, || format!("{shown:<30} {text}"))
            })
        }),
        SavedModel::TextRegressor(model) => each_text(call, |texts| {
            let values = model.predict(texts)?;
            texts.iter().zip(values).try_for_each(|(text, value)| {
                lines.write(&json!({ "text": text, "value": value }), || format!("{value:>12.4}  {text}"))
            })
        }),
        SavedModel::ImageClassifier(model) => {
            each_image(call, model, |item| lines.label("image", &json!(item.text), item, model.labels()))
        }
        SavedModel::TabularClassifier(model) => each_row(call, &model.preprocessor().schema(), |rows| {
            let predictions = model.predict(rows)?;
            let names = predictions.known_labels();
            let mut items = predictions.items().iter().enumerate();
            items.try_for_each(|(at, item)| lines.label("row", &row(rows, at), item, names))
        }),
        SavedModel::TabularRegressor(model) => each_row(call, &model.preprocessor().schema(), |rows| {
            let mut values = model.predict(rows)?.into_iter().enumerate();
            values.try_for_each(|(at, value)| {
                let row = row(rows, at);
                lines.write(&json!({ "row": row, "value": value }), || format!("{value:>12.4}  {row}"))
            })
        }),
    }?;
    lines.out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Standard output, one line for each prediction.
struct Lines {
    out: BufWriter<StdoutLock<'static>>,
    json: bool,
}

impl Lines {
    fn write(&mut self, json: &Value, text: impl FnOnce() -> String) -> Result<()> {
        if self.json { writeln!(self.out, "{json}") } else { writeln!(self.out, "{}", text()) }.map_err(Into::into)
    }

    /// One of several labels with its probability; `of` is what was asked about, under its name in the JSON.
    fn label(&mut self, of: &str, asked: &Value, item: &Prediction, names: &[String]) -> Result<()> {
        let probabilities = by_name(names, &item.probabilities);
        let json = json!({ of: asked, "label": item.label, "probabilities": probabilities });
        self.write(&json, || format!("{:>6.1} %  {:<14} {}", 100.0 * item.probability, item.label, item.text))
    }
}

fn by_name(names: &[String], probabilities: &[f32]) -> Map<String, Value> {
    names.iter().cloned().zip(probabilities.iter().map(|&probability| json!(probability))).collect()
}

/// The texts of the files, a portion at a time.
fn each_text(call: &Predict, mut predict: impl FnMut(&[&str]) -> Result<()>) -> Result<()> {
    let read = call.files.iter().map(|file| texts(file, &call.text_column));
    let texts = read.collect::<Result<Vec<_>>>()?.concat();
    texts.chunks(PORTION).try_for_each(|portion| predict(&portion.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// The rows of the files, a portion at a time: the columns that the model knows, with their types.
fn each_row(
    call: &Predict,
    schema: &TableSchema,
    mut predict: impl FnMut(&TabularDataset) -> Result<()>,
) -> Result<()> {
    for file in &call.files {
        let data = TabularDataset::read_with(file, &schema.clone().only_declared())?;
        let rows: Vec<usize> = (0..data.len()).collect();
        rows.chunks(PORTION).try_for_each(|portion| predict(&data.select(portion)))?;
    }
    Ok(())
}

/// What the model says of each image of the files and folders, in order, a portion at a time.
fn each_image(call: &Predict, model: &ImageClassifier, mut say: impl FnMut(&Prediction) -> Result<()>) -> Result<()> {
    let of_files = |images: &mut Vec<PathBuf>, say: &mut dyn FnMut(&Prediction) -> Result<()>| {
        let images = std::mem::take(images);
        images
            .chunks(PORTION)
            .try_for_each(|portion| model.predict_files(portion)?.items().iter().try_for_each(&mut *say))
    };
    let mut images = Vec::new();
    for file in &call.files {
        if file.is_dir() {
            images.extend(FolderImages::files(file)?);
        } else if is_npz(file) {
            of_files(&mut images, &mut say)?;
            for (name, part) in arrays(model, file)? {
                let rows: Vec<usize> = (0..part.len()).collect();
                for portion in rows.chunks(PORTION) {
                    for (item, row) in model.predict(&part.select(portion))?.items().iter().zip(portion) {
                        say(&Prediction { text: format!("{}, {name} {row}", file.display()), ..item.clone() })?;
                    }
                }
            }
        } else {
            images.push(file.clone());
        }
    }
    of_files(&mut images, &mut say)
}

/// The parts of an NPZ file that hold images, as the network sees them. They are not scaled, so their size must be the model's.
fn arrays(model: &ImageClassifier, file: &Path) -> Result<Vec<(&'static str, ImageDataset)>> {
    let all = ImageDataset::read_npz(file, None)?;
    let all = if model.network().channels() == 3 { all.to_colour()? } else { all };
    let ((height, width), shape) = (model.input_size(), all.shape());
    if (shape.height, shape.width) != (height, width) || shape.channels != model.network().channels() {
        return Err(Failure::input(format!(
            "{}: holds images of {shape}, and the model learned from {}x{height}x{width} (channels x height x width); scale \
             them to that size",
            file.display(),
            model.network().channels()
        )));
    }
    let parts = all.fixed_split()?;
    let named = [("train", parts.train), ("val", parts.validation), ("test", parts.test)];
    Ok(named.into_iter().filter(|(_, part)| !part.is_empty()).collect())
}

fn texts(file: &Path, column: &str) -> Result<Vec<String>> {
    Ok(read::texts(file, column).map_err(|error| naming_column(error, &[(column, "--text-column")]))?)
}

/// The cells of a row by column; null where one is missing.
fn row(rows: &TabularDataset, at: usize) -> Value {
    let cell = |values: &ColumnValues| match values {
        ColumnValues::Numeric(values) => json!(values[at]),
        ColumnValues::Categorical(values) => json!(values[at]),
    };
    rows.columns().iter().map(|column| (column.name().to_owned(), cell(column.values()))).collect::<Map<_, _>>().into()
}

/// Writes one vector for each text, as JSON Lines.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  tunebook embed --model embedded sentences.txt > vectors.jsonl\n  \
    tunebook embed --model sentence-transformers/all-MiniLM-L6-v2 articles.parquet --text-column body > vectors.jsonl")]
pub(crate) struct Embed {
    /// `embedded`, a folder in the Hub's layout, or a Hub id
    #[arg(long, default_value = "embedded")]
    model: String,
    /// A .csv, .tsv, .jsonl or .parquet file with a column of texts, or a .txt file with one text a line
    file: PathBuf,
    /// Column of the text
    #[arg(long, default_value = "text")]
    text_column: String,
    /// Where to compute: cpu, cuda, cuda:1, metal, or auto, the first of cuda, metal and cpu that is at hand
    #[arg(long, default_value = "auto")]
    device: String,
}

pub(crate) fn embed(call: &Embed) -> Result<ExitCode> {
    with_threads(None)?;
    let encoder = TextEncoder::from_pretrained(source(&call.model).device(&device(&call.device)?))?;
    let texts = texts(&call.file, &call.text_column)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for portion in texts.chunks(PORTION) {
        let portion: Vec<&str> = portion.iter().map(String::as_str).collect();
        let vectors = encoder.embed(&portion)?.to_vec2::<f32>().map_err(Error::from)?;
        for (text, vector) in portion.iter().zip(vectors) {
            writeln!(out, "{}", json!({ "text": text, "vector": vector }))?;
        }
        out.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

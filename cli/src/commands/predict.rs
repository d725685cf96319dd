//! `tunebook predict` and `tunebook embed`: a trained model, or an encoder, on a file of texts.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};
use tunebook::data::read;
use tunebook::prelude::*;

use super::{model::source, with_threads};
use crate::failure::Result;

/// Texts at once: a long file needs little memory, and the first lines come early.
const PORTION: usize = 256;

/// Predicts labels for the texts of a file.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  tunebook predict --model my-model new-tickets.txt --json")]
pub(crate) struct Predict {
    /// Folder that `finetune --out` wrote
    #[arg(long)]
    model: PathBuf,
    /// A .csv, .tsv, .jsonl or .parquet file with a column of texts, or a .txt file with one text a line
    file: PathBuf,
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
    let model = TextClassifier::load_on(&call.model, &device(&call.device)?)?;
    let texts = read::texts(&call.file, &call.text_column)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for portion in texts.chunks(PORTION) {
        let portion: Vec<&str> = portion.iter().map(String::as_str).collect();
        let predictions = model.predict(&portion)?;
        for (text, prediction) in portion.iter().zip(predictions.items()) {
            if call.json {
                let probabilities: Map<String, Value> = predictions
                    .known_labels()
                    .iter()
                    .zip(&prediction.probabilities)
                    .map(|(name, &probability)| (name.clone(), json!(probability)))
                    .collect();
                let line = json!({ "text": text, "label": prediction.label, "probabilities": probabilities });
                writeln!(out, "{line}")?;
            } else {
                writeln!(out, "{:>6.1} %  {:<14} {text}", 100.0 * prediction.probability, prediction.label)?;
            }
        }
        out.flush()?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Writes one vector for each text, as JSON Lines.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  tunebook embed --model embedded sentences.txt > vectors.jsonl")]
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
    let texts = read::texts(&call.file, &call.text_column)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for portion in texts.chunks(PORTION) {
        let portion: Vec<&str> = portion.iter().map(String::as_str).collect();
        let vectors = encoder.embed(&portion)?.to_vec2::<f32>().map_err(Error::from)?;
        for (text, vector) in portion.iter().zip(vectors) {
            writeln!(out, "{}", json!({ "text": text, "vector": vector }))?;
        }
        out.flush()?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

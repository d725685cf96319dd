//! What the command was called with.

use std::path::PathBuf;

use tunebook::{Error, Result};

const MEND: &str = "see the head of examples/baselines/main.rs";

#[derive(Debug, PartialEq)]
pub(crate) enum Source {
    /// An embedded text data set.
    Texts(String),
    CloudMetrics,
    /// support-tickets-raw.
    Export,
    /// Texts with the columns `text`, `label` and `split`.
    File(PathBuf),
}

pub(crate) struct Options {
    pub(crate) source: Source,
    pub(crate) seeds: u64,
    /// The share of the training rows that each seed draws.
    pub(crate) share: f64,
    /// Epochs of full fine-tuning at most; 0 leaves it out.
    pub(crate) epochs: usize,
    /// Folder of token vectors without layers.
    pub(crate) static_vectors: PathBuf,
    /// Folder of a larger encoder.
    pub(crate) teacher: Option<PathBuf>,
    pub(crate) json: bool,
}

impl Options {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut source = None;
        let mut options = Self {
            source: Source::CloudMetrics,
            seeds: 5,
            share: 0.9,
            epochs: 15,
            static_vectors: concat!(env!("CARGO_MANIFEST_DIR"), "/models/tunebook-static").into(),
            teacher: None,
            json: false,
        };
        while let Some(name) = words.next() {
            if name == "--json" {
                options.json = true;
                continue;
            }
            if !name.starts_with('-') {
                source = Some(match name.as_str() {
                    "cloud-metrics" => Source::CloudMetrics,
                    "support-tickets-raw" => Source::Export,
                    _ => Source::Texts(name),
                });
                continue;
            }
            let value = words.next().ok_or_else(|| Error::input(&name, "needs a value", MEND))?;
            let broken = || Error::input(&name, format!("\"{value}\" is not a number for it"), MEND);
            match name.as_str() {
                "--file" => source = Some(Source::File(value.into())),
                "--static" => options.static_vectors = value.into(),
                "--teacher" => options.teacher = Some(value.into()),
                "--seeds" => options.seeds = value.parse().ok().filter(|&seeds| seeds > 0).ok_or_else(broken)?,
                "--epochs" => options.epochs = value.parse().map_err(|_| broken())?,
                "--share" => {
                    let share = value.parse().ok().filter(|share| (0.1..=1.0).contains(share));
                    options.share = share.ok_or_else(broken)?;
                }
                _ => return Err(Error::input(name, "unknown option", MEND)),
            }
        }
        let mend = "name one of support-tickets, product-reviews, cloud-metrics, support-tickets-raw, or give --file";
        options.source = source.ok_or_else(|| Error::input("data set", "none is named", mend))?;
        Ok(options)
    }
}

//! What the command was called with.

use std::path::PathBuf;

use tunebook::model::Pretrained;
use tunebook::{Error, Result};

pub(crate) struct Options {
    /// The encoder under test, with its name in the table.
    pub(crate) model: (String, Pretrained),
    /// Folder of the network that it learned from; without it there are no pairs to agree on.
    pub(crate) teacher: Option<PathBuf>,
    /// More encoders for the same table.
    pub(crate) beside: Vec<PathBuf>,
    /// Folder with SST-2 as `sst2-train-4000.jsonl`, `sst2-validation.jsonl` and `sst2-test.jsonl`.
    pub(crate) sst: Option<PathBuf>,
    /// Tickets as JSON Lines with `text`, `label` and `split`, instead of the embedded ones.
    pub(crate) tickets: Option<PathBuf>,
    /// Texts, one a line, that no encoder of the table was trained on: `held-out.txt` of the recipe's work folder.
    pub(crate) held_out: Option<PathBuf>,
    pub(crate) seeds: u64,
    /// Whether the encoder is fully fine-tuned, which takes minutes.
    pub(crate) full: bool,
    /// Whether the teacher is fully fine-tuned, which takes longer.
    pub(crate) full_teacher: bool,
}

impl Options {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            model: ("embedded".to_owned(), Pretrained::embedded()),
            teacher: None,
            beside: Vec::new(),
            sst: None,
            tickets: None,
            held_out: None,
            seeds: 5,
            full: false,
            full_teacher: false,
        };
        while let Some(name) = words.next() {
            let flag = match name.as_str() {
                "--full" => Some(&mut options.full),
                "--full-teacher" => Some(&mut options.full_teacher),
                _ => None,
            };
            if let Some(flag) = flag {
                *flag = true;
                continue;
            }
            let value = words.next().ok_or_else(|| Error::input(&name, "needs a value", ""))?;
            let broken = |_| Error::input(&name, format!("\"{value}\" is not a whole number"), "");
            match name.as_str() {
                "--model" => options.model = (name_of(&value), Pretrained::folder(&value)),
                "--teacher" => options.teacher = Some(value.into()),
                "--beside" => options.beside.push(value.into()),
                "--sst" => options.sst = Some(value.into()),
                "--tickets" => options.tickets = Some(value.into()),
                "--held-out" => options.held_out = Some(value.into()),
                "--seeds" => options.seeds = value.parse().map_err(broken)?,
                _ => {
                    let mend = "see the head of examples/encoder_quality/main.rs";
                    return Err(Error::input(name, "unknown option", mend));
                }
            }
        }
        if options.seeds == 0 {
            return Err(Error::input("--seeds", "there is nothing to average", "give 1 or more"));
        }
        Ok(options)
    }
}

/// The last part of a path.
pub(crate) fn name_of(path: &str) -> String {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_owned()
}

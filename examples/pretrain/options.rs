//! The recipe's settings; the defaults are what the shipped weights were made with.

use std::path::PathBuf;

use tunebook::{Error, Result};

/// What the recipe was called with.
pub(crate) struct Options {
    pub(crate) teacher: PathBuf,
    pub(crate) corpus: PathBuf,
    pub(crate) work: PathBuf,
    pub(crate) out: PathBuf,
    /// Training texts taken from the head of the corpus.
    pub(crate) passages: usize,
    /// Stop after the teacher's vectors.
    pub(crate) only_teacher: bool,
    pub(crate) vocabulary: usize,
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    /// Weight of the teacher's middle layer beside its sentence vector.
    pub(crate) middle: f64,
    pub(crate) epochs: usize,
    pub(crate) batch: usize,
    pub(crate) learning_rate: f64,
    pub(crate) seed: u64,
}

impl Options {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            teacher: PathBuf::new(),
            corpus: PathBuf::new(),
            work: PathBuf::from("target/pretrain"),
            out: PathBuf::from("target/pretrain/model"),
            passages: 278_528,
            only_teacher: false,
            vocabulary: 22_000,
            hidden: 128,
            layers: 4,
            heads: 4,
            middle: 0.5,
            epochs: 6,
            batch: 64,
            learning_rate: 3e-3,
            seed: 42,
        };
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| Error::input(&name, "needs a value", ""))?;
            match name.as_str() {
                "--teacher" => options.teacher = value.into(),
                "--corpus" => options.corpus = value.into(),
                "--work" => options.work = value.into(),
                "--out" => options.out = value.into(),
                "--passages" => options.passages = number(&name, &value)?,
                "--only-teacher" => options.only_teacher = number(&name, &value)?,
                "--vocabulary" => options.vocabulary = number(&name, &value)?,
                "--hidden" => options.hidden = number(&name, &value)?,
                "--layers" => options.layers = number(&name, &value)?,
                "--heads" => options.heads = number(&name, &value)?,
                "--middle" => options.middle = number(&name, &value)?,
                "--epochs" => options.epochs = number(&name, &value)?,
                "--batch" => options.batch = number(&name, &value)?,
                "--learning-rate" => options.learning_rate = number(&name, &value)?,
                "--seed" => options.seed = number(&name, &value)?,
                _ => return Err(Error::input(&name, "unknown option", "see the head of examples/pretrain/main.rs")),
            }
        }
        for (name, path) in [("--teacher", &options.teacher), ("--corpus", &options.corpus)] {
            if path.as_os_str().is_empty() {
                return Err(Error::input(name, "is missing", "see the head of examples/pretrain/main.rs"));
            }
        }
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T> {
    value.parse().map_err(|_| Error::input(name, format!("\"{value}\" is not a number it can take"), ""))
}

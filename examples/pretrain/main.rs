//! Pretrains the small encoder that ships inside the library, by distillation from MiniLM.
//!
//! ```text
//! python3 models/recipe/corpus.py CORPUS_DIR --botocore BOTOCORE_DIR
//! cargo run --release --example pretrain -- --teacher MINILM_DIR --corpus CORPUS_DIR/corpus.txt \
//!     --work WORK_DIR --out models/tunebook-encoder
//! ```
//!
//! Five steps, each kept in the work folder, so that a stopped run goes on where it was:
//! 1. the vocabulary: the teacher's WordPiece entries that the corpus uses most (`vocabulary.rs`);
//! 2. the teacher's sentence vectors of every passage (`teacher.rs`);
//! 3. the student's start: the teacher's word and position vectors in fewer dimensions (`subspace.rs`), layers random;
//! 4. training: the student's mean-pooled vector is to point where the teacher's does, and similarities within a batch
//!    are to agree (`student.rs`; after Reimers and Gurevych 2020, and Park et al. 2019);
//! 5. the files in the Hub's layout, F16.

mod options;
mod student;
mod subspace;
mod teacher;
mod vocabulary;

use std::fs;

use options::Options;
use tunebook::{Error, Result};

fn main() {
    if let Err(problem) = run() {
        eprintln!("error: {problem}");
        std::process::exit(2);
    }
}

fn run() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    fs::create_dir_all(&options.work).map_err(|problem| Error::io(&options.work, problem))?;
    let passages = passages(&options)?;
    let vocabulary = vocabulary::prune(&options, &passages)?;
    let targets = teacher::vectors(&options, &passages)?;
    let student = student::Student::start(&options, &vocabulary)?;
    student.train(&options, &passages, &targets)?;
    student.write(&options, &vocabulary)
}

/// The corpus as training texts: nine in ten lines stand alone, the others are joined to threes, so that positions
/// beyond one sentence are learned too.
fn passages(options: &Options) -> Result<Vec<String>> {
    let whole = fs::read_to_string(&options.corpus).map_err(|problem| Error::io(&options.corpus, problem))?;
    let lines: Vec<&str> = whole.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut texts = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() && texts.len() < options.passages {
        let take = if texts.len() % 10 == 9 { 3.min(lines.len() - at) } else { 1 };
        texts.push(lines[at..at + take].join(" "));
        at += take;
    }
    Ok(texts)
}

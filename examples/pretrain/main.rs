//! Pretrains the small encoder that ships inside the library, by distillation from MiniLM.
//!
//! ```text
//! sh models/recipe/run.sh WORK_DIR
//! ```
//!
//! is the whole recipe: packages, corpus, teacher, and this program with its defaults, which made the shipped weights:
//!
//! ```text
//! cargo run --release --example pretrain -- --teacher MINILM_DIR --corpus CORPUS_DIR/corpus.txt --work WORK_DIR/encoder \
//!     --out WORK_DIR/tunebook-encoder
//! ```
//!
//! With `--layers 0 --hidden 44` the student is a table of token vectors and nothing else.
//!
//! Five steps, each kept in the work folder, so that a stopped run goes on where it was:
//! 1. the vocabulary: the teacher's WordPiece entries that the corpus uses most (`vocabulary.rs`);
//! 2. the teacher's vectors of every passage: its sentence vector, and the mean state of a middle layer (`teacher.rs`);
//!    both together in as many dimensions as the student has are the targets (`goals.rs`, `subspace.rs`);
//! 3. the student's start: the teacher's word vectors, turned so that their mean comes nearest to the target
//!    (`least_squares.rs`); layers random;
//! 4. training: the student's mean-pooled vector is to point where the target does, and similarities within a batch are to
//!    agree with those of the teacher's sentence vectors (`student.rs`; after Reimers and Gurevych 2020, and Park et al.
//!    2019);
//! 5. the files in the Hub's layout, F16.
//!
//! One text in 200 is held out. Those of them that share no eight words in a row with a text of the training go to
//! `held-out.txt` in the work folder: pairs of them show how well the student agrees with the teacher on texts that are
//! new to it (`cargo run --example encoder_quality -- --held-out`).

mod goals;
mod least_squares;
mod options;
mod overlap;
mod student;
mod subspace;
mod teacher;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::fs;

use options::Options;
use tunebook::{Error, Result};

fn main() {
    if let Err(problem) = Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        eprintln!("error: {problem}");
        std::process::exit(2);
    }
}

fn run(options: &Options) -> Result<()> {
    fs::create_dir_all(&options.work).map_err(|problem| Error::io(&options.work, problem))?;
    let passages = passages(options)?;
    let vocabulary = vocabulary::prune(options, &passages)?;
    let targets = teacher::targets(options, &passages)?;
    if options.only_teacher {
        return Ok(());
    }
    let goals = goals::Goals::new(options, &targets)?;
    let student = student::Student::start(options, &vocabulary, &passages, &goals)?;
    student.train(options, &passages, &goals)?;
    student.write(options, &vocabulary)
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

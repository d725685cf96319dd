//! How good is a small encoder? Everything that is asked of the embedded one, in one table.
//!
//! ```text
//! RAYON_NUM_THREADS=1 cargo run --release --example encoder_quality -- --teacher MINILM_DIR --sst SST2_DIR \
//!     [--model DIR] [--beside DIR]... [--tickets FILE] [--held-out FILE] [--seeds 5] [--full] [--full-teacher]
//! ```
//!
//! One thread, because one of the rows is the time on one core. Each value is the mean over the seeds, with the standard
//! deviation: seeds draw the training rows of the probes, the pairs, the random weights, and the order of fine-tuning.
//! Penalties are chosen on validation parts, and the accuracy is that on test parts. The teacher's vectors are computed
//! once and kept in `target/encoder-quality`.

mod measures;
mod options;
#[path = "../shared/probing.rs"]
mod probing;
#[path = "../shared/spread.rs"]
mod spread;
mod table;
mod vectors;

use measures::{
    FULL, FULL_TEACHER, Labelled, agreement, fine_tuned, milliseconds, pairs, probe, probe_on_few, probe_on_some,
    sentences,
};
use options::{Options, name_of};
use table::Table;
use tunebook::data::Columns;
use tunebook::prelude::*;
use vectors::Vectors;

/// Pairs of sentences that are compared with the teacher.
const PAIRS: usize = 500;

fn main() {
    if let Err(problem) = Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        eprintln!("error: {problem}");
        std::process::exit(2);
    }
}

/// The texts that everything is measured on.
struct Data {
    sst: Option<TextSplits>,
    tickets: TextSplits,
    /// Sentences with their topics.
    sentences: Vec<(String, String)>,
    /// Texts of the kind that the encoder learned from, without topics.
    held_out: Vec<(String, String)>,
}

fn run(options: &Options) -> Result<()> {
    let tickets = match &options.tickets {
        Some(file) => split_by_column(file)?,
        None => TextDataset::embedded("support-tickets")?.fixed_split()?,
    };
    let reviews = TextDataset::embedded("product-reviews")?;
    let sentences = sentences(&[("ticket", &tickets.train), ("ticket", &tickets.test), ("review", &reviews)]);
    let held_out = options.held_out.as_deref().map(lines).transpose()?.unwrap_or_default();
    let data = Data { sst: options.sst.as_deref().map(sst).transpose()?, tickets, sentences, held_out };
    println!(
        "{} tickets to train on, {} to test on; {} sentences and {} held-out texts to pair; SST-2: {}\n",
        data.tickets.train.len(),
        data.tickets.test.len(),
        data.sentences.len(),
        data.held_out.len(),
        data.sst.as_ref().map_or("not given, see --sst".into(), |sst| format!("{} rows to test on", sst.test.len()))
    );
    let mut table = Table::new();
    let teacher = options.teacher.as_ref().map(Pretrained::folder);
    let theirs = match &teacher {
        Some(teacher) => Some(Vectors::kept(&TextEncoder::from_pretrained(teacher.clone())?, &data.texts())?),
        None => None,
    };
    let (name, model) = &options.model;
    let rows = |encoder: &TextEncoder, seeds| data.measure(encoder, theirs.as_ref(), seeds);
    table.add(name, rows(&TextEncoder::from_pretrained(model.clone())?, options.seeds)?);
    // Random weights differ from seed to seed: one draw of rows for each network.
    for seed in 1..=options.seeds {
        table.add("random weights", rows(&TextEncoder::from_scratch(model.clone(), seed)?, 1)?);
    }
    for folder in &options.beside {
        let encoder = TextEncoder::from_pretrained(Pretrained::folder(folder))?;
        table.add(&name_of(&folder.display().to_string()), rows(&encoder, options.seeds)?);
    }
    if let Some(teacher) = &teacher {
        table.add("teacher", rows(&TextEncoder::from_pretrained(teacher.clone())?, options.seeds)?);
    }
    let mut networks = Vec::new();
    networks.extend(options.full.then_some((name.as_str(), model, &FULL)));
    networks.extend(teacher.iter().filter(|_| options.full_teacher).map(|teacher| ("teacher", teacher, &FULL_TEACHER)));
    for (name, source, settings) in networks {
        for seed in 1..=options.seeds {
            let accuracy = fine_tuned(source, &data.tickets, settings, seed)?;
            eprintln!("{name}, full fine-tuning, seed {seed}: {accuracy:.1} %");
            table.add(name, vec![("tickets, all, full fine-tuning: %", vec![accuracy])]);
        }
    }
    print!("{table}");
    Ok(())
}

impl Data {
    /// Everything that is encoded, in one order.
    fn texts(&self) -> Vec<String> {
        let first = |pairs: &[(String, String)]| pairs.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
        let mut all = vec![first(&self.sentences), first(&self.held_out)];
        for splits in self.sst.iter().chain([&self.tickets]) {
            all.extend([&splits.train, &splits.validation, &splits.test].map(|part| part.texts().to_vec()));
        }
        all.concat()
    }

    fn measure(
        &self,
        encoder: &TextEncoder,
        theirs: Option<&Vectors>,
        seeds: u64,
    ) -> Result<Vec<(&'static str, Vec<f64>)>> {
        let mut rows = vec![
            ("parameters: millions", vec![encoder.store().count() as f64 / 1e6]),
            ("one short sentence: ms", vec![milliseconds(encoder)?]),
        ];
        let ours = match theirs {
            Some(theirs) if theirs.are_of(encoder) => theirs.clone(),
            _ => Vectors::of(encoder, &self.texts())?,
        };
        let mut ours = ours.rows.into_iter();
        let mut take = |count: usize| ours.by_ref().take(count).collect::<Vec<_>>();
        let (sentences, held_out) = (take(self.sentences.len()), take(self.held_out.len()));
        let mut labelled = |splits: &TextSplits| {
            [&splits.train, &splits.validation, &splits.test]
                .map(|part| Labelled { vectors: take(part.len()), labels: part.labels().to_vec() })
        };
        if let Some(sst) = &self.sst {
            let [train, validation, test] = labelled(sst);
            let values = probe_on_some([&train, &validation, &test], 1000, 2, seeds)?;
            rows.push(("SST-2, 1,000 rows, probe: %", values));
        }
        let [train, validation, test] = labelled(&self.tickets);
        let classes = self.tickets.label_names().len();
        let few = probe_on_few([&train, &validation, &test], 8, classes, seeds)?;
        rows.push(("tickets, 8 a class, probe: %", few));
        rows.push(("tickets, all, probe: %", vec![probe(&train, &validation, &test, classes)?]));
        if let Some(theirs) = theirs {
            let (their_sentences, their_others) = theirs.rows.split_at(sentences.len());
            let mut agree = |name, texts: &[(String, String)], ours: &[Vec<f32>], theirs: &[Vec<f32>]| -> Result<()> {
                let values = (1..=seeds).map(|seed| agreement(ours, theirs, &pairs(texts, PAIRS, seed)));
                rows.push((name, values.collect::<Result<_>>()?));
                Ok(())
            };
            agree(
                "agreement with the teacher, tickets and reviews: Spearman",
                &self.sentences,
                &sentences,
                their_sentences,
            )?;
            if !held_out.is_empty() {
                agree("agreement with the teacher, held-out texts: Spearman", &self.held_out, &held_out, their_others)?;
            }
        }
        Ok(rows)
    }
}

/// A file whose column `split` names the part of each row.
fn split_by_column(file: &std::path::Path) -> Result<TextSplits> {
    let data = TextDataset::read(file, &Columns::default(), None)?;
    let parts = TextDataset::read(file, &Columns { label: "split".into(), ..Columns::default() }, None)?;
    let part = |name: &str| {
        let rows: Vec<usize> = (0..parts.len()).filter(|&row| parts.label_name(parts.labels()[row]) == name).collect();
        data.select(&rows)
    };
    Ok(TextSplits { train: part("train"), validation: part("validation"), test: part("test") })
}

/// One text a line, all of one topic.
fn lines(file: &std::path::Path) -> Result<Vec<(String, String)>> {
    let whole = std::fs::read_to_string(file).map_err(|problem| Error::io(file, problem))?;
    let texts: Vec<_> = whole.lines().map(|line| (line.to_owned(), String::new())).collect();
    if texts.len() < 2 {
        return Err(Error::input(file.display(), "holds no two texts to pair", "give one text a line"));
    }
    Ok(texts)
}

fn sst(folder: &std::path::Path) -> Result<TextSplits> {
    let read = |name: &str| TextDataset::read(folder.join(name), &Columns::default(), None);
    Ok(TextSplits {
        train: read("sst2-train-4000.jsonl")?,
        validation: read("sst2-validation.jsonl")?,
        test: read("sst2-test.jsonl")?,
    })
}

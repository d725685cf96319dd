//! Texts with labels: from the most frequent label to full fine-tuning.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tunebook::data::TextBaseline;
use tunebook::metrics::log_loss;
use tunebook::prelude::*;

use crate::options::Options;
use crate::probing::{tuned_probe, unit_vectors};
use crate::say;
use crate::table::Table;

/// Times the method's default learning rate: what is tried beside it, with the first seed, for the validation rows to
/// choose.
const OTHER_RATES: [f64; 1] = [3.0];

/// Epochs without a better validation accuracy after which full fine-tuning ends.
const PATIENCE: usize = 4;

pub(crate) const COLUMNS: [&str; 3] = ["accuracy, %", "macro F1, %", "accuracy on validation, %"];

pub(crate) fn table(data: &TextSplits, options: &Options) -> Result<Table> {
    let counts = data.train.label_counts();
    let about = format!(
        "{}: {} rows to train on, of which each of {} seeds draws {:.0} %; {} to choose settings by; {} to test on",
        data.train.name(),
        data.train.len(),
        options.seeds,
        100.0 * options.share,
        data.validation.len(),
        data.test.len()
    );
    let mut table = Table::new(about, &COLUMNS);
    let most = (0..counts.len()).max_by_key(|&label| (counts[label], std::cmp::Reverse(label))).unwrap_or(0);
    let always = |part: &TextDataset| {
        let rows = vec![(0..counts.len()).map(|label| f32::from(u8::from(label == most))).collect(); part.len()];
        evaluation(part, rows)
    };
    table.add(
        &format!("always \"{}\"", data.train.label_name(most)),
        &[figures(&always(&data.test)?, &always(&data.validation)?)],
    );
    table.add("bag of words, logistic regression", &bag_of_words(data, options)?);
    let static_vectors = Pretrained::folder(&options.static_vectors);
    table.add("static token vectors, linear probe", &probes(static_vectors, data, options)?);
    let mut encoders = vec![("tunebook-encoder", Pretrained::embedded())];
    encoders.extend(options.teacher.as_ref().map(|folder| ("MiniLM", Pretrained::folder(folder))));
    for (name, source) in encoders {
        table.add(&format!("{name}, linear probe"), &probes(source.clone(), data, options)?);
        if options.epochs > 0 {
            let (rate, runs) = fine_tuned(name, &source, data, options)?;
            table.add(&format!("{name}, full fine-tuning at {rate:.1e}"), &runs);
        }
    }
    Ok(table)
}

pub(crate) fn bag_of_words(data: &TextSplits, options: &Options) -> Result<Vec<Vec<f64>>> {
    (1..=options.seeds)
        .map(|seed| {
            let train = data.train.select(&drawn(data.train.len(), options.share, seed));
            let baseline = TextBaseline::tuned(&train, &data.validation)?;
            eprintln!("seed {seed}: {baseline}");
            Ok(figures(&baseline.evaluate(&data.test)?, &baseline.evaluate(&data.validation)?))
        })
        .collect()
}

/// Logistic regression on the vectors of a frozen encoder.
pub(crate) fn probes(source: Pretrained, data: &TextSplits, options: &Options) -> Result<Vec<Vec<f64>>> {
    let encoder = TextEncoder::from_pretrained(source)?;
    let [train, validation, test] =
        [&data.train, &data.validation, &data.test].map(|part| unit_vectors(&encoder, part.texts()));
    let (train, validation, test) = (train?, validation?, test?);
    (1..=options.seeds)
        .map(|seed| {
            let rows = drawn(train.len(), options.share, seed);
            let vectors: Vec<Vec<f32>> = rows.iter().map(|&row| train[row].clone()).collect();
            let labels: Vec<usize> = rows.iter().map(|&row| data.train.labels()[row]).collect();
            let classes = data.label_names().len();
            let probe = tuned_probe(&vectors, &labels, classes, (&validation, data.validation.labels()))?;
            let tested = evaluation(&data.test, probe.probabilities(&test)?)?;
            Ok(figures(&tested, &evaluation(&data.validation, probe.probabilities(&validation)?)?))
        })
        .collect()
}

/// The learning rate that did best on the validation rows, and what it reaches with each seed.
fn fine_tuned(name: &str, source: &Pretrained, data: &TextSplits, options: &Options) -> Result<(f64, Vec<Vec<f64>>)> {
    let default = Method::Full.default_learning_rate(TextEncoder::from_pretrained(source.clone())?.learning_rates());
    let run = |rate: f64, seed: u64| -> Result<Vec<f64>> {
        say(options, &format!("{name}, full fine-tuning at {rate:.1e}"), seed);
        let model = TextClassifier::from_pretrained_seeded(source.clone(), data.label_names(), seed)?;
        let config =
            TrainingConfig { epochs: options.epochs, learning_rate: Some(rate), seed, ..TrainingConfig::default() };
        let train = data.train.select(&drawn(data.train.len(), options.share, seed));
        let report = Trainer::new(model)
            .method(Method::Full)
            .config(config)
            .early_stopping(EarlyStopping::on("val_accuracy").patience(PATIENCE))
            .observer(Quiet)
            .fit(&train, &data.validation)?;
        Ok(figures(&report.model().evaluate(&data.test)?, &report.model().evaluate(&data.validation)?))
    };
    let mut best = (default, run(default, 1)?);
    for factor in OTHER_RATES {
        let rate = factor * default;
        let figures = run(rate, 1)?;
        if figures[2] > best.1[2] {
            best = (rate, figures);
        }
    }
    let (rate, first) = best;
    let others = (2..=options.seeds).map(|seed| run(rate, seed));
    Ok((rate, std::iter::once(Ok(first)).chain(others).collect::<Result<_>>()?))
}

/// The rows that a seed draws, ascending.
pub(crate) fn drawn(rows: usize, share: f64, seed: u64) -> Vec<usize> {
    let mut all: Vec<usize> = (0..rows).collect();
    all.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    all.truncate((share * rows as f64).round() as usize);
    all.sort_unstable();
    all
}

fn evaluation(part: &TextDataset, probabilities: Vec<Vec<f32>>) -> Result<Evaluation> {
    let loss = log_loss(part.labels(), &probabilities)?;
    Evaluation::new(loss, part.labels().to_vec(), probabilities, part.label_names())
}

/// The values of [`COLUMNS`]. F1 is averaged over the classes that occur among the test rows.
fn figures(test: &Evaluation, validation: &Evaluation) -> Vec<f64> {
    let report = test.classification_report();
    let scores: Vec<f64> = report.classes().iter().filter(|class| class.support > 0).map(|class| class.f1).collect();
    vec![test.accuracy, scores.iter().sum::<f64>() / scores.len() as f64, validation.accuracy]
}

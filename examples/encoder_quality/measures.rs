//! The criteria: each a list of values, one for each seed.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tunebook::metrics::spearman_correlation;
use tunebook::prelude::*;

use crate::probing::tuned_probe;

/// Vectors of length one, and what they are labelled with.
pub(crate) struct Labelled {
    pub(crate) vectors: Vec<Vec<f32>>,
    pub(crate) labels: Vec<usize>,
}

impl Labelled {
    fn select(&self, rows: &[usize]) -> Self {
        Self {
            vectors: rows.iter().map(|&row| self.vectors[row].clone()).collect(),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
        }
    }
}

/// Per cent right on `test` of a logistic regression on `train`, with the penalty that `validation` likes best.
pub(crate) fn probe(train: &Labelled, validation: &Labelled, test: &Labelled, classes: usize) -> Result<f64> {
    let chosen_by = (validation.vectors.as_slice(), validation.labels.as_slice());
    let predicted = tuned_probe(&train.vectors, &train.labels, classes, chosen_by)?.predict(&test.vectors)?;
    let right = predicted.iter().zip(&test.labels).filter(|(a, b)| a == b).count();
    Ok(100.0 * right as f64 / test.labels.len() as f64)
}

/// [`probe`] on `count` random rows of the training part, for each seed.
pub(crate) fn probe_on_some(parts: [&Labelled; 3], count: usize, classes: usize, seeds: u64) -> Result<Vec<f64>> {
    let [train, validation, test] = parts;
    (1..=seeds)
        .map(|seed| {
            let mut rows: Vec<usize> = (0..train.labels.len()).collect();
            rows.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
            rows.truncate(count);
            probe(&train.select(&rows), validation, test, classes)
        })
        .collect()
}

/// [`probe`] on `per_label` random rows of each label, for each seed.
pub(crate) fn probe_on_few(parts: [&Labelled; 3], per_label: usize, classes: usize, seeds: u64) -> Result<Vec<f64>> {
    let [train, validation, test] = parts;
    (1..=seeds)
        .map(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut rows = Vec::new();
            for label in 0..classes {
                let mut of_label: Vec<usize> =
                    (0..train.labels.len()).filter(|&row| train.labels[row] == label).collect();
                of_label.shuffle(&mut rng);
                rows.extend_from_slice(&of_label[..per_label.min(of_label.len())]);
            }
            probe(&train.select(&rows), validation, test, classes)
        })
        .collect()
}

/// The first sentence of each text, if it has five words or more, with a topic; none is in the pretraining corpus.
pub(crate) fn sentences(sets: &[(&str, &TextDataset)]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, data) in sets {
        for (text, &label) in data.texts().iter().zip(data.labels()) {
            let end = text.find(['.', '!', '?']).map_or(text.len(), |at| at + 1);
            if text[..end].split_whitespace().count() >= 5 {
                found.push((text[..end].to_owned(), format!("{name}: {}", data.label_name(label))));
            }
        }
    }
    found
}

/// Pairs of different sentences for each seed; in every second pair both are of one topic.
pub(crate) fn pairs(sentences: &[(String, String)], count: usize, seed: u64) -> Vec<(usize, usize)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut pairs = Vec::new();
    while pairs.len() < count {
        let (a, b) = (rng.random_range(0..sentences.len()), rng.random_range(0..sentences.len()));
        let related = sentences[a].1 == sentences[b].1;
        if a != b && (related || pairs.len() % 2 == 0) {
            pairs.push((a, b));
        }
    }
    pairs
}

/// Spearman's correlation of the similarities of pairs of sentences under two encoders.
pub(crate) fn agreement(ours: &[Vec<f32>], theirs: &[Vec<f32>], pairs: &[(usize, usize)]) -> Result<f64> {
    let similarities =
        |vectors: &[Vec<f32>]| -> Vec<f64> { pairs.iter().map(|&(a, b)| dot(&vectors[a], &vectors[b])).collect() };
    spearman_correlation(&similarities(theirs), &similarities(ours))
}

/// Settings of full fine-tuning.
pub(crate) struct Full {
    epochs: usize,
    learning_rate: f64,
}

/// For a small encoder, chosen on the validation part of the tickets.
pub(crate) const FULL: Full = Full { epochs: 10, learning_rate: 2e-4 };
/// For MiniLM: values that are usual for it, not searched for.
pub(crate) const FULL_TEACHER: Full = Full { epochs: 4, learning_rate: 1e-4 };
/// Epochs of the head alone before that.
const HEAD_EPOCHS: usize = 30;

/// Per cent right on the test part after full fine-tuning on the whole training part: the head alone first, then everything
/// (Kumar et al., 2022, "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution").
pub(crate) fn fine_tuned(source: &Pretrained, data: &TextSplits, settings: &Full, seed: u64) -> Result<f64> {
    let model = TextClassifier::from_pretrained_seeded(source.clone(), data.label_names(), seed)?;
    let config = TrainingConfig { epochs: HEAD_EPOCHS, seed, ..TrainingConfig::default() };
    let head = Trainer::new(model).method(Method::FeatureExtraction).config(config).observer(Quiet);
    let model = head.fit(&data.train, &data.validation)?.into_model();
    let (epochs, learning_rate) = (settings.epochs, Some(settings.learning_rate));
    let config = TrainingConfig { epochs, learning_rate, seed, ..TrainingConfig::default() };
    let all = Trainer::new(model).method(Method::Full).config(config).observer(Quiet);
    let report = all.fit(&data.train, &data.validation)?;
    Ok(100.0 * report.model().evaluate(&data.test)?.accuracy)
}

/// The middle one of a hundred times that one short sentence takes, in milliseconds.
pub(crate) fn milliseconds(encoder: &TextEncoder) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..100 {
        let start = std::time::Instant::now();
        encoder.embed(&["My server cannot be reached since this morning."])?;
        times.push(1000.0 * start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

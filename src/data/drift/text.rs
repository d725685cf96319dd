//! Drift between two sets of texts: their lengths, labels and words, and their embeddings where they are given.

use std::collections::HashSet;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::report::{DriftColumn, DriftConfig, DriftReport};
use crate::data::{TextDataset, comparable_text};
use crate::{Error, Result};

impl TextDataset {
    /// Compares `current`, what a model meets now, with this set, what it was trained on. The features:
    ///
    /// - `length`: characters of each text;
    /// - `label`: the shares of the labels, by name;
    /// - `unknown words`: the share of each text's words that half of this set's texts (drawn by the classifier test's
    ///   seed) do not hold; what is normal for it the other half shows. Left out when this set has one row.
    ///
    /// # Errors
    /// When a set has no rows, and those of [`DriftReport::of_columns`].
    ///
    /// ```
    /// use tunebook::data::{DriftConfig, DriftVerdict, TextDataset};
    ///
    /// let parts = TextDataset::embedded("support-tickets")?.fixed_split()?;
    /// let report = parts.train.drift(&parts.test, &DriftConfig::default())?;
    /// assert_eq!(report.verdict(), DriftVerdict::Stable);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn drift(&self, current: &Self, config: &DriftConfig) -> Result<DriftReport> {
        let columns = self.drift_columns(current, config.classifier.seed)?;
        DriftReport::new(self.drift_names(current), &columns, None, config)
    }

    /// The same with one more feature, `embeddings`: whether a classifier can tell the two sets' vectors apart.
    /// `vectors` and `current_vectors` hold one row for each text, sentence embeddings of one encoder for example.
    ///
    /// # Errors
    /// Those of [`drift`](Self::drift), when there is not one vector for each text, and those of
    /// [`ClassifierTest::compare`](super::ClassifierTest::compare).
    ///
    /// ```no_run
    /// use tunebook::data::DriftConfig;
    /// use tunebook::prelude::*;
    ///
    /// let parts = TextDataset::embedded("support-tickets")?.fixed_split()?;
    /// let encoder = TextEncoder::from_pretrained(Pretrained::embedded())?;
    /// let embed = |data: &TextDataset| -> Result<Vec<Vec<f32>>> {
    ///     let texts: Vec<&str> = data.texts().iter().map(String::as_str).collect();
    ///     Ok(encoder.embed(&texts)?.to_vec2()?)
    /// };
    /// let (before, after) = (embed(&parts.train)?, embed(&parts.test)?);
    /// println!("{}", parts.train.drift_with_vectors(&parts.test, &before, &after, &DriftConfig::default())?);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn drift_with_vectors(
        &self,
        current: &Self,
        vectors: &[Vec<f32>],
        current_vectors: &[Vec<f32>],
        config: &DriftConfig,
    ) -> Result<DriftReport> {
        for (data, vectors) in [(self, vectors), (current, current_vectors)] {
            if vectors.len() != data.len() {
                return Err(Error::input(
                    data.name(),
                    format!("{} vectors for {} texts", vectors.len(), data.len()),
                    "give one vector for each text, in row order",
                ));
            }
        }
        let columns = self.drift_columns(current, config.classifier.seed)?;
        let apart = config.classifier.compare(vectors, current_vectors)?;
        DriftReport::new(self.drift_names(current), &columns, Some(("embeddings", apart)), config)
    }

    /// The sets' names, which may be one and the same for two parts of a set.
    fn drift_names<'a>(&'a self, current: &'a Self) -> [&'a str; 2] {
        if self.name() == current.name() { ["the reference", "the current set"] } else { [self.name(), current.name()] }
    }

    fn drift_columns(&self, current: &Self, seed: u64) -> Result<Vec<DriftColumn>> {
        for (data, which) in [(self, "reference"), (current, "current set")] {
            if data.is_empty() {
                return Err(Error::input(data.name(), format!("the {which} has no rows"), "give one row at least"));
            }
        }
        let lengths =
            |data: &Self| -> Vec<f64> { data.texts().iter().map(|text| text.chars().count() as f64).collect() };
        let labels = |data: &Self| -> Vec<String> {
            data.labels().iter().map(|&label| data.label_name(label).to_owned()).collect()
        };
        let mut columns = vec![
            DriftColumn::numeric("length", &lengths(self), &lengths(current)),
            DriftColumn::categorical("label", &labels(self), &labels(current)),
        ];
        if self.len() > 1 {
            let (own, other): (Vec<_>, Vec<_>) =
                rayon::join(|| words_of_texts(self.texts()), || words_of_texts(current.texts()));
            let mut order: Vec<usize> = (0..self.len()).collect();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
            let (known, held_out) = order.split_at(self.len() / 2);
            let vocabulary: HashSet<&str> = known.iter().flat_map(|&row| &own[row]).map(String::as_str).collect();
            let unknown = |words: &Vec<String>| {
                let unknown = words.iter().filter(|word| !vocabulary.contains(word.as_str())).count();
                unknown as f64 / words.len().max(1) as f64
            };
            let before: Vec<f64> = held_out.iter().map(|&row| unknown(&own[row])).collect();
            let after: Vec<f64> = other.iter().map(unknown).collect();
            columns.push(DriftColumn::numeric("unknown words", &before, &after));
        }
        Ok(columns)
    }
}

/// The words of each text: runs of letters and digits, in lower case.
fn words_of_texts(texts: &[String]) -> Vec<Vec<String>> {
    let words = |text: &String| -> Vec<String> {
        let text = comparable_text(text);
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    texts.par_iter().map(words).collect()
}

//! Rows whose label may be wrong, found with predictions that did not see the row.
//!
//! `estimate.rs` holds the fit: how often labels are wrong, and the chance of each row. This file asks it about a data set
//! and tells what came out.

mod estimate;

#[cfg(test)]
mod tests;

use std::fmt;

use self::estimate::{Fit, Likelihood};
use super::probe::{ProbeConfig, check_vectors, cross_validated_probabilities, most_probable};
use crate::data::TextDataset;
use crate::metrics::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::words::{excerpt, part_of};
use crate::{Error, Result};

/// How far the probabilities of a row may be from a sum of 1: single precision over many labels.
const SUM_TOLERANCE: f32 = 1e-3;

/// Suspects that a display shows.
const SHOWN: usize = 10;

/// How out-of-fold probabilities are made from vectors.
///
/// ```
/// use tunebook::data::LabelNoiseSearch;
/// use tunebook::prelude::*;
///
/// let data = TextDataset::embedded("support-tickets")?.few_shot(6, 42)?;
/// let encoder = TextEncoder::from_pretrained(Pretrained::embedded())?;
/// let texts: Vec<&str> = data.texts().iter().map(String::as_str).collect();
/// let vectors = encoder.embed(&texts)?.to_vec2::<f32>()?;
/// let noise = data.label_noise_from_vectors(&vectors, &LabelNoiseSearch { folds: 3, ..Default::default() })?;
/// for suspect in noise.suspects() {
///     println!("{}: {} or {}?", suspect.text, noise.label_name(suspect.given), noise.label_name(suspect.suggested));
/// }
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelNoiseSearch {
    /// The parts of the cross-validation, 2 or more; 5 by default.
    pub folds: usize,
    /// The seed that deals the rows to the folds.
    pub seed: u64,
    /// The probe's settings.
    pub probe: ProbeConfig,
    /// Whether vectors are scaled to length 1 first; on by default. The probe's penalty is made for numbers of that size:
    /// on longer vectors it is too sure of itself, and right rows look wrong.
    pub unit_length: bool,
}

impl Default for LabelNoiseSearch {
    fn default() -> Self {
        Self { folds: 5, seed: 42, probe: ProbeConfig::default(), unit_length: true }
    }
}

/// A row whose label is more suspect than others.
///
/// ```
/// use tunebook::data::TextDataset;
///
/// let texts = ["disk full", "the disk", "bill", "invoice"].map(String::from).to_vec();
/// let names = ["storage", "billing"].map(String::from).to_vec();
/// let data = TextDataset::new("tickets", texts, vec![0, 1, 1, 1], names)?;
/// // Probabilities that models gave which had not seen the row.
/// let noise = data.label_noise(&[vec![0.9, 0.1], vec![0.95, 0.05], vec![0.1, 0.9], vec![0.2, 0.8]])?;
/// let suspect = &noise.suspects()[0];
/// assert_eq!((suspect.row, suspect.given, suspect.suggested), (1, 1, 0));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LabelSuspect {
    /// The row in the data set.
    pub row: usize,
    /// The row's id.
    pub id: String,
    /// The row's text.
    pub text: String,
    /// The label it has: an index into the label names.
    pub given: usize,
    /// The label that is the most probable one if the given label is wrong.
    pub suggested: usize,
    /// The chance that the given label is wrong, 0 to 1; the suspects stand in its order.
    pub chance_wrong: f64,
    /// The calibrated probability of the given label, 0 to 1.
    pub self_confidence: f64,
    /// The calibrated probability of the suggested label, 0 to 1.
    pub suggested_confidence: f64,
}

impl LabelSuspect {
    /// The normalised margin, -1 to 1: the calibrated probability of the given label less that of the suggested one.
    pub fn margin(&self) -> f64 {
        self.self_confidence - self.suggested_confidence
    }
}

/// How often the labels of a data set are wrong, and which rows to read first.
///
/// A model that misses four rows of ten disagrees with four labels of ten, and most of these labels are right: to count
/// disagreements, as confident learning does (Northcutt, Jiang and Chuang 2021), measures the model. What gives wrong labels
/// away is that rows of which the model is sure do not get rarer among the disagreements. So two numbers are fitted to
/// the predictions together, by maximum likelihood: a temperature that makes them say how sure they may be (Guo and others
/// 2017, "On Calibration of Modern Neural Networks"), and the share of labels that are wrong, each of the other labels with
/// the same chance (the forward model of Patrini and others 2017, "Making Deep Neural Networks Robust to Label Noise"). The
/// interval of the share is that of its profile likelihood.
///
/// By Bayes' rule the two give each row its chance to be labelled wrong. The suspects are the rows with the largest
/// chances, as many as wrong labels are estimated (the paper's pruning by noise rate), without those whose given label is
/// the most probable. Their chances add up to how many of them are expected to be wrong, which is fewer than all: a
/// suspect is a row to read, not a row to drop. A weak model finds fewer, and says so.
///
/// ```
/// use tunebook::data::TextDataset;
///
/// let texts = ["a", "b", "c", "d", "e"].map(String::from).to_vec();
/// let data = TextDataset::new("moods", texts, vec![0, 0, 0, 1, 1], vec!["happy".into(), "angry".into()])?;
/// // Probabilities of models that did not see the row: "c" is labelled happy and looks angry.
/// let probabilities = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]].map(|row| row.to_vec());
/// let noise = data.label_noise(&probabilities)?;
/// assert_eq!((noise.suspects()[0].id.as_str(), noise.suspects()[0].suggested), ("2", 1));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LabelNoise {
    name: String,
    rows: usize,
    label_names: Vec<String>,
    /// Every row whose given label is not the most probable one, the most suspect first.
    ranked: Vec<LabelSuspect>,
    /// How many of them are suspects.
    suspects: usize,
    joint: Vec<Vec<f64>>,
    fit: Fit,
}

impl TextDataset {
    /// Label errors from `probabilities`: one row for each text, one column for each label, made by models that did not see
    /// the row (cross-validation). See [`LabelNoise`] for the method and an example.
    ///
    /// # Errors
    /// When there are no rows, not one row of probabilities for each text, not one column for each label, or a row is no
    /// probability distribution.
    pub fn label_noise(&self, probabilities: &[Vec<f32>]) -> Result<LabelNoise> {
        self.check_probabilities(probabilities)?;
        let likelihood = Likelihood::new(probabilities, self.labels());
        let fit = likelihood.fit();
        let names = self.label_names();
        let mut joint = vec![vec![0.0; names.len()]; names.len()];
        let mut ranked = Vec::new();
        for (row, &given) in self.labels().iter().enumerate() {
            let chances = likelihood.row(row, &fit);
            for (sum, chance) in joint[given].iter_mut().zip(&chances.true_label) {
                *sum += chance / self.len() as f64;
            }
            let suggested = most_probable(&probabilities[row]);
            if suggested != given {
                ranked.push(LabelSuspect {
                    row,
                    id: self.ids()[row].clone(),
                    text: self.texts()[row].clone(),
                    given,
                    suggested,
                    chance_wrong: 1.0 - chances.true_label[given],
                    self_confidence: chances.calibrated[given],
                    suggested_confidence: chances.calibrated[suggested],
                });
            }
        }
        ranked.sort_by(|a, b| b.chance_wrong.total_cmp(&a.chance_wrong).then(a.row.cmp(&b.row)));
        let suspects = ranked.len().min((fit.rate * self.len() as f64).round() as usize);
        Ok(LabelNoise {
            name: self.name().to_owned(),
            rows: self.len(),
            label_names: names,
            ranked,
            suspects,
            joint,
            fit,
        })
    }

    /// Label errors from `vectors`: one for each text, sentence embeddings for example. A
    /// [`LogisticProbe`](super::LogisticProbe) predicts each row from the others by cross-validation.
    ///
    /// # Errors
    /// When there is not one vector for each text, and those of [`cross_validated_probabilities`].
    ///
    /// ```no_run
    /// use tunebook::data::LabelNoiseSearch;
    /// use tunebook::prelude::*;
    ///
    /// let data = TextDataset::embedded("support-tickets")?;
    /// let texts: Vec<&str> = data.texts().iter().map(String::as_str).collect();
    /// let vectors = TextEncoder::from_pretrained(Pretrained::embedded())?.embed(&texts)?.to_vec2::<f32>()?;
    /// let noise = data.label_noise_from_vectors(&vectors, &LabelNoiseSearch::default())?;
    /// println!("{noise}");
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn label_noise_from_vectors(&self, vectors: &[Vec<f32>], search: &LabelNoiseSearch) -> Result<LabelNoise> {
        if vectors.len() != self.len() {
            return Err(Error::input(
                self.name(),
                format!("{} vectors for {} texts", vectors.len(), self.len()),
                "give one vector for each text, in row order",
            ));
        }
        check_vectors("vectors", vectors)?;
        let counts = self.label_counts();
        if let Some(label) = counts.iter().position(|&count| count > 0 && count < search.folds) {
            return Err(Error::input(
                self.name(),
                format!("label \"{}\" has {} rows, fewer than folds", self.label_name(label), counts[label]),
                format!("ask for fewer folds than {}, or leave the rare label out", search.folds),
            ));
        }
        let scaled: Vec<Vec<f32>>;
        let vectors = if search.unit_length {
            scaled = vectors.iter().map(|vector| unit_length(vector)).collect();
            &scaled
        } else {
            vectors
        };
        let probabilities = cross_validated_probabilities(
            vectors,
            self.labels(),
            counts.len(),
            search.folds,
            search.seed,
            &search.probe,
        )?;
        self.label_noise(&probabilities)
    }

    fn check_probabilities(&self, probabilities: &[Vec<f32>]) -> Result<()> {
        let labels = self.label_names().len();
        if self.is_empty() {
            return Err(Error::input(self.name(), "there are no rows to look at", "give one row at least"));
        }
        if probabilities.len() != self.len() {
            return Err(Error::input(
                self.name(),
                format!("{} rows of probabilities for {} texts", probabilities.len(), self.len()),
                "give one row for each text, in row order",
            ));
        }
        for (row, probabilities) in probabilities.iter().enumerate() {
            let place = || format!("probabilities of row {row}");
            if probabilities.len() != labels {
                let problem = format!("{} numbers for {labels} labels", probabilities.len());
                return Err(Error::input(place(), problem, "give one probability for each label"));
            }
            let sum: f32 = probabilities.iter().sum();
            let fits = |value: &f32| (-SUM_TOLERANCE..=1.0 + SUM_TOLERANCE).contains(value);
            if !probabilities.iter().all(fits) || (sum - 1.0).abs() > SUM_TOLERANCE {
                let problem = format!("they are not from 0 to 1 with the sum 1 (it is {sum})");
                return Err(Error::input(place(), problem, "pass probabilities, not logits: apply softmax first"));
            }
        }
        Ok(())
    }
}

/// The vector in the same direction of length 1; one of zeros stays.
fn unit_length(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|&number| f64::from(number).powi(2)).sum::<f64>().sqrt();
    if length == 0.0 { vector.to_vec() } else { vector.iter().map(|&x| (f64::from(x) / length) as f32).collect() }
}

impl LabelNoise {
    /// The suspects, the most suspect first.
    pub fn suspects(&self) -> &[LabelSuspect] {
        &self.ranked[..self.suspects]
    }

    /// Every row whose given label is not the most probable one, the most suspect first; [`suspects`](Self::suspects) are
    /// its beginning. The number of suspects is an estimate from few rows: whoever has the time to read more goes on here.
    ///
    /// ```
    /// use tunebook::data::TextDataset;
    ///
    /// let texts = ["a", "b", "c", "d", "e"].map(String::from).to_vec();
    /// let data = TextDataset::new("moods", texts, vec![0, 0, 0, 1, 1], vec!["happy".into(), "angry".into()])?;
    /// let probabilities = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.4, 0.6]].map(|row| row.to_vec());
    /// let noise = data.label_noise(&probabilities)?;
    /// assert!(noise.ranked().starts_with(noise.suspects()));
    /// assert_eq!(noise.ranked()[0].text, "c");
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn ranked(&self) -> &[LabelSuspect] {
        &self.ranked
    }

    /// The estimated joint distribution: the share of rows with the given label (first index) whose true label is the
    /// second index; all of it adds up to 1.
    pub fn joint(&self) -> &[Vec<f64>] {
        &self.joint
    }

    /// The estimated share of wrong labels, 0 to 1: what of the joint distribution lies off its diagonal.
    pub fn noise_rate(&self) -> f64 {
        self.fit.rate
    }

    /// The 95 % interval of the share of wrong labels. When it begins at 0, the predictions do not show that any label is
    /// wrong.
    pub fn noise_interval(&self) -> (f64, f64) {
        self.fit.interval
    }

    /// How many of the suspects are expected to have a wrong label: the sum of their chances.
    pub fn expected_wrong(&self) -> f64 {
        self.suspects().iter().map(|suspect| suspect.chance_wrong).sum()
    }

    /// The temperature that calibrates the probabilities: above 1 the model was too sure of itself, below 1 it was not sure
    /// enough.
    pub fn temperature(&self) -> f64 {
        self.fit.temperature
    }

    /// The name of a label, as in the data set.
    ///
    /// # Panics
    /// When `label` is not an index into the names.
    pub fn label_name(&self, label: usize) -> &str {
        &self.label_names[label]
    }

    /// The report as a rich value: a table of the first suspects, and the same as text.
    pub fn display(&self) -> Display {
        let mut table = HtmlTable::new(
            &format!("{}: labels to check", self.name),
            &["row", "given", "suggested", "chance to be wrong", "text"],
        );
        for suspect in self.suspects().iter().take(SHOWN) {
            let names = [suspect.given, suspect.suggested].map(|label| Cell::plain(self.label_name(label)));
            let [given, suggested] = names;
            let chance = Cell::plain(format!("{:.0} %", 100.0 * suspect.chance_wrong));
            table.row(&suspect.id, &[given, suggested, chance, Cell::plain(excerpt(&suspect.text, 80))], false);
        }
        Display::html(table.finish(&[self.summary()])).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    /// The estimate with its interval: `4.4 % (95 % interval: 1.0 to 9.1 %)`
    pub(super) fn rate_in_words(&self) -> String {
        let (lower, upper) = self.noise_interval();
        format!("{:.1} % (95 % interval: {:.1} to {:.1} %)", 100.0 * self.noise_rate(), 100.0 * lower, 100.0 * upper)
    }

    fn summary(&self) -> String {
        let rate = self.rate_in_words();
        if self.suspects == 0 {
            return format!("no row stands out; estimated share of wrong labels: {rate}");
        }
        let suspects = part_of(self.suspects, self.rows);
        let expected = self.expected_wrong();
        format!(
            "estimated share of wrong labels: {rate}. To read first: {suspects} rows, about {expected:.0} of which are \
             expected to be labelled wrong; the others are hard and right."
        )
    }
}

/// The estimated share of wrong labels, the number of suspects, and the ten most suspect rows.
impl fmt::Display for LabelNoise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.summary())?;
        for suspect in self.suspects().iter().take(SHOWN) {
            let (given, suggested) = (self.label_name(suspect.given), self.label_name(suspect.suggested));
            let (id, chance) = (&suspect.id, 100.0 * suspect.chance_wrong);
            write!(f, "\n  {chance:3.0} %  {id}: {given} -> {suggested}?  {}", excerpt(&suspect.text, 60))?;
        }
        Ok(())
    }
}

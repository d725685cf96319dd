//! Rows whose label is probably wrong: confident learning over predictions that did not see the row.

use std::collections::BTreeSet;
use std::fmt;

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
/// use tunebook::prelude::*;
/// use tunebook::data::LabelNoiseSearch;
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
}

impl Default for LabelNoiseSearch {
    fn default() -> Self {
        Self { folds: 5, seed: 42, probe: ProbeConfig::default() }
    }
}

/// A row whose label is probably wrong.
///
/// ```
/// use tunebook::data::TextDataset;
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
    /// The label it probably should have.
    pub suggested: usize,
    /// The probability of the given label, 0 to 1: the smaller, the more suspect.
    pub self_confidence: f64,
    /// The probability of the suggested label, 0 to 1.
    pub suggested_confidence: f64,
}

/// The label errors of a data set as confident learning sees them (Northcutt, Jiang and Chuang 2021, "Confident Learning:
/// Estimating Uncertainty in Dataset Labels").
///
/// A label's threshold is the mean probability of that label over the rows that have it. A row counts as confidently of a
/// label whose probability reaches the label's threshold; of several, as the most probable one. The suspects are the rows
/// that are confidently of another label than their own (the paper's prune method C̃ off the diagonal), by rising
/// self-confidence. The counts of given against confident labels, scaled to the given labels' shares, estimate the joint
/// distribution of given and true labels.
///
/// A suspect is a row to read, not a row to drop: hard but right rows are among them. The estimate is as good as the model
/// that made the probabilities: one that is often wrong, and sure of itself, makes far too many labels look wrong. The
/// order of the suspects suffers less.
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
    suspects: Vec<LabelSuspect>,
    joint: Vec<Vec<f64>>,
    thresholds: Vec<Option<f64>>,
}

impl TextDataset {
    /// Label errors by confident learning, from `probabilities`: one row for each text, one column for each label, made
    /// by models that did not see the row (cross-validation). See [`LabelNoise`] for the method and an example.
    ///
    /// # Errors
    /// When there are no rows, not one row of probabilities for each text, not one column for each label, or a row is no
    /// probability distribution.
    pub fn label_noise(&self, probabilities: &[Vec<f32>]) -> Result<LabelNoise> {
        self.check_probabilities(probabilities)?;
        let labels = self.label_names().len();
        let mut sums = vec![(0.0, 0_usize); labels];
        for (row, &label) in probabilities.iter().zip(self.labels()) {
            sums[label].0 += f64::from(row[label]);
            sums[label].1 += 1;
        }
        // A label without rows has no threshold, and no row is taken for it.
        let thresholds: Vec<Option<f64>> =
            sums.iter().map(|&(sum, count)| (count > 0).then(|| sum / count as f64)).collect();
        let mut counts = vec![vec![0_usize; labels]; labels];
        for (probabilities, &given) in probabilities.iter().zip(self.labels()) {
            if let Some(label) = confident_label(probabilities, &thresholds) {
                counts[given][label] += 1;
            }
        }
        let joint = joint(&counts, &self.label_counts());
        let mut suspects: Vec<LabelSuspect> = suspect_rows(&joint, probabilities, self.labels())
            .into_iter()
            .map(|row| {
                let (given, suggested) = (self.labels()[row], most_probable(&probabilities[row]));
                LabelSuspect {
                    row,
                    id: self.ids()[row].clone(),
                    text: self.texts()[row].clone(),
                    given,
                    suggested,
                    self_confidence: f64::from(probabilities[row][given]),
                    suggested_confidence: f64::from(probabilities[row][suggested]),
                }
            })
            .collect();
        suspects.sort_by(|a, b| a.self_confidence.total_cmp(&b.self_confidence).then(a.row.cmp(&b.row)));
        Ok(LabelNoise {
            name: self.name().to_owned(),
            rows: self.len(),
            label_names: self.label_names(),
            suspects,
            joint,
            thresholds,
        })
    }

    /// Label errors by confident learning, from `vectors`: one for each text, sentence embeddings for example. A
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

/// The most probable of the labels whose probability reaches their threshold.
fn confident_label(probabilities: &[f32], thresholds: &[Option<f64>]) -> Option<usize> {
    let mut confident: Option<usize> = None;
    for (label, &probability) in probabilities.iter().enumerate() {
        // The mean of equal numbers may round to just above them.
        let reached = thresholds[label].is_some_and(|threshold| f64::from(probability) >= threshold - 1e-9);
        if reached && confident.is_none_or(|best| probability > probabilities[best]) {
            confident = Some(label);
        }
    }
    confident
}

/// For each given and other label the rows with the largest margin, as many as the joint distribution says.
fn suspect_rows(joint: &[Vec<f64>], probabilities: &[Vec<f32>], labels: &[usize]) -> BTreeSet<usize> {
    let mut suspects = BTreeSet::new();
    for (given, shares) in joint.iter().enumerate() {
        let own: Vec<usize> = (0..labels.len()).filter(|&row| labels[row] == given).collect();
        for (other, share) in shares.iter().enumerate().filter(|(other, _)| *other != given) {
            let wanted = (share * labels.len() as f64).round() as usize;
            if wanted == 0 {
                continue;
            }
            let margin = |row: usize| probabilities[row][other] - probabilities[row][given];
            let mut by_margin = own.clone();
            by_margin.sort_by(|&a, &b| margin(b).total_cmp(&margin(a)).then(a.cmp(&b)));
            let likely = |row: &usize| most_probable(&probabilities[*row]) != given;
            suspects.extend(by_margin.into_iter().take(wanted).filter(likely));
        }
    }
    suspects
}

/// The confident counts with each row scaled to the label's number of rows, as shares of all; a label none of whose rows
/// is confident is taken to be right.
fn joint(counts: &[Vec<usize>], rows: &[usize]) -> Vec<Vec<f64>> {
    let all = rows.iter().sum::<usize>() as f64;
    counts
        .iter()
        .enumerate()
        .map(|(given, counts)| {
            let sum: usize = counts.iter().sum();
            let share = |(label, &count): (usize, &usize)| {
                let within = if sum == 0 { f64::from(label == given) } else { count as f64 / sum as f64 };
                within * rows[given] as f64 / all
            };
            counts.iter().enumerate().map(share).collect()
        })
        .collect()
}

impl LabelNoise {
    /// The suspects, the most suspect first.
    pub fn suspects(&self) -> &[LabelSuspect] {
        &self.suspects
    }

    /// The estimated joint distribution: the share of rows with the given label (first index) whose true label is the
    /// second index; all of it adds up to 1.
    pub fn joint(&self) -> &[Vec<f64>] {
        &self.joint
    }

    /// The estimated share of wrong labels, 0 to 1: what of the joint distribution lies off its diagonal.
    pub fn noise_rate(&self) -> f64 {
        let off = |(given, row): (usize, &Vec<f64>)| row.iter().sum::<f64>() - row[given];
        self.joint.iter().enumerate().map(off).sum::<f64>().max(0.0)
    }

    /// Each label's threshold: the mean probability of the label over its rows; none for a label without rows.
    pub fn thresholds(&self) -> &[Option<f64>] {
        &self.thresholds
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
            &["row", "given", "suggested", "confidence in given", "text"],
        );
        for suspect in self.suspects.iter().take(SHOWN) {
            let names = [suspect.given, suspect.suggested].map(|label| Cell::plain(self.label_name(label)));
            let [given, suggested] = names;
            let confidence = Cell::plain(format!("{:.3}", suspect.self_confidence));
            table.row(&suspect.id, &[given, suggested, confidence, Cell::plain(excerpt(&suspect.text, 80))], false);
        }
        Display::html(table.finish(&[self.summary()])).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    fn summary(&self) -> String {
        format!(
            "{} rows are suspect; estimated share of wrong labels: {:.1} %. Read them before you change a label: hard \
             rows with the right label are among them, and a weak model makes many rows look hard.",
            part_of(self.suspects.len(), self.rows),
            100.0 * self.noise_rate()
        )
    }
}

/// The number of suspects, the estimated share of wrong labels, and the ten most suspect rows.
impl fmt::Display for LabelNoise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.summary())?;
        for suspect in self.suspects.iter().take(SHOWN) {
            let (given, suggested) = (self.label_name(suspect.given), self.label_name(suspect.suggested));
            let (id, confidence) = (&suspect.id, suspect.self_confidence);
            write!(f, "\n  {confidence:.3}  {id}: {given} -> {suggested}?  {}", excerpt(&suspect.text, 60))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn data(labels: Vec<usize>, names: usize) -> TextDataset {
        let texts = (0..labels.len()).map(|row| format!("text {row}")).collect();
        TextDataset::new("made", texts, labels, (0..names).map(|name| format!("label {name}")).collect()).unwrap()
    }

    #[test]
    fn counts_thresholds_and_joint_are_those_worked_out_by_hand() {
        // Thresholds: label 0: (0.9 + 0.6 + 0.2 + 0.5) / 4 = 0.55; label 1: (0.8 + 0.6) / 2 = 0.7; label 2 has no rows.
        let rows = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.5, 0.5], [0.2, 0.8], [0.4, 0.6]];
        let rows: Vec<Vec<f32>> = rows.iter().map(|row| vec![row[0], row[1], 0.0]).collect();
        let noise = data(vec![0, 0, 0, 0, 1, 1], 3).label_noise(&rows).unwrap();
        assert!((noise.thresholds()[0].unwrap() - 0.55).abs() < 1e-6 && noise.thresholds()[2].is_none());
        // Confident counts: given 0: two as 0, one as 1 (row 3 reaches neither); given 1: one as 1.
        let expected = [[4.0 / 6.0 * 2.0 / 3.0, 4.0 / 6.0 / 3.0, 0.0], [0.0, 2.0 / 6.0, 0.0], [0.0; 3]];
        for (ours, expected) in noise.joint().iter().flatten().zip(expected.iter().flatten()) {
            assert!((ours - expected).abs() < 1e-12, "{:?}", noise.joint());
        }
        assert!((noise.noise_rate() - 4.0 / 18.0).abs() < 1e-12);
        let suspect = &noise.suspects()[0];
        assert_eq!((noise.suspects().len(), suspect.row, suspect.given, suspect.suggested), (1, 2, 0, 1));
        assert!((suspect.self_confidence - 0.2).abs() < 1e-6);
    }

    /// Three clouds of points, and labels of which some were changed.
    fn planted() -> (Vec<Vec<f32>>, TextDataset, Vec<usize>) {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let (mut vectors, mut labels, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..300 {
            let label = row % 3;
            let spread = |rng: &mut ChaCha8Rng| (0..4).map(|_| rng.random_range(-0.5_f32..0.5)).sum::<f32>();
            let mut vector: Vec<f32> = (0..6).map(|_| spread(&mut rng)).collect();
            vector[label] += 2.5;
            vectors.push(vector);
            if row % 20 == 4 {
                wrong.push(row);
                labels.push((label + 1) % 3);
            } else {
                labels.push(label);
            }
        }
        (vectors, data(labels, 3), wrong)
    }

    #[test]
    fn planted_errors_are_found_with_their_right_labels() {
        let (vectors, data, wrong) = planted();
        let noise = data.label_noise_from_vectors(&vectors, &LabelNoiseSearch::default()).unwrap();
        let mut first: Vec<usize> = noise.suspects().iter().take(wrong.len()).map(|suspect| suspect.row).collect();
        first.sort_unstable();
        let found = first.iter().filter(|row| wrong.contains(row)).count();
        assert!(found >= wrong.len() - 1, "{found} of {} planted rows: {first:?}", wrong.len());
        assert!(noise.suspects().len() <= wrong.len() + 6, "{} suspects", noise.suspects().len());
        let right = noise.suspects().iter().filter(|suspect| wrong.contains(&suspect.row));
        assert!(right.clone().all(|suspect| suspect.suggested == suspect.row % 3));
        let planted = wrong.len() as f64 / data.len() as f64;
        assert!((noise.noise_rate() - planted).abs() < 0.03, "{} {planted}", noise.noise_rate());
        assert_eq!(noise, data.label_noise_from_vectors(&vectors, &LabelNoiseSearch::default()).unwrap());
        assert!(noise.display().get("text/html").unwrap().contains("labels to check"));
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        let two = data(vec![0, 1], 2);
        let error = |rows: &[Vec<f32>]| two.label_noise(rows).unwrap_err().to_string();
        assert!(error(&[vec![1.0, 0.0]]).contains("1 rows of probabilities for 2 texts"));
        assert!(error(&[vec![1.0, 0.0], vec![1.0]]).contains("1 numbers for 2 labels"));
        assert!(error(&[vec![1.0, 0.0], vec![3.0, -2.0]]).contains("row 1"));
        assert!(error(&[vec![f32::NAN, 0.0], vec![1.0, 0.0]]).contains("row 0"));
        assert!(data(vec![], 2).label_noise(&[]).unwrap_err().to_string().contains("no rows"));
        let search = LabelNoiseSearch::default();
        let message = two.label_noise_from_vectors(&[vec![1.0], vec![2.0]], &search).unwrap_err().to_string();
        assert!(message.contains("label \"label 0\" has 1 rows"), "{message}");
        let message = two.label_noise_from_vectors(&[vec![1.0]], &search).unwrap_err().to_string();
        assert!(message.contains("1 vectors for 2 texts"), "{message}");
    }
}

//! Logistic regression on vectors: how much a simple model can read from them.
//!
//! The probe serves the checks of this folder ([`label_noise`](super::label_noise), [`drift`](super::drift)) and stands
//! for itself: a linear probe on sentence embeddings is the first thing to try before any fine-tuning. The minimizer lies
//! in `lbfgs.rs`.

use std::fmt;

use rayon::prelude::*;

use super::lbfgs::{self, Objective};
use super::split::shuffled_by_class;
use crate::data::bag_of_words::SparseRow;
use crate::notebook::Display;
use crate::sums::dot;
use crate::{Error, Result};

/// Rows handled by one task, at least. Tasks are the same for any number of threads, so that sums are too.
const ROWS_PER_TASK: usize = 256;

/// The settings of a [`LogisticProbe`]; the defaults are scikit-learn's.
///
/// ```
/// use tunebook::data::{LogisticProbe, ProbeConfig};
/// let vectors = [vec![0.0f32], vec![1.0], vec![4.0], vec![5.0]];
/// let weak = ProbeConfig { c: 0.01, ..ProbeConfig::default() };
/// let slope = |config| Ok::<_, tunebook::Error>(LogisticProbe::fit(&vectors, &[0, 0, 1, 1], 2, config)?.coefficients()[0][0].abs());
/// assert!(slope(&weak)? < slope(&ProbeConfig::default())?); // a stronger penalty, smaller coefficients
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProbeConfig {
    /// The inverse strength of the L2 penalty, above 0: the summed cross-entropy times `c`, plus half the squared
    /// coefficients, is made smallest. Intercepts pay no penalty.
    pub c: f64,
    /// Training ends when no derivative of the mean loss is larger than this, above 0.
    pub tolerance: f64,
    /// Training ends after so many steps at the latest.
    pub max_iterations: usize,
}

impl Default for ProbeConfig {
    fn default() -> Self {
        Self { c: 1.0, tolerance: 1e-4, max_iterations: 1000 }
    }
}

impl ProbeConfig {
    fn check(&self) -> Result<()> {
        for (name, value, example) in [("c", self.c, 1.0), ("tolerance", self.tolerance, 1e-4)] {
            if !value.is_finite() || value <= 0.0 {
                let problem = format!("{value} is not a finite number above 0");
                return Err(Error::input(name, problem, format!("the default is {example}")));
            }
        }
        Ok(())
    }
}

/// Multinomial logistic regression with an L2 penalty, fitted by L-BFGS over all rows at once: scikit-learn's
/// `LogisticRegression`, which it agrees with (two classes share one vector of coefficients, as there).
///
/// Deterministic: no random start, and sums in the same order for any number of threads.
///
/// ```
/// use tunebook::data::{LogisticProbe, ProbeConfig};
///
/// let vectors = vec![vec![0.0, 1.0], vec![0.2, 0.9], vec![1.0, 0.1], vec![0.8, 0.0]];
/// let probe = LogisticProbe::fit(&vectors, &[0, 0, 1, 1], 2, &ProbeConfig::default())?;
/// assert_eq!(probe.predict(&vectors)?, [0, 0, 1, 1]);
/// assert!(probe.probabilities(&vectors)?[0][0] > 0.5);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticProbe {
    /// How many columns the probabilities have.
    columns: usize,
    /// The classes that occurred in training, ascending.
    classes: Vec<usize>,
    coefficients: Vec<Vec<f64>>,
    intercepts: Vec<f64>,
    iterations: usize,
    converged: bool,
}

impl LogisticProbe {
    /// Fits a probe to `vectors` (rows of one width, finite) with one label each, from 0 to below `classes`.
    ///
    /// A class without rows is never predicted: its probability is 0. Columns of very different sizes slow the fit down;
    /// scale them before.
    ///
    /// # Errors
    /// When there are no rows, not one label for each row, fewer than two classes among the labels, a label out of
    /// range, a row of another width or with a number that is not finite, or a setting that is not above 0.
    pub fn fit(vectors: &[Vec<f32>], labels: &[usize], classes: usize, config: &ProbeConfig) -> Result<Self> {
        config.check()?;
        let width = check_vectors("vectors", vectors)?;
        check_labels(vectors.len(), labels, classes)?;
        let rows: Vec<usize> = (0..labels.len()).collect();
        Self::fit_rows(vectors, labels, &rows, width, classes, config)
    }

    /// The same for rows of `width` numbers of which only those that are not 0 are there: few sums for many columns.
    pub(super) fn fit_sparse(
        rows: &[SparseRow],
        width: usize,
        labels: &[usize],
        classes: usize,
        config: &ProbeConfig,
    ) -> Result<Self> {
        config.check()?;
        check_labels(rows.len(), labels, classes)?;
        let samples = rows.iter().zip(labels).map(|(row, &label)| (Numbers::Sparse(row), label)).collect();
        Self::fit_samples(samples, width, classes, config)
    }

    /// The same over some of the rows, all checked before.
    fn fit_rows(
        vectors: &[Vec<f32>],
        labels: &[usize],
        rows: &[usize],
        width: usize,
        columns: usize,
        config: &ProbeConfig,
    ) -> Result<Self> {
        let samples = rows.iter().map(|&row| (Numbers::Dense(&vectors[row]), labels[row])).collect();
        Self::fit_samples(samples, width, columns, config)
    }

    /// The same over rows with their labels.
    fn fit_samples(
        mut samples: Vec<(Numbers<'_>, usize)>,
        width: usize,
        columns: usize,
        config: &ProbeConfig,
    ) -> Result<Self> {
        let mut classes: Vec<usize> = samples.iter().map(|(_, label)| *label).collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.len() < 2 {
            return Err(Error::input(
                "labels",
                "all rows have the same class, so there is nothing to tell apart",
                "give rows of two classes at least",
            ));
        }
        for (_, label) in &mut samples {
            *label = classes.partition_point(|class| *class < *label);
        }
        let outputs = if classes.len() == 2 { 1 } else { classes.len() };
        let penalty = 1.0 / (config.c * samples.len() as f64);
        let loss = CrossEntropy { samples, width, outputs, penalty };
        let start = vec![0.0; outputs * (width + 1)];
        let found = lbfgs::minimize(&loss, start, config.tolerance, config.max_iterations);
        let weights = found.point.chunks_exact(width + 1);
        Ok(Self {
            columns,
            classes,
            coefficients: weights.clone().map(|weights| weights[..width].to_vec()).collect(),
            intercepts: weights.map(|weights| weights[width]).collect(),
            iterations: found.iterations,
            converged: found.converged,
        })
    }

    /// One row of probabilities for each vector, one column for each class; the sum of a row is 1.
    ///
    /// # Errors
    /// When a vector has another width than those of training, or a number that is not finite.
    pub fn probabilities(&self, vectors: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        if vectors.is_empty() {
            return Ok(Vec::new());
        }
        let (width, expected) = (check_vectors("vectors", vectors)?, self.coefficients[0].len());
        if width != expected {
            return Err(Error::input(
                "vectors",
                format!("{width} numbers a row, the probe was fitted to {expected}"),
                "embed the texts with the same encoder",
            ));
        }
        Ok(vectors.par_iter().map(|vector| self.row(Numbers::Dense(vector))).collect())
    }

    /// The same for rows as [`fit_sparse`](Self::fit_sparse) takes them.
    pub(super) fn probabilities_sparse(&self, rows: &[SparseRow]) -> Vec<Vec<f32>> {
        rows.par_iter().map(|row| self.row(Numbers::Sparse(row))).collect()
    }

    /// The most probable class of each vector, the first of equals.
    ///
    /// # Errors
    /// Those of [`probabilities`](Self::probabilities).
    pub fn predict(&self, vectors: &[Vec<f32>]) -> Result<Vec<usize>> {
        Ok(self.probabilities(vectors)?.iter().map(|row| most_probable(row)).collect())
    }

    /// The coefficients, one row for each class of [`classes`](Self::classes), one column for each number of a vector;
    /// with two classes a single row, for the second (scikit-learn's `coef_`).
    pub fn coefficients(&self) -> &[Vec<f64>] {
        &self.coefficients
    }

    /// The intercepts, one for each row of [`coefficients`](Self::coefficients) (scikit-learn's `intercept_`).
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// The classes that occurred in training, ascending.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// How many steps the fit took.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Whether the fit reached its tolerance; if not, give it more iterations, or scale the columns.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// What evcxr calls when this value is the last expression of a cell: one line.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }

    fn row(&self, vector: Numbers<'_>) -> Vec<f32> {
        let scores: Vec<f64> = self
            .coefficients
            .iter()
            .zip(&self.intercepts)
            .map(|(weights, intercept)| vector.times(weights) + intercept)
            .collect();
        let mut probabilities = vec![0.0; self.columns];
        for (&class, probability) in self.classes.iter().zip(class_probabilities(&scores).0) {
            probabilities[class] = probability as f32;
        }
        probabilities
    }
}

/// One line: `a logistic probe of 8 classes on 384 numbers a row, fitted in 31 steps`
impl fmt::Display for LogisticProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (classes, width) = (self.classes.len(), self.coefficients[0].len());
        let end = if self.converged { "fitted" } else { "not at its tolerance" };
        write!(f, "a logistic probe of {classes} classes on {width} numbers a row, {end} in {} steps", self.iterations)
    }
}

/// The probabilities of every row from a probe that did not see it: the rows, stratified by label and shuffled by
/// `seed`, in `folds` parts, each predicted by a probe fitted to the others. scikit-learn's `cross_val_predict` with
/// `method="predict_proba"`. Probes are fitted one after the other, each on all threads.
///
/// # Errors
/// Those of [`LogisticProbe::fit`], for fewer than two folds, and when a class that occurs has fewer rows than folds.
///
/// ```
/// use tunebook::data::{ProbeConfig, cross_validated_probabilities};
///
/// let vectors: Vec<Vec<f32>> = (0..20).map(|row| vec![row as f32, 1.0]).collect();
/// let labels: Vec<usize> = (0..20).map(|row| usize::from(row >= 10)).collect();
/// let rows = cross_validated_probabilities(&vectors, &labels, 2, 5, 42, &ProbeConfig::default())?;
/// assert!(rows[0][0] > 0.9 && rows[19][1] > 0.9);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn cross_validated_probabilities(
    vectors: &[Vec<f32>],
    labels: &[usize],
    classes: usize,
    folds: usize,
    seed: u64,
    config: &ProbeConfig,
) -> Result<Vec<Vec<f32>>> {
    config.check()?;
    let width = check_vectors("vectors", vectors)?;
    check_labels(vectors.len(), labels, classes)?;
    if folds < 2 {
        return Err(Error::input("folds", format!("{folds} folds hold nothing out"), "ask for 2 or more, often 5"));
    }
    let by_class = shuffled_by_class(labels, classes, seed);
    if let Some(class) = by_class.iter().position(|rows| !rows.is_empty() && rows.len() < folds) {
        return Err(Error::input(
            format!("class {class}"),
            format!("{} rows cannot fill {folds} folds", by_class[class].len()),
            "ask for fewer folds, or leave the class out",
        ));
    }
    let mut fold_of = vec![0; labels.len()];
    for (place, row) in by_class.into_iter().flatten().enumerate() {
        fold_of[row] = place % folds;
    }
    let mut probabilities = vec![Vec::new(); labels.len()];
    for fold in 0..folds {
        let (held_out, others): (Vec<usize>, Vec<usize>) = (0..labels.len()).partition(|&row| fold_of[row] == fold);
        let probe = LogisticProbe::fit_rows(vectors, labels, &others, width, classes, config)?;
        for row in held_out {
            probabilities[row] = probe.row(Numbers::Dense(&vectors[row]));
        }
    }
    Ok(probabilities)
}

/// The place of the largest number, the first of equals.
pub(super) fn most_probable(row: &[f32]) -> usize {
    let mut best = 0;
    for (class, &probability) in row.iter().enumerate() {
        if probability > row[best] {
            best = class;
        }
    }
    best
}

/// The width of rows that a probe can read; `what` names them in an error.
pub(super) fn check_vectors(what: &str, vectors: &[Vec<f32>]) -> Result<usize> {
    let width = vectors.first().map_or(0, Vec::len);
    if width == 0 {
        return Err(Error::input(what, "there are no numbers to read", "give a row of numbers for each text"));
    }
    for (row, vector) in vectors.iter().enumerate() {
        let place = || format!("{what}, row {row}");
        if vector.len() != width {
            let problem = format!("{} numbers, and row 0 has {width}", vector.len());
            return Err(Error::input(place(), problem, "give rows of one width"));
        }
        if let Some(value) = vector.iter().find(|value| !value.is_finite()) {
            let problem = format!("{value} is not a finite number");
            return Err(Error::input(place(), problem, "drop the row, or find out why it has no number"));
        }
    }
    Ok(width)
}

fn check_labels(rows: usize, labels: &[usize], classes: usize) -> Result<()> {
    if labels.len() != rows {
        let problem = format!("{} labels for {rows} vectors", labels.len());
        return Err(Error::input("labels", problem, "give one label for each vector, in the same order"));
    }
    match labels.iter().position(|&label| label >= classes) {
        None => Ok(()),
        Some(row) => Err(Error::input(
            format!("label of row {row}"),
            format!("class {} of {classes} classes, numbered from 0", labels[row]),
            "give the right number of classes",
        )),
    }
}

/// The numbers of one sample.
#[derive(Clone, Copy)]
enum Numbers<'a> {
    Dense(&'a [f32]),
    /// Those that are not 0, with their columns.
    Sparse(&'a [(usize, f64)]),
}

impl Numbers<'_> {
    /// The sum of the products with one weight for each column.
    fn times(self, weights: &[f64]) -> f64 {
        match self {
            Self::Dense(numbers) => dot(weights, numbers),
            Self::Sparse(numbers) => numbers.iter().map(|&(column, number)| weights[column] * number).sum(),
        }
    }

    /// Adds these numbers, times `factor`, to one sum for each column.
    fn add_to(self, sums: &mut [f64], factor: f64) {
        match self {
            Self::Dense(numbers) => {
                for (sum, &number) in sums.iter_mut().zip(numbers) {
                    *sum += factor * f64::from(number);
                }
            }
            Self::Sparse(numbers) => {
                for &(column, number) in numbers {
                    sums[column] += factor * number;
                }
            }
        }
    }
}

/// The mean cross-entropy over the samples, plus the penalty on coefficients.
struct CrossEntropy<'a> {
    /// Each sample's numbers and its class: a place among the classes that occur.
    samples: Vec<(Numbers<'a>, usize)>,
    width: usize,
    /// Rows of weights: 1 for two classes.
    outputs: usize,
    /// What half the squared coefficients weigh.
    penalty: f64,
}

impl Objective for CrossEntropy<'_> {
    /// `weights`: for each output its coefficients, then its intercept.
    fn value_and_gradient(&self, weights: &[f64]) -> (f64, Vec<f64>) {
        let (count, stride) = (self.samples.len(), self.width + 1);
        let parts: Vec<(f64, Vec<f64>)> = self
            .samples
            .par_chunks(ROWS_PER_TASK.max(count.div_ceil(64)))
            .map(|samples| {
                let (mut loss, mut gradient) = (0.0, vec![0.0; weights.len()]);
                let mut scores = vec![0.0; self.outputs];
                for &(vector, class) in samples {
                    for (score, weights) in scores.iter_mut().zip(weights.chunks_exact(stride)) {
                        *score = vector.times(&weights[..self.width]) + weights[self.width];
                    }
                    let (probabilities, log_sum) = class_probabilities(&scores);
                    // With one output the first class has the score 0.
                    let own = if self.outputs == 1 { class as f64 * scores[0] } else { scores[class] };
                    loss += log_sum - own;
                    let skipped = usize::from(self.outputs == 1);
                    for (output, gradient) in gradient.chunks_exact_mut(stride).enumerate() {
                        let error = probabilities[output + skipped] - f64::from(output + skipped == class);
                        vector.add_to(&mut gradient[..self.width], error);
                        gradient[self.width] += error;
                    }
                }
                (loss, gradient)
            })
            .collect();
        let (mut value, mut gradient) = (0.0, vec![0.0; weights.len()]);
        for (loss, part) in &parts {
            value += loss / count as f64;
            for (sum, slope) in gradient.iter_mut().zip(part) {
                *sum += slope / count as f64;
            }
        }
        for (slopes, weights) in gradient.chunks_exact_mut(stride).zip(weights.chunks_exact(stride)) {
            for (slope, weight) in slopes.iter_mut().zip(&weights[..self.width]) {
                value += 0.5 * self.penalty * weight * weight;
                *slope += self.penalty * weight;
            }
        }
        (value, gradient)
    }
}

/// The softmax of the scores, and the logarithm of its denominator; a single score is that of the second of two classes,
/// and the first has the score 0.
fn class_probabilities(scores: &[f64]) -> (Vec<f64>, f64) {
    let mut probabilities = if scores.len() == 1 { vec![0.0, scores[0]] } else { scores.to_vec() };
    let most = probabilities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for probability in &mut probabilities {
        *probability = (*probability - most).exp();
        sum += *probability;
    }
    for probability in &mut probabilities {
        *probability /= sum;
    }
    (probabilities, most + sum.ln())
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;

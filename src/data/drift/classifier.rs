//! The classifier two-sample test: can a classifier tell the two sets apart?

use std::fmt;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::two_sample::p_value;
use crate::data::probe::{ProbeConfig, check_vectors, cross_validated_probabilities, most_probable};
use crate::metrics::chance_of_heads;
use crate::notebook::Display;
use crate::{Error, Result};

/// The settings of a classifier two-sample test (Lopez-Paz and Oquab 2017, "Revisiting Classifier Two-Sample Tests").
///
/// A [`LogisticProbe`](crate::data::LogisticProbe) learns to say which set a vector is from. If both sets are of one
/// distribution, it is right about half of the time on vectors that it did not see; the accuracy is the effect's size, and
/// the chance of so many hits by throwing a coin is the p-value. The paper holds one half out; here each vector is held out
/// once by cross-validation, which uses all of them, at the price that hits are not quite independent. Permutations of the
/// sets give a p-value without that flaw, each for the price of one test.
///
/// ```
/// use tunebook::data::drift::ClassifierTest;
///
/// let before: Vec<Vec<f32>> = (0..40).map(|row| vec![(row % 7) as f32, 1.0]).collect();
/// let after: Vec<Vec<f32>> = (0..40).map(|row| vec![(row % 7) as f32, 4.0]).collect();
/// let result = ClassifierTest::default().compare(&before, &after)?;
/// assert!(result.accuracy > 0.9 && result.p_value < 0.001);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassifierTest {
    /// The parts of the cross-validation, 2 or more; 5 by default.
    pub folds: usize,
    /// At most so many vectors of each set are used, drawn by the seed; 1,000 by default. Both sets give equally many, so
    /// that chance is right half of the time.
    pub max_rows: usize,
    /// How many times the sets are mixed for the p-value; with 0, the default, it is the binomial one. 99 are enough for
    /// a level of 0.01.
    pub permutations: usize,
    /// The seed of the draw, the folds and the permutations.
    pub seed: u64,
    /// The probe's settings.
    pub probe: ProbeConfig,
}

impl Default for ClassifierTest {
    fn default() -> Self {
        Self { folds: 5, max_rows: 1000, permutations: 0, seed: 42, probe: ProbeConfig::default() }
    }
}

/// What a [`ClassifierTest`] found.
///
/// ```
/// use tunebook::data::ClassifierTest;
/// let vectors: Vec<Vec<f32>> = (0..40).map(|row| vec![(row * 7 % 11) as f32]).collect();
/// let result = ClassifierTest::default().compare(&vectors[..20], &vectors[20..])?;
/// assert!(result.rows == 20 && (0.0..=1.0).contains(&result.p_value));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassifierTestResult {
    /// The share of held-out vectors whose set was told right: about 0.5 for sets of one distribution, 1 for sets apart.
    pub accuracy: f64,
    /// The chance of such an accuracy when both sets are of one distribution, 0 to 1.
    pub p_value: f64,
    /// How many vectors of each set were used.
    pub rows: usize,
}

impl ClassifierTestResult {
    /// What evcxr calls when this value is the last expression of a cell: one line.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: `told apart with accuracy 0.93 (chance 0.50), p < 0.0001, 96 vectors of each set`
impl fmt::Display for ClassifierTestResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (accuracy, p, rows) = (self.accuracy, p_value(self.p_value), self.rows);
        write!(f, "told apart with accuracy {accuracy:.2} (chance 0.50), p {p}, {rows} vectors of each set")
    }
}

impl ClassifierTest {
    /// Tests whether two sets of vectors, of one width, are of one distribution.
    ///
    /// # Errors
    /// When a set has fewer vectors than folds, the widths differ, a number is not finite, or a setting makes no sense.
    pub fn compare(&self, reference: &[Vec<f32>], current: &[Vec<f32>]) -> Result<ClassifierTestResult> {
        let widths = (check_vectors("reference vectors", reference)?, check_vectors("current vectors", current)?);
        if widths.0 != widths.1 {
            return Err(Error::input(
                "current vectors",
                format!("{} numbers a row, the reference has {}", widths.1, widths.0),
                "embed both sets with the same encoder",
            ));
        }
        let rows = reference.len().min(current.len()).min(self.max_rows);
        if rows < self.folds {
            return Err(Error::input(
                "classifier test",
                format!("{rows} vectors of each set cannot fill {} folds", self.folds),
                "give more vectors, or ask for fewer folds or more rows",
            ));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut vectors: Vec<Vec<f32>> = Vec::with_capacity(2 * rows);
        for set in [reference, current] {
            let mut order: Vec<usize> = (0..set.len()).collect();
            order.shuffle(&mut rng);
            vectors.extend(order[..rows].iter().map(|&row| set[row].clone()));
        }
        let mut sets: Vec<usize> = (0..2 * rows).map(|row| usize::from(row >= rows)).collect();
        let hits = self.hits(&vectors, &sets)?;
        let p_value = if self.permutations == 0 {
            chance_of_heads(2 * rows - hits, 2 * rows).min(1.0)
        } else {
            // The data as they are count as one more permutation: a p-value is never 0.
            let mut as_good = 1;
            for _ in 0..self.permutations {
                sets.shuffle(&mut rng);
                as_good += usize::from(self.hits(&vectors, &sets)? >= hits);
            }
            as_good as f64 / (self.permutations + 1) as f64
        };
        Ok(ClassifierTestResult { accuracy: hits as f64 / (2 * rows) as f64, p_value, rows })
    }

    /// How many vectors' sets are told right by a probe that did not see them.
    fn hits(&self, vectors: &[Vec<f32>], sets: &[usize]) -> Result<usize> {
        let probabilities = cross_validated_probabilities(vectors, sets, 2, self.folds, self.seed, &self.probe)?;
        Ok(probabilities.iter().zip(sets).filter(|(row, set)| most_probable(row) == **set).count())
    }
}

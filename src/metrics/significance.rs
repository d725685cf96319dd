//! Whether a score, or the difference between two models, could be luck: bootstrap intervals and McNemar's test.

use std::fmt;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::check;
use crate::notebook::Display;
use crate::{Error, Result};

/// How to draw bootstrap samples.
///
/// ```
/// use tunebook::metrics::Bootstrap;
///
/// let bootstrap = Bootstrap { seed: 7, ..Bootstrap::default() };
/// assert_eq!((bootstrap.resamples, bootstrap.confidence), (1000, 0.95));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// How many samples, each as large as the data and drawn with replacement.
    pub resamples: usize,
    /// The share of samples within the interval, between 0 and 1.
    pub confidence: f64,
    /// The same seed draws the same samples.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 1000, confidence: 0.95, seed: 0 }
    }
}

/// A score with the range in which it would lie for other test data of the same kind.
///
/// ```
/// use tunebook::metrics::Bootstrap;
/// let hits = [true, true, false, true, true, true];
/// let accuracy = |items: &[usize]| items.iter().filter(|item| hits[**item]).count() as f64 / items.len() as f64;
/// let interval = Bootstrap::default().interval(hits.len(), accuracy)?;
/// assert!(interval.lower <= interval.estimate && interval.estimate <= interval.upper);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidenceInterval {
    /// The score on all of the data.
    pub estimate: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// The confidence that was asked for, between 0 and 1.
    pub confidence: f64,
}

impl ConfidenceInterval {
    /// What evcxr calls when this value is the last expression of a cell: one line.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: `0.9120, 95 % interval 0.8900 to 0.9310`.
impl fmt::Display for ConfidenceInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { estimate, lower, upper, confidence } = self;
        write!(f, "{estimate:.4}, {} % interval {lower:.4} to {upper:.4}", (1e3 * confidence).round() / 10.0)
    }
}

impl Bootstrap {
    /// The percentile interval of a metric (Efron, 1979, "Bootstrap Methods: Another Look at the Jackknife").
    ///
    /// `metric` gets numbers of items, from 0 to `items - 1`, some of them several times, and gives the score of these
    /// items. A sample whose score is not a number (one class only, say) is left out.
    ///
    /// An error when there are no items or resamples, the confidence is not between 0 and 1, or no sample has a score.
    ///
    /// ```
    /// use tunebook::metrics::Bootstrap;
    ///
    /// let right = [true, true, true, false, true, true, false, true, true, true];
    /// let accuracy = |items: &[usize]| items.iter().filter(|item| right[**item]).count() as f64 / items.len() as f64;
    /// let interval = Bootstrap::default().interval(right.len(), accuracy)?;
    /// assert_eq!(interval.estimate, 0.8);
    /// assert!(interval.lower < 0.7 && interval.upper == 1.0);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn interval(&self, items: usize, metric: impl Fn(&[usize]) -> f64) -> Result<ConfidenceInterval> {
        let mut scores = self.scores(items, &metric)?;
        Ok(self.percentile_interval(metric(&(0..items).collect::<Vec<_>>()), &mut scores))
    }

    /// The difference between two models' scores on the same items, each sample drawn for both.
    ///
    /// `first` and `second` are as in [`interval`](Self::interval), which also lists the errors.
    ///
    /// ```
    /// use tunebook::metrics::Bootstrap;
    ///
    /// let share = |items: &[usize], below: usize| items.iter().filter(|item| **item < below).count() as f64 / 100.0;
    /// let paired = Bootstrap::default().paired(100, |items| share(items, 90), |items| share(items, 60))?;
    /// assert!((paired.difference.estimate - 0.3).abs() < 1e-12);
    /// assert!(paired.p_value < 0.01);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn paired(
        &self,
        items: usize,
        first: impl Fn(&[usize]) -> f64,
        second: impl Fn(&[usize]) -> f64,
    ) -> Result<PairedBootstrap> {
        let metric = |sample: &[usize]| first(sample) - second(sample);
        let mut scores = self.scores(items, &metric)?;
        let share = |counts: fn(&f64) -> bool| {
            // The data as they are count as one more sample: a p-value is never 0 (Davison and Hinkley, 1997, ch. 4).
            (scores.iter().filter(|score| counts(score)).count() + 1) as f64 / (scores.len() + 1) as f64
        };
        let p_value = (2.0 * share(|score| *score <= 0.0).min(share(|score| *score >= 0.0))).min(1.0);
        let difference = self.percentile_interval(metric(&(0..items).collect::<Vec<_>>()), &mut scores);
        Ok(PairedBootstrap { difference, p_value })
    }

    fn scores(&self, items: usize, metric: &dyn Fn(&[usize]) -> f64) -> Result<Vec<f64>> {
        check::lengths("items", items, items)?;
        if self.resamples == 0 {
            return Err(Error::input("resamples", "an interval needs samples", "choose 1000 or more"));
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            let problem = format!("{} is not between 0 and 1", self.confidence);
            return Err(Error::input("confidence", problem, "choose 0.95 for the usual interval"));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut sample = vec![0; items];
        let mut scores = Vec::new();
        for _ in 0..self.resamples {
            sample.fill_with(|| rng.random_range(0..items));
            scores.push(metric(&sample));
        }
        scores.retain(|score| !score.is_nan());
        if scores.is_empty() {
            let problem = "it is not a number on every sample";
            return Err(Error::input("metric", problem, "choose another metric, or more data"));
        }
        Ok(scores)
    }

    fn percentile_interval(&self, estimate: f64, scores: &mut [f64]) -> ConfidenceInterval {
        scores.sort_by(f64::total_cmp);
        let tail = f64::midpoint(1.0, -self.confidence);
        ConfidenceInterval {
            estimate,
            lower: quantile(scores, tail),
            upper: quantile(scores, 1.0 - tail),
            confidence: self.confidence,
        }
    }
}

/// How far one model is ahead of another on the same items.
///
/// ```
/// use tunebook::metrics::Bootstrap;
/// let share = |items: &[usize], below: usize| items.iter().filter(|item| **item < below).count() as f64 / 50.0;
/// let paired = Bootstrap::default().paired(50, |items| share(items, 45), |items| share(items, 45))?;
/// assert_eq!((paired.difference.estimate, paired.p_value), (0.0, 1.0)); // the same model twice
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedBootstrap {
    /// The first model's score minus the second's.
    pub difference: ConfidenceInterval,
    /// Two-sided, 0 to 1: twice the share of samples in which the other model is ahead, or both are level.
    pub p_value: f64,
}

impl PairedBootstrap {
    /// What evcxr calls when this value is the last expression of a cell: one line.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: the difference, its interval and the p-value.
impl fmt::Display for PairedBootstrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "difference {}, p = {:.4}", self.difference, self.p_value)
    }
}

/// The value below which a share `q` (0 to 1) of the sorted values lies, between two values on a straight line: numpy's
/// `percentile` as it is by default. `sorted` must not be empty.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// McNemar's test: do two models make mistakes equally often on the same items?
///
/// McNemar, 1947; the correction is Edwards', 1948. statsmodels: `mcnemar` with `exact=True`, and with `exact=False`.
///
/// ```
/// use tunebook::metrics::McNemar;
///
/// let (truth, first, second) = ([0, 0, 1, 1, 1, 0], [0, 0, 1, 1, 1, 1], [1, 1, 0, 0, 0, 1]);
/// let test = McNemar::new(&truth, &first, &second)?;
/// assert_eq!((test.only_first_right, test.only_second_right), (5, 0));
/// assert!((test.p_value - 0.0625).abs() < 1e-12);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// How many items only the first model got right.
    pub only_first_right: usize,
    /// How many items only the second model got right.
    pub only_second_right: usize,
    /// The exact two-sided p-value, 0 to 1, from the binomial distribution: right for any number of items.
    pub p_value: f64,
    /// The chi-square statistic with continuity correction (one degree of freedom); 0 when the models never differ.
    pub chi_square: f64,
    /// The p-value of that statistic, close to the exact one from about 25 items on which the models differ.
    pub chi_square_p_value: f64,
}

impl McNemar {
    /// Compares two models' predictions for the same items.
    ///
    /// An error when the three lists differ in length or are empty.
    ///
    /// See [`McNemar`] for an example.
    pub fn new(true_labels: &[usize], first: &[usize], second: &[usize]) -> Result<Self> {
        check::lengths("predictions of the first model", first.len(), true_labels.len())?;
        check::lengths("predictions of the second model", second.len(), true_labels.len())?;
        let only = |one: &[usize], other: &[usize]| {
            true_labels.iter().zip(one.iter().zip(other)).filter(|(truth, (a, b))| a == truth && b != truth).count()
        };
        Ok(Self::from_counts(only(first, second), only(second, first)))
    }

    fn from_counts(only_first_right: usize, only_second_right: usize) -> Self {
        let differ = (only_first_right + only_second_right) as f64;
        let distance = only_first_right.abs_diff(only_second_right) as f64;
        let chi_square = if differ == 0.0 { 0.0 } else { (distance - 1.0).powi(2) / differ };
        Self {
            only_first_right,
            only_second_right,
            p_value: binomial_p_value(only_first_right, only_second_right),
            chi_square,
            chi_square_p_value: complementary_erf((chi_square / 2.0).sqrt()),
        }
    }

    /// What evcxr calls when this value is the last expression of a cell: one line.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: the counts and the exact p-value.
impl fmt::Display for McNemar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { only_first_right, only_second_right, p_value, .. } = self;
        write!(f, "only the first right: {only_first_right}, only the second: {only_second_right}, p = {p_value:.4}")
    }
}

/// Twice the chance of at most `min(a, b)` heads in `a + b` throws of a fair coin, at most 1.
fn binomial_p_value(a: usize, b: usize) -> f64 {
    (2.0 * chance_of_heads(a.min(b), a + b)).min(1.0)
}

/// The chance of at most `most` heads in `throws` throws of a fair coin.
pub(crate) fn chance_of_heads(most: usize, throws: usize) -> f64 {
    let throws = throws as f64;
    // In logarithms: the chance of no heads in a thousand throws is too small for a float.
    let mut term = -throws * std::f64::consts::LN_2;
    let mut chance = term.exp();
    for heads in 0..most {
        term += ((throws - heads as f64) / (heads as f64 + 1.0)).ln();
        chance += term.exp();
    }
    chance
}

/// `erfc(x)` for x from 0: the series of erf where it converges fast, else the continued fraction (Abramowitz and Stegun,
/// 7.1.6 and 7.1.14).
fn complementary_erf(x: f64) -> f64 {
    let scale = (-x * x).exp() / std::f64::consts::PI.sqrt();
    if x < 2.5 {
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while term > 1e-17 * sum {
            odd += 2.0;
            term *= 2.0 * x * x / odd;
            sum += term;
        }
        1.0 - 2.0 * scale * sum
    } else {
        // From the far end: 60 levels are enough from 2.5 on.
        scale / (1..=60).rev().fold(x, |fraction, level| x + f64::from(level) / 2.0 / fraction)
    }
}

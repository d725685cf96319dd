//! How often labels are wrong, told from predictions that did not see the row: the fit behind
//! [`LabelNoise`](super::LabelNoise), and the chance of each row.

use rayon::prelude::*;

/// The smallest probability that is told from 0: single precision says no more.
const SMALLEST: f64 = 1e-12;

/// The natural logarithms of the sharpness between which the fit looks, and how far its first looks are apart.
const SHARPNESS: (f64, f64) = (-3.0, 3.0);
const STEP: f64 = 0.4;

/// How much log-likelihood a 95 % interval gives away: half the quantile of the chi-squared distribution, one degree of
/// freedom (Wilks, 1938).
const GIVEN_AWAY: f64 = 1.920_729_410_347_062;

/// Halvings of an interval, and narrowings by the golden section, in a search: more digits than anybody reads.
const HALVINGS: usize = 40;
const NARROWINGS: usize = 22;

/// What was fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    /// Logits are divided by this: above 1 the model was too sure of itself, below 1 not sure enough.
    pub(super) temperature: f64,
    /// The share of rows whose label is wrong.
    pub(super) rate: f64,
    /// The 95 % interval of that share.
    pub(super) interval: (f64, f64),
    pub(super) log_likelihood: f64,
}

/// What a row looks like under the fit.
pub(super) struct RowChances {
    /// The chance of each label to be the true one, before the given label is known.
    pub(super) calibrated: Vec<f64>,
    /// The same after: the given label counts for as much as labels are right.
    pub(super) true_label: Vec<f64>,
}

/// The given labels and the predictions for them.
pub(super) struct Likelihood<'a> {
    /// For each row the logarithms of its probabilities.
    logs: Vec<Vec<f64>>,
    given: &'a [usize],
    /// The labels that a wrong label is drawn from: those that occur, less the true one.
    others: f64,
}

impl<'a> Likelihood<'a> {
    pub(super) fn new(probabilities: &[Vec<f32>], given: &'a [usize]) -> Self {
        let log = |row: &Vec<f32>| row.iter().map(|&p| f64::from(p).max(SMALLEST).ln()).collect();
        let mut occurring = given.to_vec();
        occurring.sort_unstable();
        occurring.dedup();
        let others = (occurring.len() as f64 - 1.0).max(1.0);
        Self { logs: probabilities.par_iter().map(log).collect(), given, others }
    }

    /// The most likely temperature and rate, the rate's interval around it.
    pub(super) fn fit(&self) -> Fit {
        let (sharpness, log_likelihood) = highest(|at| self.best_rate(&self.of_given(at)).1);
        let rate = self.best_rate(&self.of_given(sharpness)).0;
        // The rate's likelihood with the sharpness that suits it best.
        let profile = |rate: f64| highest(|at| self.value(&self.of_given(at), rate)).1;
        let likely = |rate: f64| profile(rate) >= log_likelihood - GIVEN_AWAY;
        let lower = if likely(0.0) { 0.0 } else { border(rate, 0.0, likely) };
        let most = self.largest_rate();
        let upper = if likely(most) { most } else { border(rate, most, likely) };
        Fit { temperature: (-sharpness).exp(), rate, interval: (lower, upper), log_likelihood }
    }

    /// What the fit says about a row.
    pub(super) fn row(&self, row: usize, fit: &Fit) -> RowChances {
        let (logs, given) = (&self.logs[row], self.given[row]);
        let calibrated: Vec<f64> = {
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let shares: Vec<f64> = logs.iter().map(|log| ((log - most) / fit.temperature).exp()).collect();
            let sum: f64 = shares.iter().sum();
            shares.iter().map(|share| share / sum).collect()
        };
        // Bayes: how probable the given label is from each true one.
        let wrong = fit.rate / self.others;
        let from = |label: usize| if label == given { 1.0 - fit.rate } else { wrong };
        let joint: Vec<f64> = calibrated.iter().enumerate().map(|(label, chance)| chance * from(label)).collect();
        let sum: f64 = joint.iter().sum();
        RowChances { true_label: joint.iter().map(|chance| chance / sum).collect(), calibrated }
    }

    /// A label that is wrong so often says nothing any more.
    fn largest_rate(&self) -> f64 {
        self.others / (self.others + 1.0)
    }

    /// Each row's calibrated probability of its given label, at the logarithm of the inverse temperature.
    fn of_given(&self, sharpness: f64) -> Vec<f64> {
        let factor = sharpness.exp();
        let one = |(logs, &given): (&Vec<f64>, &usize)| {
            1.0 / logs.iter().map(|log| (factor * (log - logs[given])).exp()).sum::<f64>()
        };
        self.logs.par_iter().zip(self.given).map(one).collect()
    }

    /// The log-likelihood of the given labels: right with the chance `1 - rate`, else any other with the same chance.
    fn value(&self, of_given: &[f64], rate: f64) -> f64 {
        of_given.iter().map(|&right| (right + rate * self.slope(right)).max(f64::MIN_POSITIVE).ln()).sum()
    }

    /// How fast the chance of a given label rises with the rate.
    fn slope(&self, right: f64) -> f64 {
        (1.0 - right) / self.others - right
    }

    /// The most likely rate for these probabilities, with its log-likelihood, which has one top only.
    fn best_rate(&self, of_given: &[f64]) -> (f64, f64) {
        let rises = |rate: f64| {
            let gain = |&right: &f64| {
                let slope = self.slope(right);
                slope / (right + rate * slope).max(f64::MIN_POSITIVE)
            };
            of_given.iter().map(gain).sum::<f64>() > 0.0
        };
        let (mut low, mut high) = (0.0, self.largest_rate());
        if !rises(low) {
            return (low, self.value(of_given, low));
        }
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            *(if rises(middle) { &mut low } else { &mut high }) = middle;
        }
        (low, self.value(of_given, low))
    }
}

/// The sharpness at which a likelihood is highest, and its value there. It can have two tops: the whole range is looked
/// over before the best place is narrowed down (golden section).
fn highest(value: impl Fn(f64) -> f64) -> (f64, f64) {
    let looks = ((SHARPNESS.1 - SHARPNESS.0) / STEP) as usize;
    let mut best = (f64::NEG_INFINITY, 0.0);
    for look in 0..=looks {
        let sharpness = SHARPNESS.0 + STEP * look as f64;
        let value = value(sharpness);
        if value > best.0 {
            best = (value, sharpness);
        }
    }
    let (mut low, mut high) = (best.1 - STEP, best.1 + STEP);
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (value(left), value(right));
    for _ in 0..NARROWINGS {
        if at_left > at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = value(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = value(right);
        }
    }
    if at_left > at_right { (left, at_left) } else { (right, at_right) }
}

/// Where `holds` ends between a place at which it holds and one at which it does not, to the fourth digit.
fn border(holds_here: f64, not_here: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut inside, mut outside) = (holds_here, not_here);
    for _ in 0..16 {
        let middle = f64::midpoint(inside, outside);
        *(if holds(middle) { &mut inside } else { &mut outside }) = middle;
    }
    inside
}

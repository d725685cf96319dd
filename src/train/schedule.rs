//! How the learning rate moves over a run.

use std::f64::consts::PI;

/// The share of the largest rate that one cycle starts from.
const ONE_CYCLE_START: f64 = 1.0 / 25.0;

/// The share of the largest rate that one cycle ends at.
const ONE_CYCLE_END: f64 = 1e-5;

/// How the learning rate moves: up during the warmup, then as named.
///
/// ```
/// use tunebook::train::Schedule;
/// let factors = Schedule::Cosine.factors(0.1, 100);
/// assert!(factors[..10].is_sorted() && factors[10] == 1.0 && factors[99] < 0.01);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// After the warmup in a straight line to 0.
    #[default]
    Linear,
    /// After the warmup along half a cosine to 0.
    Cosine,
    /// After the warmup not at all.
    Constant,
    /// One cycle (Smith and Topin, 2018) as fastai runs it: along half a cosine from 1/25 of the rate up to it during
    /// the warmup, then along half a cosine down to 1/100,000 of it. A warmup ratio of 0.3 is usual.
    OneCycle,
}

impl Schedule {
    /// The share of the largest learning rate at `step` (from 0) of `total`, of which the first `warmup` rise. Never 0
    /// during the run: no step is wasted.
    ///
    /// ```
    /// use tunebook::train::Schedule;
    /// assert_eq!(Schedule::Linear.factor(0, 2, 10), 0.5);
    /// assert_eq!(Schedule::Linear.factor(2, 2, 10), 1.0);
    /// assert_eq!(Schedule::Linear.factor(6, 2, 10), 0.5);
    /// assert_eq!(Schedule::Constant.factor(9, 2, 10), 1.0);
    /// assert!((Schedule::OneCycle.factor(0, 3, 10) - 0.04).abs() < 1e-12);
    /// ```
    pub fn factor(self, step: usize, warmup: usize, total: usize) -> f64 {
        if step < warmup {
            return match self {
                Self::OneCycle => between(ONE_CYCLE_START, 1.0, step as f64 / warmup as f64),
                _ => (step + 1) as f64 / warmup as f64,
            };
        }
        let decaying = total.saturating_sub(warmup).max(1) as f64;
        let progress = ((step - warmup) as f64 / decaying).min(1.0);
        match self {
            Self::Linear => 1.0 - progress,
            Self::Cosine => between(1.0, 0.0, progress),
            Self::Constant => 1.0,
            Self::OneCycle => between(1.0, ONE_CYCLE_END, progress),
        }
    }

    /// The factor of every step of a run, for a chart; `warmup_ratio` as in [`super::TrainingConfig`].
    pub fn factors(self, warmup_ratio: f64, total: usize) -> Vec<f64> {
        let warmup = warmup_steps(warmup_ratio, total);
        (0..total).map(|step| self.factor(step, warmup, total)).collect()
    }
}

/// Steps of the warmup.
pub(super) fn warmup_steps(ratio: f64, total: usize) -> usize {
    (ratio * total as f64).ceil() as usize
}

/// From `start` to `end` along half a cosine.
fn between(start: f64, end: f64, progress: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + (PI * progress).cos())
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn rises_then_falls_and_stays_positive() {
        for schedule in [Schedule::Linear, Schedule::Cosine, Schedule::OneCycle] {
            let factors = schedule.factors(0.1, 100);
            assert!(factors[..10].windows(2).all(|w| w[0] < w[1]));
            assert!(factors[10..].windows(2).all(|w| w[0] > w[1]));
            assert!(factors.iter().all(|f| *f > 0.0 && *f <= 1.0) && (factors[10] - 1.0).abs() < 1e-12);
        }
        assert!((Schedule::Cosine.factor(55, 10, 100) - 0.5).abs() < 1e-12);
        assert!(Schedule::OneCycle.factor(99, 30, 100) < 1e-3);
    }
}

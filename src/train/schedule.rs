//! How the learning rate moves over a run.

/// How the learning rate falls after the warmup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// In a straight line to 0.
    #[default]
    Linear,
    /// Along half a cosine to 0.
    Cosine,
    /// Not at all.
    Constant,
}

impl Schedule {
    /// The share of the largest learning rate at `step` (from 0) of `total`, of which the first `warmup` rise in a
    /// straight line. Never 0 during the run: no step is wasted.
    ///
    /// ```
    /// use tunebook::train::Schedule;
    /// assert_eq!(Schedule::Linear.factor(0, 2, 10), 0.5);
    /// assert_eq!(Schedule::Linear.factor(2, 2, 10), 1.0);
    /// assert_eq!(Schedule::Linear.factor(6, 2, 10), 0.5);
    /// assert_eq!(Schedule::Constant.factor(9, 2, 10), 1.0);
    /// ```
    pub fn factor(self, step: usize, warmup: usize, total: usize) -> f64 {
        if step < warmup {
            return (step + 1) as f64 / warmup as f64;
        }
        let decaying = total.saturating_sub(warmup).max(1) as f64;
        let progress = ((step - warmup) as f64 / decaying).min(1.0);
        match self {
            Self::Linear => 1.0 - progress,
            Self::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
            Self::Constant => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn rises_then_falls_and_stays_positive() {
        for schedule in [Schedule::Linear, Schedule::Cosine] {
            let factors: Vec<f64> = (0..100).map(|step| schedule.factor(step, 10, 100)).collect();
            assert!(factors[..10].windows(2).all(|w| w[0] < w[1]));
            assert!(factors[10..].windows(2).all(|w| w[0] > w[1]));
            assert!(factors.iter().all(|f| *f > 0.0 && *f <= 1.0));
        }
        assert!((Schedule::Cosine.factor(55, 10, 100) - 0.5).abs() < 1e-12);
    }
}

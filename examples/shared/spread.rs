//! Mean and standard deviation of what the seeds of an experiment gave.

pub(crate) struct Spread {
    pub(crate) mean: f64,
    /// With one degree of freedom less; 0 for a single value.
    pub(crate) deviation: f64,
}

impl Spread {
    pub(crate) fn of(values: &[f64]) -> Self {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        Self { mean, deviation: (squares / (values.len() as f64 - 1.0).max(1.0)).sqrt() }
    }

    /// With so many decimals; the deviation only where the values differ.
    #[allow(dead_code, reason = "not every example that shares this file writes tables")]
    pub(crate) fn rounded(&self, digits: usize) -> String {
        let Self { mean, deviation } = self;
        if *deviation < 1e-9 { format!("{mean:.digits$}") } else { format!("{mean:.digits$} ± {deviation:.digits$}") }
    }
}

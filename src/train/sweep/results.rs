//! What the trials of a sweep scored.

use std::cmp::Ordering;
use std::fmt;

use super::Trial;
use crate::Result;
use crate::chart::SweepChart;
use crate::notebook::Display;
use crate::words::{excerpt, short_number};

/// One trial that was run.
///
/// ```
/// use tunebook::train::{SearchSpace, Sweep};
/// let space = SearchSpace::new().choice("epochs", &[1.0, 3.0]);
/// let results = Sweep::grid(space).run(|trial, _| Ok(0.8 + 0.01 * trial.get("epochs")?))?;
/// let best = results.best();
/// assert_eq!((best.trial.get_usize("epochs")?, best.problem.as_deref()), (3, None));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TrialResult {
    /// The choice.
    pub trial: Trial,
    /// What it was allowed to use; 0 where that was left to the run.
    pub budget: usize,
    /// What the run returned; larger is better.
    pub score: f64,
    /// How long it took.
    pub seconds: f64,
    /// Why its training failed; its score is then no number.
    pub problem: Option<String>,
}

/// All trials of a sweep, in the order in which they were run.
///
/// ```
/// use tunebook::train::{SearchSpace, Sweep};
/// let space = SearchSpace::new().log_uniform("learning_rate", 1e-5, 1e-1);
/// let results = Sweep::random(space, 8, 42).run(|trial, _| Ok(-trial.get("learning_rate")?.log10().abs()))?;
/// println!("{results}"); // a table, the best first
/// assert_eq!(results.all().len(), 8);
/// assert!(results.chart()?.to_svg()?.contains("learning_rate"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SweepResults {
    names: Vec<String>,
    logarithmic: Vec<bool>,
    results: Vec<TrialResult>,
    stopped: bool,
}

impl SweepResults {
    pub(super) fn new(names: Vec<String>, logarithmic: Vec<bool>) -> Self {
        Self { names, logarithmic, results: Vec::new(), stopped: false }
    }

    pub(super) fn push(&mut self, result: TrialResult) {
        self.results.push(result);
    }

    pub(super) fn set_stopped(&mut self) {
        self.stopped = true;
    }

    /// Whether a stop request ended the sweep early.
    pub fn was_stopped(&self) -> bool {
        self.stopped
    }

    /// The parameters, in the order of the search space.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether each parameter belongs on a logarithmic axis.
    pub fn logarithmic(&self) -> &[bool] {
        &self.logarithmic
    }

    /// Every run, in order.
    pub fn all(&self) -> &[TrialResult] {
        &self.results
    }

    /// The run with the largest score among those with the largest budget; the first of equals. A score that is no
    /// number is the worst.
    pub fn best(&self) -> &TrialResult {
        let budget = self.results.iter().map(|r| r.budget).max().unwrap_or(0);
        let mut candidates = self.results.iter().filter(|r| r.budget == budget);
        // A sweep without any result is an error of `Sweep::run`.
        let first = candidates.next().unwrap_or(&self.results[0]);
        candidates.fold(first, |best, r| if order(r.score, best.score) == Ordering::Greater { r } else { best })
    }

    /// The scores over each parameter, the best marked; of successive halving only the trials with the largest budget.
    pub fn chart(&self) -> Result<SweepChart> {
        let budget = self.best().budget;
        let shown: Vec<&TrialResult> = self.results.iter().filter(|r| r.budget == budget).collect();
        let scores: Vec<f64> = shown.iter().map(|r| r.score).collect();
        let mut chart = SweepChart::new("Sweep", "score", &scores);
        for (place, (name, logarithmic)) in self.names.iter().zip(&self.logarithmic).enumerate() {
            let values: Vec<f64> = shown.iter().map(|r| r.trial.values()[place].1).collect();
            chart = if *logarithmic { chart.log_parameter(name, &values)? } else { chart.parameter(name, &values)? };
        }
        Ok(chart)
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// By size, a score that is no number below all others.
pub(super) fn order(a: f64, b: f64) -> Ordering {
    let real = |v: f64| if v.is_nan() { f64::NEG_INFINITY } else { v };
    real(a).total_cmp(&real(b))
}

impl fmt::Display for SweepResults {
    /// A table, the best first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<&TrialResult> = self.results.iter().collect();
        rows.sort_by(|a, b| b.budget.cmp(&a.budget).then(order(b.score, a.score)));
        let with_budget = rows.iter().any(|r| r.budget > 0);
        let widths: Vec<usize> = self.names.iter().map(|name| name.len().max(9)).collect();
        write!(f, "trial")?;
        for (name, width) in self.names.iter().zip(&widths) {
            write!(f, "  {name:>width$}")?;
        }
        writeln!(f, "{}     score  seconds", if with_budget { "  budget" } else { "" })?;
        for row in rows {
            write!(f, "{:>5}", row.trial.number())?;
            for ((_, value), width) in row.trial.values().iter().zip(&widths) {
                write!(f, "  {:>width$}", short_number(*value))?;
            }
            if with_budget {
                write!(f, "  {:>6}", row.budget)?;
            }
            write!(f, "  {:>8.4}  {:>7.1}", row.score, row.seconds)?;
            match &row.problem {
                Some(problem) => writeln!(f, "  failed: {}", excerpt(problem, 60))?,
                None => writeln!(f)?,
            }
        }
        if self.stopped {
            writeln!(f, "stopped on request before all trials were run")?;
        }
        write!(f, "best: {}", self.best().trial)
    }
}

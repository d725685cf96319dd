//! Hyperparameter sweeps: grid, random search and successive halving.
//!
//! Read [`SearchSpace`] (what varies), [`Trial`] (one choice of all of it), [`Sweep`] (which trials are run, and for how
//! long), [`SweepResults`] (what came out).

mod results;
mod space;
#[cfg(test)]
mod tests;

pub use results::{SweepResults, TrialResult};
pub use space::{SearchSpace, Trial};

use crate::notebook::Progress;
use crate::{Error, Result};

/// Which trials of a search space are run, and for how long.
///
/// ```
/// use tunebook::train::{SearchSpace, Sweep};
/// let space = SearchSpace::new().choice("layers", &[1.0, 2.0, 3.0]).choice("batch_size", &[8.0, 16.0]);
/// let results = Sweep::grid(space).run(|trial, _| Ok(trial.get("layers")? / trial.get("batch_size")?))?;
/// assert_eq!((results.all().len(), results.best().trial.get("layers")?), (6, 3.0));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    space: SearchSpace,
    plan: Plan,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Grid,
    Random { trials: usize, seed: u64 },
    Halving { trials: usize, seed: u64, budgets: (usize, usize), factor: usize },
}

impl Sweep {
    /// Every combination of the space's values.
    pub fn grid(space: SearchSpace) -> Self {
        Self { space, plan: Plan::Grid }
    }

    /// So many random choices, each value on its own (Bergstra and Bengio, 2012): with the same number of runs a better
    /// search than a grid when only a few of the parameters matter.
    pub fn random(space: SearchSpace, trials: usize, seed: u64) -> Self {
        Self { space, plan: Plan::Random { trials, seed } }
    }

    /// Successive halving (Jamieson and Talwalkar, 2016): all random trials get the smallest budget, the best third gets
    /// three times as much, and so on until the largest budget. A budget is what the run makes of it: epochs, mostly.
    pub fn successive_halving(space: SearchSpace, trials: usize, smallest: usize, largest: usize, seed: u64) -> Self {
        Self { space, plan: Plan::Halving { trials, seed, budgets: (smallest, largest), factor: 3 } }
    }

    /// Runs the trials one after another. `run` gets a trial and its budget (0 for grid and random, which leave it to the
    /// run) and returns the score, of which larger is better.
    ///
    /// ```
    /// use tunebook::train::{SearchSpace, Sweep};
    /// let space = SearchSpace::new().log_uniform("learning_rate", 1e-5, 1e-1).choice("batch_size", &[8.0, 16.0]);
    /// let results = Sweep::random(space, 20, 42).run(|trial, _| {
    ///     // In earnest: train a fresh model with these, and return its validation accuracy.
    ///     Ok(-(trial.get("learning_rate")?.log10() + 3.0).powi(2))
    /// })?;
    /// let best = results.best().trial.get("learning_rate")?;
    /// assert!((1e-4..1e-2).contains(&best));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the space is empty or the plan makes no sense, and what `run` returns. But a training that failed
    /// ([`Error::Training`], such as a loss that is no number) is a result too, the worst, with the reason beside it; only
    /// when all failed is it an error. A stop request ([`super::stop::request`]) ends the run in progress and the sweep;
    /// the results so far come back, without that of the run that was cut short.
    pub fn run(self, mut run: impl FnMut(&Trial, usize) -> Result<f64>) -> Result<SweepResults> {
        self.check()?;
        let (names, logarithmic) = (self.space.names(), self.space.logarithmic());
        let mut results = SweepResults::new(names, logarithmic);
        match self.plan {
            Plan::Grid => round(self.space.grid(), 0, &mut results, &mut run)?,
            Plan::Random { trials, seed } => round(self.space.random(trials, seed), 0, &mut results, &mut run)?,
            Plan::Halving { trials, seed, budgets: (smallest, largest), factor } => {
                let mut left = self.space.random(trials, seed);
                let mut budget = smallest;
                loop {
                    let before = results.all().len();
                    round(left, budget, &mut results, &mut run)?;
                    let mut round: Vec<TrialResult> = results.all()[before..].to_vec();
                    if budget >= largest || round.len() <= 1 || results.was_stopped() {
                        break;
                    }
                    round.sort_by(|a, b| results::order(b.score, a.score));
                    left = round.iter().take(round.len().div_ceil(factor)).map(|r| r.trial.clone()).collect();
                    budget = budget.saturating_mul(factor).min(largest);
                }
            }
        }
        if results.all().is_empty() {
            return Err(Error::Training("the sweep was stopped before its first trial was done".into()));
        }
        let problems: Vec<&String> = results.all().iter().filter_map(|result| result.problem.as_ref()).collect();
        if problems.len() == results.all().len() {
            return Err(Error::Training(format!("every trial of the sweep failed, the first with: {}", problems[0])));
        }
        Ok(results)
    }

    fn check(&self) -> Result<()> {
        self.space.check()?;
        match self.plan {
            Plan::Grid if self.space.has_ranges() => Err(Error::input(
                "Sweep::grid",
                "the space has a range, which has no end of values",
                "list its values with choice(...), or use Sweep::random",
            )),
            Plan::Random { trials: 0, .. } | Plan::Halving { trials: 0, .. } => {
                Err(Error::input("Sweep", "0 trials", "give 1 or more"))
            }
            Plan::Halving { budgets: (smallest, largest), .. } if smallest == 0 || smallest > largest => {
                Err(Error::input(
                    "Sweep::successive_halving",
                    format!("budgets from {smallest} to {largest}"),
                    "give a smallest budget of 1 or more that is at most the largest",
                ))
            }
            _ => Ok(()),
        }
    }
}

/// Runs trials with one budget.
fn round(
    trials: Vec<Trial>,
    budget: usize,
    results: &mut SweepResults,
    run: &mut impl FnMut(&Trial, usize) -> Result<f64>,
) -> Result<()> {
    let title = if budget == 0 { "trials".to_owned() } else { format!("trials with budget {budget}") };
    let mut progress = Progress::new(&title, trials.len() as u64);
    for trial in trials {
        if super::stop::take() {
            results.set_stopped();
            break;
        }
        let (began, taken) = (std::time::Instant::now(), super::stop::taken());
        let outcome = run(&trial, budget);
        if super::stop::taken() != taken {
            // The trial's own run took the request: its score is of a training cut short.
            results.set_stopped();
            break;
        }
        let (score, problem) = match outcome {
            Ok(score) => (score, None),
            Err(Error::Training(problem)) => (f64::NAN, Some(problem)),
            Err(error) => return Err(error),
        };
        results.push(TrialResult { trial, budget, score, seconds: began.elapsed().as_secs_f64(), problem });
        progress.advance(1);
    }
    progress.finish();
    Ok(())
}

//! What varies in a sweep.

use std::fmt;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::words::short_number;
use crate::{Error, Result};

/// The values that a sweep chooses from, for each parameter.
///
/// ```
/// use tunebook::train::SearchSpace;
/// let space = SearchSpace::new()
///     .choice("batch_size", &[8.0, 16.0, 32.0])
///     .log_uniform("learning_rate", 1e-5, 1e-2)
///     .uniform("weight_decay", 0.0, 0.1);
/// assert_eq!(space.names(), ["batch_size", "learning_rate", "weight_decay"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchSpace {
    parameters: Vec<(String, Values)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Choice(Vec<f64>),
    Uniform(f64, f64),
    LogUniform(f64, f64),
}

/// One choice of every parameter.
///
/// ```
/// use tunebook::train::{SearchSpace, Sweep};
/// let space = SearchSpace::new().choice("batch_size", &[8.0, 16.0]).choice("learning_rate", &[1e-3]);
/// let results = Sweep::grid(space).run(|trial, _| Ok(trial.get_usize("batch_size")? as f64))?;
/// assert_eq!(results.best().trial.to_string(), "trial 2: batch_size 16, learning_rate 0.001");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    number: usize,
    values: Vec<(String, f64)>,
}

impl Trial {
    /// Counted from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The value of a parameter.
    ///
    /// # Errors
    /// When the space has none of this name.
    pub fn get(&self, name: &str) -> Result<f64> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = self.values.iter().map(|(name, _)| name.as_str()).collect();
            Error::input(name, "is no parameter of the sweep", format!("the parameters are: {}", names.join(", ")))
        })
    }

    /// The value of a parameter as a whole number.
    ///
    /// # Errors
    /// When the space has none of this name, and when the value is not whole or negative.
    pub fn get_usize(&self, name: &str) -> Result<usize> {
        let value = self.get(name)?;
        if value >= 0.0 && value.fract() == 0.0 {
            return Ok(value as usize);
        }
        Err(Error::input(name, format!("{value} is not a whole number"), "give the values with choice(...)"))
    }

    /// Every parameter with its value.
    pub fn values(&self) -> &[(String, f64)] {
        &self.values
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> =
            self.values.iter().map(|(name, value)| format!("{name} {}", short_number(*value))).collect();
        write!(f, "trial {}: {}", self.number, values.join(", "))
    }
}

impl SearchSpace {
    /// No parameters yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One of these values.
    pub fn choice(self, name: &str, values: &[f64]) -> Self {
        self.with(name, Values::Choice(values.to_vec()))
    }

    /// Any value from `low` to `high`.
    pub fn uniform(self, name: &str, low: f64, high: f64) -> Self {
        self.with(name, Values::Uniform(low, high))
    }

    /// Any value from `low` to `high`, each factor of ten as likely as the others: for learning rates.
    pub fn log_uniform(self, name: &str, low: f64, high: f64) -> Self {
        self.with(name, Values::LogUniform(low, high))
    }

    fn with(mut self, name: &str, values: Values) -> Self {
        self.parameters.push((name.to_owned(), values));
        self
    }

    /// The parameters, in the order given.
    pub fn names(&self) -> Vec<String> {
        self.parameters.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Whether each parameter belongs on a logarithmic axis.
    pub(super) fn logarithmic(&self) -> Vec<bool> {
        let spread = |values: &[f64]| {
            let (low, high) = values.iter().fold((f64::INFINITY, 0f64), |(l, h), v| (l.min(*v), h.max(*v)));
            low > 0.0 && high / low >= 30.0
        };
        let logarithmic = |values: &Values| match values {
            Values::Choice(values) => spread(values),
            Values::Uniform(..) => false,
            Values::LogUniform(..) => true,
        };
        self.parameters.iter().map(|(_, values)| logarithmic(values)).collect()
    }

    pub(super) fn has_ranges(&self) -> bool {
        self.parameters.iter().any(|(_, values)| !matches!(values, Values::Choice(_)))
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.parameters.is_empty() {
            return Err(Error::input(
                "SearchSpace",
                "has no parameters",
                "add one with choice(...) or log_uniform(...)",
            ));
        }
        for (place, (name, values)) in self.parameters.iter().enumerate() {
            if self.parameters[..place].iter().any(|(other, _)| other == name) {
                return Err(Error::input("SearchSpace", format!("{name} is there twice"), "give each parameter once"));
            }
            let good = match values {
                Values::Choice(values) => !values.is_empty() && values.iter().all(|v| v.is_finite()),
                Values::Uniform(low, high) => low.is_finite() && high.is_finite() && low < high,
                Values::LogUniform(low, high) => *low > 0.0 && high.is_finite() && low < high,
            };
            if !good {
                let mend = "give finite values, a smaller one first, and above 0 on a logarithmic scale";
                return Err(Error::input(format!("SearchSpace, {name}"), format!("{values:?}"), mend));
            }
        }
        Ok(())
    }

    /// Every combination; the last parameter changes fastest.
    pub(super) fn grid(&self) -> Vec<Trial> {
        let mut all: Vec<Vec<(String, f64)>> = vec![Vec::new()];
        for (name, values) in &self.parameters {
            let Values::Choice(values) = values else { continue };
            let extend = |before: &Vec<(String, f64)>| -> Vec<Vec<(String, f64)>> {
                values.iter().map(|v| [before.clone(), vec![(name.clone(), *v)]].concat()).collect()
            };
            all = all.iter().flat_map(extend).collect();
        }
        all.into_iter().enumerate().map(|(n, values)| Trial { number: n + 1, values }).collect()
    }

    /// Random choices by seed.
    pub(super) fn random(&self, trials: usize, seed: u64) -> Vec<Trial> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = |values: &Values| match values {
            Values::Choice(values) => values.choose(&mut rng).copied().unwrap_or(f64::NAN),
            Values::Uniform(low, high) => rng.random_range(*low..*high),
            Values::LogUniform(low, high) => rng.random_range(low.ln()..high.ln()).exp(),
        };
        let mut trial = |n: usize| {
            let values = self.parameters.iter().map(|(name, values)| (name.clone(), draw(values))).collect();
            Trial { number: n + 1, values }
        };
        (0..trials).map(&mut trial).collect()
    }
}

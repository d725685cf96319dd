//! What is learned of a column of numbers.

use serde::{Deserialize, Serialize};

use super::file::Exact;
use super::steps::Strategy;
use super::{NumericImputer, NumericSteps, OutlierAction, Scaler};
use crate::metrics::quantile;
use crate::{Error, Result};

/// A column of numbers, learned: what stands in for missing ones, the fences, the scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FittedNumeric {
    pub(super) name: String,
    pub(super) imputer: Strategy,
    /// What stands in for a missing value; none where nothing does.
    pub(super) fill: Option<Exact>,
    /// Whether a further feature says that a value was missing.
    pub(super) indicator: bool,
    pub(super) fences: Option<Fences>,
    pub(super) scaler: Scaler,
    pub(super) centre: Exact,
    pub(super) width: Exact,
    /// Values among the training rows, and rows without one.
    pub(super) values: usize,
    pub(super) missing: usize,
}

/// Where outliers begin, and what happens to them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fences {
    /// The rule in words.
    pub(super) rule: String,
    pub(super) lower: Exact,
    pub(super) upper: Exact,
    pub(super) action: OutlierAction,
    /// Outliers among the training values.
    pub(super) found: usize,
}

impl Fences {
    /// The fences that a column's steps ask for, from its training values.
    pub(super) fn fit(steps: &NumericSteps, values: &[Option<f64>], data: &str, column: &str) -> Result<Option<Self>> {
        let Some((rule, action)) = steps.outliers else { return Ok(None) };
        let values: Vec<f64> = values.iter().copied().flatten().collect();
        if values.is_empty() {
            return Ok(None); // whether that is an error depends on the imputer
        }
        let found = rule.find(&values).map_err(|problem| match problem {
            Error::Input { problem, mend, .. } => Error::input(format!("{data}, column \"{column}\""), problem, mend),
            other => other,
        })?;
        Ok(Some(Self {
            rule: rule.to_string(),
            lower: Exact(found.lower),
            upper: Exact(found.upper),
            action,
            found: found.rows.len(),
        }))
    }

    pub(super) fn is_outside(&self, value: f64) -> bool {
        value < self.lower.0 || value > self.upper.0
    }

    /// Whether a row with this value is left out.
    pub(super) fn drops(&self, value: Option<f64>) -> bool {
        self.action == OutlierAction::DropRow && value.is_some_and(|value| self.is_outside(value))
    }

    fn apply(&self, value: f64) -> f64 {
        if self.action == OutlierAction::Clip { value.clamp(self.lower.0, self.upper.0) } else { value }
    }
}

impl FittedNumeric {
    /// Learns from the training values that are left; `place` names the column in messages.
    pub(super) fn fit(
        name: &str,
        steps: &NumericSteps,
        fences: Option<Fences>,
        values: &[Option<f64>],
        place: &str,
    ) -> Result<Self> {
        let tame = |value: f64| fences.as_ref().map_or(value, |fences| fences.apply(value));
        let present: Vec<f64> = values.iter().copied().flatten().map(tame).collect();
        let mut sorted = present.clone();
        sorted.sort_by(f64::total_cmp);
        let fill = match steps.imputer {
            NumericImputer::Constant(constant) if !constant.is_finite() => {
                let problem = format!("the constant {constant} is not a finite number");
                return Err(Error::input(place, problem, "give NumericImputer::Constant a number"));
            }
            NumericImputer::Constant(constant) => Some(constant),
            _ if present.is_empty() => {
                return Err(Error::input(
                    place,
                    "has no value in the training rows",
                    "leave the column out with without_columns(...), or use NumericImputer::Constant",
                ));
            }
            NumericImputer::Mean => Some(mean(&present)),
            NumericImputer::Median => Some(quantile(&sorted, 0.5)),
            NumericImputer::MostFrequent => Some(most_frequent(&sorted)),
            NumericImputer::DropRow | NumericImputer::Refuse => None,
        };
        let missing = values.len() - present.len();
        if let (Some(fill), true) = (fill, missing > 0) {
            sorted.resize(values.len(), fill);
            sorted.sort_by(f64::total_cmp);
        }
        let (centre, width) = scale(steps.scaler, &sorted);
        Ok(Self {
            name: name.to_owned(),
            imputer: steps.imputer.strategy(),
            fill: fill.map(Exact),
            indicator: steps.indicator && missing > 0,
            fences,
            scaler: steps.scaler,
            centre: Exact(centre),
            width: Exact(width),
            values: present.len(),
            missing,
        })
    }

    /// The features of a value, put behind those that are there already. False where a value is missing and nothing stands
    /// in for it.
    pub(super) fn features(&self, value: Option<f64>, features: &mut Vec<f64>) -> bool {
        let tame = |value: f64| self.fences.as_ref().map_or(value, |fences| fences.apply(value));
        let Some(known) = value.map(tame).or(self.fill.map(|fill| fill.0)) else { return false };
        features.push((known - self.centre.0) / self.width.0);
        if self.indicator {
            features.push(f64::from(u8::from(value.is_none())));
        }
        true
    }
}

/// Centre and width of sorted values.
fn scale(scaler: Scaler, sorted: &[f64]) -> (f64, f64) {
    if sorted.is_empty() {
        return (0.0, 1.0);
    }
    let (smallest, largest) = (sorted[0], sorted[sorted.len() - 1]);
    match scaler {
        Scaler::None => (0.0, 1.0),
        Scaler::Standard => {
            let (count, centre) = (sorted.len() as f64, mean(sorted));
            let variance = sorted.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / count;
            // What rounding leaves of a constant column's variance, as scikit-learn bounds it.
            let noise = count * f64::EPSILON * variance + (count * centre * f64::EPSILON).powi(2);
            (centre, if variance <= noise { 1.0 } else { variance.sqrt() })
        }
        Scaler::MinMax => (smallest, spread(largest - smallest)),
        Scaler::Robust => (quantile(sorted, 0.5), spread(quantile(sorted, 0.75) - quantile(sorted, 0.25))),
    }
}

/// A width to divide by: 1 where there is none to speak of, as in scikit-learn.
fn spread(width: f64) -> f64 {
    if width < 10.0 * f64::EPSILON { 1.0 } else { width }
}

/// The mean in two passes: the second takes back what rounding did to the first where values are far from zero.
fn mean(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let rough = values.iter().sum::<f64>() / count;
    rough + values.iter().map(|value| value - rough).sum::<f64>() / count
}

/// The value that stands most often among sorted ones, the smallest of equals.
fn most_frequent(sorted: &[f64]) -> f64 {
    let mut best: &[f64] = &[];
    for run in sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        if run.len() > best.len() {
            best = run;
        }
    }
    best.first().copied().unwrap_or_default()
}

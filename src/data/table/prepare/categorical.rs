//! What is learned of a column of categories.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::steps::Strategy;
use super::{CategoricalSteps, CategoryEncoder, CategoryImputer, UnknownCategory};
use crate::words::grouped;
use crate::{Error, Result};

/// More features than this of one column are an id or free text, not categories.
const MOST_CATEGORIES: usize = 1000;

/// A column of categories, learned: what stands in for missing ones, and the categories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FittedCategorical {
    pub(super) name: String,
    pub(super) imputer: Strategy,
    /// What stands in for a missing category; none where nothing does.
    pub(super) fill: Option<String>,
    /// Whether a further feature says that a category was missing.
    pub(super) indicator: bool,
    pub(super) encoder: CategoryEncoder,
    pub(super) unknown: UnknownCategory,
    /// Sorted by name.
    pub(super) categories: Vec<String>,
    /// Rows of training with a category, and without one.
    pub(super) values: usize,
    pub(super) missing: usize,
}

/// Why a cell has no features.
pub(super) enum NoFeatures {
    /// It is missing, and nothing stands in for it.
    Missing,
    /// Training did not have its category.
    Unknown(String),
}

impl FittedCategorical {
    /// Learns from the training rows that are left; `place` names the column in messages.
    pub(super) fn fit(name: &str, steps: &CategoricalSteps, values: &[Option<String>], place: &str) -> Result<Self> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for value in values.iter().flatten() {
            *counts.entry(value).or_default() += 1;
        }
        let present: usize = counts.values().sum();
        let missing = values.len() - present;
        let fill = match &steps.imputer {
            CategoryImputer::Constant(category) => Some(category.clone()),
            CategoryImputer::MostFrequent => {
                // The first by name of equals: counts are looked at in the order of names.
                let best = counts.iter().fold(None, |best: Option<(&str, usize)>, (name, &count)| match best {
                    Some((_, most)) if most >= count => best,
                    _ => Some((name, count)),
                });
                Some(best.map(|(name, _)| name.to_owned()).ok_or_else(|| no_category(place))?)
            }
            CategoryImputer::DropRow | CategoryImputer::Refuse if present == 0 => return Err(no_category(place)),
            CategoryImputer::DropRow | CategoryImputer::Refuse => None,
        };
        if let (Some(fill), true) = (&fill, missing > 0) {
            *counts.entry(fill).or_default() += missing;
        }
        let categories: Vec<String> = counts.into_keys().map(str::to_owned).collect();
        if steps.encoder == CategoryEncoder::OneHot && categories.len() > MOST_CATEGORIES {
            return Err(Error::input(
                place,
                format!("has {} categories, and each would be a feature", grouped(categories.len())),
                "leave it out with without_columns(...) if it is an id or free text, or use CategoryEncoder::Ordinal",
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            imputer: steps.imputer.strategy(),
            fill,
            indicator: steps.indicator && missing > 0,
            encoder: steps.encoder,
            unknown: steps.unknown,
            categories,
            values: present,
            missing,
        })
    }

    /// The number of a category, if training had it.
    pub(super) fn index_of(&self, category: &str) -> Option<usize> {
        self.categories.binary_search_by(|known| known.as_str().cmp(category)).ok()
    }

    /// The features of a cell, put behind those that are there already.
    pub(super) fn features(&self, value: Option<&str>, features: &mut Vec<f64>) -> Result<(), NoFeatures> {
        let category = value.or(self.fill.as_deref()).ok_or(NoFeatures::Missing)?;
        let index = self.index_of(category);
        if index.is_none() && self.unknown == UnknownCategory::Refuse {
            return Err(NoFeatures::Unknown(category.to_owned()));
        }
        match self.encoder {
            CategoryEncoder::OneHot => {
                let first = features.len();
                features.resize(first + self.categories.len(), 0.0);
                if let Some(index) = index {
                    features[first + index] = 1.0;
                }
            }
            CategoryEncoder::Ordinal => features.push(index.map_or(-1.0, |index| index as f64)),
        }
        if self.indicator {
            features.push(f64::from(u8::from(value.is_none())));
        }
        Ok(())
    }
}

fn no_category(place: &str) -> Error {
    Error::input(
        place,
        "has no category in the training rows",
        "leave the column out with without_columns(...), or use CategoryImputer::Constant",
    )
}

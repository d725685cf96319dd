//! From the columns of a table to the numbers that a network takes, learned on the training rows alone.
//!
//! Read `steps.rs` (what can be done to a column), this file ([`Preprocessor`]: what is to be done, and the fit), `numeric.rs`
//! and `categorical.rs` (what is learned of one column), `fitted.rs` ([`FittedPreprocessor`]: transform), `report.rs` (what
//! it prints), `file.rs` (JSON) and `features.rs` ([`FeatureMatrix`]).

mod categorical;
mod features;
mod file;
mod fitted;
#[cfg(test)]
mod golden_tests;
mod numeric;
mod report;
mod steps;
#[cfg(test)]
mod tests;

pub use features::FeatureMatrix;
pub(crate) use file::Exact;
pub use fitted::FittedPreprocessor;
pub use report::{ColumnIssues, PreparationReport};
pub use steps::{
    CategoricalSteps, CategoryEncoder, CategoryImputer, NumericImputer, NumericSteps, OutlierAction, Scaler,
    UnknownCategory,
};

use std::collections::BTreeMap;

use self::categorical::FittedCategorical;
use self::fitted::FittedColumn;
use self::numeric::{Fences, FittedNumeric};
use super::{ColumnValues, TableColumn, TabularDataset};
use crate::words::grouped;
use crate::{Error, Result};

/// What is to be done to the columns of a table before a network sees them: scikit-learn's `ColumnTransformer` with
/// imputation, outliers, scaling and encoding in one.
///
/// ```
/// use tunebook::data::{CategoricalSteps, NumericSteps, Preprocessor, Scaler, TableColumn, TabularDataset};
///
/// let cpu = TableColumn::numeric("cpu", vec![Some(0.0), Some(1.0), None, Some(2.0)]);
/// let region = TableColumn::categorical("region", ["eu", "us", "eu", "us"].map(|name| Some(name.into())).to_vec());
/// let train = TabularDataset::new("loads", vec![cpu, region])?;
/// let preprocessor = Preprocessor::new()
///     .numeric(NumericSteps { scaler: Scaler::MinMax, ..NumericSteps::default() })
///     .categorical(CategoricalSteps::default())
///     .fit(&train)?;
/// let features = preprocessor.transform(&train)?;
/// assert_eq!(features.names(), ["cpu", "region=eu", "region=us"]);
/// assert_eq!(features.row(2), [0.5, 1.0, 0.0]); // the missing value became the median
/// println!("{preprocessor}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preprocessor {
    numeric: NumericSteps,
    categorical: CategoricalSteps,
    own_numeric: BTreeMap<String, NumericSteps>,
    own_categorical: BTreeMap<String, CategoricalSteps>,
}

impl Preprocessor {
    /// The default steps for every column: numbers get the median where they are missing and are standardised, categories
    /// get `missing` and are one-hot encoded.
    pub fn new() -> Self {
        Self::default()
    }

    /// The steps of every numeric column that has none of its own.
    pub fn numeric(mut self, steps: NumericSteps) -> Self {
        self.numeric = steps;
        self
    }

    /// The steps of every categorical column that has none of its own.
    pub fn categorical(mut self, steps: CategoricalSteps) -> Self {
        self.categorical = steps;
        self
    }

    /// The steps of one numeric column.
    pub fn numeric_column(mut self, column: &str, steps: NumericSteps) -> Self {
        self.own_numeric.insert(column.to_owned(), steps);
        self
    }

    /// The steps of one categorical column.
    pub fn categorical_column(mut self, column: &str, steps: CategoricalSteps) -> Self {
        self.own_categorical.insert(column.to_owned(), steps);
        self
    }

    /// Learns from the training rows, and from nothing else: medians, outlier fences, means, deviations, categories.
    ///
    /// In this order: rows with a missing cell in a column that drops such rows are left out; fences are found; rows with an
    /// outlier in a column that drops them are left out; other outliers are clipped where that is asked for; the values that
    /// stand in for missing ones are found; then scales and categories.
    ///
    /// # Errors
    /// When there are no rows or none are left, a step names a column that is not there or of the other type, a column has
    /// no value to learn from, or a one-hot column has more than 1,000 categories.
    pub fn fit(&self, train: &TabularDataset) -> Result<FittedPreprocessor> {
        self.check(train)?;
        let complete: Vec<usize> = (0..train.len()).filter(|&row| !self.drops_missing(train, row)).collect();
        let mut fences = BTreeMap::new();
        for column in train.columns() {
            if let ColumnValues::Numeric(values) = column.values() {
                let kept: Vec<Option<f64>> = complete.iter().map(|&row| values[row]).collect();
                if let Some(found) = Fences::fit(self.numeric_steps(column), &kept, train.name(), column.name())? {
                    fences.insert(column.name(), found);
                }
            }
        }
        let is_dropped = |column: &TableColumn, row: usize| match (column.values(), fences.get(column.name())) {
            (ColumnValues::Numeric(values), Some(fences)) => fences.drops(values[row]),
            _ => false,
        };
        let kept: Vec<usize> =
            complete.into_iter().filter(|&row| !train.columns().iter().any(|column| is_dropped(column, row))).collect();
        if kept.is_empty() {
            let problem =
                format!("none of the {} rows is left: each one has a cell that drops it", grouped(train.len()));
            return Err(Error::input(train.name(), problem, "fill missing values in and clip outliers instead"));
        }
        let mut columns = Vec::with_capacity(train.columns().len());
        for column in train.columns() {
            let place = format!("{}, column \"{}\"", train.name(), column.name());
            columns.push(match column.select(&kept).values() {
                ColumnValues::Numeric(values) => {
                    let (steps, fences) = (self.numeric_steps(column), fences.remove(column.name()));
                    FittedColumn::Numeric(FittedNumeric::fit(column.name(), steps, fences, values, &place)?)
                }
                ColumnValues::Categorical(values) => {
                    let steps = self.categorical_steps(column);
                    FittedColumn::Categorical(FittedCategorical::fit(column.name(), steps, values, &place)?)
                }
            });
        }
        Ok(FittedPreprocessor::new(columns, train.len(), train.len() - kept.len()))
    }

    fn numeric_steps(&self, column: &TableColumn) -> &NumericSteps {
        self.own_numeric.get(column.name()).unwrap_or(&self.numeric)
    }

    fn categorical_steps(&self, column: &TableColumn) -> &CategoricalSteps {
        self.own_categorical.get(column.name()).unwrap_or(&self.categorical)
    }

    /// Whether a row has a missing cell that leaves it out.
    fn drops_missing(&self, data: &TabularDataset, row: usize) -> bool {
        data.columns().iter().any(|column| {
            column.is_missing(row)
                && match column.values() {
                    ColumnValues::Numeric(_) => self.numeric_steps(column).imputer == NumericImputer::DropRow,
                    ColumnValues::Categorical(_) => self.categorical_steps(column).imputer == CategoryImputer::DropRow,
                }
        })
    }

    fn check(&self, train: &TabularDataset) -> Result<()> {
        if train.is_empty() {
            return Err(Error::input(train.name(), "has no rows", "give at least one row to learn from"));
        }
        if train.columns().is_empty() {
            return Err(Error::input(train.name(), "has no column beside the target", "give at least one"));
        }
        let named = self.own_numeric.keys().map(|name| (name, true));
        let named = named.chain(self.own_categorical.keys().map(|name| (name, false)));
        for (name, numeric) in named {
            let column = train.column(name)?;
            if column.is_numeric() != numeric {
                let (holds, wants) = if numeric { ("categories", "numbers") } else { ("numbers", "categories") };
                return Err(Error::input(
                    format!("Preprocessor, column \"{name}\""),
                    format!("holds {holds} ({}), and the steps are for {wants}", column.reason()),
                    "give the steps for its type, or read the column as the other type with a TableSchema",
                ));
            }
        }
        Ok(())
    }
}

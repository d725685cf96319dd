//! What was learned, applied to rows.

use serde::{Deserialize, Serialize};

use super::categorical::{FittedCategorical, NoFeatures};
use super::numeric::FittedNumeric;
use super::steps::Strategy;
use super::{CategoryEncoder, FeatureMatrix};
use crate::data::table::{ColumnValues, TableColumn, TableSchema, TabularDataset};
use crate::{Error, Result};

/// A [`Preprocessor`](super::Preprocessor) that has learned from training rows: it makes features of any rows with the same
/// columns, says what it learned, and is kept as JSON.
///
/// ```
/// use tunebook::data::{FittedPreprocessor, Preprocessor, TableColumn, TabularDataset};
///
/// let column = |values: [f64; 2]| TableColumn::numeric("cpu", values.map(Some).to_vec());
/// let train = TabularDataset::new("loads", vec![column([1.0, 3.0])])?;
/// let preprocessor = Preprocessor::new().fit(&train)?;
/// let fresh = TabularDataset::new("fresh", vec![column([2.0, 5.0])])?;
/// assert_eq!(preprocessor.transform(&fresh)?.row(1), [3.0]); // mean 2, deviation 1
/// assert_eq!(FittedPreprocessor::from_json(&preprocessor.to_json(), "here")?, preprocessor);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FittedPreprocessor {
    pub(super) columns: Vec<FittedColumn>,
    /// Rows that it was fitted on, and how many of them were left out.
    pub(super) rows: usize,
    pub(super) dropped: usize,
    features: Vec<String>,
}

/// What is known of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FittedColumn {
    Numeric(FittedNumeric),
    Categorical(FittedCategorical),
}

impl FittedColumn {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Numeric(column) => &column.name,
            Self::Categorical(column) => &column.name,
        }
    }

    pub(super) fn imputer(&self) -> Strategy {
        match self {
            Self::Numeric(column) => column.imputer,
            Self::Categorical(column) => column.imputer,
        }
    }

    /// The names of its features.
    pub(super) fn features(&self) -> Vec<String> {
        let (mut names, indicator) = match self {
            Self::Numeric(column) => (vec![column.name.clone()], column.indicator),
            Self::Categorical(column) => {
                let names = match column.encoder {
                    CategoryEncoder::OneHot => {
                        column.categories.iter().map(|category| format!("{}={category}", column.name)).collect()
                    }
                    CategoryEncoder::Ordinal => vec![column.name.clone()],
                };
                (names, column.indicator)
            }
        };
        if indicator {
            names.push(format!("{}_missing", self.name()));
        }
        names
    }
}

impl FittedPreprocessor {
    pub(super) fn new(columns: Vec<FittedColumn>, rows: usize, dropped: usize) -> Self {
        let features = columns.iter().flat_map(FittedColumn::features).collect();
        Self { columns, rows, dropped, features }
    }

    /// The names of the features, in their order.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The names of the columns that it reads, in their order.
    pub fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(FittedColumn::name).collect()
    }

    /// How a file with rows for this preprocessor is read: its columns have the types of the training table.
    pub fn schema(&self) -> TableSchema {
        self.columns.iter().fold(TableSchema::new(), |schema, column| match column {
            FittedColumn::Numeric(column) => schema.numeric(&column.name),
            FittedColumn::Categorical(column) => schema.categorical(&column.name),
        })
    }

    /// The features of every row: finite, `(rows, features)`. Columns are found by name; further ones are passed over.
    ///
    /// # Errors
    /// When a column is not there or has the other type; for a missing cell or a new category in a column that refuses it;
    /// and for a number that is too large for 32-bit floats. Each message names row and column.
    pub fn transform(&self, data: &TabularDataset) -> Result<FeatureMatrix> {
        let columns = self.find(data)?;
        let mut values = Vec::with_capacity(data.len() * self.features.len());
        for row in 0..data.len() {
            for (fitted, column) in self.columns.iter().zip(&columns) {
                let before = values.len();
                features_of(fitted, column, row, &mut values)
                    .map_err(|why| refused(&why, fitted, &data.place(row, fitted.name())))?;
                if let Some(value) = values[before..].iter().find(|value| !(**value as f32).is_finite()) {
                    return Err(Error::input(
                        data.place(row, fitted.name()),
                        format!("{} becomes {value:e}, too large for a network", column.cell(row)),
                        "mark it as missing, or clip outliers",
                    ));
                }
            }
        }
        Ok(FeatureMatrix::new(self.features.clone(), values, data.len()))
    }

    /// The rows that the steps keep: without those that lack a cell in a column that drops such rows, and without outliers
    /// of columns that drop them. For training data; what is measured keeps all its rows.
    ///
    /// # Errors
    /// When a column is not there or has the other type.
    pub fn drop_rows(&self, data: &TabularDataset) -> Result<TabularDataset> {
        let columns = self.find(data)?;
        let drops = |row: usize| {
            self.columns.iter().zip(&columns).any(|(fitted, column)| {
                let missing = fitted.imputer() == Strategy::DropRow && column.is_missing(row);
                missing
                    || match fitted {
                        FittedColumn::Numeric(fitted) => {
                            fitted.fences.as_ref().is_some_and(|fences| fences.drops(number(column, row)))
                        }
                        FittedColumn::Categorical(_) => false,
                    }
            })
        };
        Ok(data.select(&(0..data.len()).filter(|&row| !drops(row)).collect::<Vec<_>>()))
    }

    /// The columns of `data` in the order of the fitted ones, each of the right type.
    pub(super) fn find<'a>(&self, data: &'a TabularDataset) -> Result<Vec<&'a TableColumn>> {
        let find = |fitted: &FittedColumn| {
            let column = data.column(fitted.name())?;
            let wants_numbers = matches!(fitted, FittedColumn::Numeric(_));
            // A column without any value has no type.
            let there = (0..column.len()).find(|&row| !column.is_missing(row));
            if let (Some(row), true) = (there, column.is_numeric() != wants_numbers) {
                let (holds, wants) = if wants_numbers { ("categories", "numbers") } else { ("numbers", "categories") };
                return Err(Error::input(
                    data.place(row, fitted.name()),
                    format!("holds {holds} here ({}), and held {wants} in training", column.reason()),
                    "read the file with the preprocessor's schema()",
                ));
            }
            Ok(column)
        };
        self.columns.iter().map(find).collect()
    }
}

/// The number in a cell; none in a column that holds no values at all.
pub(super) fn number(column: &TableColumn, row: usize) -> Option<f64> {
    match column.values() {
        ColumnValues::Numeric(values) => values[row],
        ColumnValues::Categorical(_) => None,
    }
}

/// The category in a cell; none in a column that holds no values at all.
pub(super) fn category(column: &TableColumn, row: usize) -> Option<&str> {
    match column.values() {
        ColumnValues::Numeric(_) => None,
        ColumnValues::Categorical(values) => values[row].as_deref(),
    }
}

fn features_of(
    fitted: &FittedColumn,
    column: &TableColumn,
    row: usize,
    values: &mut Vec<f64>,
) -> Result<(), NoFeatures> {
    match fitted {
        FittedColumn::Numeric(fitted) => {
            if fitted.features(number(column, row), values) {
                Ok(())
            } else {
                Err(NoFeatures::Missing)
            }
        }
        FittedColumn::Categorical(fitted) => fitted.features(category(column, row), values),
    }
}

fn refused(why: &NoFeatures, fitted: &FittedColumn, place: &str) -> Error {
    match why {
        NoFeatures::Missing => Error::input(place, "the value is missing", fitted.imputer().mend()),
        NoFeatures::Unknown(category) => Error::input(
            place,
            format!("\"{category}\" was not in the training rows"),
            "mend the cell, or let the column ignore new categories (UnknownCategory::Ignore)",
        ),
    }
}

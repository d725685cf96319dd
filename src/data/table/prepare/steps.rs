//! What can be done to a column.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::data::OutlierRule;

/// What is done to a column of numbers, in this order: outliers, missing values, scale.
///
/// ```
/// use tunebook::data::{NumericImputer, NumericSteps, OutlierAction, OutlierRule, Scaler};
/// let steps = NumericSteps {
///     imputer: NumericImputer::Mean,
///     indicator: true,
///     outliers: Some((OutlierRule::Iqr(1.5), OutlierAction::Clip)),
///     scaler: Scaler::Robust,
/// };
/// assert_ne!(steps, NumericSteps::default());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumericSteps {
    /// What stands in for a missing value.
    pub imputer: NumericImputer,
    /// Whether a further feature says that a value was missing: 1 or 0. It is made where training rows lack values, as
    /// scikit-learn's `add_indicator` does it.
    pub indicator: bool,
    /// The rule for values far from the rest, and what happens to them; `None` lets all pass.
    pub outliers: Option<(OutlierRule, OutlierAction)>,
    /// How the values are scaled.
    pub scaler: Scaler,
}

/// What stands in for a missing number: scikit-learn's `SimpleImputer`, and two strategies more.
///
/// ```
/// use tunebook::data::{NumericImputer, Scaler, NumericSteps, Preprocessor, TableColumn, TabularDataset};
/// let cpu = TableColumn::numeric("cpu", vec![Some(1.0), Some(2.0), Some(9.0), None]);
/// let train = TabularDataset::new("loads", vec![cpu])?;
/// let features = |steps: NumericSteps| Preprocessor::new().numeric(steps).fit(&train)?.transform(&train);
/// let steps = NumericSteps { imputer: NumericImputer::Mean, scaler: Scaler::None, ..NumericSteps::default() };
/// assert_eq!(features(steps)?.row(3), [4.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum NumericImputer {
    /// The mean of the training values.
    Mean,
    /// Their median; outliers do not move it.
    #[default]
    Median,
    /// The most frequent one, the smallest of equals.
    MostFrequent,
    /// This number.
    Constant(f64),
    /// The fit leaves such rows out; [`FittedPreprocessor::drop_rows`](super::FittedPreprocessor::drop_rows) does it to a
    /// data set. A row that is to be transformed must have the value.
    DropRow,
    /// A missing value is an error.
    Refuse,
}

/// What happens to outliers.
///
/// ```
/// use tunebook::data::{OutlierAction, OutlierRule, Scaler, NumericSteps, Preprocessor, TableColumn, TabularDataset};
/// let cpu = TableColumn::numeric("cpu", vec![Some(1.0), Some(2.0), Some(9.0), None]);
/// let train = TabularDataset::new("loads", vec![cpu])?;
/// let features = |steps: NumericSteps| Preprocessor::new().numeric(steps).fit(&train)?.transform(&train);
/// let outliers = Some((OutlierRule::Iqr(0.1), OutlierAction::Clip));
/// let steps = NumericSteps { outliers, scaler: Scaler::None, ..NumericSteps::default() };
/// assert!(features(steps)?.row(2)[0] < 9.0); // the nearer fence
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutlierAction {
    /// They stay, and reports count them.
    Report,
    /// They are set to the nearer fence, in training and in use.
    #[default]
    Clip,
    /// The fit leaves such rows out, and so does
    /// [`FittedPreprocessor::drop_rows`](super::FittedPreprocessor::drop_rows); in use they stay as they are.
    DropRow,
}

/// How numbers are scaled; each is `(x - centre) / width`, learned on the training rows. A column without spread gets the
/// width 1.
///
/// ```
/// use tunebook::data::{Scaler, NumericSteps, Preprocessor, TableColumn, TabularDataset};
/// let cpu = TableColumn::numeric("cpu", vec![Some(1.0), Some(2.0), Some(9.0), None]);
/// let train = TabularDataset::new("loads", vec![cpu])?;
/// let features = |steps: NumericSteps| Preprocessor::new().numeric(steps).fit(&train)?.transform(&train);
/// let steps = NumericSteps { scaler: Scaler::MinMax, ..NumericSteps::default() };
/// let features = features(steps)?;
/// assert_eq!((features.row(0), features.row(2)), (&[0.0][..], &[1.0][..]));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaler {
    /// As they are.
    None,
    /// Mean and standard deviation (of the rows, not an estimate): scikit-learn's `StandardScaler`.
    #[default]
    Standard,
    /// Smallest value and range, so that training values lie from 0 to 1: `MinMaxScaler`.
    MinMax,
    /// Median and interquartile range: `RobustScaler`.
    Robust,
}

/// What is done to a column of categories: missing values, then the encoding.
///
/// ```
/// use tunebook::data::{CategoryEncoder, CategoricalSteps, Preprocessor, TableColumn, TabularDataset};
/// let regions = |names: [Option<&str>; 3]| {
///     let cells = names.map(|name| name.map(str::to_owned)).to_vec();
///     TabularDataset::new("loads", vec![TableColumn::categorical("region", cells)])
/// };
/// let train = regions([Some("eu"), Some("us"), None])?;
/// let steps = CategoricalSteps { encoder: CategoryEncoder::Ordinal, indicator: true, ..CategoricalSteps::default() };
/// let preprocessor = Preprocessor::new().categorical(steps).fit(&train)?;
/// assert_eq!(preprocessor.features().len(), 2); // the number, and whether it was missing
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CategoricalSteps {
    /// What stands in for a missing category.
    pub imputer: CategoryImputer,
    /// Whether a further feature says that a category was missing: 1 or 0; made where training rows lack categories.
    pub indicator: bool,
    /// How categories become numbers.
    pub encoder: CategoryEncoder,
    /// What happens to a category that training did not have.
    pub unknown: UnknownCategory,
}

/// What stands in for a missing category.
///
/// ```
/// use tunebook::data::{CategoryImputer, CategoricalSteps, Preprocessor, TableColumn, TabularDataset};
/// let regions = |names: [Option<&str>; 3]| {
///     let cells = names.map(|name| name.map(str::to_owned)).to_vec();
///     TabularDataset::new("loads", vec![TableColumn::categorical("region", cells)])
/// };
/// let train = regions([Some("eu"), Some("us"), None])?;
/// let steps = CategoricalSteps { imputer: CategoryImputer::Constant("unknown".to_owned()), ..Default::default() };
/// let preprocessor = Preprocessor::new().categorical(steps).fit(&train)?;
/// assert_eq!(preprocessor.features(), ["region=eu", "region=unknown", "region=us"]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CategoryImputer {
    /// The most frequent one of the training rows, the first by name of equals.
    MostFrequent,
    /// This category, one more among the others: `missing` by default.
    Constant(String),
    /// As [`NumericImputer::DropRow`].
    DropRow,
    /// A missing category is an error.
    Refuse,
}

impl Default for CategoryImputer {
    fn default() -> Self {
        Self::Constant("missing".to_owned())
    }
}

/// How categories become numbers; they stand in the order of their names.
///
/// ```
/// use tunebook::data::{CategoryEncoder, CategoricalSteps, Preprocessor, TableColumn, TabularDataset};
/// let regions = |names: [Option<&str>; 3]| {
///     let cells = names.map(|name| name.map(str::to_owned)).to_vec();
///     TabularDataset::new("loads", vec![TableColumn::categorical("region", cells)])
/// };
/// let train = regions([Some("eu"), Some("us"), None])?;
/// let steps = CategoricalSteps { encoder: CategoryEncoder::Ordinal, ..Default::default() };
/// let preprocessor = Preprocessor::new().categorical(steps).fit(&train)?;
/// assert_eq!(preprocessor.transform(&train)?.row(0), [0.0]); // eu, missing, us
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryEncoder {
    /// A feature for each category, 1 or 0: scikit-learn's `OneHotEncoder`.
    #[default]
    OneHot,
    /// One feature, the category's number from 0: `OrdinalEncoder`. For categories with an order in their names, and for
    /// columns with very many.
    Ordinal,
}

/// What happens to a category that training did not have.
///
/// ```
/// use tunebook::data::{UnknownCategory, CategoricalSteps, Preprocessor, TableColumn, TabularDataset};
/// let regions = |names: [Option<&str>; 3]| {
///     let cells = names.map(|name| name.map(str::to_owned)).to_vec();
///     TabularDataset::new("loads", vec![TableColumn::categorical("region", cells)])
/// };
/// let train = regions([Some("eu"), Some("us"), None])?;
/// let steps = CategoricalSteps { unknown: UnknownCategory::Refuse, ..Default::default() };
/// let preprocessor = Preprocessor::new().categorical(steps).fit(&train)?;
/// let error = preprocessor.transform(&regions([Some("eu"), Some("mars"), None])?).unwrap_err();
/// assert!(error.to_string().contains("mars"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownCategory {
    /// All features of the column are 0 (one-hot), or the number is -1 (ordinal).
    #[default]
    Ignore,
    /// It is an error that names row and category.
    Refuse,
}

/// The name of an imputation strategy, without its value: what a file keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Strategy {
    Mean,
    Median,
    MostFrequent,
    Constant,
    DropRow,
    Refuse,
}

impl NumericImputer {
    pub(super) fn strategy(self) -> Strategy {
        match self {
            Self::Mean => Strategy::Mean,
            Self::Median => Strategy::Median,
            Self::MostFrequent => Strategy::MostFrequent,
            Self::Constant(_) => Strategy::Constant,
            Self::DropRow => Strategy::DropRow,
            Self::Refuse => Strategy::Refuse,
        }
    }
}

impl CategoryImputer {
    pub(super) fn strategy(&self) -> Strategy {
        match self {
            Self::MostFrequent => Strategy::MostFrequent,
            Self::Constant(_) => Strategy::Constant,
            Self::DropRow => Strategy::DropRow,
            Self::Refuse => Strategy::Refuse,
        }
    }
}

impl Strategy {
    /// Whether a value stands in for a missing one.
    pub(super) fn fills(self) -> bool {
        !matches!(self, Self::DropRow | Self::Refuse)
    }

    /// What to do about a missing cell that nothing stands in for.
    pub(super) fn mend(self) -> &'static str {
        match self {
            Self::DropRow => "fill it in, or leave such rows out with drop_rows(&data)",
            _ => "fill it in, or give the column another imputer",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean",
            Self::Median => "median",
            Self::MostFrequent => "most frequent",
            Self::Constant => "constant",
            Self::DropRow => "row dropped",
            Self::Refuse => "refused",
        })
    }
}

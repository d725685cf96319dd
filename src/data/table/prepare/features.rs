//! The numbers that a network takes.

use candle_core::{Device, Tensor};

use crate::Result;

/// Rows of finite numbers, one column for each feature: what [`FittedPreprocessor::transform`] makes of a table.
///
/// [`FittedPreprocessor::transform`]: super::FittedPreprocessor::transform
///
/// ```
/// use tunebook::data::{Preprocessor, TableColumn, TabularDataset};
/// let columns = vec![
///     TableColumn::numeric("cpu", vec![Some(1.0), None, Some(3.0)]),
///     TableColumn::categorical("region", ["eu", "us", "eu"].map(|name| Some(name.to_owned())).to_vec()),
/// ];
/// let train = TabularDataset::new("loads", columns)?;
/// let features = Preprocessor::new().fit(&train)?.transform(&train)?;
/// assert_eq!(features.names(), ["cpu", "region=eu", "region=us"]);
/// assert_eq!(&features.row(1)[1..], [0.0, 1.0]);
/// assert_eq!(features.to_tensor()?.dims(), [3, 3]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureMatrix {
    names: Vec<String>,
    /// Row after row.
    values: Vec<f64>,
    rows: usize,
}

impl FeatureMatrix {
    pub(super) fn new(names: Vec<String>, values: Vec<f64>, rows: usize) -> Self {
        Self { names, values, rows }
    }

    /// The features' names, in the order of the numbers: `cpu`, `cpu_missing`, `region=eu`, ...
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many rows there are: as many as the table has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The features of one row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.names.len()..(row + 1) * self.names.len()]
    }

    /// All rows as 32-bit floats on the CPU, `(rows, features)`.
    pub fn to_tensor(&self) -> Result<Tensor> {
        let values: Vec<f32> = self.values.iter().map(|value| *value as f32).collect();
        Ok(Tensor::from_vec(values, (self.rows, self.names.len()), &Device::Cpu)?)
    }
}

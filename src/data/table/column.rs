//! One named column of a table.

use std::collections::BTreeMap;

/// The cells of a column, one for each row.
///
/// ```
/// use tunebook::data::{ColumnValues, TableColumn};
/// let column = TableColumn::numeric("cpu", vec![Some(0.5), None]);
/// assert_eq!(column.values(), &ColumnValues::Numeric(vec![Some(0.5), None]));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnValues {
    /// Finite numbers; `None` where one is missing.
    Numeric(Vec<Option<f64>>),
    /// Categories as words; `None` where one is missing.
    Categorical(Vec<Option<String>>),
}

/// A named column: numbers or categories, with missing cells.
///
/// ```
/// use tunebook::data::TableColumn;
///
/// let cpu = TableColumn::numeric("cpu", vec![Some(0.5), None, Some(0.9)]);
/// assert_eq!((cpu.len(), cpu.missing()), (3, 1));
/// let region = TableColumn::categorical("region", ["eu", "us", "eu"].map(|name| Some(name.to_owned())).to_vec());
/// assert_eq!(region.category_counts(), [("eu".to_owned(), 2), ("us".to_owned(), 1)]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    name: String,
    values: ColumnValues,
    reason: String,
}

impl TableColumn {
    /// A column of numbers; `None` where one is missing.
    pub fn numeric(name: &str, values: Vec<Option<f64>>) -> Self {
        Self::with_reason(name.to_owned(), ColumnValues::Numeric(values), "given as numbers".to_owned())
    }

    /// A column of categories; `None` where one is missing.
    pub fn categorical(name: &str, values: Vec<Option<String>>) -> Self {
        Self::with_reason(name.to_owned(), ColumnValues::Categorical(values), "given as categories".to_owned())
    }

    pub(super) fn with_reason(name: String, values: ColumnValues, reason: String) -> Self {
        Self { name, values, reason }
    }

    /// The column's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The cells, in row order.
    pub fn values(&self) -> &ColumnValues {
        &self.values
    }

    /// Why the column is taken as numbers or as categories, for a reader.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether it holds numbers.
    pub fn is_numeric(&self) -> bool {
        matches!(self.values, ColumnValues::Numeric(_))
    }

    /// How many cells it has, missing ones included.
    pub fn len(&self) -> usize {
        match &self.values {
            ColumnValues::Numeric(values) => values.len(),
            ColumnValues::Categorical(values) => values.len(),
        }
    }

    /// Whether it has no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many cells are missing.
    pub fn missing(&self) -> usize {
        (0..self.len()).filter(|&row| self.is_missing(row)).count()
    }

    /// Whether the cell of this row is missing.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn is_missing(&self, row: usize) -> bool {
        match &self.values {
            ColumnValues::Numeric(values) => values[row].is_none(),
            ColumnValues::Categorical(values) => values[row].is_none(),
        }
    }

    /// The cell of this row as text; empty when it is missing.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn cell(&self, row: usize) -> String {
        match &self.values {
            ColumnValues::Numeric(values) => values[row].map_or_else(String::new, |number| number.to_string()),
            ColumnValues::Categorical(values) => values[row].clone().unwrap_or_default(),
        }
    }

    /// How often each category occurs, the most frequent first, by name among equals. Numbers count as the text that they
    /// are written as.
    pub fn category_counts(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in (0..self.len()).filter(|&row| !self.is_missing(row)) {
            *counts.entry(self.cell(row)).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    pub(super) fn select(&self, rows: &[usize]) -> Self {
        let values = match &self.values {
            ColumnValues::Numeric(values) => ColumnValues::Numeric(rows.iter().map(|&row| values[row]).collect()),
            ColumnValues::Categorical(values) => {
                ColumnValues::Categorical(rows.iter().map(|&row| values[row].clone()).collect())
            }
        };
        Self { values, ..self.named_like() }
    }

    /// An empty column of this name and reason.
    fn named_like(&self) -> Self {
        Self::with_reason(self.name.clone(), ColumnValues::Numeric(Vec::new()), self.reason.clone())
    }
}

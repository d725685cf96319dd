//! Tables: named columns of numbers and categories, and what each row should come out as.
//!
//! Read this file first ([`TabularDataset`]: columns and target), then `column.rs` (one column), `read.rs` (files, and how
//! a column's type is found), `splits.rs` (parts and folds), `write.rs` (CSV), `display.rs` (what a cell shows),
//! `data_sheet/` (what is wrong with a table) and [`prepare`] (from columns to the numbers that a network takes).

mod column;
mod data_sheet;
mod display;
pub mod prepare;
mod read;
mod splits;
#[cfg(test)]
mod tests;
mod write;

pub use column::{ColumnValues, TableColumn};
pub use data_sheet::{ColumnSpread, ColumnSummary, NumberSpread, TableDataSheet};
pub use read::TableSchema;

use crate::data::read::{LabelPlaces, missing_column};
use crate::data::rows::{LabelledRows, Rows, label_counts, label_problem};
use crate::data::split::{Splits, select_parts};
use crate::data::text::Part;
use crate::words::grouped;
use crate::{Error, Result};

/// What each row of a table should come out as.
///
/// ```
/// use tunebook::data::{TableColumn, TableTarget, TabularDataset};
/// let cost = TableColumn::numeric("cost", vec![Some(2.0), Some(3.5)]);
/// let load = TableColumn::numeric("load", vec![Some(1.0), Some(2.0)]);
/// let data = TabularDataset::new("loads", vec![load, cost])?.target_column("cost")?;
/// assert!(matches!(data.target(), Some(TableTarget::Numbers { values, .. }) if *values == [2.0, 3.5]));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum TableTarget {
    /// One class of each row.
    Labels {
        /// The name of the column that they come from.
        column: String,
        /// Indices into the names, in row order.
        labels: Vec<usize>,
        /// The names of the classes.
        names: Vec<String>,
    },
    /// One number of each row.
    Numbers {
        /// The name of the column that they come from.
        column: String,
        /// Finite numbers in their own unit, in row order.
        values: Vec<f64>,
    },
}

/// Rows of named columns, numbers or categories with missing cells, and a target: a class or a number of each row, or
/// none for rows that a model is to be asked about.
///
/// ```
/// use tunebook::data::{TableColumn, TabularDataset};
///
/// let cpu = TableColumn::numeric("cpu", vec![Some(0.2), Some(0.9), None]);
/// let region = TableColumn::categorical("region", vec![Some("eu".into()), None, Some("us".into())]);
/// let tier = TableColumn::categorical("tier", ["small", "large", "large"].map(|name| Some(name.into())).to_vec());
/// let data = TabularDataset::new("loads", vec![cpu, region, tier])?.label_column("tier")?;
/// assert_eq!((data.len(), data.columns().len()), (3, 2));
/// assert_eq!((data.labels(), data.label_names()), (&[1, 0, 0][..], vec!["large".to_owned(), "small".to_owned()]));
/// println!("{data}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TabularDataset {
    name: String,
    columns: Vec<TableColumn>,
    target: Option<TableTarget>,
    /// The line of each row in its file, or its number where there are no lines.
    places: Vec<u64>,
    /// What the places count.
    unit: &'static str,
    parts: Option<Vec<Part>>,
}

/// The three parts of a table.
pub type TabularSplits = Splits<TabularDataset>;

impl TabularDataset {
    /// A table from columns of one length, without a target; see [`TabularDataset::label_column`] and
    /// [`TabularDataset::target_column`].
    ///
    /// # Errors
    /// When there is no column, two have one name, the lengths differ, or a number is not finite.
    pub fn new(name: &str, columns: Vec<TableColumn>) -> Result<Self> {
        let rows = columns.first().map_or(0, TableColumn::len);
        Self::with_places(name, columns, (0..rows as u64).collect(), "row")
    }

    /// A table that ships inside the library; see [`embedded`](crate::data::embedded) for the list. It has no target yet.
    ///
    /// ```
    /// use tunebook::data::TabularDataset;
    ///
    /// let metrics = TabularDataset::embedded("cloud-metrics")?;
    /// let hours: Vec<usize> = (0..metrics.len()).collect();
    /// let data = metrics.without_columns(&["time", "cause"])?.label_column("incident")?.time_split(&hours, 0.15, 0.15)?;
    /// assert_eq!((data.train.len(), data.test.label_counts()), (24_192, vec![5_013, 171]));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn embedded(name: &str) -> Result<Self> {
        crate::data::embedded::table(name)
    }

    fn with_places(name: &str, columns: Vec<TableColumn>, places: Vec<u64>, unit: &'static str) -> Result<Self> {
        if columns.is_empty() {
            return Err(Error::input(name, "there is no column", "give at least one"));
        }
        for (at, column) in columns.iter().enumerate() {
            let place = || format!("{name}, column \"{}\"", column.name());
            if columns[..at].iter().any(|other| other.name() == column.name()) {
                return Err(Error::input(place(), "stands twice", "give each column a name of its own"));
            }
            if column.len() != places.len() {
                let problem = format!("{} cells, the first column has {}", column.len(), places.len());
                return Err(Error::input(place(), problem, "give every column one cell a row"));
            }
        }
        let data = Self { name: name.to_owned(), columns, target: None, places, unit, parts: None };
        for column in &data.columns {
            let ColumnValues::Numeric(values) = column.values() else { continue };
            if let Some(row) = values.iter().position(|value| value.is_some_and(|number| !number.is_finite())) {
                let place = data.place(row, column.name());
                let problem = format!("{} is not a finite number", values[row].unwrap_or_default());
                return Err(Error::input(place, problem, "give None where a value is missing"));
            }
        }
        Ok(data)
    }

    /// The same rows with this column as the target: each of its values is a class. The names are sorted, so that the same
    /// table always gives the same indices.
    ///
    /// # Errors
    /// When there is no such column, or a cell of it is missing; see [`TabularDataset::drop_missing`].
    pub fn label_column(self, column: &str) -> Result<Self> {
        let mut names: Vec<String> = self.column(column)?.category_counts().into_iter().map(|(name, _)| name).collect();
        names.sort();
        self.known_label_column(column, &names)
    }

    /// The same with the class names of another table, in their order: what a validation or test file needs.
    ///
    /// # Errors
    /// Those of [`TabularDataset::label_column`], and when a value is none of the names.
    pub fn known_label_column(mut self, column: &str, names: &[String]) -> Result<Self> {
        let cells = self.take_target_column(column, "label")?;
        let places = LabelPlaces::new(names);
        let mut labels = Vec::with_capacity(self.len());
        for row in 0..self.len() {
            let cell = cells.cell(row);
            labels.push(places.find(&cell, || self.place(row, column))?);
        }
        if let Some((problem, mend)) = label_problem(self.len(), "rows", &labels, names) {
            return Err(Error::input(&self.name, problem, mend));
        }
        self.target = Some(TableTarget::Labels { column: column.to_owned(), labels, names: names.to_vec() });
        Ok(self)
    }

    /// The same rows with this column of numbers as the target.
    ///
    /// ```
    /// use tunebook::data::{TableColumn, TabularDataset};
    ///
    /// let columns = vec![
    ///     TableColumn::numeric("requests", vec![Some(10.0), Some(20.0)]),
    ///     TableColumn::numeric("cost", vec![Some(1.5), Some(2.5)]),
    /// ];
    /// let data = TabularDataset::new("bills", columns)?.target_column("cost")?;
    /// assert_eq!(data.targets(), [1.5, 2.5]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such column, it holds categories, or a cell of it is missing; see
    /// [`TabularDataset::drop_missing`].
    pub fn target_column(mut self, column: &str) -> Result<Self> {
        let cells = self.take_target_column(column, "target")?;
        let ColumnValues::Numeric(values) = cells.values() else {
            return Err(Error::input(
                format!("{}, column \"{column}\"", self.name),
                format!("holds categories ({}), and a target is a number", cells.reason()),
                "use label_column(...) for classes, or mend the cells that are no numbers",
            ));
        };
        let values = values.iter().copied().flatten().collect();
        self.target = Some(TableTarget::Numbers { column: column.to_owned(), values });
        Ok(self)
    }

    /// Takes a column without missing cells out of the others; `what` it is for goes into the message.
    fn take_target_column(&mut self, name: &str, what: &str) -> Result<TableColumn> {
        let at = self.column_at(name)?;
        if let Some(row) = (0..self.len()).find(|&row| self.columns[at].is_missing(row)) {
            return Err(Error::input(
                self.place(row, name),
                format!("has no {what}; {} rows have none", grouped(self.columns[at].missing())),
                format!("fill it in, or call drop_missing(\"{name}\") first"),
            ));
        }
        if let Some(target) = &self.target {
            let problem = format!("the target is \"{}\" already", target.column());
            return Err(Error::input(&self.name, problem, "name one column as the target"));
        }
        Ok(self.columns.remove(at))
    }

    /// The rows in which this column is not missing.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn drop_missing(&self, column: &str) -> Result<Self> {
        let column = self.column(column)?;
        let rows: Vec<usize> = (0..self.len()).filter(|&row| !column.is_missing(row)).collect();
        Ok(self.select(&rows))
    }

    /// The same rows without these columns: ids, or what would give the target away.
    ///
    /// # Errors
    /// When there is no column of one of the names.
    pub fn without_columns(&self, names: &[&str]) -> Result<Self> {
        let mut data = self.clone();
        for name in names {
            let at = data.column_at(name)?;
            data.columns.remove(at);
        }
        Ok(data)
    }

    /// The data set's name, for reports and messages: the path for one that was read.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The columns without the target, in the order of the file.
    pub fn columns(&self) -> &[TableColumn] {
        &self.columns
    }

    /// The column of this name.
    ///
    /// # Errors
    /// When there is none; the message lists those there are.
    pub fn column(&self, name: &str) -> Result<&TableColumn> {
        Ok(&self.columns[self.column_at(name)?])
    }

    fn column_at(&self, name: &str) -> Result<usize> {
        self.columns.iter().position(|column| column.name() == name).ok_or_else(|| {
            let names: Vec<String> = self.columns.iter().map(|column| column.name().to_owned()).collect();
            missing_column(&self.name, name, &names)
        })
    }

    /// What each row should come out as, where that is known.
    pub fn target(&self) -> Option<&TableTarget> {
        self.target.as_ref()
    }

    /// The labels, in row order: indices into [`label_names`](Self::label_names). Empty without a target of classes.
    pub fn labels(&self) -> &[usize] {
        match &self.target {
            Some(TableTarget::Labels { labels, .. }) => labels,
            _ => &[],
        }
    }

    /// The names of the classes, in index order. Empty without a target of classes.
    pub fn label_names(&self) -> Vec<String> {
        LabelledRows::label_names(self).to_vec()
    }

    /// How many rows each label has, in index order.
    pub fn label_counts(&self) -> Vec<usize> {
        label_counts(self.labels(), LabelledRows::label_names(self).len())
    }

    /// The target numbers, in row order. Empty without a target of numbers.
    pub fn targets(&self) -> &[f64] {
        match &self.target {
            Some(TableTarget::Numbers { values, .. }) => values,
            _ => &[],
        }
    }

    /// Where a cell stands, for messages: `loads.csv, line 14, column "cpu"`.
    pub(crate) fn place(&self, row: usize, column: &str) -> String {
        format!("{}, {} {}, column \"{column}\"", self.name, self.unit, self.places[row])
    }

    /// One row in short, for a table of predictions: `requests 120, region eu-west`.
    pub(crate) fn row_text(&self, row: usize) -> String {
        let cell = |column: &TableColumn| match column.cell(row) {
            cell if cell.is_empty() => format!("{} missing", column.name()),
            cell => format!("{} {cell}", column.name()),
        };
        self.columns.iter().map(cell).collect::<Vec<_>>().join(", ")
    }

    /// What each row is called in reports: `line 14`.
    pub(super) fn row_names(&self) -> Vec<String> {
        self.places.iter().map(|place| format!("{} {place}", self.unit)).collect()
    }

    /// The cells of each row without the target, to find equal rows by.
    pub(super) fn row_keys(&self) -> Vec<Vec<String>> {
        (0..self.len()).map(|row| self.columns.iter().map(|column| column.cell(row)).collect()).collect()
    }

    /// The target of a row as text, where there is one.
    pub(super) fn target_text(&self, row: usize) -> Option<String> {
        self.target.as_ref().map(|target| match target {
            TableTarget::Labels { labels, names, .. } => names[labels[row]].clone(),
            TableTarget::Numbers { values, .. } => values[row].to_string(),
        })
    }

    /// The rows at `rows`, in that order, with the same columns and label names.
    ///
    /// # Panics
    /// When a row does not exist.
    pub fn select(&self, rows: &[usize]) -> Self {
        let target = self.target.as_ref().map(|target| match target {
            TableTarget::Labels { column, labels, names } => TableTarget::Labels {
                column: column.clone(),
                labels: rows.iter().map(|&row| labels[row]).collect(),
                names: names.clone(),
            },
            TableTarget::Numbers { column, values } => {
                TableTarget::Numbers { column: column.clone(), values: rows.iter().map(|&row| values[row]).collect() }
            }
        });
        Self {
            name: self.name.clone(),
            columns: self.columns.iter().map(|column| column.select(rows)).collect(),
            target,
            places: rows.iter().map(|&row| self.places[row]).collect(),
            unit: self.unit,
            parts: select_parts(self.parts.as_deref(), rows),
        }
    }
}

impl TableTarget {
    /// The name of the column that it comes from.
    pub fn column(&self) -> &str {
        match self {
            Self::Labels { column, .. } | Self::Numbers { column, .. } => column,
        }
    }
}

impl Rows for TabularDataset {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn names_of_labels(&self) -> &[String] {
        LabelledRows::label_names(self)
    }

    fn select(&self, rows: &[usize]) -> Self {
        self.select(rows)
    }
}

/// Without a target of classes there are no labels and no names.
impl LabelledRows for TabularDataset {
    fn labels(&self) -> &[usize] {
        self.labels()
    }

    fn label_names(&self) -> &[String] {
        match &self.target {
            Some(TableTarget::Labels { names, .. }) => names,
            _ => &[],
        }
    }
}

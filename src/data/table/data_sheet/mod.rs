//! The data sheet of a table: what it holds, what is wrong with it and what to do, in one value.
//!
//! `columns.rs` looks at one column at a time, `alone.rs` asks how well a column alone tells the target, `problems.rs` turns
//! findings into sentences with a mend, `show.rs` draws the sheet as text and HTML.

mod alone;
mod columns;
mod problems;
mod show;

use crate::data::duplicates::equal_rows;
use crate::data::{
    ClassBalance, DriftConfig, DriftReport, DuplicateGroup, LeakageReport, TableTarget, TabularDataset, TabularSplits,
};
use crate::{Error, Result};

pub use columns::{ColumnSpread, ColumnSummary, NumberSpread};

#[cfg(test)]
mod tests;

/// A table at a glance: each column with its missing cells, values, outliers and what it alone says of the target; equal
/// rows, leakage across a split, drift; with the problems, and what to do about each. For texts there is
/// [`DataSheet`](crate::data::DataSheet), for images [`ImageDataSheet`](crate::data::ImageDataSheet).
///
/// ```
/// use tunebook::data::{TableColumn, TableDataSheet, TabularDataset};
///
/// let cpu = TableColumn::numeric("cpu", (0..40).map(|row| Some(f64::from(row % 7))).collect());
/// let cost = TableColumn::numeric("cost", (0..40).map(|row| Some(f64::from(row))).collect());
/// let price = TableColumn::numeric("price", (0..40).map(|row| Some(f64::from(3 * row + 5))).collect());
/// let data = TabularDataset::new("loads", vec![cpu, cost, price])?.target_column("price")?;
/// let sheet = TableDataSheet::of(&data)?;
/// assert_eq!(sheet.rows(), 40);
/// assert!(sheet.problems()[0].problem.contains("\"cost\" alone"));
/// println!("{sheet}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TableDataSheet {
    name: String,
    row_names: Vec<String>,
    columns: Vec<ColumnSummary>,
    target: Option<String>,
    balance: ClassBalance,
    label_names: Vec<String>,
    target_spread: Option<NumberSpread>,
    duplicates: Vec<DuplicateGroup>,
    leakage: Option<LeakageReport>,
    drift: Option<DriftReport>,
}

impl TableDataSheet {
    /// The sheet of `data`, with the checks that need nothing else.
    ///
    /// # Errors
    /// When there are no rows.
    pub fn of(data: &TabularDataset) -> Result<Self> {
        if data.is_empty() {
            return Err(Error::input(data.name(), "there are no rows to look at", "give one row at least"));
        }
        let row_names = data.row_names();
        // Rows are equal in all columns; what their targets are is looked at apart.
        let targets = target_classes(data);
        let keys = data.row_keys().into_iter().enumerate();
        Ok(Self {
            name: data.name().to_owned(),
            columns: data.columns().iter().map(|column| ColumnSummary::of(column, data.target())).collect(),
            target: data.target().map(|target| target.column().to_owned()),
            balance: data.class_balance(),
            label_names: data.label_names(),
            target_spread: NumberSpread::of(data.targets()),
            duplicates: equal_rows(keys, &row_names, &targets),
            row_names,
            leakage: None,
            drift: None,
        })
    }

    /// The sheet of the training part of a split, with the leakage into the parts held out, and the drift from it to the
    /// test part (or validation, where there is no test).
    ///
    /// # Errors
    /// When nothing is held out, and those of [`TableDataSheet::of`] and
    /// [`TabularDataset::drift`](crate::data::TabularDataset::drift).
    ///
    /// ```
    /// use tunebook::data::{TableColumn, TableDataSheet, TabularDataset};
    ///
    /// let cpu = TableColumn::numeric("cpu", (0..60).map(|row| Some(f64::from(row * 37 % 60))).collect());
    /// let parts = TabularDataset::new("loads", vec![cpu])?.random_split(42, 0.2, 0.2)?;
    /// let sheet = TableDataSheet::of_splits(&parts)?;
    /// assert!(sheet.leakage().is_some_and(|leakage| leakage.is_clean()) && sheet.drift().is_some());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn of_splits(parts: &TabularSplits) -> Result<Self> {
        let sheet = Self::of(&parts.train)?.with_leakage(parts.leakage()?);
        let held_out = if parts.test.is_empty() { &parts.validation } else { &parts.test };
        Ok(sheet.with_drift(parts.train.drift(held_out, &DriftConfig::default())?))
    }

    /// The sheet with the leakage across a split of the data ([`TabularSplits::leakage`]).
    pub fn with_leakage(self, leakage: LeakageReport) -> Self {
        Self { leakage: Some(leakage), ..self }
    }

    /// The sheet with the drift to a second table ([`TabularDataset::drift`](crate::data::TabularDataset::drift)).
    pub fn with_drift(self, drift: DriftReport) -> Self {
        Self { drift: Some(drift), ..self }
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.row_names.len()
    }

    /// The columns, without the target, in the order of the table.
    pub fn columns(&self) -> &[ColumnSummary] {
        &self.columns
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnSummary> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The labels' counts and shares; without labels where the target is a number or there is none.
    pub fn balance(&self) -> &ClassBalance {
        &self.balance
    }

    /// The spread of the target, where it is a number.
    pub fn target_spread(&self) -> Option<&NumberSpread> {
        self.target_spread.as_ref()
    }

    /// Groups of rows that are equal in every column; `labels` count the different targets, so that
    /// [`is_conflicting`](DuplicateGroup::is_conflicting) says whether equal rows have different targets.
    pub fn duplicates(&self) -> &[DuplicateGroup] {
        &self.duplicates
    }

    /// The leakage across a split, if it was looked for.
    pub fn leakage(&self) -> Option<&LeakageReport> {
        self.leakage.as_ref()
    }

    /// The drift to a second table, if it was looked for.
    pub fn drift(&self) -> Option<&DriftReport> {
        self.drift.as_ref()
    }
}

/// A class for each row: its label, or one for each different number; all the same without a target.
fn target_classes(data: &TabularDataset) -> Vec<usize> {
    match data.target() {
        Some(TableTarget::Labels { labels, .. }) => labels.clone(),
        Some(TableTarget::Numbers { values, .. }) => {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            values.iter().map(|value| sorted.partition_point(|other| other < value)).collect()
        }
        None => vec![0; data.len()],
    }
}

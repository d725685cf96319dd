//! Drift between two tables: each column, and the target.

use super::report::{DriftColumn, DriftConfig, DriftReport, DriftValues};
use crate::data::{ColumnValues, TableTarget, TabularDataset};
use crate::{Error, Result};

impl TabularDataset {
    /// Compares `current`, what a model meets now, with this table, what it was trained on: every column, missing cells
    /// apart, and the target where both tables have one.
    ///
    /// # Errors
    /// When a table has no rows, a column of this table is not in the other or holds another kind of values there, the
    /// targets are of different kinds, and those of [`DriftReport::of_columns`].
    ///
    /// ```
    /// use tunebook::data::{DriftConfig, DriftVerdict, TableColumn, TabularDataset};
    ///
    /// let month = |load: f64| {
    ///     let cpu = (0..100).map(|row| Some(load + f64::from(row % 20))).collect();
    ///     TabularDataset::new("loads", vec![TableColumn::numeric("cpu", cpu)])
    /// };
    /// let report = month(10.0)?.drift(&month(40.0)?, &DriftConfig::default())?;
    /// assert_eq!(report.verdict(), DriftVerdict::Major);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn drift(&self, current: &Self, config: &DriftConfig) -> Result<DriftReport> {
        for data in [self, current] {
            if data.is_empty() {
                return Err(Error::input(data.name(), "there are no rows to compare", "give one row at least"));
            }
        }
        let mut columns = Vec::new();
        for column in self.columns() {
            let (name, other) = (column.name(), current.column(column.name())?);
            let [reference, current] = [column, other].map(|column| values(column.values()));
            columns.push(DriftColumn { name: name.to_owned(), reference, current });
        }
        if let (Some(before), Some(now)) = (self.target(), current.target()) {
            let [reference, current] = [before, now].map(target_values);
            columns.push(DriftColumn { name: format!("{} (target)", before.column()), reference, current });
        }
        let names = match (self.name(), current.name()) {
            (one, other) if one == other => ["the first set", "the second"],
            names => [names.0, names.1],
        };
        DriftReport::new(names, &columns, None, config)
    }
}

fn values(cells: &ColumnValues) -> DriftValues {
    match cells {
        ColumnValues::Numeric(cells) => {
            DriftValues::Numeric(cells.iter().map(|cell| cell.unwrap_or(f64::NAN)).collect())
        }
        ColumnValues::Categorical(cells) => {
            DriftValues::Categorical(cells.iter().map(|cell| cell.clone().unwrap_or_default()).collect())
        }
    }
}

fn target_values(target: &TableTarget) -> DriftValues {
    match target {
        TableTarget::Labels { labels, names, .. } => {
            DriftValues::Categorical(labels.iter().map(|&label| names[label].clone()).collect())
        }
        TableTarget::Numbers { values, .. } => DriftValues::Numeric(values.clone()),
    }
}

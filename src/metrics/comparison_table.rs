//! Several runs side by side.

use std::fmt;

use super::Evaluation;
use super::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::words::grouped;
use crate::{Error, Result};

/// How a column's numbers are written, and which of them is best.
///
/// ```
/// use tunebook::metrics::{Column, ColumnKind, ComparisonTable};
/// let columns = vec![Column::new("accuracy", ColumnKind::Percent), Column::new("time", ColumnKind::Seconds)];
/// let mut table = ComparisonTable::new("strategy", columns);
/// table.add("last two layers", &[0.931, 12.3])?;
/// let text = table.to_string();
/// assert!(text.contains("93.1 %") && text.contains("12.3 s"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A share from 0 to 1, written as `93.1 %`; the highest is best.
    Percent,
    /// A score, written with three decimals; the highest is best.
    Score,
    /// A loss, written with three decimals; the lowest is best.
    Loss,
    /// A duration in seconds, written as `12.3 s`; the lowest is best.
    Seconds,
    /// A whole number, written as `1,234,567`; none is best.
    Count,
}

impl ColumnKind {
    fn format(self, value: f64) -> String {
        if !value.is_finite() {
            return "\u{2013}".to_string();
        }
        match self {
            Self::Percent => format!("{:.1} %", 100.0 * value),
            Self::Score | Self::Loss => format!("{value:.3}"),
            Self::Seconds => format!("{value:.1} s"),
            Self::Count => {
                let sign = if value <= -0.5 { "-" } else { "" };
                format!("{sign}{}", grouped(value.abs().round() as usize))
            }
        }
    }

    /// The best of the finite values, when the kind has one and there are two rows to choose from.
    fn best(self, values: &[f64]) -> Option<f64> {
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let best = match self {
            Self::Percent | Self::Score => finite.reduce(f64::max),
            Self::Loss | Self::Seconds => finite.reduce(f64::min),
            Self::Count => None,
        };
        best.filter(|_| values.len() > 1)
    }
}

/// A column: what it says and how its numbers are written.
///
/// ```
/// use tunebook::metrics::{Column, ColumnKind, ComparisonTable};
/// let columns = vec![Column::new("accuracy", ColumnKind::Percent), Column::new("time", ColumnKind::Seconds)];
/// let mut table = ComparisonTable::new("strategy", columns);
/// table.add("last two layers", &[0.931, 12.3])?;
/// assert_eq!(table.columns()[1].name, "time");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The header, with the unit where the numbers do not show it.
    pub name: String,
    /// How the numbers are written.
    pub kind: ColumnKind,
}

impl Column {
    /// A column.
    ///
    /// ```
    /// use tunebook::metrics::{Column, ColumnKind};
    ///
    /// assert_eq!(Column::new("test accuracy", ColumnKind::Percent).name, "test accuracy");
    /// ```
    pub fn new(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self { name: name.into(), kind }
    }
}

/// Runs in rows, what was measured in columns; the best of each column is marked.
///
/// ```
/// use tunebook::metrics::{Column, ColumnKind, ComparisonTable};
///
/// let mut table = ComparisonTable::new(
///     "strategy",
///     vec![Column::new("accuracy", ColumnKind::Percent), Column::new("trainable parameters", ColumnKind::Count)],
/// );
/// table.add("feature extraction", &[0.81, 1_032.0])?;
/// table.add("full", &[0.9, 1_234_567.0])?;
/// assert!(table.to_string().contains("1,234,567"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonTable {
    row_header: String,
    columns: Vec<Column>,
    rows: Vec<(String, Vec<f64>)>,
}

impl ComparisonTable {
    /// An empty table; `row_header` says what a row is ("strategy", "learning rate").
    ///
    /// See [`ComparisonTable`] for an example.
    pub fn new(row_header: impl Into<String>, columns: Vec<Column>) -> Self {
        Self { row_header: row_header.into(), columns, rows: Vec::new() }
    }

    /// An empty table for training runs: accuracy, macro F1, training time, trainable parameters.
    /// Fill it with [`add_run`](Self::add_run).
    ///
    /// ```
    /// let table = tunebook::metrics::ComparisonTable::of_runs("strategy");
    /// assert_eq!(table.columns().len(), 4);
    /// ```
    pub fn of_runs(row_header: impl Into<String>) -> Self {
        Self::new(
            row_header,
            vec![
                Column::new("accuracy", ColumnKind::Percent),
                Column::new("macro F1", ColumnKind::Score),
                Column::new("training time", ColumnKind::Seconds),
                Column::new("trainable parameters", ColumnKind::Count),
            ],
        )
    }

    /// Adds a row to a table made by [`of_runs`](Self::of_runs).
    ///
    /// `seconds` is the training time. An error when the table has other columns.
    ///
    /// ```
    /// use tunebook::metrics::{ComparisonTable, Evaluation};
    ///
    /// let names = vec!["cat".to_string(), "dog".to_string()];
    /// let evaluation = Evaluation::new(0.1, vec![0, 1], vec![vec![1.0, 0.0], vec![0.0, 1.0]], names)?;
    /// let mut table = ComparisonTable::of_runs("strategy");
    /// table.add_run("full", &evaluation, 12.5, 1_234_567)?;
    /// assert_eq!(table.rows()[0].1[0], 1.0);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn add_run(
        &mut self,
        name: impl Into<String>,
        evaluation: &Evaluation,
        seconds: f64,
        trainable_parameters: usize,
    ) -> Result<()> {
        self.add(name, &[evaluation.accuracy, evaluation.macro_f1(), seconds, trainable_parameters as f64])
    }

    /// Adds a row: one value for each column, in their order; not-a-number is shown as a dash.
    ///
    /// An error when there are more or fewer values than columns. See [`ComparisonTable`] for an example.
    pub fn add(&mut self, name: impl Into<String>, values: &[f64]) -> Result<()> {
        let name = name.into();
        if values.len() != self.columns.len() {
            return Err(Error::input(
                format!("row {name:?}"),
                format!("{} values for {} columns", values.len(), self.columns.len()),
                "give one value for each column",
            ));
        }
        self.rows.push((name, values.to_vec()));
        Ok(())
    }

    /// The columns.
    ///
    /// ```
    /// assert_eq!(tunebook::metrics::ComparisonTable::of_runs("run").columns()[0].name, "accuracy");
    /// ```
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The rows: a name and one value for each column.
    ///
    /// ```
    /// assert!(tunebook::metrics::ComparisonTable::of_runs("run").rows().is_empty());
    /// ```
    pub fn rows(&self) -> &[(String, Vec<f64>)] {
        &self.rows
    }

    /// The table as a rich value: HTML, in which the best of each column is bold, and text.
    ///
    /// ```
    /// let table = tunebook::metrics::ComparisonTable::of_runs("run");
    /// assert!(table.display().get("text/html").is_some());
    /// ```
    pub fn display(&self) -> Display {
        let mut headers = vec![self.row_header.as_str()];
        headers.extend(self.columns.iter().map(|column| column.name.as_str()));
        let mut table = HtmlTable::new("Comparison", &headers);
        for (name, cells) in self.formatted() {
            let cells: Vec<Cell> = cells.into_iter().map(|(text, strong)| Cell { text, strong }).collect();
            table.row(&name, &cells, false);
        }
        let note = "Bold: the best of its column.".to_string();
        let notes = if self.rows.len() > 1 { vec![note] } else { Vec::new() };
        Display::html(table.finish(&notes)).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    ///
    /// See [`display`](Self::display).
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    /// Each row's name and its cells: text, and whether it is the best of its column.
    fn formatted(&self) -> Vec<(String, Vec<(String, bool)>)> {
        let best: Vec<Option<f64>> = (0..self.columns.len())
            .map(|column| {
                let values: Vec<f64> = self.rows.iter().map(|(_, values)| values[column]).collect();
                self.columns[column].kind.best(&values)
            })
            .collect();
        let cell = |column: usize, value: f64| (self.columns[column].kind.format(value), best[column] == Some(value));
        self.rows
            .iter()
            .map(|(name, values)| (name.clone(), values.iter().enumerate().map(|(c, v)| cell(c, *v)).collect()))
            .collect()
    }
}

/// A text table in which `*` marks the best of each column; no newline at its end.
impl fmt::Display for ComparisonTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<(String, Vec<String>)> = self
            .formatted()
            .into_iter()
            .map(|(name, cells)| {
                // A space in place of the mark keeps the digits of a column in line.
                let cells = cells.into_iter().map(|(text, best)| text + if best { "*" } else { " " });
                (name, cells.collect())
            })
            .collect();
        let length = |text: &str| text.chars().count();
        let first = rows.iter().map(|(name, _)| length(name)).chain([length(&self.row_header)]).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().map(|(_, cells)| length(&cells[column]));
            cells.chain([length(&self.columns[column].name) + 1]).max().unwrap_or(0)
        };
        write!(f, "{:<first$}", self.row_header)?;
        for (column, header) in self.columns.iter().enumerate() {
            write!(f, "  {:>width$}", format!("{} ", header.name), width = width(column))?;
        }
        for (name, cells) in &rows {
            write!(f, "\n{name:<first$}")?;
            for (column, cell) in cells.iter().enumerate() {
                write!(f, "  {cell:>width$}", width = width(column))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> ComparisonTable {
        let mut table = ComparisonTable::of_runs("strategy");
        table.add("feature extraction", &[0.812, 0.8, 3.25, 1_032.0]).unwrap();
        table.add("full <all>", &[0.931, f64::NAN, 12.5, 1_234_567.0]).unwrap();
        table
    }

    #[test]
    fn text_is_aligned_and_marks_the_best() {
        let expected = [
            "strategy            accuracy   macro F1   training time   trainable parameters ",
            "feature extraction    81.2 %      0.800*          3.2 s*                 1,032 ",
            "full <all>            93.1 %*         \u{2013}          12.5 s              1,234,567 ",
        ];
        assert_eq!(table().to_string().lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn html_marks_the_best_and_escapes() {
        let html = table().display().get("text/html").unwrap().to_string();
        assert!(html.contains("<strong>93.1 %</strong>") && !html.contains("<strong>81.2 %</strong>"));
        assert!(html.contains("full &lt;all&gt;"));
    }

    #[test]
    fn a_single_row_has_no_best() {
        let mut table = ComparisonTable::of_runs("run");
        table.add("only", &[0.5, 0.5, 1.0, 1.0]).unwrap();
        assert!(!table.to_string().contains('*'));
    }

    #[test]
    fn a_short_row_is_an_error() {
        let error = table().add("x", &[1.0]).unwrap_err();
        assert_eq!(error.to_string(), "row \"x\": 1 values for 4 columns; give one value for each column");
    }
}

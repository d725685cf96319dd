//! What a fitted preprocessor prints: what it learned, and what it meets in other rows.

use std::collections::BTreeSet;
use std::fmt;

use super::fitted::{FittedColumn, category, number};
use super::{CategoryEncoder, FittedPreprocessor, OutlierAction, Scaler, UnknownCategory};
use crate::Result;
use crate::data::table::TabularDataset;
use crate::data::table::display::{figures, write_table};
use crate::metrics::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::words::{excerpt, grouped, part_of};

const HEADERS: [&str; 5] = ["column", "missing", "outliers", "becomes", "features"];

impl FittedPreprocessor {
    /// What was learned as a rich value: an HTML table and text.
    pub fn display(&self) -> Display {
        let mut table = HtmlTable::new(&self.title(), &HEADERS);
        for column in &self.columns {
            let [name, cells @ ..] = learned(column);
            table.row(&name, &cells.map(Cell::plain), false);
        }
        Display::html(table.finish(&[])).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    fn title(&self) -> String {
        let dropped = if self.dropped == 0 { String::new() } else { format!(", {} dropped", grouped(self.dropped)) };
        let (columns, features) = (self.columns.len(), self.features().len());
        format!("preprocessor fitted on {} rows{dropped}: {columns} columns, {features} features", grouped(self.rows))
    }

    /// What these rows have that the training rows gave rules for: missing cells, outliers, new categories.
    ///
    /// ```
    /// use tunebook::data::{Preprocessor, TableColumn, TabularDataset};
    ///
    /// let region = |names: [&str; 2]| TableColumn::categorical("region", names.map(|name| Some(name.into())).to_vec());
    /// let preprocessor = Preprocessor::new().fit(&TabularDataset::new("train", vec![region(["eu", "us"])])?)?;
    /// let report = preprocessor.report(&TabularDataset::new("fresh", vec![region(["eu", "mars"])])?)?;
    /// assert_eq!(report.columns()[0].unknown, ["mars"]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a column is not there or has the other type.
    pub fn report(&self, data: &TabularDataset) -> Result<PreparationReport> {
        let columns = self.find(data)?;
        let issues = self.columns.iter().zip(columns).map(|(fitted, column)| {
            let mut issues = ColumnIssues { column: column.name().to_owned(), ..ColumnIssues::default() };
            issues.missing = column.missing();
            match fitted {
                FittedColumn::Numeric(fitted) => {
                    if let Some(fences) = &fitted.fences {
                        let values = (0..data.len()).filter_map(|row| number(column, row));
                        issues.outliers = values.filter(|value| fences.is_outside(*value)).count();
                    }
                }
                FittedColumn::Categorical(fitted) => {
                    let values = (0..data.len()).filter_map(|row| category(column, row));
                    let unknown: Vec<&str> = values.filter(|value| fitted.index_of(value).is_none()).collect();
                    issues.unknown_rows = unknown.len();
                    let names: BTreeSet<&str> = unknown.into_iter().collect();
                    issues.unknown = names.into_iter().map(str::to_owned).collect();
                }
            }
            issues
        });
        Ok(PreparationReport { name: data.name().to_owned(), rows: data.len(), columns: issues.collect() })
    }
}

/// A line for each column: what stands in for missing values, where outliers begin, how it is scaled or encoded.
impl fmt::Display for FittedPreprocessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        let rows: Vec<[String; 5]> = self.columns.iter().map(learned).collect();
        write_table(f, &HEADERS.map(str::to_owned), &rows)
    }
}

fn learned(column: &FittedColumn) -> [String; 5] {
    let names = column.features();
    let features = match names.as_slice() {
        [first, .., last] if names.len() > 3 => format!("{}: {first} to {last}", names.len()),
        _ => names.join(", "),
    };
    let [missing, outliers, becomes] = match column {
        FittedColumn::Numeric(column) => {
            let outliers = column.fences.as_ref().map_or_else(
                || "pass".to_owned(),
                |fences| {
                    let action = match fences.action {
                        OutlierAction::Report => "counted",
                        OutlierAction::Clip => "clipped",
                        OutlierAction::DropRow => "rows dropped",
                    };
                    let (lower, upper) = (figures(fences.lower.0), figures(fences.upper.0));
                    format!("{action} outside {lower} to {upper} ({}; {} found)", fences.rule, grouped(fences.found))
                },
            );
            let (centre, width) = (figures(column.centre.0), figures(column.width.0));
            let becomes = match column.scaler {
                Scaler::None => "as it is".to_owned(),
                Scaler::Standard => format!("standardised: mean {centre}, deviation {width}"),
                Scaler::MinMax => format!("0 to 1: from {centre}, range {width}"),
                Scaler::Robust => format!("robust: median {centre}, interquartile range {width}"),
            };
            let fill = column.fill.map(|fill| figures(fill.0));
            [missing_text(&column.imputer.to_string(), fill, column.missing), outliers, becomes]
        }
        FittedColumn::Categorical(column) => {
            let kind = match column.encoder {
                CategoryEncoder::OneHot => "one-hot",
                CategoryEncoder::Ordinal => "ordinal",
            };
            let unknown = match column.unknown {
                UnknownCategory::Ignore => "",
                UnknownCategory::Refuse => "; others refused",
            };
            let becomes = format!("{kind}: {}{unknown}", excerpt(&column.categories.join(", "), 60));
            let fill = column.fill.as_ref().map(|fill| format!("\"{fill}\""));
            [missing_text(&column.imputer.to_string(), fill, column.missing), "none".to_owned(), becomes]
        }
    };
    [column.name().to_owned(), missing, outliers, becomes, features]
}

/// `median 0.4 (12 filled)`
fn missing_text(strategy: &str, fill: Option<String>, missing: usize) -> String {
    match fill {
        Some(fill) => format!("{strategy} {fill} ({} filled)", grouped(missing)),
        None => strategy.to_owned(),
    }
}

/// What a column of some rows has that a preprocessor has rules for.
///
/// ```
/// use tunebook::data::{Preprocessor, TableColumn, TabularDataset};
/// let columns = vec![
///     TableColumn::numeric("cpu", vec![Some(1.0), None, Some(3.0)]),
///     TableColumn::categorical("region", ["eu", "us", "eu"].map(|name| Some(name.to_owned())).to_vec()),
/// ];
/// let train = TabularDataset::new("loads", columns)?;
/// let preprocessor = Preprocessor::new().fit(&train)?;
/// let issues = &preprocessor.report(&train)?.columns()[0].clone();
/// assert_eq!((issues.column.as_str(), issues.missing, issues.unknown_rows), ("cpu", 1, 0));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnIssues {
    /// The column.
    pub column: String,
    /// Rows without a value.
    pub missing: usize,
    /// Values beyond the fences of training; 0 where the column has no rule for outliers.
    pub outliers: usize,
    /// Categories that training did not have, by name.
    pub unknown: Vec<String>,
    /// Rows with one of these.
    pub unknown_rows: usize,
}

/// Missing cells, outliers and new categories in rows that a preprocessor is to transform.
///
/// ```
/// use tunebook::data::{Preprocessor, TableColumn, TabularDataset};
/// let columns = vec![
///     TableColumn::numeric("cpu", vec![Some(1.0), None, Some(3.0)]),
///     TableColumn::categorical("region", ["eu", "us", "eu"].map(|name| Some(name.to_owned())).to_vec()),
/// ];
/// let train = TabularDataset::new("loads", columns)?;
/// let report = Preprocessor::new().fit(&train)?.report(&train)?;
/// assert!(report.to_string().contains("cpu: missing in 1"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparationReport {
    name: String,
    rows: usize,
    columns: Vec<ColumnIssues>,
}

impl PreparationReport {
    /// One for each column, in the order of the training table.
    pub fn columns(&self) -> &[ColumnIssues] {
        &self.columns
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// A line for each column that has something to report.
impl fmt::Display for PreparationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} rows", self.name, grouped(self.rows))?;
        let mut quiet = true;
        for column in &self.columns {
            let mut parts = Vec::new();
            if column.missing > 0 {
                parts.push(format!("missing in {} rows", part_of(column.missing, self.rows)));
            }
            if column.outliers > 0 {
                parts.push(format!("outliers in {} rows", part_of(column.outliers, self.rows)));
            }
            if column.unknown_rows > 0 {
                let names = excerpt(&column.unknown.join(", "), 60);
                parts.push(format!("new categories in {} rows: {names}", part_of(column.unknown_rows, self.rows)));
            }
            if !parts.is_empty() {
                write!(f, "\n  {}: {}", column.column, parts.join("; "))?;
                quiet = false;
            }
        }
        if quiet { write!(f, ", nothing missing, no outliers, no new categories") } else { Ok(()) }
    }
}

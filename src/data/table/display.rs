//! What a table shows of itself: columns, types, missing cells, ranges.

use std::fmt;

use super::{ColumnValues, TableColumn, TableTarget, TabularDataset};
use crate::metrics::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::words::{excerpt, grouped, part_of};

const HEADERS: [&str; 5] = ["column", "type", "missing", "values", "why"];

/// Characters of a category that are shown.
const SHOWN: usize = 24;

impl TabularDataset {
    /// The columns as a rich value: an HTML table and text.
    pub fn display(&self) -> Display {
        let mut table = HtmlTable::new(&self.title(), &HEADERS);
        for row in self.summary() {
            let [name, cells @ ..] = row;
            table.row(&name, &cells.map(Cell::plain), false);
        }
        Display::html(table.finish(&[])).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    fn title(&self) -> String {
        let target = match self.target() {
            None => "no target".to_owned(),
            Some(TableTarget::Labels { column, names, .. }) => format!("{} classes of {column}", names.len()),
            Some(TableTarget::Numbers { column, .. }) => format!("target {column}"),
        };
        format!("{}: {} rows, {} columns, {target}", self.name(), grouped(self.len()), self.columns().len())
    }

    /// A line for each column, the target last.
    fn summary(&self) -> Vec<[String; 5]> {
        let mut rows: Vec<[String; 5]> = self.columns().iter().map(summary_of).collect();
        match self.target() {
            None => {}
            Some(TableTarget::Labels { column, names, .. }) => {
                let counts = self.label_counts();
                let counts = names.iter().zip(counts).map(|(name, count)| format!("{name} {}", grouped(count)));
                let counts = counts.collect::<Vec<_>>().join(", ");
                rows.push([column.clone(), "classes".into(), "none".into(), excerpt(&counts, 80), "target".into()]);
            }
            Some(TableTarget::Numbers { column, values }) => {
                rows.push([column.clone(), "numeric".into(), "none".into(), range(values), "target".into()]);
            }
        }
        rows
    }
}

fn summary_of(column: &TableColumn) -> [String; 5] {
    let missing = match column.missing() {
        0 => "none".to_owned(),
        count => part_of(count, column.len()),
    };
    let (kind, values) = match column.values() {
        ColumnValues::Numeric(values) => ("numeric", range(&values.iter().copied().flatten().collect::<Vec<_>>())),
        ColumnValues::Categorical(_) => ("categorical", categories(&column.category_counts())),
    };
    [column.name().to_owned(), kind.to_owned(), missing, values, column.reason().to_owned()]
}

/// `0.1 to 98, median 12`
fn range(values: &[f64]) -> String {
    if values.is_empty() {
        return "none".to_owned();
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = crate::metrics::quantile(&sorted, 0.5);
    format!("{} to {}, median {}", figures(sorted[0]), figures(sorted[sorted.len() - 1]), figures(median))
}

/// `4 categories, most often eu-west (812)`
fn categories(counts: &[(String, usize)]) -> String {
    match counts {
        [] => "none".to_owned(),
        [(only, _)] => format!("1 category, {}", excerpt(only, SHOWN)),
        [(first, count), ..] => {
            format!("{} categories, most often {} ({})", counts.len(), excerpt(first, SHOWN), grouped(*count))
        }
    }
}

/// A number with four significant digits at most, for reading.
pub(super) fn figures(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e7).contains(&size) {
        return format!("{value:.3e}");
    }
    let digits = (3 - size.log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A table with a line for each column, the target last.
impl fmt::Display for TabularDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        write_table(f, &HEADERS.map(str::to_owned), &self.summary())
    }
}

/// Columns of text under their headers, as wide as they need to be.
pub(super) fn write_table<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    headers: &[String; N],
    rows: &[[String; N]],
) -> fmt::Result {
    let width = |at: usize| rows.iter().chain([headers]).map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in [headers].into_iter().chain(rows) {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(f, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

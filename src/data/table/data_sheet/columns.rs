//! One column of a table, in figures.

use std::collections::HashSet;

use super::alone;
use crate::data::{ColumnValues, OutlierRule, TableColumn, TableTarget};
use crate::metrics::quantile;

/// Only what is far out counts: columns with a long tail are no mistake.
const FAR_OUT: OutlierRule = OutlierRule::Iqr(3.0);

/// Numbers in five quantiles, and those far from the rest.
///
/// ```
/// use tunebook::data::{TableColumn, TableDataSheet, TabularDataset};
///
/// let cost = (1..=9).map(|row| Some(f64::from(row))).chain([Some(1000.0)]).collect();
/// let data = TabularDataset::new("bills", vec![TableColumn::numeric("cost", cost)])?.target_column("cost")?;
/// let sheet = TableDataSheet::of(&data)?;
/// assert_eq!(sheet.target_spread().map(|spread| (spread.median, spread.outliers)), Some((5.5, 1)));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NumberSpread {
    /// The smallest number.
    pub smallest: f64,
    /// A quarter of the numbers is at most so large.
    pub first_quartile: f64,
    /// Half of the numbers are at most so large.
    pub median: f64,
    /// Three quarters of the numbers are at most so large.
    pub third_quartile: f64,
    /// The largest number.
    pub largest: f64,
    /// The mean.
    pub mean: f64,
    /// How many numbers lie more than three interquartile ranges beyond the quartiles.
    pub outliers: usize,
}

impl NumberSpread {
    /// The spread of finite numbers; `None` when there is none.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (smallest, largest) = (*sorted.first()?, *sorted.last()?);
        let [first_quartile, median, third_quartile] = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
        // Where three quarters of the numbers are equal, all others would lie outside.
        let found = FAR_OUT.find(values).ok().filter(|_| first_quartile < third_quartile);
        Some(Self {
            smallest,
            first_quartile,
            median,
            third_quartile,
            largest,
            mean: values.iter().map(|value| value / values.len() as f64).sum(),
            outliers: found.map_or(0, |found| found.rows.len()),
        })
    }
}

/// What values a column holds.
///
/// ```
/// use tunebook::data::{ColumnSpread, TableColumn, TableDataSheet, TabularDataset};
///
/// let zone = TableColumn::categorical("zone", ["a", "b", "a"].map(|name| Some(name.to_owned())).to_vec());
/// let sheet = TableDataSheet::of(&TabularDataset::new("loads", vec![zone])?)?;
/// assert_eq!(sheet.columns()[0].spread, ColumnSpread::Categories(vec![("a".to_owned(), 2), ("b".to_owned(), 1)]));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnSpread {
    /// Numbers.
    Numbers(NumberSpread),
    /// Categories with their counts, the most frequent first; five at most.
    Categories(Vec<(String, usize)>),
    /// No cell has a value.
    Empty,
}

/// A column in figures.
///
/// ```
/// use tunebook::data::{TableColumn, TableDataSheet, TabularDataset};
///
/// let cpu = TableColumn::numeric("cpu", vec![Some(0.5), None, Some(0.5), Some(0.9)]);
/// let sheet = TableDataSheet::of(&TabularDataset::new("loads", vec![cpu])?)?;
/// let cpu = &sheet.columns()[0];
/// assert_eq!((cpu.missing, cpu.distinct, cpu.most_frequent), (1, 2, 2));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnSummary {
    /// The column's name.
    pub name: String,
    /// Whether it holds numbers.
    pub is_numeric: bool,
    /// How many cells have no value.
    pub missing: usize,
    /// How many cells have one.
    pub present: usize,
    /// How many different values there are.
    pub distinct: usize,
    /// How many cells have the most frequent value.
    pub most_frequent: usize,
    /// Whether the values number the rows: whole numbers one after the other, each once.
    pub counts_rows: bool,
    /// The values.
    pub spread: ColumnSpread,
    /// How well this column alone tells the target of rows it was not told, 0 (not better than without it) to 1 (always
    /// right): for classes the share of mistakes that it saves, for numbers the share of the variance that it explains.
    /// `None` without a target, and with fewer than 20 rows.
    pub alone: Option<f64>,
}

impl ColumnSummary {
    pub(super) fn of(column: &TableColumn, target: Option<&TableTarget>) -> Self {
        let missing = column.missing();
        let (spread, distinct, most_frequent, counts_rows) = match column.values() {
            ColumnValues::Numeric(cells) => {
                let mut values: Vec<f64> = cells.iter().flatten().copied().collect();
                let spread = NumberSpread::of(&values);
                values.sort_by(f64::total_cmp);
                let runs = values.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(<[f64]>::len);
                let distinct = runs.clone().count();
                let counts_rows = distinct == values.len()
                    && values.windows(2).all(|pair| (pair[1] - pair[0]).total_cmp(&1.0).is_eq());
                let spread = spread.map_or(ColumnSpread::Empty, ColumnSpread::Numbers);
                (spread, distinct, runs.max().unwrap_or(0), counts_rows)
            }
            ColumnValues::Categorical(cells) => {
                let distinct = cells.iter().flatten().collect::<HashSet<_>>().len();
                let mut counts = column.category_counts();
                let most = counts.first().map_or(0, |(_, count)| *count);
                counts.truncate(5);
                let spread = if counts.is_empty() { ColumnSpread::Empty } else { ColumnSpread::Categories(counts) };
                (spread, distinct, most, false)
            }
        };
        Self {
            name: column.name().to_owned(),
            is_numeric: column.is_numeric(),
            missing,
            present: column.len() - missing,
            distinct,
            most_frequent,
            counts_rows,
            spread,
            alone: target.and_then(|target| alone::score(column, target)),
        }
    }

    /// How many numbers lie far from the rest.
    pub fn outliers(&self) -> usize {
        match &self.spread {
            ColumnSpread::Numbers(spread) => spread.outliers,
            _ => 0,
        }
    }
}

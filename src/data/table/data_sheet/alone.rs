//! How well one column alone tells the target: what is nearly certain is most often a leak, such as a code that was filled in
//! after the fact.
//!
//! Rows are taken in turn: the target of each is told from the rows of the other half. A category, or a number of which there
//! are few different ones, stands for the most frequent class (or the mean) of its rows; other numbers for that of the
//! nearest five. A column in which nearly every value stands once tells nothing that way, as it should be.

use std::collections::{BTreeSet, HashMap};

use crate::data::{ColumnValues, TableColumn, TableTarget};

/// With fewer rows, chance alone makes columns look certain.
const ROWS: usize = 20;

/// A column of so many different numbers at most is one of codes.
const CODES: usize = 20;

/// The nearest numbers that are asked.
const NEAREST: usize = 5;

/// The share of mistakes, or of the variance, that the column saves, 0 to 1.
pub(super) fn score(column: &TableColumn, target: &TableTarget) -> Option<f64> {
    if column.len() < ROWS {
        return None;
    }
    let told = |told: &mut dyn FnMut(usize, &[usize])| {
        let halves: [Vec<usize>; 2] = [0, 1].map(|half| (half..column.len()).step_by(2).collect());
        for [asked, known] in [[&halves[0], &halves[1]], [&halves[1], &halves[0]]] {
            let neighbours = Neighbours::of(column, known);
            for &row in asked {
                told(row, neighbours.rows(row));
            }
        }
    };
    let (mistakes, without) = match target {
        TableTarget::Labels { labels, names, .. } => {
            let most = |rows: &mut dyn Iterator<Item = usize>| -> usize {
                let mut counts = vec![0_usize; names.len()];
                rows.for_each(|row| counts[labels[row]] += 1);
                (0..counts.len()).max_by_key(|&label| (counts[label], std::cmp::Reverse(label))).unwrap_or_default()
            };
            let usual = most(&mut (0..labels.len()));
            let mut mistakes = 0_usize;
            told(&mut |row, like| {
                let label = if like.is_empty() { usual } else { most(&mut like.iter().copied()) };
                mistakes += usize::from(label != labels[row]);
            });
            (mistakes as f64, labels.iter().filter(|&&label| label != usual).count() as f64)
        }
        TableTarget::Numbers { values, .. } => {
            let mean = |rows: &mut dyn ExactSizeIterator<Item = usize>| {
                let count = rows.len() as f64;
                rows.map(|row| values[row] / count).sum::<f64>()
            };
            let usual = mean(&mut (0..values.len()));
            let mut squares = 0.0;
            told(&mut |row, like| {
                let value = if like.is_empty() { usual } else { mean(&mut like.iter().copied()) };
                squares += (value - values[row]).powi(2);
            });
            (squares, values.iter().map(|value| (value - usual).powi(2)).sum())
        }
    };
    // Where all targets are equal there is nothing to tell.
    (without > 0.0).then(|| (1.0 - mistakes / without).clamp(0.0, 1.0))
}

/// The known rows, by what the column says of them.
enum Neighbours<'a> {
    /// The rows of each value; missing cells are a value too.
    Groups(&'a TableColumn, HashMap<String, Vec<usize>>),
    /// Rows by their numbers, ascending, and the rows without one.
    Sorted(&'a [Option<f64>], Vec<usize>, Vec<usize>),
}

impl<'a> Neighbours<'a> {
    fn of(column: &'a TableColumn, known: &[usize]) -> Self {
        if let ColumnValues::Numeric(cells) = column.values() {
            let different: BTreeSet<u64> = cells.iter().flatten().map(|value| value.to_bits()).collect();
            if different.len() > CODES {
                let (mut sorted, missing): (Vec<usize>, Vec<usize>) =
                    known.iter().partition(|&&row| cells[row].is_some());
                sorted.sort_by(|&a, &b| cells[a].partial_cmp(&cells[b]).unwrap_or(std::cmp::Ordering::Equal));
                return Self::Sorted(cells, sorted, missing);
            }
        }
        let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
        for &row in known {
            groups.entry(column.cell(row)).or_default().push(row);
        }
        Self::Groups(column, groups)
    }

    fn rows(&self, asked: usize) -> &[usize] {
        match self {
            Self::Groups(column, groups) => groups.get(&column.cell(asked)).map_or(&[], Vec::as_slice),
            Self::Sorted(cells, sorted, missing) => {
                let Some(value) = cells[asked] else { return missing };
                let distance = |place: usize| cells[sorted[place]].map_or(f64::INFINITY, |other| (other - value).abs());
                let mut start = sorted.partition_point(|&row| cells[row].is_some_and(|other| other < value));
                let mut end = start;
                while end - start < NEAREST.min(sorted.len()) {
                    if end < sorted.len() && (start == 0 || distance(end) <= distance(start - 1)) {
                        end += 1;
                    } else {
                        start -= 1;
                    }
                }
                &sorted[start..end]
            }
        }
    }
}

//! Iterative stratification: parts and folds in which every label of rows with any number of labels, or every range of a
//! number, has the same share.
//!
//! Sechidis, Tsoumakas and Vlahavas 2011, "On the stratification of multi-label data" (ECML PKDD). The label with the fewest
//! rows left is shared out first, for it has the least choice; each of its rows goes to the part that still wants most rows
//! of this label, then to the one that wants most rows, then to one at random.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Result;
use crate::data::Rows;
use crate::data::folds::{Fold, check_folds, into_folds, into_splits};
use crate::data::split::{Splits, check_fractions};

/// Bins of a number at most.
const BINS: usize = 10;

/// Rows of a bin at least, where there are as many: fewer could not be shared out among five parts.
const BIN_ROWS: usize = 5;

pub(super) fn split<D: Rows>(
    data: &D,
    labels: &[Vec<usize>],
    seed: u64,
    validation: f64,
    test: f64,
) -> Result<Splits<D>> {
    data.check_held_out()?;
    check_fractions("stratified_split", validation, test)?;
    Ok(into_splits(data, &assign(labels, &[1.0 - validation - test, validation, test], seed)))
}

pub(super) fn k_fold<D: Rows>(data: &D, labels: &[Vec<usize>], folds: usize, seed: u64) -> Result<Vec<Fold<D>>> {
    check_folds(data, folds, data.len(), "rows")?;
    Ok(into_folds(data, folds, &assign(labels, &vec![1.0 / folds as f64; folds], seed)))
}

/// The bin of each number as its only label: bins of as many numbers each, equal numbers in one bin.
pub(super) fn quantile_bins<T: PartialOrd>(values: &[T]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].partial_cmp(&values[b]).unwrap_or(std::cmp::Ordering::Equal));
    let bins = (values.len() / BIN_ROWS).clamp(1, BINS);
    let mut bin_of = vec![vec![0]; values.len()];
    for (place, &row) in order.iter().enumerate() {
        let same = place > 0 && values[order[place - 1]] == values[row];
        bin_of[row] = vec![if same { bin_of[order[place - 1]][0] } else { place * bins / values.len() }];
    }
    bin_of
}

/// The part of each row, which has any number of different labels. A part with a share above 0 gets a row at least, if there
/// are as many rows; the first parts do before the later ones.
fn assign(labels: &[Vec<usize>], shares: &[f64], seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let count = labels.iter().flatten().max().map_or(0, |&last| last + 1);
    let mut rows_of = vec![Vec::new(); count];
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.shuffle(&mut rng);
    for &row in &order {
        for &label in &labels[row] {
            rows_of[label].push(row);
        }
    }
    let mut left: Vec<usize> = rows_of.iter().map(Vec::len).collect();
    let wanted_of = |rows: usize| -> Vec<f64> { shares.iter().map(|share| share * rows as f64).collect() };
    let mut wanted_rows = wanted_of(labels.len());
    let mut wanted: Vec<Vec<f64>> = left.iter().map(|&rows| wanted_of(rows)).collect();
    let mut part_of: Vec<Option<usize>> = vec![None; labels.len()];
    let mut give = |row: usize, label: Option<usize>, wanted: &mut [Vec<f64>], left: &mut [usize]| {
        let part = neediest(shares, label.map(|label| wanted[label].as_slice()), &wanted_rows, &mut rng);
        part_of[row] = Some(part);
        wanted_rows[part] -= 1.0;
        for &label in &labels[row] {
            wanted[label][part] -= 1.0;
            left[label] -= 1;
        }
    };
    let mut given = vec![false; labels.len()];
    while let Some(rarest) = (0..count).filter(|&label| left[label] > 0).min_by_key(|&label| left[label]) {
        for &row in &rows_of[rarest] {
            if !std::mem::replace(&mut given[row], true) {
                give(row, Some(rarest), &mut wanted, &mut left);
            }
        }
    }
    for &row in order.iter().filter(|&&row| !given[row]) {
        give(row, None, &mut wanted, &mut left);
    }
    let mut part_of: Vec<usize> = part_of.into_iter().map(Option::unwrap_or_default).collect();
    fill_empty(&mut part_of, shares);
    part_of
}

/// The part that wants most, of the label first and of all rows then; one at random among equals.
fn neediest(shares: &[f64], of_label: Option<&[f64]>, of_rows: &[f64], rng: &mut ChaCha8Rng) -> usize {
    // Sums of shares are not exact: what differs by less is equal.
    const EQUAL: f64 = 1e-9;
    let mut best: Vec<usize> = (0..shares.len()).filter(|&part| shares[part] > 0.0).collect();
    for wanted in of_label.into_iter().chain([of_rows]) {
        let most = best.iter().map(|&part| wanted[part]).fold(f64::NEG_INFINITY, f64::max);
        best.retain(|&part| wanted[part] > most - EQUAL);
    }
    if best.len() == 1 { best[0] } else { best[rng.random_range(0..best.len())] }
}

/// Gives each empty part with a share a row of the largest part.
fn fill_empty(part_of: &mut [usize], shares: &[f64]) {
    for empty in (0..shares.len()).filter(|&part| shares[part] > 0.0) {
        let mut sizes = vec![0_usize; shares.len()];
        for &part in part_of.iter() {
            sizes[part] += 1;
        }
        let largest = (0..shares.len()).max_by_key(|&part| (sizes[part], part)).unwrap_or_default();
        if sizes[empty] == 0
            && (sizes[largest] > 1 || empty < largest)
            && let Some(row) = part_of.iter().rposition(|&part| part == largest)
        {
            part_of[row] = empty;
        }
    }
}

#[cfg(test)]
#[path = "iterative_tests.rs"]
mod tests;

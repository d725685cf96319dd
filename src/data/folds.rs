//! Splits for data whose rows are not independent, and cross-validation: grouped, by time, k-fold.

use std::collections::HashMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::data::rows::label_counts;
use crate::data::split::{Splits, check_fractions, shuffled_by_label};
use crate::data::{LabelledRows, Rows, TextDataset, TextSplits};
use crate::{Error, Result};

/// One round of cross-validation: what is trained on, and the rows held out for it.
///
/// ```
/// use tunebook::data::TextDataset;
/// let data = TextDataset::embedded("support-tickets")?;
/// let folds = data.stratified_k_fold(4, 42)?;
/// assert!(folds.iter().all(|fold| fold.train.len() + fold.validation.len() == data.len()));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Fold<D = TextDataset> {
    /// All rows of the other folds.
    pub train: D,
    /// The rows of this fold; over all folds, each row is here exactly once.
    pub validation: D,
}

impl TextDataset {
    /// Cross-validation: the rows, shuffled by `seed`, in `folds` parts whose sizes differ by one at most; each part is
    /// held out once. scikit-learn's `KFold` with `shuffle=True`.
    ///
    /// # Errors
    /// For fewer than two folds, or more folds than rows.
    ///
    /// ```
    /// let data = tunebook::data::TextDataset::embedded("support-tickets")?;
    /// let folds = data.k_fold(5, 42)?;
    /// assert_eq!(folds.iter().map(|fold| fold.validation.len()).sum::<usize>(), data.len());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold>> {
        k_fold(self, folds, seed)
    }

    /// Cross-validation in which each label has the same share of every fold, to within one row. scikit-learn's
    /// `StratifiedKFold` with `shuffle=True`.
    ///
    /// # Errors
    /// For fewer than two folds, or when a label that occurs has fewer rows than folds; the message names it.
    ///
    /// ```
    /// let data = tunebook::data::TextDataset::embedded("support-tickets")?;
    /// let folds = data.stratified_k_fold(4, 42)?;
    /// assert!(folds.iter().all(|fold| fold.validation.label_counts().iter().all(|&count| count > 0)));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn stratified_k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold>> {
        stratified_k_fold(self, folds, seed)
    }

    /// Cross-validation in which the rows of a group (a patient, an author, a conversation) are never on two sides.
    /// `groups` names the group of each row; folds get groups so that their sizes are as even as the groups allow.
    /// scikit-learn's `GroupKFold`.
    ///
    /// # Errors
    /// For fewer than two folds, fewer groups than folds, or another number of groups than rows.
    ///
    /// ```
    /// use tunebook::data::TextDataset;
    ///
    /// let texts = ["a", "b", "c", "d"].map(String::from).to_vec();
    /// let data = TextDataset::new("notes", texts, vec![0, 1, 0, 1], vec!["no".into(), "yes".into()])?;
    /// let folds = data.grouped_k_fold(2, &["anna", "anna", "ben", "ben"], 42)?;
    /// assert!(folds.iter().all(|fold| fold.validation.len() == 2));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn grouped_k_fold(&self, folds: usize, groups: &[impl AsRef<str>], seed: u64) -> Result<Vec<Fold>> {
        grouped_k_fold(self, folds, groups, seed)
    }

    /// A random split by `seed` in which the rows of a group (a patient, an author, a conversation) are never in two
    /// parts. `groups` names the group of each row.
    ///
    /// `validation` and `test` are fractions of all rows; groups stay whole, so the parts come as close to the fractions
    /// as the groups' sizes allow. Each part with a fraction above 0 gets one group at least.
    ///
    /// # Errors
    /// When a fraction is negative or not finite, the two leave nothing to train on, there are fewer groups than parts,
    /// or another number of groups than rows.
    ///
    /// ```
    /// use tunebook::data::TextDataset;
    ///
    /// let texts = ["a", "b", "c"].map(String::from).to_vec();
    /// let data = TextDataset::new("notes", texts, vec![0, 1, 0], vec!["no".into(), "yes".into()])?;
    /// let parts = data.grouped_split(&["anna", "anna", "ben"], 42, 0.0, 0.3)?;
    /// assert_eq!(parts.test.texts(), ["c"]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn grouped_split(
        &self,
        groups: &[impl AsRef<str>],
        seed: u64,
        validation: f64,
        test: f64,
    ) -> Result<TextSplits> {
        grouped_split(self, groups, seed, validation, test)
    }

    /// A split in which training comes before validation, and validation before test, as in use: a model is asked about
    /// what came after its training. `times` orders the rows: seconds, dates, or ISO 8601 dates as strings.
    ///
    /// `validation` and `test` are fractions of all rows. Rows of the same moment stay together: they go to the earlier
    /// of two parts, so the later one can be smaller than asked for.
    ///
    /// # Errors
    /// When a fraction is negative or not finite, the two leave nothing to train on, a time is not comparable (NaN),
    /// there are more or fewer times than rows, or so many rows share a moment that a part would be empty.
    ///
    /// ```
    /// use tunebook::data::TextDataset;
    ///
    /// let texts = ["late", "early", "middle"].map(String::from).to_vec();
    /// let data = TextDataset::new("notes", texts, vec![0, 1, 0], vec!["no".into(), "yes".into()])?;
    /// let parts = data.time_split(&["2026-03-01", "2026-01-01", "2026-02-01"], 0.33, 0.33)?;
    /// assert_eq!(parts.train.texts(), ["early"]);
    /// assert_eq!(parts.test.texts(), ["late"]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn time_split<T: PartialOrd>(&self, times: &[T], validation: f64, test: f64) -> Result<TextSplits> {
        time_split(self, times, validation, test)
    }
}

pub(super) fn k_fold<D: Rows>(data: &D, folds: usize, seed: u64) -> Result<Vec<Fold<D>>> {
    check_folds(data, folds, data.len(), "rows")?;
    let mut order: Vec<usize> = (0..data.len()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut fold_of = vec![0; data.len()];
    for (place, row) in order.into_iter().enumerate() {
        fold_of[row] = place % folds;
    }
    Ok(into_folds(data, folds, &fold_of))
}

pub(super) fn stratified_k_fold<D: LabelledRows>(data: &D, folds: usize, seed: u64) -> Result<Vec<Fold<D>>> {
    check_folds(data, folds, data.len(), "rows")?;
    for (label, &count) in label_counts(data.labels(), data.label_names().len()).iter().enumerate() {
        if count > 0 && count < folds {
            return Err(Error::input(
                data.name(),
                format!("label \"{}\" has {count} rows, {folds} folds were asked for", data.label_names()[label]),
                "ask for fewer folds, or merge or drop the rare label",
            ));
        }
    }
    let mut fold_of = vec![0; data.len()];
    // Dealing goes on where the last label stopped: the folds' sizes stay within one row of each other too.
    for (place, row) in shuffled_by_label(data, seed).into_iter().flatten().enumerate() {
        fold_of[row] = place % folds;
    }
    Ok(into_folds(data, folds, &fold_of))
}

pub(super) fn grouped_k_fold<D: Rows>(
    data: &D,
    folds: usize,
    groups: &[impl AsRef<str>],
    seed: u64,
) -> Result<Vec<Fold<D>>> {
    let groups = shuffled_groups(data, groups, seed)?;
    check_folds(data, folds, groups.len(), "groups")?;
    let fold_of = assign(&groups, &vec![data.len() as f64 / folds as f64; folds], data.len());
    Ok(into_folds(data, folds, &fold_of))
}

pub(super) fn grouped_split<D: Rows>(
    data: &D,
    groups: &[impl AsRef<str>],
    seed: u64,
    validation: f64,
    test: f64,
) -> Result<Splits<D>> {
    check_fractions("grouped_split", validation, test)?;
    let groups = shuffled_groups(data, groups, seed)?;
    let shares = [1.0 - validation - test, validation, test];
    let wanted = shares.iter().filter(|&&share| share > 0.0).count();
    if groups.len() < wanted {
        return Err(Error::input(
            data.name(),
            format!("{} groups for {wanted} parts: a group stays in one part", groups.len()),
            "collect more groups, or set a fraction to 0",
        ));
    }
    Ok(into_splits(data, &assign(&groups, &shares.map(|share| share * data.len() as f64), data.len())))
}

pub(super) fn time_split<D: Rows>(
    data: &D,
    times: &[impl PartialOrd],
    validation: f64,
    test: f64,
) -> Result<Splits<D>> {
    check_fractions("time_split", validation, test)?;
    check_one_each(data, times.len(), "times")?;
    if let Some(row) = times.iter().position(|time| time.partial_cmp(time).is_none()) {
        return Err(Error::input(
            format!("{}, row {row}", data.name()),
            "its time is not comparable (not a number)",
            "drop the row or fill its time in",
        ));
    }
    let mut order: Vec<usize> = (0..data.len()).collect();
    order.sort_by(|&a, &b| times[a].partial_cmp(&times[b]).unwrap_or(std::cmp::Ordering::Equal));
    // The first place at or after `place` that opens a new moment.
    let cut = |mut place: usize| {
        while place > 0 && place < order.len() && times[order[place]] == times[order[place - 1]] {
            place += 1;
        }
        place
    };
    let count = data.len() as f64;
    let (for_validation, for_test) = ((count * validation).round() as usize, (count * test).round() as usize);
    let last = cut(data.len().saturating_sub(for_test));
    let middle = cut(data.len().saturating_sub(for_test + for_validation)).min(last);
    let sizes = [("train", 1.0, middle), ("validation", validation, last - middle), ("test", test, data.len() - last)];
    if let Some((part, ..)) = sizes.iter().find(|(_, share, size)| *share > 0.0 && *size == 0) {
        return Err(Error::input(
            data.name(),
            format!("no rows are left for {part}: there are too few rows, or too many of the same moment"),
            "give finer times, more rows, or other fractions",
        ));
    }
    let part = |rows: &[usize]| data.select(rows);
    Ok(Splits { train: part(&order[..middle]), validation: part(&order[middle..last]), test: part(&order[last..]) })
}

pub(super) fn check_folds(data: &impl Rows, folds: usize, there: usize, of_what: &str) -> Result<()> {
    data.check_held_out()?;
    if folds < 2 {
        return Err(Error::input("folds", format!("{folds} folds hold nothing out"), "ask for 2 or more, often 5"));
    }
    if folds > there {
        return Err(Error::input(
            data.name(),
            format!("{there} {of_what} cannot fill {folds} folds"),
            format!("ask for {there} folds at most, or collect more {of_what}"),
        ));
    }
    Ok(())
}

fn check_one_each(data: &impl Rows, given: usize, of_what: &str) -> Result<()> {
    data.check_held_out()?;
    if given == data.len() {
        return Ok(());
    }
    let problem = format!("{given} {of_what} for {} rows", data.len());
    Err(Error::input(data.name(), problem, "give one for each row, in row order"))
}

/// The rows of each group, largest group first; groups of one size stand in an order that `seed` decides.
fn shuffled_groups(data: &impl Rows, names: &[impl AsRef<str>], seed: u64) -> Result<Vec<Vec<usize>>> {
    check_one_each(data, names.len(), "groups")?;
    let mut place_of = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (row, name) in names.iter().enumerate() {
        let place = *place_of.entry(name.as_ref()).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(row);
    }
    groups.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    groups.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
    Ok(groups)
}

/// The part of each of `count` rows: each group goes to the part that still lacks most rows of its `targets`.
/// Parts with a target of 0 stay empty; the others get a group at least, if there are as many groups.
fn assign(groups: &[Vec<usize>], targets: &[f64], count: usize) -> Vec<usize> {
    let mut missing = targets.to_vec();
    let mut empty: Vec<bool> = targets.iter().map(|&target| target > 0.0).collect();
    let mut part_of = vec![0; count];
    for (at, rows) in groups.iter().enumerate() {
        let still_empty = empty.iter().filter(|&&empty| empty).count();
        let only_empty = groups.len() - at <= still_empty;
        let mut best = None;
        for part in (0..targets.len()).filter(|&part| targets[part] > 0.0 && (empty[part] || !only_empty)) {
            if best.is_none_or(|best: usize| missing[part] > missing[best]) {
                best = Some(part);
            }
        }
        let part = best.unwrap_or(0);
        missing[part] -= rows.len() as f64;
        empty[part] = false;
        for &row in rows {
            part_of[row] = part;
        }
    }
    part_of
}

fn rows_where(part_of: &[usize], wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..part_of.len()).filter(|&row| wanted(part_of[row])).collect()
}

/// The rows of parts 0, 1 and 2.
pub(super) fn into_splits<D: Rows>(data: &D, part_of: &[usize]) -> Splits<D> {
    let part = |wanted| data.select(&rows_where(part_of, |part| part == wanted));
    Splits { train: part(0), validation: part(1), test: part(2) }
}

pub(super) fn into_folds<D: Rows>(data: &D, folds: usize, fold_of: &[usize]) -> Vec<Fold<D>> {
    (0..folds)
        .map(|held_out| Fold {
            train: data.select(&rows_where(fold_of, |fold| fold != held_out)),
            validation: data.select(&rows_where(fold_of, |fold| fold == held_out)),
        })
        .collect()
}

#[cfg(test)]
#[path = "folds_tests.rs"]
mod tests;

//! Two samples of plain values: are they of one distribution, and how far apart are they?

use std::fmt;

use super::distribution::{chi_squared_tail, kolmogorov_asymptotic, kolmogorov_exact};
use crate::metrics::quantile;
use crate::notebook::Display;
use crate::{Error, Result};

/// The larger sample's size up to which the Kolmogorov-Smirnov p-value is exact, as in scipy.
const EXACT: usize = 10_000;

/// A test's statistic, and how likely one at least as large is when both samples are of one distribution.
///
/// ```
/// use tunebook::data::drift::kolmogorov_smirnov;
/// let numbers: Vec<f64> = (0..50).map(f64::from).collect();
/// let same = kolmogorov_smirnov(&numbers, &numbers)?;
/// assert_eq!((same.statistic, same.p_value), (0.0, 1.0));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestResult {
    /// The statistic.
    pub statistic: f64,
    /// The p-value, 0 to 1.
    pub p_value: f64,
}

impl TestResult {
    /// What evcxr calls when this value is the last expression of a cell: one line.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: `statistic 0.1250, p = 0.3841`
impl fmt::Display for TestResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statistic {:.4}, p {}", self.statistic, p_value(self.p_value))
    }
}

/// `= 0.0312`, or that it is smaller than four digits show.
pub(super) fn p_value(p: f64) -> String {
    if p < 1e-4 { "< 0.0001".to_owned() } else { format!("= {p:.4}") }
}

/// The two-sample Kolmogorov-Smirnov test, two-sided. The statistic is the largest distance between the two empirical
/// distributions, 0 to 1. scipy's `ks_2samp`: the p-value is exact while the larger sample has at most 10,000 values, and
/// beyond that the one of Pelz and Good's expansion for m n / (m + n) values. With ties it is on the safe side.
///
/// # Errors
/// When a sample is empty or holds a value that is not a number.
///
/// ```
/// let test = tunebook::data::drift::kolmogorov_smirnov(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0, 7.0])?;
/// assert_eq!(test.statistic, 1.0);
/// assert!((test.p_value - 2.0 / 35.0).abs() < 1e-12); // two of the 35 orders are as extreme
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Result<TestResult> {
    let (a, b) = (sorted("first sample", a)?, sorted("second sample", b)?);
    let (m, n) = (a.len(), b.len());
    let (mut at_a, mut at_b, mut distance) = (0, 0, 0_u64);
    while at_a < m && at_b < n {
        // Equal values step together: both distributions jump there.
        let value = a[at_a].min(b[at_b]);
        while at_a < m && a[at_a] <= value {
            at_a += 1;
        }
        while at_b < n && b[at_b] <= value {
            at_b += 1;
        }
        distance = distance.max((at_a as u64 * n as u64).abs_diff(at_b as u64 * m as u64));
    }
    let product = m as f64 * n as f64;
    let (statistic, size) = (distance as f64 / product, product / (m + n) as f64);
    // By the bound of Wei and Dudley (2012) the chance is smaller than any float.
    let p_value = if size * statistic * statistic > 370.0 {
        0.0
    } else if m.max(n) <= EXACT {
        kolmogorov_exact(m, n, distance)
    } else {
        kolmogorov_asymptotic(size.round(), statistic)
    };
    Ok(TestResult { statistic, p_value })
}

/// Pearson's chi-squared test that two samples of categories are of one distribution. `a` and `b` are the counts of the
/// same categories in the same order; categories that neither has are left out. scipy's `chi2_contingency` of the two
/// rows with `correction=False`. A rule of thumb: about five expected in each cell, or the p-value is rough.
///
/// # Errors
/// When the lists differ in length, or a sample has no observation.
///
/// ```
/// let test = tunebook::data::drift::chi_squared(&[10, 20], &[20, 10])?;
/// assert!((test.statistic - 20.0 / 3.0).abs() < 1e-12);
/// assert!(test.p_value < 0.01);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn chi_squared(a: &[usize], b: &[usize]) -> Result<TestResult> {
    let (all_a, all_b) = totals(a, b)?;
    let all = all_a + all_b;
    let (mut statistic, mut categories) = (0.0, 0);
    for (&count_a, &count_b) in a.iter().zip(b).filter(|(a, b)| **a + **b > 0) {
        categories += 1;
        let together = (count_a + count_b) as f64;
        for (count, total) in [(count_a, all_a), (count_b, all_b)] {
            let expected = together * total / all;
            statistic += (count as f64 - expected).powi(2) / expected;
        }
    }
    let p_value = if categories < 2 { 1.0 } else { chi_squared_tail(statistic, categories - 1) };
    Ok(TestResult { statistic, p_value })
}

/// The population stability index of numbers: how far `current` is from `reference`, over `bins` bins that each hold the
/// same share of the reference (10 are usual). A rule of thumb from credit scoring: below 0.1 stable, from 0.25 on a major
/// shift; small samples lie above that by chance alone (by about (bins - 1)(1/m + 1/n)).
///
/// The bins' edges are the reference's quantiles, numpy's; equal edges become one, and what lies below or above all of
/// the reference counts in the outer bins, or in a bin of its own where the outermost values are tied. See
/// [`stability_index_of_counts`] for the formula and the smoothing.
///
/// # Errors
/// When a sample is empty or holds a value that is not a number, or for fewer than two bins.
///
/// ```
/// let reference: Vec<f64> = (0..100).map(f64::from).collect();
/// let later: Vec<f64> = (50..150).map(f64::from).collect();
/// assert!(tunebook::data::drift::stability_index(&reference, &later, 10)? > 0.25);
/// assert_eq!(tunebook::data::drift::stability_index(&reference, &reference, 10)?, 0.0);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn stability_index(reference: &[f64], current: &[f64], bins: usize) -> Result<f64> {
    if bins < 2 {
        return Err(Error::input("bins", format!("{bins} bins tell nothing apart"), "use 2 or more, often 10"));
    }
    let (reference, current) = (sorted("reference", reference)?, sorted("current values", current)?);
    let mut edges: Vec<f64> = (1..bins).map(|bin| quantile(&reference, bin as f64 / bins as f64)).collect();
    edges.dedup();
    // Tied smallest values fill the first bin to its edge: what is smaller gets a bin of its own.
    if edges[0] <= reference[0] {
        edges.insert(0, reference[0].next_down());
    }
    let counts = |values: &[f64]| {
        let mut counts = vec![0; edges.len() + 1];
        for value in values {
            counts[edges.partition_point(|edge| edge < value)] += 1;
        }
        counts
    };
    stability_index_of_counts(&counts(&reference), &counts(&current))
}

/// The population stability index of categories, from the counts of the same categories in the same order: the sum of
/// (q - p) ln(q / p) over the shares p of the reference and q of the current set (Kullback and Leibler's symmetric
/// divergence). From 0 for equal shares on; the rule of thumb is that of [`stability_index`].
///
/// Half an observation is added to each count, so that a category that one set lacks weighs much and not infinitely;
/// categories that neither has are left out.
///
/// # Errors
/// When the lists differ in length, or a set has no observation.
///
/// ```
/// let index = tunebook::data::drift::stability_index_of_counts(&[50, 50], &[80, 20])?;
/// assert!((0.40..0.42).contains(&index));
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn stability_index_of_counts(reference: &[usize], current: &[usize]) -> Result<f64> {
    let (all_p, all_q) = totals(reference, current)?;
    let known: Vec<(usize, usize)> =
        reference.iter().copied().zip(current.iter().copied()).filter(|(p, q)| p + q > 0).collect();
    let added = 0.5 * known.len() as f64;
    let terms = known.iter().map(|&(p, q)| {
        let (p, q) = ((p as f64 + 0.5) / (all_p + added), (q as f64 + 0.5) / (all_q + added));
        (q - p) * (q / p).ln()
    });
    Ok(terms.sum())
}

/// The sums of two lists of counts.
fn totals(a: &[usize], b: &[usize]) -> Result<(f64, f64)> {
    if a.len() != b.len() {
        return Err(Error::input(
            "counts",
            format!("{} and {} categories", a.len(), b.len()),
            "count the same categories in both sets, 0 where one has none",
        ));
    }
    let (all_a, all_b) = (a.iter().sum::<usize>() as f64, b.iter().sum::<usize>() as f64);
    if all_a == 0.0 || all_b == 0.0 {
        return Err(Error::input("counts", "a set has no observation", "give both sets a row at least"));
    }
    Ok((all_a, all_b))
}

fn sorted(what: &str, values: &[f64]) -> Result<Vec<f64>> {
    if values.is_empty() {
        return Err(Error::input(what, "there are no values", "give one value at least"));
    }
    if let Some(row) = values.iter().position(|value| value.is_nan()) {
        return Err(Error::input(format!("{what}, row {row}"), "it is not a number", "leave missing values out"));
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(sorted)
}

//! Values far from the rest: by quartiles, by standard deviations, by the median's deviations; and texts whose length is.
//!
//! The three rules work on any numbers; [`TextDataset::length_outliers`] applies one to the lengths of texts. An outlier
//! is a row to look at: nothing here drops one.

use std::fmt;

use crate::data::TextDataset;
use crate::metrics::quantile;
use crate::notebook::Display;
use crate::words::part_of;
use crate::{Error, Result};

/// What a normal distribution's median absolute deviation is in standard deviations: its third quartile.
const MAD_OF_NORMAL: f64 = 0.674_489_750_196_081_7;

/// What a normal distribution's mean absolute deviation is in standard deviations: √(2/π).
const MEAN_DEVIATION_OF_NORMAL: f64 = 0.797_884_560_802_865_4;

/// A rule that says which values count as outliers.
///
/// ```
/// use tunebook::data::OutlierRule;
///
/// let found = OutlierRule::default().find(&[4.0, 5.0, 5.0, 6.0, 90.0])?;
/// assert_eq!(found.rows, [4]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OutlierRule {
    /// So many interquartile ranges below the first or above the third quartile; 1.5 is usual. See [`iqr`].
    Iqr(f64),
    /// More than so many standard deviations from the mean; 3 is usual. See [`z_score`].
    ZScore(f64),
    /// More than so many robust standard deviations from the median; 3.5 is usual. See [`robust_z`].
    RobustZ(f64),
}

impl Default for OutlierRule {
    fn default() -> Self {
        Self::RobustZ(3.5)
    }
}

impl OutlierRule {
    /// The outliers of `values` by this rule.
    ///
    /// # Errors
    /// Those of [`iqr`].
    pub fn find(self, values: &[f64]) -> Result<Outliers> {
        match self {
            Self::Iqr(factor) => iqr(values, factor),
            Self::ZScore(threshold) => z_score(values, threshold),
            Self::RobustZ(threshold) => robust_z(values, threshold),
        }
    }
}

/// `1.5 interquartile ranges`, `3 standard deviations`, `3.5 robust deviations`
impl fmt::Display for OutlierRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iqr(factor) => write!(f, "{factor} interquartile ranges beyond the quartiles"),
            Self::ZScore(threshold) => write!(f, "{threshold} standard deviations from the mean"),
            Self::RobustZ(threshold) => write!(f, "{threshold} robust standard deviations from the median"),
        }
    }
}

/// The values outside the fences of a rule.
///
/// ```
/// use tunebook::data::OutlierRule;
/// let outliers = OutlierRule::Iqr(1.5).find(&[9.0, 10.0, 11.0, 10.0, 9.5, 90.0])?;
/// assert_eq!((outliers.rows.as_slice(), outliers.values), (&[5][..], 6));
/// assert!(outliers.upper < 90.0);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Outliers {
    /// Values below this are outliers.
    pub lower: f64,
    /// Values above this are outliers.
    pub upper: f64,
    /// The places of the outliers among the values, ascending.
    pub rows: Vec<usize>,
    /// How many values were looked at; missing ones (not a number) are not among them.
    pub values: usize,
}

impl Outliers {
    /// What evcxr calls when this value is the last expression of a cell: one line.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: how many, and the fences.
impl fmt::Display for Outliers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = part_of(self.rows.len(), self.values);
        write!(f, "{share} values lie outside {:.4} to {:.4}", self.lower, self.upper)
    }
}

/// Tukey's fences (1977, "Exploratory Data Analysis"): below Q1 - `factor` · IQR or above Q3 + `factor` · IQR, where IQR =
/// Q3 - Q1 and the quartiles are numpy's. It assumes little about the distribution, and finds more in long tails.
///
/// Missing values (not a number) are passed over. `factor` is usually 1.5, or 3 for "far out".
///
/// # Errors
/// When a value is infinite, there is no value at all, or `factor` is not a finite number from 0.
///
/// ```
/// let found = tunebook::data::outliers::iqr(&[1.0, 2.0, 3.0, 4.0, 100.0], 1.5)?;
/// assert_eq!((found.lower, found.upper), (-1.0, 7.0));
/// assert_eq!(found.rows, [4]);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn iqr(values: &[f64], factor: f64) -> Result<Outliers> {
    let sorted = present(values, "factor", factor)?;
    let (first, third) = (quantile(&sorted, 0.25), quantile(&sorted, 0.75));
    let reach = factor * (third - first);
    Ok(outside(values, sorted.len(), first - reach, third + reach))
}

/// More than `threshold` standard deviations from the mean (scipy's `zscore`: the deviation of the values themselves, not
/// an estimate for a population). Right for values that are about normal; large outliers hide themselves and others,
/// because they widen the deviation: among n values no score is above √(n - 1).
///
/// Missing values (not a number) are passed over. `threshold` is usually 3.
///
/// # Errors
/// Those of [`iqr`].
///
/// ```
/// let mut values = vec![0.0, 1.0].repeat(10);
/// values.push(9.0);
/// assert_eq!(tunebook::data::outliers::z_score(&values, 3.0)?.rows, [20]);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn z_score(values: &[f64], threshold: f64) -> Result<Outliers> {
    let sorted = present(values, "threshold", threshold)?;
    let count = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / count;
    let deviation = (sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    Ok(outside(values, sorted.len(), mean - threshold * deviation, mean + threshold * deviation))
}

/// The modified z-score of Iglewicz and Hoaglin (1993, "How to Detect and Handle Outliers"): more than `threshold` robust
/// standard deviations from the median. The robust deviation is the median absolute deviation (MAD) over 0.6745, which is
/// the standard deviation for normal values and does not feel the outliers themselves. When more than half of the values
/// are equal, the MAD is 0; then the mean absolute deviation from the median over 0.7979 stands in for it.
///
/// Missing values (not a number) are passed over. `threshold` is usually 3.5.
///
/// # Errors
/// Those of [`iqr`].
///
/// ```
/// // Two large values hide each other from z-scores, not from the median.
/// let values = [1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 80.0, 90.0];
/// assert_eq!(tunebook::data::outliers::robust_z(&values, 3.5)?.rows, [6, 7]);
/// assert!(tunebook::data::outliers::z_score(&values, 3.0)?.rows.is_empty());
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn robust_z(values: &[f64], threshold: f64) -> Result<Outliers> {
    let sorted = present(values, "threshold", threshold)?;
    let median = quantile(&sorted, 0.5);
    let mut deviations: Vec<f64> = sorted.iter().map(|value| (value - median).abs()).collect();
    deviations.sort_by(f64::total_cmp);
    let scale = match quantile(&deviations, 0.5) {
        mad if mad > 0.0 => mad / MAD_OF_NORMAL,
        _ => deviations.iter().sum::<f64>() / deviations.len() as f64 / MEAN_DEVIATION_OF_NORMAL,
    };
    Ok(outside(values, sorted.len(), median - threshold * scale, median + threshold * scale))
}

/// The values that are there, ascending, once it is sure that a rule can work on them.
fn present(values: &[f64], what: &str, factor: f64) -> Result<Vec<f64>> {
    if !factor.is_finite() || factor < 0.0 {
        return Err(Error::input(what, format!("{factor} is no distance"), "give a number from 0, often 1.5 to 3.5"));
    }
    if let Some(row) = values.iter().position(|value| value.is_infinite()) {
        return Err(Error::input(
            format!("row {row}"),
            "the value is infinite",
            "find out where it comes from, and mark it as missing (not a number)",
        ));
    }
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    if sorted.is_empty() {
        return Err(Error::input("values", "there is no value to look at", "give one at least"));
    }
    sorted.sort_by(f64::total_cmp);
    Ok(sorted)
}

fn outside(values: &[f64], present: usize, lower: f64, upper: f64) -> Outliers {
    let rows = (0..values.len()).filter(|&row| values[row] < lower || values[row] > upper).collect();
    Outliers { lower, upper, rows, values: present }
}

impl TextDataset {
    /// Texts that are far shorter or longer than the rest by `rule`; a length is counted in characters.
    ///
    /// # Errors
    /// Those of [`iqr`]: a data set without rows has no outliers to find.
    ///
    /// ```
    /// use tunebook::data::{OutlierRule, TextDataset};
    ///
    /// let data = TextDataset::embedded("support-tickets")?;
    /// let long = data.length_outliers(OutlierRule::Iqr(1.5))?;
    /// println!("{long}");
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn length_outliers(&self, rule: OutlierRule) -> Result<Outliers> {
        let lengths: Vec<f64> = self.texts().iter().map(|text| text.chars().count() as f64).collect();
        rule.find(&lengths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fences_are_numpy_s_and_scipy_s() {
        // numpy: quantile(v, [0.25, 0.75]) = [2.75, 9.75]; mean 9.375, std 10.52304…; median 5.5, MAD 3.
        let values = [1.0, 2.0, 3.0, 5.0, 6.0, 8.0, 15.0, 35.0];
        let found = iqr(&values, 1.5).unwrap();
        assert_eq!((found.lower, found.upper, found.rows.as_slice()), (-7.75, 20.25, [7].as_slice()));
        let found = z_score(&values, 2.0).unwrap();
        let mean = 9.375;
        let deviation = (values.iter().map(|value| value * value).sum::<f64>() / 8.0 - mean * mean).sqrt();
        assert!((found.upper - (mean + 2.0 * deviation)).abs() < 1e-12, "{found}");
        assert_eq!(found.rows, [7]);
        let found = robust_z(&values, 3.5).unwrap();
        assert!((found.upper - (5.5 + 3.5 * 3.0 / MAD_OF_NORMAL)).abs() < 1e-12, "{found}");
        assert_eq!(found.rows, [7]);
    }

    #[test]
    fn missing_values_are_passed_over_and_keep_their_places() {
        let values = [f64::NAN, 1.0, 2.0, f64::NAN, 3.0, 2.0, 900.0];
        for rule in [OutlierRule::Iqr(1.5), OutlierRule::ZScore(1.9), OutlierRule::RobustZ(3.5)] {
            let found = rule.find(&values).unwrap();
            assert_eq!((found.rows.as_slice(), found.values), ([6].as_slice(), 5), "{rule}");
        }
    }

    #[test]
    fn values_that_are_mostly_equal_still_have_a_scale() {
        let mut values = vec![5.0; 50];
        values.extend([4.0, 6.0, 60.0]);
        assert_eq!(robust_z(&values, 3.5).unwrap().rows, [52]);
        assert!(robust_z(&[5.0; 3], 3.5).unwrap().rows.is_empty());
    }

    #[test]
    fn what_has_no_fences_is_refused() {
        let error = |result: Result<Outliers>| result.unwrap_err().to_string();
        assert!(error(iqr(&[], 1.5)).contains("no value"));
        assert!(error(z_score(&[f64::NAN], 3.0)).contains("no value"));
        assert!(error(robust_z(&[1.0, f64::INFINITY], 3.5)).contains("row 1"));
        assert!(error(iqr(&[1.0], -1.0)).contains("factor"));
        assert!(error(robust_z(&[1.0], f64::NAN)).contains("threshold"));
    }

    #[test]
    fn a_long_text_is_found() {
        let mut texts: Vec<String> = (10..30).map(|length| "x".repeat(length)).collect();
        texts.push("y".repeat(400));
        let labels = vec![0; texts.len()];
        let data = TextDataset::new("made", texts, labels, vec!["a".into()]).unwrap();
        let found = data.length_outliers(OutlierRule::default()).unwrap();
        assert_eq!(found.rows, [20]);
        assert!(found.to_string().starts_with("1 of 21 (4.8 %) values lie outside"), "{found}");
    }
}

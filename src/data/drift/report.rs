//! Columns of two sets compared one by one, with a verdict for each.

use std::collections::BTreeMap;
use std::fmt;

use super::classifier::{ClassifierTest, ClassifierTestResult};
use super::two_sample::{chi_squared, kolmogorov_smirnov, p_value, stability_index, stability_index_of_counts};
use crate::metrics::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::words::{excerpt, grouped};
use crate::{Error, Result};

/// From this stability index on, a shift is moderate, and from the second on major.
const INDEX: [f64; 2] = [0.1, 0.25];

/// From this accuracy of a classifier on, a shift is moderate, and from the second on major.
const ACCURACY: [f64; 2] = [0.6, 0.75];

/// The settings of a comparison.
///
/// ```
/// use tunebook::data::{DriftColumn, DriftConfig, DriftReport};
/// let january: Vec<f64> = (0..60).map(|day| f64::from(day % 10)).collect();
/// let june: Vec<f64> = january.iter().map(|load| load + 6.0).collect();
/// let columns = [DriftColumn::numeric("load", &january, &june)];
/// let report = DriftReport::of_columns("January", "June", &columns, &DriftConfig { alpha: 0.001, ..Default::default() })?;
/// println!("{report}");
/// assert!(report.features()[0].p_value < 0.001);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftConfig {
    /// The chance that a comparison of equal sets names any feature, between 0 and 1: each p-value is compared with
    /// this over the number of features (Bonferroni's correction). 0.01 by default.
    pub alpha: f64,
    /// The bins of the population stability index of numbers; 10 by default.
    pub bins: usize,
    /// The test of vectors.
    pub classifier: ClassifierTest,
}

impl Default for DriftConfig {
    fn default() -> Self {
        Self { alpha: 0.01, bins: 10, classifier: ClassifierTest::default() }
    }
}

/// The values of one column in one set.
///
/// ```
/// use tunebook::data::{DriftColumn, DriftValues};
/// let column = DriftColumn::categorical("region", &["eu", "us"], &["eu", "eu"]);
/// assert_eq!(column.current, DriftValues::Categorical(vec!["eu".to_owned(); 2]));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum DriftValues {
    /// Numbers; a missing one is not a number (`f64::NAN`).
    Numeric(Vec<f64>),
    /// Categories; a missing one is empty.
    Categorical(Vec<String>),
}

/// One column in both sets, under its name.
///
/// ```
/// use tunebook::data::{DriftColumn, DriftConfig, DriftReport};
/// let january: Vec<f64> = (0..60).map(|day| f64::from(day % 10)).collect();
/// let june: Vec<f64> = january.iter().map(|load| load + 6.0).collect();
/// let columns = [DriftColumn::numeric("load", &january, &june)];
/// let report = DriftReport::of_columns("January", "June", &columns, &DriftConfig::default())?;
/// assert!(report.feature("load").is_some());
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DriftColumn {
    /// The column's name.
    pub name: String,
    /// Its values in the reference: what the model was trained on.
    pub reference: DriftValues,
    /// Its values in the current set: what the model meets now.
    pub current: DriftValues,
}

impl DriftColumn {
    /// A column of numbers; a missing one is not a number.
    pub fn numeric(name: &str, reference: &[f64], current: &[f64]) -> Self {
        let [reference, current] = [reference, current].map(|values| DriftValues::Numeric(values.to_vec()));
        Self { name: name.to_owned(), reference, current }
    }

    /// A column of categories; a missing one is empty.
    pub fn categorical(name: &str, reference: &[impl AsRef<str>], current: &[impl AsRef<str>]) -> Self {
        fn owned(values: &[impl AsRef<str>]) -> DriftValues {
            DriftValues::Categorical(values.iter().map(|value| value.as_ref().to_owned()).collect())
        }
        Self { name: name.to_owned(), reference: owned(reference), current: owned(current) }
    }
}

/// What kind of values a feature has, and so how it was tested.
///
/// ```
/// use tunebook::data::{DriftColumn, DriftConfig, DriftReport, FeatureKind};
/// let january: Vec<f64> = (0..60).map(|day| f64::from(day % 10)).collect();
/// let june: Vec<f64> = january.iter().map(|load| load + 6.0).collect();
/// let columns = [DriftColumn::numeric("load", &january, &june)];
/// let report = DriftReport::of_columns("January", "June", &columns, &DriftConfig::default())?;
/// assert_eq!(report.features()[0].kind, FeatureKind::Numeric);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureKind {
    /// Numbers: Kolmogorov-Smirnov.
    Numeric,
    /// Categories: chi-squared.
    Categorical,
    /// Vectors: a classifier.
    Vectors,
}

/// How far a feature has moved.
///
/// ```
/// use tunebook::data::{DriftColumn, DriftConfig, DriftReport, DriftVerdict};
/// let january: Vec<f64> = (0..60).map(|day| f64::from(day % 10)).collect();
/// let june: Vec<f64> = january.iter().map(|load| load + 6.0).collect();
/// let columns = [DriftColumn::numeric("load", &january, &june)];
/// let report = DriftReport::of_columns("January", "June", &columns, &DriftConfig::default())?;
/// assert_eq!(report.verdict(), DriftVerdict::Major);
/// assert!(DriftVerdict::Stable < DriftVerdict::Moderate);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftVerdict {
    /// The same, or moved by no more than chance or than matters.
    Stable,
    /// Moved: keep an eye on it.
    Moderate,
    /// Moved far: measure the model on labelled rows of the current set before it is trusted there.
    Major,
}

impl fmt::Display for DriftVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stable => "stable",
            Self::Moderate => "moderate",
            Self::Major => "major",
        })
    }
}

/// One feature in both sets.
///
/// ```
/// use tunebook::data::{DriftColumn, DriftConfig, DriftReport};
/// let january: Vec<f64> = (0..60).map(|day| f64::from(day % 10)).collect();
/// let june: Vec<f64> = january.iter().map(|load| load + 6.0).collect();
/// let columns = [DriftColumn::numeric("load", &january, &june)];
/// let report = DriftReport::of_columns("January", "June", &columns, &DriftConfig::default())?;
/// let load = &report.features()[0];
/// println!("{}: {} ({:?})", load.name, load.change, load.verdict);
/// assert!(load.stability_index.is_some_and(|index| index > 0.25));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureDrift {
    /// The feature's name.
    pub name: String,
    /// What kind of values it has.
    pub kind: FeatureKind,
    /// The population stability index; none for vectors.
    pub stability_index: Option<f64>,
    /// The statistic: the Kolmogorov-Smirnov distance, chi-squared, or the classifier's accuracy.
    pub statistic: f64,
    /// The test's p-value, 0 to 1.
    pub p_value: f64,
    /// How far the feature has moved.
    pub verdict: DriftVerdict,
    /// What changed, in words: the median, or the category whose share moved most.
    pub change: String,
}

/// Two sets compared feature by feature.
///
/// A feature has drifted when its test's p-value is below the level and the effect is large enough to matter: a stability
/// index from 0.1 on (moderate) or 0.25 (major), a classifier's accuracy from 0.6 on or 0.75. With many rows the smallest
/// difference is significant, with few rows the index is large by chance: it takes both.
///
/// ```
/// use tunebook::data::{DriftColumn, DriftConfig, DriftReport, DriftVerdict};
///
/// let ages: Vec<f64> = (0..200).map(|row| f64::from(20 + row % 40)).collect();
/// let older: Vec<f64> = ages.iter().map(|age| age + 25.0).collect();
/// let cities: Vec<&str> = (0..200).map(|row| ["Bern", "Basel"][row % 2]).collect();
/// let columns = [DriftColumn::numeric("age", &ages, &older), DriftColumn::categorical("city", &cities, &cities)];
/// let report = DriftReport::of_columns("2025", "2026", &columns, &DriftConfig::default())?;
/// assert_eq!(report.features()[0].verdict, DriftVerdict::Major);
/// assert_eq!(report.features()[1].verdict, DriftVerdict::Stable);
/// println!("{report}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DriftReport {
    names: [String; 2],
    features: Vec<FeatureDrift>,
}

impl DriftReport {
    /// Compares the columns of two sets, which `reference` and `current` name. A column with missing values becomes two
    /// features: its values where they are there, and whether they are.
    ///
    /// # Errors
    /// When there are no columns, a column is empty or of different kinds in the two sets, a number is infinite, or a
    /// setting makes no sense.
    pub fn of_columns(reference: &str, current: &str, columns: &[DriftColumn], config: &DriftConfig) -> Result<Self> {
        Self::new([reference, current], columns, None, config)
    }

    /// The same with the result of a classifier test on vectors, as a feature under its name.
    pub(super) fn new(
        names: [&str; 2],
        columns: &[DriftColumn],
        vectors: Option<(&str, ClassifierTestResult)>,
        config: &DriftConfig,
    ) -> Result<Self> {
        if !(config.alpha > 0.0 && config.alpha < 1.0) {
            let problem = format!("{} is no level of significance", config.alpha);
            return Err(Error::input("alpha", problem, "give a number between 0 and 1, for example 0.01"));
        }
        if columns.is_empty() && vectors.is_none() {
            return Err(Error::input("columns", "there is nothing to compare", "give one column at least"));
        }
        let mut features = Vec::new();
        for column in columns {
            features.extend(compare(column, config)?);
        }
        features.extend(vectors.map(|(name, result)| FeatureDrift {
            name: name.to_owned(),
            kind: FeatureKind::Vectors,
            stability_index: None,
            statistic: result.accuracy,
            p_value: result.p_value,
            verdict: DriftVerdict::Stable,
            change: format!("told apart with accuracy {:.2}, by chance 0.50", result.accuracy),
        }));
        let level = config.alpha / features.len() as f64;
        for feature in &mut features {
            let (effect, [moderate, major]) = match feature.stability_index {
                Some(index) => (index, INDEX),
                None => (feature.statistic, ACCURACY),
            };
            feature.verdict = match effect {
                _ if feature.p_value >= level => DriftVerdict::Stable,
                effect if effect >= major => DriftVerdict::Major,
                effect if effect >= moderate => DriftVerdict::Moderate,
                _ => DriftVerdict::Stable,
            };
        }
        Ok(Self { names: names.map(str::to_owned), features })
    }

    /// The features, in the order of their columns.
    pub fn features(&self) -> &[FeatureDrift] {
        &self.features
    }

    /// One feature by its name.
    pub fn feature(&self, name: &str) -> Option<&FeatureDrift> {
        self.features.iter().find(|feature| feature.name == name)
    }

    /// The worst verdict of all features.
    pub fn verdict(&self) -> DriftVerdict {
        self.features.iter().map(|feature| feature.verdict).max().unwrap_or(DriftVerdict::Stable)
    }

    /// The report as a rich value: a table with one row for each feature, and the same as text.
    pub fn display(&self) -> Display {
        let [reference, current] = &self.names;
        let mut table = HtmlTable::new(
            &format!("Drift from {reference} to {current}"),
            &["feature", "verdict", "change", "stability index", "test", "p-value"],
        );
        for feature in &self.features {
            let verdict = Cell { text: feature.verdict.to_string(), strong: feature.verdict != DriftVerdict::Stable };
            let p = p_value(feature.p_value);
            let cells = [
                verdict,
                Cell::plain(&feature.change),
                Cell::plain(feature.stability_index.map_or(String::new(), |index| format!("{index:.3}"))),
                Cell::plain(feature.test()),
                Cell::plain(p.trim_start_matches("= ")),
            ];
            table.row(&feature.name, &cells, false);
        }
        Display::html(table.finish(&[self.advice()])).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    fn advice(&self) -> String {
        match self.verdict() {
            DriftVerdict::Stable => "No feature has moved by more than chance and by enough to matter.".to_owned(),
            _ => {
                "The sets differ: label some rows of the current set and measure the model on them; train on rows like \
                  them if it is worse there."
                    .to_owned()
            }
        }
    }
}

impl FeatureDrift {
    fn test(&self) -> String {
        match self.kind {
            FeatureKind::Numeric => format!("KS {:.3}", self.statistic),
            FeatureKind::Categorical => format!("chi2 {:.1}", self.statistic),
            FeatureKind::Vectors => format!("accuracy {:.2}", self.statistic),
        }
    }
}

/// One line for each feature, and what to do.
impl fmt::Display for DriftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [reference, current] = &self.names;
        writeln!(f, "drift from {reference} to {current}: {}", self.verdict())?;
        let width = self.features.iter().map(|feature| feature.name.chars().count()).max().unwrap_or(0);
        for feature in &self.features {
            let FeatureDrift { name, verdict, change, .. } = feature;
            let index = feature.stability_index.map_or(String::new(), |index| format!("PSI {index:.3}, "));
            let (test, p) = (feature.test(), p_value(feature.p_value));
            writeln!(f, "  {name:width$}  {verdict:8}  {index}{test}, p {p}; {change}")?;
        }
        f.write_str(&self.advice())
    }
}

/// The features of one column, without their verdicts.
fn compare(column: &DriftColumn, config: &DriftConfig) -> Result<Vec<FeatureDrift>> {
    let name = &column.name;
    match (&column.reference, &column.current) {
        (DriftValues::Numeric(reference), DriftValues::Numeric(current)) => {
            let missing = |values: &[f64]| values.iter().map(|value| value.is_nan()).collect::<Vec<_>>();
            let mut features = presence(name, &missing(reference), &missing(current))?;
            if let Some(value) = reference.iter().chain(current).find(|value| value.is_infinite()) {
                let problem = format!("{value} is not a finite number");
                return Err(Error::input(name, problem, "find out where it comes from, and mark it as missing"));
            }
            let there = |values: &[f64]| values.iter().copied().filter(|value| !value.is_nan()).collect::<Vec<_>>();
            let (reference, current) = (there(reference), there(current));
            if !reference.is_empty() && !current.is_empty() {
                features.insert(0, numbers(name, &reference, &current, config.bins)?);
            }
            Ok(features)
        }
        (DriftValues::Categorical(reference), DriftValues::Categorical(current)) => {
            let missing = |values: &[String]| values.iter().map(|value| value.trim().is_empty()).collect::<Vec<_>>();
            let mut features = presence(name, &missing(reference), &missing(current))?;
            let there = |values: &[String]| -> Vec<String> {
                values.iter().filter(|value| !value.trim().is_empty()).cloned().collect()
            };
            let (reference, current) = (there(reference), there(current));
            if !reference.is_empty() && !current.is_empty() {
                features.insert(0, categories(name, &reference, &current)?);
            }
            Ok(features)
        }
        _ => Err(Error::input(
            name,
            "it holds numbers in one set and categories in the other",
            "read the column the same way in both sets",
        )),
    }
}

/// Whether values are there, as a feature, when some are not.
fn presence(name: &str, reference: &[bool], current: &[bool]) -> Result<Vec<FeatureDrift>> {
    for (set, values) in [("reference", reference), ("current", current)] {
        if values.is_empty() {
            return Err(Error::input(name, format!("the {set} set has no rows"), "give one row at least"));
        }
    }
    if !reference.iter().chain(current).any(|&missing| missing) {
        return Ok(Vec::new());
    }
    let words = |values: &[bool]| -> Vec<String> {
        values.iter().map(|&missing| (if missing { "missing" } else { "there" }).to_owned()).collect()
    };
    Ok(vec![categories(&format!("{name} (missing)"), &words(reference), &words(current))?])
}

fn numbers(name: &str, reference: &[f64], current: &[f64], bins: usize) -> Result<FeatureDrift> {
    let test = kolmogorov_smirnov(reference, current)?;
    let median = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        plain(crate::metrics::quantile(&sorted, 0.5))
    };
    Ok(FeatureDrift {
        name: name.to_owned(),
        kind: FeatureKind::Numeric,
        stability_index: Some(stability_index(reference, current, bins)?),
        statistic: test.statistic,
        p_value: test.p_value,
        verdict: DriftVerdict::Stable,
        change: format!("median {} -> {}", median(reference), median(current)),
    })
}

fn categories(name: &str, reference: &[String], current: &[String]) -> Result<FeatureDrift> {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for (set, values) in [reference, current].into_iter().enumerate() {
        for value in values {
            counts.entry(value).or_default()[set] += 1;
        }
    }
    let [before, after] = [0, 1].map(|set| counts.values().map(|counts| counts[set]).collect::<Vec<_>>());
    let test = chi_squared(&before, &after)?;
    let mut moved = ("", [0.0_f64; 2]);
    for (value, [before, after]) in &counts {
        let shares = [*before as f64 / reference.len() as f64, *after as f64 / current.len() as f64];
        if moved.0.is_empty() || (shares[1] - shares[0]).abs() > (moved.1[1] - moved.1[0]).abs() {
            moved = (value, shares);
        }
    }
    let (value, [before_share, after_share]) = moved;
    Ok(FeatureDrift {
        name: name.to_owned(),
        kind: FeatureKind::Categorical,
        stability_index: Some(stability_index_of_counts(&before, &after)?),
        statistic: test.statistic,
        p_value: test.p_value,
        verdict: DriftVerdict::Stable,
        change: format!("{} {:.1} % -> {:.1} %", excerpt(value, 30), 100.0 * before_share, 100.0 * after_share),
    })
}

/// A number as people write it: whole ones grouped, others with four significant digits.
fn plain(value: f64) -> String {
    if value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        return grouped(value as usize);
    }
    let digits = (3.0 - value.abs().log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.digits$}")
}

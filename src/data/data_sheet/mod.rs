//! The data sheet: what a data set holds, what is wrong with it and what to do, in one value.
//!
//! [`DataSheet`] gathers what the other checks of this folder found; `problems.rs` turns findings into sentences with a
//! mend, `show.rs` draws the sheet as text and HTML. The idea of a sheet for each data set is Gebru and others' (2021,
//! "Datasheets for Datasets"); what only people know (where the rows come from, who agreed) is not in
//! here. Images and tables have sheets of their own, [`ImageDataSheet`](crate::data::ImageDataSheet) and
//! [`TableDataSheet`](crate::data::TableDataSheet), made of the same parts.

mod problems;
mod show;

use crate::data::{
    ClassBalance, Cleaner, CleaningReport, DriftReport, LabelNoise, LeakageReport, NearDuplicateSearch, OutlierRule,
    TextDataset,
};
use crate::{Error, Result};

pub use problems::DataProblem;
pub(super) use problems::{drift_problem, first, label_problems, leakage_problem};
pub(super) use show::{
    figures_html, labels_html, problem_list, sheet_html, write_figures, write_problems, write_sheet,
};

#[cfg(test)]
mod tests;

/// The lengths of texts, in characters.
///
/// ```
/// use tunebook::data::{DataSheet, TextDataset};
/// let lengths = DataSheet::of(&TextDataset::embedded("support-tickets")?)?.lengths();
/// assert!(lengths.shortest <= lengths.median && lengths.median <= lengths.percentile_95);
/// assert!(lengths.percentile_95 <= lengths.longest);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLengths {
    /// The shortest.
    pub shortest: usize,
    /// Half of the texts are at most so long.
    pub median: usize,
    /// 95 % of the texts are at most so long.
    pub percentile_95: usize,
    /// The longest.
    pub longest: usize,
}

/// A data set at a glance: rows, labels, lengths, what a [`Cleaner`] would find, and what further checks have found; with
/// the problems, and what to do about each.
///
/// ```
/// use tunebook::data::{DataSheet, NearDuplicateSearch, TextDataset};
///
/// let data = TextDataset::embedded("support-tickets")?;
/// let leakage = data.fixed_split()?.leakage(&NearDuplicateSearch::default())?;
/// let sheet = DataSheet::of(&data)?.with_leakage(leakage);
/// assert_eq!((sheet.rows(), sheet.balance().counts().len()), (512, 8));
/// println!("{sheet}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DataSheet {
    name: String,
    label_names: Vec<String>,
    balance: ClassBalance,
    lengths: TextLengths,
    /// Texts with a character that stands for bytes that could not be read.
    damaged: Vec<String>,
    cleaning: CleaningReport,
    leakage: Option<LeakageReport>,
    label_noise: Option<LabelNoise>,
    drift: Option<DriftReport>,
}

impl DataSheet {
    /// The sheet of `data`, with the checks that need nothing else: missing values, markup, Unicode, white space,
    /// duplicates, near-duplicates (from a similarity of 0.8 on), conflicting labels, length outliers, balance.
    ///
    /// # Errors
    /// When the data set has no rows.
    pub fn of(data: &TextDataset) -> Result<Self> {
        if data.is_empty() {
            return Err(Error::input(data.name(), "there are no rows to look at", "give one row at least"));
        }
        let cleaner = Cleaner {
            html: true,
            near_duplicates: Some(NearDuplicateSearch::default()),
            // Lengths have a long tail: only what is far out is worth a look.
            length_outliers: Some(OutlierRule::Iqr(3.0)),
            ..Cleaner::default()
        };
        let damaged = (0..data.len()).filter(|&row| data.texts()[row].contains('\u{fffd}'));
        Ok(Self {
            name: data.name().to_owned(),
            label_names: data.label_names(),
            balance: data.class_balance(),
            lengths: TextLengths::of(data.texts()),
            damaged: damaged.map(|row| data.ids()[row].clone()).collect(),
            cleaning: cleaner.clean(data)?.1,
            leakage: None,
            label_noise: None,
            drift: None,
        })
    }

    /// The sheet with the leakage across a split of the data ([`TextSplits::leakage`](crate::data::TextSplits::leakage)).
    pub fn with_leakage(self, leakage: LeakageReport) -> Self {
        Self { leakage: Some(leakage), ..self }
    }

    /// The sheet with the labels that may be wrong
    /// ([`TextDataset::label_noise_from_vectors`](crate::data::TextDataset::label_noise_from_vectors)).
    pub fn with_label_noise(self, label_noise: LabelNoise) -> Self {
        Self { label_noise: Some(label_noise), ..self }
    }

    /// The sheet with the drift to a second set ([`TextDataset::drift`](crate::data::TextDataset::drift)).
    pub fn with_drift(self, drift: DriftReport) -> Self {
        Self { drift: Some(drift), ..self }
    }

    /// The data set's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.cleaning.rows_before()
    }

    /// The labels' counts and shares.
    pub fn balance(&self) -> &ClassBalance {
        &self.balance
    }

    /// The lengths of the texts.
    pub fn lengths(&self) -> TextLengths {
        self.lengths
    }

    /// What a cleaning would change, remove and note. It has not been done: the data set is as it was.
    pub fn cleaning(&self) -> &CleaningReport {
        &self.cleaning
    }

    /// The leakage across a split, if it was looked for.
    pub fn leakage(&self) -> Option<&LeakageReport> {
        self.leakage.as_ref()
    }

    /// The labels that may be wrong, if they were looked for.
    pub fn label_noise(&self) -> Option<&LabelNoise> {
        self.label_noise.as_ref()
    }

    /// The drift to a second set, if it was looked for.
    pub fn drift(&self) -> Option<&DriftReport> {
        self.drift.as_ref()
    }
}

impl TextLengths {
    /// The lengths of `texts`, of which there is one at least.
    fn of(texts: &[String]) -> Self {
        let mut lengths: Vec<usize> = texts.iter().map(|text| text.chars().count()).collect();
        lengths.sort_unstable();
        // The nearest rank: a length that occurs.
        let at = |percent: usize| lengths[(lengths.len() * percent).div_ceil(100).max(1) - 1];
        Self { shortest: at(0), median: at(50), percentile_95: at(95), longest: at(100) }
    }
}

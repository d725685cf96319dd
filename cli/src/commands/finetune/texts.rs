//! The texts of a call: read, checked, split.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tunebook::data::{Rows, Splits};
use tunebook::prelude::*;

use super::Finetune;
use super::options::DataKind;
use crate::failure::{Failure, Result};
use crate::settings::naming_column;

/// More different numbers than this are hardly classes.
const MOST_CODES: usize = 20;

/// The rows of a run.
pub(super) struct Parts<D> {
    pub(super) train: D,
    pub(super) validation: D,
    /// What is measured on at the end, where that is not the validation data.
    pub(super) measured: Option<D>,
    pub(super) measured_on: &'static str,
    /// By how much the targets of a regression were divided for the training.
    pub(super) deviation: f64,
}

impl<D> Parts<D> {
    pub(super) fn measured(&self) -> &D {
        self.measured.as_ref().unwrap_or(&self.validation)
    }
}

/// Texts with one label each.
pub(super) fn classes(call: &Finetune) -> Result<Parts<TextDataset>> {
    let columns = call.data.columns();
    let read =
        |path: &Path, names: Option<&[String]>| TextDataset::read(path, &columns, names).map_err(|e| named(call, e));
    let all = read(&call.data.train, None)?;
    let names = all.label_names();
    check_classes(call, &names, all.len())?;
    parts(call, all, |path| read(path, Some(&names)), |all| all.stratified_split(call.training.seed, 0.2, 0.0))
}

/// Texts with any number of labels each.
pub(super) fn labels(call: &Finetune) -> Result<Parts<MultiLabelDataset>> {
    let columns = call.data.columns();
    let one_each = &call.data.label_columns;
    let read = |path: &Path, names: Option<&[String]>| {
        let data = if one_each.is_empty() {
            MultiLabelDataset::read(path, &columns, call.data.label_separator, names)
        } else {
            MultiLabelDataset::read_columns(path, &columns.text, one_each)
        };
        data.map_err(|e| named(call, e))
    };
    let all = read(&call.data.train, None)?;
    let names = all.label_names();
    parts(call, all, |path| read(path, Some(&names)), |all| all.random_split(call.training.seed, 0.2, 0.0))
}

/// Texts with one number each, and the mean of the training rows' numbers. What trains is standardised by them; what is
/// measured is in the numbers' own unit.
pub(super) fn numbers(call: &Finetune) -> Result<(Parts<TextRegressionDataset>, f64)> {
    let columns = call.data.columns();
    let read = |path: &Path| TextRegressionDataset::read(path, &columns).map_err(|e| named(call, e));
    let all = read(&call.data.train)?;
    let own = parts(call, all, read, |all| all.random_split(call.training.seed, 0.2, 0.0))?;
    let (mean, deviation) = own.train.scale()?;
    let parts = Parts {
        train: own.train.standardised(mean, deviation)?,
        validation: own.validation.standardised(mean, deviation)?,
        measured: Some(own.measured.unwrap_or(own.validation)),
        measured_on: own.measured_on,
        deviation,
    };
    Ok((parts, mean))
}

/// An error about a column that is not there names the option that chooses it.
pub(super) fn named(call: &Finetune, error: Error) -> Failure {
    let columns = call.data.columns();
    let mut options = vec![(columns.text.as_str(), "--text-column"), (&columns.label, "--label-column")];
    options.extend(call.data.label_columns.iter().map(|column| (column.as_str(), "--label-columns")));
    naming_column(error, &options).into()
}

/// All rows and the files beside them as the parts of the run.
pub(super) fn parts<D: Rows>(
    call: &Finetune,
    all: D,
    read: impl Fn(&Path) -> Result<D>,
    split: impl FnOnce(&D) -> tunebook::Result<Splits<D>>,
) -> Result<Parts<D>> {
    let read = |path: &Option<PathBuf>| path.as_deref().map(&read).transpose();
    held_out(call, all, read(&call.data.validation)?, read(&call.data.test)?, split)
}

/// The parts of the run from the rows to learn from and those beside them; without validation rows a fifth is held out.
pub(super) fn held_out<D: Rows>(
    call: &Finetune,
    all: D,
    validation: Option<D>,
    test: Option<D>,
    split: impl FnOnce(&D) -> tunebook::Result<Splits<D>>,
) -> Result<Parts<D>> {
    let measured_on = match (&test, &validation) {
        (Some(_), _) => "test set",
        (None, Some(_)) => "validation set",
        (None, None) if call.data.data_kind == DataKind::Image => "held-out fifth of the training images",
        (None, None) => "held-out fifth of the training file",
    };
    let (train, validation) = if let Some(validation) = validation {
        (all, validation)
    } else {
        let split = split(&all)?;
        (split.train, split.validation)
    };
    if validation.is_empty() {
        let file = call.data.train.display();
        return Err(Failure::input(format!("{file}: too few rows to hold a fifth out; give --validation")));
    }
    Ok(Parts { train, validation, measured: test, measured_on, deviation: 1.0 })
}

/// That there are classes to tell apart, and that they are classes. What was said with --task is believed.
pub(super) fn check_classes(call: &Finetune, names: &[String], rows: usize) -> Result<()> {
    let place = format!("{}, column \"{}\"", call.data.train.display(), call.data.label_column());
    if names.len() < 2 {
        let only = names.first().map_or("", String::as_str);
        return Err(Failure::input(format!(
            "{place}: all rows have the label \"{only}\"; a classifier needs two labels or more"
        )));
    }
    if call.data.task().is_some() {
        return Ok(());
    }
    let choose = "say --task classification to take each as a label";
    let count = names.len();
    if looks_like_numbers(names) {
        return Err(Failure::input(format!(
            "{place}: holds {count} different numbers, which looks like regression; say --task regression to predict \
             numbers, or {choose}"
        )));
    }
    if let Some(separator) = joins_labels(names, rows) {
        return Err(Failure::input(format!(
            "{place}: holds several labels with a `{separator}` between them, such as \"{}\"; say --task multi-label to \
             predict any number of labels, or {choose}",
            names.iter().find(|name| name.contains(separator)).map_or("", String::as_str)
        )));
    }
    Ok(())
}

/// Many different numbers are rather an amount than a code; with a fraction half as many.
fn looks_like_numbers(names: &[String]) -> bool {
    let numbers: Vec<f64> = names.iter().filter_map(|name| name.parse().ok()).filter(|n: &f64| n.is_finite()).collect();
    let most = if numbers.iter().any(|number| number.fract() != 0.0) { MOST_CODES / 2 } else { MOST_CODES };
    numbers.len() == names.len() && names.len() > most
}

/// What stands between labels, where names are made of fewer other ones.
fn joins_labels(names: &[String], rows: usize) -> Option<char> {
    let joins = |separator: &char| {
        let joined = names.iter().filter(|name| name.contains(*separator)).count();
        let parts: BTreeSet<&str> = names.iter().flat_map(|name| name.split(*separator).map(str::trim)).collect();
        // Not where names of a few classes happen to have the character in them.
        joined >= 2 && parts.len() < names.len() && rows > names.len()
    };
    [';', '|'].into_iter().find(joins)
}

#[cfg(test)]
mod tests {
    use super::{joins_labels, looks_like_numbers};

    fn names(range: std::ops::Range<u32>, scale: f64) -> Vec<String> {
        range.map(|n| (f64::from(n) * scale).to_string()).collect()
    }

    #[test]
    fn stars_and_codes_are_classes_and_prices_are_not() {
        assert!(!looks_like_numbers(&names(1..6, 1.0)) && !looks_like_numbers(&names(0..20, 1.0)));
        assert!(!looks_like_numbers(&names(2..11, 0.5)));
        assert!(looks_like_numbers(&names(0..21, 1.0)) && looks_like_numbers(&names(0..11, 0.25)));
        let words = [names(0..40, 1.0), vec!["none".to_owned()]].concat();
        assert!(!looks_like_numbers(&words));
    }

    #[test]
    fn names_that_are_put_together_from_fewer_others_are_several_labels() {
        let several: Vec<String> = ["a", "b", "a;b", "b; c", "a;c", "c"].map(String::from).to_vec();
        assert_eq!(joins_labels(&several, 60), Some(';'));
        let one: Vec<String> = ["read|write", "execute", "none"].map(String::from).to_vec();
        assert_eq!(joins_labels(&one, 60), None);
    }
}

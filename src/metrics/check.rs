//! What every metric checks before it counts: lengths, numbers, class numbers.

use crate::{Error, Result};

/// How far the probabilities of one item may be from a sum of 1: single precision over many classes.
const SUM_TOLERANCE: f64 = 1e-3;

/// How far a softmax in single precision may round a probability out of 0 to 1.
const ROUNDING: f32 = 1e-6;

/// An error when there are not as many `what` as labels, or no labels at all.
pub(super) fn lengths(what: &str, found: usize, labels: usize) -> Result<()> {
    if found != labels {
        return Err(Error::input(
            what,
            format!("{found} {what} for {labels} true labels"),
            "give one for each label, in the same order",
        ));
    }
    if labels == 0 {
        return Err(Error::input("labels", "there is nothing to measure", "give at least one item"));
    }
    Ok(())
}

/// An error for the first value that is not finite.
pub(super) fn finite(what: &str, values: &[f64]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(item) => Err(Error::input(
            format!("{what} of item {item}"),
            format!("{} is not a finite number", values[item]),
            "leave the item out, or find out why the model gives no number",
        )),
    }
}

/// Rows of finite scores, one column for each class, and labels that are columns. Gives the number of classes.
pub(super) fn score_rows(labels: &[usize], rows: &[Vec<f32>]) -> Result<usize> {
    lengths("rows of scores", rows.len(), labels.len())?;
    let classes = rows[0].len();
    for (item, (row, &label)) in rows.iter().zip(labels).enumerate() {
        if row.len() != classes {
            return Err(Error::input(
                format!("scores of item {item}"),
                format!("{} values, and item 0 has {classes}", row.len()),
                "give one score for each class in every row",
            ));
        }
        if label >= classes {
            return Err(Error::input(
                format!("true label of item {item}"),
                format!("class {label} has no score: there are {classes} columns, numbered from 0"),
                "give scores for all classes",
            ));
        }
        if let Some(score) = row.iter().find(|score| !score.is_finite()) {
            return Err(Error::input(
                format!("scores of item {item}"),
                format!("{score} is not a finite number"),
                "find out why the model gives no number: it may have diverged",
            ));
        }
    }
    Ok(classes)
}

/// The same for probabilities: each from 0 to 1, each row with the sum 1.
pub(super) fn probability_rows(labels: &[usize], rows: &[Vec<f32>]) -> Result<usize> {
    let classes = score_rows(labels, rows)?;
    for (item, row) in rows.iter().enumerate() {
        let place = || format!("probabilities of item {item}");
        if let Some(value) = row.iter().find(|value| !(-ROUNDING..=1.0 + ROUNDING).contains(*value)) {
            let problem = format!("{value} is not a probability: it is not from 0 to 1");
            return Err(Error::input(place(), problem, "pass probabilities, not logits: apply softmax first"));
        }
        let sum: f64 = row.iter().map(|value| f64::from(*value)).sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            let problem = format!("they add up to {sum:.4}, not to 1");
            return Err(Error::input(place(), problem, "pass the probabilities of all classes, after softmax"));
        }
    }
    Ok(classes)
}

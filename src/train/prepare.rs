//! What is checked before a run does any work, and what the run then works with.
//!
//! In order of cost: settings and data by themselves ([`check`]), then the rows as the model reads them, and one of them
//! through the model ([`examples`]). Nothing is encoded, trained or written before all of it is in order.

use super::config::ClassWeights;
use super::step::StepSettings;
use super::{Examples, LossOptions, Method, Mix, Targets, Trainable, TrainingConfig};
use crate::data::balance::balanced_weights;
use crate::model::Pass;
use crate::{Error, Result};

/// Settings, training data and method, without a look at the rows; readies the model for them.
pub(super) fn check<M: Trainable>(
    model: &mut M,
    method: &Method,
    config: &TrainingConfig,
    train: &M::Data,
) -> Result<()> {
    config.check()?;
    model.check(train, "training data")?;
    if let Some(max_length) = config.max_length {
        model.set_max_length(max_length)?;
    }
    model.remember(train);
    method.apply(model, config.seed)
}

/// The training rows, how to compute with them, and how many outputs the model has for each.
pub(super) fn examples<M: Trainable>(
    model: &M,
    config: &TrainingConfig,
    train: &M::Data,
) -> Result<(Examples<M::Inputs>, StepSettings, usize)> {
    let examples = model.prepare(train)?;
    if examples.is_empty() {
        return Err(Error::input("training data", "has no rows", "give at least two, of different classes"));
    }
    let outputs = rehearse(model, &examples, config.mixup)?;
    check_targets(&examples.targets, config, outputs)?;
    let class_weights = class_weights(&config.class_weights, &examples.targets, outputs)?;
    let options = LossOptions { label_smoothing: config.label_smoothing, class_weights };
    Ok((examples, StepSettings { batch_size: config.batch_size, options, mixup: config.mixup }, outputs))
}

/// The first row through the model, as a step does it: how many outputs there are, and whether they are numbers.
fn rehearse<M: Trainable>(model: &M, examples: &Examples<M::Inputs>, mixup: f64) -> Result<usize> {
    let pass = Pass::evaluation();
    let outputs = if mixup > 0.0 {
        model.mixed_outputs(&examples.inputs, &[0], &Mix { partners: vec![0], share: 1.0 }, &pass)?
    } else {
        model.outputs(&examples.inputs, &[0], &pass)?
    };
    let (_, width) = outputs.dims2()?;
    if outputs.to_vec2::<f32>()?.concat().iter().any(|output| !output.is_finite()) {
        return Err(Error::input(
            model.source(),
            "gives no finite numbers for the first row, before any training",
            "its weights are damaged or come from a run that diverged: load another checkpoint",
        ));
    }
    Ok(width)
}

/// Whether a model with so many outputs can learn these targets with these settings.
fn check_targets(targets: &Targets, config: &TrainingConfig, outputs: usize) -> Result<()> {
    let fail = |problem: String, mend: &str| Err(Error::input("training data", problem, mend));
    match targets {
        Targets::Classes(labels) => {
            if let Some(label) = labels.iter().find(|label| **label >= outputs) {
                let problem = format!("has the class {label}, and the model has {outputs} outputs, counted from 0");
                return fail(problem, "make the model with an output for each class");
            }
            if labels.iter().all(|label| *label == labels[0]) {
                let problem = format!("every row has the same class, {}: there is nothing to tell apart", labels[0]);
                return fail(problem, "give rows of at least two classes");
            }
            return Ok(());
        }
        Targets::Labels(rows) => {
            if let Some(row) = rows.iter().position(|row| row.len() != outputs) {
                let problem = format!("row {row} has {} labels, and the model has {outputs} outputs", rows[row].len());
                return fail(problem, "make the model with an output for each label");
            }
        }
        Targets::Values(_) if outputs != 1 => {
            return fail(
                format!("has one number for each row, and the model has {outputs} outputs"),
                "give the model one",
            );
        }
        Targets::Values(_) => {}
    }
    let fail = |name: &str, problem: String, mend: &str| {
        Err(Error::input(format!("TrainingConfig::{name}"), format!("{problem}, and the targets are no classes"), mend))
    };
    if config.label_smoothing > 0.0 {
        return fail("label_smoothing", format!("is {}", config.label_smoothing), "set it to 0.0");
    }
    if config.class_weights != ClassWeights::None {
        return fail("class_weights", "is set".to_owned(), "use ClassWeights::None");
    }
    Ok(())
}

/// A number for each class; none where all weigh the same.
fn class_weights(wanted: &ClassWeights, targets: &Targets, classes: usize) -> Result<Vec<f64>> {
    match (wanted, targets) {
        (ClassWeights::Given(weights), _) if weights.len() != classes => Err(Error::input(
            "TrainingConfig::class_weights",
            format!("has {} weights for {classes} classes", weights.len()),
            "give one for each class, in the order of the labels",
        )),
        (ClassWeights::Given(weights), _) => Ok(weights.clone()),
        // A class without a row never meets its weight.
        (ClassWeights::Balanced, Targets::Classes(labels)) => {
            Ok(balanced_weights(&labels.iter().fold(vec![0usize; classes], |mut counts, &label| {
                counts[label] += 1;
                counts
            })))
        }
        // `check_targets` says that weights are for classes only.
        (ClassWeights::None | ClassWeights::Balanced, _) => Ok(Vec::new()),
    }
}

//! A model's answers on labelled data that it does not learn from, for texts, images and tables alike.

use super::{Examples, Trainable, loss};
use crate::data::LabelledRows;
use crate::metrics::Evaluation;
use crate::{Error, Result};

/// Rows, and the outputs for each.
type Answers<I> = (Examples<I>, Vec<Vec<f32>>);

/// The rows of checked data, and the model's outputs for them; `what` names the data in an error.
pub(super) fn answers<M: Trainable>(model: &M, data: &M::Data, what: &str) -> Result<Answers<M::Inputs>> {
    model.check_held_out(data, what)?;
    let examples = model.prepare(data)?;
    let outputs = examples.outputs(model)?;
    Ok((examples, outputs))
}

/// Loss, accuracy, predictions and probabilities of a classifier with these label names.
pub(super) fn evaluation<M: Trainable>(model: &M, data: &M::Data, names: &[String]) -> Result<Evaluation>
where
    M::Data: LabelledRows,
{
    let (examples, outputs) = answers(model, data, "evaluation data")?;
    let (loss, _) = examples.targets.measure(&outputs);
    let probabilities = outputs.iter().map(|row| loss::softmax_row(row, 0).0).collect();
    Evaluation::new(loss, data.labels().to_vec(), probabilities, names.to_vec())
}

/// Whether the labels of the data are the model's own, in the same order.
pub(super) fn check_labels(found: &[String], own: &[String], place: &str) -> Result<()> {
    if found == own {
        return Ok(());
    }
    let problem = format!("has the labels {found:?}, the model {own:?}");
    Err(Error::input(place, problem, "make the model with data.label_names() of the same data set"))
}

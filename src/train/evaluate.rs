//! Measuring a classifier on a labelled data set.

use super::examples::Examples;
use crate::data::TextDataset;
use crate::metrics::Evaluation;
use crate::model::TextClassifier;
use crate::{Error, Result};

impl TextClassifier {
    /// Loss, accuracy, predictions and probabilities on a labelled data set with the same labels.
    pub fn evaluate(&self, data: &TextDataset) -> Result<Evaluation> {
        check_data(self, data, "evaluation data")?;
        let (loss, probabilities) = Examples::tokens(self, data)?.evaluate(self)?;
        Evaluation::new(loss, data.labels().to_vec(), probabilities, self.labels().to_vec())
    }
}

/// The data has rows, and the labels that the model was made for.
pub(super) fn check_data(model: &TextClassifier, data: &TextDataset, what: &str) -> Result<()> {
    if data.is_empty() {
        return Err(Error::input(format!("{what} {}", data.name()), "has no rows", "give at least one labelled text"));
    }
    let names = data.label_names();
    if names != model.labels() {
        return Err(Error::input(
            format!("{what} {}", data.name()),
            format!("has the labels {names:?}, the model {:?}", model.labels()),
            "make the model with data.label_names() of the same data set",
        ));
    }
    Ok(())
}

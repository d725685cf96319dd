use tunebook::prelude::*;

/// One line of the table: a learning rate, and what it reached on the validation data.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    pub learning_rate: f64,
    pub val_accuracy: f64,
    pub val_loss: f64,
}

/// Fine-tunes once for each learning rate, each time from a fresh pretrained model.
pub fn try_rates(train: &TextDataset, validation: &TextDataset, rates: &[f64]) -> Result<Vec<Trial>> {
    todo!("train on {} tickets, {} times, and measure on {}", train.len(), rates.len(), validation.len())
}

/// The learning rate of the best trial: highest accuracy, and among equal ones lowest loss.
pub fn best(trials: &[Trial]) -> Option<f64> {
    todo!("choose among {}", trials.len())
}

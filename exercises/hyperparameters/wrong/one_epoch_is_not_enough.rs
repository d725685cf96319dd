//~ MESSAGE: Train for more epochs
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
    let mut trials = Vec::new();
    for &rate in rates {
        let model = TextClassifier::from_pretrained(Pretrained::embedded(), train.label_names())?;
        let report = Trainer::new(model)
            .method(Method::FeatureExtraction)
            .config(TrainingConfig { epochs: 1, learning_rate: Some(rate), ..Default::default() })
            .observer(Quiet)
            .fit(train, validation)?;
        trials.push(Trial { learning_rate: rate, val_accuracy: report.val_accuracy(), val_loss: report.val_loss() });
    }
    Ok(trials)
}

/// The learning rate of the best trial: highest accuracy, and among equal ones lowest loss.
pub fn best(trials: &[Trial]) -> Option<f64> {
    trials
        .iter()
        .max_by(|a, b| a.val_accuracy.total_cmp(&b.val_accuracy).then(b.val_loss.total_cmp(&a.val_loss)))
        .map(|trial| trial.learning_rate)
}

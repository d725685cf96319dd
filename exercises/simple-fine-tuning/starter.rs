use tunebook::prelude::*;

/// Fine-tunes the embedded encoder on `train`, watches `validation`, and returns the report.
pub fn fine_tune(train: &TextDataset, validation: &TextDataset) -> Result<TrainingReport> {
    // 1. A pretrained classifier with a head for the labels of `train`.
    // 2. A trainer: which method, how many epochs, `.observer(Quiet)`.
    // 3. Fit it.
    todo!("fine-tune on {} tickets, watch {}", train.len(), validation.len())
}

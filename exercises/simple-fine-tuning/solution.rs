use tunebook::prelude::*;

/// Fine-tunes the embedded encoder on `train`, watches `validation`, and returns the report.
pub fn fine_tune(train: &TextDataset, validation: &TextDataset) -> Result<TrainingReport> {
    let model = TextClassifier::from_pretrained(Pretrained::embedded(), train.label_names())?;
    Trainer::new(model)
        .method(Method::Full)
        .config(TrainingConfig { epochs: 10, ..Default::default() })
        .early_stopping(EarlyStopping::on("val_loss").patience(2))
        .observer(Quiet)
        .fit(train, validation)
}

//~ MESSAGE: Look at your settings
use tunebook::prelude::*;

pub fn fine_tune(train: &TextDataset, validation: &TextDataset) -> Result<TrainingReport> {
    let model = TextClassifier::from_pretrained(Pretrained::embedded(), train.label_names())?;
    Trainer::new(model)
        .method(Method::Full)
        .config(TrainingConfig { epochs: 6, learning_rate: Some(0.05), ..Default::default() })
        .observer(Quiet)
        .fit(train, validation)
}

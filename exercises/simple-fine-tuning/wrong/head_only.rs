//~ MESSAGE: only the head was trained
use tunebook::prelude::*;

pub fn fine_tune(train: &TextDataset, validation: &TextDataset) -> Result<TrainingReport> {
    let model = TextClassifier::from_pretrained(Pretrained::embedded(), train.label_names())?;
    Trainer::new(model)
        .method(Method::FeatureExtraction)
        .config(TrainingConfig { epochs: 30, ..Default::default() })
        .observer(Quiet)
        .fit(train, validation)
}

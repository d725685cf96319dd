//~ MESSAGE: nothing in common with the pretrained ones
use tunebook::prelude::*;

pub fn fine_tune(train: &TextDataset, validation: &TextDataset) -> Result<TrainingReport> {
    let model = TextClassifier::from_scratch(Pretrained::embedded(), train.label_names(), 1)?;
    Trainer::new(model)
        .config(TrainingConfig { epochs: 8, ..Default::default() })
        .observer(Quiet)
        .fit(train, validation)
}

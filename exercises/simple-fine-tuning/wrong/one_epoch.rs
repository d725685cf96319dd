//~ MESSAGE: epochs 1, learning rate
use tunebook::prelude::*;

pub fn fine_tune(train: &TextDataset, validation: &TextDataset) -> Result<TrainingReport> {
    let model = TextClassifier::from_pretrained(Pretrained::embedded(), train.label_names())?;
    Trainer::new(model)
        .method(Method::Partial { last_n_layers: 1 })
        .config(TrainingConfig { epochs: 1, ..Default::default() })
        .observer(Quiet)
        .fit(train, validation)
}

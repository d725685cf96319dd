//~ MESSAGE: Pass `validation`, and nothing else, as the second argument of `fit`
use tunebook::prelude::*;

pub fn fine_tune(train: &TextDataset, _validation: &TextDataset) -> Result<TrainingReport> {
    let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
    let model = TextClassifier::from_pretrained(Pretrained::embedded(), train.label_names())?;
    Trainer::new(model)
        .config(TrainingConfig { epochs: 10, ..Default::default() })
        .observer(Quiet)
        .fit(train, &data.test)
}

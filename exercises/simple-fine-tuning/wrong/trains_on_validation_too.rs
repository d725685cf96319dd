//~ MESSAGE: it was trained on the validation tickets
use tunebook::prelude::*;

pub fn fine_tune(train: &TextDataset, validation: &TextDataset) -> Result<TrainingReport> {
    // "More data is always better."
    let texts = [train.texts(), validation.texts()].concat();
    let labels = [train.labels(), validation.labels()].concat();
    let all = TextDataset::new("all", texts, labels, train.label_names())?;
    let model = TextClassifier::from_pretrained(Pretrained::embedded(), all.label_names())?;
    Trainer::new(model)
        .method(Method::Full)
        .config(TrainingConfig { epochs: 15, ..Default::default() })
        .observer(Quiet)
        .fit(&all, validation)
}

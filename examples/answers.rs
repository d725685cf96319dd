//! Texts with several labels each, and texts with a number: the same encoder under other heads.
//!
//! `cargo run --release --example answers` takes less than a minute on two cores. The tickets are the embedded ones; what
//! is asked of them follows from their words, so that anybody can see what there is to learn.

use tunebook::prelude::*;

fn main() -> Result<()> {
    let tickets = TextDataset::embedded("support-tickets")?.fixed_split()?;

    println!("1. Several labels: what a ticket is about, and whether it is long.");
    let topics = ["database", "network", "disk", "password"];
    let names: Vec<String> = topics.iter().map(|topic| (*topic).to_owned()).chain(["long".to_owned()]).collect();
    let labelled = |data: &TextDataset| {
        let labels = data.texts().iter().map(|text| {
            let words = text.to_lowercase();
            topics.iter().map(|topic| words.contains(topic)).chain([text.len() > 100]).collect()
        });
        MultiLabelDataset::new(data.name(), data.texts().to_vec(), labels.collect(), names.clone())
    };
    let (train, validation, test) =
        (labelled(&tickets.train)?, labelled(&tickets.validation)?, labelled(&tickets.test)?);
    println!("{train}");
    let model = MultiLabelClassifier::from_pretrained(Pretrained::embedded(), names.clone())?;
    let config = TrainingConfig { epochs: 8, ..TrainingConfig::default() };
    let method = Method::Partial { last_n_layers: 2 };
    let report = Trainer::new(model).method(method.clone()).config(config.clone()).observer(Quiet);
    let report = report.fit(&train, &validation)?;
    let mut model = report.into_model();
    println!("With thresholds of one half:\n{}", model.evaluate(&test)?);
    println!("Thresholds with the best F1 on the validation data: {:.2?}", model.tune_thresholds(&validation)?);
    println!("With these:\n{}", model.evaluate(&test)?);
    println!("{}", model.predict(&["The disk of the database server is full", "I cannot log in"])?);

    println!("2. A number: how many words a ticket has.");
    let numbered = |data: &TextDataset| {
        let words = |text: &String| text.split_whitespace().count() as f32;
        TextRegressionDataset::new(data.name(), data.texts().to_vec(), data.texts().iter().map(words).collect())
    };
    let (train, validation, test) =
        (numbered(&tickets.train)?, numbered(&tickets.validation)?, numbered(&tickets.test)?);
    let model = TextRegressor::from_pretrained(Pretrained::embedded())?;
    let config = TrainingConfig { learning_rate: Some(3e-3), ..config };
    let report = Trainer::new(model).method(method).config(config).observer(Quiet).fit(&train, &validation)?;
    println!("{}", report.model().evaluate(&test)?);
    let texts = ["Disk full", "Since this morning nobody in our office has been able to reach the internal wiki"];
    for (text, words) in texts.iter().zip(report.model().predict(&texts)?) {
        println!("{words:>5.1} words, truly {}: {text}", text.split_whitespace().count());
    }
    Ok(())
}

//! Texts with several labels each, and texts with a number: the same encoder under other heads.
//!
//! `cargo run --release --example answers` takes less than a minute on two cores. The tickets are the embedded ones; what
//! is asked of them follows from their queue, so that anybody can see what there is to learn.

use tunebook::prelude::*;

/// A queue of the tickets, what its tickets concern, and how urgent they are, 0 to 1.
const QUEUES: [(&str, &[&str], f32); 8] = [
    ("access", &["people", "secrets"], 0.8),
    ("billing", &["people"], 0.1),
    ("compute", &["machines"], 0.5),
    ("databases", &["data", "machines"], 0.7),
    ("deployments", &["machines"], 0.4),
    ("networking", &["machines"], 0.9),
    ("security", &["people", "secrets"], 1.0),
    ("storage", &["data", "machines"], 0.6),
];

fn main() -> Result<()> {
    let tickets = TextDataset::embedded("support-tickets")?.fixed_split()?;
    let queue = |data: &TextDataset, row: usize| {
        let name = data.label_name(data.labels()[row]).to_owned();
        QUEUES.into_iter().find(|(known, ..)| *known == name).ok_or_else(|| Error::input(name, "is no queue", "add it"))
    };

    println!("1. Several labels: what a ticket concerns.");
    let names = ["data", "machines", "people", "secrets"].map(str::to_owned).to_vec();
    let labelled = |data: &TextDataset| {
        let concerns =
            |row| names.iter().map(|name| Ok(queue(data, row)?.1.contains(&name.as_str()))).collect::<Result<_>>();
        let labels = (0..data.len()).map(concerns).collect::<Result<Vec<Vec<bool>>>>()?;
        MultiLabelDataset::new(data.name(), data.texts().to_vec(), labels, names.clone())
    };
    let (train, validation, test) =
        (labelled(&tickets.train)?, labelled(&tickets.validation)?, labelled(&tickets.test)?);
    println!("{train}");
    let model = MultiLabelClassifier::from_pretrained(Pretrained::embedded(), names.clone())?;
    let config = TrainingConfig { epochs: 6, ..TrainingConfig::default() };
    let method = Method::Partial { last_n_layers: 2 };
    let trainer = Trainer::new(model).method(method.clone()).config(config.clone()).observer(Quiet);
    let mut model = trainer.fit(&train, &validation)?.into_model();
    println!("With thresholds of one half:\n{}", model.evaluate(&test)?);
    println!("Thresholds with the best F1 on the validation data: {:.2?}", model.tune_thresholds(&validation)?);
    println!("With these:\n{}", model.evaluate(&test)?);
    println!("{}", model.predict(&["The disk of the database server is full", "My password was stolen"])?);

    println!("2. A number: how urgent a ticket is.");
    let numbered = |data: &TextDataset| {
        let urgency = (0..data.len()).map(|row| Ok(queue(data, row)?.2)).collect::<Result<Vec<f32>>>()?;
        TextRegressionDataset::new(data.name(), data.texts().to_vec(), urgency)
    };
    let (train, validation, test) =
        (numbered(&tickets.train)?, numbered(&tickets.validation)?, numbered(&tickets.test)?);
    let model = TextRegressor::from_pretrained(Pretrained::embedded())?;
    let report = Trainer::new(model).method(method).config(config).observer(Quiet).fit(&train, &validation)?;
    println!("{}", report.model().evaluate(&test)?);
    let texts = ["Please send me the invoice of last month", "Somebody has broken into our account"];
    for (text, urgency) in texts.iter().zip(report.model().predict(&texts)?) {
        println!("{urgency:>5.2}: {text}");
    }
    Ok(())
}

//! Every way of fine-tuning on the same few tickets, side by side: what each changes, what it costs, what it reaches.
//!
//! `cargo run --release --example methods` takes about a minute on two cores. A method's name as argument runs only that
//! one: `cargo run --release --example methods -- lora`.

use tunebook::prelude::*;

fn main() -> Result<()> {
    let only = std::env::args().nth(1);
    let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
    let train = data.train.few_shot(16, 42)?;
    // Name, method, epochs, and each layer's learning rate as a share of that of the layer above.
    let methods = [
        ("feature-extraction", Method::FeatureExtraction, 20, 1.0),
        ("partial", Method::Partial { last_n_layers: 2 }, 4, 1.0),
        ("full", Method::Full, 4, 1.0),
        ("layer-wise-rates", Method::Full, 4, 0.7),
        ("gradual", Method::Gradual { epochs_per_layer: 1 }, 5, 1.0),
        ("two-phase", Method::TwoPhase { freeze_epochs: 2 }, 3, 1.0),
        ("bitfit", Method::BitFit, 4, 1.0),
        ("lora", Method::Lora(LoraConfig::default()), 4, 1.0),
    ];
    if let Some(name) = only.as_deref()
        && name != "setfit"
        && methods.iter().all(|(known, ..)| *known != name)
    {
        let names: Vec<_> = methods.iter().map(|(name, ..)| *name).chain(["setfit"]).collect();
        return Err(Error::input(name, "is no method", format!("the methods are: {}", names.join(", "))));
    }
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    println!("{} tickets to learn from, {} to test on", train.len(), data.test.len());
    println!("{:<28} {:>10} {:>9} {:>8}", "method", "parameters", "seconds", "accuracy");
    let say = |name: &str, report: &TrainingReport| -> Result<()> {
        let accuracy = report.model().evaluate(&data.test)?.accuracy;
        let parameters = report.trainable_parameters();
        println!("{name:<28} {parameters:>10} {:>9.1} {:>7.1} %", report.seconds(), 100.0 * accuracy);
        Ok(())
    };
    for (name, method, epochs, layer_decay) in methods {
        if !wanted(name) {
            continue;
        }
        let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
        let config = TrainingConfig { epochs, layer_decay, ..TrainingConfig::default() };
        let report = Trainer::new(model).method(method).config(config).observer(Quiet).fit(&train, &data.validation)?;
        let rates = if layer_decay < 1.0 { ", rates by layer" } else { "" };
        say(&format!("{}{rates}", report.method()), &report)?;
    }
    if wanted("setfit") {
        let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
        let set_fit = SetFit { iterations: 2, ..SetFit::default() };
        let started = std::time::Instant::now();
        let report = set_fit.fit_with(model, &train, &data.validation, Quiet)?;
        println!("SetFit: {:.1} s with its pairs; then its head:", started.elapsed().as_secs_f64());
        say(&report.method().to_string(), &report)?;
    }
    Ok(())
}

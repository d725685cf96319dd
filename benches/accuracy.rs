//! Tunebook's side of the accuracy bench: a worker that fine-tunes once for each request, one a line.
//!
//! `benches/accuracy.py` starts it beside `benches/accuracy_pytorch.py`, which understands the same requests. A request is
//! a JSON object with `method` (`feature-extraction` or `full`) and the numbers of the recipe; the answer has the
//! `accuracy` on the test file and the `seconds` of the training.

use std::error::Error;
use std::io::{BufRead, Write};

use serde::Deserialize;
use tunebook::data::{Columns, TextDataset};
use tunebook::model::{Pretrained, TextClassifier};
use tunebook::train::{Method, Quiet, Schedule, Trainer, TrainingConfig};

#[derive(Deserialize)]
struct Request {
    method: String,
    learning_rate: f64,
    epochs: usize,
    batch_size: usize,
    max_length: usize,
    warmup_ratio: f64,
    weight_decay: f64,
    max_grad_norm: f64,
    seed: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds `--bench`; the paths are the arguments that are no options.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let [folder, train, test] = arguments.as_slice() else {
        // `cargo bench` without arguments runs every bench: say what this one wants, and let the others go on.
        println!("usage: python3 benches/accuracy.py MODEL_FOLDER TRAIN.jsonl TEST.jsonl [--python PYTHON]");
        return Ok(());
    };
    let columns = Columns { text: "text".to_owned(), label: "label".to_owned() };
    let train = TextDataset::read(train, &columns, None)?;
    let names = train.label_names();
    let test = TextDataset::read(test, &columns, Some(&names))?;
    // Nothing is chosen on them: a run just wants rows to measure its epochs on.
    let few: Vec<usize> = (0..train.len().min(32)).collect();
    let few = train.select(&few);
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let method = match request.method.as_str() {
            "feature-extraction" => Method::FeatureExtraction,
            "full" => Method::Full,
            other => return Err(format!("no method {other}").into()),
        };
        let config = TrainingConfig {
            epochs: request.epochs,
            batch_size: request.batch_size,
            learning_rate: Some(request.learning_rate),
            weight_decay: request.weight_decay,
            warmup_ratio: request.warmup_ratio,
            schedule: Schedule::Linear,
            max_length: Some(request.max_length),
            max_grad_norm: Some(request.max_grad_norm),
            // PyTorch's side shuffles without looking at lengths.
            group_by_length: false,
            seed: request.seed,
            ..TrainingConfig::default()
        };
        let source = Pretrained::folder(folder);
        let model = TextClassifier::from_pretrained_seeded(source, names.clone(), request.seed)?;
        let report = Trainer::new(model).observer(Quiet).method(method).config(config).fit(&train, &few)?;
        let accuracy = report.model().evaluate(&test)?.accuracy;
        println!("{}", serde_json::json!({ "accuracy": accuracy, "seconds": report.seconds() }));
        std::io::stdout().flush()?;
    }
    Ok(())
}

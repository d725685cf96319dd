//! Tunebook's side of the training bench: a worker that answers one request a line.
//!
//! `benches/run.py` starts it beside `benches/pytorch.py`, which understands the same requests, and sends both the same
//! token ids. A request is a JSON object with `row` (`full`, `last-2-layers`, `lora` or `inference`), `ids`
//! (a list of token ids for each text), `labels` and `steps`; the answer has `seconds` for each step, the last `loss`
//! and the process's peak memory so far. Model and optimizer of a row stay for its next request.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use serde::Deserialize;
use tunebook::model::{LoraConfig, Parameter, Pass, Pretrained, TextClassifier, TokenBatch};
use tunebook::train::{Gradients, Method, Optimizer, OptimizerState, ParameterGroups, cross_entropy};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const LEARNING_RATE: f64 = 2e-5;
const WEIGHT_DECAY: f64 = 0.01;

#[derive(Deserialize)]
struct Request {
    row: String,
    ids: Vec<Vec<u32>>,
    labels: Vec<usize>,
    steps: usize,
}

/// A model prepared for one row of the table.
struct Subject {
    model: TextClassifier,
    trains: bool,
    parameters: Vec<Parameter>,
    optimizer: OptimizerState,
    step: u64,
}

impl Subject {
    fn new(folder: &str, row: &str) -> Result<Self> {
        let method = match row {
            "full" => Method::Full,
            "last-2-layers" => Method::Partial { last_n_layers: 2 },
            "lora" => Method::Lora(LoraConfig { dropout: 0.1, ..LoraConfig::default() }),
            "inference" => Method::FeatureExtraction,
            other => return Err(format!("no row {other}").into()),
        };
        let mut model = TextClassifier::from_pretrained(Pretrained::folder(folder), vec!["no".into(), "yes".into()])?;
        method.apply(&mut model, 42)?;
        let parameters = model.store().trainable();
        let optimizer =
            OptimizerState::new(Optimizer::default(), &ParameterGroups::new(parameters.clone(), WEIGHT_DECAY))?;
        Ok(Self { model, trains: row != "inference", parameters, optimizer, step: 0 })
    }

    /// Forward, backward and update, or a forward pass; the loss.
    fn step(&mut self, batch: &TokenBatch, labels: &[usize]) -> Result<f32> {
        self.step += 1;
        let pass = if self.trains { Pass::training(self.step) } else { Pass::evaluation() };
        let loss = cross_entropy(&self.model.logits(batch, &pass)?, labels, 0.0)?;
        if self.trains {
            let gradients = Gradients::of(&self.parameters, &loss)?;
            self.optimizer.step(&gradients, LEARNING_RATE, Some(1.0))?;
        }
        Ok(loss.to_scalar()?)
    }
}

fn main() -> Result<()> {
    // Cargo adds `--bench`; the folder is the one argument that is no option.
    let Some(folder) = std::env::args().skip(1).find(|a| !a.starts_with("--")) else {
        // `cargo bench` without arguments runs every bench: say what this one wants, and let the others go on.
        println!("usage: python3 benches/run.py MODEL_FOLDER [--python PYTHON]");
        return Ok(());
    };
    let mut subjects = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        if !subjects.contains_key(&request.row) {
            subjects.insert(request.row.clone(), Subject::new(&folder, &request.row)?);
        }
        let Some(subject) = subjects.get_mut(&request.row) else { continue };
        let sequences: Vec<&[u32]> = request.ids.iter().map(Vec::as_slice).collect();
        let batch = TokenBatch::new(&sequences, 0)?;
        let mut loss = 0.0;
        let mut seconds = Vec::with_capacity(request.steps);
        for _ in 0..request.steps {
            let start = Instant::now();
            loss = subject.step(&batch, &request.labels)?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        let answer = serde_json::json!({ "seconds": seconds, "loss": loss, "peak_bytes": peak_bytes() });
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// The most memory that this process has had, from Linux's `VmHWM`; 0 elsewhere.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|v| v.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

//! Tunebook's side of the training bench: a worker that answers one request a line.
//!
//! `benches/run.py` starts it beside `benches/pytorch.py`, which understands the same requests, and sends both the same
//! token ids. A request is a JSON object with `row` (`full`, `last-2-layers`, `lora`, `inference` or
//! `feature-extraction`), `ids` (a list of token ids for each text), `labels` and `steps`; the answer has `seconds` for each
//! step, the last `loss`, and the process's memory: now, and at its peak so far. A step of `feature-extraction` is an epoch
//! over the texts. Model, optimizer and a frozen encoder's vectors stay for the row's next request.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use candle_core::Tensor;
use serde::Deserialize;
use tunebook::model::{LoraConfig, Parameter, Pass, Pretrained, TextClassifier, TokenBatch};
use tunebook::train::{
    Gradients, Method, Optimizer, OptimizerState, ParameterGroups, TextInputs, Trainable, cross_entropy,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const LEARNING_RATE: f64 = 2e-5;
const WEIGHT_DECAY: f64 = 0.01;
/// Rows of a step of an epoch.
const BATCH: usize = 16;

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
    /// What the frozen encoder says about the texts, when a step is an epoch over them.
    features: Option<TextInputs>,
}

impl Subject {
    fn new(folder: &str, row: &str) -> Result<Self> {
        let method = match row {
            "full" => Method::Full,
            "last-2-layers" => Method::Partial { last_n_layers: 2 },
            "lora" => Method::Lora(LoraConfig { dropout: 0.1, ..LoraConfig::default() }),
            "inference" | "feature-extraction" => Method::FeatureExtraction,
            other => return Err(format!("no row {other}").into()),
        };
        let mut model = TextClassifier::from_pretrained(Pretrained::folder(folder), vec!["no".into(), "yes".into()])?;
        method.apply(&mut model, 42)?;
        let parameters = model.store().trainable();
        let optimizer =
            OptimizerState::new(Optimizer::default(), &ParameterGroups::new(parameters.clone(), WEIGHT_DECAY))?;
        Ok(Self { model, trains: row != "inference", parameters, optimizer, step: 0, features: None })
    }

    /// Every text once, in batches: the head learns on vectors that the first epoch computed. The last loss.
    fn epoch(&mut self, ids: &[Vec<u32>], labels: &[usize]) -> Result<f32> {
        let features = match self.features.take() {
            Some(features) => features,
            None => self.model.freeze_inputs(&TextInputs::Tokens(ids.to_vec()), &mut |_| Ok(()))?,
        };
        let rows: Vec<usize> = (0..labels.len()).collect();
        let mut loss = 0.0;
        for rows in rows.chunks(BATCH) {
            let labels: Vec<usize> = rows.iter().map(|&n| labels[n]).collect();
            let pass = self.next_pass();
            let outputs = self.model.outputs(&features, rows, &pass)?;
            loss = self.learn(&outputs, &labels)?;
        }
        self.features = Some(features);
        Ok(loss)
    }

    /// Forward, backward and update, or a forward pass; the loss.
    fn step(&mut self, batch: &TokenBatch, labels: &[usize]) -> Result<f32> {
        let pass = self.next_pass();
        let logits = self.model.logits(batch, &pass)?;
        self.learn(&logits, labels)
    }

    fn next_pass(&mut self) -> Pass {
        self.step += 1;
        if self.trains { Pass::training(self.step) } else { Pass::evaluation() }
    }

    fn learn(&mut self, logits: &Tensor, labels: &[usize]) -> Result<f32> {
        let loss = cross_entropy(logits, labels, 0.0)?;
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
        let is_epoch = request.row == "feature-extraction";
        let sequences: Vec<&[u32]> = request.ids.iter().map(Vec::as_slice).collect();
        let batch = TokenBatch::new(&sequences, 0)?;
        let mut loss = 0.0;
        let mut seconds = Vec::with_capacity(request.steps);
        for _ in 0..request.steps {
            let start = Instant::now();
            loss = if is_epoch {
                subject.epoch(&request.ids, &request.labels)?
            } else {
                subject.step(&batch, &request.labels)?
            };
            seconds.push(start.elapsed().as_secs_f64());
        }
        let [peak, resident] = ["VmHWM:", "VmRSS:"].map(memory);
        println!(
            "{}",
            serde_json::json!({ "seconds": seconds, "loss": loss, "peak_bytes": peak, "resident_bytes": resident })
        );
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// Bytes of memory of this process, from a line of Linux's status file: `VmHWM:` is the peak, `VmRSS:` is now; 0 elsewhere.
fn memory(kind: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(kind));
    line.and_then(|v| v.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

//! Tunebook's side of the training bench: a worker that answers one request a line.
//!
//! `benches/run.py` starts it beside `benches/pytorch.py`, which understands the same requests, and sends both the same
//! token ids. A request is a JSON object with `row` (`full`, `last-2-layers`, `lora`, `inference` or
//! `feature-extraction`), `ids` (a list of token ids for each text), `labels` and `steps`; the rows `resnet18-head` and
//! `resnet18-full` have in the place of `ids` the `shape` of a batch of images, whose pixels both sides make by the same
//! formula. The answer has `seconds` for each step, the last `loss`, and the process's memory: now, and at its peak so far. A
//! step of `feature-extraction` is an epoch over the texts. Model, optimizer and a frozen encoder's vectors stay for the row's
//! next request.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use candle_core::{Device, Tensor};
use serde::Deserialize;
use tunebook::model::{
    ImageClassifier, LoraConfig, Parameter, ParameterStore, Pass, Pretrained, TextClassifier, TokenBatch,
};
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
    #[serde(default)]
    ids: Vec<Vec<u32>>,
    #[serde(default)]
    shape: Vec<usize>,
    labels: Vec<usize>,
    steps: usize,
}

impl Request {
    fn batch(&self) -> Result<Batch> {
        if self.shape.is_empty() {
            let sequences: Vec<&[u32]> = self.ids.iter().map(Vec::as_slice).collect();
            return Ok(Batch::Texts(TokenBatch::new(&sequences, 0)?));
        }
        let count: usize = self.shape.iter().product();
        let pixels: Vec<f32> = (0..count).map(|n| (n * 37 % 101) as f32 / 50.0 - 1.0).collect();
        Ok(Batch::Images(Tensor::from_vec(pixels, self.shape.as_slice(), &Device::Cpu)?))
    }
}

/// What a step reads.
enum Batch {
    Texts(TokenBatch),
    Images(Tensor),
}

enum Model {
    Texts(Box<TextClassifier>),
    Images(Box<ImageClassifier>),
}

impl Model {
    fn logits(&self, batch: &Batch, pass: &Pass) -> Result<Tensor> {
        match (self, batch) {
            (Self::Texts(model), Batch::Texts(batch)) => Ok(model.logits(batch, pass)?),
            (Self::Images(model), Batch::Images(images)) => Ok(model.logits(images, pass)?),
            _ => Err("texts are for the encoder, images for the network".into()),
        }
    }

    fn store(&self) -> &ParameterStore {
        match self {
            Self::Texts(model) => model.store(),
            Self::Images(model) => model.store(),
        }
    }

    fn of_texts(&self) -> Result<&TextClassifier> {
        match self {
            Self::Texts(model) => Ok(model),
            Self::Images(_) => Err("this row is for texts".into()),
        }
    }
}

/// A model prepared for one row of the table.
struct Subject {
    model: Model,
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
            "full" | "resnet18-full" => Method::Full,
            "last-2-layers" => Method::Partial { last_n_layers: 2 },
            "lora" => Method::Lora(LoraConfig { dropout: 0.1, ..LoraConfig::default() }),
            "inference" | "feature-extraction" | "resnet18-head" => Method::FeatureExtraction,
            other => return Err(format!("no row {other}").into()),
        };
        let labels = vec!["no".into(), "yes".into()];
        let model = if row.starts_with("resnet18") {
            let mut model = ImageClassifier::resnet18(labels, 42)?;
            method.apply(&mut model, 42)?;
            Model::Images(model.into())
        } else {
            let mut model = TextClassifier::from_pretrained(Pretrained::folder(folder), labels)?;
            method.apply(&mut model, 42)?;
            Model::Texts(model.into())
        };
        let parameters = model.store().trainable();
        let optimizer =
            OptimizerState::new(Optimizer::default(), &ParameterGroups::new(parameters.clone(), WEIGHT_DECAY))?;
        Ok(Self { model, trains: row != "inference", parameters, optimizer, step: 0, features: None })
    }

    /// Every text once, in batches: the head learns on vectors that the first epoch computed. The last loss.
    fn epoch(&mut self, ids: &[Vec<u32>], labels: &[usize]) -> Result<f32> {
        let features = match self.features.take() {
            Some(features) => features,
            None => self.model.of_texts()?.freeze_inputs(&TextInputs::Tokens(ids.to_vec()), &mut |_| Ok(()))?,
        };
        let rows: Vec<usize> = (0..labels.len()).collect();
        let mut loss = 0.0;
        for rows in rows.chunks(BATCH) {
            let labels: Vec<usize> = rows.iter().map(|&n| labels[n]).collect();
            let pass = self.next_pass();
            let outputs = self.model.of_texts()?.outputs(&features, rows, &pass)?;
            loss = self.learn(&outputs, &labels)?;
        }
        self.features = Some(features);
        Ok(loss)
    }

    /// Forward, backward and update, or a forward pass; the loss.
    fn step(&mut self, batch: &Batch, labels: &[usize]) -> Result<f32> {
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
        let batch = request.batch()?;
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

//! The small encoder: its start, its training, its files.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::time::Instant;

use candle_core::{D, DType, Device, Tensor};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tunebook::model::{
    BertConfig, BertEncoder, ParameterStore, Pass, Pooling, StoreBuilder, TextTokenizer, TokenBatch, Weights,
};
use tunebook::train::{Gradients, Optimizer, OptimizerState, ParameterGroups};
use tunebook::{Error, Result};

use crate::options::Options;
use crate::subspace::principal;
use crate::vocabulary::Vocabulary;

/// Positions: texts of up to this many tokens.
const POSITIONS: usize = 160;
/// Longest text in training; positions beyond it keep the teacher's (reduced) vectors.
const MAX_LENGTH: usize = 128;
/// Batches whose texts are sorted by length together.
const BUCKET: usize = 32;

pub(crate) struct Student {
    config: BertConfig,
    encoder: BertEncoder,
    store: ParameterStore,
    tokenizer: TextTokenizer,
}

impl Student {
    /// Random layers on the teacher's word and position vectors in fewer dimensions.
    pub(crate) fn start(options: &Options, vocabulary: &Vocabulary) -> Result<Self> {
        let config = BertConfig {
            vocab_size: vocabulary.teacher_ids.len(),
            hidden_size: options.hidden,
            num_hidden_layers: options.layers,
            num_attention_heads: options.heads,
            intermediate_size: 4 * options.hidden,
            max_position_embeddings: POSITIONS,
            type_vocab_size: 1,
            ..BertConfig::default()
        };
        let mut builder = StoreBuilder::random(options.seed);
        let encoder = BertEncoder::new(&config, &mut builder)?;
        let (store, _) = builder.finish()?;
        let weights = Weights::from_file(options.teacher.join("model.safetensors"))?;
        let table = |name: &str| {
            weights.get(name).cloned().ok_or_else(|| Error::input(name, "the teacher has no such weights", ""))
        };
        let ids = Tensor::new(vocabulary.teacher_ids.as_slice(), &Device::Cpu)?;
        let words = table("embeddings.word_embeddings.weight")?.index_select(&ids, 0)?;
        println!("start: word vectors");
        let basis = principal(&words, options.hidden, options.seed)?;
        let positions = table("embeddings.position_embeddings.weight")?.narrow(0, 0, POSITIONS)?;
        for (name, rows) in
            [("embeddings.word_embeddings.weight", words), ("embeddings.position_embeddings.weight", positions)]
        {
            store.get(name).expect("the encoder has it").var().set(&rows.matmul(&basis)?)?;
        }
        let tokenizer = TextTokenizer::from_json(vocabulary.json.as_bytes(), "pruned tokenizer", MAX_LENGTH)?;
        Ok(Self { config, encoder, store, tokenizer })
    }

    /// Trains to the teacher's vectors `(passages, width)`; one line a hundred steps goes to `log.jsonl`.
    pub(crate) fn train(&self, options: &Options, passages: &[String], targets: &Tensor) -> Result<()> {
        println!("targets: sentence vectors");
        let basis = principal(targets, options.hidden, options.seed + 1)?;
        let reduced = unit(&targets.matmul(&basis)?)?;
        let texts: Vec<&str> = passages.iter().map(String::as_str).collect();
        let tokens = self.tokenizer.encode(&texts)?;
        let steps = options.epochs * passages.len().div_ceil(options.batch);
        let parameters = self.store.all();
        let groups = ParameterGroups::new(parameters.clone(), 0.01);
        let mut optimizer = OptimizerState::new(Optimizer::default(), &groups)?;
        let log_path = options.work.join("log.jsonl");
        let mut log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(|problem| Error::io(&log_path, problem))?;
        let first_epoch = self.resume(options)?;
        let mut step = first_epoch * passages.len().div_ceil(options.batch);
        let start = Instant::now();
        let (mut sum, mut count) = (0.0, 0);
        for epoch in first_epoch..options.epochs {
            for rows in batches(&tokens, options.batch, options.seed + epoch as u64) {
                let loss = self.loss(&tokens, &rows, targets, &reduced)?;
                let value = loss.to_scalar::<f32>()?;
                if !value.is_finite() {
                    return Err(Error::Training(format!("the loss is {value} at step {step}; lower --learning-rate")));
                }
                let rate = options.learning_rate * schedule(step, steps);
                optimizer.step(&Gradients::of(&parameters, &loss)?, rate, Some(1.0))?;
                (sum, count, step) = (sum + f64::from(value), count + 1, step + 1);
                if step.is_multiple_of(100) {
                    let seconds = start.elapsed().as_secs_f64();
                    let mean = sum / f64::from(count);
                    let line =
                        format!("{{\"step\":{step},\"of\":{steps},\"loss\":{mean:.4},\"seconds\":{seconds:.0}}}");
                    println!("{line}");
                    writeln!(log, "{line}").map_err(|problem| Error::io(&log_path, problem))?;
                    (sum, count) = (0.0, 0);
                }
            }
            self.keep(options, epoch + 1)?;
        }
        Ok(())
    }

    /// Distance in direction to the reduced target, and disagreement of the similarities within the batch. Without
    /// dropout: the targets are exact, and there is far more text than the student can memorise.
    fn loss(&self, tokens: &[Vec<u32>], rows: &[usize], targets: &Tensor, reduced: &Tensor) -> Result<Tensor> {
        let sequences: Vec<&[u32]> = rows.iter().map(|&row| tokens[row].as_slice()).collect();
        let batch = TokenBatch::new(&sequences, self.tokenizer.pad_id())?;
        let vectors = unit(&Pooling::Mean.apply(&self.encoder.forward(&batch, &Pass::gradients())?, &batch)?)?;
        let ids: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
        let ids = Tensor::new(ids, &Device::Cpu)?;
        let (target, whole) = (reduced.index_select(&ids, 0)?, targets.index_select(&ids, 0)?);
        let direction = (1.0 - (&vectors * target)?.sum(D::Minus1)?)?.mean_all()?;
        let similarities = vectors.matmul(&vectors.t()?)?;
        let wanted = whole.matmul(&whole.t()?)?;
        // Weighted so that both parts are of one size in the middle of training.
        Ok((direction + ((similarities - wanted)?.sqr()?.mean_all()? * 10.0)?)?)
    }

    /// Parameters after each epoch; the optimizer's moments start anew there, which the schedule forgives.
    fn keep(&self, options: &Options, epochs: usize) -> Result<()> {
        self.store.save(options.work.join(format!("student-{epochs:02}.safetensors")), DType::F32)
    }

    fn resume(&self, options: &Options) -> Result<usize> {
        for epochs in (1..=options.epochs).rev() {
            let path = options.work.join(format!("student-{epochs:02}.safetensors"));
            if path.exists() {
                for (name, tensor) in candle_core::safetensors::load(&path, &Device::Cpu)? {
                    let parameter = self.store.get(&name).ok_or_else(|| {
                        Error::input(path.display(), format!("{name} is of another student"), "delete the work folder")
                    })?;
                    parameter.var().set(&tensor)?;
                }
                println!("going on after epoch {epochs}");
                return Ok(epochs);
            }
        }
        Ok(0)
    }

    /// The Hub's layout: `model.safetensors` in F16, `tokenizer.json`, `config.json`.
    pub(crate) fn write(&self, options: &Options, vocabulary: &Vocabulary) -> Result<()> {
        fs::create_dir_all(&options.out).map_err(|problem| Error::io(&options.out, problem))?;
        self.store.save(options.out.join("model.safetensors"), DType::F16)?;
        let mut config = self.config.to_value();
        config["architectures"] = serde_json::json!(["BertModel"]);
        config["tunebook"]["max_length"] = MAX_LENGTH.into();
        let config = format!("{config:#}\n");
        for (name, content) in [("config.json", &config), ("tokenizer.json", &vocabulary.json)] {
            let path = options.out.join(name);
            fs::write(&path, content).map_err(|problem| Error::io(&path, problem))?;
        }
        let all: HashMap<_, _> = self.store.all().iter().map(|p| (p.name().to_owned(), p.count())).collect();
        println!("{}: {} parameters", options.out.display(), all.values().sum::<usize>());
        Ok(())
    }
}

fn unit(rows: &Tensor) -> Result<Tensor> {
    Ok(rows.broadcast_div(&(rows.sqr()?.sum_keepdim(D::Minus1)? + 1e-12)?.sqrt()?)?)
}

/// Linear warm-up over the first twentieth, then a cosine down to nothing.
fn schedule(step: usize, steps: usize) -> f64 {
    let warmup = steps.div_ceil(20);
    if step < warmup {
        return (step + 1) as f64 / warmup as f64;
    }
    let done = (step - warmup) as f64 / (steps - warmup).max(1) as f64;
    0.5 * (1.0 + (std::f64::consts::PI * done).cos())
}

/// Shuffled batches whose texts have similar lengths.
fn batches(tokens: &[Vec<u32>], size: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows: Vec<usize> = (0..tokens.len()).collect();
    rows.shuffle(&mut rng);
    for bucket in rows.chunks_mut(size * BUCKET) {
        bucket.sort_by_key(|&row| tokens[row].len());
    }
    let mut batches: Vec<Vec<usize>> = rows.chunks(size).map(<[usize]>::to_vec).collect();
    batches.shuffle(&mut rng);
    batches
}

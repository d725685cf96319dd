//! The small encoder: its start, its training, its files.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tunebook::model::{
    BertConfig, BertEncoder, ParameterStore, Pass, Pooling, StoreBuilder, TextTokenizer, TokenBatch, Weights,
};
use tunebook::train::{Gradients, Optimizer, OptimizerState, ParameterGroups};
use tunebook::{Error, Result};

use crate::goals::Goals;
use crate::least_squares::least_squares;
use crate::options::Options;
use crate::overlap::unshared;
use crate::vocabulary::Vocabulary;

/// Positions: texts of up to this many tokens.
const POSITIONS: usize = 160;
/// Longest text in training; positions beyond it keep the teacher's (reduced) vectors.
const MAX_LENGTH: usize = 128;
/// Batches whose texts are sorted by length together.
const BUCKET: usize = 32;
/// Every so many rows one is held out, to measure on after each epoch.
const HOLD_OUT: usize = 200;
/// Texts that the start is fitted to.
const START_TEXTS: usize = 40_000;
const WORDS: &str = "embeddings.word_embeddings.weight";

pub(crate) struct Student {
    config: BertConfig,
    encoder: BertEncoder,
    store: ParameterStore,
    tokenizer: TextTokenizer,
}

impl Student {
    /// Random layers on the teacher's word vectors in fewer dimensions: those in which the mean of a text's word vectors
    /// comes nearest to the text's target. So words that the corpus has seldom or never start in the right place too.
    pub(crate) fn start(
        options: &Options,
        vocabulary: &Vocabulary,
        passages: &[String],
        goals: &Goals,
    ) -> Result<Self> {
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
        let words = weights.get(WORDS).ok_or_else(|| Error::input(WORDS, "the teacher has no such weights", ""))?;
        let words = words.index_select(&Tensor::new(vocabulary.teacher_ids.as_slice(), &Device::Cpu)?, 0)?;
        let tokenizer = TextTokenizer::from_json(vocabulary.json.as_bytes(), "pruned tokenizer", MAX_LENGTH)?;
        let rows: Vec<usize> = (0..passages.len()).filter(|row| row % HOLD_OUT != 0).take(START_TEXTS).collect();
        let texts: Vec<&str> = rows.iter().map(|&row| passages[row].as_str()).collect();
        let tokens = tokenizer.encode(&texts)?;
        let means = tokens.iter().map(|ids| {
            // Without [CLS] and [SEP].
            let ids = Tensor::new(ids.get(1..ids.len() - 1).unwrap_or(ids), &Device::Cpu)?;
            Ok(words.index_select(&ids, 0)?.mean(0)?)
        });
        let means = Tensor::stack(&means.collect::<Result<Vec<_>>>()?, 0)?;
        let start = words.matmul(&least_squares(&means, &goals.of(&rows)?.0, 0.01)?)?;
        // As long as the teacher's on average, so that random positions weigh little beside them.
        let length =
            |rows: &Tensor| -> Result<f64> { Ok(f64::from(rows.sqr()?.mean_all()?.sqrt()?.to_scalar::<f32>()?)) };
        let scale = length(&words)? / length(&start)?.max(1e-6);
        store.get(WORDS).expect("the encoder has it").var().set(&(start * scale)?)?;
        Ok(Self { config, encoder, store, tokenizer })
    }

    /// Trains to the teacher's vectors; one line a hundred steps, and one an epoch, goes to `log.jsonl`.
    pub(crate) fn train(&self, options: &Options, passages: &[String], goals: &Goals) -> Result<()> {
        let texts: Vec<&str> = passages.iter().map(String::as_str).collect();
        let tokens = self.tokenizer.encode(&texts)?;
        let (held_out, rows): (Vec<usize>, Vec<usize>) = (0..tokens.len()).partition(|row| row % HOLD_OUT == 0);
        let unseen: Vec<&str> = unshared(passages, &held_out, &rows).into_iter().map(|row| texts[row]).collect();
        let path = options.work.join("held-out.txt");
        fs::write(&path, unseen.join("\n") + "\n").map_err(|problem| Error::io(&path, problem))?;
        let per_epoch = rows.len().div_ceil(options.batch);
        let steps = options.epochs * per_epoch;
        let parameters = self.store.all();
        let log_path = options.work.join("log.jsonl");
        let mut log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(|problem| Error::io(&log_path, problem))?;
        let mut say = |line: String| {
            println!("{line}");
            writeln!(log, "{line}").map_err(|problem| Error::io(&log_path, problem))
        };
        let first_epoch = self.resume(options)?;
        let start = Instant::now();
        for epoch in first_epoch..options.epochs {
            // New moments in each epoch, so that a run that was stopped between two gives what one without a stop gives.
            let groups = ParameterGroups::new(parameters.clone(), 0.01);
            let mut optimizer = OptimizerState::new(Optimizer::default(), &groups)?;
            let (mut sum, mut count) = (0.0, 0);
            for (at, rows) in batches(&tokens, &rows, options.batch, options.seed + epoch as u64).iter().enumerate() {
                let step = epoch * per_epoch + at;
                let loss = goals.loss(&self.embed(&tokens, rows, &Pass::gradients())?, rows)?;
                let value = loss.to_scalar::<f32>()?;
                if !value.is_finite() {
                    return Err(Error::Training(format!("the loss is {value} at step {step}; lower --learning-rate")));
                }
                let rate = options.learning_rate * schedule(step, steps);
                optimizer.step(&Gradients::of(&parameters, &loss)?, rate, Some(1.0))?;
                (sum, count) = (sum + f64::from(value), count + 1);
                if (step + 1).is_multiple_of(100) {
                    let seconds = start.elapsed().as_secs_f64();
                    let mean = sum / f64::from(count);
                    let step = step + 1;
                    say(format!("{{\"step\":{step},\"of\":{steps},\"loss\":{mean:.4},\"seconds\":{seconds:.0}}}"))?;
                    (sum, count) = (0.0, 0);
                }
            }
            self.keep(options, epoch + 1)?;
            let vectors = self.embed_all(&tokens, &held_out)?;
            let (cosine, spearman) = goals.agreement(&vectors, &held_out)?;
            let epoch = epoch + 1;
            // Two texts alone have no correlation, and JSON has no word for that but null.
            let spearman =
                Some(spearman).filter(|value| value.is_finite()).map_or("null".into(), |x| format!("{x:.4}"));
            say(format!("{{\"epoch\":{epoch},\"held_out_cosine\":{cosine:.4},\"held_out_spearman\":{spearman}}}"))?;
        }
        Ok(())
    }

    /// Mean-pooled vectors of these rows, not normalised.
    fn embed(&self, tokens: &[Vec<u32>], rows: &[usize], pass: &Pass) -> Result<Tensor> {
        let sequences: Vec<&[u32]> = rows.iter().map(|&row| tokens[row].as_slice()).collect();
        let batch = TokenBatch::new(&sequences, self.tokenizer.pad_id())?;
        Pooling::Mean.apply(&self.encoder.forward(&batch, pass)?, &batch)
    }

    /// The same for any number of rows, without gradients.
    fn embed_all(&self, tokens: &[Vec<u32>], rows: &[usize]) -> Result<Tensor> {
        let parts: Result<Vec<_>> = rows.chunks(64).map(|rows| self.embed(tokens, rows, &Pass::evaluation())).collect();
        Ok(Tensor::cat(&parts?, 0)?)
    }

    /// Parameters after each epoch.
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
fn batches(tokens: &[Vec<u32>], rows: &[usize], size: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = rows.to_vec();
    rows.shuffle(&mut rng);
    for bucket in rows.chunks_mut(size * BUCKET) {
        bucket.sort_by_key(|&row| tokens[row].len());
    }
    let mut batches: Vec<Vec<usize>> = rows.chunks(size).map(<[usize]>::to_vec).collect();
    batches.shuffle(&mut rng);
    batches
}

//! What the teacher says of every passage, kept on disk in parts.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use candle_core::{D, DType, Device, Tensor};
use sha2::{Digest, Sha256};
use tunebook::model::{Pass, Pooling, Pretrained, TextEncoder, TokenBatch};
use tunebook::{Error, Result};

use crate::options::Options;

/// Passages in one part: a few minutes of work at most are lost when the run is stopped.
const PART: usize = 8192;
/// Texts of similar length in one forward pass.
const BATCH: usize = 32;
/// The layer whose mean state is kept beside the last one's. What a text says of its writer's opinion is read from it
/// better than from the last layer, which was trained to tell topics apart.
const MIDDLE: usize = 4;

/// One row for each passage, each row the mean over the text's tokens.
pub(crate) struct Targets {
    /// The teacher's sentence vectors, of length one: `(passages, width)`.
    pub(crate) last: Tensor,
    /// The states of a middle layer, as they are: `(passages, width)`.
    pub(crate) middle: Tensor,
}

/// Computes the parts that the work folder lacks. A part is named by its passages' hash: more passages at the corpus's
/// end leave the earlier parts valid.
pub(crate) fn targets(options: &Options, passages: &[String]) -> Result<Targets> {
    let mut teacher = TextEncoder::from_pretrained(Pretrained::folder(&options.teacher))?;
    teacher.set_max_length(128)?;
    let mut parts = Vec::new();
    let count = passages.len().div_ceil(PART);
    for (at, chunk) in passages.chunks(PART).enumerate() {
        let path = options.work.join(format!("teacher-{at:03}-{}.safetensors", digest(chunk)));
        if path.exists() {
            let broken = || Error::input(path.display(), "holds no vectors of these passages", "delete it");
            let mut part = candle_core::safetensors::load(&path, &Device::Cpu)?;
            let part = part.remove("vectors").filter(|part| part.dim(0).is_ok_and(|rows| rows == chunk.len()));
            parts.push(part.ok_or_else(broken)?);
            continue;
        }
        let start = Instant::now();
        let part = vectors(&teacher, chunk)?.to_dtype(DType::F16)?;
        let partial = path.with_extension("partial");
        candle_core::safetensors::save(&HashMap::from([("vectors", part.clone())]), &partial)?;
        fs::rename(&partial, &path).map_err(|problem| Error::io(&path, problem))?;
        println!("teacher: part {} of {count}, {:.0} s", at + 1, start.elapsed().as_secs_f64());
        parts.push(part);
    }
    let both = Tensor::cat(&parts, 0)?.to_dtype(DType::F32)?;
    let width = both.dim(1)? / 2;
    Ok(Targets { last: both.narrow(1, 0, width)?.contiguous()?, middle: both.narrow(1, width, width)?.contiguous()? })
}

/// The last layer's means, of length one, beside the middle layer's: `(passages, 2 * width)`, in the passages' order.
fn vectors(teacher: &TextEncoder, passages: &[String]) -> Result<Tensor> {
    let texts: Vec<&str> = passages.iter().map(String::as_str).collect();
    let tokens = teacher.tokenizer().encode(&texts)?;
    let mut order: Vec<usize> = (0..tokens.len()).collect();
    order.sort_by_key(|&row| tokens[row].len());
    let mut rows = vec![Vec::new(); tokens.len()];
    for places in order.chunks(BATCH) {
        let sequences: Vec<&[u32]> = places.iter().map(|&row| tokens[row].as_slice()).collect();
        let batch = TokenBatch::new(&sequences, teacher.tokenizer().pad_id())?;
        let states = teacher.bert().forward_all(&batch, &Pass::evaluation())?;
        let last = Pooling::Mean.apply(&states[states.len() - 1], &batch)?;
        let last = last.broadcast_div(&last.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?)?;
        let middle = Pooling::Mean.apply(&states[MIDDLE.min(states.len() - 1)], &batch)?;
        for (&row, values) in places.iter().zip(Tensor::cat(&[last, middle], 1)?.to_vec2::<f32>()?) {
            rows[row] = values;
        }
    }
    let width = rows[0].len();
    Ok(Tensor::from_vec(rows.concat(), (passages.len(), width), &Device::Cpu)?)
}

fn digest(passages: &[String]) -> String {
    let mut hash = Sha256::new();
    for passage in passages {
        hash.update(passage.as_bytes());
        hash.update([b'\n']);
    }
    hash.finalize()[..6].iter().fold(String::new(), |name, byte| name + &format!("{byte:02x}"))
}

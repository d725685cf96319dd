//! What the teacher says of every passage, kept on disk in parts.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use candle_core::{D, DType, Device, Tensor};
use tunebook::model::{Pretrained, TextEncoder};
use tunebook::{Error, Result};

use crate::options::Options;

/// Passages in one part: a few minutes of work at most are lost when the run is stopped.
const PART: usize = 8192;

/// Unit-length sentence vectors `(passages, teacher's width)`.
pub(crate) fn vectors(options: &Options, passages: &[String]) -> Result<Tensor> {
    let mut teacher = TextEncoder::from_pretrained(Pretrained::folder(&options.teacher))?;
    teacher.set_max_length(128)?;
    let mut parts = Vec::new();
    let count = passages.len().div_ceil(PART);
    for (at, chunk) in passages.chunks(PART).enumerate() {
        let path = options.work.join(format!("teacher-{at:03}.safetensors"));
        if path.exists() {
            let part = candle_core::safetensors::load(&path, &Device::Cpu)?
                .remove("vectors")
                .filter(|part| part.dim(0).is_ok_and(|rows| rows == chunk.len()))
                .ok_or_else(|| Error::input(path.display(), "is of another corpus", "delete the work folder"))?;
            parts.push(part);
            continue;
        }
        let start = Instant::now();
        let texts: Vec<&str> = chunk.iter().map(String::as_str).collect();
        let vectors = teacher.embed(&texts)?;
        let norms = vectors.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?;
        let part = vectors.broadcast_div(&norms)?.to_dtype(DType::F16)?;
        let partial = path.with_extension("partial");
        candle_core::safetensors::save(&HashMap::from([("vectors", part.clone())]), &partial)?;
        fs::rename(&partial, &path).map_err(|problem| Error::io(&path, problem))?;
        println!("teacher: part {} of {count}, {:.0} s", at + 1, start.elapsed().as_secs_f64());
        parts.push(part);
    }
    Ok(Tensor::cat(&parts, 0)?.to_dtype(DType::F32)?)
}

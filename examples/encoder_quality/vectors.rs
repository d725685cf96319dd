//! An encoder's vectors of many texts, kept on disk for networks that take long.

use std::collections::HashMap;
use std::path::PathBuf;

use candle_core::{Device, Tensor};
use sha2::{Digest, Sha256};
use tunebook::model::TextEncoder;
use tunebook::{Error, Result};

use crate::probing::unit_vectors;

#[derive(Clone)]
pub(crate) struct Vectors {
    /// Of length one, in the texts' order.
    pub(crate) rows: Vec<Vec<f32>>,
    weights: String,
}

impl Vectors {
    pub(crate) fn of(encoder: &TextEncoder, texts: &[String]) -> Result<Self> {
        Ok(Self { rows: unit_vectors(encoder, texts)?, weights: encoder.weights_sha256().to_owned() })
    }

    /// The same, read from the file of an earlier run if the weights and all texts are the same.
    pub(crate) fn kept(encoder: &TextEncoder, texts: &[String]) -> Result<Self> {
        let mut hash = Sha256::new();
        hash.update(encoder.weights_sha256());
        for text in texts {
            hash.update(text);
            hash.update([0]);
        }
        let name = hash.finalize()[..8].iter().fold(String::new(), |name, byte| name + &format!("{byte:02x}"));
        let path = PathBuf::from("target/encoder-quality").join(format!("{name}.safetensors"));
        if path.exists() {
            let read = candle_core::safetensors::load(&path, &Device::Cpu)?.remove("vectors");
            let read = read.ok_or_else(|| Error::input(path.display(), "holds no vectors", "delete it"))?;
            return Ok(Self { rows: read.to_vec2()?, weights: encoder.weights_sha256().to_owned() });
        }
        eprintln!("the teacher reads {} texts, once", texts.len());
        let vectors = Self::of(encoder, texts)?;
        let folder = path.parent().expect("it has one");
        std::fs::create_dir_all(folder).map_err(|problem| Error::io(folder, problem))?;
        let tensor = Tensor::new(vectors.rows.clone(), &Device::Cpu)?;
        let partial = path.with_extension("partial");
        candle_core::safetensors::save(&HashMap::from([("vectors", tensor)]), &partial)?;
        std::fs::rename(&partial, &path).map_err(|problem| Error::io(&path, problem))?;
        Ok(vectors)
    }

    /// Whether this encoder made them.
    pub(crate) fn are_of(&self, encoder: &TextEncoder) -> bool {
        self.weights == encoder.weights_sha256()
    }
}

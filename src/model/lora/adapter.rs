//! The two matrices beside one linear layer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use candle_core::{DType, Device, Tensor};

use super::LoraConfig;
use crate::model::{Init, Parameter, Pass};
use crate::ops::AdapterTensors;
use crate::{Result, ops};

/// LoRA beside one linear layer: `y = x W^T + b + scale * (dropout(x) A^T) B^T`.
///
/// `A` `(rank, inputs)` starts random, `B` `(outputs, rank)` at zero, so that a fresh adapter changes nothing. Copies
/// share the matrices.
///
/// ```
/// use tunebook::model::{LoraConfig, Pretrained, TextClassifier};
/// let labels = vec!["billing".to_owned(), "storage".to_owned()];
/// let mut model = TextClassifier::from_pretrained(Pretrained::embedded(), labels)?;
/// model.add_lora(&LoraConfig { rank: 4, ..LoraConfig::default() }, 42)?;
/// let adapters = model.lora_adapters();
/// let (layer, adapter) = &adapters[0];
/// assert_eq!(*layer, "encoder.layer.0.attention.self.query");
/// assert_eq!(adapter.parameters().map(|p| p.var().dims().to_vec()), [[4, 128], [128, 4]]);
/// assert_eq!(adapter.delta()?.abs()?.max_all()?.to_scalar::<f32>()?, 0.0); // fresh: nothing changes
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LoraAdapter {
    down: Parameter,
    up: Parameter,
    /// A layer needs a bias; theirs is always zero.
    no_bias: (Tensor, Tensor),
    scale: f64,
    dropout: f64,
    merged: Arc<AtomicBool>,
}

impl LoraAdapter {
    /// Fresh matrices on `device` beside `layer`, named `{layer}.lora_A.weight` and `{layer}.lora_B.weight` as in peft's files.
    pub(in crate::model) fn new(
        layer: &str,
        (outputs, inputs): (usize, usize),
        config: &LoraConfig,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        let fresh = |part: &str, shape: &[usize], init: Init| -> Result<Parameter> {
            let name = format!("{layer}.{part}.weight");
            Ok(Parameter::new(&name, init.var(&name, shape, seed, device)?))
        };
        let zeros = |width| Tensor::zeros(width, DType::F32, device);
        Ok(Self {
            // peft's kaiming_uniform_(a = sqrt(5)).
            down: fresh("lora_A", &[config.rank, inputs], Init::Uniform(1.0 / (inputs as f64).sqrt()))?,
            up: fresh("lora_B", &[outputs, config.rank], Init::Zeros)?,
            no_bias: (zeros(config.rank)?, zeros(outputs)?),
            scale: config.scale(),
            dropout: config.dropout,
            merged: Arc::default(),
        })
    }

    /// The matrices, `A` and `B`.
    pub fn parameters(&self) -> [&Parameter; 2] {
        [&self.down, &self.up]
    }

    /// Whether the product is in the layer's weight now.
    pub fn is_merged(&self) -> bool {
        self.merged.load(Ordering::Relaxed)
    }

    /// What the adapter adds to the layer's output; `None` when it is merged.
    pub(in crate::model) fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Option<Tensor>> {
        if self.is_merged() {
            return Ok(None);
        }
        let x = pass.dropout(x, self.dropout)?;
        let narrow = ops::linear(&x, &self.down.tensor(pass), &self.no_bias.0)?;
        // The scale on the narrow side touches the fewest numbers.
        Ok(Some(ops::linear(&(narrow * self.scale)?, &self.up.tensor(pass), &self.no_bias.1)?))
    }

    /// Its tensors, for an operation that computes the whole layer; `None` when it is merged. Draws the mask.
    pub(in crate::model) fn tensors(&self, pass: &Pass) -> Option<AdapterTensors> {
        (!self.is_merged()).then(|| AdapterTensors {
            down: self.down.tensor(pass),
            up: self.up.tensor(pass),
            scale: self.scale,
            dropout: pass.draw_dropout(self.dropout),
        })
    }

    /// `scale * B A`, of the weight's shape.
    pub fn delta(&self) -> Result<Tensor> {
        let (down, up) = (self.down.var().as_detached_tensor(), self.up.var().as_detached_tensor());
        Ok((up.matmul(&down)? * self.scale)?)
    }

    /// Adds the product to the layer's weight, so that prediction costs no more than without LoRA.
    pub(in crate::model) fn merge(&self, weight: &Parameter) -> Result<()> {
        if !self.merged.swap(true, Ordering::Relaxed) {
            weight.var().set(&(weight.var().as_detached_tensor() + self.delta()?)?)?;
        }
        Ok(())
    }

    /// Takes it out again.
    pub(in crate::model) fn unmerge(&self, weight: &Parameter) -> Result<()> {
        if self.merged.swap(false, Ordering::Relaxed) {
            weight.var().set(&(weight.var().as_detached_tensor() - self.delta()?)?)?;
        }
        Ok(())
    }
}

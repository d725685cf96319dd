//! The three layers that a BERT encoder is made of.

use candle_core::{Device, Tensor};

use super::{Init, LoraAdapter, Parameter, Pass, StoreBuilder};
use crate::ops::{LinearTensors, NormTensors};
use crate::{Result, ops};

/// A linear layer, `x W^T + b`, with or without LoRA beside it.
///
/// ```
/// use tunebook::candle::{DType, Device, Tensor};
/// use tunebook::model::{Linear, Pass, StoreBuilder};
/// let mut builder = StoreBuilder::random(42);
/// let layer = Linear::new(&mut builder, "head", 4, 2, 0.02)?;
/// let x = Tensor::ones((3, 4), DType::F32, &Device::Cpu)?;
/// assert_eq!(layer.forward(&x, &Pass::evaluation())?.dims(), [3, 2]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Linear {
    name: String,
    weight: Parameter,
    bias: Parameter,
    adapter: Option<LoraAdapter>,
}

impl Linear {
    /// Takes `{name}.weight` (`outputs`, `inputs`) and `{name}.bias` (`outputs`) from the builder; `std` is the
    /// deviation of a fresh weight.
    pub fn new(builder: &mut StoreBuilder, name: &str, inputs: usize, outputs: usize, std: f64) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            weight: builder.parameter(&format!("{name}.weight"), &[outputs, inputs], Init::Normal(std))?,
            bias: builder.parameter_without_decay(&format!("{name}.bias"), &[outputs], Init::Zeros)?,
            adapter: None,
        })
    }

    /// `(..., inputs)` to `(..., outputs)`.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        let y = ops::linear(x, &self.weight.tensor(pass), &self.bias.tensor(pass))?;
        match self.adapter.as_ref().map(|adapter| adapter.forward(x, pass)).transpose()?.flatten() {
            Some(added) => Ok((y + added)?),
            None => Ok(y),
        }
    }

    /// Its tensors, for an operation that computes more than this layer. Draws LoRA's mask.
    pub(super) fn tensors(&self, pass: &Pass) -> LinearTensors {
        let adapter = self.adapter.as_ref().and_then(|adapter| adapter.tensors(pass));
        LinearTensors { weight: self.weight.tensor(pass), bias: self.bias.tensor(pass), adapter }
    }

    /// The name that its parameters begin with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The weight, `(outputs, inputs)`.
    pub fn weight(&self) -> &Parameter {
        &self.weight
    }

    /// LoRA beside the weight.
    pub fn adapter(&self) -> Option<&LoraAdapter> {
        self.adapter.as_ref()
    }

    pub(super) fn set_adapter(&mut self, adapter: LoraAdapter) {
        self.adapter = Some(adapter);
    }
}

/// Layer normalisation over the last dimension.
///
/// ```
/// use tunebook::candle::{DType, Device, Tensor};
/// use tunebook::model::{LayerNorm, Pass, StoreBuilder};
/// let mut builder = StoreBuilder::random(42);
/// let norm = LayerNorm::new(&mut builder, "norm", 4, 1e-5)?;
/// let x = Tensor::arange(0f32, 8.0, &Device::Cpu)?.to_dtype(DType::F32)?.reshape((2, 4))?;
/// let mean = norm.forward(&x, &Pass::evaluation())?.mean_all()?.to_scalar::<f32>()?;
/// assert!(mean.abs() < 1e-6);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LayerNorm {
    weight: Parameter,
    bias: Parameter,
    eps: f64,
}

impl LayerNorm {
    /// Takes `{name}.weight` and `{name}.bias`, both `(width)`, from the builder.
    pub fn new(builder: &mut StoreBuilder, name: &str, width: usize, eps: f64) -> Result<Self> {
        Ok(Self {
            weight: builder.parameter_without_decay(&format!("{name}.weight"), &[width], Init::Ones)?,
            bias: builder.parameter_without_decay(&format!("{name}.bias"), &[width], Init::Zeros)?,
            eps,
        })
    }

    /// `(..., width)` to the same shape.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        ops::layer_norm(x, &self.weight.tensor(pass), &self.bias.tensor(pass), self.eps)
    }

    /// Its tensors, for an operation that computes more than this layer.
    pub(super) fn tensors(&self, pass: &Pass) -> NormTensors {
        NormTensors { weight: self.weight.tensor(pass), bias: self.bias.tensor(pass), eps: self.eps }
    }
}

/// A table of vectors looked up by id.
///
/// ```
/// use tunebook::candle::{Device, Tensor};
/// use tunebook::model::{Embedding, Pass, StoreBuilder};
/// let mut builder = StoreBuilder::random(42);
/// let table = Embedding::new(&mut builder, "words", 10, 4, 0.02)?;
/// let ids = Tensor::new(&[[3u32, 1, 3]], &Device::Cpu)?;
/// assert_eq!(table.forward(&ids, &Pass::evaluation())?.dims(), [1, 3, 4]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Embedding {
    weight: Parameter,
}

impl Embedding {
    /// Takes `{name}.weight` (`entries`, `width`) from the builder.
    pub fn new(builder: &mut StoreBuilder, name: &str, entries: usize, width: usize, std: f64) -> Result<Self> {
        Ok(Self { weight: builder.parameter(&format!("{name}.weight"), &[entries, width], Init::Normal(std))? })
    }

    /// Ids of any shape to `(..., width)`.
    pub fn forward(&self, ids: &Tensor, pass: &Pass) -> Result<Tensor> {
        ops::embedding(&self.weight.tensor(pass), ids)
    }

    /// Where the table lies.
    pub(super) fn device(&self) -> &Device {
        self.weight.var().device()
    }

    /// The table itself, for a language-model head that shares it.
    pub fn weight(&self, pass: &Pass) -> Tensor {
        self.weight.tensor(pass)
    }
}

//! The three layers that a BERT encoder is made of.

use candle_core::Tensor;

use super::{Init, Parameter, Pass, StoreBuilder};
use crate::{Result, ops};

/// A linear layer, `x W^T + b`.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Parameter,
    bias: Parameter,
}

impl Linear {
    /// Takes `{name}.weight` (`outputs`, `inputs`) and `{name}.bias` (`outputs`) from the builder; `std` is the
    /// deviation of a fresh weight.
    pub fn new(builder: &mut StoreBuilder, name: &str, inputs: usize, outputs: usize, std: f64) -> Result<Self> {
        Ok(Self {
            weight: builder.parameter(&format!("{name}.weight"), &[outputs, inputs], Init::Normal(std))?,
            bias: builder.parameter(&format!("{name}.bias"), &[outputs], Init::Zeros)?,
        })
    }

    /// `(..., inputs)` to `(..., outputs)`.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        ops::linear(x, &self.weight.tensor(pass), &self.bias.tensor(pass))
    }
}

/// Layer normalisation over the last dimension.
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
            weight: builder.parameter(&format!("{name}.weight"), &[width], Init::Ones)?,
            bias: builder.parameter(&format!("{name}.bias"), &[width], Init::Zeros)?,
            eps,
        })
    }

    /// `(..., width)` to the same shape.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        ops::layer_norm(x, &self.weight.tensor(pass), &self.bias.tensor(pass), self.eps)
    }
}

/// A table of vectors looked up by id.
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

    /// The table itself, for a language-model head that shares it.
    pub fn weight(&self, pass: &Pass) -> Tensor {
        self.weight.tensor(pass)
    }
}

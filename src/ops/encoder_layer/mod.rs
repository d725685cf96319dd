//! A whole transformer layer as one operation, forwards and backwards.
//!
//! Composed of a dozen operations, half of a layer's time on a CPU goes to what is between the matrix products: memory
//! taken from the system for each result, copies that bring the heads together, sums of gradients with zeros. As one
//! operation it keeps its results in memory that it uses again ([`super::scratch`]): GELU's derivative instead of its input, the masks
//! of dropout as bits.
//!
//! Reading order: [`forward`], then [`backward`]; [`linear`], [`attention`] and [`residual`] are their steps, each with
//! both directions in one file. Parallel work is over rows or texts and sums are added in order, so that a rerun is
//! bit-equal.

mod attention;
mod backward;
mod forward;
mod linear;
mod residual;

use candle_core::Tensor;

use super::dropout::Dropout;
use super::many::{self, Operation};
use super::scratch::Buffer;
use forward::Saved;
use linear::{Adapter, Linear};
use residual::Norm;

/// The tensors of one linear layer.
pub(crate) struct LinearTensors {
    /// `(outputs, inputs)`.
    pub(crate) weight: Tensor,
    /// `(outputs)`.
    pub(crate) bias: Tensor,
    /// LoRA beside the weight.
    pub(crate) adapter: Option<AdapterTensors>,
}

/// The tensors of LoRA (Hu et al., 2021): `scale * B A dropout(x)` is added to the layer's output.
pub(crate) struct AdapterTensors {
    /// `A`, `(rank, inputs)`.
    pub(crate) down: Tensor,
    /// `B`, `(outputs, rank)`.
    pub(crate) up: Tensor,
    pub(crate) scale: f64,
    pub(crate) dropout: Option<Dropout>,
}

/// The tensors of one layer normalisation, each `(width)`.
pub(crate) struct NormTensors {
    pub(crate) weight: Tensor,
    pub(crate) bias: Tensor,
    pub(crate) eps: f64,
}

/// A layer of BERT (Devlin et al., 2018): attention and feed-forward, each followed by dropout, the residual sum and a
/// normalisation.
pub(crate) struct EncoderLayer {
    /// Query, key, value, attention output, intermediate, output.
    pub(crate) linears: [LinearTensors; 6],
    /// After attention, after feed-forward.
    pub(crate) norms: [NormTensors; 2],
    pub(crate) heads: usize,
    /// On attention's probabilities.
    pub(crate) attention_dropout: Option<Dropout>,
    /// Before each residual sum.
    pub(crate) hidden_dropouts: [Option<Dropout>; 2],
}

/// What a layer computes on.
#[derive(Clone, Copy)]
struct Sizes {
    texts: usize,
    tokens: usize,
    width: usize,
    inner: usize,
    heads: usize,
}

impl Sizes {
    /// Tokens of all texts.
    fn rows(self) -> usize {
        self.texts * self.tokens
    }

    /// Width of one head.
    fn head(self) -> usize {
        self.width / self.heads
    }

    /// Probabilities of one text: every head's queries x keys.
    fn probabilities(self) -> usize {
        self.heads * self.tokens * self.tokens
    }
}

impl EncoderLayer {
    /// Hidden states `(batch, tokens, width)` to the same shape. `mask` is `(batch, tokens)` with 1 for a token and 0 for
    /// padding.
    ///
    /// Differentiable in the states and in all parameters; gradients of what is detached are not computed. For 32-bit
    /// floats in main memory.
    pub(crate) fn apply(self, x: &Tensor, mask: &Tensor) -> crate::Result<Tensor> {
        let (texts, tokens, width) = x.dims3()?;
        let inner = self.linears[4].weight.dim(0)?;
        let sizes = Sizes { texts, tokens, width, inner, heads: self.heads };
        let mask = mask.detach();
        let mut inputs = vec![x, &mask];
        inputs.extend(self.tensors());
        let operation = Layer {
            sizes,
            adapters: [0, 1, 2, 3, 4, 5].map(|n| self.linears[n].adapter.as_ref().map(|a| (a.scale as f32, a.dropout))),
            eps: [0, 1].map(|n| self.norms[n].eps as f32),
            attention_dropout: self.attention_dropout,
            hidden_dropouts: self.hidden_dropouts,
        };
        Ok(many::apply(operation, &inputs, x.shape().clone())?)
    }

    /// All parameters; [`Parameters::of`] and [`backward::Gradients`] follow this order.
    fn tensors(&self) -> Vec<&Tensor> {
        let mut tensors = Vec::new();
        for linear in &self.linears {
            tensors.extend([&linear.weight, &linear.bias]);
            tensors.extend(linear.adapter.iter().flat_map(|a| [&a.down, &a.up]));
        }
        tensors.extend(self.norms.iter().flat_map(|norm| [&norm.weight, &norm.bias]));
        tensors
    }
}

/// The operation: everything of a layer that is no tensor.
struct Layer {
    sizes: Sizes,
    /// Scale and dropout where a linear layer has LoRA.
    adapters: [Option<(f32, Option<Dropout>)>; 6],
    eps: [f32; 2],
    attention_dropout: Option<Dropout>,
    hidden_dropouts: [Option<Dropout>; 2],
}

/// The inputs of the operation by what they are.
struct Parameters<'a> {
    x: &'a [f32],
    mask: &'a [f32],
    linears: [Linear<'a>; 6],
    norms: [Norm<'a>; 2],
}

impl<'a> Parameters<'a> {
    fn of(layer: &Layer, inputs: &[&'a [f32]]) -> Self {
        let Sizes { width, inner, .. } = layer.sizes;
        let mut place = 2;
        let mut next = || {
            place += 1;
            (place - 1, inputs[place - 1])
        };
        let linears = [0, 1, 2, 3, 4, 5].map(|n| {
            let inputs = if n == 5 { inner } else { width };
            let ((place, weight), (_, bias)) = (next(), next());
            let adapter = layer.adapters[n].map(|(scale, dropout)| {
                let ((_, down), (_, up)) = (next(), next());
                Adapter { down, up, rank: down.len() / inputs, scale, dropout }
            });
            Linear { place, weight, bias, inputs, outputs: bias.len(), adapter }
        });
        let norms = layer.eps.map(|eps| {
            let ((place, weight), (_, bias)) = (next(), next());
            Norm { place, weight, bias, eps }
        });
        Self { x: inputs[0], mask: inputs[1], linears, norms }
    }
}

impl Operation for Layer {
    type Saved = Saved;

    fn name(&self) -> &'static str {
        "encoder_layer"
    }

    fn forward(&self, inputs: &[&[f32]], keep: bool) -> (Vec<f32>, Option<Saved>) {
        forward::run(self, &Parameters::of(self, inputs), keep)
    }

    fn backward(&self, inputs: &[&[f32]], saved: Saved, grad: &[f32], wanted: &[bool]) -> Vec<Option<Buffer>> {
        backward::run(self, &Parameters::of(self, inputs), &saved, grad, wanted)
    }
}

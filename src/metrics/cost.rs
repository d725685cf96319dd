//! What a model costs before it runs: parameters, bytes, floating-point operations.

use std::fmt;

use crate::notebook::Display;
use crate::words::grouped;

/// The floating-point operations of one forward pass of a transformer encoder over one text.
///
/// Counted are the matrix products, two operations for a multiplication and its addition: for each layer and token the four
/// projections of attention (`8 h²`), the two of the feed-forward part (`4 h i`), and scores and weighted sum of attention
/// (`4 h n` for `n` tokens). Embeddings, norms and activations are left out; they are a few per cent. Kaplan and others,
/// 2020, "Scaling Laws for Neural Language Models", table 1. A number too large for 64 bits stays at the largest.
///
/// ```
/// // MiniLM-L6 on a text of 64 tokens
/// assert_eq!(tunebook::metrics::transformer_flops(6, 384, 1536, 64), 1_396_703_232);
/// ```
pub fn transformer_flops(layers: usize, hidden_size: usize, intermediate_size: usize, tokens: usize) -> u64 {
    let product = |factors: &[usize]| factors.iter().fold(1_u64, |all, one| all.saturating_mul(*one as u64));
    let token = product(&[8, hidden_size, hidden_size])
        .saturating_add(product(&[4, hidden_size, intermediate_size]))
        .saturating_add(product(&[4, hidden_size, tokens]));
    token.saturating_mul(product(&[layers, tokens]))
}

/// A model's size and work.
///
/// ```
/// use tunebook::metrics::{ModelCost, transformer_flops};
///
/// let cost = ModelCost::new(22_713_216, transformer_flops(6, 384, 1536, 64));
/// assert_eq!(cost.bytes_f32(), 90_852_864);
/// assert_eq!(cost.to_string(), "22,713,216 parameters (90.9 MB in F32, 45.4 MB in F16), 1.40 GFLOP for each sample");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelCost {
    /// How many numbers the model holds.
    pub parameters: u64,
    /// Floating-point operations of one forward pass over one sample. A training step needs about three times as many: the
    /// backward pass computes two products for each of the forward pass.
    pub flops_per_sample: u64,
}

impl ModelCost {
    /// A model of `parameters` numbers that needs `flops_per_sample` operations for one sample.
    ///
    /// See [`ModelCost`] for an example.
    pub fn new(parameters: u64, flops_per_sample: u64) -> Self {
        Self { parameters, flops_per_sample }
    }

    /// The bytes of all parameters in single precision (4 each).
    ///
    /// See [`ModelCost`] for an example.
    pub fn bytes_f32(&self) -> u64 {
        self.parameters.saturating_mul(4)
    }

    /// The bytes of all parameters in half precision (2 each).
    pub fn bytes_f16(&self) -> u64 {
        self.parameters.saturating_mul(2)
    }

    /// What evcxr calls when this value is the last expression of a cell: one line.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: parameters, bytes and operations.
impl fmt::Display for ModelCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let parameters = grouped(self.parameters as usize);
        let (single, half) = (megabytes(self.bytes_f32()), megabytes(self.bytes_f16()));
        write!(f, "{parameters} parameters ({single:.1} MB in F32, {half:.1} MB in F16), ")?;
        let (value, unit) = match self.flops_per_sample as f64 {
            flops if flops >= 1e9 => (flops / 1e9, "GFLOP"),
            flops => (flops / 1e6, "MFLOP"),
        };
        write!(f, "{value:.2} {unit} for each sample")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_equal_pytorchs_counter() {
        let golden = include_str!("../../tests/data/metrics/flops.json");
        let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
        let counts = golden["counts"].as_array().unwrap();
        assert_eq!(counts.len(), 4);
        for count in counts {
            let number = |at: usize| count[at].as_u64().unwrap();
            let [layers, hidden, intermediate, tokens] = [0, 1, 2, 3].map(|at| number(at) as usize);
            assert_eq!(transformer_flops(layers, hidden, intermediate, tokens), number(4), "{count}");
        }
        assert_eq!(transformer_flops(usize::MAX, 2, 2, 2), u64::MAX);
        assert_eq!(transformer_flops(0, 384, 1536, 64), 0);
    }
}

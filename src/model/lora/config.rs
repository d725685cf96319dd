//! How large LoRA's matrices are and beside which weights they stand.

use crate::{Error, Result};

/// Settings of LoRA, with the names and meanings of peft's `LoraConfig`.
///
/// ```
/// use tunebook::model::LoraConfig;
/// let config = LoraConfig { rank: 4, ..LoraConfig::default() };
/// assert_eq!(config.scale(), 4.0); // alpha 16 over rank 4
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LoraConfig {
    /// Inner width of the two matrices, peft's `r`; 1 or more.
    pub rank: usize,
    /// Strength: the matrices' product is multiplied with `alpha / rank`.
    pub alpha: f64,
    /// Share of a layer's inputs that the matrices do not see in training; from 0.0 to below 1.0.
    pub dropout: f64,
    /// Linear layers by the last words of their names, such as `query`, `attention.output.dense`; `all-linear` is all of
    /// the body. DistilBERT's layers go by BERT's names and by its own, such as `q_lin`, `ffn.lin2`.
    pub target_modules: Vec<String>,
    /// Multiply with `alpha / sqrt(rank)` (Kalajdzievski, 2023, "rsLoRA"): large ranks learn as fast as small ones.
    pub rs_lora: bool,
}

impl Default for LoraConfig {
    /// Rank 8, alpha 16, beside the query and value weights, as in the paper.
    fn default() -> Self {
        Self {
            rank: 8,
            alpha: 16.0,
            dropout: 0.0,
            target_modules: vec!["query".to_owned(), "value".to_owned()],
            rs_lora: false,
        }
    }
}

impl LoraConfig {
    /// All numbers in range, or an error that names the one that is not.
    pub fn check(&self) -> Result<()> {
        let fail = |name: &str, value: String, mend: &str| {
            Err(Error::input(format!("LoraConfig::{name}"), format!("is {value}"), mend))
        };
        if self.rank == 0 {
            return fail("rank", "0".to_owned(), "give 1 or more; 8 is usual");
        }
        if !(self.alpha > 0.0 && self.alpha.is_finite()) {
            return fail("alpha", self.alpha.to_string(), "give a positive number; twice the rank is usual");
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return fail("dropout", self.dropout.to_string(), "give 0.0 or more, below 1.0");
        }
        if self.target_modules.is_empty() {
            return fail("target_modules", "empty".to_owned(), "name at least one layer, such as query");
        }
        Ok(())
    }

    /// What the product of the matrices is multiplied with.
    pub fn scale(&self) -> f64 {
        self.alpha / if self.rs_lora { (self.rank as f64).sqrt() } else { self.rank as f64 }
    }

    /// Whether the linear layer of this name gets matrices.
    pub(super) fn targets(&self, layer: &str) -> bool {
        self.target_modules.iter().any(|target| {
            target == "all-linear"
                || layer.strip_suffix(target.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::LoraConfig;

    #[test]
    fn targets_are_whole_words_at_the_end() {
        let config =
            LoraConfig { target_modules: vec!["query".into(), "output.dense".into()], ..LoraConfig::default() };
        assert!(config.targets("encoder.layer.0.attention.self.query") && config.targets("query"));
        assert!(config.targets("encoder.layer.0.attention.output.dense"));
        assert!(!config.targets("encoder.layer.0.subquery") && !config.targets("encoder.layer.0.intermediate.dense"));
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let good = LoraConfig::default;
        good().check().unwrap();
        for (name, config) in [
            ("rank", LoraConfig { rank: 0, ..good() }),
            ("alpha", LoraConfig { alpha: f64::NAN, ..good() }),
            ("dropout", LoraConfig { dropout: 1.0, ..good() }),
            ("target_modules", LoraConfig { target_modules: Vec::new(), ..good() }),
        ] {
            assert!(config.check().unwrap_err().to_string().starts_with(&format!("LoraConfig::{name}: is ")));
        }
        assert!((LoraConfig { rs_lora: true, rank: 16, ..good() }.scale() - 4.0).abs() < 1e-12);
    }
}

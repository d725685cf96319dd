//! The numbers that a training run follows, checked once.

use super::{Optimizer, Schedule};
use crate::{Error, Result};

/// Settings of a training run. Plain data; [`super::Trainer::fit`] checks it before anything starts.
///
/// ```
/// use tunebook::train::TrainingConfig;
/// let config = TrainingConfig { epochs: 10, learning_rate: Some(3e-4), ..Default::default() };
/// assert_eq!(config.batch_size, 16);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingConfig {
    /// Passes over the training data; at least 1.
    pub epochs: usize,
    /// Rows in one forward pass; at least 1.
    pub batch_size: usize,
    /// Forward passes whose gradients are added up for one step; at least 1. A step sees `batch_size` times as many
    /// rows, in the memory of one batch. Batch normalisation, where a model has it, knows the rows of one pass only.
    pub accumulation_steps: usize,
    /// The update rule.
    pub optimizer: Optimizer,
    /// Largest learning rate. `None`: the pretrained source's default for the method, which is printed.
    pub learning_rate: Option<f64>,
    /// Decoupled weight decay; biases and normalisation weights are exempt.
    pub weight_decay: f64,
    /// Share of all steps over which the learning rate rises from 0; from 0.0 to 1.0.
    pub warmup_ratio: f64,
    /// How the learning rate falls after the warmup.
    pub schedule: Schedule,
    /// Layer-wise learning rates: each layer's rate is that of the layer above it times this, the head's is the full
    /// one. From above 0.0 to 1.0; 1.0 gives all the same rate, 0.8 to 0.95 are usual.
    pub layer_decay: f64,
    /// Longest text in tokens, special tokens included. `None`: the pretrained source's own limit.
    pub max_length: Option<usize>,
    /// Gradients are scaled down when their common norm is larger. `None`: never.
    pub max_grad_norm: Option<f64>,
    /// Share of each target's probability that is spread over all labels; from 0.0 to below 1.0.
    pub label_smoothing: f64,
    /// What each class weighs in the loss.
    pub class_weights: ClassWeights,
    /// Strength of mixup (Zhang et al., 2018), the alpha of its Beta distribution, for images and tables; from 0.0 (off)
    /// to 1.0, 0.2 is usual.
    pub mixup: f64,
    /// Whether texts of similar length share a batch, so that little is computed for padding.
    pub group_by_length: bool,
    /// Seed of shuffling and dropout.
    pub seed: u64,
}

/// What each class weighs in the loss: rare classes can be made to count more.
///
/// ```
/// use tunebook::train::{ClassWeights, TrainingConfig};
/// let config = TrainingConfig { class_weights: ClassWeights::Given(vec![1.0, 4.0]), ..Default::default() };
/// config.check()?;
/// let wrong = TrainingConfig { class_weights: ClassWeights::Given(vec![1.0, 0.0]), ..Default::default() };
/// assert!(wrong.check().unwrap_err().to_string().contains("class_weights"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClassWeights {
    /// All the same.
    #[default]
    None,
    /// `rows / (classes * rows of the class)` of the training data, as scikit-learn's `balanced`.
    Balanced,
    /// One positive number for each class, in the order of the labels.
    Given(Vec<f64>),
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            epochs: 3,
            batch_size: 16,
            accumulation_steps: 1,
            optimizer: Optimizer::default(),
            learning_rate: None,
            weight_decay: 0.01,
            warmup_ratio: 0.1,
            schedule: Schedule::Linear,
            layer_decay: 1.0,
            max_length: None,
            max_grad_norm: Some(1.0),
            label_smoothing: 0.0,
            class_weights: ClassWeights::None,
            mixup: 0.0,
            group_by_length: true,
            seed: 42,
        }
    }
}

impl TrainingConfig {
    /// Rows that one step learns from.
    pub(super) fn rows_per_step(&self) -> usize {
        self.batch_size.saturating_mul(self.accumulation_steps)
    }

    /// All settings in range, or one error that names the first that is not.
    pub fn check(&self) -> Result<()> {
        let fail = |name: &str, value: String, mend: &str| {
            Err(Error::input(format!("TrainingConfig::{name}"), format!("is {value}"), mend))
        };
        if self.epochs == 0 {
            return fail("epochs", "0".to_owned(), "train for at least 1 epoch");
        }
        if self.batch_size == 0 {
            return fail("batch_size", "0".to_owned(), "give at least 1; 16 is usual");
        }
        if self.accumulation_steps == 0 {
            return fail("accumulation_steps", "0".to_owned(), "give at least 1; 1 is no accumulation");
        }
        self.optimizer.check()?;
        if let Some(rate) = self.learning_rate
            && !(rate > 0.0 && rate.is_finite())
        {
            return fail(
                "learning_rate",
                rate.to_string(),
                "give a positive number such as 3e-4, or None for the default",
            );
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return fail("weight_decay", self.weight_decay.to_string(), "give 0.0 or more; 0.01 is usual");
        }
        if !(0.0..=1.0).contains(&self.warmup_ratio) {
            return fail("warmup_ratio", self.warmup_ratio.to_string(), "give a share from 0.0 to 1.0; 0.1 is usual");
        }
        if let Some(norm) = self.max_grad_norm
            && !(norm > 0.0 && norm.is_finite())
        {
            return fail(
                "max_grad_norm",
                norm.to_string(),
                "give a positive number; 1.0 is usual, None switches it off",
            );
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            return fail(
                "label_smoothing",
                self.label_smoothing.to_string(),
                "give 0.0 or more, below 1.0; 0.1 is usual",
            );
        }
        if !(self.layer_decay > 0.0 && self.layer_decay <= 1.0) {
            return fail("layer_decay", self.layer_decay.to_string(), "give a number above 0.0, at most 1.0");
        }
        if !(0.0..=1.0).contains(&self.mixup) {
            return fail("mixup", self.mixup.to_string(), "give 0.0 (off) to 1.0; 0.2 is usual");
        }
        if let ClassWeights::Given(weights) = &self.class_weights
            && let Some(weight) = weights.iter().find(|w| !(**w > 0.0 && w.is_finite()))
        {
            return fail("class_weights", format!("{weight} for a class"), "give positive numbers");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{ClassWeights, TrainingConfig};

    #[test]
    fn each_setting_out_of_range_is_named() {
        TrainingConfig::default().check().unwrap();
        let good = TrainingConfig::default;
        for (name, config) in [
            ("epochs", TrainingConfig { epochs: 0, ..good() }),
            ("batch_size", TrainingConfig { batch_size: 0, ..good() }),
            ("learning_rate", TrainingConfig { learning_rate: Some(-1.0), ..good() }),
            ("learning_rate", TrainingConfig { learning_rate: Some(f64::NAN), ..good() }),
            ("weight_decay", TrainingConfig { weight_decay: f64::NAN, ..good() }),
            ("warmup_ratio", TrainingConfig { warmup_ratio: 1.5, ..good() }),
            ("max_grad_norm", TrainingConfig { max_grad_norm: Some(0.0), ..good() }),
            ("label_smoothing", TrainingConfig { label_smoothing: 1.0, ..good() }),
            ("accumulation_steps", TrainingConfig { accumulation_steps: 0, ..good() }),
            ("layer_decay", TrainingConfig { layer_decay: 0.0, ..good() }),
            ("layer_decay", TrainingConfig { layer_decay: 1.1, ..good() }),
            ("mixup", TrainingConfig { mixup: -0.1, ..good() }),
            ("class_weights", TrainingConfig { class_weights: ClassWeights::Given(vec![1.0, 0.0]), ..good() }),
        ] {
            let message = config.check().unwrap_err().to_string();
            assert!(message.starts_with(&format!("TrainingConfig::{name}: is ")), "{message}");
        }
    }
}

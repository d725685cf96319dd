//! The learning rates a pretrained source recommends.

use serde_json::Value;

use crate::{Error, Result};

/// A default learning rate for each way of fine-tuning. The deeper a method reaches, the smaller its steps.
///
/// ```
/// use tunebook::model::LearningRates;
/// use tunebook::train::Method;
/// let rates = LearningRates::for_width(384);
/// assert!(rates.full < rates.partial && rates.partial < rates.feature_extraction);
/// assert_eq!(Method::Full.default_learning_rate(rates), rates.full);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRates {
    /// For a new head on a frozen encoder.
    pub feature_extraction: f64,
    /// For the last layers and the head.
    pub partial: f64,
    /// For all parameters.
    pub full: f64,
    /// For the matrices of LoRA and the head.
    pub lora: f64,
    /// For biases and the head.
    pub bitfit: f64,
}

impl LearningRates {
    /// Rates for an encoder of this width whose source says nothing: small encoders bear larger steps.
    pub fn for_width(hidden_size: usize) -> Self {
        match hidden_size {
            0..=256 => Self { feature_extraction: 1e-2, partial: 1e-3, full: 5e-4, lora: 5e-3, bitfit: 5e-3 },
            257..=512 => Self { feature_extraction: 1e-2, partial: 3e-4, full: 1e-4, lora: 1e-3, bitfit: 2e-3 },
            _ => Self { feature_extraction: 5e-3, partial: 5e-5, full: 2e-5, lora: 3e-4, bitfit: 5e-4 },
        }
    }

    /// Rates under `tunebook.learning_rates` of a `config.json`, those of the width where it has none.
    pub(super) fn from_config(config: &Value, hidden_size: usize, origin: &str) -> Result<Self> {
        Self::for_width(hidden_size).overridden_by(config, origin)
    }

    /// These rates, but those that stand under `tunebook.learning_rates` of a `config.json`.
    pub(super) fn overridden_by(self, config: &Value, origin: &str) -> Result<Self> {
        let mut rates = self;
        let given = &config["tunebook"]["learning_rates"];
        for (key, rate) in [
            ("feature_extraction", &mut rates.feature_extraction),
            ("partial", &mut rates.partial),
            ("full", &mut rates.full),
            ("lora", &mut rates.lora),
            ("bitfit", &mut rates.bitfit),
        ] {
            match given.get(key) {
                None | Some(Value::Null) => {}
                Some(value) => {
                    *rate = value.as_f64().filter(|r| *r > 0.0 && r.is_finite()).ok_or_else(|| {
                        Error::input(
                            origin,
                            format!("tunebook.learning_rates.{key} is {value}"),
                            "give a positive number",
                        )
                    })?;
                }
            }
        }
        Ok(rates)
    }

    /// As `config.json` keeps them.
    pub(super) fn to_value(self) -> Value {
        serde_json::json!({
            "feature_extraction": self.feature_extraction,
            "partial": self.partial,
            "full": self.full,
            "lora": self.lora,
            "bitfit": self.bitfit,
        })
    }
}

//! The shape of a BERT encoder, as `config.json` of the Hub describes it.

use serde_json::Value;

use crate::{Error, Result};

/// Sizes and rates of a BERT encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct BertConfig {
    /// Entries of the word table.
    pub vocab_size: usize,
    /// Width of every vector between layers.
    pub hidden_size: usize,
    /// Number of transformer layers.
    pub num_hidden_layers: usize,
    /// Attention heads in a layer; divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Width inside the feed-forward part.
    pub intermediate_size: usize,
    /// Longest sequence in tokens.
    pub max_position_embeddings: usize,
    /// Entries of the segment table; classification uses segment 0 only.
    pub type_vocab_size: usize,
    /// Added to the variance in layer normalisation.
    pub layer_norm_eps: f64,
    /// Share of activations dropped while training.
    pub hidden_dropout_prob: f64,
    /// Share of attention probabilities dropped while training.
    pub attention_probs_dropout_prob: f64,
    /// Standard deviation of fresh weights.
    pub initializer_range: f64,
    /// Id of the padding token.
    pub pad_token_id: u32,
}

impl Default for BertConfig {
    /// BERT base, uncased.
    fn default() -> Self {
        Self {
            vocab_size: 30_522,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            max_position_embeddings: 512,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            initializer_range: 0.02,
            pad_token_id: 0,
        }
    }
}

impl BertConfig {
    /// Reads a `config.json`; `origin` names it in errors.
    ///
    /// ```
    /// use tunebook::model::BertConfig;
    /// let json = r#"{"model_type": "bert", "vocab_size": 100, "hidden_size": 8, "num_hidden_layers": 1,
    ///     "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 32}"#;
    /// assert_eq!(BertConfig::from_json(json, "config.json")?.head_size(), 4);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn from_json(text: &str, origin: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(text)
            .map_err(|e| Error::input(origin, format!("not valid JSON ({e})"), "fetch the file again"))?;
        Self::from_value(&json, origin)
    }

    /// The same for JSON that is already parsed.
    pub fn from_value(json: &Value, origin: &str) -> Result<Self> {
        for (key, supported) in
            [("model_type", "bert"), ("hidden_act", "gelu"), ("position_embedding_type", "absolute")]
        {
            let value = json.get(key).filter(|v| !v.is_null() && *v != supported);
            if let Some(value) = value {
                return Err(Error::input(
                    origin,
                    format!("{key} is {value}"),
                    format!("only {supported} is supported: choose a BERT or MiniLM model"),
                ));
            }
        }
        let required = |key: &str| {
            size(json, key, origin)?.ok_or_else(|| {
                Error::input(origin, format!("has no {key}"), "use the config.json of a BERT or MiniLM model")
            })
        };
        let base = Self::default();
        let config = Self {
            vocab_size: required("vocab_size")?,
            hidden_size: required("hidden_size")?,
            num_hidden_layers: required("num_hidden_layers")?,
            num_attention_heads: required("num_attention_heads")?,
            intermediate_size: required("intermediate_size")?,
            max_position_embeddings: required("max_position_embeddings")?,
            type_vocab_size: size(json, "type_vocab_size", origin)?.unwrap_or(base.type_vocab_size),
            layer_norm_eps: number(json, "layer_norm_eps", base.layer_norm_eps, origin)?,
            hidden_dropout_prob: number(json, "hidden_dropout_prob", base.hidden_dropout_prob, origin)?,
            attention_probs_dropout_prob: number(
                json,
                "attention_probs_dropout_prob",
                base.attention_probs_dropout_prob,
                origin,
            )?,
            initializer_range: number(json, "initializer_range", base.initializer_range, origin)?,
            pad_token_id: size(json, "pad_token_id", origin)?.map_or(base.pad_token_id, |id| id as u32),
        };
        config.check(origin)?;
        Ok(config)
    }

    /// Sizes that fit each other and rates in range.
    pub(super) fn check(&self, origin: &str) -> Result<()> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("max_position_embeddings", self.max_position_embeddings),
            ("type_vocab_size", self.type_vocab_size),
        ];
        if let Some((key, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Err(Error::input(origin, format!("{key} is 0"), "give a positive size"));
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(Error::input(
                origin,
                format!("hidden_size {} is not a multiple of {} heads", self.hidden_size, self.num_attention_heads),
                "make num_attention_heads divide hidden_size",
            ));
        }
        for (key, rate) in [
            ("hidden_dropout_prob", self.hidden_dropout_prob),
            ("attention_probs_dropout_prob", self.attention_probs_dropout_prob),
        ] {
            if !(0.0..1.0).contains(&rate) {
                return Err(Error::input(origin, format!("{key} is {rate}"), "give a rate from 0.0 to below 1.0"));
            }
        }
        Ok(())
    }

    /// The Hub's `config.json` for this encoder.
    pub fn to_value(&self) -> Value {
        serde_json::json!({
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "num_hidden_layers": self.num_hidden_layers,
            "num_attention_heads": self.num_attention_heads,
            "intermediate_size": self.intermediate_size,
            "max_position_embeddings": self.max_position_embeddings,
            "type_vocab_size": self.type_vocab_size,
            "layer_norm_eps": self.layer_norm_eps,
            "hidden_dropout_prob": self.hidden_dropout_prob,
            "attention_probs_dropout_prob": self.attention_probs_dropout_prob,
            "initializer_range": self.initializer_range,
            "pad_token_id": self.pad_token_id,
            "hidden_act": "gelu",
            "position_embedding_type": "absolute",
        })
    }

    /// Width of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}

fn size(json: &Value, key: &str, origin: &str) -> Result<Option<usize>> {
    match json.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(|v| Some(v as usize)).ok_or_else(|| {
            Error::input(origin, format!("{key} is {value}"), "give a whole number that is not negative")
        }),
    }
}

fn number(json: &Value, key: &str, default: f64, origin: &str) -> Result<f64> {
    match json.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value.as_f64().ok_or_else(|| Error::input(origin, format!("{key} is {value}"), "give a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::BertConfig;

    #[test]
    fn json_round_trip() {
        let config = BertConfig { hidden_size: 24, num_attention_heads: 3, ..BertConfig::default() };
        assert_eq!(BertConfig::from_json(&config.to_value().to_string(), "config.json").unwrap(), config);
    }

    #[test]
    fn what_is_not_supported_is_said() {
        let message = |change: fn(&mut serde_json::Value)| {
            let mut json = BertConfig::default().to_value();
            change(&mut json);
            BertConfig::from_value(&json, "config.json").unwrap_err().to_string()
        };
        assert!(message(|j| j["model_type"] = "gpt2".into()).contains("only bert is supported"));
        assert!(message(|j| j["hidden_act"] = "relu".into()).contains("hidden_act"));
        assert!(message(|j| j["num_attention_heads"] = 7.into()).contains("not a multiple"));
        assert!(message(|j| j["hidden_size"] = "x".into()).contains("whole number"));
        assert!(
            message(|j| {
                j.as_object_mut().unwrap().remove("vocab_size");
            })
            .contains("has no vocab_size")
        );
        assert!(message(|j| j["hidden_dropout_prob"] = 1.0.into()).contains("below 1.0"));
    }
}

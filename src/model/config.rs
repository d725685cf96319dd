//! The shape of a BERT encoder, as `config.json` of the Hub describes it.

use serde_json::Value;

use crate::{Error, Result};

/// The family of an encoder on the Hub. The network is one; names in the files differ.
///
/// ```
/// use tunebook::model::{BertConfig, ModelType};
/// let config = BertConfig { model_type: ModelType::DistilBert, type_vocab_size: 0, ..BertConfig::default() };
/// assert_eq!(config.to_value()["model_type"], "distilbert"); // and `dim` in place of `hidden_size`
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModelType {
    /// BERT and MiniLM (Devlin et al., 2018; Wang et al., 2020).
    #[default]
    Bert,
    /// DistilBERT (Sanh et al., 2019): BERT without segments.
    DistilBert,
}

impl ModelType {
    /// The word under `model_type` of a `config.json`.
    ///
    /// ```
    /// assert_eq!(tunebook::model::ModelType::DistilBert.name(), "distilbert");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::DistilBert => "distilbert",
        }
    }
}

/// Sizes and rates of a BERT or DistilBERT encoder.
///
/// ```
/// use tunebook::model::BertConfig;
/// let base = BertConfig::default();
/// assert_eq!((base.num_hidden_layers, base.head_size()), (12, 64));
/// let small = BertConfig { hidden_size: 128, num_attention_heads: 2, num_hidden_layers: 2, ..base };
/// assert_eq!(BertConfig::from_value(&small.to_value(), "config.json")?, small);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BertConfig {
    /// The family, which decides the names in files.
    pub model_type: ModelType,
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
    /// Entries of the segment table, 0 for DistilBERT, which has none; classification uses segment 0 only.
    pub type_vocab_size: usize,
    /// Added to the variance in layer normalisation.
    pub layer_norm_eps: f64,
    /// Share of activations dropped while training.
    pub hidden_dropout_prob: f64,
    /// Share of attention probabilities dropped while training.
    pub attention_probs_dropout_prob: f64,
    /// Share of a classifier's pooled vectors dropped while training. `None`: as `hidden_dropout_prob`.
    pub classifier_dropout: Option<f64>,
    /// Standard deviation of fresh weights.
    pub initializer_range: f64,
    /// Id of the padding token.
    pub pad_token_id: u32,
}

impl Default for BertConfig {
    /// BERT base, uncased.
    fn default() -> Self {
        Self {
            model_type: ModelType::Bert,
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
            classifier_dropout: None,
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
        let model_type = match json.get("model_type").filter(|v| !v.is_null()) {
            None => ModelType::Bert,
            Some(word) if word == "bert" => ModelType::Bert,
            Some(word) if word == "distilbert" => ModelType::DistilBert,
            Some(other) => {
                return Err(Error::input(
                    origin,
                    format!("model_type is {other}"),
                    "only bert and distilbert are supported: choose a BERT, MiniLM or DistilBERT model",
                ));
            }
        };
        let keys = Keys::of(model_type);
        for (key, supported) in [(keys.activation, "gelu"), ("position_embedding_type", "absolute")] {
            let value = json.get(key).filter(|v| !v.is_null() && *v != supported);
            if let Some(value) = value {
                return Err(Error::input(
                    origin,
                    format!("{key} is {value}"),
                    format!("only {supported} is supported: choose a model that has it"),
                ));
            }
        }
        let required = |key: &str| {
            size(json, key, origin)?.ok_or_else(|| {
                let family = model_type.name();
                Error::input(origin, format!("has no {key}"), format!("use the config.json of a {family} model"))
            })
        };
        let base = Self::default();
        let rate = |key: &str, default| number(json, key, default, origin);
        let config = Self {
            model_type,
            vocab_size: required("vocab_size")?,
            hidden_size: required(keys.hidden_size)?,
            num_hidden_layers: required(keys.num_hidden_layers)?,
            num_attention_heads: required(keys.num_attention_heads)?,
            intermediate_size: required(keys.intermediate_size)?,
            max_position_embeddings: required("max_position_embeddings")?,
            type_vocab_size: match model_type {
                ModelType::Bert => size(json, "type_vocab_size", origin)?.unwrap_or(base.type_vocab_size),
                ModelType::DistilBert => 0,
            },
            layer_norm_eps: rate("layer_norm_eps", base.layer_norm_eps)?,
            hidden_dropout_prob: rate(keys.hidden_dropout, base.hidden_dropout_prob)?,
            attention_probs_dropout_prob: rate(keys.attention_dropout, base.attention_probs_dropout_prob)?,
            classifier_dropout: match (model_type, json.get(keys.classifier_dropout)) {
                (ModelType::Bert, None | Some(Value::Null)) => None,
                _ => Some(rate(keys.classifier_dropout, DISTILBERT_CLASSIFIER_DROPOUT)?),
            },
            initializer_range: rate("initializer_range", base.initializer_range)?,
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
            // DistilBERT has no segments.
            ("type_vocab_size", self.type_vocab_size + usize::from(self.model_type == ModelType::DistilBert)),
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
            ("classifier_dropout", self.classifier_dropout()),
        ] {
            if !(0.0..1.0).contains(&rate) {
                return Err(Error::input(origin, format!("{key} is {rate}"), "give a rate from 0.0 to below 1.0"));
            }
        }
        Ok(())
    }

    /// The Hub's `config.json` for this encoder.
    pub fn to_value(&self) -> Value {
        let keys = Keys::of(self.model_type);
        let mut json = serde_json::json!({
            "architectures": [keys.architecture],
            "model_type": self.model_type.name(),
            "vocab_size": self.vocab_size,
            "max_position_embeddings": self.max_position_embeddings,
            "initializer_range": self.initializer_range,
            "pad_token_id": self.pad_token_id,
        });
        json[keys.hidden_size] = self.hidden_size.into();
        json[keys.num_hidden_layers] = self.num_hidden_layers.into();
        json[keys.num_attention_heads] = self.num_attention_heads.into();
        json[keys.intermediate_size] = self.intermediate_size.into();
        json[keys.hidden_dropout] = self.hidden_dropout_prob.into();
        json[keys.attention_dropout] = self.attention_probs_dropout_prob.into();
        json[keys.activation] = "gelu".into();
        if let Some(rate) = self.classifier_dropout {
            json[keys.classifier_dropout] = rate.into();
        }
        if self.model_type == ModelType::Bert {
            json["type_vocab_size"] = self.type_vocab_size.into();
            json["layer_norm_eps"] = self.layer_norm_eps.into();
            json["position_embedding_type"] = "absolute".into();
        }
        json
    }

    /// Share of a classifier's pooled vectors dropped while training.
    pub fn classifier_dropout(&self) -> f64 {
        self.classifier_dropout.unwrap_or(self.hidden_dropout_prob)
    }

    /// Width of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}

/// What transformers takes for a DistilBERT whose `config.json` says nothing.
const DISTILBERT_CLASSIFIER_DROPOUT: f64 = 0.2;

/// What a family calls the entries of its `config.json`.
struct Keys {
    architecture: &'static str,
    hidden_size: &'static str,
    num_hidden_layers: &'static str,
    num_attention_heads: &'static str,
    intermediate_size: &'static str,
    hidden_dropout: &'static str,
    attention_dropout: &'static str,
    classifier_dropout: &'static str,
    activation: &'static str,
}

impl Keys {
    fn of(model_type: ModelType) -> Self {
        match model_type {
            ModelType::Bert => Self {
                architecture: "BertModel",
                hidden_size: "hidden_size",
                num_hidden_layers: "num_hidden_layers",
                num_attention_heads: "num_attention_heads",
                intermediate_size: "intermediate_size",
                hidden_dropout: "hidden_dropout_prob",
                attention_dropout: "attention_probs_dropout_prob",
                classifier_dropout: "classifier_dropout",
                activation: "hidden_act",
            },
            ModelType::DistilBert => Self {
                architecture: "DistilBertModel",
                hidden_size: "dim",
                num_hidden_layers: "n_layers",
                num_attention_heads: "n_heads",
                intermediate_size: "hidden_dim",
                hidden_dropout: "dropout",
                attention_dropout: "attention_dropout",
                classifier_dropout: "seq_classif_dropout",
                activation: "activation",
            },
        }
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
    use super::{BertConfig, ModelType};

    #[test]
    fn json_round_trip_of_distilbert() {
        let config = BertConfig {
            model_type: ModelType::DistilBert,
            type_vocab_size: 0,
            hidden_size: 36,
            classifier_dropout: Some(0.3),
            ..BertConfig::default()
        };
        let json = config.to_value();
        assert_eq!((json["dim"].as_u64(), json.get("hidden_size")), (Some(36), None));
        assert_eq!(json["seq_classif_dropout"].as_f64(), Some(0.3));
        assert_eq!(BertConfig::from_value(&json, "config.json").unwrap(), config);
        // What transformers does when the file says nothing.
        let silent = BertConfig { classifier_dropout: None, ..config }.to_value();
        assert_eq!(BertConfig::from_value(&silent, "config.json").unwrap().classifier_dropout, Some(0.2));
        let mut relu = json.clone();
        relu["activation"] = "relu".into();
        let message = BertConfig::from_value(&relu, "config.json").unwrap_err().to_string();
        assert!(message.contains("activation is \"relu\"") && message.contains("only gelu"), "{message}");
        relu.as_object_mut().unwrap().remove("dim");
        relu["activation"] = "gelu".into();
        assert!(BertConfig::from_value(&relu, "config.json").unwrap_err().to_string().contains("has no dim"));
    }

    #[test]
    fn json_round_trip() {
        for classifier_dropout in [None, Some(0.0), Some(0.4)] {
            let sizes = BertConfig { hidden_size: 24, num_attention_heads: 3, ..BertConfig::default() };
            let config = BertConfig { classifier_dropout, ..sizes };
            assert_eq!(BertConfig::from_json(&config.to_value().to_string(), "config.json").unwrap(), config);
        }
        let mut json = BertConfig { hidden_dropout_prob: 0.3, ..BertConfig::default() }.to_value();
        json["classifier_dropout"] = serde_json::Value::Null;
        let config = BertConfig::from_value(&json, "config.json").unwrap();
        assert!((config.classifier_dropout() - 0.3).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_supported_is_said() {
        let message = |change: fn(&mut serde_json::Value)| {
            let mut json = BertConfig::default().to_value();
            change(&mut json);
            BertConfig::from_value(&json, "config.json").unwrap_err().to_string()
        };
        assert!(message(|j| j["model_type"] = "gpt2".into()).contains("only bert and distilbert are supported"));
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
        assert!(message(|j| j["classifier_dropout"] = (-0.1).into()).contains("classifier_dropout is -0.1"));
    }
}

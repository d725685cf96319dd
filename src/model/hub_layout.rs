//! Writing a trained classifier in the Hub's layout, so that transformers in Python gives the same logits.
//!
//! With [`Pooling::Pooler`] the folder is exactly a `BertForSequenceClassification` (or DistilBERT's). The other poolings
//! have no class in transformers: `modeling_tunebook.py` lies beside the weights, and `auto_map` in `config.json` names it.

use std::path::Path;

use candle_core::Tensor;
use serde_json::{Map, Value, json};

use super::names::NameStyle;
use super::{ModelCard, ModelType, Pooling, PretrainedFiles, TextEncoder, TextTokenizer, files, weights};
use crate::{Error, Result};

/// The class for poolings that transformers has no class for.
const MODELING: &str = include_str!("modeling_tunebook.py");

/// What the outputs of a head mean, as `config.json` says it to transformers.
pub(super) enum Task<'a> {
    /// One of several classes.
    Classes(&'a [String]),
    /// Any number of labels, each from its own probability on.
    Labels { names: &'a [String], thresholds: &'a [f32] },
    /// One number.
    Value,
}

impl Task<'_> {
    fn problem_type(&self) -> &'static str {
        match self {
            Self::Classes(_) => "single_label_classification",
            Self::Labels { .. } => "multi_label_classification",
            Self::Value => "regression",
        }
    }

    /// A name for each output.
    fn labels(&self) -> Vec<String> {
        match self {
            Self::Classes(names) | Self::Labels { names, .. } => names.to_vec(),
            // What transformers calls an output without a name.
            Self::Value => vec!["LABEL_0".to_owned()],
        }
    }

    /// The type that loads such a model.
    pub(super) fn model(&self) -> &'static str {
        match self {
            Self::Classes(_) => "TextClassifier",
            Self::Labels { .. } => "MultiLabelClassifier",
            Self::Value => "TextRegressor",
        }
    }

    /// The labels under `id2label` of a model that was trained for this task, ordered by id.
    pub(super) fn read_labels(&self, files: &PretrainedFiles) -> Result<Vec<String>> {
        let (config, origin) = (&files.config_json, format!("config.json of {}", files.name));
        let tasks = [Task::Classes(&[]), Task::Labels { names: &[], thresholds: &[] }, Task::Value];
        if let Some(said) = config["problem_type"].as_str().filter(|said| *said != self.problem_type()) {
            let fitting = tasks.iter().find(|task| task.problem_type() == said);
            let mend =
                fitting.map_or("choose another model".to_owned(), |task| format!("load it as a {}", task.model()));
            return Err(Error::input(origin, format!("problem_type is {said}: not for a {}", self.model()), mend));
        }
        let map = config["id2label"].as_object().ok_or_else(|| {
            let mend =
                format!("this source is an encoder without a trained head: use {}::from_pretrained", self.model());
            Error::input(&origin, "has no id2label", mend)
        })?;
        let label = |id: usize| {
            map.get(&id.to_string()).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
                let problem = format!("id2label has no text for id {id}");
                Error::input(&origin, problem, "number the labels from 0 without gaps")
            })
        };
        (0..map.len()).map(label).collect()
    }
}

/// Writes every file of a classifier. Each appears whole or not at all; `config.json`, without which nothing loads,
/// comes last.
pub(super) fn write(folder: &Path, encoder: &TextEncoder, task: &Task<'_>, card: &ModelCard) -> Result<()> {
    files::make_folder(folder)?;
    let put = |name: &str, text: &str| files::write_atomically(&folder.join(name), text.as_bytes());
    write_weights_and_tokenizer(folder, encoder, encoder.merged_tensors()?, NameStyle::to_theirs)?;
    if encoder.pooling != Pooling::Pooler {
        put("modeling_tunebook.py", MODELING)?;
    }
    put("README.md", &card.markdown(encoder, task))?;
    files::write_json(&folder.join("config.json"), &config(encoder, task))
}

/// Weights under the names that `rename` gives them in the family's files, and the tokenizer.
pub(super) fn write_weights_and_tokenizer(
    folder: &Path,
    encoder: &TextEncoder,
    tensors: Vec<(String, Tensor)>,
    rename: impl Fn(NameStyle, &str) -> String,
) -> Result<()> {
    let model_type = encoder.bert.config().model_type;
    let tensors = tensors.into_iter().map(|(name, tensor)| (rename(NameStyle(model_type), &name), tensor)).collect();
    weights::write(&folder.join("model.safetensors"), tensors)?;
    files::write_atomically(&folder.join("tokenizer.json"), encoder.tokenizer.to_json()?.as_bytes())?;
    files::write_json(&folder.join("tokenizer_config.json"), &tokenizer_config(&encoder.tokenizer, model_type))
}

/// The source's own configuration, and what Tunebook remembers of the encoder.
pub(super) fn base_config(encoder: &TextEncoder) -> Map<String, Value> {
    let source = encoder.source();
    let mut config = match (&source.config_json, encoder.bert.config().to_value()) {
        (Value::Object(source), Value::Object(mut own)) => {
            own.extend(source.clone());
            own
        }
        _ => Map::new(),
    };
    // The weights are written as 32-bit floats, whatever the source had.
    config.remove("torch_dtype");
    config.insert("dtype".to_owned(), json!("float32"));
    let remembered = json!({
        "pooling": encoder.pooling.name(),
        "max_length": encoder.tokenizer.max_length(),
        "learning_rates": source.learning_rates.to_value(),
        "base_model": source.name,
        "base_weights_sha256": source.weights_sha256,
    });
    config.insert("tunebook".to_owned(), remembered);
    config
}

/// The encoder's configuration with what the head adds.
fn config(encoder: &TextEncoder, task: &Task<'_>) -> Value {
    let labels = task.labels();
    let mut config = base_config(encoder);
    let family = match encoder.bert.config().model_type {
        ModelType::Bert => "Bert",
        ModelType::DistilBert => "DistilBert",
    };
    let class = if encoder.pooling == Pooling::Pooler {
        config.remove("auto_map");
        format!("{family}ForSequenceClassification")
    } else {
        let class = format!("Tunebook{family}ForSequenceClassification");
        let automatic = json!({"AutoModelForSequenceClassification": format!("modeling_tunebook.{class}")});
        config.insert("auto_map".to_owned(), automatic);
        class
    };
    let id2label: Map<_, _> = labels.iter().enumerate().map(|(i, label)| (i.to_string(), json!(label))).collect();
    let label2id: Map<_, _> = labels.iter().enumerate().map(|(i, label)| (label.clone(), json!(i))).collect();
    for (key, value) in [
        ("architectures", json!([class])),
        ("problem_type", json!(task.problem_type())),
        ("id2label", Value::Object(id2label)),
        ("label2id", Value::Object(label2id)),
    ] {
        config.insert(key.to_owned(), value);
    }
    let mut config = Value::Object(config);
    if let Task::Labels { thresholds, .. } = task {
        config["tunebook"]["thresholds"] = json!(thresholds);
    }
    config
}

/// What `AutoTokenizer` needs beside `tokenizer.json`: the class, the limit, and the special tokens that there are.
fn tokenizer_config(tokenizer: &TextTokenizer, model_type: ModelType) -> Value {
    let inputs = match model_type {
        ModelType::Bert => json!(["input_ids", "token_type_ids", "attention_mask"]),
        ModelType::DistilBert => json!(["input_ids", "attention_mask"]),
    };
    let mut config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": tokenizer.max_length(),
        "model_input_names": inputs,
    });
    for (key, token) in [
        ("pad_token", "[PAD]"),
        ("unk_token", "[UNK]"),
        ("cls_token", "[CLS]"),
        ("sep_token", "[SEP]"),
        ("mask_token", "[MASK]"),
    ] {
        if tokenizer.inner().token_to_id(token).is_some() {
            config[key] = token.into();
        }
    }
    config
}

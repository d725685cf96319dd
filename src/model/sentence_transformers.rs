//! Writing an encoder in the Hub's layout with the files of sentence-transformers, which then gives the same vectors.
//!
//! A folder of sentence-transformers is a chain of modules that `modules.json` lists: the network, the pooling, and for
//! [`Pooling::Pooler`] a dense layer (Reimers and Gurevych, 2019, "Sentence-BERT").

use std::path::Path;

use serde_json::{Value, json};

use super::hub_layout::{base_config, write_weights_and_tokenizer};
use super::names::{NameStyle, is_of_encoder};
use super::{ModelCard, ModelType, Pooling, TextEncoder, files, weights};
use crate::{Error, Result};

/// The folders of the modules after the network.
const POOLING: &str = "1_Pooling";
const DENSE: &str = "2_Dense";

impl TextEncoder {
    /// Writes the encoder in the Hub's layout, with the files of sentence-transformers: weights (LoRA merged), tokenizer,
    /// `config.json`, `modules.json`, pooling and a `README.md`. A head above the encoder is left out.
    ///
    /// [`TextEncoder::from_pretrained`] of the folder gives bit-equal vectors (merged LoRA: to about 1e-5). In Python,
    /// `SentenceTransformer(folder).encode(texts)` gives the same vectors, and `AutoModel.from_pretrained(folder)` the same
    /// hidden states. The vectors are not normalised; say `normalize_embeddings=True` to `encode` for that. Each file
    /// appears whole or not at all; `config.json`, without which nothing loads, comes last.
    ///
    /// ```
    /// use tunebook::model::{Pretrained, TextEncoder};
    /// let encoder = TextEncoder::from_pretrained(Pretrained::embedded())?;
    /// let folder = std::env::temp_dir().join(format!("tunebook-doc-encoder-{}", std::process::id()));
    /// encoder.save(&folder)?;
    /// let again = TextEncoder::from_pretrained(Pretrained::folder(&folder))?;
    /// let (saved, own) = (again.embed(&["The disk is full."])?, encoder.embed(&["The disk is full."])?);
    /// assert_eq!(saved.to_vec2::<f32>()?, own.to_vec2::<f32>()?);
    /// # std::fs::remove_dir_all(folder).unwrap();
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        files::make_folder(folder)?;
        let mut tensors = self.merged_tensors()?;
        tensors.retain(|(name, _)| is_of_encoder(name));
        if self.pooling == Pooling::Pooler {
            let dense = tensors.iter().filter_map(|(name, tensor)| {
                let part = name.strip_prefix("pooler.dense.")?;
                Some((format!("linear.{part}"), tensor.clone()))
            });
            make_folder(&folder.join(DENSE))?;
            weights::write(&folder.join(DENSE).join("model.safetensors"), dense.collect())?;
            files::write_json(&folder.join(DENSE).join("config.json"), &self.dense_config())?;
        }
        write_weights_and_tokenizer(folder, self, tensors, NameStyle::to_bare)?;
        make_folder(&folder.join(POOLING))?;
        files::write_json(&folder.join(POOLING).join("config.json"), &self.pooling_config())?;
        let limit = json!({"max_seq_length": self.tokenizer.max_length(), "do_lower_case": false});
        files::write_json(&folder.join("sentence_bert_config.json"), &limit)?;
        let about = json!({"model_type": "SentenceTransformer", "similarity_fn_name": "cosine"});
        files::write_json(&folder.join("config_sentence_transformers.json"), &about)?;
        files::write_json(&folder.join("modules.json"), &self.modules())?;
        files::write_atomically(&folder.join("README.md"), ModelCard::of_encoder(self).as_bytes())?;
        files::write_json(&folder.join("config.json"), &self.bare_config())
    }

    fn modules(&self) -> Value {
        // The short paths: every version of sentence-transformers knows them.
        let module = |place: usize, path: &str, class: &str| {
            json!({
                "idx": place,
                "name": place.to_string(),
                "path": path,
                "type": format!("sentence_transformers.models.{class}"),
            })
        };
        let mut modules = vec![module(0, "", "Transformer"), module(1, POOLING, "Pooling")];
        if self.pooling == Pooling::Pooler {
            modules.push(module(2, DENSE, "Dense"));
        }
        Value::Array(modules)
    }

    fn pooling_config(&self) -> Value {
        let is = |poolings: &[Pooling]| poolings.contains(&self.pooling);
        json!({
            "word_embedding_dimension": self.bert.config().hidden_size,
            "pooling_mode_cls_token": is(&[Pooling::Cls, Pooling::Pooler]),
            "pooling_mode_mean_tokens": is(&[Pooling::Mean]),
            "pooling_mode_max_tokens": is(&[Pooling::Max]),
            "pooling_mode_mean_sqrt_len_tokens": false,
        })
    }

    fn dense_config(&self) -> Value {
        let width = self.bert.config().hidden_size;
        let activation = match self.bert.config().model_type {
            ModelType::Bert => "torch.nn.modules.activation.Tanh",
            ModelType::DistilBert => "torch.nn.modules.activation.ReLU",
        };
        json!({"in_features": width, "out_features": width, "bias": true, "activation_function": activation})
    }

    /// The configuration of the network alone: what a head wrote into it is taken out.
    fn bare_config(&self) -> Value {
        let mut config = base_config(self);
        for key in ["auto_map", "problem_type", "id2label", "label2id"] {
            config.remove(key);
        }
        let class = match self.bert.config().model_type {
            ModelType::Bert => "BertModel",
            ModelType::DistilBert => "DistilBertModel",
        };
        config.insert("architectures".to_owned(), json!([class]));
        Value::Object(config)
    }
}

fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|e| Error::io(path, e))
}

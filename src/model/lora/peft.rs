//! Adapters as files: `adapter_config.json` and `adapter_model.safetensors` as peft reads and writes them, and beside
//! them the head, which peft's files of an encoder have no place for.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::LoraConfig;
use super::apply::part_of_layer;
use crate::model::names::NameStyle;
use crate::model::{ModelType, Parameter, TextClassifier, Weights, files, weights};
use crate::{Error, Result};

const CONFIG: &str = "adapter_config.json";
const MATRICES: &str = "adapter_model.safetensors";
const HEAD: &str = "head.safetensors";
const FACTS: &str = "tunebook.json";

/// What peft puts before the name of every parameter.
const PREFIX: &str = "base_model.model.";

impl TextClassifier {
    /// Writes LoRA's matrices in peft's layout, and the head in `head.safetensors`.
    ///
    /// In Python, `PeftModel.from_pretrained(AutoModel.from_pretrained(BASE), FOLDER)` gives the same encoder.
    ///
    /// # Errors
    /// When the model has no LoRA, and when the folder cannot be written.
    pub fn save_adapter(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        let Some(config) = &self.network.lora else {
            return Err(Error::input("save_adapter", "the model has no LoRA", "call save for the whole model"));
        };
        files::make_folder(folder)?;
        let matrices = self.lora_adapters().into_iter().flat_map(|(_, adapter)| adapter.parameters());
        let style = NameStyle(self.network.encoder.bert.config().model_type);
        let in_peft = |p: &Parameter| (format!("{PREFIX}{}", style.to_bare(p.name())), p.var().as_detached_tensor());
        weights::write(&folder.join(MATRICES), matrices.map(in_peft).collect())?;
        let head = self.network.store.all().into_iter().filter(|p| p.name().starts_with("classifier."));
        let head = head.map(|p| (p.name().to_owned(), p.var().as_detached_tensor())).collect();
        weights::write(&folder.join(HEAD), head)?;
        let source = self.network.encoder.source();
        let facts = json!({
            "labels": self.labels,
            "base_model": source.name,
            "base_weights_sha256": source.weights_sha256,
        });
        files::write_json(&folder.join(FACTS), &facts)?;
        // Without it nothing loads: it comes last.
        files::write_json(&folder.join(CONFIG), &config_json(config, &self.peft_targets(config), &source.name))
    }

    /// Adds the LoRA of a folder that [`TextClassifier::save_adapter`] or peft wrote. A head in the folder replaces the
    /// model's.
    ///
    /// # Errors
    /// When the model has LoRA already, when names or shapes do not fit it, when the folder says that it was trained on
    /// other weights, and for kinds of adapters that are not LoRA.
    pub fn load_adapter(&mut self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        if !folder.join(CONFIG).is_file() {
            let mend = "give a folder that save_adapter or peft's save_pretrained wrote";
            return Err(Error::input(folder.display(), format!("holds no {CONFIG}"), mend));
        }
        let config = read_config(&folder.join(CONFIG))?;
        self.check_facts(&folder.join(FACTS))?;
        let path = folder.join(MATRICES);
        let mut matrices = Weights::from_adapter_file(&path, PREFIX)?;
        let head = folder.join(HEAD);
        let mut head = if head.exists() { Some(Weights::from_file(&head)?) } else { None };

        // On a copy first: an adapter that does not fit must leave the model as it was.
        let mut with_lora = self.clone();
        with_lora.add_lora(&config, 0)?;
        let mut values = std::collections::BTreeMap::new();
        for parameter in with_lora.network.store.all() {
            let name = parameter.name();
            let from_head = name.starts_with("classifier.");
            let found = if from_head {
                head.as_mut().and_then(|head| head.take(name)).or_else(|| matrices.take(name))
            } else if name.contains(".lora_") {
                Some(matrices.take(name).ok_or_else(|| misfit(&path, &format!("has no {name}")))?)
            } else {
                None
            };
            if let Some(tensor) = found {
                if tensor.dims() != parameter.var().dims() {
                    let shapes =
                        format!("{name} is {:?}, and {:?} fits the model", tensor.dims(), parameter.var().dims());
                    return Err(misfit(&path, &shapes));
                }
                values.insert(name.to_owned(), tensor);
            }
        }
        let unused = matrices.names();
        if let Some(name) = unused.first() {
            return Err(misfit(&path, &format!("holds {name}, which the model has no place for")));
        }
        with_lora.network.store.restore(&values)?;
        *self = with_lora;
        Ok(())
    }

    /// The layers with matrices as peft finds them in the base model.
    fn peft_targets(&self, config: &LoraConfig) -> Vec<String> {
        let model_type = self.network.encoder.bert.config().model_type;
        let written_out = config.target_modules.iter().any(|target| target == "all-linear");
        if model_type == ModelType::Bert && !written_out {
            return config.target_modules.clone();
        }
        // peft's `all-linear` means the pooler too, and DistilBERT's layers may have been named as BERT's.
        let layers: Vec<String> =
            self.lora_adapters().iter().map(|(layer, _)| NameStyle(model_type).bare_layer(layer)).collect();
        let parts: BTreeSet<String> = layers.iter().map(|layer| part_of_layer(layer)).collect();
        let everywhere = parts.len() * self.network.encoder.bert.config().num_hidden_layers == layers.len();
        if everywhere { parts.into_iter().collect() } else { layers }
    }

    /// The folder's notes fit this model: labels and base weights.
    fn check_facts(&self, path: &Path) -> Result<()> {
        if !path.exists() {
            return Ok(());
        }
        let facts = read_json(path)?;
        let text = |key: &str| facts[key].as_str().unwrap_or_default().to_owned();
        let source = self.network.encoder.source();
        if text("base_weights_sha256") != source.weights_sha256 {
            let problem = format!("the adapter was trained on other weights ({})", text("base_model"));
            return Err(Error::input(path.display(), problem, "load that model first, then the adapter"));
        }
        let labels: Vec<&str> = facts["labels"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if labels != self.labels {
            let problem = format!("the adapter's labels are {labels:?}, the model's {:?}", self.labels);
            return Err(Error::input(path.display(), problem, "make the model with the adapter's labels"));
        }
        Ok(())
    }
}

fn misfit(path: &Path, problem: &str) -> Error {
    Error::input(
        path.display(),
        problem,
        "the adapter belongs to another model: load it onto the one it was trained on",
    )
}

fn config_json(config: &LoraConfig, target_modules: &[String], base: &str) -> Value {
    json!({
        "peft_type": "LORA",
        "task_type": "FEATURE_EXTRACTION",
        "base_model_name_or_path": base,
        "r": config.rank,
        "lora_alpha": config.alpha,
        "lora_dropout": config.dropout,
        "target_modules": target_modules,
        "use_rslora": config.rs_lora,
        "bias": "none",
        "fan_in_fan_out": false,
        "inference_mode": true,
        "init_lora_weights": true,
    })
}

fn read_config(path: &Path) -> Result<LoraConfig> {
    let value = read_json(path)?;
    let wrong = |key: &str, mend: &str| Error::input(path.display(), format!("{key} is {}", value[key]), mend);
    if value["peft_type"] != "LORA" {
        return Err(wrong("peft_type", "only LORA adapters can be loaded"));
    }
    for key in ["use_dora", "fan_in_fan_out"] {
        if value[key] == true {
            return Err(wrong(key, "only plain LoRA can be loaded"));
        }
    }
    for key in ["rank_pattern", "alpha_pattern"] {
        if value[key].as_object().is_some_and(|map| !map.is_empty()) {
            return Err(wrong(key, "only one rank and one alpha for all layers can be loaded"));
        }
    }
    if !matches!(value["bias"].as_str(), None | Some("none")) {
        return Err(wrong("bias", "only adapters that leave the biases alone can be loaded"));
    }
    let target_modules = match &value["target_modules"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return Err(wrong("target_modules", "give a list of names")),
    };
    let config = LoraConfig {
        rank: value["r"].as_u64().ok_or_else(|| wrong("r", "give the rank"))? as usize,
        alpha: value["lora_alpha"].as_f64().ok_or_else(|| wrong("lora_alpha", "give a number"))?,
        dropout: value["lora_dropout"].as_f64().unwrap_or(0.0),
        target_modules,
        rs_lora: value["use_rslora"] == true,
    };
    config.check()?;
    Ok(config)
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
    serde_json::from_str(&text).map_err(|e| Error::input(path.display(), e, "write the file again"))
}

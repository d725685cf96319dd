//! Writing a trained image classifier as timm lays models out, so that Python gives the same logits.

use std::path::Path;

use candle_core::DType;
use serde_json::{Map, Value, json};

use super::{ImageClassifier, ImageNetwork};
use crate::model::{ModelCard, files};
use crate::{Error, Result};

/// The network that timm does not have, in PyTorch.
const SMALL_CNN: &str = include_str!("small_cnn.py");

/// Writes every file of a classifier. Each appears whole or not at all; `config.json`, without which nothing loads,
/// comes last.
pub(super) fn write(folder: &Path, model: &ImageClassifier, card: &ModelCard) -> Result<()> {
    let config = config(model)?;
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let put = |name: &str, text: &str| files::write_atomically(&folder.join(name), text.as_bytes());
    model.store().save(folder.join("model.safetensors"), DType::F32)?;
    if matches!(model.network(), ImageNetwork::SmallCnn(_)) {
        put("small_cnn.py", SMALL_CNN)?;
    }
    put("README.md", &card.of_images(model))?;
    files::write_json(&folder.join("config.json"), &config)
}

/// What the source said of itself, with the network, labels and preprocessing as they are now.
fn config(model: &ImageClassifier) -> Result<Value> {
    let network = model.network();
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let source = &model.origin.config_json;
    let mut config = Map::new();
    // Of a source in timm's older form, where all stands in one object, only what is meant for every form is kept.
    let mut settings = object(&source["pretrained_cfg"]);
    let (height, width) = model.input_size();
    // These describe files or sizes of the source that the saved model no longer has.
    for key in [
        "label_names",
        "label_descriptions",
        "label_offset",
        "origin_url",
        "url",
        "file",
        "hf_hub_id",
        "test_input_size",
        "test_crop_pct",
        "pool_size",
        "architecture",
    ] {
        settings.remove(key);
    }
    let normalization = model.normalization();
    for (key, value) in [
        ("num_classes", json!(network.classes())),
        ("input_size", json!([network.channels(), height, width])),
        ("fixed_input_size", json!(false)),
        ("custom_load", json!(false)),
        ("interpolation", json!("bilinear")),
        ("crop_pct", json!(1.0)),
        ("mean", json!(normalization.mean)),
        ("std", json!(normalization.std)),
        ("classifier", json!(super::resnet::HEAD)),
    ] {
        settings.insert(key.to_owned(), value);
    }
    match network {
        ImageNetwork::ResNet(resnet) => {
            if resnet.config().architecture().is_none() {
                let problem = format!("{:?} has no name in timm, so nothing could load it", resnet.config());
                return Err(Error::input("ImageClassifier::save", problem, "use resnet18 or resnet34"));
            }
            settings.insert("first_conv".to_owned(), json!("conv1"));
            if network.channels() != 3 {
                config.insert("model_args".to_owned(), json!({"in_chans": network.channels()}));
            }
        }
        ImageNetwork::SmallCnn(small) => {
            let bug = |e| Error::input("config.json", e, "this is a bug: please report it");
            config.insert("network".to_owned(), serde_json::to_value(small.config()).map_err(bug)?);
        }
    }
    let mut remembered = object(&source["tunebook"]);
    if let Some(sha256) = &model.origin.weights_sha256 {
        remembered.insert("base_model".to_owned(), json!(model.origin.name));
        remembered.insert("base_weights_sha256".to_owned(), json!(sha256));
    }
    for (key, value) in [
        ("architecture", json!(network.architecture())),
        ("num_classes", json!(network.classes())),
        ("num_features", json!(network.num_features())),
        ("global_pool", json!("avg")),
        ("label_names", json!(model.labels())),
        ("pretrained_cfg", Value::Object(settings)),
        ("tunebook", Value::Object(remembered)),
    ] {
        config.insert(key.to_owned(), value);
    }
    Ok(Value::Object(config))
}

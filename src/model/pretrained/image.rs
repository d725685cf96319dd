//! Image models: the network inside the library, or a folder or a model of the Hub with `config.json` and
//! `model.safetensors`, as timm lays them out.

use candle_core::Device;
use serde_json::Value;

use super::{Files, Pretrained, Source, folder, hub_folder};
use crate::model::Weights;
use crate::model::image::ImageFiles;
use crate::{Error, Result};

/// What a person calls the embedded network.
const EMBEDDED: &str = "tunebook-images (embedded)";
const EMBEDDED_CONFIG: &[u8] = include_bytes!("../../../models/tunebook-images/config.json");
const EMBEDDED_WEIGHTS: &[u8] = include_bytes!("../../../models/tunebook-images/model.safetensors");

impl Pretrained {
    /// Fetches (for a Hub model) and reads the files of an image model.
    pub(in crate::model) fn image_files(self) -> Result<ImageFiles> {
        if self.pooling.is_some() || self.max_length.is_some() {
            let problem = "pooling and max_length are for models of texts";
            return Err(Error::input("Pretrained", problem, "leave them away for images"));
        }
        let (path, name) = match self.source {
            Source::Embedded => {
                let file =
                    |name: &str| Ok(if name == "config.json" { EMBEDDED_CONFIG } else { EMBEDDED_WEIGHTS }.to_vec());
                return read(EMBEDDED.to_owned(), &file, &|name| format!("{EMBEDDED}, {name}"), self.device);
            }
            Source::Folder(path) => {
                let name = path.display().to_string();
                (path, name)
            }
            Source::Hub { id, revision, offline, verify } => {
                (hub_folder(&id, &revision, offline, verify, &Files::IMAGE)?, id)
            }
        };
        if !path.is_dir() {
            let mend = "give a folder with config.json and model.safetensors";
            return Err(Error::input(path.display(), "no such folder", mend));
        }
        let config = path.join("config.json");
        if !config.is_file() {
            let mend = "beside weights that torchvision saved, write one: {\"architecture\": \"resnet18\"}";
            return Err(Error::input(config.display(), "no such file", mend));
        }
        let origin = |name: &str| path.join(name).display().to_string();
        read(name, &|name| folder::required(&path, name), &origin, self.device)
    }
}

/// The model of these files. `file` gives a file's bytes, `origin` its name in errors.
fn read(
    name: String,
    file: &dyn Fn(&str) -> Result<Vec<u8>>,
    origin: &dyn Fn(&str) -> String,
    device: Device,
) -> Result<ImageFiles> {
    let (config, weights) = (origin("config.json"), origin("model.safetensors"));
    let config_json: Value = serde_json::from_slice(&file("config.json")?)
        .map_err(|e| Error::input(&config, format!("not valid JSON ({e})"), "fetch the file again"))?;
    if config_json["architecture"].is_null() {
        let problem = "has no architecture: this is no image model in timm's layout";
        return Err(Error::input(config, problem, "choose one of timm's ResNet-18 models, or that you saved"));
    }
    let weights = Weights::from_bytes(&file("model.safetensors")?, &weights)?;
    Ok(ImageFiles { name, config_json, origin: config, weights, device })
}

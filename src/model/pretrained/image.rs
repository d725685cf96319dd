//! Image models: a folder or a model of the Hub with `config.json` and `model.safetensors`, as timm lays them out.

use serde_json::Value;

use super::{Files, Pretrained, Source, folder, hub_folder};
use crate::model::Weights;
use crate::model::image::ImageFiles;
use crate::{Error, Result};

impl Pretrained {
    /// Fetches (for a Hub model) and reads the files of an image model.
    pub(in crate::model) fn image_files(self) -> Result<ImageFiles> {
        if self.pooling.is_some() || self.max_length.is_some() {
            let problem = "pooling and max_length are for models of texts";
            return Err(Error::input("Pretrained", problem, "leave them away for images"));
        }
        let (path, name) = match self.source {
            Source::Embedded => {
                let mend = "give a folder or a model of the Hub, or use ImageClassifier::small or ::resnet18";
                return Err(Error::input("Pretrained::embedded", "is an encoder of texts", mend));
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
        let config_path = path.join("config.json");
        let origin = config_path.display().to_string();
        if !config_path.is_file() {
            let mend = "beside weights that torchvision saved, write one: {\"architecture\": \"resnet18\"}";
            return Err(Error::input(origin, "no such file", mend));
        }
        let bytes = folder::required(&path, "config.json")?;
        let config_json: Value = serde_json::from_slice(&bytes)
            .map_err(|e| Error::input(&origin, format!("not valid JSON ({e})"), "fetch the file again"))?;
        if config_json["architecture"].is_null() {
            let problem = "has no architecture: this is no image model in timm's layout";
            return Err(Error::input(origin, problem, "choose one of timm's ResNet-18 models, or that you saved"));
        }
        let weights = folder::required(&path, "model.safetensors")?;
        let weights = Weights::from_bytes(&weights, &path.join("model.safetensors").display().to_string())?;
        Ok(ImageFiles { name, config_json, origin, weights, device: self.device })
    }
}

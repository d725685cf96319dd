//! Reading the folder of an image model as timm lays it out: `config.json` and `model.safetensors`.

use candle_core::Device;
use serde_json::Value;

use super::{ImageNetwork, ResNet, ResNetConfig, SmallCnn, SmallCnnConfig};
use crate::data::Normalization;
use crate::model::{LearningRates, StoreBuilder, Weights};
use crate::{Error, Result};

/// What `config.json` calls [`SmallCnn`].
pub(super) const SMALL_CNN: &str = "small_cnn";

/// The files of a pretrained image model, read and checked.
pub(in crate::model) struct ImageFiles {
    /// What the source is called: a path or a Hub id.
    pub(in crate::model) name: String,
    /// The whole `config.json`.
    pub(in crate::model) config_json: Value,
    /// What `config.json` is called in messages.
    pub(in crate::model) origin: String,
    pub(in crate::model) weights: Weights,
    pub(in crate::model) device: Device,
}

impl ImageFiles {
    /// The network with every weight of the file.
    pub(super) fn network(&self) -> Result<ImageNetwork> {
        let builder = StoreBuilder::strict(self.weights.clone(), 0).on(&self.device);
        self.build(self.classes()?, builder)
    }

    /// The network under a fresh head for so many labels from `seed`. A head that the source brings along belongs to
    /// another task and is left out.
    pub(super) fn network_with_fresh_head(&self, classes: usize, seed: u64) -> Result<ImageNetwork> {
        let mut weights = self.weights.clone();
        let head = format!("{}.", super::resnet::HEAD);
        let brought: Vec<String> = weights.names().into_iter().filter(|name| name.starts_with(&head)).collect();
        for name in &brought {
            weights.take(name);
        }
        let builder = StoreBuilder::strict(weights, seed).allow_new(&head).on(&self.device);
        let mut network = self.build(classes, builder)?;
        network.load_report_mut().unused.extend(brought);
        Ok(network)
    }

    fn build(&self, classes: usize, builder: StoreBuilder) -> Result<ImageNetwork> {
        let architecture = self.config_json["architecture"].as_str().unwrap_or_default();
        let config = match architecture {
            "resnet18" => ResNetConfig::resnet18(classes),
            "resnet34" => ResNetConfig::resnet34(classes),
            SMALL_CNN => {
                let network = self.config_json["network"].clone();
                let config: SmallCnnConfig = serde_json::from_value(network).map_err(|e| {
                    Error::input(&self.origin, format!("the network: {e}"), "use a folder that was saved whole")
                })?;
                return Ok(SmallCnn::build(SmallCnnConfig { classes, ..config }, builder, &self.origin)?.into());
            }
            _ => {
                let found = &self.config_json["architecture"];
                let problem = format!("architecture is {found}, and only resnet18, resnet34 and {SMALL_CNN} are built");
                return Err(Error::input(&self.origin, problem, "choose a model of one of these"));
            }
        };
        self.check_plain()?;
        Ok(ResNet::build(ResNetConfig { channels: self.channels()?, ..config }, builder)?.into())
    }

    /// timm builds variants of one architecture from further settings; weights of another network must not pass for
    /// those of this one.
    fn check_plain(&self) -> Result<()> {
        let known = ["in_chans", "num_classes", "global_pool"];
        let settings = self.config_json["model_args"].as_object();
        if let Some((key, _)) = settings.into_iter().flatten().find(|(key, _)| !known.contains(&key.as_str())) {
            let problem = format!("model_args has {key:?}, a variant of the network that is not built here");
            return Err(Error::input(&self.origin, problem, "choose a model without it"));
        }
        match &self.config_json["global_pool"] {
            Value::Null => Ok(()),
            pool if pool == "avg" => Ok(()),
            other => Err(Error::input(
                &self.origin,
                format!("global_pool is {other}, and only \"avg\" is built here"),
                "choose a model with it",
            )),
        }
    }

    /// Where timm's older files have everything in one object, newer ones have one of its own.
    fn pretrained_cfg(&self) -> &Value {
        match &self.config_json["pretrained_cfg"] {
            Value::Null => &self.config_json,
            settings => settings,
        }
    }

    fn number(&self, value: &Value, what: &str) -> Result<usize> {
        value
            .as_u64()
            .filter(|n| *n > 0)
            .map(|n| n as usize)
            .ok_or_else(|| Error::input(&self.origin, format!("{what} is {value}"), "give a whole number, 1 or more"))
    }

    /// Channels of an image: colour where nothing is said.
    fn channels(&self) -> Result<usize> {
        if let Some(channels) = self.config_json["model_args"].get("in_chans") {
            return self.number(channels, "model_args.in_chans");
        }
        match self.pretrained_cfg()["input_size"].get(0) {
            Some(channels) => self.number(channels, "input_size[0]"),
            None => Ok(3),
        }
    }

    /// Outputs of the head that the file has.
    fn classes(&self) -> Result<usize> {
        for classes in [&self.config_json["num_classes"], &self.pretrained_cfg()["num_classes"]] {
            if !classes.is_null() {
                return self.number(classes, "num_classes");
            }
        }
        let head = format!("{}.weight", super::resnet::HEAD);
        self.weights.get(&head).and_then(|weight| weight.dims().first().copied()).ok_or_else(|| {
            Error::input(&self.origin, "has no num_classes, and the weights no head", "use a model with a trained head")
        })
    }

    /// The label of each output, where the file names them: as a list, or by number.
    pub(super) fn labels(&self) -> Result<Vec<String>> {
        let said = match &self.config_json["label_names"] {
            Value::Null => &self.pretrained_cfg()["label_names"],
            said => said,
        };
        let classes = self.classes()?;
        let name = |n: usize| match said {
            Value::Array(names) => names.get(n),
            Value::Object(names) => names.get(&n.to_string()),
            _ => None,
        };
        let names = (0..classes).map(|n| name(n).and_then(Value::as_str).map(str::to_owned));
        names.collect::<Option<Vec<_>>>().ok_or_else(|| {
            let problem = format!("label_names does not name the {classes} outputs");
            let mend = "write a list of them into it, or give labels of your own to ImageClassifier::from_pretrained";
            Error::input(&self.origin, problem, mend)
        })
    }

    /// What the network wants of pixels: that of ImageNet where the file says nothing.
    pub(super) fn normalization(&self, channels: usize) -> Result<Normalization> {
        let settings = self.pretrained_cfg();
        if settings["mean"].is_null() && settings["std"].is_null() && channels == 3 {
            return Ok(Normalization::imagenet());
        }
        let list = |key: &str| -> Result<Vec<f32>> {
            let values = settings[key].as_array().into_iter().flatten();
            let values: Option<Vec<f32>> = values.map(|v| v.as_f64().map(|v| v as f32)).collect();
            let fits = |v: &Vec<f32>| v.len() == channels && v.iter().all(|v| v.is_finite());
            values.filter(fits).ok_or_else(|| {
                let problem = format!("{key} is {}", settings[key]);
                Error::input(&self.origin, problem, format!("give {channels} numbers, one for each channel"))
            })
        };
        let normalization = Normalization { mean: list("mean")?, std: list("std")? };
        if normalization.std.iter().any(|std| *std <= 0.0) {
            let problem = format!("std is {:?}", normalization.std);
            return Err(Error::input(&self.origin, problem, "give positive numbers"));
        }
        Ok(normalization)
    }

    /// Height and width of the images that the model was trained on.
    pub(super) fn input_size(&self) -> Result<Option<(usize, usize)>> {
        match &self.pretrained_cfg()["input_size"] {
            Value::Null => Ok(None),
            size => Ok(Some((self.number(&size[1], "input_size[1]")?, self.number(&size[2], "input_size[2]")?))),
        }
    }

    /// The rates that the file recommends, otherwise those of the network.
    pub(super) fn learning_rates(&self, network: &ImageNetwork) -> Result<LearningRates> {
        network.learning_rates(false).overridden_by(&self.config_json, &self.origin)
    }
}

//! What a classifier and a regressor of tables have in common: preprocessor, network, and their folder.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde_json::{Map, Value};

use crate::data::{FittedPreprocessor, TabularDataset};
use crate::model::model_card::quoted;
use crate::model::{Mlp, MlpConfig, ParameterStore, Pass, StoreBuilder, Weights, files};
use crate::{Error, Result};

/// The files of a saved model; `config.json`, without which nothing loads, is written last.
const CONFIG: &str = "config.json";
const PREPROCESSOR: &str = "preprocessor.json";
const WEIGHTS: &str = "model.safetensors";

/// The prefix of the last layer's parameter names.
const HEAD: &str = "output.";

/// Rows in one forward pass of prediction.
const PREDICT_BATCH: usize = 1024;

/// A preprocessor with the network on its features.
#[derive(Clone, Debug)]
pub(crate) struct TabularNetwork {
    preprocessor: FittedPreprocessor,
    mlp: Mlp,
    source: String,
}

/// A folder that [`TabularNetwork::save`] wrote, read but not yet built.
pub(super) struct Saved {
    preprocessor: FittedPreprocessor,
    weights: Weights,
    network: MlpConfig,
    /// What the kind of model adds to `config.json`.
    pub(super) own: Map<String, Value>,
    /// The path of `config.json`, for messages.
    pub(super) place: String,
    folder: String,
}

impl TabularNetwork {
    /// Fresh weights from `seed`. `config` must have an input for each feature.
    pub(super) fn new(preprocessor: &FittedPreprocessor, config: MlpConfig, seed: u64) -> Result<Self> {
        let features = preprocessor.features().len();
        if config.inputs != features {
            return Err(Error::input(
                "MlpConfig::inputs",
                format!("is {}, the preprocessor makes {features} features", config.inputs),
                "give MlpConfig::new(preprocessor.features().len(), outputs)",
            ));
        }
        let source = format!("Mlp {:?}", config.hidden);
        Ok(Self { preprocessor: preprocessor.clone(), mlp: Mlp::new(config, seed)?, source })
    }

    /// The saved network as it was.
    pub(super) fn from_saved(saved: Saved, outputs: usize) -> Result<Self> {
        let Saved { preprocessor, weights, network, place, folder, .. } = saved;
        if network.outputs != outputs {
            let problem = format!("the network has {} outputs, the model needs {outputs}", network.outputs);
            return Err(Error::input(place, problem, "use a folder that one model saved whole"));
        }
        let mlp = Mlp::build(network, StoreBuilder::strict(weights, 0), &place)?;
        Ok(Self { preprocessor, mlp, source: folder })
    }

    /// The saved hidden layers under a fresh last layer from `seed`.
    pub(super) fn with_fresh_head(saved: Saved, outputs: usize, seed: u64) -> Result<Self> {
        let Saved { preprocessor, mut weights, network, place, folder, .. } = saved;
        for name in weights.names().into_iter().filter(|name| name.starts_with(HEAD)) {
            weights.take(&name);
        }
        let builder = StoreBuilder::strict(weights, seed).allow_new(HEAD);
        let mlp = Mlp::build(MlpConfig { outputs, ..network }, builder, &place)?;
        Ok(Self { preprocessor, mlp, source: folder })
    }

    /// A copy on another device. The preprocessor's features are made in main memory; each batch follows the network.
    pub(super) fn to_device(&self, device: &Device) -> Result<Self> {
        Ok(Self { mlp: self.mlp.to_device(device)?, ..self.clone() })
    }

    /// Writes weights, preprocessor, the model's page and `config.json` with what the kind of model adds, each whole or not
    /// at all.
    pub(super) fn save(&self, folder: &Path, model_type: &str, own: Map<String, Value>, page: &str) -> Result<()> {
        files::make_folder(folder)?;
        self.mlp.store().save(folder.join(WEIGHTS), DType::F32)?;
        self.preprocessor.save(folder.join(PREPROCESSOR))?;
        files::write_atomically(&folder.join("README.md"), page.as_bytes())?;
        let bug = |e| Error::input(CONFIG, e, "this is a bug: please report it");
        let mut json = own;
        json.insert("model_type".to_owned(), model_type.into());
        json.insert("network".to_owned(), serde_json::to_value(self.mlp.config()).map_err(bug)?);
        let text = serde_json::to_string_pretty(&json).map_err(bug)?;
        files::write_atomically(&folder.join(CONFIG), text.as_bytes())
    }

    /// The features of every row, `(rows, features)` on the CPU.
    pub(crate) fn rows(&self, data: &TabularDataset) -> Result<Tensor> {
        self.preprocessor.transform(data)?.to_tensor()
    }

    /// What `answer` makes of the network's outputs `(rows, outputs)`, for every row, in order.
    pub(super) fn predict(
        &self,
        data: &TabularDataset,
        answer: impl Fn(Tensor) -> Result<Tensor>,
    ) -> Result<Vec<Vec<f32>>> {
        if data.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.rows(data)?;
        let mut outputs = Vec::with_capacity(data.len());
        for first in (0..data.len()).step_by(PREDICT_BATCH) {
            let batch = rows.narrow(0, first, PREDICT_BATCH.min(data.len() - first))?;
            outputs.extend(answer(self.mlp.forward(&batch, &Pass::evaluation())?)?.to_vec2::<f32>()?);
        }
        Ok(outputs)
    }

    /// What a model's page says of columns and network.
    pub(super) fn facts(&self) -> String {
        let columns: Vec<String> = self.preprocessor.columns().into_iter().map(quoted).collect();
        format!("- Columns: {}\n- Network: {}\n", columns.join(", "), self.shape())
    }

    pub(crate) fn preprocessor(&self) -> &FittedPreprocessor {
        &self.preprocessor
    }

    pub(crate) fn mlp(&self) -> &Mlp {
        &self.mlp
    }

    pub(crate) fn store(&self) -> &ParameterStore {
        self.mlp.store()
    }

    /// What the weights come from, for messages.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// `12 features, hidden layers of [64, 32]`
    pub(super) fn shape(&self) -> String {
        let config = self.mlp.config();
        format!("{} features, hidden layers of {:?}", config.inputs, config.hidden)
    }
}

impl Saved {
    /// Reads the folder of a model of one of these types.
    pub(super) fn read(folder: &Path, model_types: &[&str]) -> Result<Self> {
        let path = folder.join(CONFIG);
        let place = path.display().to_string();
        let mend = "use a folder that TabularClassifier::save or TabularRegressor::save wrote";
        let text = std::fs::read_to_string(&path).map_err(|e| Error::io(&path, e))?;
        let mut own: Map<String, Value> = serde_json::from_str(&text).map_err(|e| Error::input(&place, e, mend))?;
        let model_type = own.remove("model_type").unwrap_or_default();
        if !model_types.iter().any(|known| model_type == *known) {
            let problem = format!("model_type is {model_type}, not {}", model_types.join(" or "));
            return Err(Error::input(place, problem, "load it with the type that saved it"));
        }
        let network = own.remove("network").unwrap_or_default();
        let network =
            serde_json::from_value(network).map_err(|e| Error::input(&place, format!("the network: {e}"), mend))?;
        let preprocessor = FittedPreprocessor::load(folder.join(PREPROCESSOR))?;
        let network: MlpConfig = network;
        let features = preprocessor.features().len();
        if network.inputs != features {
            let problem =
                format!("the network has {} inputs, {PREPROCESSOR} makes {features} features", network.inputs);
            return Err(Error::input(place, problem, "use a folder that one model saved whole"));
        }
        let weights = Weights::from_file(folder.join(WEIGHTS))?;
        Ok(Self { preprocessor, weights, network, own, place, folder: folder.display().to_string() })
    }
}

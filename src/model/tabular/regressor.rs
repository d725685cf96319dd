//! Rows of a table to numbers.

use std::path::Path;

use candle_core::Device;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::classifier;
use super::network::{Saved, TabularNetwork};
use crate::data::{Exact, FittedPreprocessor, TableTarget, TabularDataset, mean_and_deviation};
use crate::model::model_card::quoted;
use crate::model::{LoadReport, MlpConfig, ModelCard, ModelSummary, ParameterStore};
use crate::{Error, Result};

/// The `model_type` of `config.json`.
pub(in crate::model) const MODEL_TYPE: &str = "tabular_regressor";

/// A regressor of rows: a fitted preprocessor and a multilayer perceptron with one output. The network learns the target
/// standardised by the training rows; predictions are in the target's own unit.
///
/// ```
/// use tunebook::prelude::*;
///
/// let size = TableColumn::numeric("size", (0..60).map(|n| Some(f64::from(n))).collect());
/// let cost = TableColumn::numeric("cost", (0..60).map(|n| Some(100.0 + 3.0 * f64::from(n))).collect());
/// let data = TabularDataset::new("bills", vec![size, cost])?.target_column("cost")?.random_split(42, 0.2, 0.2)?;
///
/// let preprocessor = Preprocessor::new().fit(&data.train)?;
/// let model = TabularRegressor::new(&preprocessor, &data.train, &[16], 42)?;
/// let config = TrainingConfig { epochs: 40, ..Default::default() };
/// let report = Trainer::new(model).config(config).observer(Quiet).fit(&data.train, &data.validation)?;
/// assert!(report.model().evaluate(&data.test)?.r2 > 0.8);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TabularRegressor {
    network: TabularNetwork,
    target: TargetScale,
}

/// The target's name, and how it is standardised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetScale {
    column: String,
    mean: Exact,
    deviation: Exact,
}

impl TargetScale {
    /// Mean and standard deviation of the training targets; the deviation is 1 where all are equal.
    fn fit(train: &TabularDataset) -> Result<Self> {
        let Some(TableTarget::Numbers { column, values }) = train.target() else {
            let mend = "name the column of the target with target_column(...)";
            return Err(Error::input(train.name(), "has no target of numbers", mend));
        };
        let (mean, deviation) = mean_and_deviation(values.iter().copied(), train.name())?;
        Ok(Self { column: column.clone(), mean: Exact(mean), deviation: Exact(deviation) })
    }
}

impl TabularRegressor {
    /// A network with hidden layers of these widths (none: a linear model) and ReLU between them; fresh weights from `seed`.
    /// Mean and deviation of the target are those of `train`.
    ///
    /// # Errors
    /// When `train` has no target of numbers or no rows, or a width is 0.
    pub fn new(preprocessor: &FittedPreprocessor, train: &TabularDataset, hidden: &[usize], seed: u64) -> Result<Self> {
        let config = MlpConfig { hidden: hidden.to_vec(), ..MlpConfig::new(preprocessor.features().len(), 1) };
        Self::with_config(preprocessor, train, config, seed)
    }

    /// The same with every setting of the network: dropout, layer normalisation, activation. Start from
    /// `MlpConfig::new(preprocessor.features().len(), 1)`.
    ///
    /// # Errors
    /// Those of [`TabularRegressor::new`], and when the configuration has another number of inputs than there are features,
    /// or more outputs than one.
    pub fn with_config(
        preprocessor: &FittedPreprocessor,
        train: &TabularDataset,
        config: MlpConfig,
        seed: u64,
    ) -> Result<Self> {
        if config.outputs != 1 {
            let problem = format!("is {}, a regressor gives one number", config.outputs);
            return Err(Error::input("MlpConfig::outputs", problem, "give 1"));
        }
        let target = TargetScale::fit(train)?;
        Ok(Self { network: TabularNetwork::new(preprocessor, config, seed)?, target })
    }

    /// The preprocessor and the hidden layers of a saved classifier or regressor, under a fresh last layer from `seed` for
    /// the target of `train`; see [`TabularClassifier::from_pretrained`](super::TabularClassifier::from_pretrained).
    ///
    /// # Errors
    /// When the folder holds no such model, and those of [`TabularRegressor::new`].
    pub fn from_pretrained(folder: impl AsRef<Path>, train: &TabularDataset, seed: u64) -> Result<Self> {
        let target = TargetScale::fit(train)?;
        let saved = Saved::read(folder.as_ref(), &[MODEL_TYPE, classifier::MODEL_TYPE])?;
        Ok(Self { network: TabularNetwork::with_fresh_head(saved, 1, seed)?, target })
    }

    /// A regressor that [`TabularRegressor::save`] wrote, ready to predict.
    ///
    /// # Errors
    /// When a file is missing or broken, or the files do not belong together.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Self::load_on(folder, &Device::Cpu)
    }

    /// The same on a device of [`device()`](crate::model::device()).
    ///
    /// # Errors
    /// Those of [`TabularRegressor::load`].
    pub fn load_on(folder: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let saved = Saved::read(folder.as_ref(), &[MODEL_TYPE])?;
        let broken = |problem: String| Error::input(&saved.place, problem, "save the model again");
        let target: TargetScale = serde_json::from_value(saved.own.get("target").cloned().unwrap_or_default())
            .map_err(|e| broken(format!("the target: {e}")))?;
        if target.deviation.0 <= 0.0 {
            return Err(broken(format!("the target's deviation is {}", target.deviation.0)));
        }
        Self { network: TabularNetwork::from_saved(saved, 1)?, target }.to_device(device)
    }

    /// Writes `model.safetensors`, `preprocessor.json`, `README.md` and `config.json` with the target's name and scale, each
    /// whole or not at all. [`TabularRegressor::load`] gives the same predictions to the last bit.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        self.save_with_card(folder, &ModelCard::new())
    }

    /// The same with data and metrics on the model's page.
    pub fn save_with_card(&self, folder: impl AsRef<Path>, card: &ModelCard) -> Result<()> {
        let target = serde_json::to_value(&self.target)
            .map_err(|e| Error::input("config.json", e, "this is a bug: please report it"))?;
        let facts = format!("{}- Answers with one number: {}\n", self.network.facts(), quoted(self.target()));
        let page = card.of_table("tabular-regression", "Table regressor", &facts, "TabularRegressor");
        self.network.save(folder.as_ref(), MODEL_TYPE, Map::from_iter([("target".to_owned(), target)]), &page)
    }

    /// The number of each raw row, in the target's own unit. The table needs no target.
    ///
    /// # Errors
    /// Those of [`FittedPreprocessor::transform`]: the message names row and column.
    pub fn predict(&self, rows: &TabularDataset) -> Result<Vec<f64>> {
        Ok(self.network.predict(rows, Ok)?.iter().map(|output| self.in_unit(output[0])).collect())
    }

    /// A copy with the same weights on a device of [`device()`](crate::model::device()), where it trains and predicts; what is
    /// frozen stays so.
    ///
    /// ```
    /// # use tunebook::prelude::*;
    /// # let load = TableColumn::numeric("load", (0..40).map(|n| Some(f64::from(n))).collect());
    /// # let other = TableColumn::numeric("cost", (0..40).map(|n| Some(f64::from(n / 20))).collect());
    /// # let data = TabularDataset::new("loads", vec![load, other])?.target_column("cost")?;
    /// # let preprocessor = Preprocessor::new().fit(&data)?;
    /// let model = TabularRegressor::new(&preprocessor, &data, &[16], 42)?.to_device(&device("auto")?)?;
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        Ok(Self { network: self.network.to_device(device)?, ..self.clone() })
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        self.store().device()
    }

    /// What turns raw rows into features.
    pub fn preprocessor(&self) -> &FittedPreprocessor {
        self.network.preprocessor()
    }

    /// All parameters.
    pub fn store(&self) -> &ParameterStore {
        self.network.store()
    }

    /// The name of the target's column in training.
    pub fn target(&self) -> &str {
        &self.target.column
    }

    /// Which parameters were loaded, which start fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        self.network.mlp().load_report()
    }

    /// Layers with their sizes, and which of them train.
    pub fn summary(&self) -> ModelSummary {
        ModelSummary::of(self.store(), format!("TabularRegressor of {}, {}", self.target(), self.network.shape()))
    }

    /// A target as the network learns it.
    pub(crate) fn standardised(&self, value: f64) -> f32 {
        ((value - self.target.mean.0) / self.target.deviation.0) as f32
    }

    /// The deviation of the training targets.
    pub(crate) fn deviation(&self) -> f64 {
        self.target.deviation.0
    }

    /// The target that an output of the network stands for.
    pub(crate) fn in_unit(&self, output: f32) -> f64 {
        f64::from(output) * self.target.deviation.0 + self.target.mean.0
    }

    pub(crate) fn network(&self) -> &TabularNetwork {
        &self.network
    }
}

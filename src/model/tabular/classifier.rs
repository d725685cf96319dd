//! Rows of a table to classes.

use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Map, Value};

use super::network::{Saved, TabularNetwork};
use super::regressor;
use crate::data::{FittedPreprocessor, TabularDataset};
use crate::model::classifier::check_labels;
use crate::model::model_card::quoted;
use crate::model::{LoadReport, MlpConfig, ModelCard, ModelSummary, ParameterStore, Pass, Prediction, Predictions};
use crate::{Error, Result};

/// The `model_type` of `config.json`.
pub(in crate::model) const MODEL_TYPE: &str = "tabular_classifier";

/// A classifier of rows: a fitted preprocessor and a multilayer perceptron. It takes raw rows, with missing cells and
/// categories as words.
///
/// ```
/// use tunebook::prelude::*;
///
/// let load = TableColumn::numeric("load", (0..40).map(|n| Some(f64::from(n))).collect());
/// let tier = (0..40).map(|n| Some(if n < 20 { "small" } else { "large" }.to_owned())).collect();
/// let data = TabularDataset::new("loads", vec![load, TableColumn::categorical("tier", tier)])?.label_column("tier")?;
/// let data = data.stratified_split(42, 0.2, 0.2)?;
///
/// let preprocessor = Preprocessor::new().fit(&data.train)?;
/// let model = TabularClassifier::new(&preprocessor, data.label_names(), &[16], 42)?;
/// let config = TrainingConfig { epochs: 40, ..Default::default() };
/// let report = Trainer::new(model).config(config).observer(Quiet).fit(&data.train, &data.validation)?;
/// assert!(report.model().evaluate(&data.test)?.accuracy > 0.7);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TabularClassifier {
    network: TabularNetwork,
    labels: Vec<String>,
}

impl TabularClassifier {
    /// A network with hidden layers of these widths (none: a linear model) and ReLU between them; fresh weights from `seed`.
    ///
    /// # Errors
    /// For fewer than two labels, a label that stands twice, or a width of 0.
    pub fn new(preprocessor: &FittedPreprocessor, labels: Vec<String>, hidden: &[usize], seed: u64) -> Result<Self> {
        let config = MlpConfig::new(preprocessor.features().len(), labels.len());
        Self::with_config(preprocessor, labels, MlpConfig { hidden: hidden.to_vec(), ..config }, seed)
    }

    /// The same with every setting of the network: dropout, layer normalisation, activation. Start from
    /// `MlpConfig::new(preprocessor.features().len(), labels.len())`.
    ///
    /// # Errors
    /// Those of [`TabularClassifier::new`], and when the configuration has another number of inputs than there are
    /// features, or of outputs than there are labels.
    pub fn with_config(
        preprocessor: &FittedPreprocessor,
        labels: Vec<String>,
        config: MlpConfig,
        seed: u64,
    ) -> Result<Self> {
        check_labels(&labels)?;
        if config.outputs != labels.len() {
            let problem = format!("is {}, there are {} labels", config.outputs, labels.len());
            return Err(Error::input("MlpConfig::outputs", problem, "give one output for each label"));
        }
        Ok(Self { network: TabularNetwork::new(preprocessor, config, seed)?, labels })
    }

    /// The preprocessor and the hidden layers of a saved classifier or regressor, under a fresh last layer for these labels
    /// from `seed`: transfer to a related task with the same columns. Train it with
    /// [`Method::FeatureExtraction`](crate::train::Method) (only the new layer learns, on what the frozen layers say of each
    /// row) or any other method.
    ///
    /// # Errors
    /// When the folder holds no such model, and those of [`TabularClassifier::new`].
    pub fn from_pretrained(folder: impl AsRef<Path>, labels: Vec<String>, seed: u64) -> Result<Self> {
        check_labels(&labels)?;
        let saved = Saved::read(folder.as_ref(), &[MODEL_TYPE, regressor::MODEL_TYPE])?;
        Ok(Self { network: TabularNetwork::with_fresh_head(saved, labels.len(), seed)?, labels })
    }

    /// A classifier that [`TabularClassifier::save`] wrote, ready to predict.
    ///
    /// # Errors
    /// When a file is missing or broken, or the files do not belong together.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Self::load_on(folder, &Device::Cpu)
    }

    /// The same on a device of [`device()`](crate::model::device()).
    ///
    /// # Errors
    /// Those of [`TabularClassifier::load`].
    pub fn load_on(folder: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let saved = Saved::read(folder.as_ref(), &[MODEL_TYPE])?;
        let labels: Vec<String> = serde_json::from_value(saved.own.get("labels").cloned().unwrap_or_default())
            .map_err(|e| Error::input(&saved.place, format!("the labels: {e}"), "write a list of names"))?;
        check_labels(&labels)?;
        Self { network: TabularNetwork::from_saved(saved, labels.len())?, labels }.to_device(device)
    }

    /// Writes `model.safetensors`, `preprocessor.json`, `README.md` and `config.json` with the labels, each whole or not at
    /// all. [`TabularClassifier::load`] gives the same predictions to the last bit.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        self.save_with_card(folder, &ModelCard::new())
    }

    /// The same with data and metrics on the model's page.
    pub fn save_with_card(&self, folder: impl AsRef<Path>, card: &ModelCard) -> Result<()> {
        let own = Map::from_iter([("labels".to_owned(), Value::from(self.labels.clone()))]);
        let labels: Vec<String> = self.labels.iter().map(|label| quoted(label)).collect();
        let facts = format!("{}- Labels: {}\n", self.network.facts(), labels.join(", "));
        let page = card.of_table("tabular-classification", "Table classifier", &facts, "TabularClassifier");
        self.network.save(folder.as_ref(), MODEL_TYPE, own, &page)
    }

    /// Scores of every row before the softmax, `(rows, labels)`. The table needs no target.
    ///
    /// # Errors
    /// Those of [`FittedPreprocessor::transform`]: the message names row and column.
    pub fn logits(&self, rows: &TabularDataset, pass: &Pass) -> Result<Tensor> {
        self.network.mlp().forward(&self.network.rows(rows)?, pass)
    }

    /// The most probable label of each raw row, with all probabilities. The table needs no target.
    ///
    /// # Errors
    /// Those of [`FittedPreprocessor::transform`]: the message names row and column.
    pub fn predict(&self, rows: &TabularDataset) -> Result<Predictions> {
        let probabilities = self.network.predict(rows, |logits| Ok(candle_nn::ops::softmax(&logits, 1)?))?;
        let item = |(row, probabilities)| Prediction::new(rows.row_text(row), probabilities, &self.labels);
        Ok(Predictions::new(probabilities.into_iter().enumerate().map(item).collect(), self.labels.clone()))
    }

    /// A copy with the same weights on a device of [`device()`](crate::model::device()), where it trains and predicts; what is
    /// frozen stays so.
    ///
    /// ```
    /// # use tunebook::prelude::*;
    /// # let load = TableColumn::numeric("load", (0..40).map(|n| Some(f64::from(n))).collect());
    /// # let other = TableColumn::numeric("cost", (0..40).map(|n| Some(f64::from(n / 20))).collect());
    /// # let data = TabularDataset::new("loads", vec![load, other])?.label_column("cost")?;
    /// # let preprocessor = Preprocessor::new().fit(&data)?;
    /// let model = TabularClassifier::new(&preprocessor, data.label_names(), &[16], 42)?.to_device(&device("auto")?)?;
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

    /// The labels, in the order of the logits.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Which parameters were loaded, which start fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        self.network.mlp().load_report()
    }

    /// Layers with their sizes, and which of them train.
    pub fn summary(&self) -> ModelSummary {
        let title = format!("TabularClassifier, {}, {} labels", self.network.shape(), self.labels.len());
        ModelSummary::of(self.store(), title)
    }

    pub(crate) fn network(&self) -> &TabularNetwork {
        &self.network
    }
}

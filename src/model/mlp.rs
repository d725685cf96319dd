//! A multilayer perceptron: the network for rows of numbers.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LayerNorm, Linear, LoadReport, ModelSummary, ParameterStore, Pass, StoreBuilder, Weights, files};
use crate::{Error, Result, ops};

/// Added to the variance in layer normalisation, as in PyTorch.
const EPS: f64 = 1e-5;

/// More numbers than any table's network needs: 4 GiB. A broken config.json must not ask for more memory than there is.
const MOST_PARAMETERS: usize = 1 << 30;

/// What bends the line between two linear layers.
///
/// ```
/// use tunebook::model::{Activation, Mlp, MlpConfig};
/// let config = MlpConfig { hidden: vec![16], activation: Activation::Gelu, ..MlpConfig::new(4, 3) };
/// assert_eq!(Mlp::new(config, 42)?.config().activation, Activation::Gelu);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// `max(0, x)`: [`ops::relu()`].
    #[default]
    Relu,
    /// The Gaussian error linear unit: [`ops::gelu()`].
    Gelu,
}

impl Activation {
    /// Any shape to the same shape.
    ///
    /// ```
    /// use tunebook::candle::{Device, Tensor};
    /// let x = Tensor::new(&[-1.0f32, 0.0, 2.0], &Device::Cpu)?;
    /// assert_eq!(tunebook::model::Activation::Relu.forward(&x)?.to_vec1::<f32>()?, [0.0, 0.0, 2.0]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Relu => ops::relu(x),
            Self::Gelu => ops::gelu(x),
        }
    }
}

/// The shape of an [`Mlp`].
///
/// ```
/// use tunebook::model::MlpConfig;
/// let config = MlpConfig { hidden: vec![64, 32], dropout: 0.1, ..MlpConfig::new(8, 3) };
/// assert_eq!(config.parameters(), Some(8 * 64 + 64 + 64 * 32 + 32 + 32 * 3 + 3));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MlpConfig {
    /// Numbers in a row.
    pub inputs: usize,
    /// Widths of the hidden layers; none gives a linear model.
    pub hidden: Vec<usize>,
    /// Numbers that come out: one for each class, or 1 for a regression.
    pub outputs: usize,
    /// What follows each hidden layer.
    pub activation: Activation,
    /// Whether each hidden layer is normalised before its activation.
    pub layer_norm: bool,
    /// Share of each hidden layer's outputs that training drops, 0 to below 1.
    pub dropout: f64,
}

impl MlpConfig {
    /// One hidden layer of 64 units with ReLU, without normalisation or dropout.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self { inputs, hidden: vec![64], outputs, activation: Activation::Relu, layer_norm: false, dropout: 0.0 }
    }

    /// How many numbers the network learns; `None` when that is too many to count.
    pub fn parameters(&self) -> Option<usize> {
        let mut count = 0usize;
        let mut inputs = self.inputs;
        for &width in self.hidden.iter().chain([&self.outputs]) {
            count = count.checked_add(inputs.checked_add(1)?.checked_mul(width)?)?;
            inputs = width;
        }
        let normalised: usize = if self.layer_norm {
            self.hidden.iter().try_fold(0usize, |sum, &width| sum.checked_add(width))?
        } else {
            0
        };
        count.checked_add(normalised.checked_mul(2)?)
    }

    fn check(&self, origin: &str) -> Result<()> {
        if self.inputs == 0 || self.outputs == 0 || self.hidden.contains(&0) {
            let widths =
                format!("{} inputs, hidden layers of {:?}, {} outputs", self.inputs, self.hidden, self.outputs);
            return Err(Error::input(origin, widths, "give every layer a width of at least 1"));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(Error::input(
                origin,
                format!("dropout {} is no share", self.dropout),
                "give a number from 0 to below 1",
            ));
        }
        if self.parameters().is_none_or(|count| count > MOST_PARAMETERS) {
            return Err(Error::input(
                origin,
                format!("these widths need more than {MOST_PARAMETERS} parameters"),
                "make the hidden layers narrower",
            ));
        }
        Ok(())
    }
}

/// Linear layers with an activation between them, for rows of numbers.
///
/// Each hidden layer is linear, then layer normalisation where asked for, activation, dropout. Fresh weights are normal
/// with deviation `sqrt(2 / inputs)` (He et al. 2015, <https://arxiv.org/abs/1502.01852>), `sqrt(1 / inputs)` in the
/// last layer; biases start at 0. Scale the columns first: a column in the thousands drowns the others.
///
/// ```
/// use tunebook::candle::{Device, Tensor};
/// use tunebook::model::{Mlp, MlpConfig, Pass};
/// let model = Mlp::new(MlpConfig { hidden: vec![16, 8], ..MlpConfig::new(4, 3) }, 42)?;
/// let rows = Tensor::zeros((5, 4), tunebook::candle::DType::F32, &Device::Cpu)?;
/// assert_eq!(model.forward(&rows, &Pass::evaluation())?.dims(), [5, 3]);
/// println!("{}", model.summary());
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mlp {
    config: MlpConfig,
    hidden: Vec<Hidden>,
    output: Linear,
    store: ParameterStore,
    report: LoadReport,
}

#[derive(Clone, Debug)]
struct Hidden {
    dense: Linear,
    norm: Option<LayerNorm>,
}

impl Mlp {
    /// A network with fresh weights from `seed`: the same seed gives the same bits.
    ///
    /// # Errors
    /// When a width is 0, the dropout is no share, or the widths ask for more memory than a table's network needs.
    pub fn new(config: MlpConfig, seed: u64) -> Result<Self> {
        Self::new_on(config, seed, &Device::Cpu)
    }

    /// The same on a device of [`super::device()`].
    pub fn new_on(config: MlpConfig, seed: u64, device: &Device) -> Result<Self> {
        Self::build(config, StoreBuilder::random(seed).on(device), "MlpConfig")
    }

    /// A network that [`Mlp::save`] wrote.
    ///
    /// # Errors
    /// When a file is missing or broken, or weights and configuration do not belong together.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Self::load_on(folder, &Device::Cpu)
    }

    /// The same on a device of [`super::device()`].
    pub fn load_on(folder: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let path = folder.as_ref().join("config.json");
        let place = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|e| Error::io(&path, e))?;
        let broken =
            |e| Error::input(&place, e, "this folder holds no multilayer perceptron: use one that Mlp::save wrote");
        let mut json: Value = serde_json::from_str(&text).map_err(broken)?;
        if json["model_type"] != "mlp" {
            let found = format!("model_type is {}, not \"mlp\"", json["model_type"]);
            return Err(Error::input(&place, found, "load it with the type that saved it"));
        }
        if let Value::Object(map) = &mut json {
            map.remove("model_type");
        }
        let config = serde_json::from_value(json).map_err(broken)?;
        let weights = Weights::from_file(folder.as_ref().join("model.safetensors"))?;
        Self::build(config, StoreBuilder::strict(weights, 0).on(device), &place)
    }

    /// A copy with the same values on a device of [`super::device()`]; what is frozen stays so.
    ///
    /// ```
    /// use tunebook::model::{Mlp, MlpConfig, device};
    /// let model = Mlp::new(MlpConfig::new(4, 3), 42)?.to_device(&device("auto")?)?;
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        let builder = StoreBuilder::strict(Weights::of_store(&self.store, "Mlp"), 0).on(device);
        let copy = Self { report: self.report.clone(), ..Self::build(self.config.clone(), builder, "MlpConfig")? };
        for parameter in copy.store.all() {
            parameter.set_trainable(self.store.get(parameter.name()).is_some_and(|own| own.is_trainable()));
        }
        Ok(copy)
    }

    pub(super) fn build(config: MlpConfig, mut builder: StoreBuilder, origin: &str) -> Result<Self> {
        config.check(origin)?;
        let mut hidden = Vec::with_capacity(config.hidden.len());
        let mut inputs = config.inputs;
        for (n, &width) in config.hidden.iter().enumerate() {
            let std = (2.0 / inputs as f64).sqrt();
            let dense = Linear::new(&mut builder, &format!("hidden.{n}.dense"), inputs, width, std)?;
            let norm = if config.layer_norm {
                Some(LayerNorm::new(&mut builder, &format!("hidden.{n}.LayerNorm"), width, EPS)?)
            } else {
                None
            };
            hidden.push(Hidden { dense, norm });
            inputs = width;
        }
        let output = Linear::new(&mut builder, "output", inputs, config.outputs, (1.0 / inputs as f64).sqrt())?;
        let (store, report) = builder.finish()?;
        Ok(Self { config, hidden, output, store, report })
    }

    /// Rows `(rows, inputs)` of 32-bit floats to `(rows, outputs)`: scores before a softmax, or the predicted numbers.
    ///
    /// # Errors
    /// When the rows have another width.
    pub fn forward(&self, rows: &Tensor, pass: &Pass) -> Result<Tensor> {
        self.head(&self.features(rows, pass)?, pass)
    }

    /// Rows `(rows, inputs)` to what the last hidden layer makes of them before its dropout, `(rows, width)`: all that a head
    /// on a frozen body needs to know of a row. Without hidden layers the rows as they are.
    pub(crate) fn features(&self, rows: &Tensor, pass: &Pass) -> Result<Tensor> {
        if rows.rank() != 2 || rows.dims()[1] != self.config.inputs {
            return Err(Error::input(
                "rows",
                format!("the shape is {:?}, the network takes (rows, {})", rows.dims(), self.config.inputs),
                "give one row for each example, with the columns that the network was made for",
            ));
        }
        let mut x = rows.to_device(self.store.device())?;
        for (n, layer) in self.hidden.iter().enumerate() {
            if n > 0 {
                x = pass.dropout(&x, self.config.dropout)?;
            }
            x = layer.dense.forward(&x, pass)?;
            if let Some(norm) = &layer.norm {
                x = norm.forward(&x, pass)?;
            }
            x = self.config.activation.forward(&x)?;
        }
        Ok(x)
    }

    /// The outputs `(rows, outputs)` from [`Mlp::features`].
    pub(crate) fn head(&self, features: &Tensor, pass: &Pass) -> Result<Tensor> {
        let rate = if self.hidden.is_empty() { 0.0 } else { self.config.dropout };
        self.output.forward(&pass.dropout(features, rate)?, pass)
    }

    /// Which parameters were loaded, which start fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        &self.report
    }

    /// The network's shape.
    pub fn config(&self) -> &MlpConfig {
        &self.config
    }

    /// All parameters: `hidden.0.dense.weight`, `hidden.0.LayerNorm.weight`, `output.bias`, ...
    pub fn store(&self) -> &ParameterStore {
        &self.store
    }

    /// Layers with their sizes, and which of them train.
    pub fn summary(&self) -> ModelSummary {
        let MlpConfig { inputs, hidden, outputs, .. } = &self.config;
        ModelSummary::of(&self.store, format!("Mlp, {inputs} inputs, hidden layers of {hidden:?}, {outputs} outputs"))
    }

    /// Writes `model.safetensors` and `config.json`, each whole or not at all; `config.json`, without which nothing
    /// loads, comes last.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        files::make_folder(folder)?;
        self.store.save(folder.join("model.safetensors"), DType::F32)?;
        let bug = |e| Error::input("config.json", e, "this is a bug: please report it");
        let mut json = serde_json::to_value(&self.config).map_err(bug)?;
        json["model_type"] = "mlp".into();
        files::write_json(&folder.join("config.json"), &json)
    }
}

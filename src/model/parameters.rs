//! What a model learns: named tensors, each trainable or frozen.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use candle_core::{DType, Device, Shape, Tensor, Var};

use super::{Buffer, Pass};
use crate::Result;
use crate::words::matches;

/// One named tensor of a model. Copies share the values and the trainable flag.
///
/// ```
/// use tunebook::model::{Init, StoreBuilder};
/// let mut builder = StoreBuilder::random(42);
/// let bias = builder.parameter("head.bias", &[2], Init::Zeros)?;
/// let same = bias.clone();
/// same.set_trainable(false);
/// assert!(!bias.is_trainable());
/// assert_eq!((bias.name(), bias.count()), ("head.bias", 2));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Parameter {
    name: Arc<str>,
    var: Var,
    trainable: Arc<AtomicBool>,
    decays: bool,
}

impl Parameter {
    pub(super) fn new(name: &str, var: Var) -> Self {
        Self { name: name.into(), var, trainable: Arc::new(AtomicBool::new(true)), decays: true }
    }

    /// The same, left alone by weight decay.
    pub(super) fn without_decay(self) -> Self {
        Self { decays: false, ..self }
    }

    /// The name, as in the safetensors file: `encoder.layer.0.attention.self.query.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The variable that an optimizer changes.
    pub fn var(&self) -> &Var {
        &self.var
    }

    /// How many numbers it holds.
    pub fn count(&self) -> usize {
        self.var.elem_count()
    }

    /// Whether training may change it.
    pub fn is_trainable(&self) -> bool {
        self.trainable.load(Ordering::Relaxed)
    }

    /// Freezes or unfreezes it, for every copy of this handle.
    pub fn set_trainable(&self, trainable: bool) {
        self.trainable.store(trainable, Ordering::Relaxed);
    }

    /// The tensor to compute with. It tracks gradients only when the pass does and the parameter is trainable;
    /// otherwise it is a detached view of the same values, and no graph is built on it.
    pub fn tensor(&self, pass: &Pass) -> Tensor {
        if pass.tracks_gradients() && self.is_trainable() {
            self.var.as_tensor().clone()
        } else {
            self.var.as_detached_tensor()
        }
    }

    /// Whether weight decay leaves it alone, as the model declared with
    /// [`StoreBuilder::parameter_without_decay`](super::StoreBuilder::parameter_without_decay): biases and normalisation
    /// weights.
    pub fn is_exempt_from_decay(&self) -> bool {
        !self.decays
    }
}

/// All parameters of a model, sorted by name, and its buffers.
///
/// ```
/// use tunebook::model::{Init, StoreBuilder};
/// let mut builder = StoreBuilder::random(42);
/// builder.parameter("encoder.weight", &[4, 4], Init::Normal(0.02))?;
/// builder.parameter("classifier.weight", &[2, 4], Init::Normal(0.02))?;
/// let (store, _) = builder.finish()?;
/// store.set_trainable(|name| name.starts_with("classifier."));
/// assert_eq!((store.trainable_count(), store.count()), (8, 24));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ParameterStore {
    parameters: BTreeMap<String, Parameter>,
    buffers: BTreeMap<String, Buffer>,
}

impl ParameterStore {
    pub(super) fn new(parameters: BTreeMap<String, Parameter>, buffers: BTreeMap<String, Buffer>) -> Self {
        Self { parameters, buffers }
    }

    /// Every parameter, in the order of names.
    pub fn all(&self) -> Vec<Parameter> {
        self.parameters.values().cloned().collect()
    }

    /// The trainable ones, in the order of names.
    pub fn trainable(&self) -> Vec<Parameter> {
        self.parameters.values().filter(|p| p.is_trainable()).cloned().collect()
    }

    /// What the model keeps beside its parameters, in the order of names: running statistics.
    pub fn buffers(&self) -> Vec<Buffer> {
        self.buffers.values().cloned().collect()
    }

    /// Adds a parameter, or replaces the one of the same name.
    pub(super) fn insert(&mut self, parameter: Parameter) {
        self.parameters.insert(parameter.name().to_owned(), parameter);
    }

    /// The parameter of this name.
    pub fn get(&self, name: &str) -> Option<Parameter> {
        self.parameters.get(name).cloned()
    }

    /// Makes trainable exactly the parameters for whose name `choose` says so; freezes the others.
    pub fn set_trainable(&self, choose: impl Fn(&str) -> bool) {
        for (name, parameter) in &self.parameters {
            parameter.set_trainable(choose(name));
        }
    }

    /// Freezes the parameters whose names have the form of `pattern`, in which `*` stands for any characters and `?` for
    /// one; the others stay as they are. Returns how many have that form. A run with
    /// [`Method::Chosen`](crate::train::Method::Chosen) trains what is left.
    ///
    /// ```
    /// use tunebook::model::{Pretrained, TextClassifier};
    /// let labels = vec!["billing".to_owned(), "storage".to_owned()];
    /// let model = TextClassifier::from_pretrained(Pretrained::embedded(), labels)?;
    /// model.store().freeze("*")?;
    /// model.store().unfreeze("encoder.layer.3.*.dense.*")?;
    /// model.store().unfreeze("classifier.*")?;
    /// assert!(model.store().freeze("decoder.*").unwrap_err().to_string().contains("embeddings, encoder.layer.0"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no name has that form.
    pub fn freeze(&self, pattern: &str) -> Result<usize> {
        self.mark(pattern, false)
    }

    /// Makes trainable the parameters whose names have the form of `pattern`, as [`ParameterStore::freeze`] freezes them.
    ///
    /// # Errors
    /// When no name has that form.
    pub fn unfreeze(&self, pattern: &str) -> Result<usize> {
        self.mark(pattern, true)
    }

    fn mark(&self, pattern: &str, trainable: bool) -> Result<usize> {
        let chosen: Vec<_> = self.parameters.values().filter(|p| matches(pattern, p.name())).collect();
        if chosen.is_empty() {
            let mut parts: Vec<String> = self.parameters.keys().map(|name| super::part(name)).collect();
            parts.dedup();
            return Err(crate::Error::input(
                format!("pattern {pattern:?}"),
                "no parameter has such a name",
                format!("names begin with: {}; * stands for any characters", parts.join(", ")),
            ));
        }
        for parameter in &chosen {
            parameter.set_trainable(trainable);
        }
        Ok(chosen.len())
    }

    /// How many numbers all parameters hold together. Buffers are not counted, as in PyTorch.
    pub fn count(&self) -> usize {
        self.parameters.values().map(Parameter::count).sum()
    }

    /// How many numbers training may change.
    pub fn trainable_count(&self) -> usize {
        self.parameters.values().filter(|p| p.is_trainable()).map(Parameter::count).sum()
    }

    /// Where the parameters lie; an empty store is in main memory.
    pub fn device(&self) -> &Device {
        self.parameters.values().next().map_or(&Device::Cpu, |parameter| parameter.var.device())
    }

    /// Copies of the current values of these parameters and of all buffers, for [`ParameterStore::restore`].
    pub fn copy_of(&self, names: &[String]) -> Result<BTreeMap<String, Tensor>> {
        let parameters = names.iter().filter_map(|name| self.parameters.get(name));
        let parameters = parameters.map(|p| (p.name(), p.var.as_detached_tensor()));
        let buffers = self.buffers.values().map(|b| (b.name(), b.tensor()));
        parameters.chain(buffers).map(|(name, tensor)| Ok((name.to_owned(), tensor.copy()?))).collect()
    }

    /// The shape of what stands under this name, a parameter or a buffer.
    pub(crate) fn shape(&self, name: &str) -> Option<Shape> {
        let parameter = self.parameters.get(name).map(|p| p.var.shape().clone());
        parameter.or_else(|| self.buffers.get(name).map(|b| b.tensor().shape().clone()))
    }

    /// Puts values of [`ParameterStore::copy_of`] back, from any device.
    pub fn restore(&self, copies: &BTreeMap<String, Tensor>) -> Result<()> {
        for (name, values) in copies {
            match (self.parameters.get(name), self.buffers.get(name)) {
                (Some(parameter), _) => parameter.var.set(&values.to_device(parameter.var.device())?)?,
                (None, Some(buffer)) => buffer.set(values)?,
                (None, None) => {
                    let mend = "restore copies of the same model's parameters";
                    return Err(crate::Error::input(name, "no parameter of this name", mend));
                }
            }
        }
        Ok(())
    }

    /// Writes all parameters and buffers to a safetensors file with this number type (`F32`, or `F16` at half the size);
    /// whole numbers stay what they are.
    pub fn save(&self, path: impl AsRef<Path>, dtype: DType) -> Result<()> {
        let parameters = self.parameters.values().map(|p| (p.name(), p.var.as_detached_tensor()));
        let buffers = self.buffers.values().map(|b| (b.name(), b.tensor()));
        let tensors = parameters
            .chain(buffers)
            .map(|(name, t)| Ok((name.to_owned(), if t.dtype().is_float() { t.to_dtype(dtype)? } else { t })))
            .collect::<Result<Vec<_>>>()?;
        super::weights::write(path.as_ref(), tensors)
    }
}

//! Building a parameter store strictly: every name is loaded, declared new, or an error.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use candle_core::{DType, Device, Tensor, Var};

use super::{Buffer, Init, Parameter, ParameterStore, Weights};
use crate::{Error, Result};

/// Collects the parameters and buffers that a model asks for, from a weights file or from seeded initial values.
///
/// A name that the file lacks is an error unless it lies under a prefix declared with
/// [`StoreBuilder::allow_new`]; so is a shape that differs. All such problems come in one error, from
/// [`StoreBuilder::finish`].
///
/// ```
/// use tunebook::model::{Linear, StoreBuilder};
/// let mut builder = StoreBuilder::random(42);
/// let head = Linear::new(&mut builder, "head", 4, 2, 0.02)?;
/// let (store, report) = builder.finish()?;
/// assert_eq!(report.new, ["head.weight", "head.bias"]);
/// assert_eq!(store.count(), 4 * 2 + 2);
/// # let _ = head;
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug)]
pub struct StoreBuilder {
    weights: Option<Weights>,
    new_prefixes: Vec<String>,
    seed: u64,
    device: Device,
    parameters: BTreeMap<String, Parameter>,
    buffers: BTreeMap<String, Buffer>,
    report: LoadReport,
    missing: Vec<String>,
    mismatched: Vec<String>,
}

/// Which parameters and buffers came from the file, which start fresh, and what the file had beyond them.
///
/// ```
/// use tunebook::model::{Pretrained, TextClassifier};
/// let labels = vec!["billing".to_owned(), "storage".to_owned()];
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), labels)?;
/// assert_eq!(model.load_report().new, ["classifier.weight", "classifier.bias"]);
/// println!("{}", model.load_report());
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Names whose values came from the weights file.
    pub loaded: Vec<String>,
    /// Names that start from seeded initial values.
    pub new: Vec<String>,
    /// Names in the file that the model did not ask for.
    pub unused: Vec<String>,
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tensors loaded", self.loaded.len())?;
        if !self.new.is_empty() {
            write!(f, ", new: {}", self.new.join(", "))?;
        }
        if !self.unused.is_empty() {
            write!(f, ", unused in the file: {}", self.unused.join(", "))?;
        }
        Ok(())
    }
}

impl StoreBuilder {
    /// A store of fresh values only.
    pub fn random(seed: u64) -> Self {
        Self::with(None, seed)
    }

    /// A store whose values come from `weights`; `seed` is for the names under [`StoreBuilder::allow_new`].
    pub fn strict(weights: Weights, seed: u64) -> Self {
        Self::with(Some(weights), seed)
    }

    fn with(weights: Option<Weights>, seed: u64) -> Self {
        Self {
            weights,
            new_prefixes: Vec::new(),
            seed,
            device: Device::Cpu,
            parameters: BTreeMap::new(),
            buffers: BTreeMap::new(),
            report: LoadReport::default(),
            missing: Vec::new(),
            mismatched: Vec::new(),
        }
    }

    /// The device that every parameter is made on; the CPU when nothing is said.
    pub fn on(mut self, device: &Device) -> Self {
        self.device = device.clone();
        self
    }

    /// Declares that names under this prefix (such as `classifier.`) may be absent from the file and then start fresh.
    pub fn allow_new(mut self, prefix: &str) -> Self {
        self.new_prefixes.push(prefix.to_owned());
        self
    }

    /// Whether values come from a file and it has none of this name.
    pub(super) fn lacks(&self, name: &str) -> bool {
        self.weights.as_ref().is_some_and(|weights| weights.get(name).is_none())
    }

    /// What the weights file is called in messages.
    pub(super) fn origin(&self) -> &str {
        self.weights.as_ref().map_or("weights", Weights::origin)
    }

    /// The parameter of this name and shape; `init` is used when it starts fresh.
    pub fn parameter(&mut self, name: &str, shape: &[usize], init: Init) -> Result<Parameter> {
        self.parameter_as(name, shape, init, |parameter| parameter)
    }

    /// The same for a parameter that weight decay leaves alone: a bias, or the weight of a normalisation. Decay pulls
    /// numbers to zero; these have no reason to be there.
    ///
    /// ```
    /// use tunebook::model::{Init, StoreBuilder};
    /// let mut builder = StoreBuilder::random(0);
    /// assert!(!builder.parameter("conv.weight", &[2, 3], Init::Normal(0.1))?.is_exempt_from_decay());
    /// assert!(builder.parameter_without_decay("bn.weight", &[2], Init::Ones)?.is_exempt_from_decay());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn parameter_without_decay(&mut self, name: &str, shape: &[usize], init: Init) -> Result<Parameter> {
        self.parameter_as(name, shape, init, Parameter::without_decay)
    }

    fn parameter_as(
        &mut self,
        name: &str,
        shape: &[usize],
        init: Init,
        finish: impl Fn(Parameter) -> Parameter,
    ) -> Result<Parameter> {
        if let Some(existing) = self.parameters.get(name) {
            same_shape(name, existing.var().dims(), shape)?;
            return Ok(existing.clone());
        }
        let parameter = finish(Parameter::new(name, self.values(name, shape, init)?));
        self.parameters.insert(name.to_owned(), parameter.clone());
        Ok(parameter)
    }

    /// The buffer of this name and shape, as strictly as a parameter; `init` is used when it starts fresh.
    pub fn buffer(&mut self, name: &str, shape: &[usize], init: Init) -> Result<Buffer> {
        if let Some(existing) = self.buffers.get(name) {
            same_shape(name, existing.tensor().dims(), shape)?;
            return Ok(existing.clone());
        }
        let buffer = Buffer::new(name, self.values(name, shape, init)?);
        self.buffers.insert(name.to_owned(), buffer.clone());
        Ok(buffer)
    }

    /// A buffer of one whole number, such as how many batches were seen. A file without it starts at 0, as in PyTorch:
    /// older files have none.
    pub fn counter(&mut self, name: &str) -> Result<Buffer> {
        if let Some(existing) = self.buffers.get(name) {
            return Ok(existing.clone());
        }
        let start = match self.weights.as_mut().and_then(|w| w.take(name)) {
            Some(count) if count.elem_count() == 1 => {
                self.report.loaded.push(name.to_owned());
                count.reshape(())?.to_dtype(DType::I64)?.to_device(&self.device)?
            }
            other => {
                match other {
                    Some(tensor) => self.mismatched.push(format!("{name} is {:?}, not one number", tensor.dims())),
                    None => self.report.new.push(name.to_owned()),
                }
                Tensor::new(0i64, &self.device)?
            }
        };
        let buffer = Buffer::new(name, Var::from_tensor(&start)?);
        self.buffers.insert(name.to_owned(), buffer.clone());
        Ok(buffer)
    }

    /// The values under this name: from the file, or fresh where that is allowed. What is wrong is noted for the end.
    fn values(&mut self, name: &str, shape: &[usize], init: Init) -> Result<Var> {
        match self.weights.as_mut().and_then(|w| w.take(name)) {
            Some(tensor) if tensor.dims() == shape => {
                self.report.loaded.push(name.to_owned());
                Ok(Var::from_tensor(&tensor.to_device(&self.device)?)?)
            }
            Some(tensor) => {
                self.mismatched.push(format!("{name} is {:?}, not {shape:?}", tensor.dims()));
                Init::Zeros.var(name, shape, self.seed, &self.device)
            }
            None => {
                let allowed = self.weights.is_none() || self.new_prefixes.iter().any(|p| name.starts_with(p.as_str()));
                if allowed {
                    self.report.new.push(name.to_owned());
                } else {
                    self.missing.push(name.to_owned());
                }
                init.var(name, shape, self.seed, &self.device)
            }
        }
    }

    /// The finished store, and what came from where.
    pub fn finish(self) -> Result<(ParameterStore, LoadReport)> {
        let Self { weights, parameters, buffers, mut report, missing, mismatched, .. } = self;
        let (origin, remaining) = match &weights {
            Some(weights) => (weights.origin().to_owned(), weights.names()),
            None => (String::new(), BTreeSet::new()),
        };
        if !missing.is_empty() {
            return Err(Error::input(
                origin,
                format!("the weights file lacks {} that the model needs: {}", missing.len(), abbreviate(&missing)),
                format!(
                    "check that config.json and the weights belong together; names that the file has and the model does not \
                     use: {}",
                    abbreviate(&remaining.iter().cloned().collect::<Vec<_>>())
                ),
            ));
        }
        if !mismatched.is_empty() {
            return Err(Error::input(
                origin,
                format!("shapes differ from the configuration: {}", abbreviate(&mismatched)),
                "check that config.json and the weights belong together",
            ));
        }
        report.unused = remaining.into_iter().collect();
        Ok((ParameterStore::new(parameters, buffers), report))
    }
}

/// One name stands for one tensor.
fn same_shape(name: &str, first: &[usize], second: &[usize]) -> Result<()> {
    if first == second {
        return Ok(());
    }
    Err(Error::input(name, format!("asked for as {first:?} and as {second:?}"), "give one shape to one name"))
}

/// The first few names, and how many more there are.
fn abbreviate(names: &[String]) -> String {
    const SHOWN: usize = 6;
    if names.is_empty() {
        return "none".to_owned();
    }
    let mut text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        let _ = write!(text, " and {} more", names.len() - SHOWN);
    }
    text
}

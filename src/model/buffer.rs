//! What a model keeps beside its parameters: numbers that a forward pass moves and no gradient does.

use std::sync::Arc;

use candle_core::{Tensor, Var};

use crate::Result;

/// One named tensor that belongs to a model's state although nothing learns it: the running statistics of batch
/// normalisation. It is loaded, saved, kept in checkpoints and restored like a parameter; no optimizer sees it, and it
/// does not count as one. PyTorch's word for it. Copies share the values.
///
/// ```
/// use tunebook::model::{Init, StoreBuilder};
/// let mut builder = StoreBuilder::random(0);
/// let mean = builder.buffer("bn.running_mean", &[3], Init::Zeros)?;
/// let (store, _) = builder.finish()?;
/// assert_eq!((store.count(), store.buffers().len()), (0, 1));
/// assert_eq!(mean.tensor().to_vec1::<f32>()?, [0.0; 3]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Buffer {
    name: Arc<str>,
    var: Var,
}

impl Buffer {
    pub(super) fn new(name: &str, var: Var) -> Self {
        Self { name: name.into(), var }
    }

    /// The name, as in the safetensors file: `layer1.0.bn1.running_mean`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values as they are now, and as they will be: a view that follows later changes.
    pub fn tensor(&self) -> Tensor {
        self.var.as_detached_tensor()
    }

    /// Other values of the same shape, for every copy of this handle.
    pub(super) fn set(&self, values: &Tensor) -> Result<()> {
        Ok(self.var.set(&values.to_device(self.var.device())?)?)
    }
}

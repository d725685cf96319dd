//! Gradients by parameter: what a backward pass leaves, ready to be added up, measured and applied.

use candle_core::backprop::GradStore;
use candle_core::{DType, Storage, Tensor};
use rayon::prelude::*;

use crate::Result;
use crate::model::Parameter;
use crate::ops::{GRAIN, has_kernel, vectorized};

/// The gradient of each trainable parameter of a list; parameters that the loss does not reach have none.
///
/// ```
/// use tunebook::model::{Init, StoreBuilder};
/// use tunebook::train::Gradients;
/// let mut builder = StoreBuilder::random(0);
/// let w = builder.parameter("w", &[2], Init::Ones)?;
/// let loss = (w.var().as_tensor() * 3.0)?.sum_all()?;
/// let gradients = Gradients::of(&[w], &loss)?;
/// assert!((gradients.norm()? - 18f64.sqrt()).abs() < 1e-6);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gradients {
    entries: Vec<(Parameter, Option<Tensor>)>,
}

impl Gradients {
    /// Runs the backward pass of `loss` and keeps the gradients of the parameters that are trainable.
    pub fn of(parameters: &[Parameter], loss: &Tensor) -> Result<Self> {
        Ok(Self::take(parameters, loss.backward()?))
    }

    /// The same from gradients that are already there. What belongs to no parameter is dropped at once.
    pub fn take(parameters: &[Parameter], mut store: GradStore) -> Self {
        let trainable = parameters.iter().filter(|p| p.is_trainable());
        Self { entries: trainable.map(|p| (p.clone(), store.remove(p.var()))).collect() }
    }

    /// Adds gradients of the same parameters: another part of the same batch.
    ///
    /// # Errors
    /// When the two are of different parameters.
    pub fn add(&mut self, other: Self) -> Result<()> {
        let same = self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(|((a, _), (b, _))| a.name() == b.name());
        if !same {
            return Err(crate::Error::input("Gradients::add", "the parameters differ", "add gradients of one model"));
        }
        for ((_, sum), (_, part)) in self.entries.iter_mut().zip(other.entries) {
            *sum = match (sum.take(), part) {
                (Some(sum), Some(part)) => Some((sum + part)?),
                (sum, part) => sum.or(part),
            };
        }
        Ok(())
    }

    /// Each trainable parameter with its gradient; `None` where the backward pass did not reach it.
    pub fn entries(&self) -> &[(Parameter, Option<Tensor>)] {
        &self.entries
    }

    /// The gradient of the parameter of this name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.entries.iter().find(|(p, _)| p.name() == name)?.1.as_ref()
    }

    /// The norm of each gradient, by parameter name.
    pub fn norms(&self) -> Result<Vec<(String, Option<f64>)>> {
        let norm =
            |g: &Option<Tensor>| g.as_ref().map(|g| Ok::<_, crate::Error>(sum_of_squares(g)?.sqrt())).transpose();
        self.entries.iter().map(|(p, g)| Ok((p.name().to_owned(), norm(g)?))).collect()
    }

    /// Square root of the sum of squares of all gradients together.
    pub fn norm(&self) -> Result<f64> {
        let mut sum = 0.0;
        for gradient in self.entries.iter().filter_map(|(_, g)| g.as_ref()) {
            sum += sum_of_squares(gradient)?;
        }
        Ok(sum.sqrt())
    }
}

/// Sum of squares; tasks return their parts, which are added in order: the same on a rerun.
fn sum_of_squares(tensor: &Tensor) -> Result<f64> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let (Storage::Cpu(storage), true) = (&*storage, has_kernel(&tensor)) else {
        drop(storage);
        // Metal has no double precision.
        if tensor.device().is_metal() {
            return Ok(f64::from(tensor.to_dtype(DType::F32)?.sqr()?.sum_all()?.to_scalar::<f32>()?));
        }
        return Ok(tensor.to_dtype(DType::F64)?.sqr()?.sum_all()?.to_scalar::<f64>()?);
    };
    let values = &storage.as_slice::<f32>()?[layout.start_offset()..layout.start_offset() + tensor.elem_count()];
    let parts: Vec<f64> = values
        .par_chunks(GRAIN)
        .map(|chunk| {
            vectorized!({
                let mut lanes = [0f32; 16];
                let (blocks, rest) = chunk.as_chunks::<16>();
                for block in blocks {
                    for (lane, v) in lanes.iter_mut().zip(block) {
                        *lane += v * v;
                    }
                }
                lanes.iter().map(|v| f64::from(*v)).sum::<f64>() + rest.iter().map(|v| f64::from(v * v)).sum::<f64>()
            })
        })
        .collect();
    Ok(parts.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::Gradients;
    use crate::model::{Init, Parameter, StoreBuilder};

    fn parameters() -> Vec<Parameter> {
        let mut builder = StoreBuilder::random(0);
        let mut make = |name| builder.parameter(name, &[40_000], Init::Normal(1.0)).unwrap();
        vec![make("a"), make("b"), make("unused")]
    }

    #[test]
    fn parts_add_up_to_the_gradient_of_the_sum() {
        let parameters = parameters();
        let loss = |k: f64| {
            let a = (parameters[0].var().sqr().unwrap() * k).unwrap();
            (a * parameters[1].var().as_tensor()).unwrap().sum_all().unwrap()
        };
        let mut parts = Gradients::of(&parameters, &loss(1.0)).unwrap();
        parts.add(Gradients::of(&parameters, &loss(2.0)).unwrap()).unwrap();
        let whole = Gradients::of(&parameters, &loss(3.0)).unwrap();
        assert!((parts.norm().unwrap() / whole.norm().unwrap() - 1.0).abs() < 1e-6);
        let exact: f64 = whole.get("a").unwrap().to_vec1::<f32>().unwrap().iter().map(|v| f64::from(*v).powi(2)).sum();
        assert!((whole.norms().unwrap()[0].1.unwrap() / exact.sqrt() - 1.0).abs() < 1e-6);
        assert!(whole.get("unused").is_none() && whole.norms().unwrap()[2].1.is_none());
        assert!(parts.add(Gradients::of(&parameters[..1], &loss(1.0)).unwrap()).is_err());
    }
}

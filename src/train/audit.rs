//! The gradient audit: does every trainable parameter get a gradient?

use std::fmt;

use candle_core::Tensor;

use super::Gradients;
use crate::model::Parameter;
use crate::notebook::Display;
use crate::{Error, Result};

/// For each trainable parameter, the norm of its gradient, or that it got none.
///
/// A fused operation without a backward pass cuts the graph without any error: the model "trains" and nothing below
/// the cut moves. The trainer audits its first step; call it yourself on a loss of your own:
///
/// ```
/// use tunebook::model::{Init, StoreBuilder};
/// use tunebook::train::GradientAudit;
/// let mut builder = StoreBuilder::random(0);
/// let used = builder.parameter("used", &[2], Init::Ones)?;
/// let cut = builder.parameter("cut", &[2], Init::Ones)?;
/// let loss = (used.var().as_tensor() * cut.var().as_detached_tensor())?.sum_all()?;
/// let audit = GradientAudit::of(&[used, cut], &loss)?;
/// assert_eq!(audit.missing(), ["cut"]);
/// assert!(audit.check().unwrap_err().to_string().contains("cut"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GradientAudit {
    entries: Vec<(String, Option<f64>)>,
}

impl GradientAudit {
    /// Runs the backward pass of `loss` and looks for the gradient of each parameter that is trainable.
    pub fn of(parameters: &[Parameter], loss: &Tensor) -> Result<Self> {
        Self::from_gradients(&Gradients::of(parameters, loss)?)
    }

    /// The same for gradients that are already there.
    pub fn from_gradients(gradients: &Gradients) -> Result<Self> {
        Ok(Self { entries: gradients.norms()? })
    }

    /// Each trainable parameter with the norm of its gradient; `None` when the backward pass did not reach it.
    pub fn entries(&self) -> &[(String, Option<f64>)] {
        &self.entries
    }

    /// Names of the trainable parameters that got no gradient.
    pub fn missing(&self) -> Vec<&str> {
        self.entries.iter().filter(|(_, norm)| norm.is_none()).map(|(name, _)| name.as_str()).collect()
    }

    /// An error naming each trainable parameter without a gradient.
    pub fn check(&self) -> Result<()> {
        let missing = self.missing();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::Training(format!(
            "the gradient audit found {} of {} trainable parameters without a gradient: {}; an operation between them and \
             the loss has no backward pass (or the loss does not depend on them): use a differentiable operation, or \
             freeze them",
            missing.len(),
            self.entries.len(),
            missing.join(", ")
        )))
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

impl fmt::Display for GradientAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.entries.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, norm) in &self.entries {
            match norm {
                Some(norm) => writeln!(f, "{name:<width$}  {norm:.3e}")?,
                None => writeln!(f, "{name:<width$}  NO GRADIENT")?,
            }
        }
        write!(
            f,
            "{} of {} trainable parameters got a gradient",
            self.entries.len() - self.missing().len(),
            self.entries.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::GradientAudit;
    use crate::model::{Init, LayerNorm, Linear, Pass, StoreBuilder};
    use candle_core::{Device, Module, Tensor};

    #[test]
    fn a_fused_operation_without_backward_is_caught_and_our_own_passes() {
        let mut builder = StoreBuilder::random(1);
        let below = Linear::new(&mut builder, "below", 4, 4, 0.5).unwrap();
        let norm = LayerNorm::new(&mut builder, "above", 4, 1e-5).unwrap();
        let weight = builder.parameter("above.weight", &[4], Init::Ones).unwrap();
        let bias = builder.parameter("above.bias", &[4], Init::Zeros).unwrap();
        let (store, _) = builder.finish().unwrap();
        let x = below.forward(&Tensor::new(&[[1f32, 2., 3., 4.]], &Device::Cpu).unwrap(), &Pass::gradients()).unwrap();

        let ours = norm.forward(&x, &Pass::gradients()).unwrap().sqr().unwrap().sum_all().unwrap();
        GradientAudit::of(&store.trainable(), &ours).unwrap().check().unwrap();

        let fused = candle_nn::LayerNorm::new(weight.var().as_tensor().clone(), bias.var().as_tensor().clone(), 1e-5);
        let cut = fused.forward(&x).unwrap().sqr().unwrap().sum_all().unwrap();
        let audit = GradientAudit::of(&store.trainable(), &cut).unwrap();
        assert_eq!(audit.missing(), ["above.bias", "above.weight", "below.bias", "below.weight"]);
        assert!(audit.to_string().contains("NO GRADIENT"));
    }
}

//! What turns gradients into steps.
//!
//! Reading order: [`Optimizer`] (which rule, with its numbers), [`ParameterGroups`] (which learning rate and decay each
//! parameter gets), [`adamw`] and [`sgd`] (the arithmetic of one parameter), [`in_place`] (their pass over its numbers),
//! [`OptimizerState`] (the rule at work).

mod adamw;
mod groups;
mod in_place;
mod sgd;
mod state;
#[cfg(test)]
mod tests;

pub use groups::{ParameterGroup, ParameterGroups};
pub use state::OptimizerState;

use crate::{Error, Result};

/// The update rule of a run.
///
/// ```
/// use tunebook::train::Optimizer;
/// assert_eq!(Optimizer::default(), Optimizer::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8 });
/// assert_eq!(Optimizer::SGD, Optimizer::Sgd { momentum: 0.9, nesterov: false });
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), as `torch.optim.AdamW`.
    ///
    /// For each number p with gradient g at its step t:
    ///
    /// ```text
    /// p <- p - lr * decay * p
    /// m <- b1 m + (1 - b1) g          v <- b2 v + (1 - b2) g^2
    /// p <- p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
    /// ```
    AdamW {
        /// Decay of the running mean of gradients; from 0.0 to below 1.0.
        beta1: f64,
        /// Decay of the running mean of squared gradients; from 0.0 to below 1.0.
        beta2: f64,
        /// Added to the denominator; positive.
        eps: f64,
    },
    /// Stochastic gradient descent with momentum, as `torch.optim.SGD`, with decoupled weight decay.
    ///
    /// ```text
    /// p <- p - lr * decay * p
    /// m <- momentum * m + g           (m starts as the first g)
    /// p <- p - lr * m                 (Nesterov: p - lr * (g + momentum * m))
    /// ```
    Sgd {
        /// How much of the last step is kept; from 0.0 to below 1.0.
        momentum: f64,
        /// Looks ahead along the momentum (Sutskever et al., 2013).
        nesterov: bool,
    },
}

impl Optimizer {
    /// SGD with the usual momentum of 0.9.
    pub const SGD: Self = Self::Sgd { momentum: 0.9, nesterov: false };

    /// All numbers in range, or an error that names the one that is not.
    pub fn check(self) -> Result<()> {
        let share = |name: &str, value: f64| {
            if (0.0..1.0).contains(&value) {
                return Ok(());
            }
            Err(Error::input(format!("Optimizer::{name}"), format!("is {value}"), "give 0.0 or more, below 1.0"))
        };
        match self {
            Self::AdamW { beta1, beta2, eps } => {
                share("AdamW::beta1", beta1)?;
                share("AdamW::beta2", beta2)?;
                if !(eps > 0.0 && eps.is_finite()) {
                    return Err(Error::input("Optimizer::AdamW::eps", format!("is {eps}"), "give a positive number"));
                }
                Ok(())
            }
            Self::Sgd { momentum, .. } => share("Sgd::momentum", momentum),
        }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8 }
    }
}

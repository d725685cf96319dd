//! Which parameters a fine-tuning changes.

use std::fmt;

use super::Trainable;
use crate::model::{LearningRates, LoraConfig};
use crate::{Error, Result};

/// The strategy of a fine-tuning: which parameters learn, and from when on.
///
/// ```
/// use tunebook::prelude::*;
/// let labels = vec!["billing".to_owned(), "storage".to_owned()];
/// let mut model = TextClassifier::from_pretrained(Pretrained::embedded(), labels)?;
/// Method::Partial { last_n_layers: 1 }.apply(&mut model, 42)?;
/// assert_eq!(model.store().trainable().len(), 16 + 2); // a layer, and the head
/// Method::BitFit.apply(&mut model, 42)?;
/// assert!(model.store().trainable().iter().all(|p| p.name().ends_with(".bias") || p.name() == "classifier.weight"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Method {
    /// The pretrained body is frozen; only the new head learns, on vectors that are computed once.
    FeatureExtraction,
    /// The last layers of the body and the head learn.
    Partial {
        /// How many layers, counted from the output; from 1 to all of them.
        last_n_layers: usize,
    },
    /// Every parameter learns, embeddings included.
    #[default]
    Full,
    /// First the head alone, then one more layer after every few epochs, from the output to the input (Howard and Ruder,
    /// 2018, "ULMFiT").
    Gradual {
        /// Epochs before the next layer joins; 1 or more.
        epochs_per_layer: usize,
    },
    /// The head alone for some epochs, then everything, with rates that fall from the head to the input: fastai's
    /// `fine_tune`. The epochs of the settings are those of the second phase.
    TwoPhase {
        /// Epochs of the head alone; 1 or more.
        freeze_epochs: usize,
    },
    /// Only biases and the head learn (Ben Zaken et al., 2022).
    BitFit,
    /// Small matrices beside frozen weights, and the head, learn (Hu et al., 2021).
    Lora(LoraConfig),
    /// What is trainable when the run begins learns: choose it by name with
    /// [`ParameterStore::freeze`](crate::model::ParameterStore::freeze) and `unfreeze`, or by depth with
    /// [`Trainable::freeze_to`].
    Chosen,
}

impl Method {
    /// Marks the model's parameters trainable or frozen, as at the start of a run; LoRA adds its matrices.
    ///
    /// # Errors
    /// When the model has not so many layers, or has no place for LoRA.
    pub fn apply<M: Trainable>(&self, model: &mut M, seed: u64) -> Result<()> {
        self.check(model)?;
        if let Self::Lora(config) = self {
            model.add_lora(config, seed)?;
        }
        self.set_trainable(model, 0);
        Ok(())
    }

    /// Numbers that the model allows.
    fn check<M: Trainable>(&self, model: &M) -> Result<()> {
        let layers = model.groups().saturating_sub(2).max(1);
        match *self {
            Self::Partial { last_n_layers } if last_n_layers == 0 || last_n_layers > layers => Err(Error::input(
                "Method::Partial::last_n_layers",
                format!("is {last_n_layers}, and {} has {layers} layers", model.source()),
                format!("give 1 to {layers}, or use Method::FeatureExtraction for none"),
            )),
            Self::Gradual { epochs_per_layer: 0 } => {
                Err(Error::input("Method::Gradual::epochs_per_layer", "is 0", "give 1 or more"))
            }
            Self::TwoPhase { freeze_epochs: 0 } => {
                Err(Error::input("Method::TwoPhase::freeze_epochs", "is 0", "give 1 or more, or use Method::Full"))
            }
            Self::Chosen if model.store().trainable_count() == 0 => Err(Error::input(
                "Method::Chosen",
                "every parameter is frozen",
                "unfreeze some with model.store().unfreeze(...) or model.freeze_to(...)",
            )),
            _ => Ok(()),
        }
    }

    /// Whether nothing but the head learns, at any time, on vectors that can be computed once.
    pub(super) fn trains_only_the_head<M: Trainable>(&self, model: &M) -> bool {
        let head = model.groups() - 1;
        match self {
            Self::FeatureExtraction => true,
            Self::Chosen => model.store().trainable().iter().all(|p| model.group_of(p.name()) == head),
            _ => false,
        }
    }

    /// Marks parameters as in the epoch after `epochs` epochs of the run.
    pub(super) fn set_trainable<M: Trainable>(&self, model: &M, epochs: usize) {
        let head = model.groups() - 1;
        let from = |first: usize| model.store().set_trainable(|name| model.group_of(name) >= first);
        match self {
            Self::FeatureExtraction => from(head),
            Self::Full => from(0),
            Self::Partial { last_n_layers } => from(head - last_n_layers),
            Self::Gradual { epochs_per_layer } => from(head.saturating_sub(epochs / epochs_per_layer)),
            Self::TwoPhase { freeze_epochs } => from(if epochs < *freeze_epochs { head } else { 0 }),
            Self::BitFit => {
                model.store().set_trainable(|name| is_bias(name) || model.group_of(name) == head);
            }
            Self::Lora(_) => {
                model.store().set_trainable(|name| name.contains(".lora_") || model.group_of(name) == head);
            }
            Self::Chosen => {}
        }
    }

    /// The default learning rate of a pretrained source for this method.
    pub fn default_learning_rate(&self, rates: LearningRates) -> f64 {
        match self {
            Self::FeatureExtraction | Self::TwoPhase { .. } => rates.feature_extraction,
            Self::Partial { .. } | Self::Gradual { .. } => rates.partial,
            // The smallest: it may reach everything.
            Self::Full | Self::Chosen => rates.full,
            Self::BitFit => rates.bitfit,
            Self::Lora(_) => rates.lora,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FeatureExtraction => write!(f, "feature extraction"),
            Self::Partial { last_n_layers: 1 } => write!(f, "partial, last layer"),
            Self::Partial { last_n_layers } => write!(f, "partial, last {last_n_layers} layers"),
            Self::Full => write!(f, "full fine-tuning"),
            Self::Gradual { .. } => write!(f, "gradual unfreezing"),
            Self::TwoPhase { .. } => write!(f, "head first, then everything"),
            Self::BitFit => write!(f, "BitFit"),
            Self::Lora(config) => write!(f, "LoRA, rank {}", config.rank),
            Self::Chosen => write!(f, "chosen parameters"),
        }
    }
}

fn is_bias(name: &str) -> bool {
    name.rsplit('.').next() == Some("bias")
}

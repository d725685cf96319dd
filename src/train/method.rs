//! Which parameters a fine-tuning changes.

use std::fmt;

use crate::model::{LearningRates, TextClassifier};
use crate::{Error, Result};

/// The strategy of a fine-tuning: how deep into the pretrained encoder it reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The encoder is frozen; only the new head learns, on vectors that are computed once.
    FeatureExtraction,
    /// The last layers of the encoder and the head learn.
    Partial {
        /// How many transformer layers, counted from the output; from 1 to all of them.
        last_n_layers: usize,
    },
    /// Every parameter learns, embeddings included.
    #[default]
    Full,
}

impl Method {
    /// Marks the model's parameters trainable or frozen.
    pub fn apply(self, model: &TextClassifier) -> Result<()> {
        let layers = model.encoder().bert().config().num_hidden_layers;
        let store = model.store();
        match self {
            Self::FeatureExtraction => store.set_trainable(is_head),
            Self::Full => store.set_trainable(|_| true),
            Self::Partial { last_n_layers } => {
                if last_n_layers == 0 || last_n_layers > layers {
                    return Err(Error::input(
                        "Method::Partial::last_n_layers",
                        format!("is {last_n_layers}, and {} has {layers} layers", model.encoder().name()),
                        format!("give 1 to {layers}, or use Method::FeatureExtraction for none"),
                    ));
                }
                let first = layers - last_n_layers;
                store.set_trainable(|name| is_head(name) || layer_of(name).is_some_and(|n| n >= first));
            }
        }
        Ok(())
    }

    /// The default learning rate of a pretrained source for this method.
    pub fn default_learning_rate(self, rates: LearningRates) -> f64 {
        match self {
            Self::FeatureExtraction => rates.feature_extraction,
            Self::Partial { .. } => rates.partial,
            Self::Full => rates.full,
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
        }
    }
}

fn is_head(name: &str) -> bool {
    name.starts_with("classifier.")
}

/// The layer a parameter belongs to: 3 for `encoder.layer.3.output.dense.bias`.
fn layer_of(name: &str) -> Option<usize> {
    name.strip_prefix("encoder.layer.")?.split('.').next()?.parse().ok()
}

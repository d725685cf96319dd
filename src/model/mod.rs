//! Encoders, heads, their parameters, and where pretrained ones come from.
//!
//! Reading order: [`Parameter`] and [`ParameterStore`] (what a model learns, and what is frozen), [`StoreBuilder`]
//! (strict loading: a misspelt name is an error, never a silent random weight), [`Pass`] (training or evaluation),
//! [`BertEncoder`] (the network), [`TextTokenizer`], [`TextEncoder`] (text to vectors), [`TextClassifier`] (text to
//! labels), [`Pretrained`] (embedded, folder, Hub), [`device()`] (CPU or graphics card); [`Mlp`] is the network for rows
//! of numbers, [`TabularClassifier`] and [`TabularRegressor`] put it on tables; [`image`] has the networks for images,
//! [`ResNet`] and [`SmallCnn`], and [`ImageClassifier`]. A [`Buffer`] is what a network keeps beside its parameters.

mod bert;
mod buffer;
mod builder;
mod classifier;
mod config;
mod cut_texts;
mod device;
mod feature_cache;
mod files;
#[cfg(test)]
pub(crate) mod fixture;
mod hub_layout;
mod image;
mod init;
mod layers;
mod learning_rates;
mod lora;
#[cfg(test)]
mod minilm_tests;
mod mlp;
#[cfg(test)]
mod mlp_tests;
mod model_card;
mod multi_label_classifier;
mod names;
mod parameters;
#[cfg(test)]
mod parity_tests;
mod pass;
mod pooling;
mod predictions;
mod pretrained;
mod saved;
mod sentence_transformers;
mod summary;
mod tabular;
#[cfg(test)]
mod tests;
mod text_encoder;
mod text_network;
mod text_regressor;
mod tokenizer;
mod weights;

pub use bert::BertEncoder;
pub use buffer::Buffer;
pub use builder::{LoadReport, StoreBuilder};
pub use classifier::TextClassifier;
pub use config::{BertConfig, ModelType};
pub use cut_texts::CutTexts;
pub use device::{device, device_name};
pub(crate) use files::write_atomically;
pub use image::{BatchNorm2d, Conv2d, ImageClassifier, ImageNetwork, ResNet, ResNetConfig, SmallCnn, SmallCnnConfig};
pub use init::Init;
pub use layers::{Embedding, LayerNorm, Linear};
pub use learning_rates::LearningRates;
pub use lora::{LoraAdapter, LoraConfig};
pub use mlp::{Activation, Mlp, MlpConfig};
pub use model_card::ModelCard;
pub use multi_label_classifier::{MultiLabelClassifier, MultiLabelPrediction, MultiLabelPredictions};
pub use parameters::{Parameter, ParameterStore};
pub use pass::Pass;
pub use pooling::Pooling;
pub use predictions::{Prediction, Predictions};
pub use pretrained::{Pretrained, PretrainedFiles};
pub use saved::SavedModel;
pub(crate) use summary::part;
pub use summary::{ModelSummary, SummaryRow};
pub(crate) use tabular::TabularNetwork;
pub use tabular::{TabularClassifier, TabularRegressor};
pub use text_encoder::TextEncoder;
pub use text_network::TextNetwork;
pub use text_regressor::TextRegressor;
pub use tokenizer::{TextTokenizer, TokenBatch};
pub use weights::Weights;
pub(crate) use weights::{read as read_tensors, write as write_tensors};

//! Tables to classes or numbers: a fitted preprocessor, and one [`Mlp`](super::Mlp) on the features that it makes.
//!
//! Read `network.rs` (what both models have in common, and their folder on disk), then [`TabularClassifier`] and
//! [`TabularRegressor`].

mod classifier;
mod network;
mod regressor;

pub(super) use classifier::MODEL_TYPE as CLASSIFIER;
pub use classifier::TabularClassifier;
pub(crate) use network::TabularNetwork;
pub(super) use regressor::MODEL_TYPE as REGRESSOR;
pub use regressor::TabularRegressor;

//! Fine-tuning helpers, charts and graders for learning to fine-tune AI models in Rust.
#![deny(missing_docs)]

pub mod chart;
pub mod data;
mod error;
pub mod hub;
pub mod metrics;
pub mod model;
pub mod notebook;
pub mod ops;
pub mod prelude;
mod random;
mod sums;
pub mod train;
mod words;

pub use error::{Error, Result};

/// The tensors that the public types are made of, so that a program or a cell needs no dependency of its own.
pub use candle_core as candle;
pub use candle_nn;

//! LoRA: small trainable matrices beside frozen weights (Hu et al., 2021, "LoRA: Low-Rank Adaptation of Large Language
//! Models").
//!
//! Reading order: [`LoraConfig`] (how large, where), [`LoraAdapter`] (the two matrices of one layer, and merging them into
//! its weight), `apply` (a whole model's), `peft` (adapters as files that peft in Python reads and writes).

mod adapter;
mod apply;
mod config;
mod peft;
#[cfg(test)]
mod tests;

pub use adapter::LoraAdapter;
pub use config::LoraConfig;

//! Images with one label each: all of one size, one byte a pixel and channel.
//!
//! Read [`dataset`] first (what an image data set is), then [`normalization`] (what models want of pixels),
//! [`augmentation`] (changed copies of training images) and [`splits`] (parts and folds).

pub mod augmentation;
pub mod dataset;
pub mod normalization;
mod splits;

pub use augmentation::{Augmentation, Padding};
pub use dataset::{ImageDataset, ImageShape};
pub use normalization::Normalization;

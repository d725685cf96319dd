//! Images with one label each: all of one size, one byte a pixel and channel.
//!
//! Read [`dataset`] first (what an image data set is), then [`normalization`] (what models want of pixels),
//! [`colour`] (grey images for networks that know colour), [`augmentation`] (changed copies of training images),
//! [`splits`] (parts and folds), [`perceptual_hash`] and [`duplicates`] (images that stand twice or nearly so),
//! [`data_sheet`] (all problems at a glance) and [`sheets`]
//! (examples to look at). Files are read by [`npz`] (MedMNIST, with [`npy`] for one array), [`idx`] (MNIST) and
//! [`folder`] (PNG and JPEG); [`files`] and [`labels`] are what these share. [`phantoms`] makes images from a seed.

pub mod augmentation;
mod colour;
mod data_sheet;
pub mod dataset;
pub(super) mod duplicates;
mod files;
pub mod folder;
mod idx;
mod labels;
pub mod normalization;
mod npy;
mod npz;
pub mod perceptual_hash;
mod phantoms;
pub mod public;
mod sheets;
mod splits;

pub use augmentation::{Augmentation, Padding};
pub use data_sheet::ImageDataSheet;
pub use dataset::{ImageDataset, ImageShape};
pub use duplicates::ImageNearDuplicateSearch;
pub use folder::FolderImages;
pub use normalization::Normalization;
pub use perceptual_hash::PerceptualHash;
pub use phantoms::{ChestPhantoms, OutlinePhantoms};
pub use public::PublicImages;

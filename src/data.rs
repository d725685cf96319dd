//! Data sets for fine-tuning: reading, checking, splitting.
//!
//! Read [`text`] first (what a text data set is and where it comes from), then [`read`] (files of one's own), then
//! [`split`] (fixed, stratified and few-shot subsets), [`folds`] (grouped, by time, k-fold) and [`embedded`] (what ships
//! inside the library).

pub mod embedded;
pub mod folds;
pub mod read;
pub mod split;
pub mod text;

pub use folds::Fold;
pub use read::{Columns, TextFormat};
pub use split::TextSplits;
pub use text::TextDataset;

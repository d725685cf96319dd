//! Everything a lesson uses: `use tunebook::prelude::*;`.

pub use crate::data::{TextDataset, TextSplits};
pub use crate::{Error, Result};

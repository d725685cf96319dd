//! The dynamic library that notebook cells link under the name `tunebook`.
//!
//! It re-exports the teaching crate and adds nothing. The kernel's seed builds it once;
//! every cell then links in a fraction of a second.
pub use tunebook::*;

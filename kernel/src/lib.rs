//! The Tunebook kernel: Rust cells with the teaching crate already there.
//!
//! Four processes, all of them the same program in different [roles](run_if_child):
//!
//! ```text
//! program (Jupyter server, `tunebook run`)          this crate's `engine`, `server`, `notebook`
//!   └─ host        compiles: evcxr, rust-analyzer, Cargo           `host`
//!        └─ supervisor   sorts what the cells' process writes      `supervisor`
//!             └─ cells       loads and runs the compiled cells     evcxr's own loop
//! ```
//!
//! Read in this order: [`seed`] (what `setup` builds once), [`session`] (a cheap copy of it),
//! [`engine`] (run cells), then [`server`] (Jupyter) and [`notebook`] (a whole file).
#![deny(missing_docs)]

pub mod environment;
mod error;
mod host;
mod message;
mod role;
mod supervisor;

pub mod command;
pub mod engine;
pub mod notebook;
pub mod seed;
pub mod server;
pub mod session;

pub use error::{Error, Result};
pub use role::{run_if_child, this_program};

//! Exercises: what the learner writes, and how it is checked.
//!
//! An exercise is a folder `exercises/<id>/`:
//!
//! | file | holds |
//! | --- | --- |
//! | `exercise.toml` | title, prompt, hint ladder, limits, the checks by id |
//! | `starter.rs` | what the learner starts from; never passes |
//! | `solution.rs` | always passes; shown after the learner's own pass |
//! | `check.rs` | `probe`, which looks at the learner's functions, and `judge`, which decides from what was seen |
//! | `wrong/*.rs` | plausible wrong answers; the first line `//~ MESSAGE: ...` is what each must be told |
//!
//! `check.rs` is compiled twice. Under `#[cfg(probe)]` it is linked with the learner's file (as `crate::learner`) and
//! runs in a limited process: `pub fn probe(seen: &mut Observations)`. Under `#[cfg(judge)]` it is compiled without
//! that file and gets only the observations: `pub fn judge(seen: &Observations, verdict: &mut Verdict)`. So the
//! learner's process holds neither the expected values nor the power to write the verdict. Both programs contain
//! `support` (the types above).
//!
//! Read `manifest`, `program` (compiling), `sandbox` and `limited` (running), `check` (the two joined), `report`
//! (what the learner is told), `validate` (what CI runs).

mod check;
pub mod limited;
mod manifest;
mod program;
mod report;
mod sandbox;
mod validate;

pub use check::{Checker, Stop};
pub use manifest::{Check, Exercise, Limits};
pub use program::Toolchain;
pub use report::{CheckLine, CheckReport, Outcome};
pub use sandbox::Limiter;
pub use validate::{Validated, validate};

//! Short answers: a rubric of key points, and how an answer is held against it.
//!
//! Read in this order: `model` is the rubric as its author wrote it; `pattern` is one wording and how it is found in a
//! sentence; `polarity` decides whether what was found is said, denied or left open; `gates`, `fluency`, `order` and
//! `language` stop what is not an answer; `grade` puts it together into a verdict; `explain` shows each step.

mod explain;
mod fluency;
mod gates;
mod grade;
mod language;
mod model;
mod order;
pub(crate) mod pattern;
mod polarity;

pub use explain::{Explanation, WordingTrace};
pub(crate) use grade::assess;
pub(crate) use model::Wording;
pub use model::{Expected, Misconception, Point, Rubric, Sample};

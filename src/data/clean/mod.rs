//! Cleaning texts: what is changed or removed, step by step, and a report that says each row and why.
//!
//! Read `cleaner.rs` first: [`Cleaner`] is the list of settings and runs the steps in their order; `file.rs` reads files with
//! empty cells for it. `text.rs` holds the steps that look at one text alone (Unicode, invisible characters, white space),
//! `html.rs` takes markup out, `report.rs` is what comes back. Nothing is changed that the report does not list.

mod cleaner;
mod file;
mod html;
mod report;
mod text;

pub use cleaner::{Cleaner, Conflicts, MissingLabel, MissingText, RawRow, Whitespace};
pub use report::{CleaningExample, CleaningReport, CleaningStep, RowNote, StepReport};
pub(super) use text::is_invisible;

#[cfg(test)]
mod tests;

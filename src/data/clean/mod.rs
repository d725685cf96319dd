//! Cleaning texts: what is changed or removed, step by step, and a report that says each row and why.
//!
//! Read `cleaner.rs` first: [`Cleaner`] is the list of steps; `settings.rs` has what each can be set to, `steps.rs` runs them in
//! their order, `file.rs` reads files with empty cells for them, `export.rs` takes the rows of an embedded export. `text.rs`
//! holds the steps that look at one text alone (Unicode, invisible characters, white space), `html.rs` takes markup out,
//! `report.rs` is what comes back. Nothing is changed that the report does not list.

mod cleaner;
mod export;
mod file;
mod html;
mod report;
mod settings;
mod steps;
mod text;

pub use cleaner::Cleaner;
pub use report::{CleaningExample, CleaningReport, CleaningStep, RowNote, StepReport};
pub use settings::{Conflicts, MissingLabel, MissingText, RawRow, Whitespace};
pub(super) use text::is_invisible;

#[cfg(test)]
mod tests;

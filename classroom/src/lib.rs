//! A class's knowledge checks: each student's answers to marks, in one table.
//!
//! A class is a folder with one folder for each student, and in it `answers.jsonl` as `tunebook score` reads it. The
//! sandbox for exercises by strangers is not here yet.
#![deny(missing_docs)]

mod marks;

pub use marks::{Marks, Student};

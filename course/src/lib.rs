//! Lessons to notebooks and book, exercises, progress, setup and the lab.

mod error;
mod files;
mod home;
pub mod lesson;

pub use error::{Class, Error, Result};
pub use home::Home;
pub use lesson::Lesson;

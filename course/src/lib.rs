//! Lessons to notebooks and book, exercises, progress, setup and the lab.

pub mod book;
pub mod build;
pub mod commands;
mod course;
pub mod doctor;
mod error;
pub mod exercise;
mod files;
mod home;
mod kernel;
pub mod lab;
pub mod learner;
pub mod lesson;
pub mod notebook;
pub mod outputs;
pub mod progress;
pub mod setup;
pub mod work;

pub use course::Course;
pub use error::{Class, Error, Result};
pub use exercise::limited::run_if_limited;
pub use home::Home;
pub use lesson::Lesson;

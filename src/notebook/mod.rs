//! What a cell shows: rich values, live displays, progress and measured numbers.
//!
//! One value type, [`Display`], and three places to show it ([`Sink`]): Tunebook's kernel, where displays change while
//! the cell runs; the stock evcxr kernel, which shows rich content at the end of a cell; a terminal, which gets text.
//! Read [`Sink`] first, then [`Display`], [`LiveDisplay`], [`Progress`] and [`record`].

mod display;
mod live;
mod message;
mod progress;
mod sink;

pub use display::Display;
pub use live::LiveDisplay;
pub use progress::Progress;
pub(crate) use sink::write_out;
pub use sink::{Sink, clear_output, record};

pub(crate) use display::escape_html;

#[cfg(test)]
mod process_tests;

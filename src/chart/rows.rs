//! A vertical axis of names: one row each, the first at the top.

use super::panel::Axis;
use super::style::{LABEL_SIZE, MARGIN, TICK_SIZE};
use super::text;

/// An axis with one row for each name; a name takes at most three tenths of the chart's `width`.
pub(super) fn row_axis(label: &str, names: &[String], width: i32) -> Axis {
    let count = names.len();
    let shortened = |name: &String| text::shorten(name, width * 3 / 10, TICK_SIZE, false);
    Axis {
        label: label.into(),
        min: 0.0,
        max: count.max(1) as f64,
        // From the bottom up, as a panel draws its ticks.
        ticks: names.iter().enumerate().rev().map(|(row, name)| (row_middle(row, count), shortened(name))).collect(),
    }
}

/// The middle of a row on the axis of `count` rows.
pub(super) fn row_middle(row: usize, count: usize) -> f64 {
    count as f64 - row as f64 - 0.5
}

/// About the pixels that a panel with this axis of names leaves for what is drawn.
pub(super) fn plot_width(rows: &Axis, width: i32) -> f64 {
    let names = rows.ticks.iter().map(|(_, name)| text::width(name, TICK_SIZE, false)).max().unwrap_or(0);
    f64::from((width - 2 * MARGIN - names - LABEL_SIZE as i32 - 24).max(40))
}

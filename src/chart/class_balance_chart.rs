//! How many items each class has.

use plotters::coord::CoordTranslate;
use plotters::element::Rectangle;
use plotters::style::Color;

use super::canvas::Area;
use super::output::{Picture, chart_methods, drawn};
use super::panel::{Axis, Frame, Line, NO_DATA, Panel, Plane};
use super::rows::{plot_width, row_axis, row_middle};
use super::style::{CARD, INK, TICK_SIZE, series_color};
use super::text::{self, Anchor};
use super::ticks;
use crate::words::grouped;
use crate::{Error, Result};

/// The number of items of each class, in one or several splits, with each class's share of its split.
///
/// Bars are counts, so splits of different size have bars of different length; shares tell whether they are alike.
/// Numbers that have no room (hundreds of classes on a small chart) are left out.
///
/// ```
/// use tunebook::chart::ClassBalanceChart;
///
/// let chart = ClassBalanceChart::new("Support tickets", &["billing", "storage"])
///     .split("training", &[150, 50])?
///     .split("test", &[30, 10])?;
/// assert!(chart.to_svg()?.contains("150 (75.0 %)"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClassBalanceChart {
    title: String,
    class_names: Vec<String>,
    splits: Vec<(String, Vec<usize>)>,
    size: Option<(u32, u32)>,
}

chart_methods!(
    ClassBalanceChart,
    "ClassBalanceChart::new(\"Pets\", &[\"cat\", \"dog\"]).split(\"training\", &[30, 12]).unwrap()"
);

/// The height of a bar and the room between classes in a chart of its own size.
const BAR: usize = 19;
const BETWEEN: usize = 12;

impl ClassBalanceChart {
    /// A chart of these classes, the first at the top, without splits.
    ///
    /// See [`ClassBalanceChart`] for an example.
    pub fn new(title: impl Into<String>, class_names: &[impl AsRef<str>]) -> Self {
        let class_names = class_names.iter().map(|name| name.as_ref().to_string()).collect();
        Self { title: title.into(), class_names, splits: Vec::new(), size: None }
    }

    /// Adds a split: the number of its items of each class.
    ///
    /// An error when there is not one count for each class.
    ///
    /// See [`ClassBalanceChart`] for an example.
    pub fn split(mut self, name: impl Into<String>, counts: &[usize]) -> Result<Self> {
        let name = name.into();
        if counts.len() != self.class_names.len() {
            return Err(Error::input(
                format!("split {name:?}"),
                format!("{} counts for {} classes", counts.len(), self.class_names.len()),
                "pass one count for each class, 0 where there is no item",
            ));
        }
        self.splits.push((name, counts.to_vec()));
        Ok(self)
    }

    fn is_empty(&self) -> bool {
        self.class_names.is_empty() || self.splits.is_empty()
    }

    fn highest(&self) -> usize {
        self.splits.iter().flat_map(|(_, counts)| counts.iter().copied()).max().unwrap_or(0)
    }

    /// What stands behind a bar; without counts where there is little room.
    fn note(&self, split: usize, class: usize, with_count: bool) -> String {
        let counts = &self.splits[split].1;
        let share = share(counts[class], counts);
        if with_count { format!("{} ({share})", grouped(counts[class])) } else { share }
    }

    /// The room of the widest note.
    fn note_room(&self, with_count: bool) -> i32 {
        let cells =
            (0..self.splits.len()).flat_map(|split| (0..self.class_names.len()).map(move |class| (split, class)));
        let width = |(split, class)| text::width(&self.note(split, class, with_count), TICK_SIZE, false);
        cells.map(width).max().unwrap_or(0)
    }

    fn draw_bars(&self, area: &Area<'_>, plane: &Plane, (left, ..): Frame, with_count: bool) -> Result<()> {
        let at = |count: f64, row: f64| plane.translate(&(count, row));
        let thickness = 0.8 / self.splits.len() as f64;
        for class in 0..self.class_names.len() {
            let first = row_middle(class, self.class_names.len()) + 0.4;
            for (split, (_, counts)) in self.splits.iter().enumerate() {
                let edge = first - split as f64 * thickness;
                let (end, top) = at(counts[class] as f64, edge);
                let bottom = at(0.0, edge - thickness).1;
                if counts[class] > 0 {
                    // Even the smallest class is not nothing.
                    let corners = [(left + 1, top), (end.max(left + 2), bottom - i32::from(bottom > top + 4))];
                    drawn(area.draw(&Rectangle::new(corners, series_color(split).filled())))?;
                }
                if f64::from(bottom - top) >= TICK_SIZE {
                    let note = self.note(split, class, with_count);
                    let (from, middle) = (end.max(left + 2), i32::midpoint(top, bottom));
                    // A grid line through the number would make it harder to read.
                    let back = [(from + 2, middle - 6), (from + 7 + text::width(&note, TICK_SIZE, false), middle + 6)];
                    drawn(area.draw(&Rectangle::new(back, CARD.filled())))?;
                    let style = text::style(TICK_SIZE, false, INK, Anchor::Start);
                    drawn(area.draw_text(&note, &style, (from + 5, middle)))?;
                }
            }
        }
        Ok(())
    }
}

/// `24.0 %`, and for a class that is there but rare `under 0.1 %`.
fn share(count: usize, counts: &[usize]) -> String {
    let total: f64 = counts.iter().map(|count| *count as f64).sum();
    match 100.0 * count as f64 / total {
        _ if count == 0 => "0 %".to_string(),
        share if share < 0.1 => "under 0.1 %".to_string(),
        share => format!("{share:.1} %"),
    }
}

impl Picture for ClassBalanceChart {
    fn size(&self) -> (u32, u32) {
        let rows = self.class_names.len().max(2) * (BAR * self.splits.len().max(1) + BETWEEN);
        self.size.unwrap_or((680, (140 + rows).min(4000) as u32))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.is_empty() {
            return format!("Items of each class: {NO_DATA}.");
        }
        let mut sentences = vec![format!("Items of each of {} classes.", self.class_names.len())];
        for (split, (name, counts)) in self.splits.iter().enumerate() {
            let of = |(class, name): (usize, &String)| format!("{name} {}", self.note(split, class, true));
            let classes: Vec<String> = self.class_names.iter().enumerate().map(of).collect();
            let total = grouped(counts.iter().fold(0, |total: usize, count| total.saturating_add(*count)));
            sentences.push(format!("{name}, {total} items: {}.", classes.join(", ")));
        }
        sentences.join(" ")
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let width = area.dim_in_pixel().0 as i32;
        let y = row_axis("class", &self.class_names, width);
        let room = plot_width(&y, width);
        // Bars keep at least half of the plot, if need be at the cost of counts, which the axis tells too.
        let with_count = f64::from(self.note_room(true)) < 0.5 * room;
        let notes = f64::from(self.note_room(with_count) + 26).min(0.7 * room);
        let max = self.highest().max(1) as f64 * room / (room - notes);
        let legend = |(split, (name, _)): (usize, &(String, Vec<usize>))| Line {
            name: Some(name.clone()),
            points: Vec::new(),
            color: series_color(split),
            width: 10,
            mark: None,
            mark_every: 1,
        };
        let panel = Panel {
            title: self.title.clone(),
            x: Axis {
                label: "items".into(),
                min: 0.0,
                max,
                ticks: ticks::whole(0.0, max, (room as usize / 55).clamp(2, 8)),
            },
            y,
            lines: self.splits.iter().enumerate().map(legend).collect(),
            markers: Vec::new(),
        };
        let (plane, frame) = panel.draw_frame(area)?;
        if self.is_empty() {
            return panel.draw_lines(area, &plane, frame);
        }
        self.draw_bars(area, &plane, frame, with_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_classes_must_match() {
        let error = ClassBalanceChart::new("", &["a", "b"]).split("test", &[1]).unwrap_err().to_string();
        assert!(error.contains("split \"test\": 1 counts for 2 classes"), "{error}");
    }

    #[test]
    fn shares_are_of_the_split() {
        assert_eq!([3, 1].map(|count| share(count, &[3, 1])), ["75.0 %", "25.0 %"]);
        assert_eq!(share(1, &[1, 9_999]), "under 0.1 %");
        assert_eq!((share(0, &[0, 5]).as_str(), share(0, &[0, 0]).as_str()), ("0 %", "0 %"));
    }

    #[test]
    fn odd_counts_are_drawn() {
        for counts in [[0, 0], [0, 1], [usize::MAX, 1]] {
            let chart = ClassBalanceChart::new("", &["a", "b"]).split("all", &counts).unwrap();
            let svg = chart.to_svg().unwrap();
            assert_eq!(svg.split_once("</desc>").unwrap().1.matches(" %").count(), 2, "{svg}");
        }
    }
}

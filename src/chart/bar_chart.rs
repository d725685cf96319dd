//! Named values side by side.

use plotters::element::{PathElement, Rectangle};
use plotters::style::{Color, ShapeStyle};

use super::canvas::Area;
use super::output::{Picture, chart_methods, drawn};
use super::panel::NO_DATA;
use super::style::{AXIS, CARD, GRID, INK, LABEL_SIZE, MARGIN, QUIET_INK, TICK_SIZE, TITLE_SIZE, series_color};
use super::text::{self, Anchor};
use super::ticks::{self, Unit};
use crate::Result;

/// Horizontal bars, one for each named value, with optional error bars: strategies, class scores, times.
///
/// Bars lie, so that long names need not be turned. A value that is not a number is shown as "no value".
///
/// ```
/// use tunebook::chart::BarChart;
///
/// let chart = BarChart::new("Accuracy on the test data", "accuracy")
///     .percent()
///     .bar("feature extraction", 0.81)
///     .bar_with_error("full fine-tuning", 0.93, 0.012);
/// assert!(chart.to_svg()?.contains("93.0 %"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BarChart {
    title: String,
    value_label: String,
    unit: Unit,
    bars: Vec<Bar>,
    size: Option<(u32, u32)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Bar {
    name: String,
    value: f64,
    error: Option<f64>,
}

chart_methods!(BarChart, "BarChart::new(\"Time\", \"seconds\").bar(\"full\", 12.0)");

const BAR_PITCH: i32 = 38;
const BAR_HEIGHT: i32 = 22;

impl BarChart {
    /// A chart without bars; `value_label` says what is measured, with its unit.
    ///
    /// See [`BarChart`] for an example.
    pub fn new(title: impl Into<String>, value_label: impl Into<String>) -> Self {
        Self { title: title.into(), value_label: value_label.into(), unit: Unit::Plain, bars: Vec::new(), size: None }
    }

    /// Values are shares from 0 to 1, written in per cent.
    ///
    /// See [`BarChart`] for an example.
    pub fn percent(mut self) -> Self {
        self.unit = Unit::Percent;
        self
    }

    /// Adds a bar.
    ///
    /// See [`BarChart`] for an example.
    pub fn bar(mut self, name: impl Into<String>, value: f64) -> Self {
        self.bars.push(Bar { name: name.into(), value, error: None });
        self
    }

    /// Adds a bar with an error bar of `error` on both sides, such as the standard deviation over seeds.
    ///
    /// See [`BarChart`] for an example.
    pub fn bar_with_error(mut self, name: impl Into<String>, value: f64, error: f64) -> Self {
        self.bars.push(Bar { name: name.into(), value, error: Some(error.abs()) });
        self
    }

    /// The axis: it holds zero, every bar and its error bar, and ends at round numbers.
    fn range(&self) -> (f64, f64) {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for bar in self.bars.iter().filter(|bar| bar.value.is_finite()) {
            let error = bar.finite_error().unwrap_or(0.0);
            low = low.min(bar.value - error);
            high = high.max(bar.value + error);
        }
        let high = match self.unit {
            Unit::Percent if high <= 1.0 => 1.0,
            _ if high > 0.0 || low == 0.0 => ticks::ceiling(high),
            _ => 0.0,
        };
        (if low < 0.0 { -ticks::ceiling(-low) } else { 0.0 }, high)
    }

    fn draw_bar(&self, area: &Area<'_>, bar: &Bar, color: usize, middle: i32, at: &dyn Fn(f64) -> i32) -> Result<()> {
        let start = |x: i32| (x + 6, middle);
        if !bar.value.is_finite() {
            return drawn(area.draw_text(
                "no value",
                &text::style(LABEL_SIZE, false, QUIET_INK, Anchor::Start),
                start(at(0.0)),
            ));
        }
        let (zero, end) = (at(0.0), at(bar.value));
        let (left, right) = (zero.min(end), zero.max(end));
        let corners = [(left, middle - BAR_HEIGHT / 2), (right, middle + BAR_HEIGHT / 2)];
        drawn(area.draw(&Rectangle::new(corners, series_color(color).filled())))?;
        let mut label = self.unit.format_value(bar.value);
        let mut label_at = right;
        if let Some(error) = bar.finite_error() {
            let (low, high) = (at(bar.value - error), at(bar.value + error));
            let stroke = ShapeStyle::from(&INK).stroke_width(2);
            for path in [
                vec![(low, middle), (high, middle)],
                vec![(low, middle - 5), (low, middle + 5)],
                vec![(high, middle - 5), (high, middle + 5)],
            ] {
                drawn(area.draw(&PathElement::new(path, stroke)))?;
            }
            label = format!("{label} \u{b1} {}", self.unit.format_value(error));
            label_at = label_at.max(high);
        }
        // A grid line through the number would make it harder to read.
        let room = text::width(&label, LABEL_SIZE, true);
        let back = [(label_at + 4, middle - 9), (label_at + 8 + room, middle + 9)];
        drawn(area.draw(&Rectangle::new(back, CARD.filled())))?;
        drawn(area.draw_text(&label, &text::style(LABEL_SIZE, true, INK, Anchor::Start), start(label_at)))
    }
}

impl Bar {
    fn finite_error(&self) -> Option<f64> {
        self.error.filter(|error| error.is_finite())
    }
}

impl Picture for BarChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, (110 + BAR_PITCH * self.bars.len().clamp(1, 90) as i32) as u32))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        let bars: Vec<String> = self
            .bars
            .iter()
            .map(|bar| {
                let value =
                    if bar.value.is_finite() { self.unit.format_value(bar.value) } else { "no value".to_string() };
                format!("{} {value}", bar.name)
            })
            .collect();
        let bars = if bars.is_empty() { NO_DATA.to_string() } else { bars.join(", ") };
        format!("{}: {bars}.", self.value_label)
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let (width, height) = area.dim_in_pixel();
        let (width, height) = (width as i32, height as i32);
        let mut top = MARGIN;
        for line in text::wrap(&self.title, width - 2 * MARGIN, 2, TITLE_SIZE, true) {
            drawn(area.draw_text(&line, &text::style(TITLE_SIZE, true, INK, Anchor::BelowStart), (MARGIN, top)))?;
            top += (TITLE_SIZE * 1.3) as i32;
        }
        top += 8;
        let bottom = height - MARGIN - 40;
        if self.bars.is_empty() {
            let middle = (width / 2, i32::midpoint(top, bottom));
            return drawn(area.draw_text(NO_DATA, &text::style(LABEL_SIZE, false, QUIET_INK, Anchor::Middle), middle));
        }

        let longest = self.bars.iter().map(|bar| text::width(&bar.name, LABEL_SIZE, false)).max().unwrap_or(0);
        let names = longest.min(width * 35 / 100);
        let left = MARGIN + names + 8;
        // Room for the widest "93.1 % ± 0.5 %" behind the longest bar.
        let right = (width - MARGIN - text::width("\u{2212}88.8 % \u{b1} 88.8 %", LABEL_SIZE, true)).max(left + 20);
        let (low, high) = self.range();
        let at = |value: f64| left + ((value - low) / (high - low) * f64::from(right - left)).round() as i32;

        let count = ((right - left) / 70).clamp(2, 6) as usize;
        let mut free_from = i32::MIN;
        for (place, label) in ticks::linear(low, high, count, self.unit) {
            let x = at(place);
            drawn(area.draw(&PathElement::new(vec![(x, top), (x, bottom)], GRID)))?;
            let half = text::width(&label, TICK_SIZE, false) / 2;
            if x - half > free_from {
                drawn(area.draw_text(
                    &label,
                    &text::style(TICK_SIZE, false, QUIET_INK, Anchor::Below),
                    (x, bottom + 5),
                ))?;
                free_from = x + half + 4;
            }
        }
        let label = text::shorten(&self.value_label, right - left, LABEL_SIZE, false);
        let style = text::style(LABEL_SIZE, false, QUIET_INK, Anchor::Middle);
        drawn(area.draw_text(&label, &style, (i32::midpoint(left, right), height - MARGIN - 6)))?;

        let pitch = f64::from(bottom - top) / self.bars.len() as f64;
        let lines = if pitch >= 30.0 { 2 } else { 1 };
        for (index, bar) in self.bars.iter().enumerate() {
            let middle = top + ((index as f64 + 0.5) * pitch) as i32;
            let name = text::wrap(&bar.name, names, lines, LABEL_SIZE, false);
            let first = middle - (name.len() as i32 - 1) * 8;
            for (row, part) in name.iter().enumerate() {
                let style = text::style(LABEL_SIZE, false, INK, Anchor::End);
                drawn(area.draw_text(part, &style, (left - 8, first + row as i32 * 16)))?;
            }
            self.draw_bar(area, bar, 0, middle, &at)?;
        }
        drawn(area.draw(&PathElement::new(vec![(at(0.0), top), (at(0.0), bottom)], AXIS)))
    }
}

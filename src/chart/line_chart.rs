//! Several lines over numbers: accuracy by learning rate, loss by step.

use super::canvas::Area;
use super::output::{Picture, chart_methods};
use super::panel::{Axis, Line, NO_DATA, Panel};
use super::style::series_color;
use super::ticks::{self, Unit};
use crate::{Error, Result};

/// Several named lines over a common axis, which may be logarithmic.
///
/// ```
/// use tunebook::chart::LineChart;
///
/// let chart = LineChart::new("Which learning rate?", "learning rate", "validation accuracy")
///     .series("full", vec![(1e-5, 0.4), (1e-4, 0.8), (1e-3, 0.3)])
///     .log_x()
///     .percent_y();
/// assert!(chart.to_svg()?.contains("learning rate"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    title: String,
    x_label: String,
    y_label: String,
    series: Vec<(String, Vec<(f64, f64)>)>,
    log_x: bool,
    unit: Unit,
    y_range: Option<(f64, f64)>,
    size: Option<(u32, u32)>,
}

chart_methods!(
    LineChart,
    "LineChart::new(\"Speed\", \"batch size\", \"items/s\").series(\"CPU\", vec![(8.0, 30.0), (16.0, 44.0)])"
);

impl LineChart {
    /// A chart without lines; the labels name the axes, with units.
    ///
    /// See [`LineChart`] for an example.
    pub fn new(title: impl Into<String>, x_label: impl Into<String>, y_label: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            series: Vec::new(),
            log_x: false,
            unit: Unit::Plain,
            y_range: None,
            size: None,
        }
    }

    /// Adds a line through `(x, y)` points in the given order. A point that is not finite leaves a gap.
    ///
    /// See [`LineChart`] for an example.
    pub fn series(mut self, name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        self.series.push((name.into(), points));
        self
    }

    /// A logarithmic x axis: for learning rates. Drawing fails when an x is not above zero.
    ///
    /// See [`LineChart`] for an example.
    pub fn log_x(mut self) -> Self {
        self.log_x = true;
        self
    }

    /// Values are shares: the y axis goes from 0 to 100 %.
    ///
    /// See [`LineChart`] for an example.
    pub fn percent_y(mut self) -> Self {
        self.unit = Unit::Percent;
        self.y_range.get_or_insert((0.0, 1.0));
        self
    }

    /// A fixed range for the y axis.
    ///
    /// ```
    /// use tunebook::chart::LineChart;
    ///
    /// let chart = LineChart::new("Loss", "step", "nats").series("run", vec![(0.0, 2.0), (1.0, 1.5)]).with_y_range(1.0, 3.0);
    /// assert!(chart.to_svg().is_ok());
    /// assert!(chart.with_y_range(3.0, 1.0).to_svg().is_err());
    /// ```
    pub fn with_y_range(mut self, min: f64, max: f64) -> Self {
        self.y_range = Some((min, max));
        self
    }

    fn lines(&self) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        for (index, (name, points)) in self.series.iter().enumerate() {
            if let Some((x, _)) = points.iter().find(|(x, _)| self.log_x && *x <= 0.0) {
                return Err(Error::input(
                    format!("series {name:?}"),
                    format!("x = {x} has no place on a logarithmic axis"),
                    "leave the point out, or use a linear axis",
                ));
            }
            let points = points.iter().map(|(x, y)| (if self.log_x { x.log10() } else { *x }, *y)).collect();
            lines.push(Line {
                name: Some(name.clone()),
                points,
                color: series_color(index),
                width: 2,
                mark: Some(index),
                mark_every: 1,
            });
        }
        Ok(lines)
    }

    fn x_axis(&self, lines: &[Line], width: i32) -> Axis {
        let (min, max) = range(lines.iter().flat_map(|line| &line.points).map(|(x, _)| *x));
        let count = (width / 80).clamp(2, 10) as usize;
        let ticks =
            if self.log_x { ticks::logarithmic(min, max, count) } else { ticks::linear(min, max, count, Unit::Plain) };
        Axis { label: self.x_label.clone(), min, max, ticks }
    }

    fn y_axis(&self, lines: &[Line]) -> Result<Axis> {
        let (min, max) = self.y_range.unwrap_or_else(|| {
            let (min, max) = range(lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y));
            // From zero when zero is not far, as loss, accuracy and time are read.
            if min > 0.0 && min < 0.6 * max {
                (0.0, max * 1.05)
            } else {
                (min - 0.05 * (max - min), max + 0.05 * (max - min))
            }
        });
        if !(min.is_finite() && max.is_finite() && min < max) {
            return Err(Error::input(
                "y range",
                format!("{min} to {max} is not a range"),
                "give two finite numbers, the lower first",
            ));
        }
        Ok(Axis { label: self.y_label.clone(), min, max, ticks: ticks::linear(min, max, 5, self.unit) })
    }
}

/// The range of the finite values, never empty.
pub(super) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (min, max) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), value| (min.min(value), max.max(value)));
    if min > max {
        (0.0, 1.0)
    } else if max - min <= f64::EPSILON * max.abs() {
        (min - min.abs().max(1.0) * 0.5, max + max.abs().max(1.0) * 0.5)
    } else {
        (min, max)
    }
}

impl Picture for LineChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, 380))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        let mut sentences = vec![format!("{} by {}.", self.y_label, self.x_label)];
        for (name, points) in &self.series {
            let best = points.iter().filter(|(_, y)| y.is_finite()).max_by(|(_, a), (_, b)| a.total_cmp(b));
            sentences.push(match best {
                Some((x, y)) => {
                    let (x, y) = (Unit::Plain.format_value(*x), self.unit.format_value(*y));
                    format!("{name}: {} points, highest {y} at {x}.", points.len())
                }
                None => format!("{name}: {NO_DATA}."),
            });
        }
        sentences.join(" ")
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let lines = self.lines()?;
        let x = self.x_axis(&lines, area.dim_in_pixel().0 as i32);
        let y = self.y_axis(&lines)?;
        Panel { title: self.title.clone(), x, y, lines, markers: Vec::new() }.draw(area)
    }
}

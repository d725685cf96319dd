//! Accuracy against confidence.

use plotters::coord::CoordTranslate;
use plotters::element::Rectangle;
use plotters::style::Color;

use super::canvas::Area;
use super::output::{Picture, chart_methods, drawn};
use super::panel::{Line, NO_DATA, Panel};
use super::roc_curve::{reference_line, share_axis, share_points};
use super::style::{CARD, mix, series_color};
use crate::{Error, Result};

/// A reliability diagram: the accuracy of items by their confidence. On the diagonal a model is as sure as it is right;
/// below it, too sure.
///
/// Pale columns show the share of all items in each bin: a bin of few items says little.
///
/// ```
/// use tunebook::chart::ReliabilityChart;
///
/// let chart = ReliabilityChart::new("Full fine-tuning", &[0.55, 0.95], &[0.5, 0.8], &[20, 80])?;
/// assert!(chart.to_svg()?.contains("calibration error 0.130"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReliabilityChart {
    title: String,
    points: Vec<(f64, f64)>,
    counts: Vec<usize>,
    size: Option<(u32, u32)>,
}

chart_methods!(ReliabilityChart, "ReliabilityChart::new(\"a\", &[0.8], &[0.7], &[10]).unwrap()");

impl ReliabilityChart {
    /// A chart of bins in the order of confidence: mean confidence, accuracy and number of items of each. Empty bins are
    /// left out.
    ///
    /// An error when lengths differ or a value is not from 0 to 1.
    ///
    /// See [`ReliabilityChart`] for an example.
    pub fn new(title: impl Into<String>, confidence: &[f64], accuracy: &[f64], counts: &[usize]) -> Result<Self> {
        let points = share_points("accuracy", confidence, accuracy)?;
        if counts.len() != points.len() {
            let problem = format!("{} counts for {} bins", counts.len(), points.len());
            return Err(Error::input("counts", problem, "pass the number of items of each bin"));
        }
        let filled = points.into_iter().zip(counts.iter().copied());
        let filled = filled.filter(|((x, y), count)| *count > 0 && x.is_finite() && y.is_finite());
        let (points, counts) = filled.unzip();
        Ok(Self { title: title.into(), points, counts, size: None })
    }

    /// Each bin's share of all items.
    fn shares(&self) -> Vec<f64> {
        let total: f64 = self.counts.iter().map(|count| *count as f64).sum();
        self.counts.iter().map(|count| *count as f64 / total).collect()
    }

    fn expected_error(&self) -> f64 {
        self.points.iter().zip(self.shares()).map(|((x, y), share)| (x - y).abs() * share).sum()
    }
}

impl Picture for ReliabilityChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((520, 500))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.points.is_empty() {
            return format!("Accuracy against confidence: {NO_DATA}.");
        }
        let bin = |((x, y), share): (&(f64, f64), f64)| {
            format!("accuracy {y:.2} at confidence {x:.2} ({:.0} % of items)", 100.0 * share)
        };
        let bins: Vec<String> = self.points.iter().zip(self.shares()).map(bin).collect();
        format!("Expected calibration error {:.3}. {}.", self.expected_error(), bins.join(", "))
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        /// Half of a column, as a share of the axis.
        const HALF: f64 = 0.015;
        let pixels = area.dim_in_pixel();
        let pale = mix(CARD, series_color(0), 0.3);
        let mut panel = Panel {
            title: self.title.clone(),
            x: share_axis("confidence", pixels.0),
            y: share_axis("accuracy", pixels.1),
            lines: Vec::new(),
            markers: Vec::new(),
        };
        if !self.points.is_empty() {
            let line = |name: String, points, color, width, mark| Line {
                name: Some(name),
                points,
                color,
                width,
                mark,
                mark_every: 1,
            };
            let name = format!("calibration error {:.3}", self.expected_error());
            panel.lines = vec![
                reference_line("as sure as right", vec![(0.0, 0.0), (1.0, 1.0)]),
                line(name, self.points.clone(), series_color(0), 2, Some(0)),
                // Only for the legend: the columns are drawn below the lines.
                line("share of items".into(), Vec::new(), pale, 8, None),
            ];
        }
        let (plane, frame) = panel.draw_frame(area)?;
        for ((confidence, _), share) in self.points.iter().zip(self.shares()) {
            let corners = [
                plane.translate(&((confidence - HALF).max(0.0), share)),
                plane.translate(&((confidence + HALF).min(1.0), 0.0)),
            ];
            drawn(area.draw(&Rectangle::new(corners, pale.filled())))?;
        }
        panel.draw_lines(area, &plane, frame)
    }
}

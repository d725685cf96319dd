//! Receiver operating characteristic: what is found against what is falsely reported.

use super::canvas::Area;
use super::output::{Picture, chart_methods};
use super::panel::{Axis, Line, NO_DATA, Panel, thinned};
use super::style::{AXIS, series_color};
use super::ticks::{self, Unit};
use crate::{Error, Result};

/// ROC curves of one or more models or classes, each with its area; the diagonal is what guessing gives.
///
/// ```
/// use tunebook::chart::RocCurveChart;
///
/// let chart = RocCurveChart::new("ROC").curve("linear probe", &[0.0, 0.0, 0.5, 1.0], &[0.0, 0.5, 1.0, 1.0])?;
/// assert!(chart.to_svg()?.contains("linear probe: area 0.875"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurveChart {
    title: String,
    curves: Vec<Curve>,
    size: Option<(u32, u32)>,
}

/// A named curve of shares, with the area below it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    pub(super) name: String,
    pub(super) area: f64,
    pub(super) points: Vec<(f64, f64)>,
}

chart_methods!(RocCurveChart, "RocCurveChart::new(\"ROC\").curve(\"a\", &[0.0, 1.0], &[0.0, 1.0]).unwrap()");

/// More points than a chart has pixels make a large file and no better picture.
const MOST_POINTS: usize = 800;

/// What the legend calls a curve's area.
const AREA: &str = "area";

impl RocCurveChart {
    /// A chart without curves.
    ///
    /// See [`RocCurveChart`] for an example.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), curves: Vec::new(), size: None }
    }

    /// Adds a curve: the rates of a `RocCurve`, both rising from 0 to 1. A rate that is not a number leaves a gap.
    ///
    /// An error when lengths differ or a rate is not from 0 to 1.
    ///
    /// See [`RocCurveChart`] for an example.
    pub fn curve(
        mut self,
        name: impl Into<String>,
        false_positive_rate: &[f64],
        true_positive_rate: &[f64],
    ) -> Result<Self> {
        let name = name.into();
        let points = share_points(&name, false_positive_rate, true_positive_rate)?;
        let area = points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * f64::midpoint(pair[0].1, pair[1].1)).sum();
        self.curves.push(Curve { name, area, points });
        Ok(self)
    }
}

impl Curve {
    /// `probe: area 0.875`
    pub(super) fn legend(&self, area_name: &str) -> String {
        let Self { name, area, .. } = self;
        if area.is_nan() { format!("{name}: no {area_name}") } else { format!("{name}: {area_name} {area:.3}") }
    }

    /// Its line, with its shape at about eight of `points`.
    pub(super) fn line(&self, index: usize, area_name: &str, points: &[(f64, f64)]) -> Line {
        let points = thinned(points, MOST_POINTS);
        let mark_every = points.len().div_ceil(8);
        let name = Some(self.legend(area_name));
        Line { name, points, color: series_color(index), width: 2, mark: Some(index), mark_every }
    }
}

/// What the curves say, for those who do not see them.
pub(super) fn legends(curves: &[Curve], area_name: &str) -> String {
    let legends: Vec<String> = curves.iter().map(|curve| curve.legend(area_name)).collect();
    if legends.is_empty() { NO_DATA.to_string() } else { legends.join(", ") }
}

/// Nearly square, with a row of the legend for each further curve.
pub(super) fn curves_size(curves: &[Curve]) -> (u32, u32) {
    (520, 480 + 18 * curves.len().saturating_sub(1).min(30) as u32)
}

/// Pairs of shares as points. A value that is not a number is kept: it leaves a gap.
pub(super) fn share_points(name: &str, x: &[f64], y: &[f64]) -> Result<Vec<(f64, f64)>> {
    let place = || format!("curve {name:?}");
    if x.len() != y.len() {
        let problem = format!("{} values for one axis, {} for the other", x.len(), y.len());
        return Err(Error::input(place(), problem, "pass one value of each for every point"));
    }
    if let Some(value) = x.iter().chain(y).find(|value| !value.is_nan() && !(0.0..=1.0).contains(*value)) {
        return Err(Error::input(place(), format!("{value} is not from 0 to 1"), "pass shares, not per cent"));
    }
    Ok(x.iter().copied().zip(y.iter().copied()).collect())
}

/// An axis from 0 to 1 with numbers as they are.
pub(super) fn share_axis(label: &str, pixels: u32) -> Axis {
    let count = if pixels < 420 { 3 } else { 5 };
    Axis { label: label.into(), min: 0.0, max: 1.0, ticks: ticks::linear(0.0, 1.0, count, Unit::Plain) }
}

/// A quiet line for comparison.
pub(super) fn reference_line(name: &str, points: Vec<(f64, f64)>) -> Line {
    Line { name: Some(name.into()), points, color: AXIS, width: 1, mark: None, mark_every: 1 }
}

impl Picture for RocCurveChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or_else(|| curves_size(&self.curves))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        format!("True against false positive rate. {}.", legends(&self.curves, AREA))
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let pixels = area.dim_in_pixel();
        let mut lines = Vec::new();
        if !self.curves.is_empty() {
            lines.push(reference_line("guessing", vec![(0.0, 0.0), (1.0, 1.0)]));
        }
        lines.extend(self.curves.iter().enumerate().map(|(index, curve)| curve.line(index, AREA, &curve.points)));
        Panel {
            title: self.title.clone(),
            x: share_axis("false positive rate", pixels.0),
            y: share_axis("true positive rate", pixels.1),
            lines,
            markers: Vec::new(),
        }
        .draw(area)
    }
}

//! Precision against recall.

use super::canvas::Area;
use super::output::{Picture, chart_methods};
use super::panel::Panel;
use super::roc_curve::{Curve, curves_size, legends, reference_line, share_axis, share_points};
use crate::{Error, Result};

/// Precision-recall curves of one or more models or classes, each with its average precision.
///
/// Precision jumps between two recalls, so the curve has steps. With [`prevalence`](Self::prevalence) a quiet line shows
/// what guessing gives.
///
/// ```
/// use tunebook::chart::PrecisionRecallChart;
///
/// let chart = PrecisionRecallChart::new("Rare class").curve("probe", &[1.0, 0.5, 0.0], &[0.5, 1.0, 1.0])?;
/// assert!(chart.prevalence(0.5)?.to_svg()?.contains("probe: average precision 0.750"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecallChart {
    title: String,
    curves: Vec<Curve>,
    prevalence: Option<f64>,
    size: Option<(u32, u32)>,
}

chart_methods!(
    PrecisionRecallChart,
    "PrecisionRecallChart::new(\"PR\").curve(\"a\", &[1.0, 0.0], &[0.5, 1.0]).unwrap()"
);

impl PrecisionRecallChart {
    /// A chart without curves.
    ///
    /// See [`PrecisionRecallChart`] for an example.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), curves: Vec::new(), prevalence: None, size: None }
    }

    /// Adds a curve: the recall and precision of a `PrecisionRecallCurve`, recall falling from 1 to 0.
    ///
    /// An error when lengths differ or a value is not from 0 to 1.
    ///
    /// See [`PrecisionRecallChart`] for an example.
    pub fn curve(mut self, name: impl Into<String>, recall: &[f64], precision: &[f64]) -> Result<Self> {
        let name = name.into();
        let points = share_points(&name, recall, precision)?;
        let area = points.windows(2).map(|pair| (pair[0].0 - pair[1].0) * pair[0].1).sum();
        self.curves.push(Curve { name, area, points });
        Ok(self)
    }

    /// The share of positive items, 0 to 1: the precision of guessing.
    ///
    /// An error when it is not from 0 to 1.
    ///
    /// See [`PrecisionRecallChart`] for an example.
    pub fn prevalence(mut self, share: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&share) {
            let problem = format!("{share} is not from 0 to 1");
            return Err(Error::input("prevalence", problem, "pass the share of positive items"));
        }
        self.prevalence = Some(share);
        Ok(self)
    }
}

/// What the legend calls the area below the stairs.
const AREA: &str = "average precision";

/// Between two recalls the precision of the higher one holds.
fn stairs(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut stairs: Vec<(f64, f64)> = Vec::new();
    for &(recall, precision) in points {
        if let Some(&(_, before)) = stairs.last() {
            stairs.push((recall, before));
        }
        stairs.push((recall, precision));
    }
    // The point at recall 0 has no threshold: no items are found there, and the line down to it would say otherwise.
    if stairs.last().is_some_and(|(recall, _)| *recall == 0.0) {
        stairs.pop();
    }
    stairs
}

impl Picture for PrecisionRecallChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or_else(|| curves_size(&self.curves))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        format!("Precision against recall. {}.", legends(&self.curves, AREA))
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let pixels = area.dim_in_pixel();
        let mut lines = Vec::new();
        if let Some(share) = self.prevalence.filter(|_| !self.curves.is_empty()) {
            lines.push(reference_line("guessing", vec![(0.0, share), (1.0, share)]));
        }
        let line = |(index, curve): (usize, &Curve)| curve.line(index, AREA, &stairs(&curve.points));
        lines.extend(self.curves.iter().enumerate().map(line));
        Panel {
            title: self.title.clone(),
            x: share_axis("recall", pixels.0),
            y: share_axis("precision", pixels.1),
            lines,
            markers: Vec::new(),
        }
        .draw(area)
    }
}

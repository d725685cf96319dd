//! Loss against learning rate, with suggestions.

use super::canvas::Area;
use super::line_chart::range;
use super::output::{Picture, chart_methods};
use super::panel::{Axis, Line, NO_DATA, Panel, thinned};
use super::style::{CARD, mix, series_color};
use super::ticks::{self, Unit};
use crate::{Error, Result};

/// The loss while the learning rate grows from step to step, and the rates that the finder suggests
/// (the learning-rate range test of Smith, 2017, "Cyclical Learning Rates for Training Neural Networks").
///
/// The learning rate has a logarithmic axis. A run ends by diverging, so the loss axis stops at a quarter above the loss
/// that the run began with; the curve leaves the chart there. A loss that is not finite leaves a gap.
///
/// ```
/// use tunebook::chart::LearningRateFinderChart;
///
/// let rates: Vec<f64> = (0..50).map(|step| 1e-6 * 10f64.powf(f64::from(step) / 10.0)).collect();
/// let losses: Vec<f64> = rates.iter().map(|rate| 2.0 - 200.0 * rate + 2e4 * rate * rate).collect();
/// let chart = LearningRateFinderChart::new(&rates, &losses)?.suggestion("valley", 1e-3)?;
/// assert!(chart.to_svg()?.contains("valley: 0.001"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LearningRateFinderChart {
    title: String,
    learning_rates: Vec<f64>,
    losses: Vec<f64>,
    smoothed: Vec<f64>,
    suggestions: Vec<(String, f64)>,
    size: Option<(u32, u32)>,
}

chart_methods!(LearningRateFinderChart, "LearningRateFinderChart::new(&[1e-5, 1e-4, 1e-3], &[2.0, 1.5, 3.0]).unwrap()");

/// More points than a chart has pixels make a large file and no better picture.
const MOST_POINTS: usize = 800;

impl LearningRateFinderChart {
    /// A chart of one loss for each learning rate, in the order of the run.
    ///
    /// An error when the lengths differ or a learning rate is not a finite number above zero.
    ///
    /// See [`LearningRateFinderChart`] for an example.
    pub fn new(learning_rates: &[f64], losses: &[f64]) -> Result<Self> {
        check_length("losses", losses.len(), learning_rates.len())?;
        if let Some((step, rate)) =
            learning_rates.iter().enumerate().find(|(_, rate)| !(rate.is_finite() && **rate > 0.0))
        {
            return Err(Error::input(
                format!("learning rate of step {}", step + 1),
                format!("{rate} has no place on a logarithmic axis"),
                "pass finite learning rates above zero",
            ));
        }
        Ok(Self {
            title: "Learning-rate finder".into(),
            learning_rates: learning_rates.to_vec(),
            losses: losses.to_vec(),
            smoothed: Vec::new(),
            suggestions: Vec::new(),
            size: None,
        })
    }

    /// Adds the smoothed loss, one value for each learning rate; the raw loss then stands behind it, pale.
    ///
    /// An error when the lengths differ.
    ///
    /// ```
    /// use tunebook::chart::LearningRateFinderChart;
    ///
    /// let chart = LearningRateFinderChart::new(&[1e-5, 1e-4, 1e-3], &[2.0, 1.4, 1.7])?.smoothed(&[2.0, 1.7, 1.6])?;
    /// assert!(chart.to_svg()?.contains("smoothed"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn smoothed(mut self, losses: &[f64]) -> Result<Self> {
        check_length("smoothed losses", losses.len(), self.learning_rates.len())?;
        self.smoothed = losses.to_vec();
        Ok(self)
    }

    /// Marks a suggested learning rate by its name: "valley", "steepest", "minimum / 10".
    ///
    /// An error when it lies outside of the learning rates that were tried.
    ///
    /// See [`LearningRateFinderChart`] for an example.
    pub fn suggestion(mut self, name: impl Into<String>, learning_rate: f64) -> Result<Self> {
        let name = name.into();
        let (low, high) = self.tried();
        if !(low..=high).contains(&learning_rate) {
            return Err(Error::input(
                format!("suggestion {name:?}"),
                format!("learning rate {learning_rate} lies outside of the rates tried, {low} to {high}"),
                "suggest a rate from the run",
            ));
        }
        self.suggestions.push((name, learning_rate));
        Ok(self)
    }

    /// The same chart under another title than "Learning-rate finder".
    ///
    /// ```
    /// use tunebook::chart::LearningRateFinderChart;
    ///
    /// let chart = LearningRateFinderChart::new(&[1e-4, 1e-3], &[2.0, 1.5])?.with_title("Full fine-tuning");
    /// assert!(chart.to_svg()?.contains("Full fine-tuning"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The lowest and the highest learning rate; an empty range without data.
    fn tried(&self) -> (f64, f64) {
        let rates = || self.learning_rates.iter().copied();
        (rates().fold(f64::INFINITY, f64::min), rates().fold(f64::NEG_INFINITY, f64::max))
    }

    /// What the suggestions are read from.
    fn curve(&self) -> &[f64] {
        if self.smoothed.is_empty() { &self.losses } else { &self.smoothed }
    }

    fn points(&self, losses: &[f64]) -> Vec<(f64, f64)> {
        self.learning_rates.iter().map(|rate| rate.log10()).zip(losses.iter().copied()).collect()
    }

    /// The loss axis: all of the curve up to a quarter above its start.
    fn loss_range(&self) -> (f64, f64) {
        let finite = || self.curve().iter().copied().filter(|loss| loss.is_finite());
        let (min, max) = range(finite());
        let start = finite().next().unwrap_or(max);
        let top = max.min(start + 0.25 * (start - min).max(0.2 * start.abs()));
        if top <= min {
            return (min, max);
        }
        let room = 0.06 * (top - min);
        // From zero when zero is near, as losses are read.
        (if min >= 0.0 && min < 0.3 * top { 0.0 } else { min - room }, top + room)
    }

    fn lines(&self, (low, high): (f64, f64)) -> Vec<Line> {
        let line = |name: &str, losses: &[f64], color, width| Line {
            name: Some(name.into()),
            points: clipped(&thinned(&self.points(losses), MOST_POINTS), low, high),
            color,
            width,
            mark: None,
            mark_every: 1,
        };
        let mut lines = Vec::new();
        if self.smoothed.is_empty() {
            lines.push(line("loss", &self.losses, series_color(0), 2));
        } else {
            lines.push(line("loss of each step", &self.losses, mix(CARD, series_color(0), 0.4), 1));
            lines.push(line("smoothed", &self.smoothed, series_color(0), 3));
        }
        for (index, (_, rate)) in self.suggestions.iter().enumerate() {
            let loss = self.loss_at(*rate);
            lines.push(Line {
                name: None,
                points: vec![(rate.log10(), if (low..=high).contains(&loss) { loss } else { f64::NAN })],
                color: series_color(index + 1),
                width: 0,
                mark: Some(index),
                mark_every: 1,
            });
        }
        lines
    }

    /// The curve's loss at a learning rate, between two steps on the logarithmic axis.
    fn loss_at(&self, rate: f64) -> f64 {
        let (points, x) = (self.points(self.curve()), rate.log10());
        if let Some((_, loss)) = points.iter().find(|(place, _)| (place - x).abs() < 1e-12) {
            return *loss;
        }
        let between = |pair: &&[(f64, f64)]| (pair[0].0 - x) * (pair[1].0 - x) < 0.0;
        points.windows(2).find(between).map_or(f64::NAN, |pair| crossing_y(pair[0], pair[1], x))
    }
}

fn check_length(what: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::input(what, format!("{found} values for {expected} learning rates"), "pass one value for each step"))
}

fn crossing_y(a: (f64, f64), b: (f64, f64), x: f64) -> f64 {
    a.1 + (x - a.0) / (b.0 - a.0) * (b.1 - a.1)
}

/// The part of a line between `low` and `high`, cut exactly where it leaves.
fn clipped(points: &[(f64, f64)], low: f64, high: f64) -> Vec<(f64, f64)> {
    let inside = |y: f64| (low..=high).contains(&y);
    let mut out = Vec::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        out.push((x, if inside(y) { y } else { f64::NAN }));
        let Some(&next) = points.get(index + 1) else { continue };
        if y.is_finite() && next.1.is_finite() && inside(y) != inside(next.1) {
            let edge = if y.max(next.1) > high { high } else { low };
            out.push((x + (edge - y) / (next.1 - y) * (next.0 - x), edge));
        }
    }
    out
}

impl Picture for LearningRateFinderChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, 400))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.learning_rates.is_empty() {
            return format!("{NO_DATA}.");
        }
        let (low, high) = self.tried();
        let (low, high) = (ticks::learning_rate(low), ticks::learning_rate(high));
        let points = self.points(self.curve());
        let best = points.iter().filter(|(_, loss)| loss.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1));
        let best = best.map_or("no finite loss".to_string(), |(x, loss)| {
            format!("lowest loss {} at {}", Unit::Plain.format_value(*loss), ticks::learning_rate(10f64.powf(*x)))
        });
        let suggestions: Vec<String> =
            self.suggestions.iter().map(|(name, rate)| format!("{name} {}", ticks::learning_rate(*rate))).collect();
        let suggestions =
            if suggestions.is_empty() { String::new() } else { format!(" Suggestions: {}.", suggestions.join(", ")) };
        format!("Loss for learning rates from {low} to {high}: {best}.{suggestions}")
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let (min, max) = range(self.learning_rates.iter().map(|rate| rate.log10()));
        let count = (area.dim_in_pixel().0 / 80).clamp(2, 10) as usize;
        let (low, high) = self.loss_range();
        let note = |(name, rate): &(String, f64)| (rate.log10(), format!("{name}: {}", ticks::learning_rate(*rate)));
        Panel {
            title: self.title.clone(),
            x: Axis {
                label: "learning rate (logarithmic)".into(),
                min,
                max,
                ticks: ticks::logarithmic(min, max, count),
            },
            y: Axis { label: "loss".into(), min: low, max: high, ticks: ticks::linear(low, high, 5, Unit::Plain) },
            lines: self.lines((low, high)),
            markers: self.suggestions.iter().map(note).collect(),
        }
        .draw(area)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_names_place_and_mend() {
        let error = |result: Result<LearningRateFinderChart>| result.unwrap_err().to_string();
        assert!(error(LearningRateFinderChart::new(&[1e-3], &[])).contains("0 values for 1 learning rates"));
        let zero = error(LearningRateFinderChart::new(&[1e-3, 0.0], &[1.0, 1.0]));
        assert!(zero.contains("step 2") && zero.contains("above zero"), "{zero}");
        let chart = LearningRateFinderChart::new(&[1e-4, 1e-3], &[1.0, 2.0]).unwrap();
        assert!(error(chart.clone().smoothed(&[1.0])).contains("smoothed losses"));
        assert!(error(chart.clone().suggestion("valley", 1.0)).contains("\"valley\""));
        assert!(chart.suggestion("valley", f64::NAN).is_err());
    }

    #[test]
    fn a_diverging_end_does_not_flatten_the_rest() {
        let chart = LearningRateFinderChart::new(&[1e-4, 1e-3, 1e-2, 1e-1], &[2.0, 1.0, 1.5, 1e9]).unwrap();
        let (low, high) = chart.loss_range();
        assert!(low <= 1.0 && (2.0..2.5).contains(&high), "{low} to {high}");
        let line = clipped(&chart.points(&chart.losses), low, high);
        assert_eq!(line.len(), 5);
        assert!((line[3].1 - high).abs() < 1e-12 && line[4].1.is_nan());
    }

    #[test]
    fn marks_lie_on_the_curve() {
        let chart = LearningRateFinderChart::new(&[1e-4, 1e-2], &[2.0, 1.0]).unwrap();
        assert!((chart.loss_at(1e-3) - 1.5).abs() < 1e-9);
        assert!((chart.loss_at(1e-2) - 1.0).abs() < 1e-9);
    }
}

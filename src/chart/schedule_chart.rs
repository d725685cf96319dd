//! The learning rate over the steps of a run.

use super::canvas::Area;
use super::line_chart::range;
use super::output::{Picture, chart_methods};
use super::panel::{Axis, Line, NO_DATA, Panel, thinned};
use super::style::series_color;
use super::ticks;
use crate::{Error, Result};

/// The learning rate at each step, for one or several named schedules.
///
/// ```
/// use tunebook::chart::ScheduleChart;
///
/// let linear = (0..100).map(|step| 2e-5 * (1.0 - f64::from(step) / 100.0)).collect();
/// let chart = ScheduleChart::new("Schedules").schedule("linear", linear)?.schedule("constant", vec![2e-5; 100])?;
/// assert!(chart.to_svg()?.contains("linear"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleChart {
    title: String,
    schedules: Vec<(String, Vec<f64>)>,
    size: Option<(u32, u32)>,
}

chart_methods!(ScheduleChart, "ScheduleChart::new(\"Schedule\").schedule(\"constant\", vec![1e-3; 10]).unwrap()");

/// More points make a larger file and, on whole pixels, a rougher line.
const MOST_POINTS: usize = 240;

impl ScheduleChart {
    /// A chart without schedules.
    ///
    /// See [`ScheduleChart`] for an example.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), schedules: Vec::new(), size: None }
    }

    /// Adds a schedule: the learning rate of step 1, 2, 3 and so on.
    ///
    /// An error when a learning rate is negative or not finite.
    ///
    /// See [`ScheduleChart`] for an example.
    pub fn schedule(mut self, name: impl Into<String>, learning_rates: Vec<f64>) -> Result<Self> {
        let name = name.into();
        let bad = |rate: &f64| !(rate.is_finite() && *rate >= 0.0);
        if let Some(step) = learning_rates.iter().position(bad) {
            return Err(Error::input(
                format!("schedule {name:?}, step {}", step + 1),
                format!("the learning rate is {}", learning_rates[step]),
                "a learning rate is a finite number, zero or more",
            ));
        }
        self.schedules.push((name, learning_rates));
        Ok(self)
    }

    fn line(&self, index: usize, name: &str, rates: &[f64]) -> Line {
        let points: Vec<(f64, f64)> = rates.iter().enumerate().map(|(step, rate)| ((step + 1) as f64, *rate)).collect();
        let points = thinned(&points, MOST_POINTS);
        // Few marks, of another number for each schedule, so that schedules that run together are both seen.
        let mark_every = points.len().div_ceil(9 + 2 * (index % self.schedules.len().max(1)).min(6));
        Line { name: Some(name.into()), points, color: series_color(index), width: 2, mark: Some(index), mark_every }
    }
}

impl Picture for ScheduleChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, 340))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        let mut sentences = vec!["Learning rate by step.".to_string()];
        for (name, rates) in &self.schedules {
            let peak = rates.iter().enumerate().rev().max_by(|a, b| a.1.total_cmp(b.1));
            sentences.push(match (rates.first(), peak, rates.last()) {
                (Some(first), Some((step, peak)), Some(last)) => format!(
                    "{name}: {} steps, starts at {}, highest {} at step {}, ends at {}.",
                    rates.len(),
                    ticks::learning_rate(*first),
                    ticks::learning_rate(*peak),
                    step + 1,
                    ticks::learning_rate(*last),
                ),
                _ => format!("{name}: {NO_DATA}."),
            });
        }
        sentences.join(" ")
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let steps = self.schedules.iter().map(|(_, rates)| rates.len()).max().unwrap_or(0).max(1) as f64;
        let (_, highest) = range(self.schedules.iter().flat_map(|(_, rates)| rates.iter().copied().chain([0.0])));
        let top = ticks::ceiling(highest);
        let count = (area.dim_in_pixel().0 / 80).clamp(2, 8) as usize;
        Panel {
            title: self.title.clone(),
            x: Axis { label: "step".into(), min: 0.0, max: steps, ticks: ticks::whole(0.0, steps, count) },
            y: Axis { label: "learning rate".into(), min: 0.0, max: top, ticks: ticks::learning_rates(0.0, top, 5) },
            lines: self
                .schedules
                .iter()
                .enumerate()
                .map(|(index, (name, rates))| self.line(index, name, rates))
                .collect(),
            markers: Vec::new(),
        }
        .draw(area)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_rates_are_refused_by_step() {
        for bad in [f64::NAN, f64::INFINITY, -1e-3] {
            let error = ScheduleChart::new("").schedule("cosine", vec![1e-3, bad]).unwrap_err().to_string();
            assert!(error.contains("\"cosine\", step 2") && error.contains("zero or more"), "{error}");
        }
    }

    #[test]
    fn long_schedules_keep_their_peak() {
        let mut rates = vec![1e-5; 100_000];
        rates[33_333] = 1e-3;
        let chart = ScheduleChart::new("").schedule("spike", rates).unwrap();
        let line = chart.line(0, "spike", &chart.schedules[0].1);
        assert!(line.points.len() <= MOST_POINTS + 2);
        assert!(line.points.contains(&(33_334.0, 1e-3)));
    }
}

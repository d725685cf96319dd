//! The score of each trial of a sweep against its parameters.

use super::canvas::Area;
use super::line_chart::range;
use super::output::{Picture, chart_methods, drawn};
use super::panel::{Axis, Line, NO_DATA, Panel};
use super::style::{INK, MARGIN, TITLE_SIZE, series_color};
use super::text::{self, Anchor};
use super::ticks::{self, Unit};
use crate::{Error, Result};

/// The score of each trial of a hyperparameter sweep, against one parameter or several, each in a panel of its own. The
/// best trial is marked in all of them.
///
/// The trials of one parameter are joined by a line when no value was tried twice. With several parameters each panel shows
/// every trial, so the spread at one value is what the other parameters make of it. A score that is not finite, of a trial
/// that failed, is left out of the panels and counted in the description.
///
/// ```
/// use tunebook::chart::SweepChart;
///
/// let chart = SweepChart::new("Full fine-tuning", "validation accuracy", &[0.71, 0.9, 0.88, 0.4])
///     .percent()
///     .log_parameter("learning rate", &[1e-5, 1e-4, 1e-4, 1e-3])?
///     .parameter("batch size", &[8.0, 8.0, 16.0, 16.0])?;
/// assert!(chart.to_svg()?.contains("best: 1e\u{2212}4"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SweepChart {
    title: String,
    score_label: String,
    scores: Vec<f64>,
    parameters: Vec<Parameter>,
    lower_is_better: bool,
    unit: Unit,
    size: Option<(u32, u32)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Parameter {
    name: String,
    values: Vec<f64>,
    log: bool,
}

chart_methods!(
    SweepChart,
    "SweepChart::new(\"Sweep\", \"accuracy\", &[0.7, 0.9]).parameter(\"epochs\", &[2.0, 4.0]).unwrap()"
);

/// The width that a panel should have, and the least of both sides that it needs.
const PANEL_WIDTH: u32 = 280;
const LEAST: (u32, u32) = (200, 140);

/// Up to this many values of a parameter are the axis's numbers themselves.
const MOST_VALUES: usize = 8;

impl SweepChart {
    /// A chart of one score for each trial, without parameters. A higher score is better.
    ///
    /// See [`SweepChart`] for an example.
    pub fn new(title: impl Into<String>, score_label: impl Into<String>, scores: &[f64]) -> Self {
        Self {
            title: title.into(),
            score_label: score_label.into(),
            scores: scores.to_vec(),
            parameters: Vec::new(),
            lower_is_better: false,
            unit: Unit::Plain,
            size: None,
        }
    }

    /// Adds a parameter with its value in each trial.
    ///
    /// An error when there is not one finite value for each trial.
    ///
    /// See [`SweepChart`] for an example.
    pub fn parameter(self, name: impl Into<String>, values: &[f64]) -> Result<Self> {
        self.with_parameter(Parameter { name: name.into(), values: values.to_vec(), log: false })
    }

    /// Adds a parameter on a logarithmic axis: learning rates, weight decays.
    ///
    /// An error when there is not one finite value above zero for each trial.
    ///
    /// See [`SweepChart`] for an example.
    pub fn log_parameter(self, name: impl Into<String>, values: &[f64]) -> Result<Self> {
        self.with_parameter(Parameter { name: name.into(), values: values.to_vec(), log: true })
    }

    /// The score is a loss or an error: the lowest is the best.
    ///
    /// ```
    /// use tunebook::chart::SweepChart;
    ///
    /// let chart = SweepChart::new("Sweep", "loss", &[0.7, 0.9]).parameter("epochs", &[2.0, 4.0])?.lower_is_better();
    /// assert!(chart.to_svg()?.contains("best: 2"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn lower_is_better(mut self) -> Self {
        self.lower_is_better = true;
        self
    }

    /// Scores are shares from 0 to 1, written in per cent.
    ///
    /// See [`SweepChart`] for an example.
    pub fn percent(mut self) -> Self {
        self.unit = Unit::Percent;
        self
    }

    fn with_parameter(mut self, parameter: Parameter) -> Result<Self> {
        let Parameter { name, values, log } = &parameter;
        let place = format!("parameter {name:?}");
        if values.len() != self.scores.len() {
            let problem = format!("{} values for {} trials", values.len(), self.scores.len());
            return Err(Error::input(place, problem, "pass the parameter's value in each trial"));
        }
        let fits = |value: f64| value.is_finite() && (!log || value > 0.0);
        if let Some(trial) = values.iter().position(|value| !fits(*value)) {
            let axis = if *log { "a logarithmic axis" } else { "an axis" };
            let problem = format!("{} in trial {} has no place on {axis}", values[trial], trial + 1);
            let mend = if *log { "pass finite values above zero, or use `parameter`" } else { "pass finite values" };
            return Err(Error::input(place, problem, mend));
        }
        self.parameters.push(parameter);
        Ok(self)
    }

    /// The best trial, the first of equals.
    fn best(&self) -> Option<usize> {
        let better = |a: f64, b: f64| if self.lower_is_better { a < b } else { a > b };
        (0..self.scores.len())
            .filter(|trial| self.scores[*trial].is_finite())
            .reduce(|best, trial| if better(self.scores[trial], self.scores[best]) { trial } else { best })
    }

    fn score_axis(&self) -> Axis {
        let (low, high) = range(self.scores.iter().copied());
        let room = 0.08 * (high - low);
        let (mut min, mut max) = (low - room, high + room);
        if self.unit == Unit::Percent && low >= 0.0 && high <= 1.0 {
            (min, max) = (min.max(0.0), max.min(1.0));
        }
        Axis { label: self.score_label.clone(), min, max, ticks: ticks::linear(min, max, 5, self.unit) }
    }

    fn panel(&self, parameter: &Parameter, title: String, width: u32) -> Panel {
        let at = |trial: usize| (parameter.place(parameter.values[trial]), self.scores[trial]);
        let mut points: Vec<(f64, f64)> = (0..self.scores.len()).map(at).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let is_curve = self.parameters.len() == 1 && parameter.distinct().len() == self.scores.len();
        let line = |name, points, series: usize, width, mark| Line {
            name,
            points,
            color: series_color(series),
            width,
            mark: Some(mark),
            mark_every: 1,
        };
        let mut lines = vec![line(None, points, 0, if is_curve { 2 } else { 0 }, 0)];
        lines.extend(self.best().map(|trial| {
            let name = format!("best: {}", ticks::learning_rate(parameter.values[trial]));
            line(Some(name), vec![at(trial)], 1, 0, 3)
        }));
        Panel { title, x: parameter.axis(width), y: self.score_axis(), lines, markers: Vec::new() }
    }

    /// Rows and columns of panels: as many side by side as have room.
    fn grid(&self, width: u32) -> (usize, usize) {
        let panels = self.parameters.len().max(1);
        let columns = ((width / PANEL_WIDTH).max(1) as usize).min(panels);
        let rows = panels.div_ceil(columns);
        (rows, panels.div_ceil(rows))
    }
}

impl Parameter {
    fn place(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }

    /// The values that were tried, each once, in order.
    fn distinct(&self) -> Vec<f64> {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    }

    fn axis(&self, width: u32) -> Axis {
        let distinct = self.distinct();
        let (low, high) = range(distinct.iter().map(|value| self.place(*value)));
        let room = 0.06 * (high - low);
        let (min, max) = (low - room, high + room);
        let count = (width / 80).clamp(2, 8) as usize;
        let exact = |value: &f64| (self.place(*value), ticks::learning_rate(*value));
        let mut ticks: Vec<ticks::Tick> = match self.log {
            _ if distinct.len() <= MOST_VALUES => distinct.iter().map(exact).collect(),
            true => ticks::logarithmic(min, max, count),
            false => ticks::linear(min, max, count, Unit::Plain),
        };
        if ticks.len() < 2 {
            // Less than a decade between two powers of ten.
            ticks =
                distinct.first().into_iter().chain(distinct.last().filter(|_| distinct.len() > 1)).map(exact).collect();
        }
        let label = if self.log { format!("{} (logarithmic)", self.name) } else { self.name.clone() };
        Axis { label, min, max, ticks }
    }
}

impl Picture for SweepChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or_else(|| match self.parameters.len() {
            0 | 1 => (680, 380),
            _ => (900, (40 + 290 * self.grid(900).0 as u32).min(4000)),
        })
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        let Some(best) = self.best() else { return format!("{}: {NO_DATA}.", self.score_label) };
        let value = |one: &Parameter| format!("{} {}", one.name, ticks::learning_rate(one.values[best]));
        let at: Vec<String> = self.parameters.iter().map(value).collect();
        let at = if at.is_empty() { String::new() } else { format!(", {}", at.join(", ")) };
        let failed = match self.scores.iter().filter(|score| !score.is_finite()).count() {
            0 => String::new(),
            failed => format!(" Trials without a finite score: {failed}."),
        };
        let score = self.unit.format_value(self.scores[best]);
        let trials = self.scores.len();
        format!("{} of {trials} trials. Best: {score} in trial {}{at}.{failed}", self.score_label, best + 1)
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let (width, height) = area.dim_in_pixel();
        if let [] | [_] = self.parameters.as_slice() {
            let none = Parameter { name: "parameter".into(), values: vec![0.0; self.scores.len()], log: false };
            let mut panel = self.panel(self.parameters.first().unwrap_or(&none), self.title.clone(), width);
            if self.parameters.is_empty() {
                panel.lines.clear();
            }
            return panel.draw(area);
        }
        let (rows, columns) = self.grid(width);
        let lines = text::wrap(&self.title, width as i32 - 2 * MARGIN, 2, TITLE_SIZE, true);
        let row = (TITLE_SIZE * 1.3) as i32;
        // A panel leaves one row for a title of its own, which is where the first line of the common one goes.
        let further = (lines.len() as i32 - 1) * row;
        if width / (columns as u32) < LEAST.0 || (height - further as u32) / (rows as u32) < LEAST.1 {
            return Err(Error::input(
                "chart size",
                format!("{width} x {height} pixels is too small for {} parameters", self.parameters.len()),
                format!(
                    "make it at least {} pixels high, or draw fewer parameters",
                    further as u32 + rows as u32 * LEAST.1
                ),
            ));
        }
        for (place, line) in lines.iter().enumerate() {
            let style = text::style(TITLE_SIZE, true, INK, Anchor::BelowStart);
            drawn(area.draw_text(line, &style, (MARGIN, MARGIN + place as i32 * row)))?;
        }
        let (_, below) = area.split_vertically(further);
        for (parameter, panel) in self.parameters.iter().zip(below.split_evenly((rows, columns))) {
            self.panel(parameter, String::new(), panel.dim_in_pixel().0).draw(&panel)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_values_name_parameter_and_trial() {
        let chart = || SweepChart::new("", "score", &[0.1, 0.2]);
        let error = chart().parameter("epochs", &[1.0]).unwrap_err().to_string();
        assert!(error.contains("parameter \"epochs\": 1 values for 2 trials"), "{error}");
        let error = chart().log_parameter("rate", &[0.1, 0.0]).unwrap_err().to_string();
        assert!(error.contains("0 in trial 2") && error.contains("above zero"), "{error}");
        assert!(chart().parameter("rate", &[0.1, f64::NAN]).is_err() && chart().parameter("rate", &[0.1, 0.0]).is_ok());
    }

    #[test]
    fn the_best_trial_is_the_first_of_equals_and_finite() {
        let chart = SweepChart::new("", "score", &[f64::NAN, 0.2, 0.9, 0.9, f64::INFINITY, 0.2]);
        assert_eq!(chart.best(), Some(2));
        assert_eq!(chart.clone().lower_is_better().best(), Some(1));
        assert!(chart.description().contains("Best: 0.900 in trial 3. Trials without a finite score: 2."));
        assert_eq!(SweepChart::new("", "score", &[f64::NAN]).best(), None);
    }

    #[test]
    fn values_tried_are_the_numbers_of_the_axis() {
        let labels = |values: &[f64], log| -> Vec<String> {
            let parameter = Parameter { name: "rate".into(), values: values.to_vec(), log };
            parameter.axis(680).ticks.into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(&[3e-4, 1e-4, 1e-3, 1e-4], true), ["1e\u{2212}4", "3e\u{2212}4", "0.001"]);
        let narrow: Vec<f64> = (0..20).map(|step| 3e-4 + 1e-6 * f64::from(step)).collect();
        assert_eq!(labels(&narrow, true).len(), 2);
        assert!(labels(&[0.5], false) == ["0.5"]);
    }

    #[test]
    fn panels_stand_side_by_side_where_there_is_room() {
        let chart = (0..4).fold(SweepChart::new("", "score", &[0.1]), |chart, index| {
            chart.parameter(format!("p{index}"), &[1.0]).unwrap()
        });
        assert_eq!([340, 680, 900, 1200].map(|width| chart.grid(width)), [(4, 1), (2, 2), (2, 2), (1, 4)]);
        let error = chart.with_size(340, 300).to_svg().unwrap_err().to_string();
        assert!(error.contains("too small for 4 parameters") && error.contains("at least 560 pixels"), "{error}");
    }
}

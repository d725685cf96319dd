//! What each strategy reaches, against what it costs.

use plotters::backend::SVGBackend;
use plotters::coord::CoordTranslate;
use plotters::drawing::IntoDrawingArea;
use plotters::element::PathElement;
use plotters::style::ShapeStyle;

use super::canvas::{Area, Canvas};
use super::line_chart::range;
use super::output::{Picture, chart_methods, drawn};
use super::panel::{Axis, Frame, Line, NO_DATA, Panel, Plane, draw_mark};
use super::style::{AXIS, INK, LABEL_SIZE, series_color};
use super::text::{self, Anchor};
use super::ticks::{self, Unit};
use crate::{Error, Result};

/// Accuracy against cost, one point for each strategy with its name beside it: good strategies are high and on the left.
///
/// The cost (seconds, trainable parameters) has a logarithmic axis when it spans more than a factor of 30. Names never lie
/// on each other or on a point: where points crowd, a thin line joins a name to its point, and where not every name has
/// room beside the points, all of them stand in a legend instead.
///
/// ```
/// use tunebook::chart::StrategyComparison;
///
/// let chart = StrategyComparison::new("What accuracy costs", "training time (s)", "test accuracy")
///     .strategy("feature extraction", 3.0, 0.81)
///     .strategy_with_error("full fine-tuning", 88.0, 0.93, 0.008);
/// assert!(chart.to_svg()?.contains("full fine-tuning"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StrategyComparison {
    title: String,
    cost_label: String,
    accuracy_label: String,
    strategies: Vec<Strategy>,
    size: Option<(u32, u32)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Strategy {
    name: String,
    cost: f64,
    accuracy: f64,
    error: f64,
}

chart_methods!(
    StrategyComparison,
    "StrategyComparison::new(\"Cost\", \"seconds\", \"accuracy\").strategy(\"full\", 88.0, 0.93)"
);

/// Costs that span more than this factor have a logarithmic axis.
const LINEAR_SPAN: f64 = 30.0;

impl StrategyComparison {
    /// A chart without strategies; the labels say what cost and accuracy are, with the cost's unit.
    ///
    /// See [`StrategyComparison`] for an example.
    pub fn new(title: impl Into<String>, cost_label: impl Into<String>, accuracy_label: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            cost_label: cost_label.into(),
            accuracy_label: accuracy_label.into(),
            strategies: Vec::new(),
            size: None,
        }
    }

    /// Adds a strategy: its cost (above zero) and its accuracy (0 to 1). Drawing fails for other values.
    ///
    /// See [`StrategyComparison`] for an example.
    pub fn strategy(self, name: impl Into<String>, cost: f64, accuracy: f64) -> Self {
        self.strategy_with_error(name, cost, accuracy, 0.0)
    }

    /// Adds a strategy with an error bar of `error` on both sides of its accuracy, such as the standard deviation over seeds.
    ///
    /// See [`StrategyComparison`] for an example.
    pub fn strategy_with_error(mut self, name: impl Into<String>, cost: f64, accuracy: f64, error: f64) -> Self {
        self.strategies.push(Strategy { name: name.into(), cost, accuracy, error: error.abs() });
        self
    }

    fn check(&self) -> Result<()> {
        for Strategy { name, cost, accuracy, error } in &self.strategies {
            let refuse = |problem: String, mend| Err(Error::input(format!("strategy {name:?}"), problem, mend));
            if !(cost.is_finite() && *cost > 0.0) {
                return refuse(format!("its cost is {cost}"), "give a finite cost above zero");
            }
            if !(0.0..=1.0).contains(accuracy) {
                return refuse(format!("its accuracy is {accuracy}"), "give a share from 0 to 1, or leave it out");
            }
            if !(0.0..=1.0).contains(error) {
                return refuse(format!("its spread is {error}"), "give a spread from 0 to 1");
            }
        }
        Ok(())
    }

    /// Whether the cost has a logarithmic axis.
    fn is_log(&self) -> bool {
        let (low, high) = range(self.strategies.iter().map(|strategy| strategy.cost));
        !self.strategies.is_empty() && low > 0.0 && high / low > LINEAR_SPAN
    }

    fn place(&self, cost: f64) -> f64 {
        if self.is_log() { cost.log10() } else { cost }
    }

    fn cost_axis(&self, width: i32) -> Axis {
        let (low, high) = range(self.strategies.iter().map(|strategy| self.place(strategy.cost)));
        let count = (width / 90).clamp(2, 8) as usize;
        if self.is_log() {
            let room = 0.08 * (high - low);
            let (min, max) = (low - room, high + room);
            return Axis {
                label: format!("{} (logarithmic)", self.cost_label),
                min,
                max,
                ticks: ticks::logarithmic(min, max, count),
            };
        }
        let max = ticks::ceiling(1.05 * high);
        let ticks = ticks::linear(0.0, max, count, Unit::Plain);
        Axis { label: self.cost_label.clone(), min: 0.0, max, ticks }
    }

    fn accuracy_axis(&self) -> Axis {
        let ends = self.strategies.iter().flat_map(|one| [one.accuracy - one.error, one.accuracy + one.error]);
        let (low, high) = range(ends);
        let room = (0.15 * (high - low)).clamp(0.01, 0.1);
        // Not from zero: differences of few points are what the chart is for, and points, unlike bars, allow it.
        let (min, max) = ((low - room).max(0.0), (high + room).min(1.0));
        Axis { label: self.accuracy_label.clone(), min, max, ticks: ticks::linear(min, max, 5, Unit::Percent) }
    }

    /// Where a strategy's point is, and the upper and lower end of its error bar.
    fn pixels(&self, one: &Strategy, plane: &Plane) -> ((i32, i32), i32, i32) {
        let at = |accuracy: f64| plane.translate(&(self.place(one.cost), accuracy));
        let (high, low) = ((one.accuracy + one.error).min(1.0), (one.accuracy - one.error).max(0.0));
        (at(one.accuracy), at(high).1, at(low).1)
    }

    /// A place for every name beside its point, or `None` when one finds no room.
    fn place_names(&self, plane: &Plane, frame: Frame) -> Option<Vec<Name>> {
        // Points and error bars first: they are what names must not cover.
        let mut taken = Vec::new();
        for one in &self.strategies {
            let ((x, y), high, low) = self.pixels(one, plane);
            taken.extend([Rect(x - 7, y - 7, x + 7, y + 7), Rect(x - 6, high - 1, x + 6, low + 1)]);
        }
        let mut names = Vec::new();
        for one in &self.strategies {
            let (point, ..) = self.pixels(one, plane);
            let text = text::shorten(&one.name, (frame.2 - frame.0) * 45 / 100, LABEL_SIZE, false);
            let size = (text::width(&text, LABEL_SIZE, false), LABEL_SIZE as i32 + 4);
            let (place, leader) = free_place(point, size, frame, &taken)?;
            taken.extend(leader.iter().flat_map(|end| along(point, *end)));
            taken.push(place);
            names.push(Name { text, place, leader: leader.map(|end| [point, end]) });
        }
        Some(names)
    }

    fn draw_strategies(&self, area: &Area<'_>, plane: &Plane, names: &[Name]) -> Result<()> {
        for (index, one) in self.strategies.iter().enumerate().filter(|(_, one)| one.error > 0.0) {
            let ((x, _), high, low) = self.pixels(one, plane);
            let stroke = ShapeStyle::from(&series_color(index)).stroke_width(2);
            for path in [[(x, high), (x, low)], [(x - 5, high), (x + 5, high)], [(x - 5, low), (x + 5, low)]] {
                drawn(area.draw(&PathElement::new(path.to_vec(), stroke)))?;
            }
        }
        for leader in names.iter().filter_map(|name| name.leader) {
            drawn(area.draw(&PathElement::new(leader.to_vec(), AXIS)))?;
        }
        for (index, one) in self.strategies.iter().enumerate() {
            draw_mark(area, index, self.pixels(one, plane).0, series_color(index))?;
        }
        for Name { text, place, .. } in names {
            let style = text::style(LABEL_SIZE, false, INK, Anchor::Middle);
            let middle = (i32::midpoint(place.0, place.2), i32::midpoint(place.1, place.3));
            drawn(area.draw_text(text, &style, middle))?;
        }
        Ok(())
    }

    /// Only for the legend: the points themselves are drawn with their error bars.
    fn legend(&self) -> Vec<Line> {
        let entry = |(index, one): (usize, &Strategy)| Line {
            name: Some(one.name.clone()),
            points: Vec::new(),
            color: series_color(index),
            width: 0,
            mark: Some(index),
            mark_every: 1,
        };
        self.strategies.iter().enumerate().map(entry).collect()
    }
}

/// A name beside its point.
struct Name {
    text: String,
    place: Rect,
    /// The line to the point of a name that does not lie next to it.
    leader: Option<[(i32, i32); 2]>,
}

/// A rectangle: left, top, right, bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rect(i32, i32, i32, i32);

impl Rect {
    fn touches(self, other: Self) -> bool {
        self.0 < other.2 && other.0 < self.2 && self.1 < other.3 && other.1 < self.3
    }
}

/// The free place for a name that is nearest to its point, right before left before above and below; with the end of a
/// line to the point when the name does not lie next to it.
fn free_place(
    (x, y): (i32, i32),
    (width, height): (i32, i32),
    (left, top, right, bottom): Frame,
    taken: &[Rect],
) -> Option<(Rect, Option<(i32, i32)>)> {
    const DIRECTIONS: [(f64, f64); 8] =
        [(1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (0.7, -0.7), (0.7, 0.7), (-0.7, -0.7), (-0.7, 0.7)];
    for distance in (0..(right - left).max(bottom - top)).step_by(6) {
        for (dx, dy) in DIRECTIONS {
            let reach = |step: f64, half: i32| (step * f64::from(distance)) + step.signum() * f64::from(9 + half);
            let shift = |step: f64, half: i32| if step == 0.0 { 0 } else { reach(step, half).round() as i32 };
            let (middle, level) = (x + shift(dx, width / 2), y + shift(dy, height / 2));
            let label = Rect(middle - width / 2 - 1, level - height / 2, middle + width / 2 + 1, level + height / 2);
            let inside = label.0 > left && label.1 > top && label.2 <= right && label.3 < bottom;
            // The nearest point of the label.
            let end = (x.clamp(label.0, label.2), y.clamp(label.1, label.3));
            let leader = (distance > 0).then_some(end);
            // The line starts at its own point, which is taken.
            let own = Rect(x - 8, y - 8, x + 8, y + 8);
            let clear = |piece: &Rect| piece.touches(own) || !taken.iter().any(|other| other.touches(*piece));
            let free = !taken.iter().any(|other| other.touches(label));
            if inside && free && leader.is_none_or(|end| along((x, y), end).iter().all(clear)) {
                return Some((label, leader));
            }
        }
    }
    None
}

/// Small boxes along a line.
fn along((x, y): (i32, i32), (to_x, to_y): (i32, i32)) -> Vec<Rect> {
    let steps = ((to_x - x).abs().max((to_y - y).abs()) / 4).max(1);
    let between = |from: i32, to: i32, step: i32| from + (to - from) * step / steps;
    (0..=steps)
        .map(|step| (between(x, to_x, step), between(y, to_y, step)))
        .map(|(x, y)| Rect(x - 1, y - 1, x + 1, y + 1))
        .collect()
}

impl Picture for StrategyComparison {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, 400))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        let strategies: Vec<String> = self
            .strategies
            .iter()
            .map(|one| {
                let accuracy = Unit::Percent.format_value(one.accuracy);
                let cost = ticks::learning_rate(one.cost);
                let error = match one.error {
                    0.0 => String::new(),
                    error => format!(" \u{b1} {}", Unit::Percent.format_value(error)),
                };
                format!("{} {accuracy}{error} at {cost}", one.name)
            })
            .collect();
        let strategies = if strategies.is_empty() { NO_DATA.to_string() } else { strategies.join(", ") };
        format!("{} by {}: {strategies}.", self.accuracy_label, self.cost_label)
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        self.check()?;
        let mut panel = Panel {
            title: self.title.clone(),
            x: self.cost_axis(area.dim_in_pixel().0 as i32),
            y: self.accuracy_axis(),
            lines: Vec::new(),
            markers: Vec::new(),
        };
        if self.strategies.is_empty() {
            return panel.draw(area);
        }
        // Whether names need a legend depends on the frame, and the frame on the legend: so the frame without one is
        // measured on a drawing that nobody sees.
        let mut unseen = String::new();
        let scratch = Canvas::Svg(SVGBackend::with_string(&mut unseen, area.dim_in_pixel())).into_drawing_area();
        let (plane, frame) = panel.draw_frame(&scratch)?;
        let names = self.place_names(&plane, frame);
        if names.is_none() {
            panel.lines = self.legend();
        }
        let (plane, _) = panel.draw_frame(area)?;
        self.draw_strategies(area, &plane, &names.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> StrategyComparison {
        StrategyComparison::new("", "s", "accuracy")
    }

    #[test]
    fn bad_values_name_the_strategy() {
        for (cost, accuracy, error) in
            [(0.0, 0.5, 0.0), (f64::NAN, 0.5, 0.0), (1.0, 93.0, 0.0), (1.0, f64::NAN, 0.0), (1.0, 0.5, f64::INFINITY)]
        {
            let problem = chart().strategy_with_error("LoRA", cost, accuracy, error).to_svg().unwrap_err().to_string();
            assert!(problem.starts_with("strategy \"LoRA\": its ") && problem.contains("; give a "), "{problem}");
        }
    }

    #[test]
    fn a_wide_span_of_costs_is_logarithmic() {
        assert!(!chart().strategy("a", 1.0, 0.5).strategy("b", 30.0, 0.5).is_log());
        assert!(chart().strategy("a", 1.0, 0.5).strategy("b", 31.0, 0.5).is_log());
        assert!(!chart().is_log());
    }

    #[test]
    fn one_equal_and_extreme_points_are_drawn_with_their_names() {
        for (cost, accuracy) in [(1e-300, 0.0), (1.0, 1.0), (1e300, 0.5)] {
            let svg = chart().strategy("first", cost, accuracy).strategy("second", cost, accuracy).to_svg().unwrap();
            let body = svg.split_once("</desc>").unwrap().1;
            assert!(body.contains("first") && body.contains("second"));
        }
    }

    #[test]
    fn no_name_is_lost_where_strategies_share_a_point() {
        for (count, size) in [(5, (680, 400)), (30, (680, 600))] {
            let crowd = (0..count).fold(chart(), |chart, seed| chart.strategy(format!("seed {seed} of it"), 60.0, 0.9));
            let svg = crowd.with_size(size.0, size.1).to_svg().unwrap();
            let body = svg.split_once("</desc>").unwrap().1;
            assert!((0..count).all(|seed| body.contains(&format!("seed {seed} of it"))), "{body}");
        }
    }

    #[test]
    fn names_go_where_nothing_is() {
        let frame = (0, 0, 300, 200);
        let (label, leader) = free_place((100, 100), (50, 16), frame, &[]).unwrap();
        assert!(label.0 > 100 && leader.is_none());
        let (label, _) = free_place((100, 100), (50, 16), frame, &[Rect(105, 90, 300, 110)]).unwrap();
        assert!(label.2 < 100);
        assert!(free_place((100, 100), (50, 16), frame, &[Rect(0, 0, 300, 200)]).is_none());
    }
}

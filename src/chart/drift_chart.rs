//! How far data has moved away from what a model was trained on.

use plotters::coord::CoordTranslate;
use plotters::element::Rectangle;
use plotters::style::{Color, RGBColor};

use super::canvas::Area;
use super::output::{Picture, chart_methods, drawn};
use super::panel::{Axis, Line, NO_DATA, Panel};
use super::rows::{plot_width, row_axis, row_middle};
use super::style::{CARD, INK, PALETTE, TICK_SIZE, series_color};
use super::text::{self, Anchor};
use super::ticks::{self, Unit};
use crate::{Error, Result};

/// The population stability index of each feature as a bar, the largest at the top, with the two customary limits: below
/// 0.1 a feature is stable, from 0.25 on it is another one (Siddiqi 2006, "Credit risk scorecards").
///
/// ```
/// use tunebook::chart::DriftChart;
///
/// let chart = DriftChart::new("January against June").feature("length", 0.31)?.feature("hour", 0.02)?;
/// assert!(chart.to_svg()?.contains("from 0.25: large shift"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DriftChart {
    title: String,
    /// The largest index first.
    features: Vec<(String, f64)>,
    size: Option<(u32, u32)>,
}

chart_methods!(DriftChart, "DriftChart::new(\"Drift\").feature(\"length\", 0.31).unwrap()");

/// Where an index is no longer stable, and where it is a large shift.
const LIMITS: [f64; 2] = [0.1, 0.25];

/// What the ranges between the limits mean, and their colours.
const MEANINGS: [(&str, RGBColor); 3] =
    [("stable", PALETTE[0]), ("moderate shift", PALETTE[5]), ("large shift", PALETTE[1])];

/// The height of a feature's row in a chart of its own size.
const ROW: usize = 26;

impl DriftChart {
    /// A chart without features.
    ///
    /// See [`DriftChart`] for an example.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), features: Vec::new(), size: None }
    }

    /// Adds a feature with its population stability index, 0 or more.
    ///
    /// An error for an index that is negative or not finite.
    ///
    /// See [`DriftChart`] for an example.
    pub fn feature(mut self, name: impl Into<String>, stability_index: f64) -> Result<Self> {
        let name = name.into();
        if !(stability_index.is_finite() && stability_index >= 0.0) {
            return Err(Error::input(
                format!("feature {name:?}"),
                format!("a population stability index of {stability_index}"),
                "give a number from 0 on; bins without rows need a smoothing count",
            ));
        }
        let after = self.features.partition_point(|(_, index)| *index >= stability_index);
        self.features.insert(after, (name, stability_index));
        Ok(self)
    }

    /// How many features are stable, shifted moderately, and shifted much.
    fn counts(&self) -> [usize; 3] {
        [0, 1, 2].map(|range| self.features.iter().filter(|(_, index)| meaning(*index) == range).count())
    }
}

/// An index as it stands behind its bar: thousandths, as its limits need.
fn written(index: f64) -> String {
    if index == 0.0 || index >= 100.0 { Unit::Plain.format_value(index) } else { format!("{index:.3}") }
}

/// The place among [`MEANINGS`].
fn meaning(index: f64) -> usize {
    LIMITS.iter().filter(|limit| index >= **limit).count()
}

impl Picture for DriftChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, (170 + ROW * self.features.len().max(2)).min(4000) as u32))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.features.is_empty() {
            return format!("Population stability index of each feature: {NO_DATA}.");
        }
        let [stable, moderate, large] = self.counts();
        let features: Vec<String> =
            self.features.iter().map(|(name, index)| format!("{name} {}", written(*index))).collect();
        format!(
            "Population stability index of {} features: {stable} stable, {moderate} shifted moderately, {large} much. {}.",
            self.features.len(),
            features.join(", ")
        )
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let width = area.dim_in_pixel().0 as i32;
        let names: Vec<String> = self.features.iter().map(|(name, _)| name.clone()).collect();
        let y = row_axis("feature", &names, width);
        let room = plot_width(&y, width);
        let highest = self.features.first().map_or(0.0, |(_, index)| *index).max(LIMITS[1]);
        // Behind the longest bar stands its number.
        let number = self.features.first().map_or(0, |(_, index)| text::width(&written(*index), TICK_SIZE, false)) + 10;
        let max = highest * room / (room - f64::from(number)).max(0.4 * room);
        let swatch = |&(name, color): &(&str, RGBColor)| Line {
            name: Some(name.to_owned()),
            points: Vec::new(),
            color,
            width: 10,
            mark: None,
            mark_every: 1,
        };
        let panel = Panel {
            title: self.title.clone(),
            x: Axis {
                label: "population stability index".into(),
                min: 0.0,
                max,
                ticks: ticks::linear(0.0, max, (room as usize / 70).clamp(2, 8), Unit::Plain),
            },
            y,
            lines: MEANINGS.iter().map(swatch).collect(),
            markers: LIMITS
                .iter()
                .zip(&MEANINGS[1..])
                .map(|(limit, (meaning, _))| (*limit, format!("from {limit}: {meaning}")))
                .collect(),
        };
        let (plane, frame) = panel.draw_frame(area)?;
        if self.features.is_empty() {
            return panel.draw_lines(area, &plane, frame);
        }
        for (row, (_, index)) in self.features.iter().enumerate() {
            let middle = row_middle(row, self.features.len());
            let (end, top) = plane.translate(&(*index, middle + 0.36));
            let (_, bottom) = plane.translate(&(0.0, middle - 0.36));
            let color = MEANINGS[meaning(*index)].1;
            // Even the smallest index is not nothing.
            let end = end.max(frame.0 + 2);
            drawn(area.draw(&Rectangle::new([(frame.0 + 1, top), (end, bottom.max(top + 1))], color.filled())))?;
            if f64::from(bottom - top) >= TICK_SIZE {
                let note = written(*index);
                let level = i32::midpoint(top, bottom);
                // A limit's line through the number would make it harder to read.
                let back = [(end + 2, level - 6), (end + 7 + text::width(&note, TICK_SIZE, false), level + 6)];
                drawn(area.draw(&Rectangle::new(back, CARD.filled())))?;
                let style = text::style(TICK_SIZE, false, INK, Anchor::Start);
                drawn(area.draw_text(&note, &style, (end + 5, level)))?;
            }
        }
        Ok(())
    }
}

/// One feature's distribution in two sets of rows, over the same bins: what has moved where.
///
/// Bars are shares of the set's rows, so sets of different size can be compared.
///
/// ```
/// use tunebook::chart::DistributionChart;
///
/// let bins = ["0 to 10", "10 to 20", "20 and more"];
/// let chart = DistributionChart::new("Length of the tickets", "words", &bins)
///     .set("January", &[50, 30, 20])?
///     .set("June", &[10, 30, 60])?;
/// assert!(chart.to_svg()?.contains("share of the rows"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DistributionChart {
    title: String,
    label: String,
    bins: Vec<String>,
    sets: Vec<(String, Vec<f64>)>,
    size: Option<(u32, u32)>,
}

chart_methods!(
    DistributionChart,
    "DistributionChart::new(\"Length\", \"words\", &[\"short\", \"long\"]).set(\"January\", &[7, 5]).unwrap()"
);

impl DistributionChart {
    /// A chart of a feature called `label` with these bins or categories, from left to right, without sets of rows.
    ///
    /// See [`DistributionChart`] for an example.
    pub fn new(title: impl Into<String>, label: impl Into<String>, bins: &[impl AsRef<str>]) -> Self {
        let bins = bins.iter().map(|bin| bin.as_ref().to_owned()).collect();
        Self { title: title.into(), label: label.into(), bins, sets: Vec::new(), size: None }
    }

    /// Adds a set of rows: how many of them lie in each bin. The reference comes first.
    ///
    /// An error when there is not one count for each bin, or no row at all.
    ///
    /// See [`DistributionChart`] for an example.
    pub fn set(mut self, name: impl Into<String>, counts: &[usize]) -> Result<Self> {
        let name = name.into();
        let total: f64 = counts.iter().map(|count| *count as f64).sum();
        if counts.len() != self.bins.len() || total == 0.0 {
            return Err(Error::input(
                format!("set {name:?}"),
                format!("{} counts with {total} rows for {} bins", counts.len(), self.bins.len()),
                "give one count for each bin, and rows to count",
            ));
        }
        self.sets.push((name, counts.iter().map(|count| *count as f64 / total).collect()));
        Ok(self)
    }
}

impl Picture for DistributionChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, 380))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.sets.is_empty() {
            return format!("Distribution of {}: {NO_DATA}.", self.label);
        }
        let of = |(name, shares): &(String, Vec<f64>)| {
            let share = |(bin, share): (&String, &f64)| format!("{bin} {}", Unit::Percent.format_value(*share));
            format!("{name}: {}", self.bins.iter().zip(shares).map(share).collect::<Vec<_>>().join(", "))
        };
        format!("Distribution of {}. {}.", self.label, self.sets.iter().map(of).collect::<Vec<_>>().join("; "))
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let highest = self.sets.iter().flat_map(|(_, shares)| shares.iter().copied()).fold(0.0, f64::max);
        let bins = self.bins.len().max(1);
        // A name is as wide as its bin allows; the axis leaves out those that would touch.
        let room = area.dim_in_pixel().0 as i32 * 8 / 10 / bins.min(8) as i32;
        let swatch = |(set, (name, _)): (usize, &(String, Vec<f64>))| Line {
            name: Some(name.clone()),
            points: Vec::new(),
            color: series_color(set),
            width: 10,
            mark: None,
            mark_every: 1,
        };
        let middle = |(bin, name): (usize, &String)| (bin as f64 + 0.5, text::shorten(name, room, TICK_SIZE, false));
        let top = ticks::ceiling(highest).min(1.0);
        let panel = Panel {
            title: self.title.clone(),
            x: Axis {
                label: self.label.clone(),
                min: 0.0,
                max: bins as f64,
                ticks: self.bins.iter().enumerate().map(middle).collect(),
            },
            y: Axis {
                label: "share of the rows".into(),
                min: 0.0,
                max: top,
                ticks: ticks::linear(0.0, top, 5, Unit::Percent),
            },
            lines: self.sets.iter().enumerate().map(swatch).collect(),
            markers: Vec::new(),
        };
        let (plane, frame) = panel.draw_frame(area)?;
        if self.sets.is_empty() || self.bins.is_empty() {
            return panel.draw_lines(area, &plane, frame);
        }
        let thickness = 0.8 / self.sets.len() as f64;
        for (set, (_, shares)) in self.sets.iter().enumerate() {
            for (bin, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                let from = bin as f64 + 0.1 + set as f64 * thickness;
                let (left, high) = plane.translate(&(from, *share));
                let (right, low) = plane.translate(&(from + thickness, 0.0));
                let corners = [(left, high.min(low - 1)), ((right - 1).max(left + 1), low)];
                drawn(area.draw(&Rectangle::new(corners, series_color(set).filled())))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_stand_by_their_index_and_limits_belong_to_what_is_above() {
        let chart = [("a", 0.0), ("b", 0.25), ("c", 0.0999), ("d", 0.1), ("e", 3.0)]
            .into_iter()
            .fold(DriftChart::new(""), |chart, (name, index)| chart.feature(name, index).unwrap());
        assert_eq!(chart.features.iter().map(|(name, _)| name.as_str()).collect::<String>(), "ebdca");
        assert_eq!(chart.counts(), [2, 1, 2]);
        assert!(chart.description().starts_with(
            "Population stability index of 5 features: 2 stable, 1 shifted moderately, 2 much. e 3.000, b 0.250,"
        ));
        for index in [f64::NAN, f64::INFINITY, -0.1] {
            let error = DriftChart::new("").feature("hour", index).unwrap_err().to_string();
            assert!(error.contains("feature \"hour\": a population stability index of"), "{error}");
        }
    }

    #[test]
    fn distributions_are_shares() {
        let chart = DistributionChart::new("", "words", &["few", "many"]).set("January", &[3, 1]).unwrap();
        assert!(chart.clone().set("June", &[usize::MAX, 0]).unwrap().description().contains("June: few 100.0 %"));
        assert!(chart.description().contains("January: few 75.0 %, many 25.0 %"));
        let error = chart.clone().set("June", &[1]).unwrap_err().to_string();
        assert!(error.contains("set \"June\": 1 counts with 1 rows for 2 bins"), "{error}");
        assert!(chart.set("June", &[0, 0]).is_err());
    }
}

//! How long the texts of a data set are.

use plotters::coord::CoordTranslate;
use plotters::element::Rectangle;
use plotters::style::Color;

use super::canvas::Area;
use super::output::{Picture, chart_methods, drawn};
use super::panel::{Axis, NO_DATA, Panel};
use super::style::series_color;
use super::ticks;
use crate::words::grouped;
use crate::{Error, Result};

/// A histogram of lengths, with the median, the 95th percentile and, if given, the limit at which texts are cut: how large
/// `max_length` has to be, and what it costs.
///
/// Both percentiles are by nearest rank: lengths that occur.
///
/// ```
/// use tunebook::chart::LengthHistogram;
///
/// let chart = LengthHistogram::new("Support tickets", "tokens", &[12, 17, 20, 33, 140]).limit(128)?;
/// assert!(chart.to_svg()?.contains("limit 128: 1 longer (20.0 %)"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LengthHistogram {
    title: String,
    unit: String,
    /// In order.
    lengths: Vec<usize>,
    limit: Option<usize>,
    size: Option<(u32, u32)>,
}

chart_methods!(LengthHistogram, "LengthHistogram::new(\"Texts\", \"tokens\", &[12, 17, 20])");

/// About the number of columns.
const COLUMNS: f64 = 30.0;

impl LengthHistogram {
    /// A histogram of one length for each text, in `unit` ("tokens", "words").
    ///
    /// See [`LengthHistogram`] for an example.
    pub fn new(title: impl Into<String>, unit: impl Into<String>, lengths: &[usize]) -> Self {
        let mut lengths = lengths.to_vec();
        lengths.sort_unstable();
        Self { title: title.into(), unit: unit.into(), lengths, limit: None, size: None }
    }

    /// Marks the length at which texts are cut, and how many are longer.
    ///
    /// An error for a limit of 0.
    ///
    /// See [`LengthHistogram`] for an example.
    pub fn limit(mut self, length: usize) -> Result<Self> {
        if length == 0 {
            return Err(Error::input("limit", "nothing is left of a text cut at 0", "pass a length of at least 1"));
        }
        self.limit = Some(length);
        Ok(self)
    }

    /// The smallest length that at least `percent` of all texts do not exceed; 0 without texts.
    fn percentile(&self, percent: usize) -> usize {
        let rank = (self.lengths.len() * percent).div_ceil(100).max(1);
        self.lengths.get(rank - 1).copied().unwrap_or(0)
    }

    fn longest(&self) -> usize {
        self.lengths.last().copied().unwrap_or(0)
    }

    /// The width of a column, a whole number, and the count in each, from length 0 on.
    fn columns(&self) -> (f64, Vec<usize>) {
        let width = ticks::ceiling(self.longest() as f64 / COLUMNS).ceil().max(1.0);
        let column = |length: usize| (length as f64 / width).floor() as usize;
        let mut counts = vec![0; column(self.longest()) + 1];
        for length in &self.lengths {
            counts[column(*length)] += 1;
        }
        (width, counts)
    }

    fn notes(&self) -> Vec<(f64, String)> {
        if self.lengths.is_empty() {
            return Vec::new();
        }
        let (median, most) = (self.percentile(50), self.percentile(95));
        let mut notes = vec![
            (median as f64, format!("median {}", grouped(median))),
            (most as f64, format!("95 % up to {}", grouped(most))),
        ];
        notes.extend(self.limit.map(|limit| {
            let longer = self.lengths.len() - self.lengths.partition_point(|length| *length <= limit);
            let share = 100.0 * longer as f64 / self.lengths.len() as f64;
            (limit as f64, format!("limit {}: {} longer ({share:.1} %)", grouped(limit), grouped(longer)))
        }));
        notes
    }
}

impl Picture for LengthHistogram {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, 380))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        let Some(shortest) = self.lengths.first() else { return format!("Lengths: {NO_DATA}.") };
        let notes: Vec<String> = self.notes().into_iter().map(|(_, note)| note).collect();
        let (count, longest) = (grouped(self.lengths.len()), grouped(self.longest()));
        format!("{count} texts of {} to {longest} {}: {}.", grouped(*shortest), self.unit, notes.join(", "))
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let (width, counts) = self.columns();
        let end = (width * counts.len() as f64).max(self.limit.unwrap_or(0) as f64 * 1.02);
        let top = ticks::ceiling(counts.iter().copied().max().unwrap_or(0) as f64);
        let axis =
            |label: String, max: f64, count: usize| Axis { label, min: 0.0, max, ticks: ticks::whole(0.0, max, count) };
        let panel = Panel {
            title: self.title.clone(),
            x: axis(format!("length ({})", self.unit), end, (area.dim_in_pixel().0 as usize / 80).clamp(2, 10)),
            y: axis("texts".into(), top, 5),
            lines: Vec::new(),
            markers: self.notes(),
        };
        let (plane, frame) = panel.draw_frame(area)?;
        if self.lengths.is_empty() {
            return panel.draw_lines(area, &plane, frame);
        }
        // The lines of the notes shine through.
        let fill = series_color(0).mix(0.6).filled();
        for (column, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (left, high) = plane.translate(&(column as f64 * width, *count as f64));
            let (right, low) = plane.translate(&((column + 1) as f64 * width, 0.0));
            // Even one text is not nothing.
            let corners = [(left + 1, high.min(low - 1)), ((right - 1).max(left + 2), low)];
            drawn(area.draw(&Rectangle::new(corners, fill)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_lengths_that_occur() {
        let lengths: Vec<usize> = (1..=100).rev().collect();
        let chart = LengthHistogram::new("", "words", &lengths);
        assert_eq!((chart.percentile(50), chart.percentile(95)), (50, 95));
        assert_eq!(LengthHistogram::new("", "words", &[7]).percentile(50), 7);
        let chart = chart.limit(98).unwrap();
        assert!(
            chart
                .description()
                .starts_with("100 texts of 1 to 100 words: median 50, 95 % up to 95, limit 98: 2 longer")
        );
        assert!(chart.limit(0).unwrap_err().to_string().contains("at least 1"));
    }

    #[test]
    fn every_length_is_in_its_column() {
        let (width, counts) = LengthHistogram::new("", "words", &[0, 1, 1, 3]).columns();
        assert_eq!((width, counts), (1.0, vec![1, 2, 0, 1]));
        let lengths: Vec<usize> = (0..=300).collect();
        let (width, counts) = LengthHistogram::new("", "words", &lengths).columns();
        assert_eq!((width, counts.len(), counts[0], counts[30]), (10.0, 31, 10, 1));
        let (_, counts) = LengthHistogram::new("", "words", &[usize::MAX, 1]).columns();
        assert!(counts.len() < 40 && counts.iter().sum::<usize>() == 2);
    }
}

//! A confusion matrix as a picture.

use plotters::element::Rectangle;
use plotters::style::Color;

use super::canvas::{Area, UPWARDS};
use super::output::{Picture, chart_methods, drawn};
use super::panel::NO_DATA;
use super::style::{CARD, GRID, INK, LABEL_SIZE, MARGIN, QUIET_INK, TICK_SIZE, TITLE_SIZE, ink_on, mix, series_color};
use super::text::{self, Anchor};
use crate::metrics::ConfusionMatrix;
use crate::{Error, Result};

/// A confusion matrix as a heat map: rows are true classes, columns predictions, the count stands in each cell, and the
/// shade is the share of its row.
///
/// ```
/// use tunebook::chart::ConfusionHeatMap;
///
/// let names = ["cat".to_string(), "dog".to_string()];
/// let chart = ConfusionHeatMap::new(&[vec![8, 2], vec![1, 9]], &names)?;
/// assert!(chart.to_svg()?.contains("predicted class"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionHeatMap {
    title: String,
    counts: Vec<Vec<u64>>,
    label_names: Vec<String>,
    size: Option<(u32, u32)>,
}

chart_methods!(
    ConfusionHeatMap,
    "ConfusionHeatMap::new(&[vec![8, 2], vec![1, 9]], &[\"cat\".to_string(), \"dog\".to_string()]).unwrap()"
);

/// Room for the widest class names before they are wrapped or cut, in pixels.
const NAME_ROOM: i32 = 130;

/// The height of a name's line, in pixels.
const LINE: f64 = 14.0;

impl ConfusionHeatMap {
    /// A heat map of `counts`: one row for each true class, one column for each predicted class, in the order of the names.
    ///
    /// An error when the counts are not a square of the names' number.
    pub fn new(counts: &[Vec<u64>], label_names: &[String]) -> Result<Self> {
        let classes = label_names.len();
        if counts.len() != classes || counts.iter().any(|row| row.len() != classes) {
            let columns = counts.iter().map(Vec::len).max().unwrap_or(0);
            return Err(Error::input(
                "confusion matrix",
                format!("{} rows of up to {columns} counts for {classes} class names", counts.len()),
                "give one row and one column for each class",
            ));
        }
        Ok(Self {
            title: "Confusion matrix".into(),
            counts: counts.to_vec(),
            label_names: label_names.to_vec(),
            size: None,
        })
    }

    /// A heat map of a matrix that was counted already.
    ///
    /// ```
    /// use tunebook::chart::ConfusionHeatMap;
    /// use tunebook::metrics::ConfusionMatrix;
    ///
    /// let names = ["cat".to_string(), "dog".to_string()];
    /// let matrix = ConfusionMatrix::new(&[0, 1, 1], &[0, 0, 1], &names)?;
    /// assert!(ConfusionHeatMap::of(&matrix).to_svg().is_ok());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn of(matrix: &ConfusionMatrix) -> Self {
        Self {
            title: "Confusion matrix".into(),
            counts: matrix.counts().to_vec(),
            label_names: matrix.label_names().to_vec(),
            size: None,
        }
    }

    /// The same heat map under another title.
    ///
    /// ```
    /// use tunebook::chart::ConfusionHeatMap;
    ///
    /// let chart = ConfusionHeatMap::new(&[vec![3]], &["cat".to_string()])?.with_title("Test data");
    /// assert!(chart.to_svg()?.contains("Test data"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    fn widest_name(&self) -> i32 {
        let widest = self.label_names.iter().map(|name| text::width(name, TICK_SIZE, false)).max().unwrap_or(0);
        widest.min(NAME_ROOM)
    }

    fn draw_cells(&self, area: &Area<'_>, at: &dyn Fn(usize, usize) -> (i32, i32), cell: (f64, f64)) -> Result<()> {
        for (row, counts) in self.counts.iter().enumerate() {
            let support: u64 = counts.iter().sum();
            for (column, count) in counts.iter().enumerate() {
                let share = if support == 0 { 0.0 } else { *count as f64 / support as f64 };
                let color = mix(CARD, series_color(0), share);
                let (from, to) = (at(row, column), at(row + 1, column + 1));
                drawn(area.draw(&Rectangle::new([from, to], color.filled())))?;
                drawn(area.draw(&Rectangle::new([from, to], GRID)))?;
                let label = count.to_string();
                // A count that would not fit its cell is left to the shade.
                let size = LABEL_SIZE.min(cell.1 * 0.7);
                if size >= 7.0 && f64::from(text::width(&label, size, row == column)) <= cell.0 {
                    let ink = if *count == 0 { QUIET_INK } else { ink_on(color) };
                    let style = text::style(size, row == column, ink, Anchor::Middle);
                    let middle = (i32::midpoint(from.0, to.0), i32::midpoint(from.1, to.1));
                    drawn(area.draw_text(&label, &style, middle))?;
                }
            }
        }
        Ok(())
    }
}

/// Where the lines of a name of `count` lines stand, in relation to their middle.
fn offsets(count: usize) -> impl Iterator<Item = i32> {
    (0..count).map(move |line| ((line as f64 - (count as f64 - 1.0) / 2.0) * LINE).round() as i32)
}

impl Picture for ConfusionHeatMap {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or_else(|| {
            text::register();
            let classes = self.label_names.len().clamp(2, 60) as i32;
            let cells = (classes * 52).min(900).max(classes * 24);
            let names = self.widest_name();
            ((cells + names + 80).max(320) as u32, (cells.min(classes * 40) + names + 110) as u32)
        })
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.counts.is_empty() {
            return format!("{NO_DATA}.");
        }
        let names = |class: usize| self.label_names[class].as_str();
        let total: u64 = self.counts.iter().flatten().sum();
        let right: u64 = (0..self.counts.len()).map(|class| self.counts[class][class]).sum();
        let mut mistakes: Vec<(u64, usize, usize)> = Vec::new();
        for (row, counts) in self.counts.iter().enumerate() {
            let wrong = counts.iter().enumerate().filter(|(column, count)| *column != row && **count > 0);
            mistakes.extend(wrong.map(|(column, count)| (*count, row, column)));
        }
        mistakes.sort_by_key(|(count, row, column)| (u64::MAX - count, *row, *column));
        let most: Vec<String> = mistakes
            .iter()
            .take(3)
            .map(|(count, row, column)| format!("{} taken for {} {count} times", names(*row), names(*column)))
            .collect();
        let most = if most.is_empty() {
            "No mistakes".to_string()
        } else {
            format!("Most frequent mistakes: {}", most.join(", "))
        };
        format!("{right} of {total} right. {most}.")
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let (width, height) = area.dim_in_pixel();
        let (width, height) = (width as i32, height as i32);
        let title = text::shorten(&self.title, width - 2 * MARGIN, TITLE_SIZE, true);
        drawn(area.draw_text(&title, &text::style(TITLE_SIZE, true, INK, Anchor::BelowStart), (MARGIN, MARGIN)))?;
        let quiet = text::style(LABEL_SIZE, false, QUIET_INK, Anchor::Middle);
        let classes = self.label_names.len();
        if classes == 0 {
            return drawn(area.draw_text(NO_DATA, &quiet, (width / 2, height / 2)));
        }

        let names = self.widest_name();
        let left = MARGIN + 22 + names + 8;
        let top = MARGIN + 28;
        let right = (width - MARGIN).max(left + classes as i32);
        let cell_width = f64::from(right - left) / classes as f64;
        // Names stand upright below their column when they are wider than it.
        let level = f64::from(names) <= cell_width - 6.0;
        let name_depth = if level { 18 } else { names + 8 };
        let bottom = (height - MARGIN - 22 - name_depth).max(top + classes as i32);
        let cell_height = f64::from(bottom - top) / classes as f64;
        let at = |row: usize, column: usize| {
            (left + (column as f64 * cell_width).round() as i32, top + (row as f64 * cell_height).round() as i32)
        };
        self.draw_cells(area, &at, (cell_width, cell_height))?;

        for (class, name) in self.label_names.iter().enumerate() {
            let lines = |room: f64| if room >= 2.0 * LINE { 2 } else { 1 };
            let (x, y) = at(class, class);
            let beside = text::style(TICK_SIZE, false, INK, Anchor::End);
            if cell_height >= 10.0 {
                let name = text::wrap(name, names, lines(cell_height), TICK_SIZE, false);
                let middle = y + (cell_height / 2.0) as i32;
                for (line, offset) in name.iter().zip(offsets(name.len())) {
                    drawn(area.draw_text(line, &beside, (left - 8, middle + offset)))?;
                }
            }
            let middle = x + (cell_width / 2.0) as i32;
            if level {
                let below = text::style(TICK_SIZE, false, INK, Anchor::Below);
                let name = text::shorten(name, names, TICK_SIZE, false);
                drawn(area.draw_text(&name, &below, (middle, bottom + 5)))?;
            } else if cell_width >= 10.0 {
                let name = text::wrap(name, names, lines(cell_width), TICK_SIZE, false);
                let upright = beside.transform(UPWARDS);
                for (line, offset) in name.iter().zip(offsets(name.len())) {
                    drawn(area.draw_text(line, &upright, (middle + offset, bottom + 6)))?;
                }
            }
        }
        drawn(area.draw_text("predicted class", &quiet, (i32::midpoint(left, right), height - MARGIN - 4)))?;
        let upwards = quiet.transform(UPWARDS);
        drawn(area.draw_text("true class", &upwards, (MARGIN + 6, i32::midpoint(top, bottom))))
    }
}

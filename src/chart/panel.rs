//! One pair of axes: title, legend, grid, lines. Charts with axes are made of these.

use plotters::coord::CoordTranslate;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::{Color, RGBColor, ShapeStyle};

use super::canvas::{Area, UPWARDS};
use super::output::drawn;
use super::style::{AXIS, CARD, GRID, INK, LABEL_SIZE, MARGIN, QUIET_INK, TICK_SIZE, TITLE_SIZE};
use super::text::{self, Anchor};
use super::ticks::Tick;
use crate::Result;

/// One axis: its range, its ticks, and what it measures (with the unit).
pub(super) struct Axis {
    pub(super) label: String,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) ticks: Vec<Tick>,
}

/// A line, in the axes' coordinates.
pub(super) struct Line {
    /// Its place in the legend; `None` keeps it out of the legend.
    pub(super) name: Option<String>,
    pub(super) points: Vec<(f64, f64)>,
    pub(super) color: RGBColor,
    /// 0 for points without a line.
    pub(super) width: u32,
    /// The shape at points: a number stands for a shape, `None` for none.
    pub(super) mark: Option<usize>,
    /// 1 marks every point, 10 every tenth.
    pub(super) mark_every: usize,
}

/// One pair of axes and what is in it.
pub(super) struct Panel {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
    /// Vertical lines with notes: one stands beside its line, several stand above the plot.
    pub(super) markers: Vec<(f64, String)>,
}

/// The corners of a plot in pixels: left, top, right, bottom.
pub(super) type Frame = (i32, i32, i32, i32);

/// How many marks differ in shape.
pub(super) const SHAPES: usize = 4;

/// The height of a note above the plot.
const NOTE_ROW: i32 = 17;

/// What an axis or panel says when there is nothing to draw.
pub(super) const NO_DATA: &str = "no data yet";

impl Panel {
    pub(super) fn draw(&self, area: &Area<'_>) -> Result<()> {
        let (plane, frame) = self.draw_frame(area)?;
        self.draw_lines(area, &plane, frame)
    }

    /// Everything but the lines: title, legend, axes, markers. Gives the coordinates for what is to be drawn inside.
    pub(super) fn draw_frame(&self, area: &Area<'_>) -> Result<(Plane, Frame)> {
        let (width, height) = area.dim_in_pixel();
        let (width, height) = (width as i32, height as i32);
        let mut top = MARGIN;
        for line in text::wrap(&self.title, width - 2 * MARGIN, 2, TITLE_SIZE, true) {
            let style = text::style(TITLE_SIZE, true, INK, Anchor::BelowStart);
            // Without a title its row stays free, for one that several panels have in common.
            if !line.is_empty() {
                drawn(area.draw_text(&line, &style, (MARGIN, top)))?;
            }
            top += (TITLE_SIZE * 1.3) as i32;
        }
        top = self.draw_legend(area, top + 2, width)?;

        let tick_room = self.y.ticks.iter().map(|(_, label)| text::width(label, TICK_SIZE, false)).max().unwrap_or(0);
        let label_room = LABEL_SIZE as i32 + 8;
        let left = MARGIN + label_room + tick_room + 8;
        let bottom = height - MARGIN - label_room - TICK_SIZE as i32 - 6;
        // The last tick's label is centred on the end of the axis.
        let overhang = self.x.ticks.last().map_or(0, |(_, label)| text::width(label, TICK_SIZE, false) / 2);
        let right = (width - MARGIN - overhang.max(4)).max(left + 1);
        let plane_above = |bottom: i32, top: i32| -> Plane {
            Cartesian2d::new(self.x.min..self.x.max, self.y.min..self.y.max, (left..right, bottom..top))
        };
        let notes = self.place_notes(&plane_above(1, 0), left, right);
        let rows = notes.iter().map(|(row, ..)| row + 1).max().filter(|_| self.markers.len() > 1).unwrap_or(0);
        top += rows * NOTE_ROW;
        // On a tiny chart the labels may leave nothing: keep one pixel of plot, so that ranges stay valid.
        let frame = (left, top + 10, right, bottom.max(top + 11));
        let plane = plane_above(frame.3, frame.1);
        self.draw_ticks(area, &plane, frame)?;
        self.draw_markers(area, &plane, frame, &notes)?;

        let label = text::style(LABEL_SIZE, false, QUIET_INK, Anchor::Middle);
        let x_label = text::shorten(&self.x.label, right - left, LABEL_SIZE, false);
        drawn(area.draw_text(&x_label, &label, (i32::midpoint(left, right), height - MARGIN - 6)))?;
        let y_label = text::shorten(&self.y.label, bottom - top, LABEL_SIZE, false);
        let upwards = label.transform(UPWARDS);
        drawn(area.draw_text(&y_label, &upwards, (MARGIN + 6, i32::midpoint(top + 8, bottom))))?;
        Ok((plane, frame))
    }

    /// Draws the legend's entries in rows, and gives the height below them.
    fn draw_legend(&self, area: &Area<'_>, mut top: i32, width: i32) -> Result<i32> {
        const SAMPLE: i32 = 26;
        let row = (LABEL_SIZE * 1.4) as i32;
        let mut x = MARGIN;
        let named = self.lines.iter().filter_map(|line| line.name.as_ref().map(|name| (line, name)));
        let mut any = false;
        for (line, name) in named {
            let name = text::shorten(name, width - 2 * MARGIN - SAMPLE, LABEL_SIZE, false);
            let room = SAMPLE + text::width(&name, LABEL_SIZE, false);
            if x > MARGIN && x + room > width - MARGIN {
                (x, top) = (MARGIN, top + row);
            }
            let middle = top + row / 2;
            if line.width > 0 {
                let stroke = ShapeStyle::from(&line.color).stroke_width(line.width);
                drawn(area.draw(&PathElement::new(vec![(x, middle), (x + SAMPLE - 6, middle)], stroke)))?;
            }
            if let Some(mark) = line.mark {
                draw_mark(area, mark, (x + (SAMPLE - 6) / 2, middle), line.color)?;
            }
            drawn(area.draw_text(&name, &text::style(LABEL_SIZE, false, INK, Anchor::Start), (x + SAMPLE, middle)))?;
            x += room + 18;
            any = true;
        }
        Ok(if any { top + row } else { top })
    }

    pub(super) fn draw_lines(&self, area: &Area<'_>, plane: &Plane, (left, top, right, bottom): Frame) -> Result<()> {
        let mut drawn_points = 0;
        for line in &self.lines {
            let at = |point: &(f64, f64)| plane.translate(point);
            // A gap, not a bridge, where a value is missing.
            let mut place = 0;
            for run in line.points.split(|(x, y)| !(x.is_finite() && y.is_finite())).filter(|run| !run.is_empty()) {
                let path: Vec<(i32, i32)> = run.iter().map(at).collect();
                drawn_points += path.len();
                if path.len() > 1 && line.width > 0 {
                    let stroke = ShapeStyle::from(&line.color).stroke_width(line.width);
                    drawn(area.draw(&PathElement::new(path.clone(), stroke)))?;
                }
                for point in path {
                    if let Some(mark) = line.mark.filter(|_| place % line.mark_every.max(1) == 0) {
                        draw_mark(area, mark, point, line.color)?;
                    }
                    place += 1;
                }
            }
        }
        if drawn_points == 0 {
            let style = text::style(LABEL_SIZE, false, QUIET_INK, Anchor::Middle);
            let middle = (i32::midpoint(left, right), i32::midpoint(top, bottom));
            drawn(area.draw_text(NO_DATA, &style, middle))?;
        }
        Ok(())
    }

    /// Grid lines and axes with their numbers. A number that would touch its neighbour is left out; its line stays.
    fn draw_ticks(&self, area: &Area<'_>, plane: &Plane, (left, top, right, bottom): Frame) -> Result<()> {
        let line = |from, to, color: RGBColor| drawn(area.draw(&PathElement::new(vec![from, to], color)));
        let mut free_from = i32::MIN;
        for (place, label) in &self.x.ticks {
            let (x, _) = plane.translate(&(*place, self.y.min));
            line((x, top), (x, bottom), GRID)?;
            let half = text::width(label, TICK_SIZE, false) / 2;
            if x - half > free_from {
                let style = text::style(TICK_SIZE, false, QUIET_INK, Anchor::Below);
                drawn(area.draw_text(label, &style, (x, bottom + 8)))?;
                free_from = x + half + 4;
            }
        }
        let mut free_above = i32::MAX;
        for (place, label) in &self.y.ticks {
            let (_, y) = plane.translate(&(self.x.min, *place));
            line((left, y), (right, y), GRID)?;
            if y < free_above {
                let style = text::style(TICK_SIZE, false, QUIET_INK, Anchor::End);
                drawn(area.draw_text(label, &style, (left - 6, y)))?;
                free_above = y - TICK_SIZE as i32;
            }
        }
        line((left, top), (left, bottom), AXIS)?;
        line((left, bottom), (right, bottom), AXIS)
    }

    /// For each marker: the row of its note (0 is the lowest), where the note starts, and the note.
    ///
    /// Notes of one row never touch, and a note is above the ends of the lines that pass under it.
    fn place_notes(&self, plane: &Plane, left: i32, right: i32) -> Vec<(i32, i32, String)> {
        let notes: Vec<(i32, i32, i32, String)> = self
            .markers
            .iter()
            .map(|(place, note)| {
                let (x, _) = plane.translate(&(*place, self.y.min));
                let note = text::shorten(note, right - left, TICK_SIZE, false);
                let room = text::width(&note, TICK_SIZE, false);
                let start = if x + 6 + room > right { (x - 6 - room).max(left) } else { x + 6 };
                (x, start, start + room, note)
            })
            .collect();
        // Notes to the right of their line from right to left, then the others from left to right.
        let mut order: Vec<usize> = (0..notes.len()).collect();
        order.sort_by_key(|&index| {
            let (x, start, ..) = notes[index];
            if start > x { (0, -x) } else { (1, x) }
        });
        let mut rows: Vec<Option<i32>> = vec![None; notes.len()];
        for index in order {
            let (_, start, end, _) = notes[index];
            let lowest = notes.iter().zip(&rows).filter_map(|((x, from, to, _), row)| {
                let touches = start <= to + 10 && end + 10 >= *from;
                let passes = (start - 4..=end + 4).contains(x);
                row.filter(|_| touches || passes).map(|row| row + 1)
            });
            rows[index] = Some(lowest.max().unwrap_or(0));
        }
        notes.into_iter().zip(rows).map(|((_, start, _, note), row)| (row.unwrap_or(0), start, note)).collect()
    }

    fn draw_markers(
        &self,
        area: &Area<'_>,
        plane: &Plane,
        (_, top, _, bottom): Frame,
        notes: &[(i32, i32, String)],
    ) -> Result<()> {
        let several = notes.len() > 1;
        let note_top = |row: i32| if several { top - 4 - (row + 1) * NOTE_ROW } else { top + 1 };
        for ((place, _), (row, ..)) in self.markers.iter().zip(notes) {
            let (x, _) = plane.translate(&(*place, self.y.min));
            for y in (note_top(*row).min(top)..bottom).step_by(8) {
                drawn(area.draw(&PathElement::new(vec![(x, y), (x, (y + 4).min(bottom))], QUIET_INK)))?;
            }
        }
        for (row, start, note) in notes {
            let (top, room) = (note_top(*row), text::width(note, TICK_SIZE, false));
            let back = Rectangle::new([(start - 3, top), (start + room + 3, top + 16)], CARD.mix(0.85).filled());
            drawn(area.draw(&back))?;
            drawn(area.draw_text(note, &text::style(TICK_SIZE, false, INK, Anchor::Start), (*start, top + 8)))?;
        }
        Ok(())
    }
}

/// At most about `most` of `points`, the lowest and the highest of each stretch: long runs keep their shape and peaks.
pub(super) fn thinned(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most {
        return points.to_vec();
    }
    let stretch = (2 * points.len()).div_ceil(most.max(2));
    let mut kept = Vec::new();
    for run in points.chunks(stretch) {
        let by_value = |a: &usize, b: &usize| run[*a].1.total_cmp(&run[*b].1);
        let lowest = (0..run.len()).min_by(by_value).unwrap_or(0);
        let highest = (0..run.len()).max_by(by_value).unwrap_or(0);
        kept.extend([run[lowest.min(highest)], run[lowest.max(highest)]]);
    }
    kept
}

/// The coordinates of a panel.
pub(super) type Plane = Cartesian2d<RangedCoordf64, RangedCoordf64>;

/// A shape of its own for each series: those who cannot tell the colours apart can tell the shapes.
pub(super) fn draw_mark(area: &Area<'_>, mark: usize, place: (i32, i32), color: RGBColor) -> Result<()> {
    draw_mark_of(area, mark, place, color.filled(), 4)
}

/// The same shapes in another size, half their side in pixels, and for translucent colours.
pub(super) fn draw_mark_of(
    area: &Area<'_>,
    mark: usize,
    (x, y): (i32, i32),
    fill: ShapeStyle,
    half: i32,
) -> Result<()> {
    let tip = half + 1;
    match mark % SHAPES {
        0 => drawn(area.draw(&Circle::new((x, y), half, fill))),
        1 => drawn(area.draw(&Rectangle::new([(x - half, y - half), (x + half, y + half)], fill))),
        2 => drawn(area.draw(&Polygon::new(vec![(x, y - tip), (x + tip, y + half), (x - tip, y + half)], fill))),
        _ => drawn(area.draw(&Polygon::new(vec![(x, y - tip), (x + tip, y), (x, y + tip), (x - tip, y)], fill))),
    }
}

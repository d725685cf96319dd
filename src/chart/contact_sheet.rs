//! Example images in rows, as photographers print a film.

use image::imageops::{self, FilterType};
use image::{GrayImage, ImageBuffer, Rgb, RgbImage};
use plotters::element::{BitMapElement, Rectangle};

use super::canvas::Area;
use super::output::{Picture, chart_methods, drawn};
use super::panel::NO_DATA;
use super::style::{GRID, INK, LABEL_SIZE, MARGIN, QUIET_INK, TICK_SIZE, TITLE_SIZE};
use super::text::{self, Anchor};
use crate::{Error, Result};

/// Rows of example images, one row for each class (or anything else), its name in front.
///
/// Small images are enlarged by a whole number, so that each pixel is a square; large ones are scaled down.
///
/// ```
/// use tunebook::chart::ContactSheet;
///
/// let sheet = ContactSheet::new("Halves", 1, 2, 2)
///     .row("above", &[&[255, 255, 0, 0]])?
///     .row("below", &[&[0, 0, 255, 255], &[9, 9, 200, 200]])?;
/// assert!(sheet.to_svg()?.contains("data:image/png;base64,"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactSheet {
    title: String,
    channels: usize,
    height: usize,
    width: usize,
    rows: Vec<Row>,
    size: Option<(u32, u32)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    name: String,
    images: Vec<Vec<u8>>,
}

chart_methods!(ContactSheet, "ContactSheet::new(\"Dots\", 1, 1, 1).row(\"dot\", &[&[255]]).unwrap()");

/// About the longer side of an image on a sheet of its own size, in pixels.
const SIDE: usize = 60;

/// The room between images, in pixels.
const GAP: i32 = 6;

/// Room for the widest name before it is wrapped, in pixels.
const NAME_ROOM: i32 = 120;

/// The height of a name's line, in pixels.
const LINE: i32 = 14;

/// The height of title and margin above the first row, in pixels.
const TOP: i32 = MARGIN + 28;

impl ContactSheet {
    /// A sheet without rows, for images of this many channels and this height and width in pixels. One channel is grey, of
    /// three or more the first are red, green and blue.
    ///
    /// See [`ContactSheet`] for an example.
    pub fn new(title: impl Into<String>, channels: usize, height: usize, width: usize) -> Self {
        Self { title: title.into(), channels, height, width, rows: Vec::new(), size: None }
    }

    /// Adds a row of images, each `(channels, height, width)`, 0 black to 255 white.
    ///
    /// An error for an image of another number of pixels.
    ///
    /// See [`ContactSheet`] for an example.
    pub fn row(mut self, name: impl Into<String>, images: &[&[u8]]) -> Result<Self> {
        let name = name.into();
        let numel =
            [self.channels, self.height, self.width].iter().try_fold(1_usize, |all, side| all.checked_mul(*side));
        if let Some(image) = images.iter().find(|image| Some(image.len()) != numel || image.is_empty()) {
            return Err(Error::input(
                format!("row {name:?}"),
                format!("{} pixels for an image of {}x{}x{}", image.len(), self.channels, self.height, self.width),
                "pass channels * height * width bytes for each image",
            ));
        }
        self.rows.push(Row { name, images: images.iter().map(|image| image.to_vec()).collect() });
        Ok(self)
    }

    fn columns(&self) -> usize {
        self.rows.iter().map(|row| row.images.len()).max().unwrap_or(0)
    }

    /// The room that names take, with the gap behind them.
    fn name_room(&self) -> i32 {
        let widest = self.rows.iter().map(|row| text::width(&row.name, LABEL_SIZE, false)).max().unwrap_or(0);
        widest.min(NAME_ROOM) + if widest > 0 { 10 } else { 0 }
    }

    /// Width and height of an image that has `room` for its longer side, in pixels; at least one each.
    fn tile(&self, room: (f64, f64)) -> (u32, u32) {
        let (width, height) = (self.width.max(1) as f64, self.height.max(1) as f64);
        let fit = (room.0 / width).min(room.1 / height);
        let scale = if fit >= 1.0 { fit.floor() } else { fit };
        let side = |pixels: f64| (pixels * scale).round().max(1.0) as u32;
        (side(width), side(height))
    }

    /// One image in its colours and its size on the sheet.
    fn draw_image(&self, image: &[u8], (width, height): (u32, u32)) -> Option<Vec<u8>> {
        let (from_width, from_height) = (self.width as u32, self.height as u32);
        let area = self.width * self.height;
        let plane = |channel: usize| &image[channel * area..][..area];
        let colours: RgbImage = if self.channels >= 3 {
            let pixels = plane(0).iter().zip(plane(1)).zip(plane(2)).flat_map(|((r, g), b)| [*r, *g, *b]).collect();
            RgbImage::from_raw(from_width, from_height, pixels)?
        } else {
            let grey = GrayImage::from_raw(from_width, from_height, plane(0).to_vec())?;
            ImageBuffer::from_fn(from_width, from_height, |x, y| Rgb([grey.get_pixel(x, y).0[0]; 3]))
        };
        let filter = if width >= from_width { FilterType::Nearest } else { FilterType::Triangle };
        Some(imageops::resize(&colours, width, height, filter).into_raw())
    }
}

impl Picture for ContactSheet {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or_else(|| {
            let tile = self.tile((SIDE as f64, SIDE as f64));
            let (columns, rows) = (self.columns().max(1) as i32, self.rows.len().max(1) as i32);
            let width = 2 * MARGIN + self.name_room() + columns * (tile.0 as i32 + GAP) - GAP;
            // A row is high enough for its name.
            let height = TOP + rows * (tile.1.max(LINE as u32) as i32 + GAP) - GAP + MARGIN;
            let title = text::width(&self.title, TITLE_SIZE, true) + 2 * MARGIN;
            (width.max(title.min(480)).clamp(240, 4000) as u32, height.clamp(140, 4000) as u32)
        })
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.columns() == 0 {
            return format!("Example images: {NO_DATA}.");
        }
        let rows: Vec<String> = self.rows.iter().map(|row| format!("{} ({})", row.name, row.images.len())).collect();
        format!("Example images of {} x {} pixels, in rows: {}.", self.height, self.width, rows.join(", "))
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let (width, height) = area.dim_in_pixel();
        let (width, height) = (width as i32, height as i32);
        let title = text::shorten(&self.title, width - 2 * MARGIN, TITLE_SIZE, true);
        drawn(area.draw_text(&title, &text::style(TITLE_SIZE, true, INK, Anchor::BelowStart), (MARGIN, MARGIN)))?;
        if self.columns() == 0 {
            let quiet = text::style(LABEL_SIZE, false, QUIET_INK, Anchor::Middle);
            return drawn(area.draw_text(NO_DATA, &quiet, (width / 2, height / 2)));
        }
        let names = self.name_room().min(width / 3);
        let left = MARGIN + names;
        let cell_width = f64::from(width - MARGIN - left + GAP) / self.columns() as f64;
        let cell_height = f64::from(height - MARGIN - TOP + GAP) / self.rows.len() as f64;
        let tile = self.tile((cell_width - f64::from(GAP), cell_height - f64::from(GAP)));
        // Images stand together; room that they cannot fill by whole numbers stays at the end of the sheet.
        let step_x = (f64::from(tile.0) + f64::from(GAP)).min(cell_width);
        let step_y = (f64::from(tile.1.max(LINE as u32)) + f64::from(GAP)).min(cell_height);
        for (place, row) in self.rows.iter().enumerate() {
            let top = TOP + (place as f64 * step_y).round() as i32;
            draw_name(area, &row.name, (top + tile.1 as i32 / 2, names - 10), step_y)?;
            for (column, image) in row.images.iter().enumerate() {
                let x = left + (column as f64 * step_x).round() as i32;
                let frame = [(x - 1, top - 1), (x + tile.0 as i32, top + tile.1 as i32)];
                drawn(area.draw(&Rectangle::new(frame, GRID)))?;
                let pixels = self.draw_image(image, tile);
                let Some(bitmap) =
                    pixels.and_then(|pixels| BitMapElement::<_>::with_owned_buffer((x, top), tile, pixels))
                else {
                    return Err(Error::Chart(format!("the image {} of row {:?} has no size", column + 1, row.name)));
                };
                drawn(area.draw(&bitmap))?;
            }
        }
        Ok(())
    }
}

/// A row's name beside its images, in as many lines as the row is high; a row too low for one goes without.
fn draw_name(area: &Area<'_>, name: &str, (middle, room): (i32, i32), height: f64) -> Result<()> {
    if height < TICK_SIZE {
        return Ok(());
    }
    let lines = text::wrap(name, room, ((height as i32 / LINE).max(1) as usize).min(3), LABEL_SIZE, false);
    let style = text::style(LABEL_SIZE, false, INK, Anchor::Start);
    let first = middle - (lines.len() as i32 - 1) * LINE / 2;
    for (line, at) in lines.iter().zip((first..).step_by(LINE as usize)) {
        drawn(area.draw_text(line, &style, (MARGIN, at)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_images_grow_by_whole_numbers_and_large_ones_shrink() {
        let tile = |height, width| ContactSheet::new("", 1, height, width).tile((60.0, 60.0));
        assert_eq!(
            [tile(28, 28), tile(60, 60), tile(20, 60), tile(224, 224)],
            [(56, 56), (60, 60), (60, 20), (60, 60)]
        );
        assert_eq!([tile(100, 200), tile(10_000, 1), tile(0, 0)], [(60, 30), (1, 60), (60, 60)]);
    }

    #[test]
    fn channels_become_colours() {
        let grey = ContactSheet::new("", 1, 1, 2).draw_image(&[7, 200], (4, 2)).unwrap();
        assert_eq!(grey, [[7; 6], [200; 6], [7; 6], [200; 6]].concat());
        // Two pixels, (1, 3, 5) and (2, 4, 6), in planes; a fourth channel is left out.
        let colours = ContactSheet::new("", 4, 1, 2).draw_image(&[1, 2, 3, 4, 5, 6, 7, 8], (2, 1)).unwrap();
        assert_eq!(colours, [1, 3, 5, 2, 4, 6]);
        // A large image is averaged, not thinned out.
        let mean = ContactSheet::new("", 1, 1, 100).draw_image(&[[0, 200]; 50].concat(), (2, 1)).unwrap();
        assert!(mean.iter().all(|pixel| pixel.abs_diff(100) < 5), "{mean:?}");
    }

    #[test]
    fn other_images_are_refused() {
        let error = ContactSheet::new("", 3, 2, 2).row("cat", &[&[0; 12], &[0; 4]]).unwrap_err().to_string();
        assert!(error.contains("row \"cat\": 4 pixels for an image of 3x2x2"), "{error}");
        assert!(ContactSheet::new("", 1, 0, 0).row("none", &[&[]]).is_err());
        assert!(ContactSheet::new("", 1, usize::MAX, 2).row("large", &[&[0]]).is_err());
    }

    #[test]
    fn the_picture_holds_the_pixels() {
        let sheet = ContactSheet::new("Colours", 3, 1, 1).row("orange", &[&[230, 159, 0]]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheet.png");
        sheet.save(&path).unwrap();
        let saved = image::open(&path).unwrap().into_rgb8();
        let orange = saved.pixels().filter(|pixel| pixel.0 == [230, 159, 0]).count();
        // The smallest chart is 140 high: one square of 84, two pixels for one of the chart's size.
        assert_eq!(orange, 168 * 168);
        assert_eq!(sheet.to_svg().unwrap().matches("<image ").count(), 1);
    }
}

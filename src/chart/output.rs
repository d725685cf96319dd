//! From a chart to an SVG string, a file, a cell.

use std::path::Path;

use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::drawing::IntoDrawingArea;

use super::canvas::{Area, Canvas, PNG_SCALE};
use super::style::CARD;
use super::text;
use crate::notebook::{Display, escape_html};
use crate::{Error, Result};

/// What every chart gives to this module.
pub(super) trait Picture {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);
    /// The title, also for screen readers.
    fn title(&self) -> String;
    /// What the picture shows, in sentences, for those who do not see it.
    fn description(&self) -> String;
    /// Draws on an area of that size whose background is drawn already.
    fn paint(&self, area: &Area<'_>) -> Result<()>;
}

/// Turns plotters' errors into ours.
pub(super) fn drawn<T, E: std::fmt::Display>(result: std::result::Result<T, E>) -> Result<T> {
    result.map_err(|error| Error::Chart(error.to_string()))
}

pub(super) fn svg(picture: &dyn Picture) -> Result<String> {
    let size = checked_size(picture)?;
    text::register();
    let mut svg = String::new();
    {
        let area = Canvas::Svg(SVGBackend::with_string(&mut svg, size)).into_drawing_area();
        picture.paint(&area)?;
        drawn(area.present())?;
    }
    let body = svg.split_once(">\n").map_or("", |(_, body)| body);
    // plotters gives bitmaps a MIME type that there is not; and their pixels are to stay squares on dense screens.
    let body = body
        .replace(&family("Roboto"), &family(FAMILIES))
        .replace("href=\"data:png;base64,", "style=\"image-rendering:pixelated\" href=\"data:image/png;base64,");
    let svg = format!("{}{body}", head(picture, size));
    // XML has no way to write these, and one in a class name would make the whole picture unreadable.
    let forbidden =
        |c: char| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    Ok(svg.replace(forbidden, "\u{fffd}"))
}

/// Roboto is what the widths were measured with; the others are its nearest neighbours on other systems.
const FAMILIES: &str = "Roboto,Arial,Liberation Sans,Helvetica,sans-serif";

fn family(families: &str) -> String {
    format!("font-family=\"{families}\"")
}

/// The opening tag with its description, and the card.
fn head(picture: &dyn Picture, (width, height): (u32, u32)) -> String {
    let (title, description) = (escape_html(&picture.title()), escape_html(&picture.description()));
    format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" xmlns=\"http://www.w3.org/2000/svg\" \
         role=\"img\" aria-label=\"{title}. {description}\" style=\"max-width:100%;height:auto\">\n\
         <title>{title}</title>\n<desc>{description}</desc>\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"#FFFFFF\" stroke=\"#D8D8D8\"/>\n",
        width - 1,
        height - 1,
    )
}

pub(super) fn save(picture: &dyn Picture, path: &Path) -> Result<()> {
    match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => std::fs::write(path, svg(picture)?).map_err(|error| Error::io(path, error)),
        Some("png") => save_png(picture, path),
        _ => Err(Error::input(
            path.display(),
            "a chart is saved as .svg or .png, and this name ends in neither",
            "end the file's name in .svg or .png",
        )),
    }
}

fn save_png(picture: &dyn Picture, path: &Path) -> Result<()> {
    let size = checked_size(picture)?;
    text::register();
    // plotters' own message for a file that cannot be written names neither file nor reason.
    std::fs::File::create(path).map_err(|error| Error::io(path, error))?;
    let large = (size.0 * PNG_SCALE, size.1 * PNG_SCALE);
    let painted = (|| {
        let area = Canvas::Png(BitMapBackend::new(path, large), size).into_drawing_area();
        drawn(area.fill(&CARD))?;
        picture.paint(&area)?;
        drawn(area.present())
    })();
    if painted.is_err() {
        // Half a picture is worse than none; if it cannot be removed either, the first error is the one to tell.
        let _ = std::fs::remove_file(path);
    }
    painted
}

pub(super) fn display(picture: &dyn Picture) -> Display {
    let text = format!("{}. {}", picture.title(), picture.description());
    match svg(picture) {
        Ok(svg) => Display::svg(svg).with("text/plain", text),
        Err(error) => Display::text(error.to_string()),
    }
}

fn checked_size(picture: &dyn Picture) -> Result<(u32, u32)> {
    let (width, height) = picture.size();
    if (240..=4000).contains(&width) && (140..=4000).contains(&height) {
        return Ok((width, height));
    }
    Err(Error::input(
        "chart size",
        format!("{width} x {height} pixels is outside of 240 x 140 to 4000 x 4000"),
        "choose another size",
    ))
}

/// The methods that every chart has. `$example` makes a chart; it is used in the documentation's examples.
macro_rules! chart_methods {
    ($chart:ident, $example:literal) => {
        impl $chart {
            /// The same chart in another size, in pixels: from 240 x 140 to 4000 x 4000.
            ///
            /// ```
            /// # use tunebook::chart::*;
            #[doc = concat!("let chart = ", $example, ".with_size(900, 500);")]
            /// assert!(chart.to_svg()?.contains("width=\"900\" height=\"500\""));
            /// # Ok::<(), tunebook::Error>(())
            /// ```
            pub fn with_size(mut self, width: u32, height: u32) -> Self {
                self.size = Some((width, height));
                self
            }

            /// The chart as an SVG document.
            ///
            /// An error when the size or the data cannot be drawn.
            ///
            /// ```
            /// # use tunebook::chart::*;
            #[doc = concat!("let chart = ", $example, ";")]
            /// assert!(chart.to_svg()?.starts_with("<svg"));
            /// # Ok::<(), tunebook::Error>(())
            /// ```
            pub fn to_svg(&self) -> $crate::Result<String> {
                $crate::chart::output::svg(self)
            }

            /// Saves the chart; the name's ending says how: `.svg` or `.png` (two pixels for one of the chart's size).
            ///
            /// An error for another ending, a file that cannot be written, or what [`to_svg`](Self::to_svg) refuses.
            ///
            /// ```no_run
            /// # use tunebook::chart::*;
            #[doc = concat!("let chart = ", $example, ";")]
            /// chart.save("chart.png")?;
            /// # Ok::<(), tunebook::Error>(())
            /// ```
            pub fn save(&self, path: impl AsRef<std::path::Path>) -> $crate::Result<()> {
                $crate::chart::output::save(self, path.as_ref())
            }

            /// The chart as a rich value: SVG, and text that says what it shows. A chart that cannot be drawn says why.
            ///
            /// ```
            /// # use tunebook::chart::*;
            #[doc = concat!("let chart = ", $example, ";")]
            /// assert!(chart.display().get("image/svg+xml").is_some());
            /// ```
            pub fn display(&self) -> $crate::notebook::Display {
                $crate::chart::output::display(self)
            }

            /// What evcxr calls when this value is the last expression of a cell.
            ///
            /// See [`display`](Self::display).
            pub fn evcxr_display(&self) {
                self.display().show();
            }
        }
    };
}

pub(super) use chart_methods;

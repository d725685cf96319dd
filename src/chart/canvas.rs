//! plotters' SVG and bitmap backends behind one type, so that each chart is compiled once and drawn alike by both.

use std::fmt;
use std::io;

use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::{FontDesc, FontFamily, TextStyle};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontTransform,
};

use super::text::SIZE_PER_EM;

/// What charts draw on.
pub(super) type Area<'a> = DrawingArea<Canvas<'a>, Shift>;

/// A PNG has this many pixels for one unit of the chart's size: sharp on dense screens and in print.
pub(super) const PNG_SCALE: u32 = 2;

/// plotters draws a bitmap's text this many ems higher than an SVG's.
const BITMAP_TEXT_LIFT: f64 = 0.15;

type Outcome = Result<(), DrawingErrorKind<io::Error>>;

/// A chart's backend.
pub(super) enum Canvas<'a> {
    /// Draws into a string.
    Svg(SVGBackend<'a>),
    /// Draws into a file, [`PNG_SCALE`] times as large; the size is the chart's.
    Png(BitMapBackend<'a>, (u32, u32)),
}

fn scaled(point: BackendCoord) -> BackendCoord {
    (point.0 * PNG_SCALE as i32, point.1 * PNG_SCALE as i32)
}

fn reason<E: std::error::Error + Send + Sync>(error: DrawingErrorKind<E>) -> DrawingErrorKind<io::Error> {
    match error {
        DrawingErrorKind::DrawingError(error) => DrawingErrorKind::DrawingError(io::Error::other(error.to_string())),
        DrawingErrorKind::FontError(error) => DrawingErrorKind::FontError(error),
    }
}

/// A line's colour and width, the width scaled for a bitmap.
struct Scaled(BackendColor, u32);

impl BackendStyle for Scaled {
    fn color(&self) -> BackendColor {
        self.0
    }

    fn stroke_width(&self) -> u32 {
        self.1
    }
}

impl Scaled {
    fn new(style: &impl BackendStyle) -> Self {
        Self(style.color(), style.stroke_width() * PNG_SCALE)
    }
}

impl DrawingBackend for Canvas<'_> {
    type ErrorType = io::Error;

    fn get_size(&self) -> (u32, u32) {
        match self {
            Self::Svg(svg) => svg.get_size(),
            Self::Png(_, size) => *size,
        }
    }

    fn ensure_prepared(&mut self) -> Outcome {
        match self {
            Self::Svg(svg) => svg.ensure_prepared(),
            Self::Png(png, _) => png.ensure_prepared().map_err(reason),
        }
    }

    fn present(&mut self) -> Outcome {
        match self {
            Self::Svg(svg) => svg.present(),
            Self::Png(png, _) => png.present().map_err(reason),
        }
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        match self {
            Self::Svg(svg) => svg.draw_pixel(point, color),
            Self::Png(png, _) => {
                let (x, y) = scaled(point);
                let end = (x + PNG_SCALE as i32 - 1, y + PNG_SCALE as i32 - 1);
                png.draw_rect((x, y), end, &color, true).map_err(reason)
            }
        }
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        match self {
            Self::Svg(svg) => svg.draw_line(from, to, style),
            Self::Png(png, _) => png.draw_line(scaled(from), scaled(to), &Scaled::new(style)).map_err(reason),
        }
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Outcome {
        match self {
            Self::Svg(svg) => svg.draw_rect(from, to, style, fill),
            Self::Png(png, _) => png.draw_rect(scaled(from), scaled(to), &Scaled::new(style), fill).map_err(reason),
        }
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        match self {
            Self::Svg(svg) => svg.draw_path(path, style),
            Self::Png(png, _) => png.draw_path(path.into_iter().map(scaled), &Scaled::new(style)).map_err(reason),
        }
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome {
        match self {
            Self::Svg(svg) => svg.draw_circle(center, radius, style, fill),
            Self::Png(png, _) => {
                png.draw_circle(scaled(center), radius * PNG_SCALE, &Scaled::new(style), fill).map_err(reason)
            }
        }
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, vert: I, style: &S) -> Outcome {
        match self {
            Self::Svg(svg) => svg.fill_polygon(vert, style),
            Self::Png(png, _) => png.fill_polygon(vert.into_iter().map(scaled), &Scaled::new(style)).map_err(reason),
        }
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, pos: BackendCoord) -> Outcome {
        match self {
            Self::Svg(svg) => svg.draw_text(text, style, pos),
            Self::Png(png, _) => {
                let size = style.size() * f64::from(PNG_SCALE);
                let lift = (size / SIZE_PER_EM * BITMAP_TEXT_LIFT).round() as i32;
                let (dx, dy) = style.transform().transform(0, lift);
                let (x, y) = scaled(pos);
                let family = style.family();
                let font = FontDesc::new(FontFamily::from(family.as_str()), size, style.style());
                let large =
                    TextStyle { font: font.transform(style.transform()), color: style.color(), pos: style.anchor() };
                png.draw_text(text, &large, (x + dx, y + dy)).map_err(reason)
            }
        }
    }

    fn blit_bitmap(&mut self, pos: BackendCoord, (width, height): (u32, u32), pixels: &[u8]) -> Outcome {
        match self {
            Self::Svg(svg) => svg.blit_bitmap(pos, (width, height), pixels),
            Self::Png(png, _) => {
                let large = (width * PNG_SCALE, height * PNG_SCALE);
                png.blit_bitmap(scaled(pos), large, &enlarged(pixels, width as usize)).map_err(reason)
            }
        }
    }
}

/// Rows of `width` pixels, three bytes each, with every pixel as a square of [`PNG_SCALE`].
fn enlarged(pixels: &[u8], width: usize) -> Vec<u8> {
    let scale = PNG_SCALE as usize;
    let row = |row: &[u8]| row.chunks_exact(3).flat_map(|pixel| pixel.repeat(scale)).collect::<Vec<u8>>().repeat(scale);
    pixels.chunks_exact(3 * width.max(1)).flat_map(row).collect()
}

impl fmt::Debug for Canvas<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Svg(_) => "Canvas::Svg",
            Self::Png(..) => "Canvas::Png",
        })
    }
}

/// The rotation of text that reads upwards.
pub(super) const UPWARDS: FontTransform = FontTransform::Rotate270;

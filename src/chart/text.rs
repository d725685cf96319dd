//! Text: the embedded font, measured widths, wrapping.

use std::sync::Once;

use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, IntoTextStyle, RGBColor, TextStyle, register_font};

/// The name under which the embedded font is registered, and the first that a browser looks for.
pub(super) const FAMILY: &str = "Roboto";

/// plotters' font sizes are ascent plus descent; an em is this much less (the embedded font is made to fit).
pub(super) const SIZE_PER_EM: f64 = 1.24;

/// A browser without Roboto takes a neighbour of it, which may be wider: layouts leave this much room.
const SLACK: f64 = 1.08;

static REGULAR: &[u8] = include_bytes!("../../assets/fonts/Roboto-Regular-subset.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/fonts/Roboto-Bold-subset.ttf");

/// Makes the embedded font known to plotters, once in a process.
pub(super) fn register() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            // A font that could not be read would show itself as an error of the first text drawn; a test draws one.
            let _ = register_font(FAMILY, style, bytes);
        }
    });
}

/// Where a text lies in relation to the point it is drawn at.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    /// The text starts at the point, vertically centred.
    Start,
    /// The text is centred on the point.
    Middle,
    /// The text ends at the point, vertically centred.
    End,
    /// The text hangs below the point, horizontally centred.
    Below,
    /// The text hangs below the point, starting there.
    BelowStart,
}

/// A style of the embedded font; `pixels` is the em size.
pub(super) fn style(pixels: f64, bold: bool, color: RGBColor, anchor: Anchor) -> TextStyle<'static> {
    register();
    let pos = match anchor {
        Anchor::Start => Pos::new(HPos::Left, VPos::Center),
        Anchor::Middle => Pos::new(HPos::Center, VPos::Center),
        Anchor::End => Pos::new(HPos::Right, VPos::Center),
        Anchor::Below => Pos::new(HPos::Center, VPos::Top),
        Anchor::BelowStart => Pos::new(HPos::Left, VPos::Top),
    };
    let mut style = font(pixels, bold).into_text_style(&(1, 1));
    style.color = color.to_backend_color();
    style.pos = pos;
    style
}

fn font(pixels: f64, bold: bool) -> FontDesc<'static> {
    let weight = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::Name(FAMILY), pixels * SIZE_PER_EM, weight)
}

/// The room that `text` needs, in pixels.
pub(super) fn width(text: &str, pixels: f64, bold: bool) -> i32 {
    register();
    // Without the font (which cannot happen: it is embedded) six tenths of an em a letter is a fair guess.
    let measured =
        font(pixels, bold).box_size(text).map_or(text.chars().count() as f64 * 0.6 * pixels, |(w, _)| w.into());
    (measured * SLACK).ceil() as i32
}

/// `text` in at most `lines` lines of at most `room` pixels, broken at spaces and hyphens; what is cut ends in "…".
pub(super) fn wrap(text: &str, room: i32, lines: usize, pixels: f64, bold: bool) -> Vec<String> {
    let fits = |line: &str| width(line, pixels, bold) <= room;
    let mut out: Vec<String> = vec![String::new()];
    for word in pieces(text) {
        let line = out.last_mut().expect("there is always a line");
        let longer = format!("{line}{word}");
        if line.is_empty() || fits(longer.trim_end()) {
            *line = longer;
        } else {
            out.push(word.to_string());
        }
    }
    let rest = if out.len() > lines.max(1) { out.split_off(lines.max(1)).concat() } else { String::new() };
    if let Some(last) = out.last_mut() {
        last.push_str(&rest);
    }
    out.iter().map(|line| shorten(line.trim(), room, pixels, bold)).collect()
}

/// `text`, or as much of its start as fits with "…" behind it.
pub(super) fn shorten(text: &str, room: i32, pixels: f64, bold: bool) -> String {
    if width(text, pixels, bold) <= room {
        return text.to_string();
    }
    let letters: Vec<char> = text.chars().collect();
    (1..letters.len())
        .rev()
        .map(|kept| format!("{}\u{2026}", letters[..kept].iter().collect::<String>().trim_end()))
        .find(|shorter| width(shorter, pixels, bold) <= room)
        .unwrap_or_else(|| "\u{2026}".to_string())
}

/// Words with the space or hyphen behind them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', '-', '_', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_measured_not_guessed() {
        assert!(width("iiii", 13.0, false) * 2 < width("MMMM", 13.0, false));
        assert!(width("Tunebook", 13.0, true) > width("Tunebook", 13.0, false));
    }

    #[test]
    fn long_names_wrap_and_are_cut() {
        let name = "a rather long class name that goes on and on";
        let room = width("a rather long", 13.0, false);
        let lines = wrap(name, room, 2, 13.0, false);
        assert_eq!(lines[0], "a rather long");
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('\u{2026}') && width(&lines[1], 13.0, false) <= room);
    }

    #[test]
    fn short_names_stay() {
        assert_eq!(wrap("access", 200, 2, 13.0, false), ["access"]);
        assert_eq!(wrap("", 200, 2, 13.0, false), [""]);
        assert_eq!(shorten("access", 1, 13.0, false), "\u{2026}");
    }
}

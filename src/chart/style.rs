//! Colours and sizes that all charts share.

use plotters::style::RGBColor;

/// The card behind a chart.
pub(super) const CARD: RGBColor = RGBColor(255, 255, 255);
/// Titles and numbers. Contrast with the card 16:1.
pub(super) const INK: RGBColor = RGBColor(33, 33, 33);
/// Axis labels and notes. Contrast with the card 7:1.
pub(super) const QUIET_INK: RGBColor = RGBColor(89, 89, 89);
/// Axis lines.
pub(super) const AXIS: RGBColor = RGBColor(140, 140, 140);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(228, 228, 228);

/// Okabe and Ito's palette, darkest contrasts first; without its yellow, which is too pale on a light card.
pub(super) const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
];

/// Text sizes in pixels.
pub(super) const TITLE_SIZE: f64 = 16.0;
pub(super) const LABEL_SIZE: f64 = 13.0;
pub(super) const TICK_SIZE: f64 = 12.0;

/// The room between a chart's edge and what it draws, in pixels.
pub(super) const MARGIN: i32 = 14;

/// The colour of a series; marks differ too, so seven colours are enough to start again.
pub(super) fn series_color(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()]
}

/// `share` of the way (0 to 1) from `from` to `to`.
pub(super) fn mix(from: RGBColor, to: RGBColor, share: f64) -> RGBColor {
    let channel = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    RGBColor(channel(from.0, to.0), channel(from.1, to.1), channel(from.2, to.2))
}

/// Black or white ink, whichever reads better on `background` (by relative luminance, as WCAG defines it).
pub(super) fn ink_on(background: RGBColor) -> RGBColor {
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let RGBColor(r, g, b) = background;
    let luminance = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    // At this luminance INK and white have equal contrast.
    if luminance > 0.211 { INK } else { CARD }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_contrasts_with_its_background() {
        assert_eq!(ink_on(RGBColor(255, 255, 255)), INK);
        assert_eq!(ink_on(RGBColor(0, 60, 120)), CARD);
    }

    #[test]
    fn mix_reaches_both_ends() {
        assert_eq!(mix(CARD, INK, 0.0), CARD);
        assert_eq!(mix(CARD, INK, 1.0), INK);
    }
}

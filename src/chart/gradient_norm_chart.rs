//! How large the gradient of each layer is.

use plotters::coord::CoordTranslate;
use plotters::element::Rectangle;
use plotters::style::Color;

use super::canvas::Area;
use super::line_chart::range;
use super::output::{Picture, chart_methods, drawn};
use super::panel::{Axis, Frame, Line, NO_DATA, Panel, Plane, draw_mark};
use super::rows::{plot_width, row_axis, row_middle};
use super::style::{INK, TICK_SIZE, series_color};
use super::text;
use super::ticks;
use crate::{Error, Result};

/// The gradient norm of each layer, at one or several steps: where gradients vanish, explode, or never arrive.
///
/// The first layer is the top row, and norms have a logarithmic axis. What has no place on it stands in a grey band of its
/// own beside it: "no gradient" (the backward pass did not reach the layer, as when it is frozen), "zero" (it did, and
/// nothing came) and "not finite".
///
/// ```
/// use tunebook::chart::GradientNormChart;
///
/// let chart = GradientNormChart::new("Last layer and head", &["embeddings", "layer 1", "head"])
///     .step("step 1", &[None, Some(0.02), Some(1.4)])?
///     .step("step 100", &[None, Some(0.006), Some(0.3)])?;
/// assert!(chart.to_svg()?.contains("no gradient"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GradientNormChart {
    title: String,
    layers: Vec<String>,
    steps: Vec<(String, Vec<Option<f64>>)>,
    size: Option<(u32, u32)>,
}

chart_methods!(
    GradientNormChart,
    "GradientNormChart::new(\"Norms\", &[\"layer 1\", \"head\"]).step(\"step 1\", &[None, Some(0.5)]).unwrap()"
);

const ROW: i32 = 26;

/// Why a norm has no place on the logarithmic axis. The last one's band is on the right, the others' on the left.
const BANDS: [&str; 3] = ["no gradient", "zero", "not finite"];

/// The names of the bands where the plot has fewer pixels than [`NARROW`].
const SHORT_BANDS: [&str; 3] = ["none", "zero", "not finite"];
const NARROW: f64 = 400.0;

/// The pixels between marks of one row in one band.
const MARK_PITCH: i32 = 13;

impl GradientNormChart {
    /// A chart of these layers, the first at the top, without steps.
    ///
    /// See [`GradientNormChart`] for an example.
    pub fn new(title: impl Into<String>, layers: &[impl AsRef<str>]) -> Self {
        let layers = layers.iter().map(|layer| layer.as_ref().to_string()).collect();
        Self { title: title.into(), layers, steps: Vec::new(), size: None }
    }

    /// Adds the norm of each layer at one step, or the means over several; `None` where a layer had no gradient. A list
    /// that ends early, as before gradual unfreezing reached the last layers, has none for the rest.
    ///
    /// An error for more norms than layers or a norm below zero.
    ///
    /// See [`GradientNormChart`] for an example.
    pub fn step(mut self, name: impl Into<String>, norms: &[Option<f64>]) -> Result<Self> {
        let name = name.into();
        if norms.len() > self.layers.len() {
            return Err(Error::input(
                format!("step {name:?}"),
                format!("{} norms for {} layers", norms.len(), self.layers.len()),
                "pass one norm, or None, for each layer",
            ));
        }
        let below = |(_, norm): &(&String, &Option<f64>)| norm.is_some_and(|norm| norm < 0.0);
        if let Some((layer, norm)) = self.layers.iter().zip(norms).find(below) {
            return Err(Error::input(
                format!("step {name:?}, layer {layer:?}"),
                format!("a norm of {} is below zero", norm.unwrap_or_default()),
                "pass the root of the sum of squares",
            ));
        }
        let mut norms = norms.to_vec();
        norms.resize(self.layers.len(), None);
        self.steps.push((name, norms));
        Ok(self)
    }

    fn is_empty(&self) -> bool {
        self.layers.is_empty() || self.steps.is_empty()
    }

    fn norms(&self) -> impl Iterator<Item = Option<f64>> {
        self.steps.iter().flat_map(|(_, norms)| norms.iter().copied())
    }

    fn lines(&self) -> Vec<Line> {
        let rows = self.layers.len();
        let point = |(row, norm): (usize, &Option<f64>)| {
            (norm.filter(|_| band(*norm).is_none()).map_or(f64::NAN, f64::log10), row_middle(row, rows))
        };
        let line = |(index, (name, norms)): (usize, &(String, Vec<Option<f64>>))| Line {
            name: Some(name.clone()),
            points: norms.iter().enumerate().map(point).collect(),
            color: series_color(index),
            width: 2,
            mark: Some(index),
            mark_every: 1,
        };
        self.steps.iter().enumerate().map(line).collect()
    }

    /// The norms that are in bands instead of on the axis: marks of one row stand side by side.
    fn draw_bands(&self, area: &Area<'_>, plane: &Plane, scale: &Scale, (_, top, _, bottom): Frame) -> Result<()> {
        for band in &scale.bands {
            let (left, right) = scale.ends(band);
            let (left, right) = (plane.translate(&(left, 0.0)).0 + 1, plane.translate(&(right, 0.0)).0 - 1);
            drawn(area.draw(&Rectangle::new([(left, top), (right, bottom)], INK.mix(0.07).filled())))?;
        }
        for row in 0..self.layers.len() {
            for Band { kind, center, pixels, .. } in &scale.bands {
                let here: Vec<usize> =
                    (0..self.steps.len()).filter(|step| band(self.steps[*step].1[row]) == Some(*kind)).collect();
                let (x, y) = plane.translate(&(*center, row_middle(row, self.layers.len())));
                let pitch = MARK_PITCH.min(*pixels as i32 / here.len().max(1) as i32);
                for (place, step) in here.iter().enumerate() {
                    let shift = (2 * place as i32 - (here.len() as i32 - 1)) * pitch / 2;
                    draw_mark(area, *step, (x + shift, y), series_color(*step))?;
                }
            }
        }
        Ok(())
    }
}

/// The place in [`BANDS`] of a norm that has no logarithm.
fn band(norm: Option<f64>) -> Option<usize> {
    match norm {
        None => Some(0),
        Some(0.0) => Some(1),
        Some(norm) if !norm.is_finite() => Some(2),
        Some(_) => None,
    }
}

/// One band beside the axis.
struct Band {
    /// Its place in [`BANDS`].
    kind: usize,
    label: &'static str,
    /// Its middle on the axis.
    center: f64,
    pixels: f64,
}

/// The logarithmic axis and the bands at its sides.
struct Scale {
    low: f64,
    high: f64,
    /// What a pixel is on the axis.
    pixel: f64,
    bands: Vec<Band>,
}

impl Scale {
    /// `room`: pixels of the whole plot.
    fn new(norms: impl Iterator<Item = Option<f64>>, room: f64) -> Self {
        let (mut needed, mut logarithms) = ([false; BANDS.len()], Vec::new());
        for norm in norms {
            match (band(norm), norm) {
                (Some(kind), _) => needed[kind] = true,
                (None, Some(norm)) => logarithms.push(norm.log10()),
                (None, None) => {}
            }
        }
        let (low, high) = range(logarithms.into_iter());
        // Whole decades: an axis always has numbers.
        let (low, high) = (low.floor(), high.ceil());
        let labels = if room < NARROW { SHORT_BANDS } else { BANDS };
        let mut bands: Vec<Band> = (0..BANDS.len())
            .filter(|kind| needed[*kind])
            .map(|kind| (kind, labels[kind]))
            .map(|(kind, label)| Band {
                kind,
                label,
                center: 0.0,
                pixels: f64::from(text::width(label, TICK_SIZE, false) + 14),
            })
            .collect();
        // However narrow the chart, a quarter is left for the axis itself.
        let wanted: f64 = bands.iter().map(|band| band.pixels).sum();
        let shrink = (0.75 * room / wanted.max(1.0)).min(1.0);
        for band in &mut bands {
            band.pixels *= shrink;
        }
        let pixel = (high - low) / (room - wanted * shrink);
        let left: f64 = bands.iter().filter(|band| band.kind < 2).map(|band| band.pixels).sum();
        let mut edge = low - left * pixel;
        for band in &mut bands {
            let start = if band.kind < 2 { edge } else { high };
            band.center = start + band.pixels / 2.0 * pixel;
            edge = start + band.pixels * pixel;
        }
        Self { low, high, pixel, bands }
    }

    /// The ends of a band.
    fn ends(&self, band: &Band) -> (f64, f64) {
        let half = band.pixels / 2.0 * self.pixel;
        (band.center - half, band.center + half)
    }

    fn axis(&self, count: usize) -> Axis {
        let mut ticks = ticks::logarithmic(self.low, self.high, count);
        // A number that would touch a band's name gives way to it.
        let half = |label: &str| f64::from(text::width(label, TICK_SIZE, false)) / 2.0;
        for (place, label) in &mut ticks {
            let touches =
                |band: &Band| (band.center - *place).abs() / self.pixel < half(band.label) + half(label) + 7.0;
            if self.bands.iter().any(touches) {
                label.clear();
            }
        }
        ticks.extend(self.bands.iter().map(|band| (band.center, band.label.to_string())));
        ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
        Axis {
            label: "gradient norm (logarithmic)".into(),
            min: self.bands.iter().map(|band| self.ends(band).0).fold(self.low, f64::min),
            max: self.bands.iter().map(|band| self.ends(band).1).fold(self.high, f64::max),
            ticks,
        }
    }
}

impl Picture for GradientNormChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, (150 + ROW * self.layers.len().clamp(3, 140) as i32) as u32))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.is_empty() {
            return format!("Gradient norm by layer: {NO_DATA}.");
        }
        let mut sentences = vec![format!("Gradient norm of {} layers.", self.layers.len())];
        for (name, norms) in &self.steps {
            let on_axis = || {
                let named = self.layers.iter().zip(norms).filter(|(_, norm)| band(**norm).is_none());
                named.filter_map(|(layer, norm)| norm.map(|norm| (layer, norm)))
            };
            let by_norm = |a: &(&String, f64), b: &(&String, f64)| a.1.total_cmp(&b.1);
            let mut parts = Vec::new();
            for (word, end) in [("largest", on_axis().max_by(by_norm)), ("smallest", on_axis().min_by(by_norm))] {
                parts.extend(end.map(|(layer, norm)| format!("{word} {} at {layer}", ticks::learning_rate(norm))));
            }
            for (kind, word) in BANDS.iter().enumerate() {
                let named = self.layers.iter().zip(norms).filter(|(_, norm)| band(**norm) == Some(kind));
                let layers: Vec<&str> = named.map(|(layer, _)| layer.as_str()).collect();
                if !layers.is_empty() {
                    parts.push(format!("{word}: {}", layers.join(", ")));
                }
            }
            sentences.push(format!("{name}: {}.", parts.join("; ")));
        }
        sentences.join(" ")
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let width = area.dim_in_pixel().0 as i32;
        let y = row_axis("layer", &self.layers, width);
        let room = plot_width(&y, width);
        let scale = Scale::new(self.norms(), room);
        let x = scale.axis((room as usize / 60).clamp(2, 10));
        let panel = Panel { title: self.title.clone(), x, y, lines: self.lines(), markers: Vec::new() };
        let (plane, frame) = panel.draw_frame(area)?;
        if !self.is_empty() {
            self.draw_bands(area, &plane, &scale, frame)?;
        }
        // Where every norm is in a band there is no line, and yet there is data.
        if self.is_empty() || self.norms().any(|norm| band(norm).is_none()) {
            panel.draw_lines(area, &plane, frame)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_norms_name_step_and_layer() {
        let chart = || GradientNormChart::new("", &["a", "b"]);
        let error = chart().step("first", &[None; 3]).unwrap_err().to_string();
        assert!(error.contains("step \"first\": 3 norms for 2 layers"), "{error}");
        let error = chart().step("first", &[None, Some(-0.5)]).unwrap_err().to_string();
        assert!(error.contains("layer \"b\"") && error.contains("-0.5 is below zero"), "{error}");
    }

    #[test]
    fn what_has_no_logarithm_has_a_band_beside_the_axis() {
        let norms = [None, Some(0.0), Some(f64::NAN), Some(f64::INFINITY), Some(0.02), Some(30.0)];
        let scale = Scale::new(norms.into_iter(), 600.0);
        assert_eq!((scale.low, scale.high), (-2.0, 2.0));
        let kinds: Vec<usize> = scale.bands.iter().map(|band| band.kind).collect();
        assert_eq!(kinds, [0, 1, 2]);
        let axis = scale.axis(8);
        assert!(scale.bands[1].center < scale.low && scale.bands[2].center > scale.high);
        // The bands follow each other and end where the axis does, and the whole is as wide as the room.
        let ends: Vec<(f64, f64)> = scale.bands.iter().map(|band| scale.ends(band)).collect();
        for (a, b) in [(axis.min, ends[0].0), (ends[0].1, ends[1].0), (ends[1].1, scale.low), (ends[2].1, axis.max)] {
            assert!((a - b).abs() < 1e-9, "{a} and {b}");
        }
        assert!(((axis.max - axis.min) / scale.pixel - 600.0).abs() < 1e-6);
        assert!(Scale::new([Some(1.0)].into_iter(), 600.0).bands.is_empty());
    }

    #[test]
    fn every_band_has_its_name() {
        for (width, names) in [(340, SHORT_BANDS), (680, BANDS)] {
            let norms = [None, Some(0.0), Some(f64::NAN), Some(0.02), Some(3.0)];
            let chart = GradientNormChart::new("", &["a", "b", "c", "d", "e"]).step("first", &norms).unwrap();
            let svg = chart.with_size(width, 300).to_svg().unwrap();
            let body = svg.split_once("</desc>").unwrap().1;
            assert!(names.iter().all(|name| body.contains(name)), "{body}");
        }
    }

    #[test]
    fn a_short_list_has_no_gradient_at_its_end() {
        let chart = GradientNormChart::new("", &["a", "b"]).step("first", &[Some(2.0)]).unwrap();
        assert!(chart.description().contains("first: largest 2 at a; smallest 2 at a; no gradient: b."));
    }
}

//! Which layers of a model train and which are frozen, one stack for each method.

use plotters::element::{PathElement, Rectangle};
use plotters::style::{Color, RGBColor, ShapeStyle};

use super::canvas::Area;
use super::output::{Picture, chart_methods, drawn};
use super::panel::NO_DATA;
use super::style::{INK, LABEL_SIZE, MARGIN, QUIET_INK, TICK_SIZE, TITLE_SIZE};
use super::text::{self, Anchor};
use crate::Result;
use crate::words::{grouped, part_of};

/// One block of a model: its name, how many parameters it holds, whether they train.
///
/// ```
/// use tunebook::chart::{LayerBlock, LayerDiagram};
/// let blocks = vec![LayerBlock::new("encoder", 3_117_952, false), LayerBlock::new("head", 1_032, true)];
/// assert!(LayerDiagram::new("Feature extraction").stack("frozen encoder", blocks).to_svg()?.contains("head"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerBlock {
    /// What the block is called: "embeddings", "layer 1", "head".
    pub name: String,
    /// How many numbers it holds.
    pub parameters: usize,
    /// Whether training changes them.
    pub trainable: bool,
}

impl LayerBlock {
    /// A block.
    ///
    /// ```
    /// let head = tunebook::chart::LayerBlock::new("head", 1_032, true);
    /// assert!(head.trainable);
    /// ```
    pub fn new(name: impl Into<String>, parameters: usize, trainable: bool) -> Self {
        Self { name: name.into(), parameters, trainable }
    }
}

/// Models as stacks of layers, the input at the bottom; blocks that train are filled and say so.
///
/// ```
/// use tunebook::chart::{LayerBlock, LayerDiagram};
///
/// let layers = |from: usize| {
///     ["embeddings", "layer 1", "layer 2", "head"]
///         .iter()
///         .enumerate()
///         .map(|(place, name)| LayerBlock::new(*name, 1_000, place >= from))
///         .collect::<Vec<_>>()
/// };
/// let diagram = LayerDiagram::new("Which layers train").stack("head only", layers(3)).stack("full", layers(0));
/// assert!(diagram.to_svg()?.contains("trains 1,000 of 4,000 (25 %)"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerDiagram {
    title: String,
    stacks: Vec<(String, Vec<LayerBlock>)>,
    size: Option<(u32, u32)>,
}

chart_methods!(
    LayerDiagram,
    "LayerDiagram::new(\"Layers\").stack(\"full\", vec![LayerBlock::new(\"head\", 1_032, true)])"
);

/// Vermillion from Okabe and Ito, lightened until black ink reads well on it.
const TRAINS: RGBColor = RGBColor(244, 178, 120);
const FROZEN: RGBColor = RGBColor(232, 236, 240);
const TRAINS_EDGE: RGBColor = RGBColor(213, 94, 0);
const FROZEN_EDGE: RGBColor = RGBColor(150, 160, 170);

const BLOCK_PITCH: i32 = 44;
const HEAD_ROOM: i32 = 72;
const FOOT_ROOM: i32 = 62;

impl LayerDiagram {
    /// A diagram without stacks.
    ///
    /// See [`LayerDiagram`] for an example.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), stacks: Vec::new(), size: None }
    }

    /// Adds a stack: the method's name and its layers, from the input to the output.
    ///
    /// See [`LayerDiagram`] for an example.
    pub fn stack(mut self, name: impl Into<String>, layers: Vec<LayerBlock>) -> Self {
        self.stacks.push((name.into(), layers));
        self
    }
}

/// `trains 1,032 of 1,234,567 (0.1 %)`
fn summary(layers: &[LayerBlock]) -> String {
    let total: usize = layers.iter().map(|layer| layer.parameters).sum();
    let trains: usize = layers.iter().filter(|layer| layer.trainable).map(|layer| layer.parameters).sum();
    format!("trains {}", part_of(trains, total))
}

fn draw_block(area: &Area<'_>, layer: &LayerBlock, (left, top, right, bottom): (i32, i32, i32, i32)) -> Result<()> {
    let (fill, edge, word) =
        if layer.trainable { (TRAINS, TRAINS_EDGE, "trains") } else { (FROZEN, FROZEN_EDGE, "frozen") };
    drawn(area.draw(&Rectangle::new([(left, top), (right, bottom)], fill.filled())))?;
    drawn(area.draw(&Rectangle::new([(left, top), (right, bottom)], edge)))?;
    // The filled bar at the side marks what trains also without colour.
    if layer.trainable {
        drawn(area.draw(&Rectangle::new([(left, top), (left + 6, bottom)], edge.filled())))?;
    }
    let room = right - left - 24;
    let word_room = text::width(word, TICK_SIZE, layer.trainable);
    let (first, second) = (i32::midpoint(top, bottom) - 8, i32::midpoint(top, bottom) + 9);
    let name = text::shorten(&layer.name, room - word_room - 8, LABEL_SIZE, true);
    drawn(area.draw_text(&name, &text::style(LABEL_SIZE, true, INK, Anchor::Start), (left + 13, first)))?;
    let style = text::style(TICK_SIZE, layer.trainable, INK, Anchor::End);
    drawn(area.draw_text(word, &style, (right - 9, first)))?;
    let count = text::shorten(&format!("{} parameters", grouped(layer.parameters)), room, TICK_SIZE, false);
    drawn(area.draw_text(&count, &text::style(TICK_SIZE, false, INK, Anchor::Start), (left + 13, second)))
}

impl Picture for LayerDiagram {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or_else(|| {
            let columns = self.stacks.len().clamp(1, 14) as u32;
            let rows = self.stacks.iter().map(|(_, layers)| layers.len()).max().unwrap_or(1).clamp(1, 80) as i32;
            ((columns * 240 + 40).max(320), (HEAD_ROOM + rows * BLOCK_PITCH + FOOT_ROOM) as u32)
        })
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.stacks.is_empty() {
            return format!("{NO_DATA}.");
        }
        let names = |layers: &[LayerBlock], trainable: bool| {
            let names: Vec<&str> =
                layers.iter().filter(|layer| layer.trainable == trainable).map(|layer| layer.name.as_str()).collect();
            if names.is_empty() { "nothing".to_string() } else { names.join(", ") }
        };
        let stacks: Vec<String> = self
            .stacks
            .iter()
            .map(|(name, layers)| {
                let (trains, frozen) = (names(layers, true), names(layers, false));
                format!("{name} {}: {trains} trains, {frozen} is frozen.", summary(layers))
            })
            .collect();
        stacks.join(" ")
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let (width, height) = area.dim_in_pixel();
        let (width, height) = (width as i32, height as i32);
        let title = text::shorten(&self.title, width - 2 * MARGIN, TITLE_SIZE, true);
        drawn(area.draw_text(&title, &text::style(TITLE_SIZE, true, INK, Anchor::BelowStart), (MARGIN, MARGIN)))?;
        let quiet = |anchor| text::style(TICK_SIZE, false, QUIET_INK, anchor);
        if self.stacks.is_empty() {
            return drawn(area.draw_text(NO_DATA, &quiet(Anchor::Middle), (width / 2, height / 2)));
        }
        let rows = self.stacks.iter().map(|(_, layers)| layers.len()).max().unwrap_or(0).max(1);
        let column = (width - 2 * MARGIN) / self.stacks.len() as i32;
        let (top, bottom) = (HEAD_ROOM, (height - FOOT_ROOM).max(HEAD_ROOM + 10));
        let pitch = f64::from(bottom - top) / rows as f64;
        for (index, (name, layers)) in self.stacks.iter().enumerate() {
            let left = MARGIN + index as i32 * column + 6;
            let right = left + column - 12;
            let middle = i32::midpoint(left, right);
            let name = text::shorten(name, right - left, LABEL_SIZE, true);
            drawn(area.draw_text(
                &name,
                &text::style(LABEL_SIZE, true, INK, Anchor::Middle),
                (middle, HEAD_ROOM - 13),
            ))?;
            for (place, layer) in layers.iter().enumerate() {
                let low = bottom - (place as f64 * pitch).round() as i32;
                let high = bottom - ((place + 1) as f64 * pitch).round() as i32 + 6;
                draw_block(area, layer, (left, high, right, low))?;
                if place > 0 {
                    let stroke = ShapeStyle::from(&QUIET_INK).stroke_width(2);
                    drawn(area.draw(&PathElement::new(vec![(middle, low), (middle, low + 6)], stroke)))?;
                }
            }
            drawn(area.draw_text("input", &quiet(Anchor::Middle), (middle, bottom + 12)))?;
            let summary = text::wrap(&summary(layers), right - left, 2, TICK_SIZE, false);
            for (row, line) in summary.iter().enumerate() {
                let place = (middle, bottom + 30 + 15 * row as i32);
                drawn(area.draw_text(line, &text::style(TICK_SIZE, false, INK, Anchor::Middle), place))?;
            }
        }
        Ok(())
    }
}

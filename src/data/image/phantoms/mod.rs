//! Images made from a seed: chests with and without opacities, and a practice task to pretrain on.
//!
//! Read this file first ([`ChestPhantoms`], [`OutlinePhantoms`]: what is made, and the process in words), then `draw.rs`
//! (random numbers, soft shapes and the camera, the same bits on every system), `chest.rs` (anatomy), `opacity.rs` (what
//! is looked for) and `outlines.rs` (the practice task).

mod chest;
mod draw;
mod opacity;
mod outlines;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use self::draw::Draw;
use self::outlines::{FILLINGS, OUTLINES};
use crate::data::{ImageDataset, ImageShape};
use crate::{Error, Result};

/// Chest phantoms: drawings after the pattern of a chest radiograph, grey, half of them with an opacity in the lungs.
///
/// **The images are synthetic.** No person was X-rayed, no radiograph was copied, and no physician has seen them. They are
/// for learning how one fine-tunes; nothing that is found on them says anything about medicine. The process, for each image:
///
/// 1. *Anatomy*: torso, two lungs over the domes of the diaphragm, heart, great vessels, spine, ribs, collarbones, liver,
///    with sizes and places of their own; the lungs' vessels are smooth noise, denser near the middle.
/// 2. *What looks like a finding and is none*: dense vessels, bright ribs, breasts before the lower lungs (35 %), a stomach
///    bubble (35 %), a wire or tube (15 %), a marker in the corner (20 %), a shallow breath.
/// 3. *Opacities*, for the class `opacity`: a dense part of a lung (30 %), three to six patches (30 %), a haze over one base
///    (20 %), or one small round lesion (20 %). Their density is uniform and the faint ones hardly show.
/// 4. *Exposure*: turned by some degrees, moved, scaled, blurred; brightness, tone curve, fog and fall-off of light vary;
///    noise.
///
/// Everything is drawn in `+ - * /` and square roots, so that the same seed gives the same bytes on every system. Image
/// `n` does not depend on how many there are, and with [`with_opacity`](Self::with_opacity) 0 or 1 it is the same chest
/// without and with its opacity. Labels: `normal`, `opacity`.
///
/// ```
/// use tunebook::data::ChestPhantoms;
///
/// let data = ChestPhantoms { images: 40, ..ChestPhantoms::default() }.generate()?;
/// assert_eq!((data.len(), data.label_counts()), (40, vec![20, 20]));
/// assert_eq!(data.shape().to_string(), "1x28x28");
/// let data = data.stratified_split(42, 0.2, 0.2)?;
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ChestPhantoms {
    /// How many, 1 to 1,000,000.
    pub images: usize,
    /// Pixels on each side, 16 to 256.
    pub side: usize,
    /// The share with an opacity, 0 to 1; the counts are exact.
    pub with_opacity: f64,
    /// How dense opacities are, as a factor, 0 to 2: below 1 fewer can be seen.
    pub visibility: f64,
    /// The same seed gives the same images.
    pub seed: u64,
}

impl Default for ChestPhantoms {
    /// 2,000 images of 28 x 28 pixels, half of them with an opacity.
    fn default() -> Self {
        Self { images: 2000, side: 28, with_opacity: 0.5, visibility: 1.0, seed: 42 }
    }
}

impl ChestPhantoms {
    /// The images.
    ///
    /// # Errors
    /// When a setting is out of its range; the message names it.
    pub fn generate(&self) -> Result<ImageDataset> {
        const NAME: &str = "ChestPhantoms";
        check_sizes(NAME, self.images, self.side)?;
        for (field, value, most) in [("with_opacity", self.with_opacity, 1.0), ("visibility", self.visibility, 2.0)] {
            if !(0.0..=most).contains(&value) {
                return Err(out_of_range(NAME, field, &value.to_string(), &format!("0 to {most}")));
            }
        }
        // Spread evenly, so that any run of images has the share.
        let before = |index: usize| (index as f64 * self.with_opacity) as usize;
        let label = |index: usize| usize::from(before(index + 1) > before(index));
        let names = ["normal", "opacity"].map(String::from).to_vec();
        assemble("chest-phantoms", self.images, self.side, names, label, |index| {
            chest::image(self.side, (label(index) == 1).then_some(self.visibility), self.seed, index)
        })
    }
}

/// The practice task that the embedded image network was pretrained on: six outlines with six fillings, 36 classes.
///
/// The outlines are pairs of lobes, an oval, two beans, a ring, bars and a pear, in any view: moved, turned by up to 23
/// degrees, scaled, dark or bright inside, in a body with a shaded background. Inside is nothing (`plain`), one wide soft
/// patch (`haze`), several small ones (`spots`), one small body with an edge (`disc`), bent `stripes` or coarse `grain`. Faint
/// stripes and clouds lie over every class, and exposure and noise are those of [`ChestPhantoms`]. No chest is among them.
///
/// ```
/// use tunebook::data::OutlinePhantoms;
///
/// let data = OutlinePhantoms { images: 72, ..OutlinePhantoms::default() }.generate()?;
/// assert_eq!(data.label_counts(), [2; 36]);
/// assert_eq!(data.label_name(2), "lobes with spots");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlinePhantoms {
    /// How many, 1 to 1,000,000. The classes take turns.
    pub images: usize,
    /// Pixels on each side, 16 to 256.
    pub side: usize,
    /// The same seed gives the same images.
    pub seed: u64,
}

impl Default for OutlinePhantoms {
    /// 7,200 images of 28 x 28 pixels, 200 of each class.
    fn default() -> Self {
        Self { images: 7200, side: 28, seed: 42 }
    }
}

impl OutlinePhantoms {
    /// The images.
    ///
    /// # Errors
    /// When a setting is out of its range; the message names it.
    pub fn generate(&self) -> Result<ImageDataset> {
        check_sizes("OutlinePhantoms", self.images, self.side)?;
        let names =
            OUTLINES.iter().flat_map(|outline| FILLINGS.iter().map(move |what| format!("{outline} with {what}")));
        let names: Vec<String> = names.map(|name| name.replace(" with plain", ", plain")).collect();
        let classes = names.len();
        assemble(
            "outline-phantoms",
            self.images,
            self.side,
            names,
            |index| index % classes,
            |index| outlines::image(self.side, index % classes, Draw::of_image(self.seed, index)),
        )
    }
}

fn assemble(
    name: &str,
    images: usize,
    side: usize,
    label_names: Vec<String>,
    label: impl Fn(usize) -> usize,
    draw: impl Fn(usize) -> Vec<u8> + Sync + Send,
) -> Result<ImageDataset> {
    let pixels = (0..images).into_par_iter().flat_map_iter(draw).collect();
    let shape = ImageShape { channels: 1, height: side, width: side };
    ImageDataset::new(name, pixels, shape, (0..images).map(label).collect(), label_names)
}

fn check_sizes(settings: &str, images: usize, side: usize) -> Result<()> {
    if !(1..=1_000_000).contains(&images) {
        return Err(out_of_range(settings, "images", &images.to_string(), "1 to 1000000"));
    }
    if !(16..=256).contains(&side) {
        return Err(out_of_range(settings, "side", &side.to_string(), "16 to 256 pixels"));
    }
    Ok(())
}

fn out_of_range(settings: &str, field: &str, value: &str, range: &str) -> Error {
    Error::input(format!("{settings}, {field}"), format!("{value} is out of range"), format!("give {range}"))
}

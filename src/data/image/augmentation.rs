//! Changed copies of training images: what a class looks like does not depend on where it stands or how bright it is.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::data::image::ImageShape;
use crate::{Error, Result};

/// What shows where an image was moved away from.
///
/// ```
/// use tunebook::data::{Augmentation, ImageShape, Padding};
/// let shape = ImageShape { channels: 1, height: 4, width: 4 };
/// let moved = Augmentation { padding: Padding::Zero, ..Augmentation::default() };
/// assert_eq!(moved.apply(&[0.5; 16], shape, 42)?.len(), 16);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// The image mirrored at its edge, without the edge itself twice; numpy's `reflect`.
    Reflect,
    /// Black.
    Zero,
}

/// Random changes to an image; every field is off by default. Choose those that leave the label true: a mirrored 2 is no
/// digit, a mirrored chest X-ray has its heart on the wrong side.
///
/// The changes come in the order of the fields. Shift, rotation and scale are one resampling (bilinear; none for flips
/// and whole-pixel shifts alone).
///
/// ```
/// use tunebook::data::{Augmentation, ImageShape};
///
/// let shape = ImageShape { channels: 1, height: 1, width: 3 };
/// let mirror = Augmentation { horizontal_flip: 1.0, ..Default::default() };
/// assert_eq!(mirror.apply(&[0.1, 0.2, 0.3], shape, 7)?, [0.3, 0.2, 0.1]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Augmentation {
    /// The chance that an image is mirrored left to right, 0 to 1. torchvision's `RandomHorizontalFlip`.
    pub horizontal_flip: f32,
    /// The chance that an image is mirrored top to bottom, 0 to 1. torchvision's `RandomVerticalFlip`.
    pub vertical_flip: f32,
    /// The most that an image moves in each direction, as a fraction of its side, 0 to below 1; whole pixels. What He
    /// et al. (2016, "Deep residual learning") do by padding and cropping: 0.125 moves 32 pixels by 4 at most.
    pub shift: f32,
    /// The most that an image turns to either side around its middle, 0 to 180 degrees. torchvision's `RandomRotation`.
    pub rotation: f32,
    /// The most that an image grows or shrinks, as a fraction, 0 to below 1: 0.1 scales by 0.9 to 1.1. The `scale` of
    /// torchvision's `RandomAffine`.
    pub scale: f32,
    /// What shows where the image was moved away from; mirrored by default.
    pub padding: Padding,
    /// The most by which pixels become brighter or darker, as a fraction, 0 to 1: 0.2 multiplies by 0.8 to 1.2. The
    /// `brightness` of torchvision's `ColorJitter`.
    pub brightness: f32,
    /// The most by which the distance of pixels from the image's mean grows or shrinks, as a fraction, 0 to 1. The
    /// `contrast` of torchvision's `ColorJitter`, with the mean over all channels.
    pub contrast: f32,
    /// The chance that a rectangle of 2 to 33 % of the image is filled with noise, 0 to 1 (Zhong et al. 2020, "Random
    /// erasing data augmentation").
    pub random_erasing: f32,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            horizontal_flip: 0.0,
            vertical_flip: 0.0,
            shift: 0.0,
            rotation: 0.0,
            scale: 0.0,
            padding: Padding::Reflect,
            brightness: 0.0,
            contrast: 0.0,
            random_erasing: 0.0,
        }
    }
}

impl Augmentation {
    /// Whether every value is in its range.
    ///
    /// # Errors
    /// For the first field that is not, by name, with the range.
    ///
    /// ```
    /// use tunebook::data::Augmentation;
    ///
    /// let error = Augmentation { shift: 4.0, ..Default::default() }.check().unwrap_err();
    /// assert_eq!(error.to_string(), "Augmentation::shift: is 4; give a fraction from 0 to below 1");
    /// ```
    pub fn check(&self) -> Result<()> {
        let (chance, part) = ("give a chance from 0 to 1", "give a fraction from 0 to below 1");
        let fraction = "give a fraction from 0 to 1";
        let fields = [
            ("horizontal_flip", self.horizontal_flip, 0.0..=1.0, chance),
            ("vertical_flip", self.vertical_flip, 0.0..=1.0, chance),
            ("shift", self.shift, 0.0..=1.0_f32.next_down(), part),
            ("rotation", self.rotation, 0.0..=180.0, "give degrees from 0 to 180"),
            ("scale", self.scale, 0.0..=1.0_f32.next_down(), part),
            ("brightness", self.brightness, 0.0..=1.0, fraction),
            ("contrast", self.contrast, 0.0..=1.0, fraction),
            ("random_erasing", self.random_erasing, 0.0..=1.0, chance),
        ];
        match fields.into_iter().find(|(_, value, range, _)| !range.contains(value)) {
            Some((name, value, _, mend)) => {
                Err(Error::input(format!("Augmentation::{name}"), format!("is {value}"), mend))
            }
            None => Ok(()),
        }
    }

    /// One changed copy of an image, decided by `seed` alone: the same seed gives the same copy, bit by bit.
    ///
    /// `pixels` are `(channels, height, width)`, scaled to 0..1 and not yet normalised; so is the copy. All channels
    /// change alike.
    ///
    /// # Errors
    /// For a value out of its range, and for another number of pixels than the shape has.
    pub fn apply(&self, pixels: &[f32], shape: ImageShape, seed: u64) -> Result<Vec<f32>> {
        self.check()?;
        if pixels.len() != shape.numel() {
            return Err(Error::input(
                "Augmentation::apply",
                format!("{} pixels for an image of {shape}", pixels.len()),
                format!("give {}: channels * height * width", shape.numel()),
            ));
        }
        if pixels.is_empty() {
            return Ok(Vec::new());
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let change = self.draw(shape, &mut rng);
        let mut copy: Vec<f32> =
            pixels.chunks_exact(shape.height * shape.width).flat_map(|channel| change.moved(channel, shape)).collect();
        change.recolour(&mut copy);
        if change.erases {
            erase(&mut copy, shape, &mut rng);
        }
        Ok(copy)
    }

    /// Every draw is made whether its change is on or off: turning one on leaves the others as they were.
    fn draw(&self, shape: ImageShape, rng: &mut impl RngCore) -> Change {
        let mut unit = || rng.random::<f32>();
        let (flip_x, flip_y) = (unit() < self.horizontal_flip, unit() < self.vertical_flip);
        let mut around_zero = |most: f32| (2.0 * unit() - 1.0) * most;
        Change {
            flip_x,
            flip_y,
            shift_x: (around_zero(self.shift) * shape.width as f32).round(),
            shift_y: (around_zero(self.shift) * shape.height as f32).round(),
            angle: around_zero(self.rotation).to_radians(),
            scale: 1.0 + around_zero(self.scale),
            padding: self.padding,
            brightness: Some(1.0 + around_zero(self.brightness)).filter(|_| self.brightness > 0.0),
            contrast: Some(1.0 + around_zero(self.contrast)).filter(|_| self.contrast > 0.0),
            erases: unit() < self.random_erasing,
        }
    }
}

/// What happens to one image.
struct Change {
    flip_x: bool,
    flip_y: bool,
    /// In pixels, to the right.
    shift_x: f32,
    /// In pixels, downwards.
    shift_y: f32,
    /// In radians.
    angle: f32,
    scale: f32,
    padding: Padding,
    /// A factor; `None` leaves the pixels untouched, and unclamped.
    brightness: Option<f32>,
    contrast: Option<f32>,
    erases: bool,
}

impl Change {
    /// One channel, flipped and moved: each pixel of the copy looks up where it comes from.
    fn moved(&self, channel: &[f32], shape: ImageShape) -> Vec<f32> {
        let ImageShape { height, width, .. } = shape;
        let (middle_x, middle_y) = ((width - 1) as f32 / 2.0, (height - 1) as f32 / 2.0);
        let (sin, cos) = (self.angle.sin() / self.scale, self.angle.cos() / self.scale);
        let mut copy = Vec::with_capacity(channel.len());
        for y in 0..height {
            for x in 0..width {
                let (dx, dy) = (x as f32 - middle_x - self.shift_x, y as f32 - middle_y - self.shift_y);
                let (mut from_x, mut from_y) = (cos * dx + sin * dy, cos * dy - sin * dx);
                if self.flip_x {
                    from_x = -from_x;
                }
                if self.flip_y {
                    from_y = -from_y;
                }
                copy.push(self.sample(channel, shape, from_x + middle_x, from_y + middle_y));
            }
        }
        copy
    }

    /// The bilinear mean of the four pixels around a place.
    fn sample(&self, channel: &[f32], shape: ImageShape, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (right_share, bottom_share) = (x - left, y - top);
        let pixel = |x: f32, y: f32| match (self.padded(x, shape.width), self.padded(y, shape.height)) {
            (Some(x), Some(y)) => channel[y * shape.width + x],
            _ => 0.0,
        };
        let row = |y: f32| match right_share {
            0.0 => pixel(left, y),
            share => pixel(left, y) * (1.0 - share) + pixel(left + 1.0, y) * share,
        };
        match bottom_share {
            0.0 => row(top),
            share => row(top) * (1.0 - share) + row(top + 1.0) * share,
        }
    }

    /// The place in a row of `length` pixels that `place`, inside or outside of it, shows.
    fn padded(&self, place: f32, length: usize) -> Option<usize> {
        let place = place as i64;
        let length = length as i64;
        match self.padding {
            Padding::Zero => (0..length).contains(&place).then_some(place as usize),
            Padding::Reflect if length == 1 => Some(0),
            Padding::Reflect => {
                let round = 2 * (length - 1);
                let place = place.rem_euclid(round);
                Some(place.min(round - place) as usize)
            }
        }
    }

    fn recolour(&self, pixels: &mut [f32]) {
        if let Some(factor) = self.brightness {
            for pixel in &mut *pixels {
                *pixel = (*pixel * factor).clamp(0.0, 1.0);
            }
        }
        if let Some(factor) = self.contrast {
            let mean = pixels.iter().sum::<f32>() / pixels.len() as f32;
            for pixel in pixels {
                *pixel = (mean + (*pixel - mean) * factor).clamp(0.0, 1.0);
            }
        }
    }
}

/// The least and the most share of an image that is erased, and the same for height over width, as in the paper.
const ERASED_AREA: std::ops::Range<f32> = 0.02..0.33;
const ERASED_ASPECT: std::ops::Range<f32> = 0.3..1.0 / 0.3;

/// Fills a random rectangle with noise; as in the paper, it tries again while the rectangle does not fit.
fn erase(pixels: &mut [f32], shape: ImageShape, rng: &mut impl RngCore) {
    let ImageShape { height, width, .. } = shape;
    for _ in 0..10 {
        let area = rng.random_range(ERASED_AREA) * (height * width) as f32;
        // Uniform in the logarithm: as often twice as high as wide as the other way round.
        let aspect = rng.random_range(ERASED_ASPECT.start.ln()..ERASED_ASPECT.end.ln()).exp();
        let rows = (area * aspect).sqrt().round() as usize;
        let columns = (area / aspect).sqrt().round() as usize;
        if !(1..=height).contains(&rows) || !(1..=width).contains(&columns) {
            continue;
        }
        let (top, left) = (rng.random_range(0..=height - rows), rng.random_range(0..=width - columns));
        for channel in pixels.chunks_exact_mut(height * width) {
            for row in channel.chunks_exact_mut(width).skip(top).take(rows) {
                row[left..left + columns].fill_with(|| rng.random());
            }
        }
        return;
    }
}

#[cfg(test)]
#[path = "augmentation_tests.rs"]
mod tests;

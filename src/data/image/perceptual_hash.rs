//! Fingerprints of images that stay nearly the same when an image is scaled, brightened or saved again.

use crate::data::image::ImageShape;

/// The side of the grid of bits: 64 bits in all.
const SIDE: usize = 8;

/// The side of the picture that the cosine transform sees.
const TRANSFORMED: usize = 32;

/// A fingerprint of 64 bits. Two images are compared by the number of bits in which theirs differ (the Hamming distance): 0
/// to 10 for versions of one picture, around 32 for pictures that have nothing to do with each other.
///
/// Both hashes look at a small grey version of the image, each pixel of it the mean of the area it stands for. Colours are
/// left out, and so are details; mirrored, turned or cropped copies have another hash.
///
/// ```
/// use tunebook::data::{ImageShape, PerceptualHash};
///
/// let shape = ImageShape { channels: 1, height: 16, width: 16 };
/// let rising: Vec<u8> = (0..256).map(|at| (at % 16) as u8 * 10).collect();
/// let brighter: Vec<u8> = rising.iter().map(|pixel| pixel + 50).collect();
/// let falling: Vec<u8> = rising.iter().map(|pixel| 150 - pixel).collect();
/// let hash = |pixels: &[u8]| PerceptualHash::Difference.of(pixels, shape);
/// assert_eq!((hash(&rising) ^ hash(&brighter)).count_ones(), 0);
/// assert_eq!((hash(&rising) ^ hash(&falling)).count_ones(), 64);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PerceptualHash {
    /// Whether each pixel of a 9x8 version is darker than its right neighbour: dHash (Krawetz 2013, "Kind of Like That").
    #[default]
    Difference,
    /// Whether each of the 8x8 lowest frequencies of a 32x32 version, its mean among them, is above their median: pHash
    /// (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions"). Slower, and less moved by noise.
    Cosine,
}

impl PerceptualHash {
    /// The hash of an image: `pixels` are `(channels, height, width)`, 0 to 255, as an
    /// [`ImageDataset`](crate::data::ImageDataset) holds them. The grid's first pixel is the highest bit.
    ///
    /// # Panics
    /// When there are not `channels * height * width` pixels, or none.
    pub fn of(self, pixels: &[u8], shape: ImageShape) -> u64 {
        assert!(pixels.len() == shape.numel() && !pixels.is_empty(), "{} pixels for {shape}", pixels.len());
        let grey = grey(pixels, shape);
        match self {
            Self::Difference => {
                let small = resized(&grey, (shape.height, shape.width), (SIDE, SIDE + 1));
                bits(small.chunks_exact(SIDE + 1).flat_map(|row| row.windows(2).map(|pair| pair[0] < pair[1])))
            }
            Self::Cosine => {
                let small = resized(&grey, (shape.height, shape.width), (TRANSFORMED, TRANSFORMED));
                let low = low_frequencies(&small);
                let mut sorted = low.clone();
                sorted.sort_by(f64::total_cmp);
                let median = f64::midpoint(sorted[sorted.len() / 2 - 1], sorted[sorted.len() / 2]);
                bits(low.into_iter().map(|value| value > median))
            }
        }
    }
}

fn bits(bits: impl Iterator<Item = bool>) -> u64 {
    bits.fold(0, |hash, bit| (hash << 1) | u64::from(bit))
}

/// The mean of the channels; three are red, green and blue, which the eye sees as ITU-R BT.601 weighs them.
fn grey(pixels: &[u8], shape: ImageShape) -> Vec<f64> {
    let area = shape.height * shape.width;
    let weight = |channel: usize| match shape.channels {
        3 => [0.299, 0.587, 0.114][channel],
        channels => 1.0 / channels as f64,
    };
    let mut grey = vec![0.0; area];
    for (channel, pixels) in pixels.chunks_exact(area).enumerate() {
        for (sum, &pixel) in grey.iter_mut().zip(pixels) {
            *sum += weight(channel) * f64::from(pixel);
        }
    }
    // Rounded to what is told apart: rounding errors must not decide a bit of an even surface.
    for value in &mut grey {
        *value = (*value * 1024.0).round() / 1024.0;
    }
    grey
}

/// The picture in another size, each pixel the mean of the area it covers.
fn resized(pixels: &[f64], (height, width): (usize, usize), (new_height, new_width): (usize, usize)) -> Vec<f64> {
    let (rows, columns) = (shares(height, new_height), shares(width, new_width));
    let mut narrow = vec![0.0; height * new_width];
    for (old, new) in pixels.chunks_exact(width).zip(narrow.chunks_exact_mut(new_width)) {
        for (new, shares) in new.iter_mut().zip(&columns) {
            *new = shares.iter().map(|&(at, share)| share * old[at]).sum();
        }
    }
    let mut small = vec![0.0; new_height * new_width];
    for (new, shares) in small.chunks_exact_mut(new_width).zip(&rows) {
        for &(at, share) in shares {
            for (new, old) in new.iter_mut().zip(&narrow[at * new_width..]) {
                *new += share * old;
            }
        }
    }
    // As above: two equal neighbours must not differ by the order in which they were added up.
    for value in &mut small {
        *value = (*value * 1024.0).round() / 1024.0;
    }
    small
}

/// For each of `new` pixels in a row the old ones that it covers, with the share that each has in it.
fn shares(old: usize, new: usize) -> Vec<Vec<(usize, f64)>> {
    // In units of 1 / (old * new) of the row, in which all borders are whole.
    (0..new)
        .map(|at| {
            let (start, end) = (at * old, (at + 1) * old);
            (start / new..end.div_ceil(new))
                .map(|from| {
                    let covered = end.min((from + 1) * new) - start.max(from * new);
                    (from, covered as f64 / old as f64)
                })
                .collect()
        })
        .collect()
}

/// The 8x8 lowest frequencies of the type-II cosine transform of a square picture.
fn low_frequencies(pixels: &[f64]) -> Vec<f64> {
    let wave = |frequency: usize, at: usize| {
        (std::f64::consts::PI * frequency as f64 * (2 * at + 1) as f64 / (2 * TRANSFORMED) as f64).cos()
    };
    let waves: Vec<Vec<f64>> =
        (0..SIDE).map(|frequency| (0..TRANSFORMED).map(|at| wave(frequency, at)).collect()).collect();
    // Along the rows, then along the columns of what comes out.
    let along: Vec<Vec<f64>> = pixels
        .chunks_exact(TRANSFORMED)
        .map(|row| waves.iter().map(|wave| wave.iter().zip(row).map(|(w, x)| w * x).sum()).collect())
        .collect();
    let mut low = Vec::with_capacity(SIDE * SIDE);
    for wave in &waves {
        for across in 0..SIDE {
            low.push(wave.iter().zip(&along).map(|(w, row)| w * row[across]).sum());
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_picture_keeps_the_mean_of_each_area() {
        assert_eq!(resized(&[1.0, 2.0, 3.0, 4.0], (1, 4), (1, 2)), [1.5, 3.5]);
        // Thirds: the middle pixel goes half to each side.
        assert_eq!(resized(&[0.0, 3.0, 6.0], (1, 3), (1, 2)), [1.0, 5.0]);
        assert_eq!(resized(&[0.0, 3.0, 6.0], (3, 1), (2, 1)), [1.0, 5.0]);
        assert_eq!(resized(&[2.0, 4.0], (1, 2), (1, 4)), [2.0, 2.0, 4.0, 4.0]);
        let whole: f64 = shares(28, 9).iter().flatten().map(|(_, share)| share).sum();
        assert!((whole - 9.0).abs() < 1e-12);
    }

    #[test]
    fn the_cosine_transform_is_that_of_its_definition() {
        let pixels: Vec<f64> = (0..TRANSFORMED * TRANSFORMED).map(|at| ((at * 7919) % 256) as f64).collect();
        let low = low_frequencies(&pixels);
        for (down, across) in [(0, 0), (0, 3), (5, 0), (7, 7), (2, 6)] {
            let mut expected = 0.0;
            for y in 0..TRANSFORMED {
                for x in 0..TRANSFORMED {
                    let angle = |frequency: usize, at: usize| {
                        (std::f64::consts::PI / TRANSFORMED as f64 * (at as f64 + 0.5) * frequency as f64).cos()
                    };
                    expected += pixels[y * TRANSFORMED + x] * angle(down, y) * angle(across, x);
                }
            }
            assert!((low[down * SIDE + across] - expected).abs() < 1e-6, "{down} {across}");
        }
    }

    #[test]
    fn even_surfaces_have_no_bits_and_colours_are_weighed() {
        for channels in [1, 2, 3] {
            let shape = ImageShape { channels, height: 11, width: 13 };
            assert_eq!(PerceptualHash::Difference.of(&vec![77; shape.numel()], shape), 0);
        }
        // Green is brighter to the eye than blue: left blue, right green rises.
        let shape = ImageShape { channels: 3, height: 1, width: 2 };
        let hash = PerceptualHash::Difference.of(&[0, 0, 0, 200, 200, 0], shape);
        assert!(hash > 0 && PerceptualHash::Difference.of(&[0, 0, 200, 0, 0, 200], shape) == 0);
    }
}

//! Pixels as models want them: mean 0 and standard deviation 1 in each channel.

use rayon::prelude::*;

use crate::data::ImageDataset;

/// Mean and standard deviation of each channel, for pixels scaled to 0..1.
///
/// Fit it on the training part and use the same one for validation and test: what a model is measured on must not have
/// shaped what it sees. torchvision's `Normalize`.
///
/// ```
/// use tunebook::data::{ImageDataset, ImageShape};
///
/// let shape = ImageShape { channels: 1, height: 1, width: 2 };
/// let data = ImageDataset::new("dots", vec![0, 255], shape, vec![0], vec!["dot".into()])?;
/// let normalization = data.normalization();
/// assert_eq!((normalization.mean[0], normalization.std[0]), (0.5, 0.5));
///
/// let mut pixels = [0.0, 1.0];
/// normalization.apply(&mut pixels);
/// assert_eq!(pixels, [-1.0, 1.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Normalization {
    /// The mean of each channel, 0 to 1.
    pub mean: Vec<f32>,
    /// The standard deviation of each channel; 1 where all pixels are the same, so that nothing is divided by 0.
    pub std: Vec<f32>,
}

impl ImageDataset {
    /// The mean and the (population) standard deviation of each channel over all pixels of this set, and no other; mean
    /// 0 and standard deviation 1 for a set without images. See [`Normalization`] for an example.
    pub fn normalization(&self) -> Normalization {
        let channels = self.shape().channels;
        let area = self.shape().numel() / channels;
        // Sums of bytes are whole numbers: exact, in whatever order threads add them.
        let sums = (0..self.len())
            .into_par_iter()
            .map(|row| {
                let sum = |channel: &[u8]| {
                    channel.iter().fold((0_u64, 0_u64), |(sum, squares), &pixel| {
                        let pixel = u64::from(pixel);
                        (sum + pixel, squares + pixel * pixel)
                    })
                };
                self.pixels(row).chunks_exact(area).map(sum).collect::<Vec<_>>()
            })
            .reduce(|| vec![(0, 0); channels], |a, b| a.iter().zip(&b).map(|(a, b)| (a.0 + b.0, a.1 + b.1)).collect());
        let count = (area * self.len()).max(1) as f64;
        let (mean, std) = sums
            .into_iter()
            .map(|(sum, squares)| {
                let mean = sum as f64 / count;
                let std = (squares as f64 / count - mean * mean).max(0.0).sqrt() / 255.0;
                // A constant channel may leave some rounding behind; one step of one pixel in a billion is more.
                ((mean / 255.0) as f32, if std > 1e-7 { std as f32 } else { 1.0 })
            })
            .unzip();
        Normalization { mean, std }
    }
}

impl Normalization {
    /// What networks pretrained on ImageNet expect of colour images: the statistics of that data set, as torchvision and
    /// timm have them.
    ///
    /// ```
    /// assert_eq!(tunebook::data::Normalization::imagenet().mean, [0.485, 0.456, 0.406]);
    /// ```
    pub fn imagenet() -> Self {
        Self { mean: vec![0.485, 0.456, 0.406], std: vec![0.229, 0.224, 0.225] }
    }

    /// Subtracts each channel's mean and divides by its standard deviation, in place. `pixels` are one image,
    /// `(channels, height, width)`, 0 to 1.
    ///
    /// # Panics
    /// When the pixels are not a whole number of values for each channel.
    pub fn apply(&self, pixels: &mut [f32]) {
        let channels = self.mean.len();
        assert!(channels > 0 && pixels.len().is_multiple_of(channels), "{} pixels, {channels} channels", pixels.len());
        let area = (pixels.len() / channels).max(1);
        for (channel, (mean, std)) in pixels.chunks_exact_mut(area).zip(self.mean.iter().zip(&self.std)) {
            for pixel in channel {
                *pixel = (*pixel - mean) / std;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;

    fn data(pixels: &[u8]) -> ImageDataset {
        let shape = ImageShape { channels: 2, height: 1, width: 2 };
        ImageDataset::new("made", pixels.to_vec(), shape, vec![0; pixels.len() / 4], vec!["a".into()]).unwrap()
    }

    #[test]
    fn each_channel_has_its_own_and_a_constant_one_divides_by_one() {
        let fitted = data(&[0, 51, 200, 200, 102, 153, 200, 200]).normalization();
        // numpy: [0, 51, 102, 153] / 255 has the mean 0.3 and the standard deviation 0.22360679774997896.
        assert!((fitted.mean[0] - 0.3).abs() < 1e-7 && (fitted.std[0] - 0.223_606_8).abs() < 1e-7);
        assert_eq!((fitted.mean[1], fitted.std[1]), (200.0 / 255.0, 1.0));
        let mut pixels = [0.3, 0.523_606_8, 200.0 / 255.0, 1.0];
        fitted.apply(&mut pixels);
        assert!(pixels[0].abs() < 1e-6 && (pixels[1] - 1.0).abs() < 1e-6 && pixels[2] == 0.0, "{pixels:?}");
    }

    #[test]
    fn only_the_set_itself_counts() {
        let all = data(&[0, 0, 0, 0, 255, 255, 255, 255]);
        assert_eq!(all.select(&[0]).normalization().mean, [0.0, 0.0]);
        assert_eq!(all.normalization().mean, [0.5, 0.5]);
        assert_eq!(all.select(&[]).normalization(), Normalization { mean: vec![0.0; 2], std: vec![1.0; 2] });
    }

    #[test]
    fn a_large_constant_set_is_still_constant() {
        let fitted = data(&vec![77; 4 * 30_000]).normalization();
        assert_eq!(fitted.std, [1.0, 1.0]);
    }
}

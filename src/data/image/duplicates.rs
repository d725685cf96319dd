//! Images that stand in a data set more than once: pixel for pixel, and nearly so.

use rayon::prelude::*;

use crate::data::duplicates::equal_rows;
use crate::data::image::PerceptualHash;
use crate::data::{DuplicateGroup, ImageDataset, NearDuplicate};
use crate::{Error, Result};

/// How nearly equal images are searched for.
///
/// A [perceptual hash](PerceptualHash) picks the pairs worth comparing, those whose hashes differ in few bits. Each picked
/// pair's similarity is then computed from the pixels: their correlation, 1 for copies and for copies of another brightness
/// or contrast, 0 for images that have nothing in common. The hash alone does not do: of images that all show the same kind
/// of thing, such as X-rays of one organ, many share a hash and are still of different people.
///
/// Copies that were saved again, scaled to another size and back, or brightened are found; mirrored, turned and cropped ones
/// are not.
///
/// ```
/// use tunebook::data::ImageNearDuplicateSearch;
///
/// let search = ImageNearDuplicateSearch { threshold: 0.99, ..Default::default() };
/// assert_eq!(search.max_distance, 10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageNearDuplicateSearch {
    /// The hash that picks pairs.
    pub hash: PerceptualHash,
    /// Pairs are picked whose hashes differ in at most so many of 64 bits; 10 by default.
    pub max_distance: u32,
    /// The least correlation of pixels that counts, above 0 up to 1; 0.98 by default.
    pub threshold: f64,
}

impl Default for ImageNearDuplicateSearch {
    fn default() -> Self {
        Self { hash: PerceptualHash::default(), max_distance: 10, threshold: 0.98 }
    }
}

impl ImageNearDuplicateSearch {
    pub(in crate::data) fn check(&self) -> Result<()> {
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            return Err(Error::input(
                "threshold",
                format!("{} is not a similarity to search for", self.threshold),
                "give a number above 0 and up to 1, for example 0.98",
            ));
        }
        if self.max_distance > 64 {
            let problem = format!("{} bits, and a hash has 64", self.max_distance);
            return Err(Error::input("max_distance", problem, "give 0 to 64, for example 10"));
        }
        Ok(())
    }
}

impl ImageDataset {
    /// Groups of rows whose images are equal pixel for pixel, in the order of their first rows. A copy that was saved
    /// again or scaled is another image: see [`near_duplicates`](Self::near_duplicates).
    ///
    /// ```
    /// use tunebook::data::{ImageDataset, ImageShape};
    ///
    /// let shape = ImageShape { channels: 1, height: 1, width: 1 };
    /// let data = ImageDataset::new("dots", vec![7, 9, 7], shape, vec![0, 0, 1], vec!["a".into(), "b".into()])?;
    /// let groups = data.duplicates();
    /// assert_eq!(groups[0].rows, [0, 2]);
    /// assert!(groups[0].is_conflicting());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn duplicates(&self) -> Vec<DuplicateGroup> {
        equal_rows((0..self.len()).map(|row| (row, self.pixels(row))), self.ids(), self.labels())
    }

    /// Rows whose images are nearly the same as an earlier row's, exact duplicates (similarity 1) among them.
    ///
    /// Rows are taken in order, and each is compared with the earlier ones that were not found themselves: without the rows
    /// found, no near-duplicates are left. Images of one even colour are like no other but their equals.
    ///
    /// # Errors
    /// For a threshold that is not above 0 and at most 1, or a distance above 64.
    ///
    /// ```
    /// use tunebook::data::{ImageDataset, ImageNearDuplicateSearch, ImageShape};
    ///
    /// let shape = ImageShape { channels: 1, height: 8, width: 8 };
    /// let image: Vec<u8> = (0..64).map(|at| (at * 37 % 101) as u8).collect();
    /// let brighter = image.iter().map(|pixel| pixel + 20);
    /// let pixels = image.iter().copied().chain(brighter).collect();
    /// let data = ImageDataset::new("squares", pixels, shape, vec![0, 0], vec!["square".into()])?;
    /// let found = data.near_duplicates(&ImageNearDuplicateSearch::default())?;
    /// assert_eq!((found[0].row, found[0].like), (1, 0));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn near_duplicates(&self, search: &ImageNearDuplicateSearch) -> Result<Vec<NearDuplicate>> {
        search.check()?;
        let images: Vec<&[u8]> = (0..self.len()).map(|row| self.pixels(row)).collect();
        let mut index = ImageIndex::new(images, self.shape(), *search);
        let mut found = Vec::new();
        for row in 0..self.len() {
            match index.most_similar(row) {
                Some((like, similarity)) => found.push(NearDuplicate { row, like, similarity }),
                None => index.insert(row),
            }
        }
        Ok(found)
    }
}

/// Images to search among.
pub(in crate::data) struct ImageIndex<'a> {
    images: Vec<&'a [u8]>,
    hashes: Vec<u64>,
    /// The mean of each image's pixels, and the length of what is left without it.
    moments: Vec<(f64, f64)>,
    search: ImageNearDuplicateSearch,
    inserted: Vec<usize>,
}

impl<'a> ImageIndex<'a> {
    /// No image is inserted yet. All have the shape, and the search is checked.
    pub(in crate::data) fn new(
        images: Vec<&'a [u8]>,
        shape: crate::data::ImageShape,
        search: ImageNearDuplicateSearch,
    ) -> Self {
        // Images without a pixel have no hash, and are equal.
        let hash = |image: &&[u8]| if image.is_empty() { 0 } else { search.hash.of(image, shape) };
        let (hashes, moments) = images.par_iter().map(|image| (hash(image), moments(image))).unzip();
        Self { images, hashes, moments, search, inserted: Vec::new() }
    }

    pub(in crate::data) fn insert(&mut self, row: usize) {
        self.inserted.push(row);
    }

    /// The inserted image that `row` is most similar to, the first of equals, with their similarity.
    pub(in crate::data) fn most_similar(&self, row: usize) -> Option<(usize, f64)> {
        let mut best: Option<(usize, f64)> = None;
        for &other in &self.inserted {
            if (self.hashes[other] ^ self.hashes[row]).count_ones() > self.search.max_distance {
                continue;
            }
            let similarity = self.similarity(other, row);
            if similarity >= self.search.threshold && best.is_none_or(|(_, most)| similarity > most) {
                best = Some((other, similarity));
            }
        }
        best
    }

    /// Pearson's correlation of the pixels, 1 exactly for equal images; 0 where one image has a single colour.
    fn similarity(&self, a: usize, b: usize) -> f64 {
        if self.images[a] == self.images[b] {
            return 1.0;
        }
        let ((mean_a, length_a), (mean_b, length_b)) = (self.moments[a], self.moments[b]);
        if length_a == 0.0 || length_b == 0.0 {
            return 0.0;
        }
        // Whole numbers: exact, and the compiler computes many at once.
        let products: u64 =
            self.images[a].iter().zip(self.images[b]).map(|(&x, &y)| u64::from(u16::from(x) * u16::from(y))).sum();
        let count = self.images[a].len() as f64;
        // Only equal images are said to be so.
        ((products as f64 - count * mean_a * mean_b) / (length_a * length_b)).min(1.0_f64.next_down())
    }
}

fn moments(image: &[u8]) -> (f64, f64) {
    let count = image.len().max(1) as f64;
    let sum: u64 = image.iter().map(|&pixel| u64::from(pixel)).sum();
    let squares: u64 = image.iter().map(|&pixel| u64::from(pixel).pow(2)).sum();
    let mean = sum as f64 / count;
    (mean, (squares as f64 - count * mean * mean).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::data::ImageShape;

    const SHAPE: ImageShape = ImageShape { channels: 3, height: 20, width: 24 };

    /// Soft blobs: neighbouring pixels are alike, as in photographs.
    fn picture(seed: u64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut pixels = vec![60.0; SHAPE.numel()];
        for _ in 0..12 {
            let (x, y) = (rng.random_range(0.0..24.0), rng.random_range(0.0..20.0));
            let (width, height) = (rng.random_range(2.0..8.0_f64), rng.random_range(-60.0..90.0));
            for (at, pixel) in pixels.iter_mut().enumerate() {
                let (dx, dy) = ((at % 24) as f64 - x, (at / 24 % 20) as f64 - y);
                *pixel += height * (-(dx * dx + dy * dy) / (width * width)).exp();
            }
        }
        pixels
    }

    fn data(pictures: &[Vec<f64>]) -> ImageDataset {
        let pixels = pictures.iter().flatten().map(|value| value.clamp(0.0, 255.0).round() as u8).collect();
        ImageDataset::new("made", pixels, SHAPE, vec![0; pictures.len()], vec!["a".into()]).unwrap()
    }

    #[test]
    fn changed_copies_are_found_and_other_pictures_are_not() {
        let mut pictures: Vec<Vec<f64>> = (0..60).map(picture).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        pictures.push(pictures[3].clone());
        pictures.push(pictures[5].iter().map(|value| value * 0.8 + 20.0).collect());
        pictures.push(pictures[7].iter().map(|value| value + rng.random_range(-3.0..3.0)).collect());
        for hash in [PerceptualHash::Difference, PerceptualHash::Cosine] {
            let search = ImageNearDuplicateSearch { hash, ..Default::default() };
            let found = data(&pictures).near_duplicates(&search).unwrap();
            let pairs: Vec<(usize, usize)> = found.iter().map(|near| (near.row, near.like)).collect();
            assert_eq!(pairs, [(60, 3), (61, 5), (62, 7)], "{hash:?}");
            assert_eq!(found[0], NearDuplicate { row: 60, like: 3, similarity: 1.0 }, "{hash:?}");
            assert!((0.98..1.0).contains(&found[2].similarity));
        }
    }

    #[test]
    fn without_the_hash_the_same_pairs_are_found() {
        let mut pictures: Vec<Vec<f64>> = (0..30).map(picture).collect();
        for at in 0..10 {
            let (a, b) = (&pictures[at], &pictures[at + 1]);
            pictures.push(a.iter().zip(b).map(|(a, b)| a + 0.02 * at as f64 * b).collect());
        }
        let search = |max_distance| ImageNearDuplicateSearch { max_distance, ..Default::default() };
        let all = data(&pictures).near_duplicates(&search(64)).unwrap();
        assert!((4..=10).contains(&all.len()), "{}", all.len());
        assert_eq!(data(&pictures).near_duplicates(&search(14)).unwrap(), all);
    }

    #[test]
    fn even_images_are_like_their_equals_only() {
        let even = |value: f64| vec![value; SHAPE.numel()];
        let found = data(&[even(10.0), even(200.0), even(10.0), picture(1)])
            .near_duplicates(&ImageNearDuplicateSearch { max_distance: 64, ..Default::default() })
            .unwrap();
        assert_eq!(found, [NearDuplicate { row: 2, like: 0, similarity: 1.0 }]);
    }

    #[test]
    fn a_search_for_nothing_is_refused() {
        let error = |threshold, max_distance| {
            let search = ImageNearDuplicateSearch { max_distance, threshold, ..Default::default() };
            data(&[picture(1)]).near_duplicates(&search).unwrap_err().to_string()
        };
        for threshold in [0.0, -1.0, 1.5, f64::NAN] {
            assert!(error(threshold, 10).contains("threshold"));
        }
        assert!(error(0.9, 65).contains("max_distance: 65 bits"));
    }
}

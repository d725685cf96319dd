//! What an image data set is: bytes, one shape, labels.

use std::fmt;
use std::sync::Arc;

use crate::data::image::Augmentation;
use crate::data::rows::{label_counts, label_problem};
use crate::data::text::Part;
use crate::data::{LabelledRows, Rows};
use crate::words::{grouped, part_of};
use crate::{Error, Result};

/// The size of every image of a data set.
///
/// ```
/// use tunebook::data::ImageShape;
/// let shape = ImageShape { channels: 3, height: 28, width: 28 };
/// assert_eq!(shape.numel(), 2352);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageShape {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
}

impl ImageShape {
    /// The numbers of one image: channels * height * width.
    ///
    /// ```
    /// use tunebook::data::ImageShape;
    ///
    /// assert_eq!(ImageShape { channels: 3, height: 32, width: 32 }.numel(), 3072);
    /// ```
    pub fn numel(&self) -> usize {
        self.channels.saturating_mul(self.height).saturating_mul(self.width)
    }
}

/// `1x28x28`: channels, height, width.
impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

/// Images of one shape, each with one label out of a fixed list.
///
/// Subsets, parts and folds share the pixels of the set that they come from.
///
/// ```
/// use tunebook::data::{ImageDataset, ImageShape};
///
/// let shape = ImageShape { channels: 1, height: 2, width: 2 };
/// let pixels = vec![0, 0, 255, 255, 255, 255, 0, 0];
/// let data = ImageDataset::new("halves", pixels, shape, vec![0, 1], vec!["below".into(), "above".into()])?;
/// assert_eq!(data.len(), 2);
/// assert_eq!(data.pixels(1), [255, 255, 0, 0]);
/// assert_eq!(data.label_name(data.labels()[1]), "above");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone)]
pub struct ImageDataset {
    name: String,
    ids: Vec<String>,
    /// The pixels of this set and of those it was selected from.
    pixels: Arc<[u8]>,
    /// For each row, which image of `pixels` it is.
    images: Vec<usize>,
    shape: ImageShape,
    labels: Vec<usize>,
    label_names: Vec<String>,
    parts: Option<Vec<Part>>,
    augmentation: Option<Augmentation>,
}

impl ImageDataset {
    /// A data set from pixels in the order `(images, channels, height, width)`, 0 black to 255 white, and label indices
    /// into `label_names`; ids are the row numbers.
    ///
    /// # Errors
    /// When the shape has a side of 0, the pixels are not that many images of it, a label has no name, or a label name
    /// stands twice.
    pub fn new(
        name: &str,
        pixels: Vec<u8>,
        shape: ImageShape,
        labels: Vec<usize>,
        label_names: Vec<String>,
    ) -> Result<Self> {
        let ids = (0..labels.len()).map(|row| row.to_string()).collect();
        Self::with_ids(name, ids, pixels, shape, labels, label_names, None)
    }

    pub(super) fn with_ids(
        name: &str,
        ids: Vec<String>,
        pixels: Vec<u8>,
        shape: ImageShape,
        labels: Vec<usize>,
        label_names: Vec<String>,
        parts: Option<Vec<Part>>,
    ) -> Result<Self> {
        let numel = shape.numel();
        if numel == 0 {
            return Err(Error::input(
                name,
                format!("images of {shape} hold no pixels"),
                "give at least one channel, row and column",
            ));
        }
        if !pixels.len().is_multiple_of(numel) {
            return Err(Error::input(
                name,
                format!("{} bytes are no whole number of images of {shape}", pixels.len()),
                format!("give {numel} bytes for each image: channels * height * width"),
            ));
        }
        let count = pixels.len() / numel;
        if let Some((problem, mend)) = label_problem(count, "images", &labels, &label_names) {
            return Err(Error::input(name, problem, mend));
        }
        Ok(Self {
            name: name.to_owned(),
            ids,
            pixels: pixels.into(),
            images: (0..count).collect(),
            shape,
            labels,
            label_names,
            parts,
            augmentation: None,
        })
    }

    /// The data set's name, for reports and messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// The size that all images have.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The rows' ids: file names, or row numbers where the source has none.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The pixels of one image, `(channels, height, width)`, 0 black to 255 white.
    ///
    /// # Panics
    /// When the row does not exist.
    pub fn pixels(&self, row: usize) -> &[u8] {
        let numel = self.shape.numel();
        &self.pixels[self.images[row] * numel..][..numel]
    }

    /// The labels, in row order: indices into [`label_names`](Self::label_names).
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The names of the labels, in index order.
    pub fn label_names(&self) -> Vec<String> {
        self.label_names.clone()
    }

    /// The name of one label.
    ///
    /// # Panics
    /// When `label` is not an index into the names.
    pub fn label_name(&self, label: usize) -> &str {
        &self.label_names[label]
    }

    /// How many images each label has, in index order.
    pub fn label_counts(&self) -> Vec<usize> {
        label_counts(&self.labels, self.label_names.len())
    }

    /// The images at `rows`, in that order, with the same label names and augmentation; the pixels are shared.
    ///
    /// # Panics
    /// When a row does not exist.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            name: self.name.clone(),
            ids: rows.iter().map(|&row| self.ids[row].clone()).collect(),
            pixels: Arc::clone(&self.pixels),
            images: rows.iter().map(|&row| self.images[row]).collect(),
            shape: self.shape,
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            label_names: self.label_names.clone(),
            parts: self.parts.as_ref().map(|parts| rows.iter().map(|&row| parts[row]).collect()),
            augmentation: self.augmentation,
        }
    }

    /// The same images, to be changed at random each time a training step reads one. Give it to the training part only:
    /// validation and test measure the images as they are, and a trainer never changes those.
    ///
    /// # Errors
    /// For a value out of its range; the message names the field. See [`Augmentation`].
    ///
    /// ```
    /// use tunebook::data::{Augmentation, ImageDataset, ImageShape};
    ///
    /// let shape = ImageShape { channels: 1, height: 2, width: 2 };
    /// let data = ImageDataset::new("dots", vec![0, 0, 0, 255], shape, vec![0], vec!["dot".into()])?;
    /// let train = data.augmented(Augmentation { horizontal_flip: 0.5, ..Default::default() })?;
    /// assert!(train.augmentation().is_some());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn augmented(&self, augmentation: Augmentation) -> Result<Self> {
        augmentation.check()?;
        Ok(Self { augmentation: Some(augmentation), ..self.clone() })
    }

    /// How training images are changed, if they are.
    pub fn augmentation(&self) -> Option<&Augmentation> {
        self.augmentation.as_ref()
    }

    pub(super) fn parts(&self) -> Option<&[Part]> {
        self.parts.as_deref()
    }
}

/// The same rows in the same order: shared or not, pixels are compared by value.
impl PartialEq for ImageDataset {
    fn eq(&self, other: &Self) -> bool {
        let same = |row| self.pixels(row) == other.pixels(row);
        self.name == other.name
            && self.ids == other.ids
            && self.shape == other.shape
            && self.labels == other.labels
            && self.label_names == other.label_names
            && self.parts == other.parts
            && self.augmentation == other.augmentation
            && (0..self.len()).all(same)
    }
}

impl Rows for ImageDataset {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> usize {
        self.images.len()
    }

    fn names_of_labels(&self) -> &[String] {
        &self.label_names
    }

    fn select(&self, rows: &[usize]) -> Self {
        self.select(rows)
    }
}

impl LabelledRows for ImageDataset {
    fn labels(&self) -> &[usize] {
        &self.labels
    }

    fn label_names(&self) -> &[String] {
        &self.label_names
    }
}

/// Without the pixels, which would fill pages.
impl fmt::Debug for ImageDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageDataset")
            .field("name", &self.name)
            .field("len", &self.len())
            .field("shape", &self.shape)
            .field("labels", &self.labels)
            .field("label_names", &self.label_names)
            .field("augmentation", &self.augmentation)
            .finish_non_exhaustive()
    }
}

/// How many images of which shape, and one line for each label with its count and share.
impl fmt::Display for ImageDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, labels) = (grouped(self.len()), self.label_names.len());
        write!(f, "{}: {count} images of {}, {labels} labels", self.name, self.shape)?;
        let width = self.label_names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for (name, count) in self.label_names.iter().zip(self.label_counts()) {
            write!(f, "\n  {name:width$}  {}", part_of(count, self.len()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 2, width: 1 };

    fn data() -> ImageDataset {
        let names = ["a", "b"].map(String::from).to_vec();
        ImageDataset::new("made", vec![1, 2, 3, 4, 5, 6], SHAPE, vec![0, 1, 1], names).unwrap()
    }

    #[test]
    fn selecting_keeps_pixels_labels_and_ids_together() {
        let part = data().select(&[2, 0]).select(&[1, 0, 0]);
        assert_eq!([part.pixels(0), part.pixels(1), part.pixels(2)], [[1, 2], [5, 6], [5, 6]]);
        assert_eq!((part.labels(), part.ids()), (&[0, 1, 1][..], &["0", "2", "2"].map(String::from)[..]));
        assert_eq!(part.label_counts(), [1, 2]);
        assert_eq!(part.to_string(), "made: 3 images of 1x2x1, 2 labels\n  a  1 of 3 (33 %)\n  b  2 of 3 (67 %)");
        assert!(Arc::ptr_eq(&part.pixels, &part.clone().pixels));
    }

    #[test]
    fn equal_sets_are_equal_wherever_their_pixels_lie() {
        let names = ["a", "b"].map(String::from).to_vec();
        let alone = |pixels| ImageDataset::new("made", pixels, SHAPE, vec![0], names.clone()).unwrap();
        assert_eq!(data().select(&[0]), alone(vec![1, 2]));
        assert_ne!(data().select(&[0]), alone(vec![1, 3]));
        assert_ne!(data(), data().select(&[0, 1]));
    }

    #[test]
    fn wrong_pixels_labels_and_shapes_are_refused() {
        let error = |pixels: usize, shape, labels: &[usize], names: &[&str]| {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            ImageDataset::new("made", vec![0; pixels], shape, labels.to_vec(), names).unwrap_err().to_string()
        };
        let flat = ImageShape { height: 0, ..SHAPE };
        assert_eq!(
            error(3, SHAPE, &[0], &["a"]),
            "made: 3 bytes are no whole number of images of 1x2x1; give 2 bytes for each image: channels * height * width"
        );
        assert!(error(0, flat, &[], &[]).contains("1x0x1 hold no pixels"));
        assert!(error(4, SHAPE, &[0], &["a"]).contains("2 images but 1 labels"));
        assert!(error(2, SHAPE, &[1], &["a"]).contains("label 1 has no name"));
        assert!(error(2, SHAPE, &[0], &["a", "a"]).contains("stands twice"));
        let huge = ImageShape { channels: usize::MAX, height: 2, width: 2 };
        assert!(error(4, huge, &[0], &["a"]).contains("no whole number"));
    }
}

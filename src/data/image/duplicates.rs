//! Images that stand in a data set more than once, pixel for pixel.

use crate::data::duplicates::equal_rows;
use crate::data::{DuplicateGroup, ImageDataset};

impl ImageDataset {
    /// Groups of rows whose images are equal pixel for pixel, in the order of their first rows. A copy that was saved
    /// again or scaled is another image.
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
}

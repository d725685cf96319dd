//! Grey images for networks that were trained on colour.

use crate::data::{ImageDataset, ImageShape};
use crate::{Error, Result};

impl ImageDataset {
    /// The same images in three channels: grey ones with each pixel three times, as a network pretrained on colour wants
    /// them. Colour images stay as they are.
    ///
    /// # Errors
    /// When the images have neither 1 nor 3 channels.
    ///
    /// ```
    /// use tunebook::data::{ImageDataset, ImageShape};
    ///
    /// let shape = ImageShape { channels: 1, height: 1, width: 2 };
    /// let data = ImageDataset::new("dots", vec![7, 9], shape, vec![0], vec!["a".into()])?;
    /// assert_eq!(data.to_colour()?.pixels(0), [7, 9, 7, 9, 7, 9]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn to_colour(&self) -> Result<Self> {
        let shape = match self.shape() {
            ImageShape { channels: 3, .. } => return Ok(self.clone()),
            ImageShape { channels: 1, height, width } => ImageShape { channels: 3, height, width },
            other => {
                let problem = format!("images of {other} are neither grey nor in colour");
                return Err(Error::input(self.name(), problem, "give images of 1 or 3 channels"));
            }
        };
        let pixels = (0..self.len()).flat_map(|row| self.pixels(row).repeat(3)).collect();
        let (ids, labels) = (self.ids().to_vec(), self.labels().to_vec());
        let parts = self.parts().map(<[_]>::to_vec);
        let colour = Self::with_ids(self.name(), ids, pixels, shape, labels, self.label_names(), parts)?;
        match self.augmentation() {
            Some(augmentation) => colour.augmented(*augmentation),
            None => Ok(colour),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{Augmentation, ImageDataset, ImageShape};

    #[test]
    fn grey_becomes_colour_and_all_else_stays() {
        let shape = ImageShape { channels: 1, height: 1, width: 1 };
        let names = vec!["a".to_owned(), "b".to_owned()];
        let grey = ImageDataset::new("dots", vec![3, 4, 5], shape, vec![1, 0, 1], names.clone()).unwrap();
        let grey = grey.augmented(Augmentation { horizontal_flip: 0.5, ..Default::default() }).unwrap();
        let colour = grey.select(&[2, 0]).to_colour().unwrap();
        assert_eq!((colour.pixels(0), colour.pixels(1)), (&[5, 5, 5][..], &[3, 3, 3][..]));
        assert_eq!((colour.ids(), colour.labels()), (&["2".to_owned(), "0".to_owned()][..], &[1, 1][..]));
        assert_eq!(colour.augmentation(), grey.augmentation());
        assert_eq!(colour.to_colour().unwrap(), colour);
        let shape = ImageShape { channels: 2, height: 1, width: 1 };
        let two = ImageDataset::new("dots", vec![3, 4], shape, vec![1], names).unwrap();
        assert!(two.to_colour().unwrap_err().to_string().contains("2x1x1 are neither"));
    }
}

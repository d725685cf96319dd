//! Image data sets as a person looks at them: examples of each label, and what augmentation makes of them.

use crate::chart::ContactSheet;
use crate::data::{ImageDataset, split};
use crate::{Error, Result};

/// Images in a row of the sheet that a notebook shows.
const SHOWN: usize = 8;

impl ImageDataset {
    /// Up to `per_label` images of every label, drawn by `seed`, one row for each label.
    ///
    /// # Errors
    /// For a `per_label` of 0.
    ///
    /// ```
    /// use tunebook::data::{ImageDataset, ImageShape};
    ///
    /// let shape = ImageShape { channels: 1, height: 2, width: 2 };
    /// let pixels = vec![0, 0, 255, 255, 255, 255, 0, 0];
    /// let data = ImageDataset::new("halves", pixels, shape, vec![0, 1], vec!["below".into(), "above".into()])?;
    /// assert!(data.contact_sheet(8, 42)?.to_svg()?.contains("above"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn contact_sheet(&self, per_label: usize, seed: u64) -> Result<ContactSheet> {
        if per_label == 0 {
            return Err(Error::input("per_label", "0 images show nothing", "ask for 1 or more, often 8"));
        }
        let shape = self.shape();
        let sheet = ContactSheet::new(self.name(), shape.channels, shape.height, shape.width);
        split::shuffled_by_label(self, seed).into_iter().enumerate().try_fold(sheet, |sheet, (label, rows)| {
            let images: Vec<&[u8]> = rows.iter().take(per_label).map(|&row| self.pixels(row)).collect();
            sheet.row(self.label_name(label), &images)
        })
    }

    /// One image of every label, drawn by `seed`: first as it is, then `copies` of it as training
    /// would see it. All images of a column are changed alike.
    ///
    /// # Errors
    /// For a set without an [augmentation](Self::augmented), and for 0 copies.
    ///
    /// ```
    /// use tunebook::data::{Augmentation, ImageDataset, ImageShape};
    ///
    /// let shape = ImageShape { channels: 1, height: 1, width: 2 };
    /// let data = ImageDataset::new("dots", vec![0, 255], shape, vec![0], vec!["right".into()])?;
    /// let sheet = data.augmented(Augmentation { horizontal_flip: 0.5, ..Default::default() })?.augmentation_sheet(7, 42)?;
    /// assert!(sheet.to_svg()?.contains("right"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn augmentation_sheet(&self, copies: usize, seed: u64) -> Result<ContactSheet> {
        let augmentation = self.augmentation().ok_or_else(|| {
            let mend = "call augmented(Augmentation { horizontal_flip: 0.5, ..Default::default() }) first";
            Error::input(self.name(), "its images are not changed, so there is nothing to show", mend)
        })?;
        if copies == 0 {
            return Err(Error::input("copies", "0 copies show nothing", "ask for 1 or more, often 7"));
        }
        let shape = self.shape();
        let title = format!("{}: as it is, then as training sees it", self.name());
        let mut sheet = ContactSheet::new(title, shape.channels, shape.height, shape.width);
        for (label, rows) in split::shuffled_by_label(self, seed).into_iter().enumerate() {
            let Some(&row) = rows.first() else { continue };
            let image = self.pixels(row);
            let scaled: Vec<f32> = image.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
            let copies = (0..copies as u64)
                .map(|copy| {
                    let changed = augmentation.apply(&scaled, shape, seed.wrapping_add(copy))?;
                    Ok(changed.into_iter().map(|pixel| (pixel * 255.0).round() as u8).collect())
                })
                .collect::<Result<Vec<Vec<u8>>>>()?;
            let images: Vec<&[u8]> = std::iter::once(image).chain(copies.iter().map(Vec::as_slice)).collect();
            sheet = sheet.row(self.label_name(label), &images)?;
        }
        Ok(sheet)
    }

    /// Shows examples of each label in a notebook cell, and the counts in a terminal.
    pub fn evcxr_display(&self) {
        match self.contact_sheet(SHOWN, 0) {
            Ok(sheet) => sheet.display().with("text/plain", self.to_string()).show(),
            Err(error) => println!("{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Augmentation, ImageShape};

    fn data() -> ImageDataset {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let names = ["a", "b", "none"].map(String::from).to_vec();
        ImageDataset::new("dots", (0..10).collect(), shape, vec![0, 0, 0, 1, 1], names).unwrap()
    }

    #[test]
    fn each_label_has_its_row() {
        let sheet = |per_label, seed| data().contact_sheet(per_label, seed).unwrap();
        let text = sheet(2, 1).display().to_string();
        assert!(text.contains("a (2), b (2), none (0)"), "{text}");
        assert!(sheet(9, 1).display().to_string().contains("a (3), b (2), none (0)"));
        assert_eq!(sheet(2, 1), sheet(2, 1));
        assert!((2..9).any(|seed| sheet(2, seed) != sheet(2, 1)));
        assert!(data().contact_sheet(0, 1).is_err());
    }

    #[test]
    fn copies_stand_behind_the_original() {
        let message = data().augmentation_sheet(3, 1).unwrap_err().to_string();
        assert!(message.contains("augmented("), "{message}");
        let flipped = data().augmented(Augmentation { horizontal_flip: 1.0, ..Default::default() }).unwrap();
        let sheet = flipped.select(&[1, 4]).augmentation_sheet(2, 1).unwrap();
        let expected = ContactSheet::new("dots: as it is, then as training sees it", 1, 1, 2)
            .row("a", &[&[2, 3], &[3, 2], &[3, 2]])
            .and_then(|sheet| sheet.row("b", &[&[8, 9], &[9, 8], &[9, 8]]));
        assert_eq!(sheet, expected.unwrap());
        assert!(flipped.augmentation_sheet(0, 1).is_err());
    }
}

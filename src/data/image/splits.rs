//! Parts and folds of image data sets, by the same code as those of texts.

use crate::Result;
use crate::data::{Fold, ImageDataset, ImageSplits, folds, split};

impl ImageDataset {
    /// The split that belongs to the data set, as MedMNIST's files have one: the same images in the same part for
    /// everybody.
    ///
    /// # Errors
    /// When the data set has no fixed split; then use [`stratified_split`](Self::stratified_split).
    pub fn fixed_split(&self) -> Result<ImageSplits> {
        split::fixed(self, self.parts())
    }

    /// A random split by `seed` in which each label has the same share of every part; `validation` and `test` are
    /// fractions of all images. As [`TextDataset::stratified_split`](crate::data::TextDataset::stratified_split).
    ///
    /// # Errors
    /// When a fraction is negative or not finite, or the two leave nothing to train on.
    ///
    /// ```
    /// use tunebook::data::{ImageDataset, ImageShape};
    ///
    /// let shape = ImageShape { channels: 1, height: 1, width: 1 };
    /// let labels = (0..10).map(|row| row % 2).collect();
    /// let data = ImageDataset::new("dots", (0..10).collect(), shape, labels, vec!["even".into(), "odd".into()])?;
    /// let parts = data.stratified_split(42, 0.2, 0.2)?;
    /// assert_eq!(parts.test.label_counts(), [1, 1]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn stratified_split(&self, seed: u64, validation: f64, test: f64) -> Result<ImageSplits> {
        split::stratified(self, seed, validation, test)
    }

    /// A random split by `seed` in which the images of a group (a patient, a scanner, a video) are never in two parts.
    /// As [`TextDataset::grouped_split`](crate::data::TextDataset::grouped_split).
    ///
    /// # Errors
    /// When a fraction is negative or not finite, the two leave nothing to train on, there are fewer groups than parts,
    /// or another number of groups than images.
    pub fn grouped_split(
        &self,
        groups: &[impl AsRef<str>],
        seed: u64,
        validation: f64,
        test: f64,
    ) -> Result<ImageSplits> {
        folds::grouped_split(self, groups, seed, validation, test)
    }

    /// `per_label` images of every label, drawn by `seed`: the few-shot setting.
    ///
    /// # Errors
    /// When a label has fewer images than that; the message names it.
    pub fn few_shot(&self, per_label: usize, seed: u64) -> Result<Self> {
        split::few_shot(self, per_label, seed)
    }

    /// Cross-validation: the images, shuffled by `seed`, in `folds` parts; each is held out once. scikit-learn's `KFold`
    /// with `shuffle=True`.
    ///
    /// # Errors
    /// For fewer than two folds, or more folds than images.
    pub fn k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold<Self>>> {
        folds::k_fold(self, folds, seed)
    }

    /// Cross-validation in which each label has the same share of every fold, to within one image. scikit-learn's
    /// `StratifiedKFold` with `shuffle=True`.
    ///
    /// # Errors
    /// For fewer than two folds, or when a label that occurs has fewer images than folds; the message names it.
    pub fn stratified_k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold<Self>>> {
        folds::stratified_k_fold(self, folds, seed)
    }

    /// Cross-validation in which the images of a group (a patient, a scanner, a video) are never on two sides; `groups`
    /// names the group of each image. scikit-learn's `GroupKFold`.
    ///
    /// # Errors
    /// For fewer than two folds, fewer groups than folds, or another number of groups than images.
    pub fn grouped_k_fold(&self, folds: usize, groups: &[impl AsRef<str>], seed: u64) -> Result<Vec<Fold<Self>>> {
        folds::grouped_k_fold(self, folds, groups, seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;

    /// Images whose only pixel is the row's number.
    fn data(labels: &[usize]) -> ImageDataset {
        let shape = ImageShape { channels: 1, height: 1, width: 1 };
        let pixels = (0..labels.len() as u8).collect();
        ImageDataset::new("dots", pixels, shape, labels.to_vec(), vec!["a".into(), "b".into()]).unwrap()
    }

    fn rows(part: &ImageDataset) -> Vec<usize> {
        (0..part.len()).map(|row| usize::from(part.pixels(row)[0])).collect()
    }

    #[test]
    fn images_keep_their_labels_in_every_part_and_fold() {
        let labels: Vec<usize> = (0..40).map(|row| usize::from(row % 4 == 0)).collect();
        let all = data(&labels);
        let parts = all.stratified_split(3, 0.25, 0.25).unwrap();
        assert_eq!(parts.test.label_counts(), [8, 3]);
        let mut seen: Vec<usize> = [&parts.train, &parts.validation, &parts.test].into_iter().flat_map(rows).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..40).collect::<Vec<_>>());
        for fold in all.stratified_k_fold(4, 1).unwrap().iter().chain(&all.k_fold(4, 1).unwrap()) {
            for part in [&fold.train, &fold.validation] {
                assert!(rows(part).iter().zip(part.labels()).all(|(&row, &label)| label == labels[row]));
            }
            assert_eq!((fold.train.len(), fold.validation.len()), (30, 10));
        }
        assert_eq!(all.few_shot(3, 5).unwrap().label_counts(), [3, 3]);
    }

    #[test]
    fn patients_stay_on_one_side() {
        let all = data(&[0; 30]);
        let patients: Vec<String> = (0..30).map(|row| format!("p{}", row % 7)).collect();
        let of = |part: &ImageDataset| rows(part).into_iter().map(|row| row % 7).collect::<Vec<_>>();
        for fold in all.grouped_k_fold(3, &patients, 2).unwrap() {
            assert!(of(&fold.train).iter().all(|patient| !of(&fold.validation).contains(patient)));
        }
        let parts = all.grouped_split(&patients, 2, 0.2, 0.2).unwrap();
        assert!(of(&parts.train).iter().all(|patient| !of(&parts.test).contains(patient)));
    }

    #[test]
    fn without_a_fixed_split_the_other_one_is_named() {
        let message = data(&[0, 1]).fixed_split().unwrap_err().to_string();
        assert!(message.contains("no fixed split") && message.contains("stratified_split"), "{message}");
    }
}

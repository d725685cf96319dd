//! Parts and folds of texts with several labels or a number, by the same code as those of texts with one label.

use super::{MultiLabelDataset, TextRegressionDataset};
use crate::Result;
use crate::data::split::Splits;
use crate::data::{Fold, Part, folds, iterative, split};

impl MultiLabelDataset {
    /// The same rows with a fixed split: the part of each row, in row order.
    ///
    /// # Errors
    /// When there is not one part for each row.
    ///
    /// ```
    /// use tunebook::data::{MultiLabelDataset, Part};
    ///
    /// let texts = ["disk full, help now", "disk", "how do I log in?"].map(String::from).to_vec();
    /// let labels = vec![vec![true, true], vec![true, false], vec![false, false]];
    /// let data = MultiLabelDataset::new("tickets", texts, labels, vec!["storage".into(), "urgent".into()])?;
    /// let parts = data.with_parts(vec![Part::Train, Part::Validation, Part::Train])?.fixed_split()?;
    /// assert_eq!((parts.train.len(), parts.validation.texts()), (2, &["disk".to_owned()][..]));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn with_parts(mut self, parts: Vec<Part>) -> Result<Self> {
        self.parts = Some(split::checked_parts(&self, parts)?);
        Ok(self)
    }

    /// The part of the fixed split that each row belongs to, where there is one.
    pub fn parts(&self) -> Option<&[Part]> {
        self.parts.as_deref()
    }

    /// The split that belongs to the data set; see [`with_parts`](Self::with_parts).
    ///
    /// # Errors
    /// When the data set has no fixed split.
    pub fn fixed_split(&self) -> Result<Splits<Self>> {
        split::fixed(self, self.parts())
    }

    /// A random split by `seed`; `validation` and `test` are fractions of all rows, what is left is the training part.
    ///
    /// # Errors
    /// When a fraction is negative or not finite, or the two leave nothing to train on.
    pub fn random_split(&self, seed: u64, validation: f64, test: f64) -> Result<Splits<Self>> {
        split::random(self, seed, validation, test)
    }

    /// A random split by `seed` in which every label has as nearly the same share of each part as its rows' other labels
    /// allow, rare labels first: iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011, "On the stratification
    /// of multi-label data"). `validation` and `test` are fractions of all rows.
    ///
    /// A label with very few rows may be missing in a part; [`label_counts`](Self::label_counts) of the parts says so.
    ///
    /// # Errors
    /// When a fraction is negative or not finite, or the two leave nothing to train on.
    ///
    /// ```
    /// use tunebook::data::MultiLabelDataset;
    ///
    /// let texts = (0..100).map(|row| format!("text {row}")).collect();
    /// let labels = (0..100).map(|row| vec![row % 20 == 0, row % 2 == 0]).collect();
    /// let data = MultiLabelDataset::new("made", texts, labels, vec!["rare".into(), "frequent".into()])?;
    /// let parts = data.stratified_split(42, 0.2, 0.2)?;
    /// assert_eq!((parts.test.len(), parts.test.label_counts()), (20, vec![1, 10]));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn stratified_split(&self, seed: u64, validation: f64, test: f64) -> Result<Splits<Self>> {
        iterative::split(self, &self.strata(), seed, validation, test)
    }

    /// A random split in which the rows of a group (an author, a conversation) are never in two parts; see
    /// [`TextDataset::grouped_split`](crate::data::TextDataset::grouped_split) for `groups`, fractions and errors.
    pub fn grouped_split(
        &self,
        groups: &[impl AsRef<str>],
        seed: u64,
        validation: f64,
        test: f64,
    ) -> Result<Splits<Self>> {
        folds::grouped_split(self, groups, seed, validation, test)
    }

    /// A split in which training comes before validation, and validation before test; see
    /// [`TextDataset::time_split`](crate::data::TextDataset::time_split) for `times`, fractions and errors.
    pub fn time_split<T: PartialOrd>(&self, times: &[T], validation: f64, test: f64) -> Result<Splits<Self>> {
        folds::time_split(self, times, validation, test)
    }

    /// Cross-validation: the rows, shuffled by `seed`, in `folds` parts; each part is held out once. scikit-learn's
    /// `KFold` with `shuffle=True`.
    ///
    /// # Errors
    /// For fewer than two folds, or more folds than rows.
    pub fn k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold<Self>>> {
        folds::k_fold(self, folds, seed)
    }

    /// Cross-validation in which every label has as nearly the same share of each fold as its rows' other labels allow; the
    /// method of [`stratified_split`](Self::stratified_split). A label with fewer rows than folds is missing in some.
    ///
    /// # Errors
    /// For fewer than two folds, or more folds than rows.
    pub fn stratified_k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold<Self>>> {
        iterative::k_fold(self, &self.strata(), folds, seed)
    }

    /// Cross-validation in which the rows of a group (an author, a conversation) are never on two sides. scikit-learn's
    /// `GroupKFold`.
    ///
    /// # Errors
    /// For fewer than two folds, fewer groups than folds, or another number of groups than rows.
    pub fn grouped_k_fold(&self, folds: usize, groups: &[impl AsRef<str>], seed: u64) -> Result<Vec<Fold<Self>>> {
        folds::grouped_k_fold(self, folds, groups, seed)
    }

    fn strata(&self) -> Vec<Vec<usize>> {
        self.labels().iter().map(|row| (0..row.len()).filter(|&label| row[label]).collect()).collect()
    }
}

impl TextRegressionDataset {
    /// The same rows with a fixed split: the part of each row, in row order.
    ///
    /// # Errors
    /// When there is not one part for each row.
    pub fn with_parts(mut self, parts: Vec<Part>) -> Result<Self> {
        self.parts = Some(split::checked_parts(&self, parts)?);
        Ok(self)
    }

    /// The part of the fixed split that each row belongs to, where there is one.
    pub fn parts(&self) -> Option<&[Part]> {
        self.parts.as_deref()
    }

    /// The split that belongs to the data set; see [`with_parts`](Self::with_parts).
    ///
    /// # Errors
    /// When the data set has no fixed split.
    pub fn fixed_split(&self) -> Result<Splits<Self>> {
        split::fixed(self, self.parts())
    }

    /// A random split by `seed`; `validation` and `test` are fractions of all rows, what is left is the training part.
    ///
    /// # Errors
    /// When a fraction is negative or not finite, or the two leave nothing to train on.
    pub fn random_split(&self, seed: u64, validation: f64, test: f64) -> Result<Splits<Self>> {
        split::random(self, seed, validation, test)
    }

    /// A random split by `seed` in which low, middle and high targets have the same share of every part: rows are put into
    /// up to ten bins of as many rows each by their targets' quantiles (equal targets share a bin), and each bin is shared
    /// out.
    ///
    /// # Errors
    /// When a fraction is negative or not finite, or the two leave nothing to train on.
    ///
    /// ```
    /// use tunebook::data::TextRegressionDataset;
    ///
    /// let texts = (0..100).map(|row| format!("text {row}")).collect();
    /// let data = TextRegressionDataset::new("prices", texts, (0..100u8).map(|row| f32::from(row).exp2()).collect())?;
    /// let parts = data.stratified_split(42, 0.2, 0.2)?;
    /// let dear = |part: &TextRegressionDataset| part.targets().iter().filter(|target| **target >= 90_f32.exp2()).count();
    /// assert_eq!([dear(&parts.train), dear(&parts.validation), dear(&parts.test)], [6, 2, 2]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn stratified_split(&self, seed: u64, validation: f64, test: f64) -> Result<Splits<Self>> {
        iterative::split(self, &iterative::quantile_bins(self.targets()), seed, validation, test)
    }

    /// A random split in which the rows of a group (an author, a conversation) are never in two parts; see
    /// [`TextDataset::grouped_split`](crate::data::TextDataset::grouped_split) for `groups`, fractions and errors.
    pub fn grouped_split(
        &self,
        groups: &[impl AsRef<str>],
        seed: u64,
        validation: f64,
        test: f64,
    ) -> Result<Splits<Self>> {
        folds::grouped_split(self, groups, seed, validation, test)
    }

    /// A split in which training comes before validation, and validation before test; see
    /// [`TextDataset::time_split`](crate::data::TextDataset::time_split) for `times`, fractions and errors.
    pub fn time_split<T: PartialOrd>(&self, times: &[T], validation: f64, test: f64) -> Result<Splits<Self>> {
        folds::time_split(self, times, validation, test)
    }

    /// Cross-validation: the rows, shuffled by `seed`, in `folds` parts; each part is held out once. scikit-learn's
    /// `KFold` with `shuffle=True`.
    ///
    /// # Errors
    /// For fewer than two folds, or more folds than rows.
    pub fn k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold<Self>>> {
        folds::k_fold(self, folds, seed)
    }

    /// Cross-validation in which low, middle and high targets have the same share of every fold; the bins of
    /// [`stratified_split`](Self::stratified_split).
    ///
    /// # Errors
    /// For fewer than two folds, or more folds than rows.
    pub fn stratified_k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold<Self>>> {
        iterative::k_fold(self, &iterative::quantile_bins(self.targets()), folds, seed)
    }

    /// Cross-validation in which the rows of a group (an author, a conversation) are never on two sides. scikit-learn's
    /// `GroupKFold`.
    ///
    /// # Errors
    /// For fewer than two folds, fewer groups than folds, or another number of groups than rows.
    pub fn grouped_k_fold(&self, folds: usize, groups: &[impl AsRef<str>], seed: u64) -> Result<Vec<Fold<Self>>> {
        folds::grouped_k_fold(self, folds, groups, seed)
    }
}

//! Parts and folds of tables, by the same code as those of texts.

use super::{TableTarget, TabularDataset, TabularSplits};
use crate::data::text::Part;
use crate::data::{Fold, folds, iterative, split};
use crate::{Error, Result};

impl TabularDataset {
    /// The same rows with a fixed split: the part of each row, in row order.
    ///
    /// # Errors
    /// When there is not one part for each row.
    pub fn with_parts(mut self, parts: Vec<Part>) -> Result<Self> {
        self.parts = Some(split::checked_parts(&self, parts)?);
        Ok(self)
    }

    /// The same rows without this column of words, which become the fixed split: `train`, `validation` (or `val`, `dev`)
    /// and `test`.
    ///
    /// ```
    /// use tunebook::data::{TableColumn, TabularDataset};
    ///
    /// let cpu = TableColumn::numeric("cpu", vec![Some(0.2), Some(0.9), None]);
    /// let words = TableColumn::categorical("set", ["train", "test", "train"].map(|word| Some(word.into())).to_vec());
    /// let parts = TabularDataset::new("loads", vec![cpu, words])?.part_column("set")?.fixed_split()?;
    /// assert_eq!((parts.train.len(), parts.test.len(), parts.test.columns().len()), (2, 1, 1));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such column, or a cell of it is missing or none of these words.
    pub fn part_column(self, column: &str) -> Result<Self> {
        let cells = self.column(column)?;
        let parts = (0..self.len())
            .map(|row| match cells.cell(row).parse() {
                Ok(part) => Ok(part),
                Err(_) => Err(Error::input(
                    self.place(row, column),
                    format!("\"{}\" is no part", cells.cell(row)),
                    "write train, validation or test",
                )),
            })
            .collect::<Result<Vec<Part>>>()?;
        self.without_columns(&[column])?.with_parts(parts)
    }

    /// The part of the fixed split that each row belongs to, where there is one.
    pub fn parts(&self) -> Option<&[Part]> {
        self.parts.as_deref()
    }

    /// The split that belongs to the data set; see [`part_column`](Self::part_column).
    ///
    /// # Errors
    /// When the data set has no fixed split.
    pub fn fixed_split(&self) -> Result<TabularSplits> {
        split::fixed(self, self.parts())
    }

    /// A random split by `seed` in which each label has the same share of every part; see
    /// [`TextDataset::stratified_split`](crate::data::TextDataset::stratified_split). With a target of numbers low, middle
    /// and high ones do, as in
    /// [`TextRegressionDataset::stratified_split`](crate::data::TextRegressionDataset::stratified_split).
    ///
    /// # Errors
    /// Those of these methods, and without a target.
    pub fn stratified_split(&self, seed: u64, validation: f64, test: f64) -> Result<TabularSplits> {
        match self.expect_target("random_split(...)")? {
            TableTarget::Labels { .. } => split::stratified(self, seed, validation, test),
            TableTarget::Numbers { values, .. } => {
                iterative::split(self, &iterative::quantile_bins(values), seed, validation, test)
            }
        }
    }

    /// A random split by `seed`, whatever the target; `validation` and `test` are fractions of all rows.
    ///
    /// # Errors
    /// When a fraction is negative or not finite, or the two leave nothing to train on.
    pub fn random_split(&self, seed: u64, validation: f64, test: f64) -> Result<TabularSplits> {
        split::random(self, seed, validation, test)
    }

    /// A split in which training comes before validation, and validation before test; see
    /// [`TextDataset::time_split`](crate::data::TextDataset::time_split) for `times`, fractions and errors.
    pub fn time_split<T: PartialOrd>(&self, times: &[T], validation: f64, test: f64) -> Result<TabularSplits> {
        folds::time_split(self, times, validation, test)
    }

    /// A random split in which the rows of a group (a customer, a machine) are never in two parts; see
    /// [`TextDataset::grouped_split`](crate::data::TextDataset::grouped_split) for `groups`, fractions and errors.
    pub fn grouped_split(
        &self,
        groups: &[impl AsRef<str>],
        seed: u64,
        validation: f64,
        test: f64,
    ) -> Result<TabularSplits> {
        folds::grouped_split(self, groups, seed, validation, test)
    }

    /// `per_label` rows of every label, drawn by `seed`: the few-shot setting.
    ///
    /// # Errors
    /// When a label has fewer rows than that, and without a target of classes.
    pub fn few_shot(&self, per_label: usize, seed: u64) -> Result<Self> {
        match self.expect_target("select(...)")? {
            TableTarget::Labels { .. } => split::few_shot(self, per_label, seed),
            TableTarget::Numbers { column, .. } => {
                let problem = format!("the target \"{column}\" holds numbers, not labels to take rows of each");
                Err(Error::input(self.name(), problem, "use select(...)"))
            }
        }
    }

    /// Cross-validation: the rows, shuffled by `seed`, in `folds` parts; each part is held out once. scikit-learn's
    /// `KFold` with `shuffle=True`.
    ///
    /// # Errors
    /// For fewer than two folds, or more folds than rows.
    pub fn k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold<Self>>> {
        folds::k_fold(self, folds, seed)
    }

    /// Cross-validation in which each label has the same share of every fold (scikit-learn's `StratifiedKFold` with
    /// `shuffle=True`), or with a target of numbers low, middle and high ones.
    ///
    /// # Errors
    /// For fewer than two folds, more folds than rows, when a label has fewer rows than folds, and without a target.
    pub fn stratified_k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold<Self>>> {
        match self.expect_target("k_fold(...)")? {
            TableTarget::Labels { .. } => folds::stratified_k_fold(self, folds, seed),
            TableTarget::Numbers { values, .. } => {
                iterative::k_fold(self, &iterative::quantile_bins(values), folds, seed)
            }
        }
    }

    /// Cross-validation in which the rows of a group (a customer, a machine) are never on two sides. scikit-learn's
    /// `GroupKFold`.
    ///
    /// # Errors
    /// For fewer than two folds, fewer groups than folds, or another number of groups than rows.
    pub fn grouped_k_fold(&self, folds: usize, groups: &[impl AsRef<str>], seed: u64) -> Result<Vec<Fold<Self>>> {
        folds::grouped_k_fold(self, folds, groups, seed)
    }

    fn expect_target(&self, instead: &str) -> Result<&TableTarget> {
        self.target().ok_or_else(|| {
            let mend = format!("use {instead}, or name the target with label_column(...) or target_column(...)");
            Error::input(self.name(), "has no target to stratify by", mend)
        })
    }
}

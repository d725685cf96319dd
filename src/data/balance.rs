//! How many rows each label has, and the weights that make up for it.

use std::fmt;

use crate::data::{ImageDataset, TabularDataset, TextDataset};
use crate::notebook::Display;
use crate::words::part_of;
use crate::{Error, Result};

/// The labels' counts and shares in a data set.
///
/// ```
/// use tunebook::data::TextDataset;
///
/// let texts = ["a", "b", "c", "d"].map(String::from).to_vec();
/// let data = TextDataset::new("mail", texts, vec![0, 0, 0, 1], vec!["ham".into(), "spam".into()])?;
/// let balance = data.class_balance();
/// assert_eq!(balance.shares(), [0.75, 0.25]);
/// assert_eq!(balance.imbalance_ratio(), 3.0);
/// assert_eq!(balance.class_weights()?, [4.0 / 6.0, 2.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassBalance {
    name: String,
    label_names: Vec<String>,
    counts: Vec<usize>,
}

impl TextDataset {
    /// How many rows each label has. See [`ClassBalance`] for an example.
    pub fn class_balance(&self) -> ClassBalance {
        ClassBalance { name: self.name().to_owned(), label_names: self.label_names(), counts: self.label_counts() }
    }
}

impl ImageDataset {
    /// How many images each label has. See [`ClassBalance`] for an example.
    pub fn class_balance(&self) -> ClassBalance {
        ClassBalance { name: self.name().to_owned(), label_names: self.label_names(), counts: self.label_counts() }
    }
}

impl TabularDataset {
    /// How many rows each label has; without labels where the table has no target of classes. See [`ClassBalance`] for an
    /// example.
    pub fn class_balance(&self) -> ClassBalance {
        ClassBalance { name: self.name().to_owned(), label_names: self.label_names(), counts: self.label_counts() }
    }
}

impl ClassBalance {
    /// How many rows each label has, in index order.
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// The share of each label, 0 to 1, in index order; all 0 for a data set without rows.
    pub fn shares(&self) -> Vec<f64> {
        let rows = self.rows().max(1) as f64;
        self.counts.iter().map(|&count| count as f64 / rows).collect()
    }

    /// The rows of the most frequent label for each row of the rarest: 1 for a balanced set, infinite when a label has
    /// no rows, not a number when none has.
    pub fn imbalance_ratio(&self) -> f64 {
        let most = self.counts.iter().max().map_or(0.0, |&count| count as f64);
        let least = self.counts.iter().min().map_or(0.0, |&count| count as f64);
        most / least
    }

    /// A weight for each label's loss with which all labels count the same: rows / (labels * rows of the label).
    /// scikit-learn's `class_weight="balanced"`; the mean weight over the rows is 1.
    ///
    /// # Errors
    /// When a label has no rows: no weight makes up for that.
    pub fn class_weights(&self) -> Result<Vec<f64>> {
        if let Some(label) = self.counts.iter().position(|&count| count == 0) {
            return Err(Error::input(
                &self.name,
                format!("label \"{}\" has no rows, so it has no weight", self.label_names[label]),
                "add rows of this label, or leave the label out",
            ));
        }
        Ok(balanced_weights(&self.counts))
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }

    fn rows(&self) -> usize {
        self.counts.iter().sum()
    }
}

/// rows / (labels * rows of the label) for each label; one without rows counts as having one.
pub(crate) fn balanced_weights(counts: &[usize]) -> Vec<f64> {
    let share = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    counts.iter().map(|&count| share / count.max(1) as f64).collect()
}

/// One line for each label with its count and share, and the imbalance ratio.
impl fmt::Display for ClassBalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: class balance", self.name)?;
        let width = self.label_names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for (name, &count) in self.label_names.iter().zip(&self.counts) {
            writeln!(f, "  {name:width$}  {}", part_of(count, self.rows()))?;
        }
        match self.imbalance_ratio() {
            ratio if ratio.is_finite() => write!(f, "  most to least frequent: {ratio:.1}"),
            _ => f.write_str("  a label has no rows"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(labels: &[usize]) -> ClassBalance {
        let names = ["a", "b", "c"].map(String::from).to_vec();
        TextDataset::new("made", vec!["x".into(); labels.len()], labels.to_vec(), names).unwrap().class_balance()
    }

    #[test]
    fn weights_are_those_of_scikit_learn() {
        // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 0, 1, 1, 2])
        let weights = balance(&[0, 0, 0, 0, 1, 1, 2]).class_weights().unwrap();
        for (weight, expected) in
            weights.iter().zip([0.583_333_333_333_333_4, 1.166_666_666_666_666_7, 2.333_333_333_333_333_5])
        {
            assert!((weight - expected).abs() < 1e-12, "{weight} {expected}");
        }
    }

    #[test]
    fn a_label_without_rows_is_named() {
        let missing = balance(&[0, 0, 2]);
        assert!(missing.imbalance_ratio().is_infinite());
        assert!(missing.class_weights().unwrap_err().to_string().contains("label \"b\" has no rows"));
        assert!(missing.to_string().ends_with("a label has no rows"));
        let empty = balance(&[]);
        assert!(empty.imbalance_ratio().is_nan() && empty.class_weights().is_err());
        assert_eq!(empty.shares(), [0.0; 3]);
    }

    #[test]
    fn the_text_shows_counts_and_shares() {
        let text = balance(&[0, 0, 1, 2]).to_string();
        assert!(text.contains("a  2 of 4 (50 %)") && text.ends_with("most to least frequent: 2.0"), "{text}");
    }
}

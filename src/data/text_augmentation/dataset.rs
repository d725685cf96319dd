//! Augmentation of a whole data set: changed anew at each training step, or enlarged once.

use std::fmt;
use std::sync::Arc;

use super::TextAugmentation;
use crate::data::{TextDataset, split};
use crate::metrics::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::words::excerpt;
use crate::{Error, Result};

/// Characters of a text that a table shows.
const SHOWN: usize = 120;

impl TextDataset {
    /// The same texts, to be changed at random each time a training step reads one. Give it to the training part only:
    /// validation and test measure the texts as they are, and a trainer never changes those.
    ///
    /// # Errors
    /// Those of [`TextAugmentation::check`].
    ///
    /// ```
    /// use tunebook::data::{TextAugmentation, TextDataset};
    ///
    /// let parts = TextDataset::embedded("support-tickets")?.fixed_split()?;
    /// let train = parts.train.augmented(TextAugmentation::eda(0.1))?;
    /// assert!(train.augmentation().is_some() && train.texts() == parts.train.texts());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn augmented(&self, augmentation: TextAugmentation) -> Result<Self> {
        augmentation.check()?;
        let mut changing = self.clone();
        changing.augmentation = Some(Arc::new(augmentation));
        Ok(changing)
    }

    /// The texts and behind them `copies` changed copies of each, as EDA does it: a fixed set, for methods that read each
    /// text once, such as feature extraction. A copy's id is its text's with `+1`, `+2` and so on; copies that came out
    /// unchanged or as an earlier copy are left out. In the larger set nothing is changed at each step any more.
    ///
    /// The larger set is for training only: it cannot be split, for a text and its copies would come to stand on two
    /// sides, and a trainer refuses it as validation data.
    ///
    /// # Errors
    /// For a set without an [augmentation](Self::augmented), for 0 copies, and for a set that is enlarged already.
    ///
    /// ```
    /// use tunebook::data::{TextAugmentation, TextDataset};
    ///
    /// let texts = vec!["The disk is full again since this morning".to_owned()];
    /// let data = TextDataset::new("made", texts, vec![0], vec!["storage".into()])?;
    /// let larger = data.augmented(TextAugmentation { random_swap: 0.2, ..Default::default() })?.with_copies(2, 42)?;
    /// assert_eq!(larger.ids(), ["0", "0+1", "0+2"]);
    /// assert!(larger.stratified_split(42, 0.2, 0.0).is_err());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn with_copies(&self, copies: usize, seed: u64) -> Result<Self> {
        let augmentation = self.expect_augmentation()?;
        if self.holds_copies {
            return Err(Error::input(self.name(), "it holds changed copies already", "enlarge the original set once"));
        }
        if copies == 0 {
            return Err(Error::input("copies", "0 copies add nothing", "ask for 1 or more, often 4"));
        }
        let (mut rows, mut texts, mut ids): (Vec<usize>, Vec<String>, Vec<String>) =
            ((0..self.len()).collect(), self.texts().to_vec(), self.ids().to_vec());
        for row in 0..self.len() {
            let mut known = vec![self.texts()[row].clone()];
            for copy in 1..=copies {
                let text = augmentation.changed(&self.texts()[row], row_seed(seed.wrapping_add(copy as u64), row));
                if !known.contains(&text) {
                    rows.push(row);
                    ids.push(format!("{}+{copy}", self.ids()[row]));
                    known.push(text.clone());
                    texts.push(text);
                }
            }
        }
        Ok(self.with_changed_copies(&rows, ids, texts))
    }

    /// How training texts are changed, if they are.
    pub fn augmentation(&self) -> Option<&TextAugmentation> {
        self.augmentation.as_deref()
    }

    /// One text of every label, drawn by `seed`, as it is and as training would see it, `copies` times.
    ///
    /// # Errors
    /// For a set without an [augmentation](Self::augmented), and for 0 copies.
    ///
    /// ```
    /// use tunebook::data::{TextAugmentation, TextDataset};
    ///
    /// let data = TextDataset::embedded("support-tickets")?.augmented(TextAugmentation::eda(0.1))?;
    /// println!("{}", data.augmentation_examples(3, 42)?);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn augmentation_examples(&self, copies: usize, seed: u64) -> Result<AugmentationExamples> {
        let augmentation = self.expect_augmentation()?;
        if copies == 0 {
            return Err(Error::input("copies", "0 copies show nothing", "ask for 1 or more, often 3"));
        }
        let rows = split::shuffled_by_label(self, seed).into_iter().filter_map(|rows| rows.first().copied());
        let examples = rows.map(|row| {
            let text = &self.texts()[row];
            let changed = |copy: u64| augmentation.changed(text, row_seed(seed.wrapping_add(copy), row));
            (self.label_name(self.labels()[row]).to_owned(), text.clone(), (0..copies as u64).map(changed).collect())
        });
        Ok(AugmentationExamples { name: self.name().to_owned(), examples: examples.collect() })
    }

    fn expect_augmentation(&self) -> Result<&TextAugmentation> {
        self.augmentation().ok_or_else(|| {
            let mend = "call augmented(TextAugmentation::eda(0.05)) first";
            Error::input(self.name(), "its texts are not changed", mend)
        })
    }
}

/// The seed of a row's changes, from that of a pass over the data: neighbouring seeds and rows have nothing in common.
pub(crate) fn row_seed(seed: u64, row: usize) -> u64 {
    seed.wrapping_add((row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Texts before and after augmentation, made by [`TextDataset::augmentation_examples`].
///
/// ```
/// use tunebook::data::{TextAugmentation, TextDataset};
///
/// let data = TextDataset::embedded("support-tickets")?.augmented(TextAugmentation::eda(0.1))?;
/// let examples = data.augmentation_examples(3, 42)?;
/// assert!(examples.pairs().iter().all(|(_, copies)| copies.len() == 3));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AugmentationExamples {
    name: String,
    /// Label, text, and its changed copies.
    examples: Vec<(String, String, Vec<String>)>,
}

impl AugmentationExamples {
    /// Each text as it is, with its changed copies.
    pub fn pairs(&self) -> Vec<(&str, Vec<&str>)> {
        self.examples
            .iter()
            .map(|(_, text, copies)| (text.as_str(), copies.iter().map(String::as_str).collect()))
            .collect()
    }

    /// The examples as a rich value: a table of before and after, and the same as text.
    pub fn display(&self) -> Display {
        let mut table = HtmlTable::new(&self.title(), &["label", "before", "after"]);
        for (label, text, copies) in &self.examples {
            for (at, copy) in copies.iter().enumerate() {
                let (label, before) =
                    if at == 0 { (label.as_str(), excerpt(text, SHOWN)) } else { ("", String::new()) };
                let after = Cell { text: excerpt(copy, SHOWN), strong: copy != text };
                table.row(label, &[Cell::plain(before), after], at == 0);
            }
        }
        let note = "Bold texts were changed. Read whether the label is still right for them.".to_owned();
        Display::html(table.finish(&[note])).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    fn title(&self) -> String {
        format!("{}: texts as they are, then as training sees them", self.name)
    }
}

/// Each text with its label, and its copies below it.
impl fmt::Display for AugmentationExamples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())?;
        for (label, text, copies) in &self.examples {
            write!(f, "\n  {label}: {}", excerpt(text, SHOWN))?;
            for copy in copies {
                let after = if copy == text { "(unchanged)".to_owned() } else { excerpt(copy, SHOWN) };
                write!(f, "\n    -> {after}")?;
            }
        }
        Ok(())
    }
}

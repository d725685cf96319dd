//! Rows of one part of a split that stand in another part too: what a model has seen, it need not understand.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use rayon::prelude::*;

use crate::data::duplicates::{Index, NearDuplicateSearch};
use crate::data::text::Part;
use crate::data::{ImageDataset, ImageSplits, Rows, Splits, TextDataset, TextSplits, comparable_text};
use crate::notebook::Display;
use crate::words::part_of;
use crate::{Error, Result};

/// A held-out row that is the same or nearly the same as a row of an earlier part.
///
/// ```
/// use tunebook::data::{NearDuplicateSearch, Part, Splits, TextDataset};
/// let names = ["storage", "billing"].map(String::from).to_vec();
/// let set = |texts: [&str; 2]| TextDataset::new("tickets", texts.map(String::from).to_vec(), vec![0, 1], names.clone());
/// let splits = Splits {
///     train: set(["The disk is full", "Where is my invoice?"])?,
///     validation: set(["The disk is full!", "I was billed twice"])?,
///     test: set(["No space left", "A refund, please"])?,
/// };
/// let report = splits.leakage(&NearDuplicateSearch::default())?;
/// let leaked = &report.rows()[0];
/// assert_eq!((leaked.part, leaked.row, leaked.like_part, leaked.like_row), (Part::Validation, 0, Part::Train, 0));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LeakedRow {
    /// The part the row is held out in: validation or test.
    pub part: Part,
    /// The row in that part.
    pub row: usize,
    /// The row's id.
    pub id: String,
    /// The part that holds its like: training, or validation for a test row.
    pub like_part: Part,
    /// The row in that part that it is most similar to.
    pub like_row: usize,
    /// That row's id.
    pub like_id: String,
    /// The Jaccard similarity of the two rows' shingles; 1 for the same text.
    pub similarity: f64,
    /// Whether the two texts are equal as [`comparable_text`].
    pub exact: bool,
    /// Whether the two rows have the same label.
    pub same_label: bool,
}

/// The held-out rows of a split that earlier parts hold too, found by [`TextSplits::leakage`].
///
/// ```
/// use tunebook::data::{NearDuplicateSearch, Part, TextDataset};
/// let report = TextDataset::embedded("support-tickets")?.fixed_split()?.leakage(&NearDuplicateSearch::default())?;
/// assert_eq!(report.is_clean(), report.rows().is_empty());
/// println!("{report}, {} of them in the test set", report.count(Part::Test));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LeakageReport {
    name: String,
    /// The least similarity that counts; `None` where rows are compared for equality only.
    threshold: Option<f64>,
    /// Rows of validation and test.
    sizes: [usize; 2],
    rows: Vec<LeakedRow>,
}

impl TextSplits {
    /// Searches for validation rows that the training part holds too, and test rows that either holds: the same text,
    /// or nearly the same by `search`. Each such row is listed once, with the row it is most similar to.
    ///
    /// Scores on leaked rows measure memory. Drop the rows from training, or split again by group.
    ///
    /// # Errors
    /// Those of [`TextDataset::near_duplicates`], and when there are no rows in validation and test.
    ///
    /// ```
    /// use tunebook::data::{NearDuplicateSearch, TextDataset};
    ///
    /// let parts = TextDataset::embedded("support-tickets")?.fixed_split()?;
    /// let report = parts.leakage(&NearDuplicateSearch::default())?;
    /// println!("{report}");
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn leakage(&self, search: &NearDuplicateSearch) -> Result<LeakageReport> {
        let sizes = held_out(self)?;
        let parts = [(Part::Train, &self.train), (Part::Validation, &self.validation), (Part::Test, &self.test)];
        let texts: Vec<&str> = parts.iter().flat_map(|(_, data)| data.texts()).map(String::as_str).collect();
        let sketches = search.sketch(&texts)?;
        let places: Vec<(Part, &TextDataset, usize)> =
            parts.iter().flat_map(|&(part, data)| (0..data.len()).map(move |row| (part, data, row))).collect();
        let keys: Vec<String> = texts.par_iter().map(|text| comparable_text(text)).collect();
        let mut first_of: HashMap<&str, usize> = HashMap::new();
        let mut index = Index::default();
        let (mut rows, mut start) = (Vec::new(), 0);
        for (_, data) in parts {
            let end = start + data.len();
            // A part is searched before it is inserted: duplicates within it are no leak.
            for at in start..end {
                let same = first_of.get(keys[at].as_str()).map(|&like| (like, 1.0));
                if let Some((like, similarity)) = same.or_else(|| index.most_similar(&sketches, at, search.threshold)) {
                    let ((part, data, row), (like_part, like_data, like_row)) = (places[at], places[like]);
                    rows.push(LeakedRow {
                        part,
                        row,
                        id: data.ids()[row].clone(),
                        like_part,
                        like_row,
                        like_id: like_data.ids()[like_row].clone(),
                        similarity,
                        exact: same.is_some(),
                        same_label: data.labels()[row] == like_data.labels()[like_row],
                    });
                }
            }
            // Equal texts stand in the index once: a text repeated a thousand times does not slow the search down.
            for at in (start..end).filter(|&at| !keys[at].is_empty()) {
                if let Entry::Vacant(first) = first_of.entry(&keys[at]) {
                    first.insert(at);
                    index.insert(&sketches, at);
                }
            }
            start = end;
        }
        Ok(LeakageReport { name: self.train.name().to_owned(), threshold: Some(search.threshold), sizes, rows })
    }
}

impl ImageSplits {
    /// Searches for validation images that the training part holds too, and test images that either holds, pixel for
    /// pixel. Each such image is listed once, with the first row that it is equal to.
    ///
    /// Scores on leaked images measure memory. Pictures of one scene that are not equal are found by nobody but those
    /// who took them: split by group ([`ImageDataset::grouped_split`]) where a patient or a video has several.
    ///
    /// # Errors
    /// When there are no images in validation and test.
    ///
    /// ```
    /// use tunebook::data::{ImageDataset, ImageShape, ImageSplits};
    ///
    /// let shape = ImageShape { channels: 1, height: 1, width: 1 };
    /// let data = ImageDataset::new("dots", vec![7, 9, 7], shape, vec![0, 0, 0], vec!["dot".into()])?;
    /// let parts = ImageSplits { train: data.select(&[0, 1]), validation: data.select(&[]), test: data.select(&[2]) };
    /// assert_eq!(parts.leakage()?.rows()[0].like_row, 0);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn leakage(&self) -> Result<LeakageReport> {
        let sizes = held_out(self)?;
        let parts = [(Part::Train, &self.train), (Part::Validation, &self.validation), (Part::Test, &self.test)];
        let mut first_of: HashMap<&[u8], (Part, &ImageDataset, usize)> = HashMap::new();
        let mut rows = Vec::new();
        for (part, data) in parts {
            for row in 0..data.len() {
                if let Some(&(like_part, like, like_row)) = first_of.get(data.pixels(row)) {
                    rows.push(LeakedRow {
                        part,
                        row,
                        id: data.ids()[row].clone(),
                        like_part,
                        like_row,
                        like_id: like.ids()[like_row].clone(),
                        similarity: 1.0,
                        exact: true,
                        same_label: data.labels()[row] == like.labels()[like_row],
                    });
                }
            }
            // A part is searched before it is inserted: duplicates within it are no leak.
            for row in 0..data.len() {
                first_of.entry(data.pixels(row)).or_insert((part, data, row));
            }
        }
        Ok(LeakageReport { name: self.train.name().to_owned(), threshold: None, sizes, rows })
    }
}

/// The sizes of validation and test, not both 0.
fn held_out<D: Rows>(parts: &Splits<D>) -> Result<[usize; 2]> {
    match [parts.validation.len(), parts.test.len()] {
        [0, 0] => Err(Error::input(parts.train.name(), "nothing is held out", "split with a fraction above 0")),
        sizes => Ok(sizes),
    }
}

impl LeakageReport {
    /// The leaked rows: validation first, then test, in row order.
    pub fn rows(&self) -> &[LeakedRow] {
        &self.rows
    }

    /// Whether nothing leaked.
    pub fn is_clean(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows of `part` stand in an earlier part; 0 for training.
    pub fn count(&self, part: Part) -> usize {
        self.rows.iter().filter(|row| row.part == part).count()
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line for each held-out part, the ten worst rows, and what to do.
impl fmt::Display for LeakageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.threshold {
            Some(threshold) => writeln!(f, "{}: leakage across the split, similarity {threshold} and more", self.name)?,
            None => writeln!(f, "{}: leakage across the split, equal rows", self.name)?,
        }
        for (part, size) in [Part::Validation, Part::Test].into_iter().zip(self.sizes) {
            let exact = self.rows.iter().filter(|row| row.part == part && row.exact).count();
            let share = part_of(self.count(part), size);
            write!(f, "  {:10}  {share} rows stand in an earlier part", name(part))?;
            match self.threshold {
                Some(_) => writeln!(f, ", {exact} of them word for word")?,
                None => writeln!(f)?,
            }
        }
        let mut worst: Vec<&LeakedRow> = self.rows.iter().collect();
        worst.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        for row in worst.iter().take(10) {
            let label = if row.same_label { "" } else { ", other label" };
            let (part, like) = (name(row.part), name(row.like_part));
            writeln!(f, "  {:.2}  {part} {} is like {like} {}{label}", row.similarity, row.id, row.like_id)?;
        }
        if !self.is_clean() {
            f.write_str("Scores on these rows measure memory: drop their likes from training, or split by group.")?;
        }
        Ok(())
    }
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Train => "train",
        Part::Validation => "validation",
        Part::Test => "test",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;

    fn part(texts: &[&str], label: usize) -> TextDataset {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let labels = vec![label; texts.len()];
        TextDataset::new("made", texts, labels, vec!["a".into(), "b".into()]).unwrap()
    }

    const BILL: &str = "The invoice for March shows the wrong amount of tax.";

    #[test]
    fn the_same_and_the_similar_are_found_in_earlier_parts_only() {
        let parts = TextSplits {
            train: part(&["Nothing works since the update.", BILL, BILL], 0),
            validation: part(&["A question about seats", "the invoice for march shows the wrong amount of tax. "], 0),
            test: part(
                &["The invoice for April shows the wrong amount of tax!", "A  Question about seats", "New", "New"],
                1,
            ),
        };
        let search = NearDuplicateSearch { threshold: 0.5, ..Default::default() };
        let report = parts.leakage(&search).unwrap();
        let rows: Vec<_> = report
            .rows()
            .iter()
            .map(|row| (row.part, row.row, row.like_part, row.like_row, row.exact, row.same_label))
            .collect();
        assert_eq!(
            rows,
            [
                (Part::Validation, 1, Part::Train, 1, true, true),
                (Part::Test, 0, Part::Train, 1, false, false),
                (Part::Test, 1, Part::Validation, 0, true, false),
            ]
        );
        assert!((0.5..1.0).contains(&report.rows()[1].similarity));
        assert_eq!([Part::Train, Part::Validation, Part::Test].map(|part| report.count(part)), [0, 1, 2]);
        let text = report.to_string();
        assert!(
            text.contains("validation  1 of 2 (50 %) rows stand in an earlier part, 1 of them word for word"),
            "{text}"
        );
        assert!(text.contains("other label") && text.contains("split by group"), "{text}");
    }

    #[test]
    fn images_leak_when_they_are_equal() {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let pixels = vec![1, 2, 3, 4, 1, 2, 5, 6, 5, 6, 3, 4];
        let names = ["a", "b"].map(String::from).to_vec();
        let all = ImageDataset::new("dots", pixels, shape, vec![0, 0, 1, 0, 0, 0], names).unwrap();
        let part = |rows: &[usize]| all.select(rows);
        let parts = ImageSplits { train: part(&[0, 1]), validation: part(&[2, 3]), test: part(&[4, 5]) };
        let report = parts.leakage().unwrap();
        let rows: Vec<_> =
            report.rows().iter().map(|row| (row.part, row.row, row.like_part, row.like_row, row.same_label)).collect();
        assert_eq!(
            rows,
            [
                (Part::Validation, 0, Part::Train, 0, false),
                (Part::Test, 0, Part::Validation, 1, true),
                (Part::Test, 1, Part::Train, 1, true),
            ]
        );
        let text = report.to_string();
        assert!(text.contains("test        2 of 2 (100 %) rows stand in an earlier part\n"), "{text}");
        let clean = ImageSplits { train: part(&[0]), validation: part(&[]), test: part(&[1, 1]) };
        assert!(clean.leakage().unwrap().is_clean());
        let none = ImageSplits { train: part(&[0]), validation: part(&[]), test: part(&[]) };
        assert!(none.leakage().unwrap_err().to_string().contains("nothing is held out"));
    }

    #[test]
    fn a_clean_split_says_so_and_an_empty_one_is_refused() {
        let none = || part(&[], 0);
        let parts = TextSplits { train: part(&["one thing"], 0), validation: part(&["and another"], 0), test: none() };
        assert!(parts.leakage(&NearDuplicateSearch::default()).unwrap().is_clean());
        let parts = TextSplits { train: part(&["one thing"], 0), validation: none(), test: none() };
        let message = parts.leakage(&NearDuplicateSearch::default()).unwrap_err().to_string();
        assert!(message.contains("nothing is held out"), "{message}");
    }
}

//! Rows of one part of a split that stand in another part too: what a model has seen, it need not understand.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use rayon::prelude::*;

use crate::data::duplicates::{Index, NearDuplicateSearch};
use crate::data::image::duplicates::ImageIndex;
use crate::data::text::Part;
use crate::data::{ImageNearDuplicateSearch, ImageSplits, Rows, Splits, TextSplits, comparable_text};
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
    /// The Jaccard similarity of two texts' shingles, or the correlation of two images' pixels; 1 for equal rows.
    pub similarity: f64,
    /// Whether the two texts are equal as [`comparable_text`], or the two images pixel for pixel.
    pub exact: bool,
    /// Whether the two rows have the same label.
    pub same_label: bool,
}

/// The held-out rows of a split that earlier parts hold too, found by [`TextSplits::leakage`], [`ImageSplits::leakage`] or
/// [`ImageSplits::near_leakage`].
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
    /// How equal rows are called.
    equal: &'static str,
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
    /// Those of [`TextDataset::near_duplicates`](crate::data::TextDataset::near_duplicates), and when there are no rows
    /// in validation and test.
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
        let parts = [&self.train, &self.validation, &self.test];
        let texts: Vec<&str> = parts.iter().flat_map(|data| data.texts()).map(String::as_str).collect();
        let sketches = search.sketch(&texts)?;
        let keys: Vec<String> = texts.par_iter().map(|text| comparable_text(text)).collect();
        let mut seen: (HashMap<&str, usize>, Index) = Default::default();
        let places = Place::of_all(parts.map(|data| (data.ids(), data.labels())));
        let rows = leaked(
            &places,
            &mut seen,
            |(first_of, index), at| {
                let same = first_of.get(keys[at].as_str()).map(|&place| Like { place, similarity: 1.0, exact: true });
                same.or_else(|| {
                    let (like, similarity) = index.most_similar(&sketches, at, search.threshold)?;
                    Some(Like { place: like, similarity, exact: false })
                })
            },
            |(first_of, index), at| {
                // Equal texts stand in the index once: a text repeated a thousand times does not slow the search down.
                if !keys[at].is_empty()
                    && let Entry::Vacant(first) = first_of.entry(&keys[at])
                {
                    first.insert(at);
                    index.insert(&sketches, at);
                }
            },
        );
        let threshold = Some(search.threshold);
        Ok(LeakageReport { name: self.train.name().to_owned(), threshold, equal: "word for word", sizes, rows })
    }
}

impl ImageSplits {
    /// Searches for validation images that the training part holds too, and test images that either holds, pixel for
    /// pixel. Each such image is listed once, with the first row that it is equal to.
    ///
    /// Scores on leaked images measure memory. Changed copies are found by [`near_leakage`](Self::near_leakage). Pictures of
    /// one scene that are not alike are found by nobody but those who took them: split by group
    /// ([`ImageDataset::grouped_split`](crate::data::ImageDataset::grouped_split)) where a patient or a video has several.
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
        let images = self.images();
        let mut first_of: HashMap<&[u8], usize> = HashMap::new();
        let rows = leaked(
            &self.places(),
            &mut first_of,
            |first_of, at| first_of.get(images[at]).map(|&place| Like { place, similarity: 1.0, exact: true }),
            |first_of, at| {
                first_of.entry(images[at]).or_insert(at);
            },
        );
        Ok(LeakageReport { name: self.train.name().to_owned(), threshold: None, equal: "pixel for pixel", sizes, rows })
    }

    /// Searches for validation images of which the training part holds a copy, changed or not, and test images of which
    /// either does: see [`ImageNearDuplicateSearch`] for which changes are seen through. Each such image is listed once,
    /// with the row it is most similar to.
    ///
    /// # Errors
    /// Those of [`ImageDataset::near_duplicates`](crate::data::ImageDataset::near_duplicates), when the parts have images of
    /// different shapes, and when there are no images in validation and test.
    ///
    /// ```
    /// use tunebook::data::{ImageDataset, ImageNearDuplicateSearch, ImageShape, ImageSplits};
    ///
    /// let shape = ImageShape { channels: 1, height: 1, width: 3 };
    /// let pixels = vec![10, 90, 40, 12, 92, 42, 90, 10, 40];
    /// let data = ImageDataset::new("dots", pixels, shape, vec![0, 0, 0], vec!["dot".into()])?;
    /// let parts = ImageSplits { train: data.select(&[0]), validation: data.select(&[]), test: data.select(&[1, 2]) };
    /// let report = parts.near_leakage(&ImageNearDuplicateSearch::default())?;
    /// assert_eq!((report.rows().len(), report.rows()[0].row), (1, 0));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn near_leakage(&self, search: &ImageNearDuplicateSearch) -> Result<LeakageReport> {
        search.check()?;
        let sizes = held_out(self)?;
        let shape = self.train.shape();
        for part in [&self.validation, &self.test] {
            if part.shape() != shape {
                let problem = format!("images of {}, and {} for training", part.shape(), shape);
                return Err(Error::input(part.name(), problem, "scale all parts to one shape"));
            }
        }
        let images = self.images();
        let mut index = ImageIndex::new(images.clone(), shape, *search);
        let rows = leaked(
            &self.places(),
            &mut index,
            |index, at| {
                let (like, similarity) = index.most_similar(at)?;
                Some(Like { place: like, similarity, exact: images[at] == images[like] })
            },
            ImageIndex::insert,
        );
        let threshold = Some(search.threshold);
        Ok(LeakageReport { name: self.train.name().to_owned(), threshold, equal: "pixel for pixel", sizes, rows })
    }

    fn images(&self) -> Vec<&[u8]> {
        let parts = [&self.train, &self.validation, &self.test];
        parts.into_iter().flat_map(|data| (0..data.len()).map(|row| data.pixels(row))).collect()
    }

    fn places(&self) -> Vec<Place<'_>> {
        Place::of_all([&self.train, &self.validation, &self.test].map(|data| (data.ids(), data.labels())))
    }
}

/// Where a row stands, of the rows of all three parts one after the other.
#[derive(Clone, Copy)]
struct Place<'a> {
    part: Part,
    row: usize,
    id: &'a str,
    label: usize,
}

impl<'a> Place<'a> {
    /// The rows of training, validation and test: the ids and labels of each.
    fn of_all(parts: [(&'a [String], &'a [usize]); 3]) -> Vec<Self> {
        let named = [Part::Train, Part::Validation, Part::Test].into_iter().zip(parts);
        named
            .flat_map(|(part, (ids, labels))| {
                let rows = ids.iter().zip(labels).enumerate();
                rows.map(move |(row, (id, &label))| Self { part, row, id, label })
            })
            .collect()
    }
}

/// An earlier row, by its place, that a row is like.
struct Like {
    place: usize,
    similarity: f64,
    exact: bool,
}

/// The rows that have their like in an earlier part. `find` looks for it among the rows that were handed to `add`.
fn leaked<S>(
    places: &[Place<'_>],
    seen: &mut S,
    find: impl Fn(&S, usize) -> Option<Like>,
    add: impl Fn(&mut S, usize),
) -> Vec<LeakedRow> {
    let mut rows = Vec::new();
    let mut start = 0;
    for part in places.chunk_by(|a, b| a.part == b.part) {
        // A part is searched before it is added: duplicates within it are no leak.
        for (at, place) in (start..).zip(part) {
            let Some(Like { place: like, similarity, exact }) = find(seen, at) else { continue };
            let like = places[like];
            rows.push(LeakedRow {
                part: place.part,
                row: place.row,
                id: place.id.to_owned(),
                like_part: like.part,
                like_row: like.row,
                like_id: like.id.to_owned(),
                similarity,
                exact,
                same_label: place.label == like.label,
            });
        }
        (start..start + part.len()).for_each(|at| add(seen, at));
        start += part.len();
    }
    rows
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
                Some(_) => writeln!(f, ", {exact} of them {}", self.equal)?,
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
    use crate::data::{ImageDataset, ImageShape, TextDataset};

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
    fn changed_copies_of_images_leak_too() {
        let shape = ImageShape { channels: 1, height: 1, width: 9 };
        let image = |seed: u32| (0..9).map(move |at| (seed * 7919 + at * at * 31 * seed) as u8 / 2);
        let pixels = image(3).chain(image(5)).chain(image(3).map(|x| x + 9)).chain(image(7)).chain(image(5)).collect();
        let all = ImageDataset::new("dots", pixels, shape, vec![0, 0, 1, 0, 0], vec!["a".into(), "b".into()]).unwrap();
        let parts = ImageSplits { train: all.select(&[0, 1]), validation: all.select(&[2, 3]), test: all.select(&[4]) };
        let report = parts.near_leakage(&ImageNearDuplicateSearch::default()).unwrap();
        let rows: Vec<_> = report.rows().iter().map(|row| (row.part, row.row, row.like_row, row.exact)).collect();
        assert_eq!(rows, [(Part::Validation, 0, 0, false), (Part::Test, 0, 1, true)]);
        assert!(!report.rows()[0].same_label && report.rows()[1].same_label);
        let text = report.to_string();
        assert!(text.contains("1 of 1 (100 %) rows stand in an earlier part, 1 of them pixel for pixel"), "{text}");
        assert_eq!(parts.leakage().unwrap().rows().len(), 1);
        let other = ImageShape { channels: 1, height: 9, width: 1 };
        let test = ImageDataset::new("tall", image(3).collect(), other, vec![0], all.label_names()).unwrap();
        let message = ImageSplits { test, ..parts }.near_leakage(&ImageNearDuplicateSearch::default()).unwrap_err();
        assert!(message.to_string().contains("tall: images of 1x9x1, and 1x1x9 for training"), "{message}");
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

//! Rows of one part of a split that stand in another part too: what a model has seen, it need not understand.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::Hash;

use rayon::prelude::*;

use crate::data::duplicates::{Index, NearDuplicateSearch};
use crate::data::image::duplicates::ImageIndex;
use crate::data::text::Part;
use crate::data::{
    ImageNearDuplicateSearch, ImageSplits, Rows, Splits, TabularDataset, TabularSplits, TextSplits, comparable_text,
};
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
    /// Whether the two texts are equal as [`comparable_text`], the two images pixel for pixel, or the two rows of a table
    /// cell by cell.
    pub exact: bool,
    /// Whether the two rows have the same label.
    pub same_label: bool,
}

/// The held-out rows of a split that earlier parts hold too, found by [`TextSplits::leakage`], [`ImageSplits::leakage`],
/// [`ImageSplits::near_leakage`] or [`TabularSplits::leakage`].
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
        let rows = leaked_copies(&self.places(), |at| images[at]);
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

impl TabularSplits {
    /// Searches for validation rows that the training part holds too, every column of them, and test rows that either does.
    /// Whether the target is the same is said for each. In tables with few columns different cases can look the same: then
    /// such rows are no mistake, and their score is still memory.
    ///
    /// # Errors
    /// When there are no rows in validation and test.
    ///
    /// ```
    /// use tunebook::data::{TableColumn, TabularDataset, TabularSplits};
    ///
    /// let cpu = TableColumn::numeric("cpu", vec![Some(0.2), Some(0.9), Some(0.2)]);
    /// let tier = TableColumn::categorical("tier", ["small", "large", "small"].map(|name| Some(name.into())).to_vec());
    /// let data = TabularDataset::new("loads", vec![cpu, tier])?.label_column("tier")?;
    /// let parts =
    ///     TabularSplits { train: data.select(&[0, 1]), validation: data.select(&[]), test: data.select(&[2]) };
    /// assert_eq!(parts.leakage()?.rows()[0].like_row, 0);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn leakage(&self) -> Result<LeakageReport> {
        let sizes = held_out(self)?;
        let parts = [&self.train, &self.validation, &self.test];
        let keys: Vec<Vec<String>> = parts.into_iter().flat_map(TabularDataset::row_keys).collect();
        let ids = parts.map(TabularDataset::row_names);
        // Of targets it matters only whether two are the same.
        let mut known: HashMap<String, usize> = HashMap::new();
        let targets = parts.map(|data| {
            let mut place = |row| {
                let next = known.len();
                *known.entry(data.target_text(row).unwrap_or_default()).or_insert(next)
            };
            (0..data.len()).map(&mut place).collect::<Vec<usize>>()
        });
        let places = Place::of_all(std::array::from_fn(|part| (ids[part].as_slice(), targets[part].as_slice())));
        let rows = leaked_copies(&places, |at| &keys[at]);
        Ok(LeakageReport { name: self.train.name().to_owned(), threshold: None, equal: "cell by cell", sizes, rows })
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

/// The rows whose key a row of an earlier part has too.
fn leaked_copies<K: Hash + Eq>(places: &[Place<'_>], key: impl Fn(usize) -> K) -> Vec<LeakedRow> {
    leaked(
        places,
        &mut HashMap::new(),
        |first_of: &HashMap<K, usize>, at| {
            first_of.get(&key(at)).map(|&place| Like { place, similarity: 1.0, exact: true })
        },
        |first_of, at| {
            first_of.entry(key(at)).or_insert(at);
        },
    )
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
#[path = "leakage_tests.rs"]
mod tests;

//! Texts that stand in a data set more than once: the same, and nearly the same (MinHash with verified Jaccard).
//!
//! Nothing here changes a data set: each search says which rows it found, and
//! [`TextDataset::select`] takes those that are to stay.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::data::TextDataset;
use crate::data::clean::is_invisible;
use crate::{Error, Result};

/// Hash functions of a signature. More find a pair at the threshold more surely, and cost time in proportion.
const HASHES: usize = 126;

/// The chance at most that a pair exactly at the threshold is missed.
const MISSED: f64 = 0.01;

/// Rows with the same text.
///
/// ```
/// use tunebook::data::TextDataset;
/// let texts = ["disk full", "Disk  full", "invoice wrong", "password lost"].map(String::from).to_vec();
/// let names = ["storage", "billing", "access"].map(String::from).to_vec();
/// let data = TextDataset::new("tickets", texts, vec![0, 0, 1, 2], names)?;
///
/// let groups = data.duplicates();
/// assert_eq!((groups[0].rows.as_slice(), groups[0].is_conflicting()), (&[0, 1][..], false));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateGroup {
    /// The rows, ascending; two at least.
    pub rows: Vec<usize>,
    /// The ids of the rows, in the same order.
    pub ids: Vec<String>,
    /// The different labels of these rows, ascending: indices into the data set's label names.
    pub labels: Vec<usize>,
}

impl DuplicateGroup {
    /// Whether the same text has more than one label: at least one of them is wrong, or the text alone does not say.
    pub fn is_conflicting(&self) -> bool {
        self.labels.len() > 1
    }
}

/// A row that is nearly the same as an earlier one.
///
/// ```
/// use tunebook::data::{NearDuplicateSearch, TextDataset};
/// let texts = ["The disk of the server is full", "The disk of this server is full", "Where is my invoice?"];
/// let names = ["storage", "billing"].map(String::from).to_vec();
/// let data = TextDataset::new("tickets", texts.map(String::from).to_vec(), vec![0, 0, 1], names)?;
/// let found = data.near_duplicates(&NearDuplicateSearch { threshold: 0.5, ..Default::default() })?;
/// assert_eq!((found[0].row, found[0].like), (1, 0));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NearDuplicate {
    /// The row found.
    pub row: usize,
    /// The earlier row that it is most similar to.
    pub like: usize,
    /// The Jaccard similarity of two texts' shingles, counted, not estimated, or the correlation of two images' pixels; from
    /// the threshold to 1.
    pub similarity: f64,
}

/// What texts are cut into before they are compared.
///
/// ```
/// use tunebook::data::{NearDuplicateSearch, Shingle};
/// let long_texts = NearDuplicateSearch { shingle: Shingle::Words(3), ..Default::default() };
/// assert_ne!(long_texts.shingle, NearDuplicateSearch::default().shingle);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shingle {
    /// Runs of so many characters: robust against typos, right for short texts.
    Characters(usize),
    /// Runs of so many words: for long texts.
    Words(usize),
}

/// How nearly equal texts are searched for.
///
/// A text becomes the set of its shingles, compared by the Jaccard similarity (shared shingles over all shingles of the
/// two; Broder 1997, "On the resemblance and containment of documents"). MinHash signatures in bands (locality-sensitive
/// hashing) pick the pairs worth comparing, and each picked pair's similarity is then counted exactly: what is reported
/// is certain. A pair right at the threshold is missed with a chance of 1 % at most, a more similar one far more rarely.
///
/// ```
/// use tunebook::data::NearDuplicateSearch;
///
/// let search = NearDuplicateSearch { threshold: 0.7, ..Default::default() };
/// assert_eq!(search.seed, 42);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearDuplicateSearch {
    /// The least similarity that counts, above 0 up to 1; 0.8 by default.
    pub threshold: f64,
    /// What texts are cut into; runs of five characters by default.
    pub shingle: Shingle,
    /// The seed of the hash functions: it decides which rare pair is missed, never which similarity a pair has.
    pub seed: u64,
}

impl Default for NearDuplicateSearch {
    fn default() -> Self {
        Self { threshold: 0.8, shingle: Shingle::Characters(5), seed: 42 }
    }
}

/// A text in the form in which texts are compared: Unicode NFC, lower case, one space between words, without control
/// and zero-width characters.
///
/// ```
/// use tunebook::data::comparable_text;
///
/// assert_eq!(comparable_text(" Cafe\u{301}\tOpen\u{200b}s "), comparable_text("caf\u{e9} opens"));
/// ```
pub fn comparable_text(text: &str) -> String {
    let visible: String = text.chars().filter(|&c| !is_invisible(c)).collect();
    // Lower case first: it can decompose a letter, and the comparison is over what NFC makes of it.
    let words = visible.to_lowercase().nfc().collect::<String>();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl TextDataset {
    /// Groups of rows whose texts are equal as [`comparable_text`], in the order of their first rows. Empty texts are in
    /// no group: they are missing values, not duplicates.
    ///
    /// ```
    /// use tunebook::data::TextDataset;
    ///
    /// let texts = ["All good", "it broke", "all  good"].map(String::from).to_vec();
    /// let data = TextDataset::new("moods", texts, vec![0, 1, 1], vec!["happy".into(), "angry".into()])?;
    /// let groups = data.duplicates();
    /// assert_eq!(groups[0].rows, [0, 2]);
    /// assert!(groups[0].is_conflicting());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn duplicates(&self) -> Vec<DuplicateGroup> {
        let keys: Vec<String> = self.texts().par_iter().map(|text| comparable_text(text)).collect();
        let visible = keys.iter().enumerate().filter(|(_, key)| !key.is_empty());
        equal_rows(visible, self.ids(), self.labels())
    }

    /// Rows that are nearly the same as an earlier row, exact duplicates (similarity 1) among them.
    ///
    /// Rows are taken in order, and each is compared with the earlier ones that were not found themselves: without the
    /// rows found, no near-duplicates are left (but for the few that the search may miss).
    ///
    /// # Errors
    /// For a threshold that is not above 0 and at most 1, or shingles of length 0.
    ///
    /// ```
    /// use tunebook::data::{NearDuplicateSearch, TextDataset};
    ///
    /// let texts = ["The invoice shows the wrong amount for March.", "The invoice shows the wrong amount for March!!"];
    /// let data = TextDataset::new("moods", texts.map(String::from).to_vec(), vec![0, 0], vec!["billing".into()])?;
    /// let found = data.near_duplicates(&NearDuplicateSearch::default())?;
    /// assert_eq!((found[0].row, found[0].like), (1, 0));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn near_duplicates(&self, search: &NearDuplicateSearch) -> Result<Vec<NearDuplicate>> {
        let texts: Vec<&str> = self.texts().iter().map(String::as_str).collect();
        let sketches = search.sketch(&texts)?;
        let mut index = Index::default();
        let mut found = Vec::new();
        for row in 0..texts.len() {
            match index.most_similar(&sketches, row, search.threshold) {
                Some((like, similarity)) => found.push(NearDuplicate { row, like, similarity }),
                None => index.insert(&sketches, row),
            }
        }
        Ok(found)
    }
}

/// Groups of rows with equal keys, in the order of their first rows. `keys` are the rows that count, ascending.
pub(super) fn equal_rows<K: Hash + Eq>(
    keys: impl Iterator<Item = (usize, K)>,
    ids: &[String],
    labels: &[usize],
) -> Vec<DuplicateGroup> {
    let mut by_key: HashMap<K, Vec<usize>> = HashMap::new();
    for (row, key) in keys {
        by_key.entry(key).or_default().push(row);
    }
    let by_first: BTreeMap<usize, Vec<usize>> =
        by_key.into_values().filter(|rows| rows.len() > 1).map(|rows| (rows[0], rows)).collect();
    by_first
        .into_values()
        .map(|rows| {
            let mut labels: Vec<usize> = rows.iter().map(|&row| labels[row]).collect();
            labels.sort_unstable();
            labels.dedup();
            DuplicateGroup { ids: rows.iter().map(|&row| ids[row].clone()).collect(), rows, labels }
        })
        .collect()
}

/// A text as the search sees it.
pub(super) struct Sketch {
    /// The hashes of its shingles, ascending, each once.
    shingles: Vec<u64>,
    /// One key for each band of its signature; texts that share a key are compared.
    bands: Vec<u64>,
}

impl NearDuplicateSearch {
    /// The sketches of `texts`, in order. Texts without a visible character are similar to none.
    pub(super) fn sketch(&self, texts: &[&str]) -> Result<Vec<Sketch>> {
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            return Err(Error::input(
                "threshold",
                format!("{} is not a similarity to search for", self.threshold),
                "give a number above 0 and up to 1, for example 0.8",
            ));
        }
        if let Shingle::Characters(0) | Shingle::Words(0) = self.shingle {
            return Err(Error::input("shingle", "0 characters or words hold no text", "use Shingle::Characters(5)"));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        // An odd factor makes x -> factor * x + offset a permutation of the 64-bit numbers.
        let hashes: Vec<(u64, u64)> = (0..HASHES).map(|_| (rng.next_u64() | 1, rng.next_u64())).collect();
        let rows = rows_of_a_band(self.threshold);
        Ok(texts
            .par_iter()
            .map(|text| {
                let shingles = self.shingle.hashes(&comparable_text(text));
                let mut signature = [u64::MAX; HASHES];
                for &shingle in &shingles {
                    for (least, (factor, offset)) in signature.iter_mut().zip(&hashes) {
                        *least = (*least).min(factor.wrapping_mul(shingle).wrapping_add(*offset));
                    }
                }
                let empty = shingles.is_empty();
                let band = |(at, band): (usize, &[u64])| band.iter().fold(at as u64, |key, &hash| mix(key ^ hash));
                let bands = signature.chunks_exact(rows).enumerate().map(band);
                Sketch { shingles, bands: if empty { Vec::new() } else { bands.collect() } }
            })
            .collect())
    }
}

impl Shingle {
    /// The hashes of a text's shingles, ascending, each once; a text shorter than one shingle is one.
    fn hashes(self, text: &str) -> Vec<u64> {
        let starts: Vec<usize> = match self {
            Self::Characters(_) => text.char_indices().map(|(at, _)| at).collect(),
            // Words stand apart by exactly one space.
            Self::Words(_) => {
                let first = (!text.is_empty()).then_some(0);
                first.into_iter().chain(text.match_indices(' ').map(|(at, _)| at + 1)).collect()
            }
        };
        let (Self::Characters(length) | Self::Words(length)) = self;
        let shingles = starts.len().saturating_sub(length).saturating_add(usize::from(!starts.is_empty()));
        let mut hashes: Vec<u64> = (0..shingles)
            .map(|at| {
                let end = starts.get(at.saturating_add(length)).copied().unwrap_or(text.len());
                hash(text[starts[at]..end].trim_end_matches(' ').as_bytes())
            })
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }
}

/// The most rows for a band with which a pair at `threshold` is still missed with a chance of at most [`MISSED`]: the
/// longer a band, the fewer pairs are compared in vain.
fn rows_of_a_band(threshold: f64) -> usize {
    let missed = |rows: usize| (1.0 - threshold.powi(rows as i32)).powi((HASHES / rows) as i32);
    (1..=HASHES / 2).take_while(|&rows| missed(rows) <= MISSED).last().unwrap_or(1)
}

/// FNV-1a with a last mixing step, the same on every machine.
fn hash(bytes: &[u8]) -> u64 {
    let fnv = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, fnv))
}

/// The finalizer of SplitMix64 (Steele et al. 2014): each bit of the result depends on each bit of `x`.
fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The rows searched among, by the keys of their bands.
#[derive(Default)]
pub(super) struct Index {
    rows: HashMap<u64, Vec<usize>>,
}

impl Index {
    pub(super) fn insert(&mut self, sketches: &[Sketch], row: usize) {
        for &band in &sketches[row].bands {
            self.rows.entry(band).or_default().push(row);
        }
    }

    /// The inserted row that `row` is most similar to, the first of equals, with their similarity.
    pub(super) fn most_similar(&self, sketches: &[Sketch], row: usize, threshold: f64) -> Option<(usize, f64)> {
        let sketch = &sketches[row];
        let mut candidates: Vec<usize> =
            sketch.bands.iter().filter_map(|band| self.rows.get(band)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let mut best: Option<(usize, f64)> = None;
        for candidate in candidates {
            let similarity = jaccard(&sketches[candidate].shingles, &sketch.shingles);
            if similarity >= threshold && best.is_none_or(|(_, most)| similarity > most) {
                best = Some((candidate, similarity));
            }
        }
        best
    }
}

/// Shared elements over all elements of two ascending lists without repeats, not both empty.
fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut at_a, mut at_b, mut shared) = (0, 0, 0_usize);
    while at_a < a.len() && at_b < b.len() {
        let (x, y) = (a[at_a], b[at_b]);
        shared += usize::from(x == y);
        at_a += usize::from(x <= y);
        at_b += usize::from(y <= x);
    }
    shared as f64 / (a.len() + b.len() - shared) as f64
}

#[cfg(test)]
#[path = "duplicates_tests.rs"]
mod tests;

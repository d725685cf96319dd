//! Texts as counts of their words: the features of the baseline that every text task starts with.
//!
//! This file has the features ([`BagOfWords`], scikit-learn's `TfidfVectorizer`), `terms.rs` how a text is cut into words,
//! `baseline.rs` the classifier on top ([`TextBaseline`]).

mod baseline;
mod terms;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use rayon::prelude::*;

pub use baseline::TextBaseline;

use self::terms::{counted, terms};
use crate::notebook::Display;
use crate::words::grouped;
use crate::{Error, Result};

/// The numbers of a row that are not 0, each with its column; columns ascend.
pub(super) type SparseRow = Vec<(usize, f64)>;

/// The most numbers that [`BagOfWords::transform`] makes: 1 GiB.
const MOST_NUMBERS: usize = 1 << 28;

/// What a term counts in a text that holds it.
///
/// Inverse document frequency is scikit-learn's smooth one: `ln((1 + texts) / (1 + texts with the term)) + 1`, over the
/// training texts.
///
/// ```
/// use tunebook::data::{BagOfWords, BagOfWordsConfig, TermWeight};
/// let texts = ["disk full, disk broken", "invoice wrong"];
/// let weights = |weight| {
///     let bag = BagOfWords::fit(&texts, &BagOfWordsConfig { weight, ..Default::default() })?;
///     Ok::<_, tunebook::Error>(bag.weights("disk disk"))
/// };
/// assert_eq!(weights(TermWeight::Count)?, [("disk".to_owned(), 2.0)]);
/// assert_eq!(weights(TermWeight::TfIdf)?, [("disk".to_owned(), 1.0)]); // scaled to length 1
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TermWeight {
    /// How often it stands there (scikit-learn's `CountVectorizer`).
    Count,
    /// How often it stands there, times its inverse document frequency; each text is scaled to length 1
    /// (`TfidfVectorizer`).
    #[default]
    TfIdf,
    /// The same with `1 + ln(count)` for the count: the tenth time says less than the first
    /// (`TfidfVectorizer(sublinear_tf=True)`).
    SublinearTfIdf,
}

/// Which terms a [`BagOfWords`] knows, and what they count. The defaults are those of scikit-learn's `TfidfVectorizer`.
///
/// ```
/// use tunebook::data::{BagOfWords, BagOfWordsConfig};
/// let config = BagOfWordsConfig { n_grams: (1, 2), ..BagOfWordsConfig::default() };
/// let bag = BagOfWords::fit(&["not good at all", "good"], &config)?;
/// assert!(bag.terms().contains(&"not good".to_owned()));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BagOfWordsConfig {
    /// The shortest and the longest runs of words that are terms: `(1, 1)` for words alone, `(1, 2)` for pairs as well.
    pub n_grams: (usize, usize),
    /// What a term counts.
    pub weight: TermWeight,
    /// A term must stand in so many training texts, 1 or more (`min_df`).
    pub min_texts: usize,
    /// A term may stand in this share of the training texts at most, above 0.0 up to 1.0 (`max_df`).
    pub max_share: f64,
    /// Only so many terms are kept, those that stand most often in all training texts together, of equals the first in the
    /// alphabet (`max_features`). `None`: all.
    pub max_terms: Option<usize>,
}

impl Default for BagOfWordsConfig {
    fn default() -> Self {
        Self { n_grams: (1, 1), weight: TermWeight::default(), min_texts: 1, max_share: 1.0, max_terms: None }
    }
}

impl BagOfWordsConfig {
    fn check(&self) -> Result<()> {
        let (shortest, longest) = self.n_grams;
        if shortest == 0 || longest < shortest {
            let problem = format!("there are no runs of {shortest} to {longest} words");
            return Err(Error::input("n_grams", problem, "give (1, 1) for words, (1, 2) for words and pairs"));
        }
        if self.min_texts == 0 {
            return Err(Error::input("min_texts", "a term stands in one text at least", "give 1 or more"));
        }
        if !(self.max_share > 0.0 && self.max_share <= 1.0) {
            let problem = format!("{} is not a share of the texts", self.max_share);
            return Err(Error::input("max_share", problem, "give a number above 0 and up to 1; 1 keeps all terms"));
        }
        if self.max_terms == Some(0) {
            return Err(Error::input("max_terms", "no term would be left", "give 1 or more, or None for all"));
        }
        Ok(())
    }
}

/// Texts as rows of numbers, one for each term of the training texts: scikit-learn's `TfidfVectorizer`, with which it
/// agrees.
///
/// A term is a run of words. A word is a run of two or more letters, digits and underscores, in lower case, so that
/// "don't" is `don`. Marks that are written over or beside a letter (in Devanagari, for one) belong to the word here;
/// Python cuts there. The order of the words is lost, and so is every word that no training text holds: that is what a
/// model which knows more than counts has to beat.
///
/// Fitted on the training texts only. Whoever fits it on all texts tells the model which words the test holds.
///
/// ```
/// use tunebook::data::{BagOfWords, BagOfWordsConfig};
///
/// let train = ["The disk is full", "Disk broken", "My invoice is wrong"];
/// let bag = BagOfWords::fit(&train, &BagOfWordsConfig::default())?;
/// assert_eq!(bag.terms(), ["broken", "disk", "full", "invoice", "is", "my", "the", "wrong"]);
///
/// let rows = bag.transform(&["disk full of invoices"])?; // "of" and "invoices" are unknown
/// assert_eq!((rows.len(), rows[0].len()), (1, 8));
/// assert!(rows[0][2] > rows[0][1]); // "full" is rarer than "disk", so it counts more
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BagOfWords {
    config: BagOfWordsConfig,
    /// In the order of their code points.
    terms: Vec<String>,
    column_of: HashMap<String, usize>,
    /// The inverse document frequency of each term.
    rarity: Vec<f64>,
    texts: usize,
}

impl BagOfWords {
    /// Learns the terms of the training texts, and how many texts hold each.
    ///
    /// # Errors
    /// For a setting out of its range, without texts, and when no term is left: texts without a word of two letters, or
    /// settings that leave every term out.
    pub fn fit<S: AsRef<str> + Sync>(texts: &[S], config: &BagOfWordsConfig) -> Result<Self> {
        config.check()?;
        if texts.is_empty() {
            return Err(Error::input("texts", "there are none to learn words from", "give the training texts"));
        }
        let counts: Vec<HashMap<String, usize>> =
            texts.par_iter().map(|text| counted(terms(text.as_ref(), config.n_grams))).collect();
        // How many texts hold a term, and how often it stands in all of them.
        let mut held: HashMap<String, (usize, usize)> = HashMap::new();
        for (term, count) in counts.into_iter().flatten() {
            let (texts, times) = held.entry(term).or_default();
            *texts += 1;
            *times += count;
        }
        if held.is_empty() {
            let (shortest, _) = config.n_grams;
            let problem = format!("no text has {shortest} words of two letters or digits");
            return Err(Error::input("texts", problem, "look at the texts: are they the right column?"));
        }
        let most = config.max_share * texts.len() as f64;
        let mut kept: Vec<(String, usize, usize)> = held
            .into_iter()
            .filter(|(_, (texts, _))| *texts >= config.min_texts && *texts as f64 <= most)
            .map(|(term, (texts, times))| (term, texts, times))
            .collect();
        if kept.is_empty() {
            let problem = format!("no term stands in {} texts and in no more than {most:.1}", config.min_texts);
            return Err(Error::input("min_texts and max_share", problem, "lower min_texts, or raise max_share"));
        }
        kept.sort_unstable_by(|(a, ..), (b, ..)| a.cmp(b));
        if let Some(limit) = config.max_terms {
            // Stable: of equals the first in the alphabet.
            kept.sort_by_key(|(.., times)| std::cmp::Reverse(*times));
            kept.truncate(limit);
            kept.sort_unstable_by(|(a, ..), (b, ..)| a.cmp(b));
        }
        let rarity = |holding: usize| ((1 + texts.len()) as f64 / (1 + holding) as f64).ln() + 1.0;
        Ok(Self {
            config: *config,
            column_of: kept.iter().zip(0..).map(|((term, ..), column)| (term.clone(), column)).collect(),
            rarity: kept.iter().map(|(_, holding, _)| rarity(*holding)).collect(),
            terms: kept.into_iter().map(|(term, ..)| term).collect(),
            texts: texts.len(),
        })
    }

    /// One row for each text, one number for each of the [`terms`](Self::terms), mostly 0: what a
    /// [`LogisticProbe`](super::LogisticProbe) takes. [`TextBaseline`] needs no such rows, and is faster.
    ///
    /// # Errors
    /// When the rows would fill more than a gibibyte of memory.
    pub fn transform<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Result<Vec<Vec<f32>>> {
        if texts.len().saturating_mul(self.terms.len()) > MOST_NUMBERS {
            let (rows, columns) = (grouped(texts.len()), grouped(self.terms.len()));
            return Err(Error::input(
                "texts",
                format!("{rows} rows of {columns} numbers fill more than a gibibyte"),
                "set max_terms (5,000 lose little), give fewer texts at once, or use a TextBaseline",
            ));
        }
        let dense = |text: &S| {
            let mut row = vec![0.0; self.terms.len()];
            for (column, weight) in self.sparse_row(text.as_ref()) {
                row[column] = weight as f32;
            }
            row
        };
        Ok(texts.par_iter().map(dense).collect())
    }

    /// The known terms of one text with what they count there, in the order of [`terms`](Self::terms), in double
    /// precision.
    ///
    /// ```
    /// use tunebook::data::{BagOfWords, BagOfWordsConfig};
    /// let bag = BagOfWords::fit(&["disk full", "disk lost"], &BagOfWordsConfig::default())?;
    /// let weights = bag.weights("Is the disk full?");
    /// assert_eq!(weights.iter().map(|(term, _)| term.as_str()).collect::<Vec<_>>(), ["disk", "full"]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn weights(&self, text: &str) -> Vec<(String, f64)> {
        self.sparse_row(text).into_iter().map(|(column, weight)| (self.terms[column].clone(), weight)).collect()
    }

    /// The terms, one for each column, in the order of their code points.
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// The share of a text's terms, each counted once, that the training texts hold; nothing for a text without terms.
    ///
    /// ```
    /// use tunebook::data::{BagOfWords, BagOfWordsConfig};
    /// let bag = BagOfWords::fit(&["disk full", "disk lost"], &BagOfWordsConfig::default())?;
    /// assert_eq!(bag.known_share("full disk, broken fan"), Some(0.5));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn known_share(&self, text: &str) -> Option<f64> {
        let counts = counted(terms(text, self.config.n_grams));
        let known = counts.keys().filter(|term| self.column_of.contains_key(*term)).count();
        (!counts.is_empty()).then(|| known as f64 / counts.len() as f64)
    }

    /// What evcxr calls when this value is the last expression of a cell: one line.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }

    /// The row of one text.
    pub(super) fn sparse_row(&self, text: &str) -> SparseRow {
        let mut row: SparseRow = counted(terms(text, self.config.n_grams))
            .into_iter()
            .filter_map(|(term, count)| Some((*self.column_of.get(&term)?, count as f64)))
            .collect();
        row.sort_unstable_by_key(|(column, _)| *column);
        if self.config.weight == TermWeight::Count {
            return row;
        }
        for (column, weight) in &mut row {
            if self.config.weight == TermWeight::SublinearTfIdf {
                *weight = 1.0 + weight.ln();
            }
            *weight *= self.rarity[*column];
        }
        let length = row.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
        for (_, weight) in &mut row {
            // Not 0: a row with a weight has a length.
            *weight /= length;
        }
        row
    }
}

/// One line: `a bag of 4,321 terms (1 to 2 words) from 815 texts`
impl fmt::Display for BagOfWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = match self.config.n_grams {
            (1, 1) => "words".to_owned(),
            (shortest, longest) if shortest == longest => format!("runs of {shortest} words"),
            (shortest, longest) => format!("runs of {shortest} to {longest} words"),
        };
        write!(f, "a bag of {} terms ({runs}) from {} texts", grouped(self.terms.len()), grouped(self.texts))
    }
}

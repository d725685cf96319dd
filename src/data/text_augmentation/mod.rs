//! Changed copies of training texts: what a text means does not depend on one word or a typo.
//!
//! Read [`TextAugmentation`] first: the list of changes, and what one copy of a text is. `synonyms.rs` holds the words that
//! may stand for each other, `typos.rs` the slips of fingers, `dataset.rs` what a data set does with all that: changed at
//! each training step, or enlarged once by copies.

mod dataset;
mod synonyms;
mod typos;

pub use dataset::AugmentationExamples;
pub(crate) use dataset::row_seed;
pub use synonyms::Synonyms;

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Error, Result};

/// Random changes to a text; every field is off by default. Choose those that leave the label true: a negation that is
/// deleted turns a review round.
///
/// The first four are the operations of easy data augmentation (EDA; Wei and Zou 2019, "EDA: Easy Data Augmentation
/// Techniques for Boosting Performance on Text Classification Tasks"), their fields its α; see [`eda`](Self::eda). The
/// changes come in the order of the fields. Words are what white space separates; punctuation around a word stays, and a
/// changed text has one space between words.
///
/// ```
/// use tunebook::data::{Synonyms, TextAugmentation};
///
/// let synonyms = Synonyms::new(&[&["quick", "fast"]])?;
/// let change = TextAugmentation { synonym_replacement: 0.2, synonyms, ..Default::default() };
/// assert_eq!(change.apply("Quick answers, as always.", 7)?, "Fast answers, as always.");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TextAugmentation {
    /// The share of words that are replaced by a synonym, 0 to 1; of words that have one, and one word at least.
    pub synonym_replacement: f32,
    /// The share of words, 0 to 1, for each of which a synonym of some word is put in somewhere; one at least.
    pub random_insertion: f32,
    /// The share of words, 0 to 1, for each of which two words change places; one pair at least.
    pub random_swap: f32,
    /// The chance that a word is left out, 0 to 1; one word always stays.
    pub random_deletion: f32,
    /// The chance that a word is hidden by the [`mask`](Self::mask), 0 to 1: word dropout, which keeps the place of a word
    /// and not the word (Iyyer and others 2015, "Deep Unordered Composition Rivals Syntactic Methods").
    pub word_dropout: f32,
    /// The chance that a letter becomes one beside it on an English keyboard, 0 to 1 (Belinkov and Bisk 2018, "Synthetic
    /// and Natural Noise Both Break Neural Machine Translation").
    pub keyboard: f32,
    /// The chance that a word of three letters or more gets a typo, 0 to 1: two neighbouring letters change places, or one
    /// is left out or doubled.
    pub typos: f32,
    /// Whether a text gets only one of the changes that are on, drawn at random, as in EDA; by default it gets all.
    pub one_at_a_time: bool,
    /// The chance that a text is changed at all, 0 to 1; 1 by default.
    pub chance: f32,
    /// Texts with fewer words stay as they are: in them each word counts. 4 by default.
    pub min_words: usize,
    /// The words that may stand for each other; [`Synonyms::english`] by default.
    pub synonyms: Synonyms,
    /// What hides a word; `[MASK]` by default, the word for that of BERT's family.
    pub mask: String,
}

impl Default for TextAugmentation {
    fn default() -> Self {
        Self {
            synonym_replacement: 0.0,
            random_insertion: 0.0,
            random_swap: 0.0,
            random_deletion: 0.0,
            word_dropout: 0.0,
            keyboard: 0.0,
            typos: 0.0,
            one_at_a_time: false,
            chance: 1.0,
            min_words: 4,
            synonyms: Synonyms::english(),
            mask: "[MASK]".to_owned(),
        }
    }
}

/// A change to the words of a text.
type Change = fn(&TextAugmentation, &mut Vec<String>, &mut ChaCha8Rng);

impl TextAugmentation {
    /// EDA as its paper does it: each copy gets one of the four operations, on the share `alpha` of its words. The paper
    /// recommends 0.05 for 500 rows and fewer.
    ///
    /// ```
    /// use tunebook::data::TextAugmentation;
    ///
    /// let eda = TextAugmentation::eda(0.05);
    /// assert!(eda.one_at_a_time && eda.random_swap == 0.05 && eda.typos == 0.0);
    /// ```
    pub fn eda(alpha: f32) -> Self {
        Self {
            synonym_replacement: alpha,
            random_insertion: alpha,
            random_swap: alpha,
            random_deletion: alpha,
            one_at_a_time: true,
            ..Self::default()
        }
    }

    /// Whether every value is in its range.
    ///
    /// # Errors
    /// For the first field that is not, by name, with the range; and when synonyms are needed and there are none.
    ///
    /// ```
    /// use tunebook::data::TextAugmentation;
    ///
    /// let error = TextAugmentation { random_swap: 1.5, ..Default::default() }.check().unwrap_err();
    /// assert_eq!(error.to_string(), "TextAugmentation::random_swap: is 1.5; give a number from 0 to 1");
    /// ```
    pub fn check(&self) -> Result<()> {
        let fields = [
            ("synonym_replacement", self.synonym_replacement),
            ("random_insertion", self.random_insertion),
            ("random_swap", self.random_swap),
            ("random_deletion", self.random_deletion),
            ("word_dropout", self.word_dropout),
            ("keyboard", self.keyboard),
            ("typos", self.typos),
            ("chance", self.chance),
        ];
        if let Some((name, value)) = fields.into_iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
            let place = format!("TextAugmentation::{name}");
            return Err(Error::input(place, format!("is {value}"), "give a number from 0 to 1"));
        }
        if self.synonyms.is_empty() && (self.synonym_replacement > 0.0 || self.random_insertion > 0.0) {
            let mend = "give a table of synonyms, or set synonym_replacement and random_insertion to 0.0";
            return Err(Error::input("TextAugmentation::synonyms", "the table is empty", mend));
        }
        if self.word_dropout > 0.0 && self.mask.trim().is_empty() {
            let mend = "give the mask token of the tokenizer, or use random_deletion";
            return Err(Error::input("TextAugmentation::mask", "there is no word in it", mend));
        }
        Ok(())
    }

    /// One changed copy of a text, decided by `seed` alone. A text that no change touches comes back letter by letter.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub fn apply(&self, text: &str, seed: u64) -> Result<String> {
        self.check()?;
        Ok(self.changed(text, seed))
    }

    /// The same for checked settings.
    pub(crate) fn changed(&self, text: &str, seed: u64) -> String {
        let before: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let mut choice = ChaCha8Rng::seed_from_u64(seed);
        if before.len() < self.min_words.max(1) || choice.random::<f32>() >= self.chance {
            return text.to_owned();
        }
        let changes: [(f32, Change); 7] = [
            (self.synonym_replacement, Self::replace),
            (self.random_insertion, Self::insert),
            (self.random_swap, Self::swap),
            (self.random_deletion, Self::delete),
            (self.word_dropout, Self::hide),
            (self.keyboard, typos::press_neighbours),
            (self.typos, typos::misspell),
        ];
        let mut on: Vec<usize> = (0..changes.len()).filter(|&at| changes[at].0 > 0.0).collect();
        if self.one_at_a_time {
            on = on.choose(&mut choice).copied().into_iter().collect();
        }
        let mut words = before.clone();
        for at in on {
            // Each change draws from numbers of its own: turning one on leaves the others as they were.
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(at as u64 + 1);
            changes[at].1(self, &mut words, &mut rng);
        }
        if words == before { text.to_owned() } else { words.join(" ") }
    }

    #[allow(clippy::ptr_arg, reason = "all changes have one signature")]
    fn replace(&self, words: &mut Vec<String>, rng: &mut ChaCha8Rng) {
        let mut places: Vec<usize> = (0..words.len()).filter(|&at| self.synonyms.has(&words[at])).collect();
        places.shuffle(rng);
        for at in places.into_iter().take(share_of(self.synonym_replacement, words.len())) {
            if let Some(synonym) = self.synonyms.in_place_of(&words[at], rng) {
                words[at] = synonym;
            }
        }
    }

    fn insert(&self, words: &mut Vec<String>, rng: &mut ChaCha8Rng) {
        let sources: Vec<String> = words.iter().filter(|word| self.synonyms.has(word)).cloned().collect();
        for _ in 0..share_of(self.random_insertion, words.len()) {
            let Some(synonym) = sources.choose(rng).and_then(|word| self.synonyms.draw(word, rng)) else { return };
            let at = rng.random_range(0..=words.len());
            words.insert(at, synonym);
        }
    }

    #[allow(clippy::ptr_arg, reason = "all changes have one signature")]
    fn swap(&self, words: &mut Vec<String>, rng: &mut ChaCha8Rng) {
        let count = words.len();
        if count < 2 {
            return;
        }
        for _ in 0..share_of(self.random_swap, count) {
            let first = rng.random_range(0..count);
            words.swap(first, (first + rng.random_range(1..count)) % count);
        }
    }

    fn delete(&self, words: &mut Vec<String>, rng: &mut ChaCha8Rng) {
        let kept: Vec<String> = words.iter().filter(|_| rng.random::<f32>() >= self.random_deletion).cloned().collect();
        *words = if kept.is_empty() { words.choose(rng).cloned().into_iter().collect() } else { kept };
    }

    #[allow(clippy::ptr_arg, reason = "all changes have one signature")]
    fn hide(&self, words: &mut Vec<String>, rng: &mut ChaCha8Rng) {
        for word in words {
            if rng.random::<f32>() < self.word_dropout {
                word.clone_from(&self.mask);
            }
        }
    }
}

/// How many of `words` words a share is: one at least.
fn share_of(share: f32, words: usize) -> usize {
    ((share * words as f32) as usize).max(1)
}

#[cfg(test)]
mod tests;

//! Words that may stand for each other.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::{Error, Result};

/// A small table of everyday English, one group a line. Its words mean the same in nearly every sentence, and none of a
/// group is kinder or harsher than the others.
const ENGLISH: &str = include_str!("english.txt");

/// Groups of words that mean the same. Case does not count, and a replacement takes the case of the word it replaces.
///
/// ```
/// use tunebook::data::Synonyms;
///
/// let synonyms = Synonyms::new(&[&["film", "movie", "picture"]])?;
/// assert_eq!(synonyms.of("Movie,"), ["film", "picture"]);
/// assert!(Synonyms::english().of("big").contains(&"large".to_owned()));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Synonyms {
    /// For each word, in lower case, the others of its groups.
    others: Arc<BTreeMap<String, Vec<String>>>,
}

impl Synonyms {
    /// A table of the groups. A word may be in several: any word of them may replace it.
    ///
    /// # Errors
    /// For a group of fewer than two different words, and a word that is empty or has white space in it.
    pub fn new(groups: &[&[&str]]) -> Result<Self> {
        let groups = groups.iter().enumerate().map(|(at, group)| (format!("group {at} of synonyms"), group.to_vec()));
        Self::of_groups(groups)
    }

    /// Reads a table of one's own: one group a line, words separated by commas; empty lines and lines that begin with `#`
    /// are passed over.
    ///
    /// # Errors
    /// When the file cannot be read as UTF-8, and for a line that is no group as in [`new`](Self::new); the message names
    /// the line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|problem| Error::io(path, problem))?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// The table inside the library: some two hundred everyday words. WordNet has far more; give a table of the words of
    /// your own texts for more than a little variety.
    pub fn english() -> Self {
        // The table is checked by a test.
        Self::parse("english synonyms", ENGLISH).unwrap_or_default()
    }

    fn parse(place: &str, text: &str) -> Result<Self> {
        let lines = (1..).zip(text.trim_start_matches('\u{feff}').lines().map(str::trim));
        let groups = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        Self::of_groups(
            groups.map(|(number, line)| (format!("{place}, line {number}"), line.split(',').map(str::trim).collect())),
        )
    }

    fn of_groups<'a>(groups: impl Iterator<Item = (String, Vec<&'a str>)>) -> Result<Self> {
        let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (place, group) in groups {
            if let Some(bad) = group.iter().find(|word| word.is_empty() || word.contains(char::is_whitespace)) {
                return Err(Error::input(place, format!("\"{bad}\" is not one word"), "give single words"));
            }
            let mut words: Vec<String> = group.iter().map(|word| word.to_lowercase()).collect();
            words.sort();
            words.dedup();
            if words.len() < 2 {
                return Err(Error::input(place, "it has fewer than two words", "give two words that mean the same"));
            }
            for word in &words {
                let list = others.entry(word.clone()).or_default();
                list.extend(words.iter().filter(|other| *other != word).cloned());
                list.sort();
                list.dedup();
            }
        }
        Ok(Self { others: Arc::new(others) })
    }

    /// Whether there are no words.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty()
    }

    /// How many words have a synonym.
    pub fn len(&self) -> usize {
        self.others.len()
    }

    /// The synonyms of a word, sorted; punctuation around it does not count.
    pub fn of(&self, word: &str) -> &[String] {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        self.others.get(&core).map_or(&[], Vec::as_slice)
    }

    pub(super) fn has(&self, word: &str) -> bool {
        !self.of(word).is_empty()
    }

    pub(super) fn draw(&self, word: &str, rng: &mut ChaCha8Rng) -> Option<String> {
        self.of(word).choose(rng).cloned()
    }

    /// A synonym with the punctuation and the case of the word.
    pub(super) fn in_place_of(&self, word: &str, rng: &mut ChaCha8Rng) -> Option<String> {
        let synonym = self.draw(word, rng)?;
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        let start = word.find(core)?;
        let upper = |c: char| c.is_uppercase() || !c.is_alphabetic();
        let cased = if core.chars().count() > 1 && core.chars().all(upper) {
            synonym.to_uppercase()
        } else if core.starts_with(char::is_uppercase) {
            let mut letters = synonym.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
        } else {
            synonym
        };
        Some(format!("{}{cased}{}", &word[..start], &word[start + core.len()..]))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_english_table_is_whole() {
        let table = Synonyms::parse("english", ENGLISH).unwrap();
        assert_eq!(table, Synonyms::english());
        assert!(table.len() > 200, "{}", table.len());
        // What turns a sentence round is not among them.
        for word in ["not", "no", "never", "good", "bad", "n't"] {
            assert!(table.of(word).is_empty(), "{word}");
        }
    }

    #[test]
    fn replacements_keep_case_and_punctuation() {
        let table = Synonyms::new(&[&["Movie", "film"]]).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let replaced: Vec<String> = ["movie", "(Movie!)", "MOVIE...", "film's", "\u{201e}Film\u{201c}"]
            .iter()
            .map(|word| table.in_place_of(word, &mut rng).unwrap_or_default())
            .collect();
        assert_eq!(replaced, ["film", "(Film!)", "FILM...", "", "\u{201e}Movie\u{201c}"]);
    }

    #[test]
    fn what_is_no_group_is_named() {
        let error = |groups: &[&[&str]]| Synonyms::new(groups).unwrap_err().to_string();
        assert!(error(&[&["a", "b"], &["c"]]).contains("group 1 of synonyms: it has fewer than two"));
        assert!(error(&[&["a", "A"]]).contains("fewer than two"));
        assert!(error(&[&["a", "two words"]]).contains("\"two words\" is not one word"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words.txt");
        std::fs::write(&path, "# mine\n\nticket, issue\nonly\n").unwrap();
        assert!(Synonyms::read(&path).unwrap_err().to_string().contains("words.txt, line 4"));
        std::fs::write(&path, "# mine\nticket, issue, case\n").unwrap();
        assert_eq!(Synonyms::read(&path).unwrap().of("Issue"), ["case", "ticket"]);
    }
}

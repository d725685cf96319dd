//! Words in a row that two texts share.

use std::collections::{BTreeSet, HashMap};

/// So many words in a row make two texts one source's.
const GRAM: usize = 8;

/// Every eight words in a row, as `models/recipe/corpus.py` counts words.
pub(crate) fn eight_grams(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.windows(GRAM).map(|eight| eight.join(" ")).collect()
}

/// Those of the held-out rows that say something of their own: eight words or more, of which no eight in a row stand in a
/// row to train on. (The corpus has sentences alone and beside their neighbour, so a part of the others does.)
pub(crate) fn unshared(passages: &[String], held_out: &[usize], train: &[usize]) -> Vec<usize> {
    let mut owners: HashMap<String, Vec<usize>> = HashMap::new();
    for &row in held_out {
        for gram in eight_grams(&passages[row]) {
            owners.entry(gram).or_default().push(row);
        }
    }
    let mut own: BTreeSet<usize> = owners.values().flatten().copied().collect();
    for &row in train {
        for gram in eight_grams(&passages[row]) {
            for owner in owners.get(&gram).into_iter().flatten() {
                own.remove(owner);
            }
        }
    }
    own.into_iter().collect()
}

//! How a text is cut into terms: scikit-learn's `token_pattern=r"(?u)\b\w\w+\b"`, and its n-grams.

use std::collections::HashMap;

/// The words of a text in lower case: runs of two or more letters, digits and underscores.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.chars().nth(1).is_some())
        .map(str::to_owned)
        .collect()
}

/// The runs of `shortest` to `longest` words, with one space between the words.
pub(super) fn terms(text: &str, (shortest, longest): (usize, usize)) -> Vec<String> {
    let words = words(text);
    if (shortest, longest) == (1, 1) {
        return words;
    }
    (shortest..=longest.min(words.len())).flat_map(|length| words.windows(length).map(|run| run.join(" "))).collect()
}

/// How often each term stands in the list.
pub(super) fn counted(terms: Vec<String>) -> HashMap<String, usize> {
    let mut counts = HashMap::with_capacity(terms.len());
    for term in terms {
        *counts.entry(term).or_default() += 1;
    }
    counts
}

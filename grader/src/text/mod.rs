//! From what a learner typed to words that can be compared.
//!
//! Read in this order: `token` cuts a text into sentences of words and keeps where each stood; `normal` brings one
//! word to its comparable form (spelling, irregular forms, stem); `words` holds the word lists; `distance` allows
//! for typos; `synonyms` replaces what a quiz declares to be the same.

pub(crate) mod distance;
pub(crate) mod normal;
pub(crate) mod synonyms;
pub(crate) mod token;
pub(crate) mod words;

pub(crate) use synonyms::Synonyms;
pub(crate) use token::{Sentence, Token, sentences};

/// A text in pieces: its sentences after joins and synonyms.
pub(crate) fn analyse(text: &str, synonyms: &Synonyms) -> Vec<Sentence> {
    let mut all = sentences(text);
    for sentence in &mut all {
        sentence.tokens = synonyms.apply(&sentence.tokens);
    }
    all
}

/// A text fit for a page or a terminal: control and bidirectional override characters become spaces, runs of white
/// space become one space.
pub(crate) fn printable(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| {
            let overrides = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}');
            if c.is_control() || overrides { ' ' } else { c }
        })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

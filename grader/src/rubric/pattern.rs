//! One wording of a key point, and where it is found in a sentence.
//!
//! A wording is words in the order in which a learner would say them: `small steps keep knowledge`. Function words
//! don't count. `(keep|protect)` or `keep|protect` lists alternatives, `...` allows any distance within the sentence;
//! otherwise at most two words of content may stand between one word and the next; `^` at the front asks for
//! the beginning of a sentence.

use std::collections::BTreeSet;

use crate::text::distance::{is_typo_of, is_typo_of_stem};
use crate::text::{Sentence, Synonyms, Token, words};

/// How many words of content may stand between two words of a wording.
const GAP: usize = 2;
/// How many words in all, function words included.
const REACH: usize = 7;

/// A wording made ready: elements in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    elements: Vec<Element>,
    /// Only as the first words of a sentence.
    opens: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Element {
    /// Each alternative is one word or more.
    alternatives: Vec<Vec<Token>>,
    /// Any distance to the element before.
    wide: bool,
}

/// Where a wording stands in a sentence: the positions of its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub at: Vec<usize>,
}

impl Found {
    pub(crate) fn first(&self) -> usize {
        self.at[0]
    }

    pub(crate) fn last(&self) -> usize {
        self.at[self.at.len() - 1]
    }
}

impl Pattern {
    /// Reads a wording; the error says what is wrong with it.
    pub(crate) fn parse(wording: &str, synonyms: &Synonyms) -> Result<Self, String> {
        let mut elements: Vec<Element> = Vec::new();
        let mut wide = false;
        let (opens, wording) = match wording.trim_start().strip_prefix('^') {
            Some(rest) => (true, rest),
            None => (false, wording),
        };
        for piece in pieces(wording)? {
            match piece {
                Piece::Wide => wide = true,
                Piece::Words(text) => {
                    for token in meaning(&text, synonyms) {
                        elements.push(Element { alternatives: vec![vec![token]], wide: std::mem::take(&mut wide) });
                    }
                }
                Piece::Group(options) => {
                    let alternatives: Vec<Vec<Token>> = options.iter().map(|o| meaning(o, synonyms)).collect();
                    if let Some(i) = alternatives.iter().position(Vec::is_empty) {
                        return Err(format!("the alternative `{}` has no word that counts", options[i].trim()));
                    }
                    elements.push(Element { alternatives, wide: std::mem::take(&mut wide) });
                }
            }
        }
        if elements.iter().all(|e| e.alternatives.iter().flatten().all(Token::is_negator)) {
            return Err("it has no word that counts: function words alone match nothing".into());
        }
        Ok(Self { elements, opens })
    }

    /// Whether every way to say this wording uses nothing but the given words.
    pub(crate) fn is_within(&self, bases: &BTreeSet<String>) -> bool {
        self.elements.iter().all(|e| e.alternatives.iter().all(|a| a.iter().all(|t| bases.contains(&t.base))))
    }

    /// Every word it knows.
    pub(crate) fn bases(&self) -> impl Iterator<Item = &str> {
        self.elements.iter().flat_map(|e| e.alternatives.iter().flatten()).map(|t| t.base.as_str())
    }

    /// Each place where the wording stands in the sentence, at most one for each first word.
    pub(crate) fn find(&self, sentence: &Sentence, vocabulary: &BTreeSet<String>) -> Vec<Found> {
        let search = Search { tokens: &sentence.tokens, vocabulary };
        let first = sentence.tokens.iter().position(|t| !t.is_stop()).unwrap_or(0);
        let starts = if self.opens { first..sentence.tokens.len().min(first + 1) } else { 0..sentence.tokens.len() };
        starts.filter_map(|start| search.from(&self.elements, start)).collect()
    }

    /// The best part of the wording that stands in one sentence in any order: found and all elements.
    pub(crate) fn coverage(&self, sentence: &Sentence, vocabulary: &BTreeSet<String>) -> (usize, usize) {
        let search = Search { tokens: &sentence.tokens, vocabulary };
        let found =
            self.elements.iter().filter(|e| (0..sentence.tokens.len()).any(|i| search.ends(e, i).next().is_some()));
        (found.count(), self.elements.len())
    }
}

struct Search<'a> {
    tokens: &'a [Token],
    vocabulary: &'a BTreeSet<String>,
}

impl Search<'_> {
    /// The wording with its first word exactly at `start`. Breadth first over the positions an element can end at, with
    /// the way back kept, so that the work stays within elements times positions squared.
    fn from(&self, elements: &[Element], start: usize) -> Option<Found> {
        let (first, rest) = elements.split_first()?;
        let mut ways: Vec<Vec<usize>> = self.ends(first, start).collect();
        for element in rest {
            let mut next: Vec<Vec<usize>> = Vec::new();
            for way in &ways {
                let last = way[way.len() - 1];
                let limit = if element.wide { self.tokens.len() } else { self.reach(last) };
                for at in last + 1..limit {
                    for end in self.ends(element, at) {
                        let stop = end[end.len() - 1];
                        if next.iter().all(|w| w[w.len() - 1] != stop) {
                            next.push(way.iter().chain(&end).copied().collect());
                        }
                    }
                }
            }
            ways = next;
            if ways.is_empty() {
                return None;
            }
        }
        ways.into_iter().min_by_key(|w| w[w.len() - 1]).map(|at| Found { at })
    }

    /// The first position out of reach of the word at `last`.
    fn reach(&self, last: usize) -> usize {
        let mut skipped = 0;
        for at in last + 1..self.tokens.len().min(last + 1 + REACH) {
            let token = &self.tokens[at];
            let light = token.is_stop() || token.is_negator() || words::is_light(&token.base);
            let leaves_clause = words::is_clause_break(&token.word);
            skipped += usize::from(!light) + usize::from(token.after_comma && !light) + usize::from(leaves_clause);
            if skipped > GAP {
                // The token that uses up the gap can itself be the next word.
                return at + 1;
            }
        }
        self.tokens.len().min(last + 1 + REACH)
    }

    /// The positions of the words of each alternative that begins at `at`.
    fn ends<'e>(&'e self, element: &'e Element, at: usize) -> impl Iterator<Item = Vec<usize>> + 'e {
        element.alternatives.iter().filter_map(move |words| {
            let mut positions = Vec::with_capacity(words.len());
            let mut here = at;
            for (i, word) in words.iter().enumerate() {
                if i > 0 {
                    here += 1;
                    while self.tokens.get(here).is_some_and(Token::is_stop) {
                        here += 1;
                    }
                }
                if !self.same(self.tokens.get(here)?, word) {
                    return None;
                }
                positions.push(here);
            }
            Some(positions)
        })
    }

    fn same(&self, typed: &Token, meant: &Token) -> bool {
        if meant.is_negator() {
            return typed.is_negator();
        }
        if typed.base == meant.base {
            return true;
        }
        // A slip keeps the first letter; this also spares nearly every pair the look at its letters.
        !typed.base.is_empty()
            && typed.word.chars().next() == meant.word.chars().next()
            && !typed.is_stop()
            && !typed.is_negator()
            && !self.vocabulary.contains(&typed.base)
            && (is_typo_of(&typed.word, &meant.word) || is_typo_of_stem(&typed.base, &meant.base))
    }
}

enum Piece {
    Words(String),
    Group(Vec<String>),
    Wide,
}

/// Cuts a wording into plain words, groups of alternatives and `...`.
fn pieces(wording: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let wording = wording.replace('\u{2026}', "...");
    let mut rest = wording.as_str();
    while !rest.trim_start().is_empty() {
        let text = rest.trim_start();
        if let Some(after) = text.strip_prefix("...") {
            pieces.push(Piece::Wide);
            rest = after;
        } else if let Some(after) = text.strip_prefix('(') {
            let (inside, after) =
                after.split_once(')').ok_or("a bracket is opened and not closed: write `(keep|protect)`")?;
            if inside.contains('(') {
                return Err("brackets cannot stand inside brackets: write the alternatives out".into());
            }
            pieces.push(Piece::Group(inside.split('|').map(str::to_owned).collect()));
            rest = after;
        } else {
            let end = text.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(text.len());
            let end = text.find("...").map_or(end, |dots| end.min(dots));
            let (word, after) = text.split_at(end);
            if word.contains(')') {
                return Err("a bracket is closed that was not opened".into());
            }
            if word.contains('|') {
                pieces.push(Piece::Group(word.split('|').map(str::to_owned).collect()));
            } else if let Some(Piece::Words(words)) = pieces.last_mut() {
                // Neighbours stay together, so that `data set` and `instead of` are joined.
                words.push(' ');
                words.push_str(word);
            } else {
                pieces.push(Piece::Words(word.to_owned()));
            }
            rest = after;
        }
    }
    Ok(pieces)
}

/// The words of a phrase that count: content and negators.
fn meaning(text: &str, synonyms: &Synonyms) -> Vec<Token> {
    synonyms.apply(&crate::text::synonyms::phrase(text)).into_iter().filter(|t| !t.is_stop()).collect()
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use crate::text::{Synonyms, analyse};
    use std::collections::BTreeSet;

    fn found(wording: &str, answer: &str) -> bool {
        let synonyms = Synonyms::default();
        let pattern = Pattern::parse(wording, &synonyms).unwrap();
        let vocabulary: BTreeSet<String> = pattern.bases().map(str::to_owned).collect();
        analyse(answer, &synonyms).iter().any(|s| !pattern.find(s, &vocabulary).is_empty())
    }

    #[test]
    fn order_and_distance_count() {
        assert!(found("validation loss up", "The validation loss then keeps going up."));
        assert!(!found("validation loss up", "The loss is up on validation"));
        assert!(!found("validation loss up", "validation loss falls while the training loss goes up"));
        assert!(found("validation ... up", "validation loss falls at first and later it turns round and goes up"));
    }

    #[test]
    fn a_wording_can_ask_for_the_beginning() {
        assert!(found("^full", "Full. Enough data."));
        assert!(found("^full", "The full one"));
        assert!(!found("^full", "tickets full of jargon"));
    }

    #[test]
    fn alternatives_and_typos() {
        assert!(found(
            "(keep|not destroy) pretrained knowledge|weights",
            "this doesn't destroy the pre-trianed weights"
        ));
        assert!(found("freeze encoder", "you are freezing the encoder"));
        assert!(!found("freeze encoder", "you are unfreezing the encoder"));
    }

    #[test]
    fn bad_wordings_are_refused() {
        for bad in ["", "the of", "not", "(a|b", "keep) it", "((a|b)|c)", "(keep|the) x"] {
            assert!(Pattern::parse(bad, &Synonyms::default()).is_err(), "{bad}");
        }
    }
}

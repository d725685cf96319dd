//! What a quiz declares to be the same: groups of words and phrases, replaced by the first of the group.

use super::token::{Token, sentences};

/// The groups, longest phrase first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Synonyms {
    /// Comparable forms of the phrase, and the words that replace it.
    rules: Vec<(Vec<String>, Vec<String>)>,
}

impl Synonyms {
    /// From groups such as `["learning rate", "lr", "step size"]`.
    pub(crate) fn new<'a>(groups: impl Iterator<Item = &'a [String]>) -> Self {
        let mut rules = Vec::new();
        for group in groups {
            let Some((first, rest)) = group.split_first() else { continue };
            let replacement: Vec<String> = phrase(first).into_iter().map(|t| t.word).collect();
            for other in rest {
                rules.push((phrase(other).into_iter().map(|t| t.base).collect(), replacement.clone()));
            }
        }
        rules.retain(|(from, to): &(Vec<String>, Vec<String>)| !from.is_empty() && !to.is_empty());
        rules.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        Self { rules }
    }

    /// Replaces each phrase; the new words keep the place of the old ones.
    pub(crate) fn apply(&self, tokens: &[Token]) -> Vec<Token> {
        let mut out = Vec::with_capacity(tokens.len());
        let mut at = 0;
        while at < tokens.len() {
            let rule = self.rules.iter().find(|(from, _)| {
                tokens.len() - at >= from.len() && from.iter().zip(&tokens[at..]).all(|(base, t)| *base == t.base)
            });
            if let Some((from, to)) = rule {
                let (start, end) = (tokens[at].start, tokens[at + from.len() - 1].end);
                for (i, word) in to.iter().enumerate() {
                    out.push(Token::new(word.clone(), start, end, i == 0 && tokens[at].after_comma));
                }
                at += from.len();
            } else {
                out.push(tokens[at].clone());
                at += 1;
            }
        }
        out
    }
}

/// The words of a phrase that is one sentence or less.
pub(crate) fn phrase(text: &str) -> Vec<Token> {
    sentences(text).into_iter().flat_map(|s| s.tokens).collect()
}

#[cfg(test)]
mod tests {
    use super::{Synonyms, phrase};

    #[test]
    fn a_group_becomes_its_first_phrase() {
        let group = ["learning rate".to_owned(), "lr".to_owned(), "step size".to_owned()];
        let synonyms = Synonyms::new([group.as_slice()].into_iter());
        let words: Vec<String> =
            synonyms.apply(&phrase("A small LR or step sizes")).into_iter().map(|t| t.word).collect();
        assert_eq!(words, ["a", "small", "learning", "rate", "or", "learning", "rate"]);
    }
}

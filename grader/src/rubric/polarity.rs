//! Whether a wording that was found is said, denied or left open.

use super::pattern::Found;
use crate::text::{Sentence, words};

/// What the sentence does with the words found in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Polarity {
    /// It says so.
    Said,
    /// It says the opposite.
    Denied,
    /// It cannot be told; the reason, as words for a person.
    Open(&'static str),
}

/// How far a preposition such as `without` reaches, in words.
const PREPOSITION_REACH: usize = 5;

/// The polarity of `found` within its sentence, and nothing beyond it.
pub(crate) fn in_sentence(sentence: &Sentence, found: &Found) -> Polarity {
    let listed = sentence.words();
    if sentence.asks {
        return Polarity::Open("it is asked, not said");
    }
    if words::is_guess(&listed) {
        return Polarity::Open("it is said to be a guess");
    }
    let hedges = listed.iter().filter(|w| words::is_hedge(w)).count();
    if hedges > 1 || hedges == 1 && listed.contains(&"or") {
        return Polarity::Open("several things are offered as possible");
    }
    let mut denials = negators_over(sentence, found);
    match denial_over(sentence, found) {
        Polarity::Denied => denials += 1,
        Polarity::Open(why) => return Polarity::Open(why),
        Polarity::Said => {}
    }
    match denials {
        0 => Polarity::Said,
        1 => Polarity::Denied,
        _ => Polarity::Open("it is negated twice"),
    }
}

/// How many negators that the wording does not name itself reach the words found.
fn negators_over(sentence: &Sentence, found: &Found) -> usize {
    let denial = words::denial(&sentence.words());
    let in_denial = |at: usize| denial.is_some_and(|(start, len)| (start..start + len).contains(&at));
    (0..found.last())
        .filter(|&at| !found.at.contains(&at) && !in_denial(at))
        .filter(|&at| {
            let negates =
                sentence.tokens[at].is_negator() && (at > found.first() || reaches(sentence, at, found.first()));
            negates || ends_next(sentence, at, found)
        })
        .count()
}

/// Whether the verb at `at` takes back the found word that follows it (`stops improving`).
fn ends_next(sentence: &Sentence, at: usize, found: &Found) -> bool {
    // `early stopping and weight decay` lists two things; only small words may stand between verb and verb.
    let small = |i: &usize| matches!(sentence.tokens[*i].word.as_str(), "to" | "the" | "from" | "being");
    let next = (at + 1..sentence.tokens.len()).find(|i| !small(i));
    words::is_ender(&sentence.tokens[at].base) && next.is_some_and(|i| found.at.contains(&i))
}

/// Whether the negator at `from` reaches the word at `to`, which stands after it.
fn reaches(sentence: &Sentence, from: usize, to: usize) -> bool {
    let preposition =
        matches!(sentence.tokens[from].word.as_str(), "without" | "instead_of" | "rather_than" | "unlike");
    if preposition && to - from > PREPOSITION_REACH {
        return false;
    }
    (from + 1..=to).all(|at| {
        let token = &sentence.tokens[at];
        // Directly after the negator (`not because`) a clause word belongs to what is negated.
        at == from + 1 || !token.after_comma && !words::is_clause_break(&token.word)
    })
}

/// What a denial of the whole sentence (`it is not true that`) does to the words found.
fn denial_over(sentence: &Sentence, found: &Found) -> Polarity {
    let listed = sentence.words();
    let Some((start, len)) = words::denial(&listed) else { return Polarity::Said };
    if found.at.iter().any(|at| (start..start + len).contains(at)) {
        return Polarity::Open("its negation is a denial of the whole sentence");
    }
    let (after, before) = (found.first() > start, found.last() < start);
    let between = if before { found.last() + 1..start } else { start + len..found.first().max(start + len) };
    let turns = |at: usize| {
        let token = &sentence.tokens[at];
        matches!(token.word.as_str(), "but" | "however" | "instead" | "rather")
    };
    let comma = (between.start + 1..=between.end).any(|at| sentence.tokens.get(at).is_some_and(|t| t.after_comma));
    if between.clone().any(turns) || after && comma {
        // `It is not true that A, but B`: whether B is the learner's own is for a person.
        Polarity::Open("a denial stands beside it")
    } else {
        Polarity::Denied
    }
}

/// Which sentences another sentence takes back: all after an opening `It is not true that ...`, all before a closing
/// `That is wrong.`; the caller says whether the opening denial hits a known mistake, which makes it a good sentence.
pub(crate) fn taken_back(sentences: &[Sentence], opening_is_fair: bool) -> Vec<bool> {
    let mut taken = vec![false; sentences.len()];
    if !opening_is_fair && opens_with_denial(sentences) {
        taken.iter_mut().skip(1).for_each(|t| *t = true);
    }
    for (i, sentence) in sentences.iter().enumerate().skip(1) {
        let listed = sentence.words();
        let points_back = matches!(listed[0], "this" | "that" | "it" | "these" | "all" | "none" | "everything");
        if points_back && listed.len() <= 8 && words::denial(&listed).is_some() {
            taken[..i].iter_mut().for_each(|t| *t = true);
        }
    }
    taken
}

/// Whether the first sentence begins by denying.
pub(crate) fn opens_with_denial(sentences: &[Sentence]) -> bool {
    sentences.first().is_some_and(|s| words::denial(&s.words()).is_some_and(|(start, _)| start <= 4))
}

#[cfg(test)]
mod tests {
    use super::{Polarity, in_sentence};
    use crate::rubric::pattern::Pattern;
    use crate::text::{Synonyms, analyse};
    use std::collections::BTreeSet;

    fn polarity(wording: &str, answer: &str) -> Polarity {
        let pattern = Pattern::parse(wording, &Synonyms::default()).unwrap();
        let sentence = &analyse(answer, &Synonyms::default())[0];
        in_sentence(sentence, &pattern.find(sentence, &BTreeSet::new())[0])
    }

    #[test]
    fn what_is_said() {
        for answer in [
            "it freezes the encoder",
            "it is not fast but it freezes the encoder",
            "not only does it freeze the encoder, it is fast",
            "without much memory, so we freeze the encoder",
            "maybe it freezes the encoder",
            "once the loss stops falling it freezes the encoder",
            "early stopping and freezing the encoder",
        ] {
            assert_eq!(polarity("freeze encoder", answer), Polarity::Said, "{answer}");
        }
        assert_eq!(polarity("not freeze encoder", "it doesn't freeze the encoder"), Polarity::Said);
    }

    #[test]
    fn what_is_denied() {
        for answer in [
            "it does not freeze the encoder",
            "It is not true that you freeze the encoder",
            "it trains the head instead of freezing the encoder",
            "not because you freeze the encoder",
            "the claim that you freeze the encoder is false",
            "you never freeze the encoder",
            "it stops freezing the encoder",
        ] {
            assert_eq!(polarity("freeze encoder", answer), Polarity::Denied, "{answer}");
        }
    }

    #[test]
    fn what_is_left_open() {
        for answer in [
            "does it freeze the encoder?",
            "I'm not sure, it freezes the encoder",
            "maybe it freezes the encoder or maybe the head",
            "It is not true that it is fast, it freezes the encoder",
            "It is not untrue that it does not freeze the encoder",
        ] {
            assert!(matches!(polarity("freeze encoder", answer), Polarity::Open(_)), "{answer}");
        }
    }
}

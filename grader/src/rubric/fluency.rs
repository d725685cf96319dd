//! Whether words stand in an order that a person would write: keyword lists and shuffled sentences do not.

use crate::text::{Sentence, words};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Article,
    Preposition,
    Be,
    Modal,
    Helper,
    Joiner,
    Pronoun,
    Other,
}

fn class(word: &str) -> Class {
    match word {
        // `a` is left out: it names bulbs, layers and cases.
        "an" | "the" | "its" | "their" | "your" | "my" | "our" | "every" => Class::Article,
        "of" | "to" | "in" | "on" | "at" | "for" | "with" | "by" | "from" | "into" | "between" | "than" => {
            Class::Preposition
        }
        "is" | "are" | "was" | "were" | "be" | "been" | "am" => Class::Be,
        "will" | "would" | "can" | "could" | "should" | "must" | "may" | "might" => Class::Modal,
        "does" | "did" | "has" | "have" | "had" => Class::Helper,
        "and" | "or" | "but" | "because" | "if" | "which" | "so" => Class::Joiner,
        "it" | "they" | "we" | "you" | "he" | "she" | "i" | "there" => Class::Pronoun,
        _ => Class::Other,
    }
}

/// Pairs of neighbours that English does not put together. Learners drop words, so only sure cases are listed.
fn clash(left: &str, right: Option<&str>) -> bool {
    use Class::{Article, Be, Helper, Joiner, Modal, Preposition, Pronoun};
    let Some(right) = right else {
        return matches!(class(left), Article | Joiner | Modal) || matches!(left, "of" | "than" | "from");
    };
    let article_before_none = class(left) == Article && matches!(right, "not" | "never" | "that" | "this" | "these");
    match (class(left), class(right)) {
        (Article, Article | Preposition | Be | Modal | Helper | Joiner | Pronoun)
        | (Preposition, Modal)
        | (Be | Helper, Modal)
        | (Modal, Modal | Preposition | Article | Helper) => !(class(left) == Modal && matches!(right, "do" | "have")),
        (Preposition, Joiner) => right != "which",
        (Modal, Joiner) => !matches!(right, "or" | "and"),
        (Modal, Be) => right != "be",
        (Joiner, Joiner) => {
            !(matches!(left, "and" | "but" | "so") || matches!(right, "or" | "because" | "if" | "which"))
        }
        (Preposition, Be | Helper) => !(left == "to" && matches!(right, "be" | "do" | "have")),
        (Preposition, Preposition) => !matches!(
            (left, right),
            ("from" | "to" | "by" | "for" | "on" | "in", "in" | "on" | "to" | "at" | "between" | "than")
        ),
        (Be, Be) => left == right || right == "is" || right == "are",
        (Pronoun, _) if right == "of" => true,
        (Article | Pronoun, _) if left == right => true,
        _ => article_before_none,
    }
}

/// Why the words look thrown together, if they do.
pub(crate) fn salad(sentences: &[Sentence]) -> Option<String> {
    let total: usize = sentences.iter().map(|s| s.tokens.len()).sum();
    let content: Vec<&str> =
        sentences.iter().flat_map(|s| &s.tokens).filter(|t| t.is_content()).map(|t| t.base.as_str()).collect();
    if content.len() < 6 {
        return None;
    }
    let segments =
        sentences.iter().map(|s| 1 + s.tokens.iter().skip(1).filter(|t| t.after_comma).count()).sum::<usize>();
    if content.len() >= 7 && total * 10 <= segments * 15 {
        return Some("it is a list of single words".into());
    }
    let linked =
        sentences.iter().flat_map(|s| &s.tokens).any(|t| t.is_stop() || t.is_negator() || words::is_light(&t.base));
    if content.len() >= 8 && segments == 1 && !linked {
        return Some("it is a row of words without a sentence".into());
    }
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for base in &content {
        *counts.entry(base).or_default() += 1;
    }
    let most = counts.values().copied().max().unwrap_or(0);
    if most >= 5 && most * 2 > content.len() {
        return Some("it repeats one word".into());
    }
    let clashes = sentences.iter().map(clashes).sum::<usize>();
    (clashes >= 2 && clashes * 12 >= total).then(|| format!("{clashes} pairs of its words cannot stand side by side"))
}

fn clashes(sentence: &Sentence) -> usize {
    // Contractions and joins share or merge places; the words as a row are what is judged.
    let listed = sentence.words();
    (0..listed.len())
        .filter(|&i| {
            let next = sentence.tokens.get(i + 1);
            // A comma between the two excuses the pair.
            next.is_none_or(|t| !t.after_comma) && clash(listed[i], next.map(|t| t.word.as_str()))
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::salad;
    use crate::text::sentences;

    #[test]
    fn thrown_together() {
        for answer in [
            "learning, rate, small, steps, pretrained, weights, forget, overfit",
            "learning rate small steps pretrained weights forgetting overfitting validation",
            "weights overfit overfit overfit overfit overfit overfit small steps",
            "the of weights is the because large destroy pretrained knowledge to steps the would and",
        ] {
            assert!(salad(&sentences(answer)).is_some(), "{answer}");
        }
    }

    #[test]
    fn real_answers_pass() {
        for answer in [
            "smaller steps, keeps pretrained knowledge, avoids forgetting",
            "Because a big step would overwrite the weights which were learned in pretraining.",
            "train loss goes down but val loss goes up, so it memorise the training set",
            "feature extraction bc small data and weak laptop, full would overfit",
        ] {
            assert_eq!(salad(&sentences(answer)), None, "{answer}");
        }
    }
}

//! Whether words stand in an order that a person would write: keyword lists and shuffled sentences do not.

use super::order::{Order, order};
use crate::text::{Sentence, words};

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
    (order(sentences) == Order::Shuffled).then(|| "its words stand in no order".into())
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

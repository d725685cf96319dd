//! Whether a text is English: its letters, and its small words against those of the languages around it.

use crate::text::{Sentence, words};

const OTHERS: &[(&str, &[&str])] = &[
    (
        "German",
        &[
            "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "mit", "weil", "wird", "werden", "den", "dem",
            "auf", "zu", "sich", "wenn", "nur", "sind",
        ],
    ),
    (
        "French",
        &[
            "le", "la", "les", "et", "est", "une", "des", "pour", "dans", "que", "pas", "avec", "sur", "ne", "du",
            "qui", "sont", "parce", "au",
        ],
    ),
    (
        "Spanish",
        &[
            "el", "los", "las", "y", "es", "una", "para", "con", "que", "porque", "por", "se", "del", "como", "pero",
            "son", "de", "la",
        ],
    ),
    (
        "Italian",
        &[
            "il", "lo", "gli", "e", "una", "per", "con", "che", "non", "sono", "della", "di", "perché", "nel", "si",
            "la",
        ],
    ),
    (
        "Portuguese",
        &["o", "os", "as", "e", "uma", "para", "com", "que", "não", "porque", "por", "se", "do", "da", "em", "são"],
    ),
    ("Dutch", &["de", "het", "een", "en", "niet", "van", "met", "omdat", "wordt", "zijn", "dat", "voor", "op", "te"]),
];

/// Fewer words than this say too little about their language.
const ENOUGH_WORDS: usize = 6;

/// Why the text is not English, if it is not.
pub(crate) fn not_english(answer: &str, sentences: &[Sentence]) -> Option<String> {
    let letters = answer.chars().filter(|c| c.is_alphabetic());
    let (latin, all) = letters.fold((0_usize, 0_usize), |(latin, all), c| (latin + usize::from(is_latin(c)), all + 1));
    if all > 0 && latin * 2 < all {
        return Some("most of its letters are not Latin".into());
    }
    let listed: Vec<&str> = sentences.iter().flat_map(Sentence::words).collect();
    if listed.len() < ENOUGH_WORDS {
        return None;
    }
    let english = listed.iter().filter(|w| words::is_stop(w) || words::is_negator(w)).count();
    let (language, most) = OTHERS
        .iter()
        .map(|(name, small)| (*name, listed.iter().filter(|w| small.contains(w) && !words::is_stop(w)).count()))
        .max_by_key(|&(_, count)| count)?;
    (most >= 2 && most > english && most * 6 >= listed.len()).then(|| format!("its small words look {language}"))
}

fn is_latin(c: char) -> bool {
    // Full-width letters fold to Latin; mathematical letters do not count as foreign either.
    matches!(c, '\u{0041}'..='\u{024F}' | '\u{1E00}'..='\u{1EFF}' | '\u{FF21}'..='\u{FF5A}' | '\u{1D400}'..='\u{1D7FF}')
}

#[cfg(test)]
mod tests {
    use super::not_english;
    use crate::text::sentences;

    fn refused(answer: &str) -> bool {
        not_english(answer, &sentences(answer)).is_some()
    }

    #[test]
    fn languages() {
        assert!(refused("Weil die Gewichte des Encoders nicht zu stark verändert werden"));
        assert!(refused("Parce que les poids du modèle ne sont pas détruits"));
        assert!(refused("потому что веса уже хорошие"));
        assert!(refused("لأن الأوزان جيدة بالفعل"));
        assert!(!refused("because the weights are good already"));
        assert!(!refused("smaller steps, keeps knowledge, avoids forgetting, less overfit"));
    }
}

//! One word in its comparable form: Unicode, British and American spelling, irregular forms, stem.
//!
//! The same function runs over the rubric and over the answer, so a mapping that is too generous (`exercise` to
//! `exercize`) does no harm as long as it doesn't bring two different words together.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

const IRREGULAR: &[(&str, &str)] = &[
    ("froze", "freeze"),
    ("frozen", "freeze"),
    ("unfroze", "unfreeze"),
    ("unfrozen", "unfreeze"),
    ("kept", "keep"),
    ("lost", "lose"),
    ("forgot", "forget"),
    ("forgotten", "forget"),
    ("rose", "rise"),
    ("risen", "rise"),
    ("fell", "fall"),
    ("fallen", "fall"),
    ("went", "go"),
    ("gone", "go"),
    ("goes", "go"),
    ("grew", "grow"),
    ("grown", "grow"),
    ("made", "make"),
    ("chose", "choose"),
    ("chosen", "choose"),
    ("learnt", "learn"),
    ("broke", "break"),
    ("broken", "break"),
    ("began", "begin"),
    ("begun", "begin"),
    ("became", "become"),
    ("got", "get"),
    ("gotten", "get"),
    ("took", "take"),
    ("taken", "take"),
    ("gave", "give"),
    ("given", "give"),
    ("did", "do"),
    ("done", "do"),
    ("held", "hold"),
    ("stuck", "stick"),
    ("overwrote", "overwrite"),
    ("overwritten", "overwrite"),
    ("wrote", "write"),
    ("written", "write"),
    ("saw", "see"),
    ("seen", "see"),
    ("knew", "know"),
    ("known", "know"),
    ("sank", "sink"),
    ("sunk", "sink"),
    ("shrank", "shrink"),
    ("shrunk", "shrink"),
    ("ran", "run"),
    ("meant", "mean"),
    ("lower", "low"),
    ("lowest", "low"),
    ("higher", "high"),
    ("highest", "high"),
    ("smaller", "small"),
    ("smallest", "small"),
    ("larger", "large"),
    ("largest", "large"),
    ("bigger", "big"),
    ("biggest", "big"),
    ("fewer", "few"),
    ("fewest", "few"),
    ("slower", "slow"),
    ("slowest", "slow"),
    ("faster", "fast"),
    ("fastest", "fast"),
    ("cheaper", "cheap"),
    ("cheapest", "cheap"),
    ("tinier", "tiny"),
    ("tiniest", "tiny"),
    ("worst", "worse"),
    ("best", "better"),
    ("gentler", "gentle"),
    ("later", "late"),
    ("weaker", "weak"),
    ("stronger", "strong"),
    ("children", "child"),
    ("people", "person"),
    ("judgement", "judgment"),
    ("centre", "center"),
    ("grey", "gray"),
    ("programme", "program"),
    ("defence", "defense"),
    ("licence", "license"),
    ("practise", "practice"),
    ("catalogue", "catalog"),
    ("metre", "meter"),
];

/// Lower case, compatibility composition, no invisible characters, straight apostrophes dropped.
pub(crate) fn fold(raw: &str) -> String {
    raw.nfkc().flat_map(char::to_lowercase).filter(|&c| !is_invisible(c) && !is_apostrophe(c)).collect()
}

/// Characters inside a word that nobody sees: soft hyphen, zero-width spaces and joiners, byte-order mark.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{02BC}' | '\u{FF07}')
}

/// The word's comparable form; `word` is already folded.
pub(crate) fn base(word: &str) -> String {
    let regular = IRREGULAR.iter().find(|(form, _)| *form == word).map_or(word, |(_, base)| base);
    let spelled = american(regular);
    Stemmer::create(Algorithm::English).stem(&spelled).into_owned()
}

fn american(word: &str) -> String {
    let mut word = word.to_owned();
    if !word.is_ascii() {
        return word;
    }
    for (british, us, least) in [
        ("isation", "ization", 9),
        ("isations", "izations", 10),
        ("ise", "ize", 6),
        ("ised", "ized", 7),
        ("ises", "izes", 7),
        ("ising", "izing", 8),
        ("yse", "yze", 6),
        ("ysed", "yzed", 7),
        ("ysing", "yzing", 8),
        ("our", "or", 6),
        ("ours", "ors", 7),
        ("oured", "ored", 8),
        ("lled", "led", 8),
        ("lling", "ling", 8),
    ] {
        if word.len() >= least && word.ends_with(british) {
            word.truncate(word.len() - british.len());
            word.push_str(us);
            break;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::{base, fold};

    #[test]
    fn spellings_and_forms_meet() {
        for (a, b) in [
            ("generalise", "generalization"),
            ("generalizes", "generalises"),
            ("behaviour", "behavior"),
            ("labelled", "labeled"),
            ("frozen", "freezing"),
            ("overfitting", "overfits"),
            ("memorises", "memorized"),
            ("optimisation", "optimization"),
            ("trained", "training"),
            ("smaller", "small"),
            ("analyse", "analyzing"),
        ] {
            assert_eq!(base(a), base(b), "{a} and {b}");
        }
    }

    #[test]
    fn opposites_stay_apart() {
        for (a, b) in [("frozen", "unfrozen"), ("increase", "decrease"), ("lower", "higher"), ("overfit", "underfit")] {
            assert_ne!(base(a), base(b), "{a} and {b}");
        }
    }

    #[test]
    fn folding_sees_through_unicode() {
        assert_eq!(fold("Ｔｒａｉｎ\u{00AD}ing"), "training");
        assert_eq!(fold("DON\u{2019}T"), "dont");
    }
}

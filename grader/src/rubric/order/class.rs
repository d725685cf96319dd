//! Word classes by the word alone: the function words of English by name, all others by their ending.

/// The number of classes; class 0 is a break between clauses.
pub(crate) const CLASSES: usize = 23;

const NAMED: [&str; 15] = [
    "the an a this my our your their its every each some any no these those his her",
    "of",
    "to",
    "in on at from with by for into between than about over under without during after before through as per against \
     instead_of rather_than like",
    "is are was were am",
    "be been being",
    "will would can could should must may might cannot",
    "do does did have has had",
    "not never",
    "and or nor",
    "but because if when while so although though whereas since until unless then therefore thus however",
    "that which who what how where why",
    "it they we you i he she there",
    "them us me him itself themselves",
    "also only too very more less just still even already much most well again always often really quite both all many \
     few enough",
];

/// Names of things in -ing; what they do in a sentence is a noun's work.
const NOUNS: &str = "training learning pretraining tuning finetuning overfitting underfitting stopping";

const ENDINGS: [(usize, &[&str], usize); 5] = [
    (17, &["ing"], 5),
    (18, &["ed"], 4),
    (19, &["ly"], 4),
    (20, &["tion", "ment", "ness", "ity", "ance", "ence"], 5),
    (21, &["able", "ible", "ful", "ous", "ive", "al", "ic"], 4),
];

/// The class of a word in lower case, 1 to 22.
pub(crate) fn class(word: &str) -> usize {
    if let Some(named) = NAMED.iter().position(|words| words.split(' ').any(|w| w == word)) {
        return named + 1;
    }
    if NOUNS.split(' ').any(|w| w == word) {
        return CLASSES - 1;
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return 16;
    }
    let ends = |endings: &[&str]| endings.iter().any(|e| word.ends_with(e));
    let by_ending = ENDINGS.iter().find(|(_, endings, least)| word.len() >= *least && ends(endings));
    // Everything else is a noun or verb like any other, in -s or not: learners mix them up.
    by_ending.map_or(CLASSES - 1, |(class, ..)| *class)
}

//! The word lists: what carries no meaning, what negates, what hedges, where a clause ends.

/// Words that carry no meaning of their own in a rubric; they are skipped on both sides.
const STOP: &[&str] = &[
    "a",
    "about",
    "also",
    "am",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "being",
    "by",
    "can",
    "could",
    "did",
    "do",
    "does",
    "for",
    "from",
    "had",
    "has",
    "have",
    "having",
    "he",
    "her",
    "here",
    "his",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "just",
    "may",
    "me",
    "might",
    "must",
    "my",
    "of",
    "on",
    "or",
    "our",
    "quite",
    "really",
    "shall",
    "she",
    "should",
    "since",
    "so",
    "some",
    "such",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "too",
    "us",
    "very",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "which",
    "while",
    "who",
    "why",
    "will",
    "with",
    "would",
    "you",
    "your",
    "thus",
    "therefore",
    "hence",
];

/// Verbs that say little (`keeps going up`): they cost nothing inside a gap but can be named by a wording.
const LIGHT: &[&str] = &[
    "become",
    "begin",
    "come",
    "continue",
    "get",
    "go",
    "keep",
    "make",
    "need",
    "start",
    "stay",
    "still",
    "use",
    "want",
    "already",
    "only",
    "even",
    "actually",
    "basically",
    "usually",
    "often",
    "always",
    "more",
    "much",
];

const NEGATORS: &[&str] = &[
    "not",
    "never",
    "no",
    "none",
    "without",
    "cannot",
    "neither",
    "nor",
    "nothing",
    "nobody",
    "hardly",
    "barely",
    "nowhere",
    "isnt",
    "arent",
    "wasnt",
    "dont",
    "doesnt",
    "didnt",
    "wont",
    "cant",
    "couldnt",
    "shouldnt",
    "wouldnt",
    "instead_of",
    "rather_than",
    "unlike",
];

/// Words after which an earlier `not` no longer reaches, unless they follow it directly (`not because`).
const CLAUSE_BREAKS: &[&str] = &[
    "but",
    "however",
    "while",
    "whereas",
    "although",
    "though",
    "because",
    "since",
    "so",
    "which",
    "instead",
    "yet",
    "then",
    "thus",
    "therefore",
    "hence",
    "if",
    "when",
    "until",
    "unless",
    "otherwise",
    "and",
    "whilst",
];

/// What denies a whole sentence, wherever it stands in it.
const DENIALS: &[&[&str]] = &[
    &["not", "true"],
    &["not", "the", "case"],
    &["not", "correct"],
    &["not", "right"],
    &["not", "accurate"],
    &["is", "false"],
    &["are", "false"],
    &["be", "false"],
    &["false", "that"],
    &["false", "to"],
    &["untrue"],
    &["myth"],
    &["is", "incorrect"],
    &["are", "incorrect"],
    &["be", "incorrect"],
    &["incorrect", "that"],
    &["incorrect", "to"],
    &["wrong", "that"],
    &["wrong", "to"],
    &["it", "is", "wrong"],
    &["this", "is", "wrong"],
    &["that", "is", "wrong"],
    &["following", "is", "wrong"],
    &["which", "is", "wrong"],
    &["statement", "is", "wrong"],
    &["not", "think"],
    &["not", "believe"],
    &["not", "agree"],
    &["disagree"],
    &["opposite", "of"],
    &["no", "truth"],
    &["nobody", "says"],
    &["never", "true"],
    &["hardly", "true"],
    &["none", "of", "this"],
    &["none", "of", "the", "following"],
    &["deny"],
    &["misconception"],
];

const HEDGES: &[&str] = &["maybe", "perhaps", "possibly", "probably", "might", "supposedly"];

const GUESSES: &[&[&str]] = &[
    &["not", "sure"],
    &["no", "idea"],
    &["no", "clue"],
    &["idk"],
    &["i", "do", "not", "know"],
    &["dunno"],
    &["i", "guess"],
    &["my", "guess"],
    &["a", "guess"],
    &["guessing"],
    &["unsure"],
];

/// Verbs that take back the verb directly after them: `stops improving`.
const ENDERS: &[&str] = &["stop", "fail", "ceas", "prevent", "avoid"];

pub(crate) fn is_stop(word: &str) -> bool {
    STOP.contains(&word)
}

pub(crate) fn is_light(base: &str) -> bool {
    LIGHT.contains(&base)
}

pub(crate) fn is_negator(word: &str) -> bool {
    NEGATORS.contains(&word)
}

/// Whether a verb in its comparable form takes back the verb after it.
pub(crate) fn is_ender(base: &str) -> bool {
    ENDERS.contains(&base)
}

pub(crate) fn is_clause_break(word: &str) -> bool {
    CLAUSE_BREAKS.contains(&word)
}

pub(crate) fn is_hedge(word: &str) -> bool {
    HEDGES.contains(&word)
}

/// Where a denial of the whole sentence begins, if there is one.
pub(crate) fn denial(words: &[&str]) -> Option<(usize, usize)> {
    find_phrase(words, DENIALS)
}

/// Whether the sentence says that it is a guess.
pub(crate) fn is_guess(words: &[&str]) -> bool {
    find_phrase(words, GUESSES).is_some()
}

fn find_phrase(words: &[&str], phrases: &[&[&str]]) -> Option<(usize, usize)> {
    (0..words.len()).find_map(|i| phrases.iter().find(|p| words[i..].starts_with(p)).map(|p| (i, p.len())))
}

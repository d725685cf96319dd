//! Sentences and words, each with its place in the learner's text.

use super::{normal, words};

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The word as compared before stemming: folded, in lower case.
    pub word: String,
    /// Its comparable form.
    pub base: String,
    /// Bytes of the text that it came from.
    pub start: usize,
    pub end: usize,
    /// A comma, colon, dash or bracket stands directly before it.
    pub after_comma: bool,
}

impl Token {
    pub(crate) fn new(word: String, start: usize, end: usize, after_comma: bool) -> Self {
        let base = if words::is_negator(&word) { word.clone() } else { normal::base(&word) };
        Self { word, base, start, end, after_comma }
    }

    pub(crate) fn is_stop(&self) -> bool {
        words::is_stop(&self.word)
    }

    pub(crate) fn is_negator(&self) -> bool {
        words::is_negator(&self.word)
    }

    /// Neither a stop word nor a negator.
    pub(crate) fn is_content(&self) -> bool {
        !self.is_stop() && !self.is_negator()
    }
}

/// One sentence: words up to `.`, `!`, `?`, `;` or a new line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sentence {
    pub tokens: Vec<Token>,
    /// It ends in a question mark.
    pub asks: bool,
}

impl Sentence {
    pub(crate) fn words(&self) -> Vec<&str> {
        self.tokens.iter().map(|t| t.word.as_str()).collect()
    }
}

/// Cuts a text into sentences of words. Sentences without words are dropped.
pub(crate) fn sentences(text: &str) -> Vec<Sentence> {
    let mut all = Vec::new();
    let mut current = Sentence::default();
    let mut word_start = None;
    let mut comma = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, c)| c);
        let inner_mark = (normal::is_apostrophe(c) || c == '.' || c == ',' || c == '_') && word_start.is_some();
        // An apostrophe belongs to a word, a point or comma to a number: don't, 0.001, 1,032.
        let joins = inner_mark
            && next.is_some_and(char::is_alphanumeric)
            && (normal::is_apostrophe(c) || c == '_' || text[..at].ends_with(|p: char| p.is_ascii_digit()));
        if c.is_alphanumeric()
            || normal::is_invisible(c) && word_start.is_some()
            || joins
            || is_mark(c) && word_start.is_some()
        {
            word_start.get_or_insert(at);
            continue;
        }
        // Arrows are how people note down curves.
        let arrow = match c {
            '\u{2191}' | '\u{2197}' => Some("rise"),
            '\u{2193}' | '\u{2198}' => Some("fall"),
            _ => None,
        };
        if let Some(start) = word_start.take() {
            push_word(&mut current.tokens, &text[start..at], start, &mut comma);
        }
        if let Some(word) = arrow {
            current.tokens.push(Token::new(word.to_owned(), at, at + c.len_utf8(), std::mem::take(&mut comma)));
        }
        match c {
            '.' | '!' | '?' | ';' | '\n' | '\u{2026}' | '\u{3002}' | '\u{FF01}' | '\u{FF1F}' => {
                current.asks = c == '?' || c == '\u{FF1F}';
                if current.tokens.is_empty() {
                    current.asks = false;
                } else {
                    all.push(std::mem::take(&mut current));
                }
                comma = false;
            }
            ',' | ':' | '(' | ')' | '[' | ']' | '>' | '=' | '/' | '\u{2013}' | '\u{2014}' | '\u{2192}' => comma = true,
            // A hyphen inside a word joins; between spaces it separates like a comma.
            '-' if text[..at].ends_with(char::is_whitespace) => comma = true,
            _ => {}
        }
    }
    if let Some(start) = word_start {
        push_word(&mut current.tokens, &text[start..], start, &mut comma);
    }
    if !current.tokens.is_empty() {
        all.push(current);
    }
    for sentence in &mut all {
        sentence.tokens = join(std::mem::take(&mut sentence.tokens));
    }
    all
}

/// Combining marks of the common blocks; they belong to the letter before them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}')
}

fn push_word(tokens: &mut Vec<Token>, raw: &str, start: usize, comma: &mut bool) {
    let end = start + raw.len();
    let folded = normal::fold(raw);
    let after_comma = std::mem::take(comma);
    // What the learner contracts is spelled out, so that `isn't` negates and `that's` is a function word.
    let (head, tail) = match expand(&folded) {
        (word, None) if raw.chars().any(normal::is_apostrophe) => contracted(word),
        known => known,
    };
    tokens.push(Token::new(head.to_owned(), start, end, after_comma));
    if let Some(tail) = tail {
        tokens.push(Token::new(tail.to_owned(), start, end, false));
    }
}

/// What only the apostrophe tells: `it's` from `its`, `I'd` from `id`, and every n't, slips such as `dosn't` included.
fn contracted(word: &str) -> (&str, Option<&'static str>) {
    match word {
        "its" => ("it", Some("is")),
        "id" => ("i", Some("would")),
        "ill" => ("i", Some("will")),
        "ive" => ("i", Some("have")),
        "wed" => ("we", Some("would")),
        "well" => ("we", Some("will")),
        "were" => ("we", Some("are")),
        "weve" => ("we", Some("have")),
        "theyd" => ("they", Some("would")),
        "theyll" => ("they", Some("will")),
        "itll" => ("it", Some("will")),
        "theres" => ("there", Some("is")),
        word if word.len() > 3 && word.ends_with("nt") => (&word[..word.len() - 2], Some("not")),
        other => (other, None),
    }
}

fn expand(word: &str) -> (&str, Option<&'static str>) {
    match word {
        "isnt" | "aint" => ("is", Some("not")),
        "arent" => ("are", Some("not")),
        "wasnt" => ("was", Some("not")),
        "werent" => ("were", Some("not")),
        "dont" => ("do", Some("not")),
        "doesnt" | "dosnt" | "doesn" => ("does", Some("not")),
        "didnt" => ("did", Some("not")),
        "wont" => ("will", Some("not")),
        "cant" | "cannot" => ("can", Some("not")),
        "couldnt" => ("could", Some("not")),
        "shouldnt" => ("should", Some("not")),
        "wouldnt" => ("would", Some("not")),
        "hasnt" => ("has", Some("not")),
        "havent" => ("have", Some("not")),
        "thats" => ("that", Some("is")),
        "theyre" => ("they", Some("are")),
        "youre" => ("you", Some("are")),
        "im" => ("i", Some("am")),
        "whats" => ("what", Some("is")),
        "lets" => ("let", Some("us")),
        other => (other, None),
    }
}

/// Joins what is written as one word or two: `fine-tuning`, `over fit`, `pre-trained`, `data set`, `instead of`.
fn join(tokens: Vec<Token>) -> Vec<Token> {
    let mut joined: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if let Some(last) = joined.last_mut()
            && !token.after_comma
            && let Some(word) = joined_word(&last.word, &token.word)
        {
            *last = Token::new(word, last.start, token.end, last.after_comma);
        } else {
            joined.push(token);
        }
    }
    joined
}

fn joined_word(first: &str, second: &str) -> Option<String> {
    let starts = |stems: &[&str]| stems.iter().any(|s| second.starts_with(s));
    let glue = match first {
        "pre" => true,
        "fine" => starts(&["tun"]),
        "over" => starts(&["fit", "writ", "wrote", "train", "learn"]),
        "under" => starts(&["fit"]),
        "un" => starts(&["fr", "seen", "train", "label", "stable"]),
        "re" => starts(&["train", "learn", "us", "init"]),
        "data" => matches!(second, "set" | "sets"),
        "hyper" => starts(&["param"]),
        "back" => starts(&["prop"]),
        _ => false,
    };
    match (first, second) {
        ("instead", "of") => Some("instead_of".into()),
        ("rather", "than") => Some("rather_than".into()),
        // `not only ... but also` affirms.
        ("not", "only" | "just" | "merely" | "simply") => Some("only".into()),
        _ if glue => Some(format!("{first}{second}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::sentences;

    fn words(text: &str) -> Vec<Vec<String>> {
        sentences(text).iter().map(|s| s.tokens.iter().map(|t| t.word.clone()).collect()).collect()
    }

    #[test]
    fn sentences_numbers_and_joins() {
        assert_eq!(
            words("Use 0.001, i.e. 1,032 pre-trained weights. Don't over-fit!"),
            [
                vec!["use", "0.001", "i"],
                vec!["e"],
                vec!["1,032", "pretrained", "weights"],
                vec!["do", "not", "overfit"]
            ]
        );
        assert_eq!(words("not only fast but instead of slow"), [vec!["only", "fast", "but", "instead_of", "slow"]]);
    }

    #[test]
    fn places_point_into_the_text() {
        let text = "Größe: ＴＲＡＩＮing, e\u{0301}t\u{00AD}e 🙂 end?";
        let all = sentences(text);
        for token in all.iter().flat_map(|s| &s.tokens) {
            assert!(!text[token.start..token.end].is_empty());
        }
        assert!(all[0].asks);
    }
}

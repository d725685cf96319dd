//! Whether a cell's text is a whole: brackets closed, strings and comments ended.

/// What a text still needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completeness {
    Complete,
    /// Brackets are open: this many.
    Incomplete(usize),
    /// A bracket closes what is not open.
    Invalid,
}

/// Whether the text can be run as it is.
pub(crate) fn is_complete(code: &str) -> bool {
    completeness(code) == Completeness::Complete
}

/// Reads the text as Rust's lexer does, as far as brackets need it.
pub(crate) fn completeness(code: &str) -> Completeness {
    let mut open = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            Some(rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if first == '"' {
            string(rest)
        } else if first.is_alphanumeric() || first == '_' {
            word_or_raw_string(rest)
        } else if first == '\'' {
            Some(char_or_lifetime(rest))
        } else {
            match first {
                '(' | '[' | '{' => open.push(first),
                ')' | ']' | '}' => {
                    let opening = match first {
                        ')' => '(',
                        ']' => '[',
                        _ => '{',
                    };
                    if open.pop() != Some(opening) {
                        return Completeness::Invalid;
                    }
                }
                _ => {}
            }
            Some(first.len_utf8())
        };
        match skipped {
            Some(length) => rest = &rest[length..],
            None => return Completeness::Incomplete(open.len()),
        }
    }
    if open.is_empty() { Completeness::Complete } else { Completeness::Incomplete(open.len()) }
}

/// The length of a block comment; `None` when it does not end. Comments nest.
fn block_comment(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    None
}

/// The length of a string literal with escapes; `None` when it does not end.
fn string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of a word, or of the raw string that it begins.
fn word_or_raw_string(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if !matches!(&text[..end], "r" | "br" | "cr") {
        return Some(end);
    }
    let marks = text[end..].bytes().take_while(|byte| *byte == b'#').count();
    if !text[end + marks..].starts_with('"') {
        // A raw identifier, `r#type`.
        return Some(end);
    }
    let start = end + marks + 1;
    let close = format!("\"{}", "#".repeat(marks));
    text[start..].find(&close).map(|at| start + at + close.len())
}

/// The length of a character literal, or of the quote of a lifetime.
fn char_or_lifetime(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let from = at + escaped.len_utf8();
            text[from..].find('\'').map_or(from, |end| from + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{Completeness::*, completeness};

    #[test]
    fn whole_texts() {
        for code in [
            "let x = 1;",
            "",
            "fn f<'a>(x: &'a str) -> char { '}' }",
            r#"let s = "}\"{"; // ("#,
            "let s = r#\"{\"(\"#; let c = '\\''; let r#type = b'[';",
            "/* a /* ( */ b */ vec![1]",
            "let q = '\"'; (1)",
        ] {
            assert_eq!(completeness(code), Complete, "{code}");
        }
    }

    #[test]
    fn open_texts() {
        assert_eq!(completeness("fn f() { if x {"), Incomplete(2));
        assert_eq!(completeness("let s = \"abc"), Incomplete(0));
        assert_eq!(completeness("f(r#\"x\""), Incomplete(1));
        assert_eq!(completeness("/* /* */"), Incomplete(0));
    }

    #[test]
    fn wrong_texts() {
        assert_eq!(completeness("(1]"), Invalid);
        assert_eq!(completeness("}"), Invalid);
    }
}

//! The steps that look at one text alone. Each gives the new text, or nothing when the text stays as it is.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::Whitespace;

/// Whether a reader sees nothing of `c`: control characters but for white space, soft hyphens, zero-width characters, and
/// marks that only steer the direction of writing.
pub(in crate::data) fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Unicode normal form C: letters and their accents as one character where there is one.
pub(super) fn nfc(text: &str) -> Option<String> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => None,
        _ => Some(text.nfc().collect::<String>()).filter(|new| new != text),
    }
}

/// Without invisible characters. Zero-width joiners and non-joiners stay where they join something: within emoji and
/// within scripts that are written with them.
pub(super) fn without_invisible(text: &str) -> Option<String> {
    if !text.chars().any(is_invisible) {
        return None;
    }
    let joins = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !c.is_whitespace() && !is_invisible(c));
    let mut new = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        let joiner = matches!(c, '\u{200c}' | '\u{200d}') && joins(before) && joins(chars.peek().copied());
        if joiner || !is_invisible(c) {
            new.push(c);
        }
        before = Some(c);
    }
    Some(new).filter(|new| new != text)
}

/// Runs of white space, the spaces of all scripts among them, as one plain space each; or the same within each line.
pub(super) fn with_plain_spaces(text: &str, whitespace: Whitespace) -> Option<String> {
    let join = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let new = match whitespace {
        Whitespace::Keep => return None,
        Whitespace::Collapse => join(text),
        Whitespace::KeepLines => {
            let mut lines: Vec<String> = text.replace("\r\n", "\n").split(['\n', '\r', '\u{2028}']).map(join).collect();
            // One empty line parts paragraphs; more say nothing.
            lines.dedup_by(|next, line| next.is_empty() && line.is_empty());
            lines.join("\n").trim_matches('\n').to_owned()
        }
    };
    Some(new).filter(|new| new != text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_become_part_of_their_letters() {
        assert_eq!(nfc("Cafe\u{301}").as_deref(), Some("Café"));
        assert_eq!(nfc("\u{212b}ngström").as_deref(), Some("Ångström"));
        assert_eq!((nfc("Café"), nfc("plain"), nfc("e\u{302}\u{327}\u{301}").is_some()), (None, None, true));
    }

    #[test]
    fn what_nobody_sees_goes_and_what_joins_stays() {
        assert_eq!(without_invisible("a\u{200b}b\u{0}\u{7}c\u{ad}\u{feff}").as_deref(), Some("abc"));
        assert_eq!(without_invisible("\u{202e}evil\u{202c}").as_deref(), Some("evil"));
        assert_eq!(without_invisible("tab\tand\nline\r\n"), None);
        // A family is three emoji and two joiners; Persian words hold non-joiners.
        assert_eq!(without_invisible("👩\u{200d}👩\u{200d}👧"), None);
        assert_eq!(without_invisible("می\u{200c}خواهم"), None);
        assert_eq!(without_invisible("end👩\u{200d} x\u{200d}y").as_deref(), Some("end👩 xy"));
    }

    #[test]
    fn white_space_is_one_space_or_one_line() {
        let text = "\u{3000}two\u{a0} words\t\r\n\r\n\r\n\r\nnext  line\n";
        assert_eq!(with_plain_spaces(text, Whitespace::Collapse).as_deref(), Some("two words next line"));
        assert_eq!(with_plain_spaces(text, Whitespace::KeepLines).as_deref(), Some("two words\n\nnext line"));
        assert_eq!(with_plain_spaces(text, Whitespace::Keep), None);
        assert_eq!(with_plain_spaces("as it should be", Whitespace::Collapse), None);
        assert_eq!(with_plain_spaces(" \t ", Whitespace::KeepLines).as_deref(), Some(""));
    }
}

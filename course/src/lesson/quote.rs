//! Measured numbers quoted in prose: `{{quote NAME "93 %" value=0.93 tol=0.03}}`.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::error::line_of;
use crate::{Error, Result};

const OPEN: &str = "{{quote";
const MEND: &str = "write {{quote NAME \"93 %\" value=0.93 tol=0.03}}";

/// A number that prose quotes and a cell records under the same name.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    /// Its line in `lesson.md`.
    pub line: usize,
    /// The name given to `record(name, value)` in a cell.
    pub name: String,
    /// What the reader sees.
    pub text: String,
    /// The number the text stands for, in the unit that the cell records.
    pub value: f64,
    /// How far the recorded number may be away, in the same unit.
    pub tolerance: f64,
}

impl Quote {
    /// Whether a recorded number agrees with the quoted one.
    pub fn agrees(&self, recorded: f64) -> bool {
        // The smallest slack, so that 0.90 +- 0.03 contains 0.93 in floating point.
        (recorded - self.value).abs() <= self.tolerance + 1e-9
    }
}

/// Every quote of a piece of Markdown whose first line is `first_line`.
pub(super) fn find(markdown: &str, place: &str, first_line: usize) -> Result<Vec<Quote>> {
    spans(markdown)
        .into_iter()
        .map(|span| {
            let line = first_line + line_of(markdown, span.start) - 1;
            parse(&markdown[span], line).map_err(|problem| Error::input(format!("{place}:{line}"), problem, MEND))
        })
        .collect()
}

/// The Markdown with each quote replaced by the text the reader sees.
///
/// ```
/// let seen = tunebook_course::lesson::render_quotes(r#"About {{quote acc "93 %" value=0.93 tol=0.03}} of them."#);
/// assert_eq!(seen, "About 93 % of them.");
/// ```
pub fn render_quotes(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut done = 0;
    for span in spans(markdown) {
        out.push_str(&markdown[done..span.start]);
        match parse(&markdown[span.clone()], 0) {
            Ok(quote) => out.push_str(&quote.text),
            Err(_) => out.push_str(&markdown[span.clone()]),
        }
        done = span.end;
    }
    out.push_str(&markdown[done..]);
    out
}

/// Where quotes stand: outside code, from the opening to the closing braces (or the line's end when those lack).
fn spans(markdown: &str) -> Vec<Range<usize>> {
    let code = code_ranges(markdown);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = markdown[from..].find(OPEN).map(|at| from + at) {
        let rest = &markdown[start..];
        let end = start + rest.find("}}").map_or_else(|| rest.find('\n').unwrap_or(rest.len()), |at| at + 2);
        if !code.iter().any(|range| range.contains(&start)) {
            found.push(start..end);
        }
        from = end;
    }
    found
}

fn code_ranges(markdown: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut block = None;
    for (event, range) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Code(_) => ranges.push(range),
            Event::Start(Tag::CodeBlock(_)) => block = Some(range),
            Event::End(TagEnd::CodeBlock) => ranges.extend(block.take()),
            _ => {}
        }
    }
    ranges
}

fn parse(text: &str, line: usize) -> Result<Quote, String> {
    let inner = text.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix("}}")).ok_or("the quote is never closed")?;
    let (name, rest) = inner.trim().split_once(char::is_whitespace).ok_or("the quote has only a name")?;
    let rest = rest.trim_start().strip_prefix('"').ok_or("the quote's text is not in double quotes")?;
    let (shown, rest) = rest.split_once('"').ok_or("the quote's text is not in double quotes")?;
    let (mut value, mut tolerance) = (None, None);
    for word in rest.split_whitespace() {
        let (key, number) = word.split_once('=').ok_or_else(|| format!("`{word}` is not known in a quote"))?;
        let number: f64 = number.parse().map_err(|_| format!("`{number}` is not a number"))?;
        match key {
            "value" => value = Some(number),
            "tol" => tolerance = Some(number),
            _ => return Err(format!("`{key}` is not known in a quote")),
        }
    }
    let value = value.filter(|v| v.is_finite()).ok_or("the quote has no value")?;
    let tolerance =
        tolerance.filter(|t| t.is_finite() && *t >= 0.0).ok_or("the quote has no tolerance of 0 or more")?;
    Ok(Quote { line, name: name.to_owned(), text: shown.to_owned(), value, tolerance })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_found_outside_code_with_their_line() {
        let text = "a `{{quote x}}`\n\n```\n{{quote y}}\n```\n\nb {{quote full_val_acc \"93 %\" value=0.93 tol=0.03}}";
        let quotes = find(text, "lesson.md", 10).unwrap();
        assert_eq!(quotes.len(), 1);
        assert_eq!((quotes[0].line, quotes[0].name.as_str(), quotes[0].text.as_str()), (16, "full_val_acc", "93 %"));
        assert!(quotes[0].agrees(0.90) && quotes[0].agrees(0.96) && !quotes[0].agrees(0.89));
    }

    #[test]
    fn a_broken_quote_is_an_error_with_its_line() {
        for (text, want) in [
            ("{{quote acc \"9\" value=x tol=1}}", "`x` is not a number"),
            ("{{quote acc \"9\" value=1}}", "no tolerance"),
            ("{{quote acc \"9\" tol=1}}", "no value"),
            ("{{quote acc 9 value=1 tol=1}}", "not in double quotes"),
            ("{{quote acc \"9\" value=1 tol=1", "never closed"),
            ("{{quote acc \"9\" value=1 tol=1 unit=s}}", "`s` is not a number"),
        ] {
            let error = find(&format!("one\n{text}"), "lesson.md", 1).unwrap_err().to_string();
            assert!(error.starts_with("lesson.md:2: ") && error.contains(want), "{text} gave {error}");
        }
    }
}

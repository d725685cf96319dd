//! Sorts what a cell writes to stdout: text, messages of the teaching crate, and the lines by
//! which generated code talks to evcxr.
//!
//! Such a line ends the line it stands on but need not begin it: the learner may have printed
//! text without a newline before. Whether a line that says "complete" is true, the filter cannot
//! know; the supervisor can, and says so with [`Filter::line_was_text`].
use super::decoder::Decoder;
use serde_json::{Map, Value};

const COMPLETE: &[u8] = b"EVCXR_EXECUTION_COMPLETE";
const PANIC: &[u8] = b"EVCXR_PANIC_NOTIFICATION";
const ERROR: &[u8] = b"EVCXR_ERROR_OCCURRED";
const TYPE_CHANGED: &[u8] = b"EVCXR_VARIABLE_CHANGED_TYPE:";
const BEGIN: &[u8] = b"EVCXR_BEGIN_CONTENT ";
const END: &[u8] = b"EVCXR_END_CONTENT";
const CONTROL: &[u8] = b"EVCXR_";
const MESSAGE: &[u8] = b"\x1etunebook:";

/// A piece of a cell's stdout.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Message(Map<String, Value>),
    Content {
        mime: String,
        text: String,
    },
    /// The generated code says that the cell panicked.
    Panic,
    /// The generated code says that a `?` ended the cell.
    Error,
    /// The generated code says that a variable's type is not what it was.
    TypeChanged(String),
    /// The process says that the cell has ended. Not known to be true.
    Complete,
}

/// The state between two reads.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// Bytes of the current line that are not sorted yet.
    line: Vec<u8>,
    decoder: Decoder,
    content: Option<Content>,
}

#[derive(Debug)]
struct Content {
    mime: String,
    lines: Vec<String>,
}

impl Filter {
    /// Sorts what has been read.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if self.line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.whole_line(&line, &mut pieces);
            }
        }
        if self.content.is_none() && !self.line.is_empty() {
            let sure = sure_text(&self.line);
            let text = self.decoder.decode(&self.line[..sure]);
            self.line.drain(..sure);
            push_text(&mut pieces, text);
        }
        pieces
    }

    /// The last [`Piece::Complete`] was the learner's own text.
    pub(super) fn line_was_text(&mut self) -> Vec<Piece> {
        let line = String::from_utf8_lossy(COMPLETE).into_owned();
        match &mut self.content {
            Some(content) => {
                content.lines.push(line);
                Vec::new()
            }
            None => vec![Piece::Text(line + "\n")],
        }
    }

    /// The cell has ended: what is left is text.
    pub(super) fn finish(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if let Some(content) = self.content.take() {
            push_text(&mut pieces, format!("EVCXR_BEGIN_CONTENT {}\n", content.mime));
            for line in content.lines {
                push_text(&mut pieces, line + "\n");
            }
        }
        let line = std::mem::take(&mut self.line);
        let mut text = self.decoder.decode(&line);
        text.push_str(&self.decoder.finish());
        push_text(&mut pieces, text);
        pieces
    }

    fn whole_line(&mut self, line: &[u8], pieces: &mut Vec<Piece>) {
        let body = &line[..line.len() - 1];
        if self.content.is_some() {
            return self.line_of_content(body, pieces);
        }
        let Some((start, piece)) = find_control(body) else {
            let text = self.decoder.decode(line);
            return push_text(pieces, text);
        };
        let mut before = self.decoder.decode(&body[..start]);
        before.push_str(&self.decoder.finish());
        push_text(pieces, before);
        match piece {
            Control::Begin(mime) => self.content = Some(Content { mime, lines: Vec::new() }),
            Control::Piece(piece) => pieces.push(piece),
        }
    }

    fn line_of_content(&mut self, body: &[u8], pieces: &mut Vec<Piece>) {
        if body == END {
            if let Some(Content { mime, lines }) = self.content.take() {
                pieces.push(Piece::Content { mime, text: lines.join("\n") });
            }
        } else if body == COMPLETE {
            pieces.push(Piece::Complete);
        } else if body == PANIC {
            // A display method panicked half-way: what it wrote is text.
            pieces.extend(self.finish());
            pieces.push(Piece::Panic);
        } else if let Some(content) = &mut self.content {
            content.lines.push(String::from_utf8_lossy(body).into_owned());
        }
    }
}

enum Control {
    Begin(String),
    Piece(Piece),
}

/// Where a control line or a message begins in a whole line, and what it says.
fn find_control(body: &[u8]) -> Option<(usize, Control)> {
    (0..body.len()).filter(|&start| matches!(body[start], b'E' | 0x1e)).find_map(|start| {
        let rest = &body[start..];
        let piece = if rest == COMPLETE {
            Piece::Complete
        } else if rest == PANIC {
            Piece::Panic
        } else if rest == ERROR {
            Piece::Error
        } else if let Some(name) = rest.strip_prefix(TYPE_CHANGED) {
            Piece::TypeChanged(word(name)?)
        } else if let Some(mime) = rest.strip_prefix(BEGIN) {
            return Some((start, Control::Begin(word(mime)?)));
        } else if let Some(json) = rest.strip_prefix(MESSAGE) {
            Piece::Message(serde_json::from_slice(json).ok()?)
        } else {
            return None;
        };
        Some((start, Control::Piece(piece)))
    })
}

/// One printable word: a variable's name or a MIME type.
fn word(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.is_empty() && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}

/// How much of an unfinished line is text whatever follows.
fn sure_text(line: &[u8]) -> usize {
    (0..line.len())
        .find(|&start| {
            let rest = &line[start..];
            [CONTROL, MESSAGE].iter().any(|mark| rest.starts_with(mark) || mark.starts_with(rest))
        })
        .unwrap_or(line.len())
}

fn push_text(pieces: &mut Vec<Piece>, text: String) {
    if text.is_empty() {
        return;
    }
    if let Some(Piece::Text(last)) = pieces.last_mut() {
        last.push_str(&text);
    } else {
        pieces.push(Piece::Text(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    /// Feeds the bytes in all ways of cutting them in two: the pieces must be the same.
    fn sort(bytes: &[u8]) -> Vec<Piece> {
        let whole = join(vec![Filter::default().feed(bytes)]);
        for cut in 0..bytes.len() {
            let mut filter = Filter::default();
            let parts = vec![filter.feed(&bytes[..cut]), filter.feed(&bytes[cut..])];
            assert_eq!(join(parts), whole, "cut at {cut}");
        }
        whole
    }

    fn join(parts: Vec<Vec<Piece>>) -> Vec<Piece> {
        let mut joined = Vec::new();
        for piece in parts.into_iter().flatten() {
            match piece {
                Piece::Text(text) => push_text(&mut joined, text),
                other => joined.push(other),
            }
        }
        joined
    }

    #[test]
    fn text_before_a_control_line_is_kept() {
        assert_eq!(sort(b"abcEVCXR_EXECUTION_COMPLETE\n"), [text("abc"), Piece::Complete]);
        assert_eq!(
            sort(b"1 2EVCXR_BEGIN_CONTENT text/plain\n3\n4\nEVCXR_END_CONTENT\n"),
            [text("1 2"), Piece::Content { mime: "text/plain".into(), text: "3\n4".into() }]
        );
    }

    #[test]
    fn what_only_looks_like_control_is_text() {
        for line in ["EVCXR_EXECUTION_COMPLETE.\n", "EVCXR_\n", "EVCXR_BEGIN_CONTENT \n", "\x1etunebook:{broken\n"] {
            assert_eq!(sort(line.as_bytes()), [text(line)]);
        }
    }

    #[test]
    fn messages_are_parsed_wherever_they_stand() {
        let pieces = sort(b"50 %\x1etunebook:{\"type\":\"clear_output\",\"wait\":true}\nnext\n");
        assert_eq!(pieces[0], text("50 %"));
        assert!(matches!(&pieces[1], Piece::Message(message) if message["wait"] == true));
        assert_eq!(pieces[2], text("next\n"));
    }

    #[test]
    fn a_block_that_never_ends_becomes_text() {
        let mut filter = Filter::default();
        assert_eq!(
            filter.feed(b"EVCXR_BEGIN_CONTENT text/plain\nforged\nEVCXR_EXECUTION_COMPLETE\n"),
            [Piece::Complete]
        );
        assert_eq!(filter.finish(), [text("EVCXR_BEGIN_CONTENT text/plain\nforged\n")]);
    }

    #[test]
    fn an_unfinished_line_is_shown_at_once() {
        let mut filter = Filter::default();
        assert_eq!(filter.feed(b"\r 10 %"), [text("\r 10 %")]);
        assert_eq!(filter.feed(b" EVC"), [text(" ")]);
        assert_eq!(filter.feed(b"XR\n"), [text("EVCXR\n")]);
    }
}

//! The lines that Tunebook's kernel reads from a cell's standard output.
//!
//! A message is one line: the byte 0x1e, `tunebook:`, compact JSON, a newline. JSON escapes control characters, so
//! neither a newline nor a second 0x1e can occur inside.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

const PREFIX: &str = "\u{1e}tunebook:";

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message<'a> {
    DisplayData {
        data: &'a BTreeMap<String, String>,
        metadata: NoMetadata,
        #[serde(skip_serializing_if = "Option::is_none")]
        display_id: Option<&'a str>,
    },
    UpdateDisplayData {
        data: &'a BTreeMap<String, String>,
        metadata: NoMetadata,
        display_id: &'a str,
    },
    ClearOutput {
        wait: bool,
    },
    Value {
        name: &'a str,
        value: f64,
    },
}

#[derive(Serialize)]
struct NoMetadata {}

impl Message<'_> {
    fn line(&self) -> String {
        let json = serde_json::to_string(self).expect("strings, numbers and maps with string keys always serialize");
        format!("{PREFIX}{json}\n")
    }
}

/// Shows a bundle; with an id it can be updated later.
pub(super) fn display_data(data: &BTreeMap<String, String>, display_id: Option<&str>) -> String {
    Message::DisplayData { data, metadata: NoMetadata {}, display_id }.line()
}

/// Replaces what the display with this id shows.
pub(super) fn update_display_data(data: &BTreeMap<String, String>, display_id: &str) -> String {
    Message::UpdateDisplayData { data, metadata: NoMetadata {}, display_id }.line()
}

/// Empties the cell's output, at once or when the next output arrives.
pub(super) fn clear_output(wait: bool) -> String {
    Message::ClearOutput { wait }.line()
}

/// A measured number.
pub(super) fn value(name: &str, value: f64) -> String {
    Message::Value { name, value }.line()
}

/// The blocks that stock evcxr reads: one for each MIME type.
pub(super) fn evcxr_content(data: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    for (mime, content) in data {
        // A line of content that looks like evcxr's own end mark would cut the block short.
        let safe = content.replace("EVCXR_END_CONTENT", "EVCXR END CONTENT");
        let safe = safe.trim_end_matches('\n');
        let _ = write!(out, "EVCXR_BEGIN_CONTENT {mime}\n{safe}\nEVCXR_END_CONTENT\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(mime, text)| ((*mime).to_string(), (*text).to_string())).collect()
    }

    #[test]
    fn display_line_is_exact() {
        let line = display_data(&bundle(&[("text/plain", "a \"b\"\nc")]), None);
        assert_eq!(
            line,
            "\x1etunebook:{\"type\":\"display_data\",\"data\":{\"text/plain\":\"a \\\"b\\\"\\nc\"},\"metadata\":{}}\n"
        );
    }

    #[test]
    fn display_line_with_id_is_exact() {
        let line = display_data(&bundle(&[("text/plain", "x"), ("text/html", "<b>x</b>")]), Some("tb-1"));
        assert_eq!(
            line,
            "\x1etunebook:{\"type\":\"display_data\",\"data\":{\"text/html\":\"<b>x</b>\",\"text/plain\":\"x\"},\
             \"metadata\":{},\"display_id\":\"tb-1\"}\n"
        );
    }

    #[test]
    fn update_clear_and_value_lines_are_exact() {
        assert_eq!(
            update_display_data(&bundle(&[("image/svg+xml", "<svg/>")]), "tb-1"),
            "\x1etunebook:{\"type\":\"update_display_data\",\"data\":{\"image/svg+xml\":\"<svg/>\"},\"metadata\":{},\
             \"display_id\":\"tb-1\"}\n"
        );
        assert_eq!(clear_output(true), "\x1etunebook:{\"type\":\"clear_output\",\"wait\":true}\n");
        assert_eq!(
            value("full_val_accuracy", 0.93),
            "\x1etunebook:{\"type\":\"value\",\"name\":\"full_val_accuracy\",\"value\":0.93}\n"
        );
    }

    #[test]
    fn control_characters_cannot_start_a_second_message() {
        let line = display_data(&bundle(&[("text/plain", "\u{1e}tunebook:{}\r\n\0 é")]), None);
        assert_eq!(line.matches('\u{1e}').count(), 1);
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.contains("\\u001etunebook:{}\\r\\n\\u0000 é"));
    }

    #[test]
    fn stock_evcxr_gets_its_own_blocks() {
        let text = evcxr_content(&bundle(&[("text/html", "<p>x</p>\n"), ("text/plain", "x")]));
        assert_eq!(
            text,
            "EVCXR_BEGIN_CONTENT text/html\n<p>x</p>\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/plain\nx\nEVCXR_END_CONTENT\n"
        );
    }

    #[test]
    fn content_cannot_end_its_own_block() {
        let text = evcxr_content(&bundle(&[("text/plain", "a\nEVCXR_END_CONTENT\nb")]));
        assert_eq!(text.lines().filter(|line| *line == "EVCXR_END_CONTENT").count(), 1);
    }
}

//! What a cell showed, as a piece of a page: text as text, tables as HTML, charts as image files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use tunebook_grader::{escape_html, markdown_to_html};

use crate::{Error, Result};

/// Files by name, for the lesson's folder.
type Files = BTreeMap<String, Vec<u8>>;

/// The outputs of one cell; `lesson` is the folder where the files will lie.
pub(super) fn render(lesson: &str, cell: &str, outputs: &[Value]) -> Result<(String, Files)> {
    let mut files = Files::new();
    let mut html = format!("<div class=\"tb-outputs\" role=\"group\" aria-label=\"Output of the cell {cell}\">");
    for output in outputs {
        match output["output_type"].as_str() {
            Some("stream") => {
                let text = terminal_text(output["text"].as_str().unwrap_or_default());
                let kind = if output["name"] == "stderr" { " tb-stderr" } else { "" };
                let _ =
                    write!(html, "<pre class=\"tb-text{kind}\" tabindex=\"0\">{}</pre>", escape_html(text.trim_end()));
            }
            Some("display_data" | "execute_result") => {
                html.push_str(&rich(lesson, cell, &output["data"], &mut files)?);
            }
            _ => {}
        }
    }
    html.push_str("</div>");
    Ok((html, files))
}

/// The richest form that a page can show.
fn rich(lesson: &str, cell: &str, data: &Value, files: &mut Files) -> Result<String> {
    let text = data["text/plain"].as_str().unwrap_or_default();
    for (mime, extension) in [("image/svg+xml", "svg"), ("image/png", "png"), ("image/jpeg", "jpg")] {
        let Some(content) = data[mime].as_str() else { continue };
        let bytes = if extension == "svg" { content.as_bytes().to_vec() } else { decode(cell, content)? };
        let name = format!("{cell}-{}.{extension}", files.len() + 1);
        let alt = alternative(text, content, cell);
        files.insert(name.clone(), bytes);
        return Ok(format!(
            "<figure class=\"tb-figure\"><img src=\"{lesson}/{name}\" alt=\"{}\" loading=\"lazy\"></figure>",
            escape_html(&alt)
        ));
    }
    if let Some(html) = data["text/html"].as_str() {
        return Ok(format!("<div class=\"tb-html\" tabindex=\"0\">{html}</div>"));
    }
    if let Some(markdown) = data["text/markdown"].as_str() {
        return Ok(format!("<div class=\"tb-html\" tabindex=\"0\">{}</div>", markdown_to_html(markdown)));
    }
    Ok(format!("<pre class=\"tb-text\" tabindex=\"0\">{}</pre>", escape_html(terminal_text(text).trim_end())))
}

/// What a screen reader says instead of a chart: its plain text, else the SVG's own title.
fn alternative(text: &str, content: &str, cell: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !text.is_empty() {
        return text.chars().take(400).collect();
    }
    let title = content.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    title.map_or_else(|| format!("Chart made by the cell {cell}"), |(title, _)| title.trim().to_owned())
}

fn decode(cell: &str, content: &str) -> Result<Vec<u8>> {
    use base64::Engine as _;
    let packed: String = content.split_whitespace().collect();
    let decoded = base64::engine::general_purpose::STANDARD.decode(packed);
    decoded.map_err(|e| Error::input(format!("outputs/{cell}.json"), e, "make it again: `tunebook build --execute`"))
}

/// Text as a terminal would leave it: no escape sequences; what a carriage return goes back over is gone.
fn terminal_text(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            plain.push(c);
        } else if chars.next() == Some('[') {
            // A control sequence ends with a letter.
            chars.by_ref().find(char::is_ascii_alphabetic);
        }
    }
    let kept = plain.split_inclusive('\n').map(|line| {
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body.trim_end_matches('\r'), "\n"));
        format!("{}{end}", body.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default())
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_escaped_and_left_as_a_terminal_leaves_it() {
        let outputs =
            [json!({"output_type": "stream", "name": "stdout", "text": "10 %\r100 %\n\u{1b}[31m<red>\u{1b}[0m\n"})];
        let (html, _) = render("demo", "run", &outputs).unwrap();
        assert!(html.contains(">100 %\n&lt;red&gt;</pre>"), "{html}");
    }

    #[test]
    fn a_chart_is_a_file_with_words_beside_it() {
        let svg = "<svg><title>Loss by epoch</title></svg>";
        let outputs = [
            json!({"output_type": "display_data", "data": {"image/svg+xml": svg, "text/plain": ""}}),
            json!({"output_type": "display_data", "data": {"image/svg+xml": svg, "text/plain": "loss \"falls\""}}),
        ];
        let (html, files) = render("demo", "run", &outputs).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["run-1.svg", "run-2.svg"]);
        assert_eq!(files["run-1.svg"], svg.as_bytes());
        assert!(html.contains("src=\"demo/run-1.svg\" alt=\"Loss by epoch\""), "{html}");
        assert!(html.contains("alt=\"loss &quot;falls&quot;\""), "{html}");
    }

    #[test]
    fn html_wins_over_text() {
        let data = json!({"text/html": "<table></table>", "text/plain": "table"});
        let (html, _) = render("demo", "run", &[json!({"output_type": "execute_result", "data": data})]).unwrap();
        assert!(html.contains("<table></table>") && !html.contains(">table<"), "{html}");
    }
}

//! Tables for notebooks: accessible, and readable on light and dark pages because they bring no colours of their own.

use std::fmt::Write as _;

use crate::notebook::escape_html;

const CELL: &str = "padding:0.2em 0.8em;text-align:right;font-variant-numeric:tabular-nums";
const RULE: &str = "border-top:1px solid currentColor";

/// One table of text cells. The first cell of each row is its header.
pub(crate) struct HtmlTable {
    html: String,
}

impl HtmlTable {
    /// A table with its caption and column headers; the first header names the rows.
    pub(crate) fn new(caption: &str, headers: &[&str]) -> Self {
        let caption = escape_html(caption);
        let mut html = format!(
            "<table style=\"border-collapse:collapse;margin:0.5em 0;color:inherit\"><caption style=\"text-align:left;\
             font-weight:bold;padding:0.2em 0;color:inherit\">{caption}</caption><thead><tr>"
        );
        for header in headers {
            let _ = write!(html, "<th scope=\"col\" style=\"{CELL};border-bottom:1px solid currentColor\">");
            let _ = write!(html, "{}</th>", escape_html(header));
        }
        html.push_str("</tr></thead><tbody>");
        Self { html }
    }

    /// One row; `ruled` draws a line above it.
    pub(crate) fn row(&mut self, header: &str, cells: &[Cell], ruled: bool) {
        let rule = if ruled { format!(";{RULE}") } else { String::new() };
        let header = escape_html(header);
        let _ = write!(self.html, "<tr><th scope=\"row\" style=\"{CELL}{rule}\">{header}</th>");
        for cell in cells {
            let text = escape_html(&cell.text);
            let text = if cell.strong { format!("<strong>{text}</strong>") } else { text };
            let _ = write!(self.html, "<td style=\"{CELL}{rule}\">{text}</td>");
        }
        self.html.push_str("</tr>");
    }

    /// The finished table, with notes below it.
    pub(crate) fn finish(mut self, notes: &[String]) -> String {
        self.html.push_str("</tbody></table>");
        for note in notes {
            let _ = write!(self.html, "<p style=\"margin:0.2em 0\"><small>{}</small></p>", escape_html(note));
        }
        self.html
    }
}

/// A cell's text; `strong` marks what the reader should see first.
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) strong: bool,
}

impl Cell {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), strong: false }
    }
}

//! A rich value: the same content in one or more MIME types.

use std::collections::BTreeMap;
use std::fmt;

use super::sink::{Sink, write_out};
use super::{LiveDisplay, message};

/// Something to show: the same content as text, HTML, SVG, Markdown; the reader's program picks the richest it knows.
///
/// As the last expression of a cell it shows itself; [`show`](Self::show) shows it at once.
///
/// ```
/// use tunebook::notebook::Display;
///
/// let greeting = Display::html("<b>Hello</b>").with("text/plain", "Hello");
/// assert_eq!(greeting.get("text/plain"), Some("Hello"));
/// greeting.show();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Display {
    data: BTreeMap<String, String>,
}

impl Display {
    /// A display from a bundle: MIME type to content.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use tunebook::notebook::Display;
    ///
    /// let bundle = BTreeMap::from([("text/plain".to_string(), "Hello".to_string())]);
    /// assert_eq!(Display::new(bundle), Display::text("Hello"));
    /// ```
    pub fn new(data: BTreeMap<String, String>) -> Self {
        Self { data }
    }

    /// Plain text.
    ///
    /// ```
    /// assert_eq!(tunebook::notebook::Display::text("Hello").to_string(), "Hello");
    /// ```
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().with("text/plain", text)
    }

    /// A fragment of HTML. Add `text/plain` too ([`with`](Self::with)) for places that show only text.
    ///
    /// ```
    /// let bold = tunebook::notebook::Display::html("<b>Hello</b>");
    /// assert_eq!(bold.get("text/html"), Some("<b>Hello</b>"));
    /// ```
    pub fn html(html: impl Into<String>) -> Self {
        Self::default().with("text/html", html)
    }

    /// An SVG picture.
    ///
    /// ```
    /// let picture = tunebook::notebook::Display::svg("<svg xmlns='http://www.w3.org/2000/svg'/>");
    /// assert!(picture.get("image/svg+xml").is_some());
    /// ```
    pub fn svg(svg: impl Into<String>) -> Self {
        Self::default().with("image/svg+xml", svg)
    }

    /// Markdown.
    ///
    /// ```
    /// let text = tunebook::notebook::Display::markdown("**Hello**");
    /// assert_eq!(text.get("text/markdown"), Some("**Hello**"));
    /// ```
    pub fn markdown(markdown: impl Into<String>) -> Self {
        Self::default().with("text/markdown", markdown)
    }

    /// The same display with `content` for one more MIME type (or in place of what it had).
    ///
    /// See [`Display`] for an example.
    pub fn with(mut self, mime: impl Into<String>, content: impl Into<String>) -> Self {
        self.data.insert(mime.into(), content.into());
        self
    }

    /// The content for one MIME type.
    ///
    /// See [`Display`] for an example.
    pub fn get(&self, mime: &str) -> Option<&str> {
        self.data.get(mime).map(String::as_str)
    }

    /// The whole bundle: MIME type to content.
    ///
    /// ```
    /// assert_eq!(tunebook::notebook::Display::text("Hello").data().len(), 1);
    /// ```
    pub fn data(&self) -> &BTreeMap<String, String> {
        &self.data
    }

    /// Shows it now, in the place that [`Sink::current`] names. A display without content shows nothing.
    ///
    /// ```
    /// tunebook::notebook::Display::text("Hello").show();
    /// ```
    pub fn show(&self) {
        write_out(&self.render(Sink::current()));
    }

    /// Shows it and keeps a handle with which it can be changed.
    ///
    /// ```
    /// use tunebook::notebook::Display;
    ///
    /// let mut live = Display::text("step 1").show_live();
    /// live.update(Display::text("step 2"));
    /// ```
    pub fn show_live(self) -> LiveDisplay {
        let mut live = LiveDisplay::new();
        live.update(self);
        live
    }

    /// What evcxr calls when this value is the last expression of a cell.
    ///
    /// ```
    /// tunebook::notebook::Display::text("Hello").evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {
        self.show();
    }

    /// The bytes that show it in `sink`.
    pub(super) fn render(&self, sink: Sink) -> String {
        match sink {
            _ if self.data.is_empty() => String::new(),
            Sink::Tunebook => message::display_data(&self.data, None),
            Sink::StockEvcxr => message::evcxr_content(&self.data),
            Sink::Terminal => {
                let text = self.to_string();
                if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
            }
        }
    }
}

/// The plain text, or Markdown when there is none; otherwise which types there are.
impl fmt::Display for Display {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get("text/plain").or_else(|| self.get("text/markdown")) {
            Some(text) => f.write_str(text),
            None if self.data.is_empty() => Ok(()),
            None => write!(f, "[{}]", self.data.keys().map(String::as_str).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// `text` with the characters that mean something in HTML written as entities.
pub(crate) fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sink_gets_its_form() {
        let display = Display::html("<b>x</b>").with("text/plain", "x");
        assert!(display.render(Sink::Tunebook).starts_with("\u{1e}tunebook:{\"type\":\"display_data\""));
        assert!(display.render(Sink::StockEvcxr).starts_with("EVCXR_BEGIN_CONTENT text/html\n"));
        assert_eq!(display.render(Sink::Terminal), "x\n");
    }

    #[test]
    fn a_terminal_names_what_it_cannot_show() {
        assert_eq!(Display::svg("<svg/>").render(Sink::Terminal), "[image/svg+xml]\n");
        assert_eq!(Display::default().render(Sink::Terminal), "");
        assert_eq!(Display::default().render(Sink::Tunebook), "");
    }

    #[test]
    fn html_is_escaped() {
        assert_eq!(escape_html("<a href='x'>\"&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    }
}

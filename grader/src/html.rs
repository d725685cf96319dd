//! A verdict as a piece of a page. What a learner typed is escaped and never becomes markup. Text has the page's own
//! colour, in dark and in light; only borders and signs are tinted, and each sign has a word beside it.

use std::fmt::Write;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use crate::terminal::{headline, mark};
use crate::verdict::{KeyPoint, PointStatus, Verdict};

const GOOD: &str = "#2e9e6b";
const BAD: &str = "#d9603b";
const OPEN: &str = "#b8860b";

impl Verdict {
    /// The verdict as HTML: one `<div>` without scripts or style sheets.
    ///
    /// ```
    /// # use tunebook_grader::{EXAMPLE_QUIZ, Quiz};
    /// # let quiz = Quiz::from_toml(EXAMPLE_QUIZ, "quiz.toml").unwrap();
    /// let page = quiz.question("why-freeze").unwrap().grade("it needs less <script> memory").to_html();
    /// assert!(page.starts_with("<div class=\"tunebook-verdict\""));
    /// assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    /// ```
    pub fn to_html(&self) -> String {
        let colour = if self.correct {
            GOOD
        } else if self.review {
            OPEN
        } else {
            BAD
        };
        let mut page = format!(
            "<div class=\"tunebook-verdict\" style=\"border-left:4px solid {colour};padding:0.4em 0.9em;margin:0.5em 0;line-height:1.45\">\
             <p style=\"margin:0.2em 0\"><strong>{}</strong> <span style=\"opacity:0.8\">score {}</span></p>",
            headline(self),
            self.score
        );
        if !self.key_points.is_empty() {
            page.push_str("<ul style=\"list-style:none;padding-left:0;margin:0.4em 0\">");
            for point in &self.key_points {
                write_point(&mut page, point);
            }
            page.push_str("</ul>");
        }
        for mistake in &self.mistakes {
            let _ = write!(
                page,
                "<div style=\"margin:0.4em 0\"><strong><span style=\"color:{BAD}\">!</span> mistake</strong> {}{}</div>",
                inline(&mistake.message),
                quote(&mistake.evidence)
            );
        }
        if !self.feedback.is_empty() {
            let _ = write!(page, "<p style=\"margin:0.4em 0\">{}</p>", escape(&self.feedback));
        }
        if !self.explanation.is_empty() {
            let _ = write!(page, "<div class=\"tunebook-explanation\">{}</div>", markdown_to_html(&self.explanation));
        }
        page.push_str("</div>");
        page
    }
}

fn write_point(page: &mut String, point: &KeyPoint) {
    let (sign, word) = mark(point.status);
    let colour = match point.status {
        PointStatus::Credited => GOOD,
        PointStatus::Missing => BAD,
        PointStatus::Unclear => OPEN,
    };
    let _ = write!(
        page,
        "<li style=\"margin:0.25em 0\"><strong><span style=\"color:{colour}\">{sign}</span> {word}</strong> {}",
        inline(&point.text)
    );
    if let Some(evidence) = &point.evidence {
        page.push_str(&quote(evidence));
    }
    if let Some(note) = &point.note {
        let _ = write!(page, "<br><span>{}</span>", escape(note));
    }
    if let Some(read) = point.read.as_ref().filter(|_| point.status != PointStatus::Credited) {
        let _ = write!(page, "<br><span>Read: <em>{}</em></span>", escape(read));
    }
    page.push_str("</li>");
}

/// The learner's words. `bdi` keeps text that runs right to left from turning the rest of the line round.
fn quote(evidence: &str) -> String {
    format!("<br><span style=\"opacity:0.85\">you wrote: \u{201C}<bdi>{}</bdi>\u{201D}</span>", escape(evidence))
}

/// Text as text: the five characters that HTML gives a meaning are replaced.
///
/// ```
/// assert_eq!(tunebook_grader::escape_html("<b title=\"x\">&'"), "&lt;b title=&quot;x&quot;&gt;&amp;&#39;");
/// ```
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// An author's Markdown as HTML. Raw HTML in it is shown as text, and links go nowhere but to the web or the page.
///
/// ```
/// use tunebook_grader::markdown_to_html;
/// assert_eq!(markdown_to_html("only the **head** trains").trim(), "<p>only the <strong>head</strong> trains</p>");
/// assert!(!markdown_to_html("<script>x</script>").contains("<script"));
/// assert!(!markdown_to_html("[x](javascript:alert(1))").contains("javascript"));
/// ```
pub fn markdown_to_html(text: &str) -> String {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if is_safe(&dest_url) { dest_url } else { "#".into() };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            let dest_url = if is_safe(&dest_url) { dest_url } else { "".into() };
            Event::Start(Tag::Image { link_type, dest_url, title, id })
        }
        other => other,
    });
    let mut page = String::new();
    html::push_html(&mut page, events);
    page
}

fn is_safe(url: &str) -> bool {
    ["https://", "http://", "#", "./", "../", "/"].iter().any(|start| url.starts_with(start)) || !url.contains(':')
}

/// One line of Markdown without the paragraph around it.
fn inline(text: &str) -> String {
    let page = markdown_to_html(text);
    let page = page.trim();
    page.strip_prefix("<p>")
        .and_then(|p| p.strip_suffix("</p>"))
        .filter(|p| !p.contains("<p>"))
        .unwrap_or(page)
        .to_owned()
}

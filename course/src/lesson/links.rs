//! Links and images in prose: other lessons by id, files of the lesson's folder.

use pulldown_cmark::{Event, Options, Parser, Tag};

/// Rewrites the destination of each link and image for which `to` has an answer.
pub(crate) fn rewrite_links(markdown: &str, to: &dyn Fn(&str) -> Option<String>) -> String {
    let mut edits = Vec::new();
    for (event, range) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event
            && let Some(new) = to(&dest_url)
            // The destination stands after the text, so the last occurrence is the right one.
            && let Some(at) = markdown[range.clone()].rfind(&*dest_url)
        {
            edits.push((range.start + at..range.start + at + dest_url.len(), new));
        }
    }
    let mut out = markdown.to_owned();
    for (range, new) in edits.into_iter().rev() {
        out.replace_range(range, &new);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answered_destinations_change() {
        let text = "[lesson:a](lesson:a#top), [web](https://example.org) and `[x](lesson:a)` ![plot](fig.svg)";
        let new = rewrite_links(text, &|to| {
            to.strip_prefix("lesson:").map(|id| format!("{id}.md")).or((to == "fig.svg").then(|| "b/fig.svg".into()))
        });
        assert_eq!(new, "[lesson:a](a#top.md), [web](https://example.org) and `[x](lesson:a)` ![plot](b/fig.svg)");
    }
}

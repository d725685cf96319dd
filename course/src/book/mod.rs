//! The book: chapters made from lessons, built by mdBook into static files that work offline and from `file://`.
//!
//! `chapter` writes one lesson's Markdown, `output` what cells showed, `question` the knowledge check's forms. The
//! sources that are written by hand lie in the repository's `book/`: `book.toml`, `theme/` (style and script), `pages/`
//! and `SUMMARY.template.md`, whose line `{{lessons}}` becomes the list of lessons.

mod chapter;
mod output;
mod question;

use std::fmt::Write as _;
use std::path::Path;

use mdbook_driver::MDBook;
use mdbook_driver::config::Config;

use crate::{Course, Error, Lesson, Result, files, outputs};

/// Builds the book into `to`, which is replaced as a whole when the new book is complete.
pub fn build(course: &Course, to: &Path) -> Result<()> {
    let parent = to.parent().unwrap_or(Path::new("."));
    files::make_dir(parent)?;
    let staging = tempfile::Builder::new().prefix(".book-").tempdir_in(parent).map_err(|e| Error::io(parent, &e))?;
    let source = course.root().join("book");
    copy_tree(&source.join("theme"), &staging.path().join("theme"))?;
    write_sources(course, &staging.path().join("src"))?;

    let config = source.join("book.toml");
    let mut config: Config =
        files::read(&config)?.parse().map_err(|e| Error::input(config.display(), e, "correct it"))?;
    config.book.src = "src".into();
    config.build.build_dir = "html".into();
    config.build.create_missing = false;
    let fail = |e: mdbook_driver::errors::Error| Error::input("book", format!("{e:#}"), "correct the named file");
    MDBook::load_with_config(staging.path(), config).and_then(|book| book.build()).map_err(fail)?;

    let old = staging.path().join("old");
    if to.exists() {
        std::fs::rename(to, &old).map_err(|e| Error::io(to, &e))?;
    }
    std::fs::rename(staging.path().join("html"), to).map_err(|e| Error::io(to, &e))
}

/// Writes the book's sources (what mdBook reads as `src`) into a folder, which is emptied first.
pub fn write_sources(course: &Course, to: &Path) -> Result<()> {
    let source = course.root().join("book");
    files::remove(to)?;
    copy_tree(&source.join("pages"), to)?;
    let lessons = course.lessons()?;
    for lesson in &lessons {
        let chapter = chapter::write(course, lesson, &outputs::read(lesson)?)?;
        files::write(&to.join(format!("{}.md", lesson.meta.id)), chapter.markdown)?;
        for (name, content) in chapter.files {
            files::write(&to.join(&lesson.meta.id).join(name), content)?;
        }
    }
    let template = files::read(&source.join("SUMMARY.template.md"))?;
    files::write(&to.join("SUMMARY.md"), template.replace("{{lessons}}", &list(&lessons)))
}

fn list(lessons: &[Lesson]) -> String {
    lessons.iter().fold(String::new(), |mut list, lesson| {
        let _ = writeln!(list, "- [{}]({}.md)", lesson.meta.title, lesson.meta.id);
        list
    })
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    files::make_dir(to)?;
    for path in files::files_below(from)? {
        files::copy(&path, &to.join(path.strip_prefix(from).unwrap_or(&path)))?;
    }
    Ok(())
}

/// HTML that Markdown takes for one block: a blank line would end it. Blank lines of preformatted text stay as
/// character references.
fn one_block(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let verbatim = html.contains("<pre") || html.contains("<textarea");
    let mut lines = html.lines().peekable();
    while let Some(line) = lines.next() {
        let mut blank = 0;
        while lines.next_if(|next| next.trim().is_empty()).is_some() {
            blank += 1;
        }
        if out.is_empty() && line.trim().is_empty() {
            continue;
        }
        out.push_str(line.trim_end());
        if verbatim {
            out.push_str(&"&#10;".repeat(blank));
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::one_block;

    #[test]
    fn no_blank_line_is_left_and_preformatted_text_keeps_its_own() {
        assert_eq!(one_block("\n<p>a</p>\n\n \n<p>b</p>\n"), "<p>a</p>\n<p>b</p>\n");
        assert_eq!(one_block("<pre>a\n\n\nb</pre>"), "<pre>a&#10;&#10;\nb</pre>\n");
    }
}

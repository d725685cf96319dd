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

/// Builds the book into `to`, which is replaced as a whole when the new book is complete. A folder with anything in it
/// that is not a book of ours is refused.
pub fn build(course: &Course, to: &Path) -> Result<()> {
    let to = &std::path::absolute(to).map_err(|e| Error::io(to, &e))?;
    claim(to)?;
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

    let made = staging.path().join("html");
    files::write(&made.join(MARK), "Made by `tunebook book`, which replaces this folder as a whole.\n")?;
    let old = staging.path().join("old");
    let replaced = to.exists();
    if replaced {
        std::fs::rename(to, &old).map_err(|e| Error::io(to, &e))?;
    }
    std::fs::rename(&made, to).map_err(|e| {
        if replaced {
            // Without a new book the old one stays where it was.
            let _ = std::fs::rename(&old, to);
        }
        Error::io(to, &e)
    })
}

/// The file by which a folder is known as a book of ours.
const MARK: &str = ".tunebook-book";

/// Fails when the folder holds something that would be lost.
fn claim(to: &Path) -> Result<()> {
    let empty = match std::fs::read_dir(to) {
        Ok(mut entries) => entries.next().is_none(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => true,
        Err(e) => return Err(Error::io(to, &e)),
    };
    if empty || to.join(MARK).is_file() {
        return Ok(());
    }
    Err(Error::input(
        to.display(),
        "is a folder with other things in it, and the book would replace them",
        "give a folder that is empty or not there yet",
    ))
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
    use super::{MARK, claim, one_block};

    #[test]
    fn only_a_book_or_nothing_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        claim(&site).unwrap();
        std::fs::create_dir(&site).unwrap();
        claim(&site).unwrap();
        std::fs::write(site.join("CNAME"), "example.org").unwrap();
        assert_eq!(claim(&site).unwrap_err().exit_code(), 2);
        std::fs::write(site.join(MARK), "").unwrap();
        claim(&site).unwrap();
    }

    #[test]
    fn no_blank_line_is_left_and_preformatted_text_keeps_its_own() {
        assert_eq!(one_block("\n<p>a</p>\n\n \n<p>b</p>\n"), "<p>a</p>\n<p>b</p>\n");
        assert_eq!(one_block("<pre>a\n\n\nb</pre>"), "<pre>a&#10;&#10;\nb</pre>\n");
    }
}

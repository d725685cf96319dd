//! Lesson to notebook: nbformat 4.5, the same bytes every time, without outputs.
//!
//! Cell ids come from the lesson's ids and headings, so that an edit in one place leaves the other cells alone. Keys
//! are in alphabetical order with one space of indentation, as Jupyter itself writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;
use tunebook_grader::{Question, QuestionKind, Quiz};

use crate::exercise::Exercise;
use crate::lesson::{Block, Lesson, render_quotes, rewrite_links};
use crate::{Course, Error, Result};

#[derive(Debug, Serialize)]
struct Notebook {
    cells: Vec<NotebookCell>,
    metadata: serde_json::Value,
    nbformat: u32,
    nbformat_minor: u32,
}

/// A cell; the fields stand in alphabetical order because they are written in this order.
#[derive(Debug, Serialize)]
struct NotebookCell {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attachments: BTreeMap<String, BTreeMap<String, String>>,
    cell_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_count: Option<()>,
    id: String,
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<[(); 0]>,
    source: Vec<String>,
}

/// The notebook of a lesson as the text of an `.ipynb` file.
pub fn write(course: &Course, lesson: &Lesson) -> Result<String> {
    Writer::new(course, lesson)?.lesson()
}

/// A notebook with nothing but the lesson's code cells: what is executed to make the book's outputs.
pub(crate) fn code_only(lesson: &Lesson) -> Result<String> {
    let cells = lesson.cells().map(|cell| code_cell(cell.id.clone(), &cell.code)).collect();
    to_json(cells, lesson)
}

struct Writer<'a> {
    lesson: &'a Lesson,
    exercises: BTreeMap<String, Exercise>,
    quiz: Option<Quiz>,
    lessons: BTreeMap<String, String>,
    cells: Vec<NotebookCell>,
    ids: BTreeSet<String>,
}

impl<'a> Writer<'a> {
    fn new(course: &Course, lesson: &'a Lesson) -> Result<Self> {
        let lessons = course.lessons()?.into_iter().map(|other| (other.meta.id, other.slug)).collect();
        let exercises =
            lesson.exercises().map(|id| Ok((id.to_owned(), course.exercise(id)?))).collect::<Result<_>>()?;
        let quiz = course.quiz(lesson)?;
        Ok(Self { lesson, exercises, quiz, lessons, cells: Vec::new(), ids: BTreeSet::new() })
    }

    fn lesson(mut self) -> Result<String> {
        self.ids = self.lesson.cells().map(|cell| cell.id.clone()).collect();
        self.ids.extend(self.lesson.exercises().chain(self.lesson.questions()).map(str::to_owned));
        self.markdown("opening", &opening(self.lesson, &self.lessons))?;
        let mut before = "opening".to_owned();
        for block in &self.lesson.blocks {
            match block {
                Block::Prose { markdown, .. } => {
                    for section in sections(markdown) {
                        let id = heading_id(section).unwrap_or_else(|| format!("after-{before}"));
                        self.markdown(&id, section)?;
                        before = id;
                    }
                }
                Block::Cell(cell) => {
                    self.cells.push(code_cell(cell.id.clone(), &cell.code));
                    before.clone_from(&cell.id);
                }
                Block::Exercise { id, .. } => {
                    self.exercise(id)?;
                    before.clone_from(id);
                }
                Block::Question { id, line } => {
                    let quiz = self.quiz.clone();
                    let question = quiz.as_ref().and_then(|quiz| quiz.question(id));
                    let missing =
                        || self.lesson.error_at(*line, format!("there is no question `{id}`"), "see quiz.toml");
                    self.question(question.ok_or_else(missing)?)?;
                    before.clone_from(id);
                }
            }
        }
        to_json(self.cells, self.lesson)
    }

    /// Adds a Markdown cell: quotes rendered, links to lessons made links to notebooks, images attached.
    fn markdown(&mut self, id: &str, markdown: &str) -> Result<()> {
        let images = std::cell::RefCell::new(BTreeSet::new());
        let text = rewrite_links(&render_quotes(markdown), &|to| {
            if let Some(target) = to.strip_prefix("lesson:") {
                let lesson = target.split('#').next().unwrap_or(target);
                return self.lessons.get(lesson).map(|slug| format!("{slug}.ipynb"));
            }
            self.lesson.folder.join(to).is_file().then(|| {
                images.borrow_mut().insert(to.to_owned());
                format!("attachment:{}", attachment_name(to))
            })
        });
        let attachments = images.into_inner().into_iter().map(|to| self.attachment(&to)).collect::<Result<_>>()?;
        let id = self.unique(id);
        self.cells.push(NotebookCell { attachments, ..markdown_cell(id, &text) });
        Ok(())
    }

    fn attachment(&self, to: &str) -> Result<(String, BTreeMap<String, String>)> {
        let path = self.lesson.folder.join(to);
        let mime = match path.extension().and_then(|e| e.to_str()) {
            Some("svg") => "image/svg+xml",
            Some("png") => "image/png",
            Some("jpg" | "jpeg") => "image/jpeg",
            _ => {
                let problem = format!("`{to}` is not an image that a notebook can hold");
                return Err(Error::input(&self.lesson.place, problem, "use svg, png or jpg"));
            }
        };
        let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, &e))?;
        Ok((attachment_name(to), BTreeMap::from([(mime.to_owned(), base64(&bytes))])))
    }

    fn exercise(&mut self, id: &str) -> Result<()> {
        let exercise = self.exercises[id].clone();
        let starter = exercise.starter()?;
        let mut text = format!("### Exercise: {}\n\n{}\n\n", exercise.title, exercise.prompt.trim());
        if exercise.public_checks().next().is_some() {
            text.push_str("What is checked:\n\n");
            for check in exercise.public_checks() {
                let _ = writeln!(text, "- {}", check.title);
            }
            text.push('\n');
        }
        let _ = write!(
            text,
            "Edit the cell below and run it. Stuck? Run `:hint {id}` in a cell of its own. \
             In an editor instead: `work/exercises/{id}/src/lib.rs` and `tunebook check {id}`."
        );
        self.markdown(&format!("exercise-{id}"), &text)?;
        self.cells.push(code_cell(id.to_owned(), &format!(":check {id}\n{}", starter.trim_end())));
        Ok(())
    }

    fn question(&mut self, question: &Question) -> Result<()> {
        let mut text = format!("### Question\n\n{}\n\n", question.prompt().trim());
        for (letter, option) in ('a'..='z').zip(question.options()) {
            let _ = writeln!(text, "- **{letter}** {}", option.text.trim().replace('\n', "\n  "));
        }
        let how = match question.kind() {
            QuestionKind::ChoiceOne => "Write one letter under the first line of the cell and run it.",
            QuestionKind::ChoiceMany => {
                "Write every right letter, with commas between, under the first line and run it."
            }
            QuestionKind::Numeric => "Write a number under the first line of the cell and run it.",
            _ => "Write a sentence or two under the first line of the cell and run it.",
        };
        let _ = write!(text, "\n{how}");
        self.markdown(&format!("question-{}", question.id()), &text)?;
        self.cells.push(code_cell(question.id().to_owned(), &format!(":quiz {}\n", question.id())));
        Ok(())
    }

    fn unique(&mut self, wanted: &str) -> String {
        // A cell id has at most 64 characters; 56 leave room for a number.
        let base: String = wanted.chars().take(56).collect();
        let id = (1..)
            .map(|n| if n == 1 { base.clone() } else { format!("{base}-{n}") })
            .find(|id| !self.ids.contains(id))
            .expect("one of infinitely many names is free");
        self.ids.insert(id.clone());
        id
    }
}

/// Title, time, objectives and what to read before.
fn opening(lesson: &Lesson, lessons: &BTreeMap<String, String>) -> String {
    let mut text = format!("# {}\n\n*About {} minutes.*", lesson.meta.title, lesson.meta.minutes);
    let before: Vec<String> = lesson
        .meta
        .needs
        .iter()
        .filter(|id| lessons.contains_key(*id))
        .map(|id| format!("[{id}](lesson:{id})"))
        .collect();
    if !before.is_empty() {
        let _ = write!(text, " Read before: {}.", before.join(", "));
    }
    text.push_str("\n\nAfter this lesson you can:\n\n");
    for objective in &lesson.meta.objectives {
        let _ = writeln!(text, "- {objective}");
    }
    text
}

/// Splits Markdown before each heading that is not inside a code block.
pub(crate) fn sections(markdown: &str) -> Vec<&str> {
    use pulldown_cmark::{Event, Parser, Tag};
    let mut starts = Vec::new();
    let mut depth = 0_usize;
    for (event, range) in Parser::new(markdown).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                // A heading inside a list or a quote belongs to it.
                if depth == 0 && matches!(tag, Tag::Heading { .. }) && markdown[range.clone()].starts_with('#') {
                    starts.push(range.start);
                }
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    starts.insert(0, 0);
    starts.push(markdown.len());
    starts.windows(2).map(|pair| markdown[pair[0]..pair[1]].trim()).filter(|part| !part.is_empty()).collect()
}

pub(crate) fn heading_id(section: &str) -> Option<String> {
    let words = section.strip_prefix('#')?.lines().next()?.trim_start_matches('#');
    let mut id = String::new();
    for c in words.chars() {
        if c.is_ascii_alphanumeric() {
            id.push(c.to_ascii_lowercase());
        } else if !id.ends_with('-') && !id.is_empty() {
            id.push('-');
        }
    }
    let id = id.trim_end_matches('-');
    (!id.is_empty()).then(|| id.to_owned())
}

fn attachment_name(path: &str) -> String {
    path.replace(['/', ' '], "-")
}

fn markdown_cell(id: String, text: &str) -> NotebookCell {
    NotebookCell {
        attachments: BTreeMap::new(),
        cell_type: "markdown",
        execution_count: None,
        id,
        metadata: BTreeMap::new(),
        outputs: None,
        source: lines(text.trim_end()),
    }
}

fn code_cell(id: String, code: &str) -> NotebookCell {
    // `Some(())` is written as `null`: a cell that was not run yet.
    NotebookCell {
        cell_type: "code",
        execution_count: Some(()),
        outputs: Some([]),
        source: lines(code),
        ..markdown_cell(id, "")
    }
}

fn lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n').map(str::to_owned).collect()
}

fn to_json(cells: Vec<NotebookCell>, lesson: &Lesson) -> Result<String> {
    let metadata = serde_json::json!({
        "kernelspec": { "display_name": "Tunebook (Rust)", "language": "rust", "name": "tunebook" },
        "language_info": { "file_extension": ".rs", "mimetype": "text/rust", "name": "rust" },
        "tunebook": { "lesson": lesson.meta.id },
    });
    let notebook = Notebook { cells, metadata, nbformat: 4, nbformat_minor: 5 };
    let mut bytes = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b" ");
    notebook
        .serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, format))
        .map_err(|e| Error::input(&lesson.place, e, ""))?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|e| Error::input(&lesson.place, e, ""))
}

/// Standard base64 with padding.
fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_start_at_headings_outside_code() {
        let text = "Intro.\n\n## One\ntext\n\n```sh\n# a comment\n```\n\n### Two\n- # not one\n";
        assert_eq!(sections(text).len(), 3);
        assert_eq!(heading_id("## Full fine-tuning: *how*?\nx").as_deref(), Some("full-fine-tuning-how"));
        assert_eq!(heading_id("plain"), None);
    }
}

//! Lessons: the one source that notebooks and the book are made from.
//!
//! A lesson is a folder `lessons/NN-slug/` with `lesson.md` (TOML front matter between `+++` lines, then Markdown),
//! `quiz.toml` and `outputs/`. Fences marked as below become cells; every other fence stays prose.
//!
//! | fence | becomes |
//! | --- | --- |
//! | ```` ```rust cell id=load-data ```` | a code cell; `collapsed` folds its code in the book |
//! | ```` ```exercise simple-fine-tuning ```` | the exercise's prompt and a cell with its starter |
//! | ```` ```question which-strategy ```` | the question and a cell for the answer |
//!
//! Prose quotes a measured number as `{{quote NAME "93 %" value=0.93 tol=0.03}}`, and links to another lesson by its
//! id: `[text](lesson:strategies#heading)`.
//!
//! Read `parse` for the format, `quote` for quoted numbers, `validate` for what is checked across files.

mod links;
mod parse;
mod quote;
mod validate;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub(crate) use links::rewrite_links;
pub use quote::{Quote, render_quotes};
pub use validate::{Known, check_quotes, validate};

use crate::files;
use crate::{Error, Result};

/// One lesson, read and checked by itself (see [`validate`] for what needs the other files).
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// Its folder.
    pub folder: PathBuf,
    /// `lesson.md` as it is named in errors: relative to the course.
    pub place: String,
    /// Its number in the order of the course, from the folder's name.
    pub number: u32,
    /// The folder's name: `03-strategies`.
    pub slug: String,
    /// The front matter.
    pub meta: FrontMatter,
    /// The content in order.
    pub blocks: Vec<Block>,
    /// Every number quoted in prose.
    pub quotes: Vec<Quote>,
}

/// The TOML between the `+++` lines.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontMatter {
    /// The lesson's stable id: the words of the folder's name.
    pub id: String,
    /// The heading.
    pub title: String,
    /// What the learner can do afterwards.
    pub objectives: Vec<String>,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// Ids of the lessons to read before.
    #[serde(default)]
    pub needs: Vec<String>,
}

/// A piece of a lesson; `line` is the 1-based line of `lesson.md` where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Markdown as written, quotes not yet rendered.
    Prose {
        /// First line.
        line: usize,
        /// The Markdown.
        markdown: String,
    },
    /// A code cell.
    Cell(Cell),
    /// An exercise's place.
    Exercise {
        /// The fence's line.
        line: usize,
        /// The exercise's id.
        id: String,
    },
    /// A question's place.
    Question {
        /// The fence's line.
        line: usize,
        /// The question's id.
        id: String,
    },
}

/// A code cell of a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The fence's line.
    pub line: usize,
    /// Its stable id: lower-case words joined by hyphens.
    pub id: String,
    /// The code, without a final newline.
    pub code: String,
    /// Whether the book folds the code.
    pub collapsed: bool,
}

impl Lesson {
    /// Reads a lesson's folder.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("lesson.md");
        let text = files::read(&path)?;
        Self::parse(folder, &text)
    }

    /// Parses the text of `lesson.md`; `folder` gives the number and the slug and is not read.
    ///
    /// ````
    /// let text = r#"+++
    /// id = "strategies"
    /// title = "Three strategies"
    /// objectives = ["Choose a strategy"]
    /// minutes = 40
    /// +++
    /// It reaches {{quote accuracy "93 %" value=0.93 tol=0.03}}.
    ///
    /// ```rust cell id=load-data
    /// 1 + 1
    /// ```
    /// "#;
    /// let lesson = tunebook_course::Lesson::parse("lessons/03-strategies".as_ref(), text)?;
    /// assert_eq!((lesson.number, lesson.blocks.len(), lesson.quotes.len()), (3, 2, 1));
    /// # Ok::<(), tunebook_course::Error>(())
    /// ````
    pub fn parse(folder: &Path, text: &str) -> Result<Self> {
        parse::parse(folder, text)
    }

    /// The code cells in order.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Cell(cell) => Some(cell),
            _ => None,
        })
    }

    /// The ids of the exercises in order.
    pub fn exercises(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Exercise { id, .. } => Some(id.as_str()),
            _ => None,
        })
    }

    /// The ids of the questions in order.
    pub fn questions(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Question { id, .. } => Some(id.as_str()),
            _ => None,
        })
    }

    /// The headings of the prose as the anchors that the book gives them.
    pub fn headings(&self) -> Vec<String> {
        let prose = self.blocks.iter().filter_map(|block| match block {
            Block::Prose { markdown, .. } => Some(markdown),
            _ => None,
        });
        prose.flat_map(|markdown| crate::notebook::sections(markdown)).filter_map(crate::notebook::heading_id).collect()
    }

    /// Where the notebook lies, relative to the course.
    pub fn notebook(&self) -> PathBuf {
        Path::new("notebooks").join(format!("{}.ipynb", self.slug))
    }

    /// Where the committed outputs lie.
    pub fn outputs(&self) -> PathBuf {
        self.folder.join("outputs")
    }

    /// An error at a line of `lesson.md`.
    pub(crate) fn error_at(&self, line: usize, problem: impl std::fmt::Display, mend: &str) -> Error {
        Error::input(format!("{}:{line}", self.place), problem, mend)
    }
}

/// Whether an id is made of lower-case words, digits and hyphens, starts with a letter and fits a notebook's cell id.
pub(crate) fn is_stable_id(id: &str) -> bool {
    id.len() <= 48
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-')
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

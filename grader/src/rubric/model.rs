//! The rubric of a short question as its author wrote it, with the wordings made ready for matching.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use crate::text::Synonyms;

/// One accepted wording: what the author wrote, and the pattern made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wording {
    pub source: String,
    pub pattern: Pattern,
}

/// One thing that a good answer says.
///
/// ```
/// # let quiz = tunebook_grader::Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "quiz.toml").unwrap();
/// let rubric = quiz.question("why-freeze").unwrap().rubric().unwrap();
/// assert_eq!(rubric.points()[0].id(), "keeps-knowledge");
/// assert_eq!(rubric.points()[0].weight(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) weight: u32,
    pub(crate) read: Option<String>,
    pub(crate) wordings: Vec<Wording>,
    pub(crate) needs: Vec<Wording>,
    pub(crate) excludes: Vec<Wording>,
    pub(crate) from_question: bool,
}

impl Point {
    /// Its stable id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the point says, in one sentence.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How much it counts against the other points.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// The accepted wordings, as the author wrote them.
    pub fn wordings(&self) -> impl Iterator<Item = &str> {
        self.wordings.iter().map(|w| w.source.as_str())
    }

    /// The section to read when it is missing.
    pub fn read(&self) -> Option<&str> {
        self.read.as_deref()
    }
}

/// A common mistake and what to tell a learner who makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misconception {
    pub(crate) id: String,
    pub(crate) message: String,
    pub(crate) wordings: Vec<Wording>,
    pub(crate) excludes: Vec<Wording>,
    pub(crate) contradicts: Vec<String>,
}

impl Misconception {
    /// Its stable id.
    ///
    /// ```
    /// # let quiz = tunebook_grader::Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "quiz.toml").unwrap();
    /// let rubric = quiz.question("why-freeze").unwrap().rubric().unwrap();
    /// assert_eq!(rubric.misconceptions()[0].id(), "deletes-weights");
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the learner is told.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// What the author expects a sample answer to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Expected {
    /// Correct.
    Good,
    /// Some credit, but not correct.
    Partial,
    /// An honest answer without credit.
    Wrong,
    /// Made to fool the grader: no credit.
    Adversarial,
}

/// An answer that the author wrote or collected, with the verdict it must get.
///
/// ```
/// # let quiz = tunebook_grader::Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "quiz.toml").unwrap();
/// use tunebook_grader::Expected;
/// let rubric = quiz.question("why-freeze").unwrap().rubric().unwrap();
/// assert!(rubric.samples().iter().any(|s| s.expected == Expected::Adversarial));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The answer.
    pub answer: String,
    /// What it must get.
    pub expected: Expected,
    /// The key points it must be credited with, where the author says so.
    pub credits: Option<Vec<String>>,
    /// Line of the quiz file, from 1.
    pub line: usize,
}

/// How short answers to one question are scored.
///
/// ```
/// # let quiz = tunebook_grader::Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "quiz.toml").unwrap();
/// let rubric = quiz.question("why-freeze").unwrap().rubric().unwrap();
/// assert_eq!(rubric.minimum(), 1);
/// assert_eq!(rubric.points().len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rubric {
    pub(crate) points: Vec<Point>,
    pub(crate) misconceptions: Vec<Misconception>,
    pub(crate) minimum: u32,
    pub(crate) max_words: usize,
    pub(crate) samples: Vec<Sample>,
    pub(crate) synonyms: Synonyms,
    /// Comparable forms of the question's words, in order.
    pub(crate) prompt: Vec<String>,
    pub(crate) prompt_set: BTreeSet<String>,
    /// Every word that the rubric or the question knows: such a word in an answer is no typo.
    pub(crate) vocabulary: BTreeSet<String>,
}

impl Rubric {
    /// The key points, in the author's order.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The mistakes it knows.
    pub fn misconceptions(&self) -> &[Misconception] {
        &self.misconceptions
    }

    /// The weight of key points that makes an answer correct.
    pub fn minimum(&self) -> u32 {
        self.minimum
    }

    /// The longest answer that is read, in words.
    pub fn max_words(&self) -> usize {
        self.max_words
    }

    /// The sample answers.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}

//! A lesson's knowledge check: the file, its questions, and what an author is told about them.
//!
//! `raw` is the file as written, `build` and `short` check it and make it ready, `samples` runs the sample answers,
//! `lint` points at what is allowed but not wise.

mod build;
mod lint;
mod raw;
mod samples;
mod short;

pub use lint::Lint;
pub use samples::{SampleFailure, SampleReport};

use crate::choice::{Choice, ChoiceOption};
use crate::error::QuizError;
use crate::numeric::Numeric;
use crate::rubric::{self, Explanation, Rubric};
use crate::verdict::{Asked, Verdict};

/// A lesson's knowledge check.
///
/// ```
/// use tunebook_grader::{EXAMPLE_QUIZ, Quiz};
///
/// let quiz = Quiz::from_toml(EXAMPLE_QUIZ, "quiz.toml")?;
/// assert_eq!(quiz.lesson(), "example");
/// let ids: Vec<&str> = quiz.questions().iter().map(|q| q.id()).collect();
/// assert_eq!(ids, ["what-trains", "what-costs-memory", "why-freeze", "head-parameters"]);
/// # Ok::<(), tunebook_grader::QuizError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Quiz {
    file: String,
    lesson: String,
    version: u32,
    title: Option<String>,
    questions: Vec<Question>,
}

impl Quiz {
    /// Reads and checks a `quiz.toml`; `origin` is the name that errors give to it.
    ///
    /// # Errors
    /// The first thing that is wrong, with line, column and mend.
    ///
    /// ```
    /// use tunebook_grader::Quiz;
    /// let error = Quiz::from_toml("[quiz]\nlesson = \"x\"\nversion = 1\nauthor = \"me\"\n", "x/quiz.toml").unwrap_err();
    /// assert!(error.to_string().starts_with("x/quiz.toml:4:1: unknown field `author`"), "{error}");
    /// ```
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, QuizError> {
        build::quiz(text, origin)
    }

    /// The id of the lesson it belongs to.
    pub fn lesson(&self) -> &str {
        &self.lesson
    }

    /// The version of its rubrics; authors raise it when scores may change.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Its title, where it has one.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The questions, in the author's order.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// The question with this id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.id == id)
    }

    /// Grades every sample answer and compares with what its author expects.
    ///
    /// ```
    /// # let quiz = tunebook_grader::Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "quiz.toml").unwrap();
    /// let report = quiz.check_samples();
    /// assert!(report.is_clean(), "{report}");
    /// ```
    pub fn check_samples(&self) -> SampleReport {
        samples::check(self)
    }

    /// What is allowed but should be looked at: right options that always stand in the same place.
    ///
    /// ```
    /// # let quiz = tunebook_grader::Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "quiz.toml").unwrap();
    /// assert!(quiz.lints().is_empty());
    /// ```
    pub fn lints(&self) -> Vec<Lint> {
        lint::all(self)
    }
}

/// The kind of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuestionKind {
    /// One right option.
    ChoiceOne,
    /// Several right options.
    ChoiceMany,
    /// A sentence or two, scored by a rubric.
    Short,
    /// A number.
    Numeric,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Choice(Choice),
    Short(Box<Rubric>),
    Numeric(Numeric),
}

/// One question.
///
/// ```
/// use tunebook_grader::{EXAMPLE_QUIZ, QuestionKind, Quiz};
///
/// let quiz = Quiz::from_toml(EXAMPLE_QUIZ, "quiz.toml")?;
/// let question = quiz.question("head-parameters").unwrap();
/// assert_eq!(question.kind(), QuestionKind::Numeric);
/// assert!(question.grade("4 * 2 + 2 = 10").correct);
/// # Ok::<(), tunebook_grader::QuizError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    id: String,
    version: u32,
    prompt: String,
    explanation: String,
    read: Option<String>,
    line: usize,
    kind: Kind,
}

impl Question {
    /// Its stable id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is asked, in Markdown.
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// What to show after answering, in Markdown.
    pub fn explanation(&self) -> &str {
        &self.explanation
    }

    /// The section of the lesson that answers it.
    pub fn read(&self) -> Option<&str> {
        self.read.as_deref()
    }

    /// Its kind.
    pub fn kind(&self) -> QuestionKind {
        match &self.kind {
            Kind::Choice(Choice { many: true, .. }) => QuestionKind::ChoiceMany,
            Kind::Choice(_) => QuestionKind::ChoiceOne,
            Kind::Short(_) => QuestionKind::Short,
            Kind::Numeric(_) => QuestionKind::Numeric,
        }
    }

    /// The options of a choice, in the order in which they are shown; empty for other kinds.
    pub fn options(&self) -> &[ChoiceOption] {
        match &self.kind {
            Kind::Choice(choice) => &choice.options,
            _ => &[],
        }
    }

    /// The rubric of a short question.
    pub fn rubric(&self) -> Option<&Rubric> {
        match &self.kind {
            Kind::Short(rubric) => Some(rubric),
            _ => None,
        }
    }

    /// Grades an answer. Never fails: what cannot be read as an answer gets a verdict that says so.
    ///
    /// A choice is answered by letters, numbers, ids or texts of options; a number may carry its unit and how it was
    /// reached (`128 * 8 + 8 = 1032`).
    ///
    /// ```
    /// # let quiz = tunebook_grader::Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "quiz.toml").unwrap();
    /// assert!(quiz.question("what-trains").unwrap().grade("b").correct);
    /// assert!(!quiz.question("what-trains").unwrap().grade("").correct);
    /// ```
    pub fn grade(&self, answer: &str) -> Verdict {
        self.explain(answer).verdict
    }

    /// Grades an answer and says how, point by point.
    ///
    /// ```
    /// # let quiz = tunebook_grader::Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "quiz.toml").unwrap();
    /// let explained = quiz.question("why-freeze").unwrap().explain("frozen layers need less memory");
    /// assert_eq!(explained.wordings[0].point, "less-memory");
    /// ```
    pub fn explain(&self, answer: &str) -> Explanation {
        let asked =
            Asked { id: &self.id, version: self.version, explanation: &self.explanation, read: self.read.as_deref() };
        match &self.kind {
            Kind::Choice(choice) => Explanation::of(choice.grade(&asked, answer)),
            Kind::Numeric(numeric) => Explanation::of(numeric.grade(&asked, answer)),
            Kind::Short(rubric) => rubric::assess(&asked, rubric, answer),
        }
    }
}

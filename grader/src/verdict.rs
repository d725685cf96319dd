//! What grading an answer says: the score, each key point, and what to read.

use serde::Serialize;

use crate::score::Score;

/// What a verdict says about the question itself.
pub(crate) struct Asked<'a> {
    pub id: &'a str,
    pub version: u32,
    pub explanation: &'a str,
    pub read: Option<&'a str>,
}

/// Whether a key point was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PointStatus {
    /// The answer says it.
    Credited,
    /// The answer doesn't say it.
    Missing,
    /// It cannot be told; a person should look.
    Unclear,
}

/// Why an answer was not scored at all.
///
/// ```
/// use tunebook_grader::Gate;
/// assert!(Gate::NotEnglish.needs_review());
/// assert!(Gate::Empty.message().contains("no answer"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Gate {
    /// Nothing was written.
    Empty,
    /// Longer than the question asks for.
    TooLong,
    /// It speaks to the grader instead of answering.
    Instructions,
    /// It is not in English.
    NotEnglish,
    /// The question, copied back.
    QuestionCopied,
    /// Words without a sentence.
    WordSalad,
    /// Every wording that might earn something, poured out.
    RubricDumped,
    /// Not one of the options, or not a number.
    Unreadable,
}

impl Gate {
    /// What the learner is told.
    pub fn message(self) -> &'static str {
        match self {
            Self::Empty => "There is no answer here yet. Write a sentence or two in your own words.",
            Self::TooLong => "This is longer than the question asks for. Say it in a few sentences of your own.",
            Self::Instructions => {
                "This speaks to the grader instead of answering. Write what you know in your own words."
            }
            Self::NotEnglish => {
                "This doesn't look like English, which is the only language scored here; a person can look at it."
            }
            Self::QuestionCopied => "This repeats the question. Say what the answer is, in your own words.",
            Self::WordSalad => "These are words without a sentence. Say how they belong together.",
            Self::RubricDumped => {
                "This lists everything that might count. Choose what matters and say it in a few sentences."
            }
            Self::Unreadable => "This could not be read as an answer to the question.",
        }
    }

    /// Whether a person should look at the answer.
    pub fn needs_review(self) -> bool {
        matches!(self, Self::NotEnglish | Self::TooLong | Self::Instructions | Self::WordSalad | Self::RubricDumped)
    }
}

/// One key point of a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyPoint {
    /// The point's stable id.
    pub id: String,
    /// What the point says.
    pub text: String,
    /// Credited, missing or unclear.
    pub status: PointStatus,
    /// The words of the answer that earned it, or that are unclear.
    pub evidence: Option<String>,
    /// The section to read when it is not credited.
    pub read: Option<String>,
    /// Why it is not credited, where there is something to say.
    pub note: Option<String>,
}

/// A known mistake that the answer makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The misconception's stable id.
    pub id: String,
    /// What the learner is told.
    pub message: String,
    /// The words of the answer that show it.
    pub evidence: String,
}

/// The verdict on one answer. The same answer, question and rubric version give the same bytes.
///
/// `Display` writes it for a terminal, [`Verdict::to_html`] for a page or notebook, `Serialize` as JSON with a fixed
/// order of fields.
///
/// ```
/// use tunebook_grader::{EXAMPLE_QUIZ, PointStatus, Quiz};
///
/// let quiz = Quiz::from_toml(EXAMPLE_QUIZ, "quiz.toml")?;
/// let question = quiz.question("why-freeze").unwrap();
/// let verdict = question.grade("Frozen layers keep what was learned in pretraining.");
/// assert!(verdict.correct);
/// assert_eq!(verdict.score.to_string(), "0.667");
/// assert_eq!(verdict.key_points[0].status, PointStatus::Credited);
/// assert_eq!(verdict.key_points[1].status, PointStatus::Missing);
/// assert!(verdict.to_string().contains("memory"));
/// # Ok::<(), tunebook_grader::QuizError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The question's stable id.
    pub question_id: String,
    /// The version of the rubric that scored it.
    pub rubric_version: u32,
    /// From 0 to 1.
    pub score: Score,
    /// Good enough: the minimum weight of points is there and no known mistake.
    pub correct: bool,
    /// A person should look at this answer.
    pub review: bool,
    /// What stopped the answer before it was scored.
    pub gate: Option<Gate>,
    /// Each key point, in the author's order.
    pub key_points: Vec<KeyPoint>,
    /// The known mistakes it makes.
    pub mistakes: Vec<Mistake>,
    /// What to do next, in a sentence or two.
    pub feedback: String,
    /// The author's explanation, in Markdown.
    pub explanation: String,
}

impl Verdict {
    /// The ids of the points credited, in the author's order.
    ///
    /// ```
    /// # use tunebook_grader::{EXAMPLE_QUIZ, Quiz};
    /// # let quiz = Quiz::from_toml(EXAMPLE_QUIZ, "quiz.toml").unwrap();
    /// let verdict = quiz.question("why-freeze").unwrap().grade("It needs less memory.");
    /// assert_eq!(verdict.credited(), ["less-memory"]);
    /// ```
    pub fn credited(&self) -> Vec<&str> {
        self.key_points.iter().filter(|p| p.status == PointStatus::Credited).map(|p| p.id.as_str()).collect()
    }
}

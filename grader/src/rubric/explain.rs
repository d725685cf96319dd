//! How one answer was scored, step by step: for `tunebook quiz --try` and for authors of rubrics.

use std::fmt;

use serde::Serialize;

use crate::verdict::Verdict;

/// What came of one place where a wording was found.
pub(crate) enum Outcome {
    Said,
    Denied,
    Open(&'static str),
    Excluded,
    NeedMissing,
    QuestionOnly,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said => f.write_str("said"),
            Self::Denied => f.write_str("denied"),
            Self::Open(why) => write!(f, "open: {why}"),
            Self::Excluded => f.write_str("not counted: an excluded word stands in the sentence"),
            Self::NeedMissing => f.write_str("not counted: a needed word is missing"),
            Self::QuestionOnly => f.write_str("not counted: only words of the question"),
        }
    }
}

/// One wording that was found in an answer, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WordingTrace {
    /// The key point.
    pub point: String,
    /// The wording as the author wrote it.
    pub wording: String,
    /// The words of the answer.
    pub evidence: String,
    /// `said`, `denied`, or why it does not count.
    pub outcome: String,
}

/// How an answer was scored, point by point.
///
/// ```
/// use tunebook_grader::{EXAMPLE_QUIZ, Quiz};
///
/// let quiz = Quiz::from_toml(EXAMPLE_QUIZ, "quiz.toml")?;
/// let explained = quiz.question("why-freeze").unwrap().explain("It does not need less memory.");
/// assert_eq!(explained.wordings[0].outcome, "denied");
/// assert!(explained.to_string().contains("denied"));
/// # Ok::<(), tunebook_grader::QuizError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The verdict.
    pub verdict: Verdict,
    /// The answer's sentences as they were read.
    pub sentences: Vec<String>,
    /// Why a gate stopped it, if one did.
    pub gate: Option<String>,
    /// Every wording found.
    pub wordings: Vec<WordingTrace>,
}

impl Explanation {
    /// For a kind of question whose verdict says everything.
    pub(crate) fn of(verdict: Verdict) -> Self {
        Self { verdict, sentences: Vec::new(), gate: None, wordings: Vec::new() }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "question {} (rubric version {})", self.verdict.question_id, self.verdict.rubric_version)?;
        for (i, sentence) in self.sentences.iter().enumerate() {
            writeln!(f, "  sentence {}: {}", i + 1, crate::text::printable(sentence))?;
        }
        if let Some(why) = &self.gate {
            writeln!(f, "  stopped before scoring: {why}")?;
        }
        // Only a rubric reads sentences.
        let points = if self.sentences.is_empty() { &[] } else { self.verdict.key_points.as_slice() };
        for point in points {
            writeln!(f, "  point {}:", point.id)?;
            let mut any = false;
            for trace in self.wordings.iter().filter(|t| t.point == point.id) {
                any = true;
                writeln!(f, "    wording `{}` at \"{}\": {}", trace.wording, trace.evidence, trace.outcome)?;
            }
            if !any {
                writeln!(f, "    no wording found")?;
            }
        }
        write!(f, "{}", self.verdict)
    }
}

//! What can be wrong with a quiz file or a file of answers: always the place and the mend.

use std::fmt;

/// A quiz file that cannot be used: where, what, and what to do.
///
/// ```
/// use tunebook_grader::Quiz;
///
/// let error = Quiz::from_toml("[quiz]\nlesson = \"strategies\"\nversion = \"one\"\n", "quiz.toml").unwrap_err();
/// assert_eq!((error.line, error.column), (3, 11));
/// assert!(error.to_string().starts_with("quiz.toml:3:11: "));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuizError {
    /// The file, as the caller named it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub mend: String,
}

impl fmt::Display for QuizError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, problem, mend } = self;
        write!(f, "{file}:{line}:{column}: {problem}")?;
        if mend.is_empty() { Ok(()) } else { write!(f, "; {mend}") }
    }
}

impl std::error::Error for QuizError {}

/// A file of answers that cannot be scored.
///
/// ```
/// use tunebook_grader::ScoreError;
///
/// let error = ScoreError::Line { line: 4, problem: "no field `answer`".into(), mend: "add it".into() };
/// assert_eq!(error.to_string(), "line 4: no field `answer`; add it");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ScoreError {
    /// A line of the input is not an answer.
    Line {
        /// Line, counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        mend: String,
    },
    /// Reading the answers failed.
    Read(std::io::Error),
    /// Writing the verdicts failed.
    Write(std::io::Error),
}

impl fmt::Display for ScoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { line, problem, mend } => write!(f, "line {line}: {problem}; {mend}"),
            Self::Read(e) => write!(f, "the answers could not be read: {e}"),
            Self::Write(e) => write!(f, "the verdicts could not be written: {e}"),
        }
    }
}

impl std::error::Error for ScoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Line { .. } => None,
            Self::Read(e) | Self::Write(e) => Some(e),
        }
    }
}

/// Line and column (both from 1, columns in characters) of a byte offset.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

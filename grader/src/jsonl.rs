//! Whole files of answers: JSON Lines in, verdicts as JSON Lines out, in the same order.

use std::io::{BufRead, Read, Write};

use serde::Deserialize;

use crate::error::ScoreError;
use crate::quiz::Quiz;

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 1 << 20;

#[derive(Deserialize)]
struct Line {
    question_id: String,
    answer: String,
}

/// What a run over a file of answers came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScoreSummary {
    /// Answers scored.
    pub answers: usize,
    /// Of them, correct.
    pub correct: usize,
    /// Of them, for a person to look at.
    pub review: usize,
}

/// Scores answers against a quiz: each line of `answers` is an object with `question_id` and `answer`, each line written
/// to `verdicts` is that answer's [`Verdict`](crate::Verdict). Other fields are ignored, empty lines skipped. Verdicts of
/// the lines before a bad one have been written when the error comes back.
///
/// # Errors
/// A line that is no such object, is longer than 1 MiB, or names an unknown question; a reader or writer that fails.
///
/// ```
/// use tunebook_grader::{EXAMPLE_QUIZ, Quiz, score_jsonl};
///
/// let quiz = Quiz::from_toml(EXAMPLE_QUIZ, "quiz.toml")?;
/// let answers = r#"{"question_id": "what-trains", "answer": "b"}"#;
/// let mut verdicts = Vec::new();
/// let summary = score_jsonl(&quiz, answers.as_bytes(), &mut verdicts)?;
/// assert_eq!((summary.answers, summary.correct), (1, 1));
/// assert!(verdicts.starts_with(br#"{"question_id":"what-trains","rubric_version":1,"score":1.0,"correct":true"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn score_jsonl(
    quiz: &Quiz,
    mut answers: impl BufRead,
    mut verdicts: impl Write,
) -> Result<ScoreSummary, ScoreError> {
    let mut summary = ScoreSummary::default();
    let mut buffer = Vec::new();
    for number in 1.. {
        buffer.clear();
        let read = (&mut answers).take(MAX_LINE + 1).read_until(b'\n', &mut buffer).map_err(ScoreError::Read)?;
        if read == 0 {
            break;
        }
        let fault = |problem: String, mend: &str| ScoreError::Line { line: number, problem, mend: mend.to_owned() };
        if buffer.len() as u64 > MAX_LINE {
            return Err(fault("the line is longer than 1 MiB".into(), "shorten the answer or drop the line"));
        }
        let text = std::str::from_utf8(&buffer)
            .map_err(|e| fault(format!("byte {} is not UTF-8", e.valid_up_to() + 1), "save the file as UTF-8"))?;
        // Some editors begin a file with a byte-order mark.
        let text = text.trim_start_matches('\u{FEFF}').trim();
        if text.is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(text).map_err(|e| {
            fault(
                format!("not an answer ({})", reason(&e)),
                r#"write {"question_id": "...", "answer": "..."} on one line"#,
            )
        })?;
        let Some(question) = quiz.question(&line.question_id) else {
            let known: Vec<&str> = quiz.questions().iter().map(crate::Question::id).collect();
            return Err(fault(
                format!("no question `{}`", line.question_id),
                &format!("use one of: {}", known.join(", ")),
            ));
        };
        let verdict = question.grade(&line.answer);
        summary.answers += 1;
        summary.correct += usize::from(verdict.correct);
        summary.review += usize::from(verdict.review);
        serde_json::to_writer(&mut verdicts, &verdict).map_err(|e| ScoreError::Write(e.into()))?;
        verdicts.write_all(b"\n").map_err(ScoreError::Write)?;
    }
    verdicts.flush().map_err(ScoreError::Write)?;
    Ok(summary)
}

/// The parser's message with the column only: its line is always 1 here and would mislead.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let bare = text.split(" at line ").next().unwrap_or(&text).to_owned();
    format!("{bare}, column {}", error.column())
}

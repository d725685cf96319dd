//! One row for each student, one column for each question.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tunebook_course::{Error, Result};
use tunebook_grader::{Question, Quiz};

/// The file with a student's answers.
const ANSWERS: &str = "answers.jsonl";

/// A student's marks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Student {
    /// The folder's name.
    pub name: String,
    /// The score of each answered question, from 0 to 1.
    pub scores: BTreeMap<String, f64>,
    /// Questions whose answer a person should look at.
    pub review: Vec<String>,
}

/// The marks of a class.
///
/// ```
/// use tunebook_classroom::Marks;
/// use tunebook_grader::{EXAMPLE_QUIZ, Quiz};
///
/// let class = tempfile::tempdir()?;
/// std::fs::create_dir(class.path().join("ada"))?;
/// std::fs::write(class.path().join("ada/answers.jsonl"), r#"{"question_id": "what-trains", "answer": "b"}"#)?;
/// let quiz = Quiz::from_toml(EXAMPLE_QUIZ, "quiz.toml")?;
/// let marks = Marks::of(&quiz, class.path())?;
/// assert_eq!(marks.students[0].scores["what-trains"], 1.0);
/// assert!(marks.to_string().starts_with("student,"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Marks {
    /// The ids of the questions, in the quiz's order.
    pub questions: Vec<String>,
    /// The students, sorted by name.
    pub students: Vec<Student>,
}

#[derive(Deserialize)]
struct Verdict {
    question_id: String,
    score: f64,
    review: bool,
}

impl Marks {
    /// Grades every student's answers. A student without a file has no scores; a later answer to a question replaces an
    /// earlier one.
    ///
    /// # Errors
    /// When the folder cannot be read or a line is no answer; the message names the student's file and the line.
    pub fn of(quiz: &Quiz, class: &Path) -> Result<Self> {
        let mut students = Vec::new();
        for entry in std::fs::read_dir(class).map_err(|e| Error::io(class, &e))? {
            let folder = entry.map_err(|e| Error::io(class, &e))?.path();
            if folder.is_dir() {
                students.push(Student::grade(quiz, &folder)?);
            }
        }
        students.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { questions: quiz.questions().iter().map(|q| Question::id(q).to_owned()).collect(), students })
    }
}

impl Student {
    fn grade(quiz: &Quiz, folder: &Path) -> Result<Self> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut student = Self { name, scores: BTreeMap::new(), review: Vec::new() };
        let path = folder.join(ANSWERS);
        if !path.is_file() {
            return Ok(student);
        }
        let answers = std::fs::read(&path).map_err(|e| Error::io(&path, &e))?;
        let mut verdicts = Vec::new();
        tunebook_grader::score_jsonl(quiz, answers.as_slice(), &mut verdicts)
            .map_err(|e| Error::input(path.display(), e, "correct that line"))?;
        for line in verdicts.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let verdict: Verdict =
                serde_json::from_slice(line).map_err(|e| Error::input(path.display(), e, "report this as a bug"))?;
            student.review.retain(|id| *id != verdict.question_id);
            if verdict.review {
                student.review.push(verdict.question_id.clone());
            }
            student.scores.insert(verdict.question_id, verdict.score);
        }
        Ok(student)
    }
}

/// As CSV: names are quoted, and a name that a spreadsheet would take for a formula is made text.
impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "student,{},review", self.questions.join(","))?;
        for student in &self.students {
            let guard = if student.name.starts_with(['=', '+', '-', '@']) { "\'" } else { "" };
            write!(f, "\"{guard}{}\"", student.name.replace('"', "\"\""))?;
            for question in &self.questions {
                match student.scores.get(question) {
                    Some(score) => write!(f, ",{score:.3}")?,
                    None => write!(f, ",")?,
                }
            }
            writeln!(f, ",{}", student.review.join(" "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiz() -> Quiz {
        Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "quiz.toml").unwrap()
    }

    #[test]
    fn a_student_without_answers_has_empty_cells() {
        let class = tempfile::tempdir().unwrap();
        std::fs::create_dir(class.path().join("=cmd")).unwrap();
        let marks = Marks::of(&quiz(), class.path()).unwrap();
        assert!(marks.students[0].scores.is_empty());
        assert!(marks.to_string().lines().nth(1).unwrap().starts_with("\"\'=cmd\",,"), "{marks}");
    }

    #[test]
    fn a_broken_line_names_the_file() {
        let class = tempfile::tempdir().unwrap();
        std::fs::create_dir(class.path().join("bob")).unwrap();
        std::fs::write(class.path().join("bob/answers.jsonl"), "no json\n").unwrap();
        let message = Marks::of(&quiz(), class.path()).unwrap_err().to_string();
        assert!(message.contains("bob/answers.jsonl") && message.contains('1'), "{message}");
    }
}

//! `tunebook quiz` and `tunebook score`: knowledge checks in the terminal.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tunebook_course::learner::Learner;
use tunebook_grader::{Question, QuestionKind};

use super::learn::Folder;
use super::read;
use crate::failure::{Failure, Result, outln};

/// Asks a lesson's questions and grades the answers.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  tunebook quiz strategies\n  \
    tunebook quiz strategies --question why-lower-learning-rate --try my-answer.txt")]
pub(crate) struct Quiz {
    /// The lesson's id or number
    #[arg(default_value = "strategies")]
    lesson: String,
    /// Only this question
    #[arg(long)]
    question: Option<String>,
    /// Show how the answer in this file is scored, point by point; needs --question
    #[arg(long = "try", value_name = "FILE", requires = "question")]
    attempt: Option<PathBuf>,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn run(call: &Quiz) -> Result<ExitCode> {
    let (learner, _) = call.folder.learner()?;
    let lesson = learner.course().lesson(&call.lesson)?;
    let quiz = learner
        .course()
        .quiz(&lesson)?
        .ok_or_else(|| Failure::input(format!("{}: this lesson has no knowledge check", call.lesson)))?;
    let questions: Vec<&Question> = match &call.question {
        None => quiz.questions().iter().collect(),
        Some(id) => vec![quiz.question(id).ok_or_else(|| {
            let ids: Vec<_> = quiz.questions().iter().map(Question::id).collect();
            Failure::input(format!("{id}: there is no such question; the questions are: {}", ids.join(", ")))
        })?],
    };
    if let Some(file) = &call.attempt {
        outln!("{}", questions[0].explain(&read(file)?));
        return Ok(ExitCode::SUCCESS);
    }
    let mut correct = 0;
    for (at, question) in questions.iter().enumerate() {
        outln!("\nQuestion {} of {}\n", at + 1, questions.len());
        if ask(&learner, question)? {
            correct += 1;
        }
    }
    outln!("\n{correct} of {} correct.", questions.len());
    Ok(if correct == questions.len() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Asks one question; whether the answer was correct.
fn ask(learner: &Learner, question: &Question) -> Result<bool> {
    outln!("{}", question.prompt().trim());
    for (letter, option) in ('a'..).zip(question.options()) {
        outln!("  {letter}) {}", option.text);
    }
    outln!(
        "{}",
        match question.kind() {
            QuestionKind::ChoiceOne => "\nYour letter:",
            QuestionKind::ChoiceMany => "\nYour letters, with spaces between:",
            QuestionKind::Numeric => "\nYour number:",
            _ => "\nYour answer, then an empty line:",
        }
    );
    let answer = typed(question.kind() == QuestionKind::Short)?;
    let verdict = learner.answer(question.id(), &answer)?;
    outln!("\n{verdict}");
    Ok(verdict.correct)
}

/// One line, or lines up to an empty one.
fn typed(several: bool) -> Result<String> {
    let mut answer = String::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            if several && answer.is_empty() {
                continue;
            }
            break;
        }
        answer.push_str(&line);
        answer.push('\n');
        if !several {
            break;
        }
    }
    Ok(answer)
}

/// Scores a file of answers against a quiz; verdicts as JSON Lines, in the same order.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  tunebook score lessons/03-strategies/quiz.toml answers.jsonl\n\n\
    Each line of ANSWERS is {\"question_id\": \"...\", \"answer\": \"...\"}.")]
pub(crate) struct Score {
    /// The quiz.toml
    quiz: PathBuf,
    /// The answers, one JSON object a line
    answers: PathBuf,
}

pub(crate) fn score(call: &Score) -> Result<ExitCode> {
    let quiz = tunebook_grader::Quiz::from_toml(&read(&call.quiz)?, &call.quiz.display().to_string())
        .map_err(Failure::input)?;
    let place = call.answers.display();
    let answers = File::open(&call.answers).map_err(|problem| Failure::input(format!("{place}: {problem}")))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let summary = tunebook_grader::score_jsonl(&quiz, BufReader::new(answers), &mut out);
    out.flush()?;
    let summary = summary.map_err(|problem| Failure::input(format!("{place}: {problem}")))?;
    eprintln!("{} answers, {} correct, {} for review", summary.answers, summary.correct, summary.review);
    Ok(ExitCode::SUCCESS)
}

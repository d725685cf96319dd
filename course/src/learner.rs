//! The learner's loop: check, hint, solution, reset, progress, quiz. The terminal and the notebook both use this.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tunebook_grader::Verdict;

use crate::exercise::{CheckReport, Checker, Exercise, Outcome};
use crate::progress::{ProgressFile, QuestionProgress};
use crate::work::Work;
use crate::{Course, Error, Result, files};

/// A learner's course and work folder.
#[derive(Debug, Clone)]
pub struct Learner {
    course: Course,
    work: Work,
    progress: ProgressFile,
}

/// One step of an exercise's hint ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hint {
    /// Which hint, from 1.
    pub number: usize,
    /// How many there are.
    pub total: usize,
    /// The hint, in Markdown.
    pub text: String,
}

/// An answer in a notebook, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What the learner is told.
    pub report: CheckReport,
    /// The file in `work/` that was edited elsewhere and therefore not replaced by the notebook's answer.
    pub not_stored: Option<PathBuf>,
}

/// Where the learner stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// One entry for each lesson, in order.
    pub lessons: Vec<LessonStanding>,
}

/// Where the learner stands in one lesson.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LessonStanding {
    /// The lesson's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Each exercise's id, and whether it is passed.
    pub exercises: Vec<(String, bool)>,
    /// Each question's id, and the best score so far (0 to 1), if it was answered.
    pub questions: Vec<(String, Option<f64>)>,
}

impl Learner {
    /// A learner of `course` who works in `work`.
    pub fn new(course: Course, work: Work) -> Self {
        let progress = ProgressFile::of(work.folder());
        Self { course, work, progress }
    }

    /// The course.
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// The work folder.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Checks the learner's file of an exercise.
    pub fn check(&self, checker: &Checker, id: &str) -> Result<CheckReport> {
        let exercise = self.course.exercise(id)?;
        let path = self.work.exercise(id);
        if !path.is_file() {
            self.work.prepare(&self.course)?;
        }
        let report = checker.check(&exercise, &files::read(&path)?)?;
        self.note(&report)?;
        Ok(report)
    }

    /// Checks an answer that was typed in a notebook, and stores it as the exercise's file.
    pub fn check_code(&self, checker: &Checker, id: &str, code: &str) -> Result<Checked> {
        let exercise = self.course.exercise(id)?;
        let report = checker.check(&exercise, code)?;
        self.note(&report)?;
        let started = report.outcome != Outcome::NotStarted;
        let stored = !started || self.work.store_answer(id, &format!("{}\n", code.trim_end()))?;
        Ok(Checked { report, not_stored: (!stored).then(|| self.work.exercise(id)) })
    }

    fn note(&self, report: &CheckReport) -> Result<()> {
        if report.outcome == Outcome::NotStarted {
            return Ok(());
        }
        self.progress.update(|progress| {
            let entry = progress.exercises.entry(report.exercise.clone()).or_default();
            entry.attempts += 1;
            entry.passed |= report.passed();
        })
    }

    /// The next hint; after the last one, the last one again.
    pub fn hint(&self, id: &str) -> Result<Hint> {
        let exercise = self.course.exercise(id)?;
        let total = exercise.hints.len();
        let number = self.progress.update(|progress| {
            let entry = progress.exercises.entry(id.to_owned()).or_default();
            entry.hints = (entry.hints + 1).min(total);
            entry.hints
        })?;
        Ok(Hint { number, total, text: exercise.hints[number - 1].clone() })
    }

    /// The course's solution, once the learner's own answer has passed.
    pub fn solution(&self, id: &str) -> Result<String> {
        let exercise = self.course.exercise(id)?;
        if self.progress.read()?.exercises.get(id).is_some_and(|entry| entry.passed) {
            return files::read(&exercise.folder.join("solution.rs"));
        }
        let mend = format!("pass `check {id}` first; `hint {id}` helps");
        Err(Error::work(id, "the solution opens after your own answer has passed", mend))
    }

    /// Restores an exercise's starter or a lesson's notebook; returns where the edited file was kept.
    pub fn reset(&self, name: &str) -> Result<Option<PathBuf>> {
        self.work.reset(&self.course, name)
    }

    /// Grades an answer to a question and notes the score.
    pub fn answer(&self, question: &str, answer: &str) -> Result<Verdict> {
        let (_, quiz) = self.course.question(question)?;
        let verdict = quiz.question(question).expect("the course just found it").grade(answer);
        if !answer.trim().is_empty() {
            self.progress.update(|progress| {
                let entry: &mut QuestionProgress = progress.questions.entry(question.to_owned()).or_default();
                entry.attempts += 1;
                entry.best = entry.best.max(verdict.score.as_f64());
            })?;
        }
        Ok(verdict)
    }

    /// Where the learner stands, lesson by lesson.
    pub fn standing(&self) -> Result<Standing> {
        let progress = self.progress.read()?;
        let exercises: Vec<Exercise> = self.course.exercises()?.into_values().collect();
        let lessons = self.course.lessons()?.into_iter().map(|lesson| {
            let quiz = self.course.quiz(&lesson)?;
            let mine = exercises.iter().filter(|exercise| exercise.lesson == lesson.meta.id);
            Ok(LessonStanding {
                exercises: mine
                    .map(|e| (e.id.clone(), progress.exercises.get(&e.id).is_some_and(|entry| entry.passed)))
                    .collect(),
                questions: quiz
                    .iter()
                    .flat_map(|quiz| quiz.questions())
                    .map(|q| (q.id().to_owned(), progress.questions.get(q.id()).map(|entry| entry.best)))
                    .collect(),
                id: lesson.meta.id,
                title: lesson.meta.title,
            })
        });
        Ok(Standing { lessons: lessons.collect::<Result<_>>()? })
    }

    /// The file that holds the progress.
    pub fn progress_file(&self) -> &Path {
        self.progress.path()
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, lesson) in self.lessons.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", lesson.title)?;
            for (id, passed) in &lesson.exercises {
                write!(f, "\n  {} exercise {id}", if *passed { "✓" } else { "·" })?;
            }
            for (id, best) in &lesson.questions {
                match best {
                    Some(best) => {
                        write!(f, "\n  {} question {id} (best score {best:.2})", if *best >= 1.0 { "✓" } else { "~" })?
                    }
                    None => write!(f, "\n  · question {id}")?,
                }
            }
        }
        Ok(())
    }
}

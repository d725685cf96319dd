//! The sample answers of a quiz against the verdicts their author expects.

use std::fmt;

use super::Quiz;
use crate::rubric::{Expected, Sample};
use crate::score::Score;
use crate::verdict::Verdict;

/// One sample answer that got something else than expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleFailure {
    /// The question.
    pub question_id: String,
    /// Line of the quiz file, from 1.
    pub line: usize,
    /// The sample answer.
    pub answer: String,
    /// What is not as expected.
    pub problem: String,
    /// What it got.
    pub verdict: Verdict,
}

/// What running the sample answers came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleReport {
    /// The quiz file, as the caller named it.
    pub file: String,
    /// How many samples were graded.
    pub graded: usize,
    /// The samples that got something else.
    pub failures: Vec<SampleFailure>,
    /// Key points that no sample answer reaches, as (question, point).
    pub unreached: Vec<(String, String)>,
}

impl SampleReport {
    /// Whether all is as expected and every key point is reached.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty() && self.unreached.is_empty()
    }
}

impl fmt::Display for SampleReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            let SampleFailure { question_id, line, answer, problem, .. } = failure;
            writeln!(
                f,
                "{}:{line}: sample of `{question_id}`: {problem}: \"{}\"",
                self.file,
                crate::text::printable(answer)
            )?;
        }
        for (question, point) in &self.unreached {
            writeln!(f, "{}: no sample answer of `{question}` is credited with `{point}`", self.file)?;
        }
        write!(f, "{} sample answers, {} not as expected", self.graded, self.failures.len())
    }
}

pub(super) fn check(quiz: &Quiz) -> SampleReport {
    let mut report = SampleReport { file: quiz.file.clone(), graded: 0, failures: Vec::new(), unreached: Vec::new() };
    for question in &quiz.questions {
        let Some(rubric) = question.rubric() else { continue };
        let mut reached: Vec<String> = Vec::new();
        for sample in rubric.samples() {
            let verdict = question.grade(&sample.answer);
            report.graded += 1;
            reached.extend(verdict.credited().into_iter().map(str::to_owned));
            if let Some(problem) = problem(sample, &verdict) {
                report.failures.push(SampleFailure {
                    question_id: question.id.clone(),
                    line: sample.line,
                    answer: sample.answer.clone(),
                    problem,
                    verdict,
                });
            }
        }
        let missing = rubric.points().iter().filter(|p| !reached.iter().any(|r| r == p.id()));
        report.unreached.extend(missing.map(|p| (question.id.clone(), p.id().to_owned())));
    }
    report
}

fn problem(sample: &Sample, verdict: &Verdict) -> Option<String> {
    let got = format!("score {}, {}", verdict.score, if verdict.correct { "correct" } else { "not correct" });
    let as_expected = match sample.expected {
        Expected::Good => verdict.correct,
        Expected::Partial => !verdict.correct && verdict.score > Score::ZERO,
        Expected::Wrong | Expected::Adversarial => !verdict.correct && verdict.score == Score::ZERO,
    };
    if !as_expected {
        return Some(format!("expected {:?}, got {got}", sample.expected).to_lowercase());
    }
    let credits = sample.credits.as_ref()?;
    let credited = verdict.credited();
    let same = credits.len() == credited.len() && credits.iter().all(|c| credited.contains(&c.as_str()));
    (!same).then(|| format!("expected the points [{}], got [{}]", credits.join(", "), credited.join(", ")))
}

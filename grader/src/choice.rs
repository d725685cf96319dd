//! Choice questions: one right option or many.

use serde::Serialize;

use crate::score::Score;
use crate::verdict::{Asked, Gate, KeyPoint, Mistake, PointStatus, Verdict};

/// One option of a choice question.
///
/// ```
/// # let quiz = tunebook_grader::Quiz::from_toml(tunebook_grader::EXAMPLE_QUIZ, "quiz.toml").unwrap();
/// let options = quiz.question("what-trains").unwrap().options();
/// assert_eq!(options[0].id, "everything");
/// assert!(options.iter().filter(|o| o.right).count() == 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChoiceOption {
    /// Stable id within the question.
    pub id: String,
    /// What the learner reads, in Markdown.
    pub text: String,
    /// Whether it belongs to the right answer.
    pub right: bool,
    /// What to say to a learner who chose it, or who missed it.
    pub why: Option<String>,
}

/// The options of a question, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub options: Vec<ChoiceOption>,
    pub many: bool,
}

impl Choice {
    /// Grades letters (`b`), numbers (`2`), ids or whole option texts, with commas or `and` between them.
    pub(crate) fn grade(&self, asked: &Asked<'_>, answer: &str) -> Verdict {
        match self.chosen(answer) {
            Ok(chosen) => self.verdict(asked, &chosen),
            Err((gate, feedback)) => self.refused(asked, gate, feedback),
        }
    }

    fn chosen(&self, answer: &str) -> Result<Vec<usize>, (Gate, String)> {
        let text = answer.trim().to_lowercase();
        if text.is_empty() {
            return Err((Gate::Empty, format!("There is no answer here yet. {}", self.how_to())));
        }
        let mut chosen: Vec<usize> = match self.lookup(&text) {
            Some(i) => vec![i],
            None => text
                .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '+' | '&' | '/'))
                .filter(|word| !word.is_empty() && *word != "and")
                .map(|word| self.lookup(word))
                .collect::<Option<_>>()
                .ok_or_else(|| (Gate::Unreadable, format!("This is not one of the options. {}", self.how_to())))?,
        };
        chosen.sort_unstable();
        chosen.dedup();
        if chosen.is_empty() {
            return Err((Gate::Unreadable, format!("This names no option. {}", self.how_to())));
        }
        if !self.many && chosen.len() > 1 {
            return Err((Gate::Unreadable, "Only one option is right: name one.".into()));
        }
        Ok(chosen)
    }

    fn lookup(&self, word: &str) -> Option<usize> {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let letter = |i: usize| char::from(b'a' + i as u8).to_string();
        self.options
            .iter()
            .position(|o| o.id == bare)
            .or_else(|| self.options.iter().position(|o| o.text.trim().to_lowercase() == word))
            .or_else(|| (0..self.options.len()).find(|&i| bare == letter(i) || bare == (i + 1).to_string()))
    }

    fn how_to(&self) -> String {
        let last = char::from(b'a' + (self.options.len() - 1) as u8);
        if self.many {
            format!("Name every option that is right by its letter, a to {last}, with commas between.")
        } else {
            format!("Name one option by its letter, a to {last}.")
        }
    }

    fn verdict(&self, asked: &Asked<'_>, chosen: &[usize]) -> Verdict {
        let right = self.options.iter().filter(|o| o.right).count();
        let wrong = self.options.len() - right;
        let hits = chosen.iter().filter(|&&i| self.options[i].right).count();
        let misses = chosen.len() - hits;
        // hits/right - misses/wrong: all ticked is worth nothing, as is nothing ticked.
        let gained = (hits * wrong.max(1)) as u32;
        let lost = (misses * right) as u32;
        let score = Score::ratio(gained.saturating_sub(lost), (right * wrong.max(1)) as u32);
        let correct = hits == right && misses == 0;
        let score = if self.many || correct { score } else { Score::ZERO };
        let key_points = self.key_points(asked, Some(chosen));
        let mistakes: Vec<Mistake> = chosen
            .iter()
            .map(|&i| &self.options[i])
            .filter(|o| !o.right)
            .map(|o| Mistake {
                id: o.id.clone(),
                message: o.why.clone().unwrap_or_else(|| "This option is not right.".into()),
                evidence: o.text.clone(),
            })
            .collect();
        let feedback = match (correct, self.many) {
            (true, _) => "That is right.".to_owned(),
            (false, false) => "That is not it.".to_owned(),
            (false, true) => format!("{hits} of {right} right options found, {misses} wrong ones chosen."),
        };
        Self::build(asked, score, correct, None, key_points, mistakes, feedback)
    }

    fn refused(&self, asked: &Asked<'_>, gate: Gate, feedback: String) -> Verdict {
        let key_points = self.key_points(asked, None);
        Self::build(asked, Score::ZERO, false, Some(gate), key_points, Vec::new(), feedback)
    }

    fn key_points(&self, asked: &Asked<'_>, chosen: Option<&[usize]>) -> Vec<KeyPoint> {
        let point = |(i, o): (usize, &ChoiceOption)| {
            let found = chosen.is_some_and(|c| c.contains(&i));
            KeyPoint {
                id: o.id.clone(),
                text: o.text.clone(),
                status: if found { PointStatus::Credited } else { PointStatus::Missing },
                evidence: found.then(|| o.text.clone()),
                read: asked.read.map(str::to_owned),
                note: None,
            }
        };
        self.options.iter().enumerate().filter(|(_, o)| o.right).map(point).collect()
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one value, named at the only two calls")]
    fn build(
        asked: &Asked<'_>,
        score: Score,
        correct: bool,
        gate: Option<Gate>,
        key_points: Vec<KeyPoint>,
        mistakes: Vec<Mistake>,
        feedback: String,
    ) -> Verdict {
        Verdict {
            question_id: asked.id.to_owned(),
            rubric_version: asked.version,
            score,
            correct,
            review: false,
            gate,
            key_points,
            mistakes,
            feedback,
            explanation: asked.explanation.to_owned(),
        }
    }
}

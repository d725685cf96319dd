//! What is allowed in a quiz but should be looked at.

use std::fmt;

use super::{Kind, Quiz};
use crate::choice::Choice;

/// A warning about a quiz.
///
/// ```
/// use tunebook_grader::Lint;
/// let lint = Lint { file: "quiz.toml".into(), line: 7, message: "shuffle the options".into() };
/// assert_eq!(lint.to_string(), "quiz.toml:7: warning: shuffle the options");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// The quiz file, as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What to look at.
    pub message: String,
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: warning: {}", self.file, self.line, self.message)
    }
}

pub(super) fn all(quiz: &Quiz) -> Vec<Lint> {
    let mut lints = Vec::new();
    let mut positions: Vec<usize> = Vec::new();
    let mut longest = 0;
    let mut line = 1;
    for question in &quiz.questions {
        let Kind::Choice(choice) = &question.kind else { continue };
        if choice.many {
            continue;
        }
        line = question.line;
        positions.extend(choice.options.iter().position(|o| o.right));
        longest += usize::from(right_is_longest(choice));
    }
    let mut lint = |message: String| lints.push(Lint { file: quiz.file.clone(), line, message });
    let asked = positions.len();
    if asked >= 3 {
        for place in 0..10 {
            let here = positions.iter().filter(|&&p| p == place).count();
            if here * 3 >= asked * 2 {
                lint(format!(
                    "in {here} of {asked} choice questions the right option is number {}: vary its place",
                    place + 1
                ));
            }
        }
        if longest == asked {
            lint("in every choice question the right option is the longest: even the lengths out".to_owned());
        }
    }
    lints
}

fn right_is_longest(choice: &Choice) -> bool {
    let length = |right: bool| choice.options.iter().filter(|o| o.right == right).map(|o| o.text.chars().count()).max();
    length(true) > length(false)
}

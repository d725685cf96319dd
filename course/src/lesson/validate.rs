//! What a lesson promises about other files: exercises, questions, lessons and measured numbers that exist.

use std::collections::{BTreeMap, BTreeSet};

use super::{Block, Lesson};
use crate::Error;

/// The ids a lesson may name.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The course's lessons.
    pub lessons: BTreeSet<String>,
    /// The course's exercises.
    pub exercises: BTreeSet<String>,
    /// The questions of the lesson's own quiz.
    pub questions: BTreeSet<String>,
}

/// Every reference of the lesson that leads nowhere.
pub fn validate(lesson: &Lesson, known: &Known) -> Vec<Error> {
    let mut problems = Vec::new();
    for block in &lesson.blocks {
        match block {
            Block::Exercise { line, id } if !known.exercises.contains(id) => {
                let mend = format!("add exercises/{id}/ or correct the id");
                problems.push(lesson.error_at(*line, format!("there is no exercise `{id}`"), &mend));
            }
            Block::Question { line, id } if !known.questions.contains(id) => {
                let mend = "add it to the lesson's quiz.toml or correct the id";
                problems.push(lesson.error_at(*line, format!("there is no question `{id}`"), mend));
            }
            Block::Prose { line, markdown } => {
                for id in linked_lessons(markdown) {
                    if !known.lessons.contains(&id) {
                        let problem = format!("the text links to `lesson:{id}`, which is not a lesson");
                        problems.push(lesson.error_at(*line, problem, "correct the id"));
                    }
                }
            }
            _ => {}
        }
    }
    for id in lesson.meta.needs.iter().filter(|id| !known.lessons.contains(*id)) {
        problems.push(lesson.error_at(1, format!("`needs` names `{id}`, which is not a lesson"), "correct the id"));
    }
    for id in &known.questions {
        if !lesson.questions().any(|asked| asked == id) {
            let place = lesson.place.replace("lesson.md", "quiz.toml");
            let mend = format!("add a ```question {id} block to lesson.md or remove the question");
            problems.push(Error::input(place, format!("the lesson never asks `{id}`"), mend));
        }
    }
    problems
}

/// Every quote that no recorded number supports. `values` are the numbers that the lesson's cells recorded.
pub fn check_quotes(lesson: &Lesson, values: &BTreeMap<String, f64>) -> Vec<Error> {
    lesson
        .quotes
        .iter()
        .filter_map(|quote| {
            let place = format!("{}:{}", lesson.place, quote.line);
            match values.get(&quote.name) {
                Some(&recorded) if quote.agrees(recorded) => None,
                Some(recorded) => {
                    let (value, tolerance) = (quote.value, quote.tolerance);
                    let problem = format!(
                        "`{}` is quoted as {value} (tolerance {tolerance}), but the cells measured {recorded}",
                        quote.name
                    );
                    Some(Error::work(place, problem, "correct the text or find out why it moved"))
                }
                None => {
                    let problem = format!("`{}` is quoted, but no cell records it", quote.name);
                    let mend =
                        format!("call record(\"{}\", value) in a cell, then `tunebook build --execute`", quote.name);
                    Some(Error::work(place, problem, mend))
                }
            }
        })
        .collect()
}

fn linked_lessons(markdown: &str) -> Vec<String> {
    let found = std::cell::RefCell::new(Vec::new());
    super::rewrite_links(markdown, &|to| {
        if let Some(id) = to.strip_prefix("lesson:") {
            found.borrow_mut().push(id.split('#').next().unwrap_or(id).to_owned());
        }
        None
    });
    found.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson() -> Lesson {
        let text = "+++\nid = \"demo\"\ntitle = \"Demo\"\nobjectives = [\"o\"]\nminutes = 5\nneeds = [\"basics\"]\n+++\n\
            See [there](lesson:nowhere#x) and {{quote acc \"93 %\" value=0.93 tol=0.03}}.\n\n\
            ```exercise do-it\n```\n\n```question what\n```\n";
        Lesson::parse("lessons/01-demo".as_ref(), text).unwrap()
    }

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_dead_reference_is_listed() {
        let known = Known { lessons: set(&["demo"]), exercises: set(&[]), questions: set(&["unasked"]) };
        let problems: Vec<String> = validate(&lesson(), &known).iter().map(ToString::to_string).collect();
        for want in [
            "`lesson:nowhere`",
            "no exercise `do-it`",
            "no question `what`",
            "`needs` names `basics`",
            "never asks `unasked`",
        ] {
            assert!(problems.iter().any(|p| p.contains(want)), "{want} not in {problems:#?}");
        }
        assert_eq!(problems.len(), 5);
        let known = Known {
            lessons: set(&["demo", "basics", "nowhere"]),
            exercises: set(&["do-it"]),
            questions: set(&["what"]),
        };
        assert_eq!(validate(&lesson(), &known), []);
    }

    #[test]
    fn quotes_need_a_recorded_number_within_tolerance() {
        let values = |v: f64| BTreeMap::from([("acc".to_owned(), v)]);
        assert_eq!(check_quotes(&lesson(), &values(0.95)), []);
        assert!(check_quotes(&lesson(), &values(0.5))[0].problem.contains("measured 0.5"));
        assert!(check_quotes(&lesson(), &BTreeMap::new())[0].problem.contains("no cell records it"));
    }
}

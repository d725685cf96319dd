//! From the written file to a quiz that can grade: every rule that a file can break is checked here, once.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;

use super::raw::{RawFile, RawKind, RawOption, RawQuestion};
use super::{Kind, Question, Quiz, short};
use crate::choice::{Choice, ChoiceOption};
use crate::error::{QuizError, line_and_column};
use crate::numeric::{Numeric, NumericMistake};

/// The most options a choice can have: they are named by letter.
const MAX_OPTIONS: usize = 10;

/// The file's text and name, for errors that point into it.
pub(super) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    pub(super) fn error(&self, span: Range<usize>, problem: impl Into<String>, mend: impl Into<String>) -> QuizError {
        let (line, column) = line_and_column(self.text, span.start);
        QuizError { file: self.file.to_owned(), line, column, problem: problem.into(), mend: mend.into() }
    }

    pub(super) fn line(&self, span: Range<usize>) -> usize {
        line_and_column(self.text, span.start).0
    }

    /// Ids are links and file names: small letters, digits and hyphens, each used once.
    pub(super) fn check_ids<'a>(
        &self,
        what: &str,
        ids: impl Iterator<Item = &'a Spanned<String>>,
    ) -> Result<(), QuizError> {
        let mut seen = BTreeSet::new();
        for id in ids {
            let name = id.get_ref();
            let clean = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            if !clean || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
                let mend = "use a stable word of small letters, digits and hyphens, such as `keeps-knowledge`";
                return Err(self.error(id.span(), format!("`{name}` cannot be the id of a {what}"), mend));
            }
            if !seen.insert(name) {
                return Err(self.error(
                    id.span(),
                    format!("a second {what} with the id `{name}`"),
                    "give each its own id",
                ));
            }
        }
        Ok(())
    }

    pub(super) fn check_text(&self, what: &str, text: &Spanned<String>) -> Result<String, QuizError> {
        if text.get_ref().trim().is_empty() {
            return Err(self.error(text.span(), format!("the {what} is empty"), "write it"));
        }
        Ok(text.get_ref().clone())
    }
}

/// Reads and checks a whole file.
pub(super) fn quiz(text: &str, file: &str) -> Result<Quiz, QuizError> {
    let source = Source { file, text };
    let raw: RawFile = toml::from_str(text).map_err(|e| {
        let message = e.message().trim().replace('\n', "; ");
        source.error(e.span().unwrap_or(0..0), message, "see the format in the documentation of tunebook-grader")
    })?;
    let head = &raw.quiz;
    source.check_ids("lesson", std::iter::once(&head.lesson))?;
    if *head.version.get_ref() == 0 {
        return Err(source.error(head.version.span(), "versions count from 1", "write 1 or more"));
    }
    if raw.question.is_empty() {
        return Err(source.error(0..0, "there are no questions", "add a [[question]]"));
    }
    source.check_ids("question", raw.question.iter().map(|q| &q.id))?;
    let questions = raw.question.iter().map(|q| question(&source, &raw, q)).collect::<Result<_, _>>()?;
    let (lesson, title) = (head.lesson.get_ref().clone(), head.title.clone());
    Ok(Quiz { file: file.to_owned(), lesson, version: *head.version.get_ref(), title, questions })
}

fn question(source: &Source<'_>, file: &RawFile, raw: &RawQuestion) -> Result<Question, QuizError> {
    let prompt = source.check_text("prompt", &raw.prompt)?;
    let explanation = source.check_text("explanation", &raw.explanation)?;
    refuse_other_kinds(source, raw)?;
    let kind = match raw.kind.get_ref() {
        RawKind::Choice => Kind::Choice(choice(source, raw)?),
        RawKind::Short => Kind::Short(Box::new(short::rubric(source, &file.quiz, raw)?)),
        RawKind::Numeric => Kind::Numeric(numeric(source, raw)?),
    };
    Ok(Question {
        id: raw.id.get_ref().clone(),
        version: *file.quiz.version.get_ref(),
        prompt,
        explanation,
        read: raw.read.clone(),
        line: source.line(raw.id.span()),
        kind,
    })
}

/// A field that the question's kind doesn't know is a mistake of the author's, not something to pass over.
fn refuse_other_kinds(source: &Source<'_>, raw: &RawQuestion) -> Result<(), QuizError> {
    fn first<T>(list: Option<&Vec<Spanned<T>>>) -> Option<Range<usize>> {
        list.map(|l| l.first().map_or(0..0, Spanned::span))
    }
    let fields: [(&str, RawKind, Option<Range<usize>>); 13] = [
        ("many", RawKind::Choice, raw.many.as_ref().map(Spanned::span)),
        ("option", RawKind::Choice, first(raw.option.as_ref())),
        ("minimum", RawKind::Short, raw.minimum.as_ref().map(Spanned::span)),
        ("max_words", RawKind::Short, raw.max_words.as_ref().map(Spanned::span)),
        ("synonyms", RawKind::Short, first(raw.synonyms.as_ref())),
        ("point", RawKind::Short, first(raw.point.as_ref())),
        ("misconception", RawKind::Short, first(raw.misconception.as_ref())),
        ("sample", RawKind::Short, first(raw.sample.as_ref())),
        ("value", RawKind::Numeric, raw.value.as_ref().map(Spanned::span)),
        ("tolerance", RawKind::Numeric, raw.tolerance.as_ref().map(Spanned::span)),
        ("units", RawKind::Numeric, raw.units.as_ref().map(Spanned::span)),
        ("unit_required", RawKind::Numeric, raw.unit_required.as_ref().map(Spanned::span)),
        ("mistake", RawKind::Numeric, first(raw.mistake.as_ref())),
    ];
    let name = |kind| match kind {
        RawKind::Choice => "choice",
        RawKind::Short => "short",
        RawKind::Numeric => "numeric",
    };
    let kind = *raw.kind.get_ref();
    let stray = fields.into_iter().find_map(|(field, of, span)| Some((field, of, span?)).filter(|_| of != kind));
    match stray {
        Some((field, of, span)) => Err(source.error(
            span,
            format!("`{field}` belongs to a question of kind `{}`, this one is `{}`", name(of), name(kind)),
            "remove the field or change the kind",
        )),
        None => Ok(()),
    }
}

fn choice(source: &Source<'_>, raw: &RawQuestion) -> Result<Choice, QuizError> {
    let place = raw.id.span();
    let id = raw.id.get_ref();
    let many = raw.many.as_ref().is_some_and(|m| *m.get_ref());
    let Some(options) = raw.option.as_deref().filter(|o| (2..=MAX_OPTIONS).contains(&o.len())) else {
        let mend = format!("list 2 to {MAX_OPTIONS} [[question.option]]");
        return Err(source.error(place, format!("choice `{id}` has too few or too many options"), mend));
    };
    let of = || options.iter().map(Spanned::get_ref);
    source.check_ids("option", of().map(|o| &o.id))?;
    check_option_texts(source, options)?;
    let right = of().filter(|o| o.right).count();
    let (problem, mend) = match (right, many) {
        (0, _) => ("has no right option", "mark one with `right = true`"),
        (1, false) => ("", ""),
        (_, false) => ("has several right options", "mark one only, or add `many = true`"),
        (1, true) => ("allows many but has one right option", "drop `many = true` or mark another option"),
        (n, true) if n == options.len() => ("has no wrong option", "add a distractor"),
        _ => ("", ""),
    };
    if !problem.is_empty() {
        return Err(source.error(place, format!("choice `{id}` {problem}"), mend));
    }
    let built = |o: &RawOption| ChoiceOption {
        id: o.id.get_ref().clone(),
        text: o.text.get_ref().clone(),
        right: o.right,
        why: o.why.clone(),
    };
    Ok(Choice { options: of().map(built).collect(), many })
}

/// The same text twice: a duplicate, or the right answer once more among the distractors. Letters name options, so an
/// id of one letter would be a second meaning.
fn check_option_texts(source: &Source<'_>, options: &[Spanned<RawOption>]) -> Result<(), QuizError> {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let mut seen: Vec<(String, bool)> = Vec::new();
    for option in options.iter().map(Spanned::get_ref) {
        source.check_text("option", &option.text)?;
        if option.id.get_ref().len() == 1 {
            let mend = "use a word: single letters name options by position";
            return Err(source.error(
                option.id.span(),
                format!("option id `{}` is one letter", option.id.get_ref()),
                mend,
            ));
        }
        let key = plain(option.text.get_ref());
        // Code such as `&x` and `x` differs in signs only.
        let key = if key.is_empty() || option.text.get_ref().contains('`') {
            option.text.get_ref().trim().to_owned()
        } else {
            key
        };
        if let Some((_, right)) = seen.iter().find(|(k, _)| *k == key) {
            let problem = if *right == option.right {
                "two options say the same"
            } else {
                "the right answer stands among the wrong ones too"
            };
            return Err(source.error(option.text.span(), problem, "reword or remove one of them"));
        }
        seen.push((key, option.right));
    }
    Ok(())
}

fn numeric(source: &Source<'_>, raw: &RawQuestion) -> Result<Numeric, QuizError> {
    let Some(value) = &raw.value else {
        let problem = format!("numeric `{}` has no value", raw.id.get_ref());
        return Err(source.error(raw.id.span(), problem, "add `value = ...`"));
    };
    let tolerance = raw.tolerance.as_ref().map_or(0.0, |t| *t.get_ref());
    let finite = value.get_ref().is_finite();
    if !finite || !tolerance.is_finite() || tolerance < 0.0 {
        let span = if finite { raw.tolerance.as_ref().map_or(0..0, Spanned::span) } else { value.span() };
        return Err(source.error(
            span,
            "this is not a usable number",
            "write a finite number; a tolerance is 0 or more",
        ));
    }
    let units: Vec<(String, f64)> =
        raw.units.as_ref().map(|u| u.get_ref().iter().map(|(k, v)| (k.clone(), *v)).collect()).unwrap_or_default();
    if let Some((unit, _)) = units.iter().find(|(_, factor)| !factor.is_finite() || *factor <= 0.0) {
        let span = raw.units.as_ref().map_or(0..0, Spanned::span);
        return Err(source.error(
            span,
            format!("unit `{unit}` is worth nothing"),
            "write how much of `value`'s unit it is, such as KB = 0.001",
        ));
    }
    let unit_required = raw.unit_required.as_ref().is_some_and(|r| *r.get_ref());
    if unit_required && units.is_empty() {
        let span = raw.unit_required.as_ref().map_or(0..0, Spanned::span);
        return Err(source.error(span, "a unit is required but none is declared", "add [question.units]"));
    }
    let raw_mistakes = raw.mistake.as_deref().unwrap_or_default();
    source.check_ids("mistake", raw_mistakes.iter().map(|m| &m.get_ref().id))?;
    let mut mistakes = Vec::new();
    for mistake in raw_mistakes {
        let m = mistake.get_ref();
        if !m.value.is_finite() || (m.value - value.get_ref()).abs() <= tolerance {
            return Err(source.error(
                m.id.span(),
                "this mistake has the right value",
                "give the value that the mistake leads to",
            ));
        }
        mistakes.push(NumericMistake { id: m.id.get_ref().clone(), value: m.value, message: m.message.clone() });
    }
    Ok(Numeric { value: *value.get_ref(), tolerance, units, unit_required, mistakes })
}

//! The rubric of a short question, from its written form.

use std::collections::BTreeSet;

use toml::Spanned;

use super::build::Source;
use super::raw::{RawHead, RawPoint, RawQuestion};
use crate::error::QuizError;
use crate::rubric::pattern::Pattern;
use crate::rubric::{Expected, Misconception, Point, Rubric, Sample, Wording};
use crate::text::{Synonyms, Token, analyse};

/// The fewest sample answers that a short question carries.
const MIN_SAMPLES: usize = 8;
/// The longest answer that is read where the author doesn't say, in words.
const MAX_WORDS: usize = 200;

pub(super) fn rubric(source: &Source<'_>, head: &RawHead, raw: &RawQuestion) -> Result<Rubric, QuizError> {
    let id = raw.id.get_ref();
    let own = raw.synonyms.as_deref().unwrap_or_default();
    if let Some(group) = head.synonyms.iter().chain(own).find(|g| g.get_ref().len() < 2) {
        return Err(source.error(group.span(), "a group of synonyms needs two words or more", "add the other word"));
    }
    let synonyms = Synonyms::new(own.iter().chain(&head.synonyms).map(|g| g.get_ref().as_slice()));
    let prompt: Vec<Token> =
        analyse(&plain_prompt(raw.prompt.get_ref()), &synonyms).into_iter().flat_map(|s| s.tokens).collect();
    let prompt_set: BTreeSet<String> = prompt.iter().filter(|t| t.is_content()).map(|t| t.base.clone()).collect();

    let raw_points = raw.point.as_deref().unwrap_or_default();
    if raw_points.is_empty() {
        return Err(source.error(raw.id.span(), format!("short `{id}` has no key points"), "add a [[question.point]]"));
    }
    source.check_ids("key point", raw_points.iter().map(|p| &p.get_ref().id))?;
    let reader = Reader { source, synonyms: &synonyms, prompt_set: &prompt_set };
    let points: Vec<Point> =
        raw_points.iter().map(|p| reader.point(p.get_ref(), raw.read.as_ref())).collect::<Result<_, _>>()?;
    let misconceptions = reader.misconceptions(raw, &points)?;
    let samples = samples(source, raw, &points)?;
    let whole: u32 = points.iter().map(|p| p.weight).sum();
    let minimum = raw.minimum.as_ref().map_or(whole, |m| *m.get_ref());
    if minimum == 0 || minimum > whole {
        let span = raw.minimum.as_ref().map_or(raw.id.span(), Spanned::span);
        let mend = "it is the weight of key points that makes an answer correct";
        return Err(source.error(span, format!("`minimum` must be 1 to {whole}"), mend));
    }
    let vocabulary = points
        .iter()
        .flat_map(|p| p.wordings.iter().chain(&p.needs).chain(&p.excludes))
        .chain(misconceptions.iter().flat_map(|m: &Misconception| &m.wordings))
        .flat_map(|w| w.pattern.bases())
        .map(str::to_owned)
        .chain(prompt_set.iter().cloned())
        .collect();
    Ok(Rubric {
        points,
        misconceptions,
        minimum,
        max_words: raw.max_words.as_ref().map_or(MAX_WORDS, |m| *m.get_ref()),
        samples,
        synonyms,
        prompt: prompt.into_iter().map(|t| t.base).collect(),
        prompt_set,
        vocabulary,
    })
}

/// The prompt without Markdown's signs, so that a learner's copy of what the page shows is the same words.
fn plain_prompt(prompt: &str) -> String {
    prompt.replace(['`', '*', '_', '#'], "")
}

struct Reader<'a> {
    source: &'a Source<'a>,
    synonyms: &'a Synonyms,
    prompt_set: &'a BTreeSet<String>,
}

impl Reader<'_> {
    fn wordings(&self, raw: &[Spanned<String>]) -> Result<Vec<Wording>, QuizError> {
        let mut seen = BTreeSet::new();
        raw.iter()
            .map(|w| {
                let text = w.get_ref();
                let pattern = Pattern::parse(text, self.synonyms).map_err(|why| {
                    self.source.error(w.span(), format!("the wording `{text}` cannot be used: {why}"), "reword it")
                })?;
                if !seen.insert(text) {
                    return Err(self.source.error(
                        w.span(),
                        format!("the wording `{text}` is there twice"),
                        "remove one",
                    ));
                }
                Ok(Wording { source: text.clone(), pattern })
            })
            .collect()
    }

    fn point(&self, raw: &RawPoint, read: Option<&String>) -> Result<Point, QuizError> {
        let id = raw.id.get_ref();
        if raw.wordings.is_empty() {
            return Err(self.source.error(
                raw.id.span(),
                format!("key point `{id}` has no wordings"),
                "add some: many learners, many words",
            ));
        }
        if let Some(weight) = raw.weight.as_ref().filter(|w| !(1..=100).contains(w.get_ref())) {
            return Err(self.source.error(weight.span(), "a weight is 1 to 100", "leave it out for 1"));
        }
        let wordings = self.wordings(&raw.wordings)?;
        if !raw.from_question
            && let Some(i) = wordings.iter().position(|w| w.pattern.is_within(self.prompt_set))
        {
            return Err(self.source.error(
                raw.wordings[i].span(),
                format!("the wording `{}` has only words of the question, which earn nothing", wordings[i].source),
                "add a word of the answer, or set `from_question = true` where the question lists what to choose from",
            ));
        }
        Ok(Point {
            id: id.clone(),
            text: self.source.check_text("text of a key point", &raw.text)?,
            weight: raw.weight.as_ref().map_or(1, |w| *w.get_ref()),
            read: raw.read.clone().or_else(|| read.cloned()),
            wordings,
            needs: self.wordings(&raw.needs)?,
            excludes: self.wordings(&raw.excludes)?,
            from_question: raw.from_question,
        })
    }

    fn misconceptions(&self, raw: &RawQuestion, points: &[Point]) -> Result<Vec<Misconception>, QuizError> {
        let all = raw.misconception.as_deref().unwrap_or_default();
        self.source.check_ids("misconception", all.iter().map(|m| &m.get_ref().id))?;
        all.iter()
            .map(|m| {
                let m = m.get_ref();
                if m.wordings.is_empty() {
                    let problem = format!("misconception `{}` has no wordings", m.id.get_ref());
                    return Err(self.source.error(m.id.span(), problem, "add some"));
                }
                Ok(Misconception {
                    id: m.id.get_ref().clone(),
                    message: self.source.check_text("message", &m.message)?,
                    wordings: self.wordings(&m.wordings)?,
                    excludes: self.wordings(&m.excludes)?,
                    contradicts: point_ids(self.source, &m.contradicts, points)?,
                })
            })
            .collect()
    }
}

fn samples(source: &Source<'_>, raw: &RawQuestion, points: &[Point]) -> Result<Vec<Sample>, QuizError> {
    let all = raw.sample.as_deref().unwrap_or_default();
    let id = raw.id.get_ref();
    if all.len() < MIN_SAMPLES {
        let problem = format!("short `{id}` has {} sample answers, {MIN_SAMPLES} are the least", all.len());
        return Err(source.error(raw.id.span(), problem, "add [[question.sample]] with answer and verdict"));
    }
    for (kind, name) in [(Expected::Good, "good"), (Expected::Wrong, "wrong"), (Expected::Adversarial, "adversarial")] {
        if all.iter().all(|s| s.get_ref().verdict != kind) {
            let problem = format!("short `{id}` has no sample answer that is {name}");
            return Err(source.error(raw.id.span(), problem, "add one"));
        }
    }
    all.iter()
        .map(|s| {
            let sample = s.get_ref();
            let credits = sample.credits.as_ref().map(|ids| point_ids(source, ids, points)).transpose()?;
            Ok(Sample {
                answer: sample.answer.get_ref().clone(),
                expected: sample.verdict,
                credits,
                line: source.line(sample.answer.span()),
            })
        })
        .collect()
}

fn point_ids(source: &Source<'_>, ids: &[Spanned<String>], points: &[Point]) -> Result<Vec<String>, QuizError> {
    ids.iter()
        .map(|id| {
            if points.iter().any(|p| p.id == *id.get_ref()) {
                return Ok(id.get_ref().clone());
            }
            let known: Vec<&str> = points.iter().map(|p| p.id.as_str()).collect();
            let mend = format!("use one of: {}", known.join(", "));
            Err(source.error(id.span(), format!("no key point `{}`", id.get_ref()), mend))
        })
        .collect()
}

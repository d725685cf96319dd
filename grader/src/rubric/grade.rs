//! An answer held against a rubric, point by point.

use super::explain::{Explanation, Outcome, WordingTrace};
use super::gates;
use super::order::{Order, order};
use super::pattern::Found;
use super::polarity::{self, Polarity};
use super::{Point, Rubric, Wording};
use crate::score::Score;
use crate::text::{self, Sentence, analyse, printable, words};
use crate::verdict::{Asked, Gate, KeyPoint, Mistake, PointStatus, Verdict};

/// The answer, read.
struct Reading<'a> {
    answer: &'a str,
    sentences: Vec<Sentence>,
    taken_back: Vec<bool>,
    /// For each sentence: the order of its words is unusual, so what counts must stand close together.
    loose: Vec<bool>,
    rubric: &'a Rubric,
}

/// Grades `answer` and keeps the trace of how.
pub(crate) fn assess(asked: &Asked<'_>, rubric: &Rubric, answer: &str) -> Explanation {
    if let Some((gate, why)) = gates::before_reading(answer) {
        return stopped(asked, rubric, gate, why, Vec::new());
    }
    let mut sentences = analyse(answer, &rubric.synonyms);
    let quoted = gates::quoted_words(&sentences, &rubric.prompt);
    let shown: Vec<String> = sentences.iter().map(|s| s.words().join(" ")).collect();
    if let Some((gate, why)) = gates::after_reading(answer, &sentences, &quoted, rubric) {
        return stopped(asked, rubric, gate, why, shown);
    }
    for (token, quoted) in sentences.iter_mut().flat_map(|s| &mut s.tokens).zip(quoted.iter().flatten()) {
        if *quoted {
            // A word without a comparable form matches nothing.
            token.base.clear();
        }
    }
    let loose = loose(&text::sentences(answer));
    let mut reading = Reading { answer, taken_back: vec![false; sentences.len()], sentences, loose, rubric };
    let fair = polarity::opens_with_denial(&reading.sentences) && reading.opening_denies_a_mistake();
    reading.taken_back = polarity::taken_back(&reading.sentences, fair);

    let places: Vec<Vec<(usize, Found)>> = rubric.points.iter().map(|p| reading.places(&p.wordings)).collect();
    if let Some((gate, why)) = gates::dumped(&places, rubric.points.len(), &reading.sentences) {
        return stopped(asked, rubric, gate, why, shown);
    }
    let mistakes = reading.mistakes();
    let mut traces = Vec::new();
    let mut key_points: Vec<KeyPoint> = rubric.points.iter().map(|p| reading.judge(p, &mut traces)).collect();
    for (found, of) in
        mistakes.iter().filter_map(|m| rubric.misconceptions.iter().find(|r| r.id == m.id).map(|r| (m, r)))
    {
        for point in
            key_points.iter_mut().filter(|p| p.status == PointStatus::Credited && of.contradicts.contains(&p.id))
        {
            point.status = PointStatus::Missing;
            point.note = Some(format!("Another part of the answer contradicts it: \"{}\".", found.evidence));
        }
    }
    let verdict = sum_up(asked, rubric, key_points, mistakes);
    Explanation { verdict, sentences: shown, gate: None, wordings: traces }
}

impl Reading<'_> {
    /// Each place where one of the wordings stands, said or not.
    fn places(&self, wordings: &[Wording]) -> Vec<(usize, Found)> {
        let mut places = Vec::new();
        for wording in wordings {
            for (i, sentence) in self.sentences.iter().enumerate() {
                places.extend(wording.pattern.find(sentence, &self.rubric.vocabulary).into_iter().map(|f| (i, f)));
            }
        }
        places
    }

    fn stands_in(&self, sentence: usize, wording: &Wording) -> bool {
        !wording.pattern.find(&self.sentences[sentence], &self.rubric.vocabulary).is_empty()
    }

    fn polarity(&self, sentence: usize, found: &Found) -> Polarity {
        match polarity::in_sentence(&self.sentences[sentence], found) {
            Polarity::Said if self.taken_back[sentence] => Polarity::Open("another sentence takes it back"),
            other => other,
        }
    }

    /// Whether a comma or a word such as `and` stands between the words found.
    fn leaves_clause(&self, sentence: usize, found: &Found) -> bool {
        let tokens = &self.sentences[sentence].tokens;
        let breaks = |at: &usize| tokens[*at].after_comma || words::is_clause_break(&tokens[*at].word);
        (found.first() + 1..=found.last()).any(|at| breaks(&at))
    }

    /// Two words or more with nothing between them that matters.
    fn is_tight(&self, sentence: usize, found: &Found) -> bool {
        let tokens = &self.sentences[sentence].tokens;
        let between =
            |at: &usize| !found.at.contains(at) && tokens[*at].is_content() && !words::is_light(&tokens[*at].base);
        let span = found.last() - found.first() + 1;
        found.at.len() >= 2 && span <= found.at.len() * 2 && !(found.first()..found.last()).any(|at| between(&at))
    }

    /// The learner's words from the first to the last that matched.
    fn evidence(&self, sentence: usize, found: &Found) -> String {
        let tokens = &self.sentences[sentence].tokens;
        printable(&self.answer[tokens[found.first()].start..tokens[found.last()].end])
    }

    fn opening_denies_a_mistake(&self) -> bool {
        let first = &self.sentences[0];
        let possible = |m: &&super::Misconception| !m.excludes.iter().any(|w| self.stands_in(0, w));
        self.rubric.misconceptions.iter().filter(possible).flat_map(|m| &m.wordings).any(|w| {
            let places = w.pattern.find(first, &self.rubric.vocabulary);
            places.iter().any(|f| polarity::in_sentence(first, f) == Polarity::Denied)
        })
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let said = |m: &super::Misconception| {
            let mut places = self.places(&m.wordings);
            // Accusing a learner needs more certainty than crediting one: the words must stand in one clause.
            places.retain(|(s, f)| {
                self.polarity(*s, f) == Polarity::Said
                    && !self.leaves_clause(*s, f)
                    && !m.excludes.iter().any(|w| self.stands_in(*s, w))
            });
            places.into_iter().min_by_key(|(s, f)| (*s, f.first(), f.last()))
        };
        let of = |m: &super::Misconception| {
            let (sentence, found) = said(m)?;
            Some(Mistake { id: m.id.clone(), message: m.message.clone(), evidence: self.evidence(sentence, &found) })
        };
        self.rubric.misconceptions.iter().filter_map(of).collect()
    }

    /// One key point: every place of every wording is looked at, and the best outcome counts.
    fn judge(&self, point: &Point, traces: &mut Vec<WordingTrace>) -> KeyPoint {
        let mut said: Vec<(usize, Found)> = Vec::new();
        let mut seen: Vec<(usize, Found)> = Vec::new();
        let mut open: Option<(usize, Found, &'static str)> = None;
        let mut denied: Vec<(usize, Found)> = Vec::new();
        let needs_met = point.needs.iter().all(|need| !self.places(std::slice::from_ref(need)).is_empty());
        for wording in &point.wordings {
            for (sentence, found) in self.places(std::slice::from_ref(wording)) {
                let outcome = self.outcome(point, needs_met, sentence, &found);
                traces.push(WordingTrace {
                    point: point.id.clone(),
                    wording: wording.source.clone(),
                    evidence: self.evidence(sentence, &found),
                    outcome: outcome.to_string(),
                });
                match outcome {
                    Outcome::Said => {
                        seen.push((sentence, found.clone()));
                        said.push((sentence, found));
                    }
                    // Held against a learner only where the words stand in one clause.
                    Outcome::Denied if !self.leaves_clause(sentence, &found) => denied.push((sentence, found)),
                    Outcome::Open(why) => {
                        seen.push((sentence, found.clone()));
                        open = open.or(Some((sentence, found, why)));
                    }
                    Outcome::Denied | Outcome::Excluded | Outcome::NeedMissing | Outcome::QuestionOnly => {}
                }
            }
        }
        // `does not destroy` is found by a wording with the negation in it and denied by one without: no contradiction.
        let overlaps = |(s, f): &(usize, Found)| {
            seen.iter().any(|(t, g)| s == t && f.first() <= g.last() && g.first() <= f.last())
        };
        let against = denied.iter().find(|place| !overlaps(place)).cloned();
        let earliest = said.into_iter().min_by_key(|(s, f)| (*s, f.first(), f.last()));
        let (status, place, note) = match (earliest, against, open) {
            (Some(place), None, _) => (PointStatus::Credited, Some(place), None),
            (Some(_), Some(place), _) => {
                (PointStatus::Unclear, Some(place), Some("The answer says this and also denies it.".into()))
            }
            (None, _, Some((s, f, why))) => (PointStatus::Unclear, Some((s, f)), Some(format!("Not counted: {why}."))),
            (None, Some(place), None) => {
                (PointStatus::Missing, Some(place), Some("The answer says the opposite.".into()))
            }
            (None, None, None) if needs_met && self.nearly(point) => (
                PointStatus::Unclear,
                None,
                Some("Something close to this is there, but not enough of it to be sure.".into()),
            ),
            (None, None, None) => (PointStatus::Missing, None, None),
        };
        KeyPoint {
            id: point.id.clone(),
            text: point.text.clone(),
            status,
            evidence: place.map(|(s, f)| self.evidence(s, &f)),
            read: point.read.clone(),
            note,
        }
    }

    fn outcome(&self, point: &Point, needs_met: bool, sentence: usize, found: &Found) -> Outcome {
        let tokens = &self.sentences[sentence].tokens;
        let new = |&at: &usize| tokens[at].is_negator() || !self.rubric.prompt_set.contains(&tokens[at].base);
        if !point.from_question && !found.at.iter().any(new) {
            return Outcome::QuestionOnly;
        }
        if !needs_met {
            return Outcome::NeedMissing;
        }
        if point.excludes.iter().any(|w| self.stands_in(sentence, w)) {
            return Outcome::Excluded;
        }
        match self.polarity(sentence, found) {
            Polarity::Said if self.loose[sentence] && !self.is_tight(sentence, found) => {
                Outcome::Open("the words stand in an unusual order, far from each other")
            }
            Polarity::Said => Outcome::Said,
            Polarity::Denied => Outcome::Denied,
            Polarity::Open(why) => Outcome::Open(why),
        }
    }

    /// All but one of a long wording's parts in one sentence, in any order.
    fn nearly(&self, point: &Point) -> bool {
        point.wordings.iter().any(|w| {
            self.sentences.iter().enumerate().any(|(i, s)| {
                let (found, all) = w.pattern.coverage(s, &self.rubric.vocabulary);
                all >= 4 && found + 1 >= all && !self.taken_back[i]
            })
        })
    }
}

/// Each sentence is judged by itself, so that saying more takes nothing from it.
fn loose(sentences: &[Sentence]) -> Vec<bool> {
    sentences.iter().map(|s| order(std::slice::from_ref(s)) == Order::Unusual).collect()
}

fn stopped(asked: &Asked<'_>, rubric: &Rubric, gate: Gate, why: String, sentences: Vec<String>) -> Explanation {
    let missing = |p: &Point| KeyPoint {
        id: p.id.clone(),
        text: p.text.clone(),
        status: PointStatus::Missing,
        evidence: None,
        read: p.read.clone(),
        note: None,
    };
    let verdict = Verdict {
        question_id: asked.id.to_owned(),
        rubric_version: asked.version,
        score: Score::ZERO,
        correct: false,
        review: gate.needs_review(),
        gate: Some(gate),
        key_points: rubric.points.iter().map(missing).collect(),
        mistakes: Vec::new(),
        feedback: gate.message().to_owned(),
        explanation: asked.explanation.to_owned(),
    };
    Explanation { verdict, sentences, gate: Some(why), wordings: Vec::new() }
}

fn sum_up(asked: &Asked<'_>, rubric: &Rubric, key_points: Vec<KeyPoint>, mistakes: Vec<Mistake>) -> Verdict {
    let is = |p: &KeyPoint, status| p.status == status;
    let weight: u32 = rubric
        .points
        .iter()
        .zip(&key_points)
        .filter(|(_, k)| is(k, PointStatus::Credited))
        .map(|(p, _)| p.weight)
        .sum();
    let whole: u32 = rubric.points.iter().map(|p| p.weight).sum();
    // A mistake beside the points costs half; one that contradicts a point has cost that point already.
    let halves =
        mistakes.iter().any(|m| rubric.misconceptions.iter().any(|r| r.id == m.id && r.contradicts.is_empty()));
    let correct = weight >= rubric.minimum && mistakes.is_empty();
    let unclear = key_points.iter().any(|p| is(p, PointStatus::Unclear));
    Verdict {
        question_id: asked.id.to_owned(),
        rubric_version: asked.version,
        score: Score::ratio(weight, if halves { whole * 2 } else { whole }),
        correct,
        review: unclear,
        gate: None,
        feedback: feedback(&key_points, correct, !mistakes.is_empty()),
        key_points,
        mistakes,
        explanation: asked.explanation.to_owned(),
    }
}

fn feedback(points: &[KeyPoint], correct: bool, mistaken: bool) -> String {
    let all = points.len();
    let said = match points.iter().filter(|p| p.status == PointStatus::Credited).count() {
        0 => "None of the key points is there yet.".to_owned(),
        n if n == all => "Every key point is there.".to_owned(),
        n if correct => format!("{n} of {all} key points, which is enough; see what else there is to say."),
        n => format!("{n} of {all} key points: not enough yet."),
    };
    let mut read: Vec<&str> = Vec::new();
    for section in points.iter().filter(|p| p.status != PointStatus::Credited).filter_map(|p| p.read.as_deref()) {
        if !read.contains(&section) {
            read.push(section);
        }
    }
    let mistake = if mistaken { " One statement is a known mistake: see above." } else { "" };
    let next = if read.is_empty() { String::new() } else { format!(" To read again: {}.", read.join("; ")) };
    format!("{said}{mistake}{next}")
}

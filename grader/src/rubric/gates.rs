//! What is not an answer, found before any credit is given.

use super::{Rubric, fluency, language, pattern::Found};
use crate::text::Sentence;
use crate::verdict::Gate;

/// A text longer than this many bytes is not even cut into words.
const MAX_BYTES: usize = 20_000;

/// A run of this many words of the question is the question quoted.
const QUOTED_RUN: usize = 6;

/// Phrases that speak to the grader. Each is words in a row, compared without stemming.
const INSTRUCTIONS: &[&str] = &[
    "ignore previous",
    "ignore all",
    "ignore the above",
    "ignore the rubric",
    "ignore your",
    "ignore any",
    "disregard previous",
    "disregard all",
    "disregard the",
    "disregard your",
    "full marks",
    "full credit",
    "full score",
    "full points",
    "maximum score",
    "maximum points",
    "award me",
    "award all",
    "award full",
    "give me credit",
    "give me points",
    "give me the points",
    "give this answer",
    "mark this as correct",
    "mark it as correct",
    "mark as correct",
    "mark this correct",
    "mark me correct",
    "grade this as",
    "score this as",
    "score this answer",
    "grade this answer",
    "this answer is correct",
    "this answer deserves",
    "answer should be graded",
    "you are a grader",
    "you are the grader",
    "dear grader",
    "hey grader",
    "note to grader",
    "note to the grader",
    "system prompt",
    "as the grader",
    "all key points are",
    "all points credited",
    "credit all",
    "credited true",
    "correct true",
    "override the",
    "new instructions",
    "the rubric says",
    "teacher said to accept",
    "i deserve",
    "please pass me",
];

/// The gates that need no more than the raw text.
pub(crate) fn before_reading(answer: &str) -> Option<(Gate, String)> {
    if !answer.chars().any(char::is_alphanumeric) {
        return Some((Gate::Empty, "it has no letter and no digit".into()));
    }
    if answer.len() > MAX_BYTES {
        return Some((Gate::TooLong, format!("{} bytes, {MAX_BYTES} at most", answer.len())));
    }
    None
}

/// The gates that look at the words; `quoted` says which words are the question's.
pub(crate) fn after_reading(
    answer: &str,
    sentences: &[Sentence],
    quoted: &[Vec<bool>],
    rubric: &Rubric,
) -> Option<(Gate, String)> {
    let total: usize = sentences.iter().map(|s| s.tokens.len()).sum();
    if total == 0 {
        return Some((Gate::Empty, "it has no words".into()));
    }
    if let Some(phrase) = instruction(sentences) {
        return Some((Gate::Instructions, format!("it says \"{phrase}\"")));
    }
    if let Some(why) = language::not_english(answer, sentences) {
        return Some((Gate::NotEnglish, why));
    }
    if total > rubric.max_words {
        return Some((Gate::TooLong, format!("{total} words, {} at most", rubric.max_words)));
    }
    if let Some(why) = copied(sentences, quoted, rubric) {
        return Some((Gate::QuestionCopied, why));
    }
    // Synonyms are replaced by now; how it was written is judged on what was written.
    fluency::salad(&crate::text::sentences(answer)).map(|why| (Gate::WordSalad, why))
}

fn instruction(sentences: &[Sentence]) -> Option<&'static str> {
    let text: String = sentences.iter().flat_map(|s| s.words()).fold(String::from(" "), |mut text, word| {
        text.push_str(word);
        text.push(' ');
        text
    });
    INSTRUCTIONS.iter().copied().find(|phrase| text.contains(&format!(" {phrase} ")))
}

/// Which words stand in a run that is the question's own.
pub(crate) fn quoted_words(sentences: &[Sentence], prompt: &[String]) -> Vec<Vec<bool>> {
    sentences
        .iter()
        .map(|sentence| {
            let mut quoted = vec![false; sentence.tokens.len()];
            if prompt.len() < QUOTED_RUN {
                return quoted;
            }
            let bases: Vec<&str> = sentence.tokens.iter().map(|t| t.base.as_str()).collect();
            for (at, run) in bases.windows(QUOTED_RUN).enumerate() {
                if prompt.windows(QUOTED_RUN).any(|w| w.iter().map(String::as_str).eq(run.iter().copied())) {
                    quoted[at..at + QUOTED_RUN].iter_mut().for_each(|q| *q = true);
                }
            }
            quoted
        })
        .collect()
}

fn copied(sentences: &[Sentence], quoted: &[Vec<bool>], rubric: &Rubric) -> Option<String> {
    let words = || sentences.iter().zip(quoted).flat_map(|(s, q)| s.tokens.iter().zip(q));
    let content = || words().filter(|(token, _)| token.is_content());
    if words().map(|(t, _)| t.base.as_str()).eq(rubric.prompt.iter().map(String::as_str)) {
        return Some("it is the question".into());
    }
    let from_prompt = words().filter(|(_, quoted)| **quoted).count();
    let own = content().filter(|(_, quoted)| !**quoted).count();
    // Where the question lists what to choose from, using its words is answering; most of it is still a copy.
    let listed = rubric.points.iter().any(|p| p.from_question);
    let enough = if listed { rubric.prompt.len() * 2 / 3 } else { 1 };
    if from_prompt >= enough && from_prompt > 0 && own <= 1 {
        return Some("every word stands in the question".into());
    }
    let all = content().count();
    let reuse = content().filter(|(t, _)| rubric.prompt_set.contains(&t.base)).count();
    // The words of the question in another order are still the question.
    (!listed && all >= 5 && (all - reuse) * 8 <= all && reuse * 2 >= rubric.prompt_set.len())
        .then(|| format!("{reuse} of its {all} words are the question's"))
}

/// Whether so many separate wordings were found that the answer must be a list of them.
pub(crate) fn dumped(found: &[Vec<(usize, Found)>], points: usize, sentences: &[Sentence]) -> Option<(Gate, String)> {
    let tokens = || sentences.iter().flat_map(|s| &s.tokens);
    let content = tokens().filter(|t| t.is_content()).count();
    let fragments = tokens().count() <= 4 * (sentences.len() + tokens().filter(|t| t.after_comma).count());
    let separate: usize = found.iter().map(|of_point| disjoint(of_point)).sum();
    // In fragments, with hardly a word beside what counts.
    let dense = fragments && separate * 3 > content && separate >= (points * 3).max(6);
    (dense || separate > (points * 4).max(9))
        .then(|| (Gate::RubricDumped, format!("{separate} separate wordings for {points} points")))
}

/// How many of the places don't overlap; the earliest end first is the most there can be.
fn disjoint(places: &[(usize, Found)]) -> usize {
    let mut spans: Vec<(usize, usize, usize)> = places.iter().map(|(s, f)| (*s, f.last(), f.first())).collect();
    spans.sort_unstable();
    let mut count = 0;
    let mut free = (0, 0);
    for (sentence, last, first) in spans {
        if (sentence, first) >= free {
            count += 1;
            free = (sentence, last + 1);
        }
    }
    count
}

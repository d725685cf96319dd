//! Numeric questions: a value, a tolerance, units.

use crate::score::Score;
use crate::text::printable;
use crate::verdict::{Asked, Gate, KeyPoint, Mistake, PointStatus, Verdict};

/// A numeric question.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Numeric {
    pub value: f64,
    /// How far off an answer may be.
    pub tolerance: f64,
    /// Units and what one of them is worth in the unit of `value`.
    pub units: Vec<(String, f64)>,
    pub unit_required: bool,
    pub mistakes: Vec<NumericMistake>,
}

/// A wrong value that tells which mistake was made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NumericMistake {
    pub id: String,
    pub value: f64,
    pub message: String,
}

/// A number as the learner wrote it: its text, its value, the unit behind it.
struct Stated<'a> {
    text: &'a str,
    value: f64,
    unit_known: bool,
}

impl Numeric {
    /// Grades a number such as `1032`, `1,032 parameters`, `128 * 8 + 8 = 1032` or `1.5e3`.
    pub(crate) fn grade(&self, asked: &Asked<'_>, answer: &str) -> Verdict {
        // What stands after the last equals sign is the result; the rest is how it was reached.
        let result = answer.rsplit('=').next().unwrap_or(answer);
        let stated = self.numbers(result);
        let all_same = stated.windows(2).all(|w| self.close(w[0].value, w[1].value));
        match stated.last() {
            None if answer.trim().is_empty() => {
                self.refused(asked, Gate::Empty, "There is no answer here yet. Write a number.", answer)
            }
            None => self.refused(
                asked,
                Gate::Unreadable,
                "There is no number in this answer. Write one, such as 12.5.",
                answer,
            ),
            Some(_) if !all_same => self.refused(
                asked,
                Gate::Unreadable,
                "There is more than one number here. Write one, or put the result after an equals sign.",
                answer,
            ),
            Some(one) if self.unit_required && !one.unit_known => {
                let units: Vec<&str> = self.units.iter().map(|(u, _)| u.as_str()).collect();
                let mend = format!("The unit is missing. Write one of: {}.", units.join(", "));
                self.refused(asked, Gate::Unreadable, &mend, answer)
            }
            Some(one) => self.verdict(asked, one),
        }
    }

    fn close(&self, a: f64, b: f64) -> bool {
        // A little room for decimals that have no exact binary form.
        (a - b).abs() <= self.tolerance + 1e-9 * self.value.abs().max(1.0)
    }

    fn verdict(&self, asked: &Asked<'_>, one: &Stated<'_>) -> Verdict {
        let correct = self.close(one.value, self.value);
        let mistakes = self
            .mistakes
            .iter()
            .filter(|m| !correct && self.close(m.value, one.value))
            .map(|m| Mistake { id: m.id.clone(), message: m.message.clone(), evidence: printable(one.text) })
            .take(1)
            .collect();
        let feedback = if correct { "That is right." } else { "That is not the value." };
        self.build(asked, correct, None, mistakes, feedback, one.text)
    }

    fn refused(&self, asked: &Asked<'_>, gate: Gate, feedback: &str, answer: &str) -> Verdict {
        self.build(asked, false, Some(gate), Vec::new(), feedback, answer)
    }

    fn build(
        &self,
        asked: &Asked<'_>,
        correct: bool,
        gate: Option<Gate>,
        mistakes: Vec<Mistake>,
        feedback: &str,
        text: &str,
    ) -> Verdict {
        let point = KeyPoint {
            id: "value".into(),
            text: self.statement(),
            status: if correct { PointStatus::Credited } else { PointStatus::Missing },
            evidence: gate.is_none().then(|| printable(text)),
            read: asked.read.map(str::to_owned),
            note: None,
        };
        Verdict {
            question_id: asked.id.to_owned(),
            rubric_version: asked.version,
            score: if correct { Score::FULL } else { Score::ZERO },
            correct,
            review: false,
            gate,
            key_points: vec![point],
            mistakes,
            feedback: feedback.to_owned(),
            explanation: asked.explanation.to_owned(),
        }
    }

    /// The key point in words, such as `the value is 1032 parameters`.
    fn statement(&self) -> String {
        let unit =
            self.units.iter().find(|(_, factor)| (factor - 1.0).abs() < f64::EPSILON).map(|(u, _)| format!(" {u}"));
        let around = if self.tolerance > 0.0 { format!(" (within {})", self.tolerance) } else { String::new() };
        format!("the value is {}{}{around}", self.value, unit.unwrap_or_default())
    }

    fn numbers<'a>(&self, text: &'a str) -> Vec<Stated<'a>> {
        let mut all = Vec::new();
        let mut at = 0;
        while let Some(start) = text[at..].find(|c: char| c.is_ascii_digit()).map(|i| i + at) {
            // `.5` and `-3`: what stands directly before belongs to the number; `layer2` is a name.
            let before = text[..start].chars().next_back();
            let end = number_end(text, start);
            let is_name = before.is_some_and(char::is_alphabetic);
            let from = sign_start(text, start);
            at = end;
            if is_name {
                continue;
            }
            let digits: String =
                text[from..end].chars().filter(|c| !matches!(c, ',' | '_' | ' ' | '\u{a0}' | '\u{202f}')).collect();
            let Ok(value) = digits.replace('\u{2212}', "-").parse::<f64>() else { continue };
            let (factor, unit_known, stop) = self.unit_after(text, end);
            at = stop;
            all.push(Stated { text: &text[from..stop], value: value * factor, unit_known });
        }
        all
    }

    /// What the word after a number makes of it: a multiplier (`k`, `million`), a declared unit, or both.
    fn unit_after(&self, text: &str, end: usize) -> (f64, bool, usize) {
        let mut factor = 1.0;
        let mut stop = end;
        for _ in 0..2 {
            let gap = text[stop..].len() - text[stop..].trim_start().len();
            let word: &str = {
                let rest = &text[stop + gap..];
                let len = rest.find(|c: char| !(c.is_alphabetic() || c == '%')).unwrap_or(rest.len());
                &rest[..len]
            };
            if word.is_empty() {
                break;
            }
            let exact = self.units.iter().find(|(unit, _)| unit == word);
            if let Some((_, worth)) = exact.or_else(|| self.units.iter().find(|(u, _)| u.eq_ignore_ascii_case(word))) {
                return (factor * worth, true, stop + gap + word.len());
            }
            let times = match word {
                "k" | "K" | "thousand" => 1e3,
                "M" | "million" => 1e6,
                _ => break,
            };
            factor *= times;
            stop += gap + word.len();
        }
        (factor, false, stop)
    }
}

fn sign_start(text: &str, start: usize) -> usize {
    let mut from = start;
    if text[..from].ends_with('.') && !text[..from - 1].ends_with(char::is_alphanumeric) {
        from -= 1;
    }
    for sign in ['-', '\u{2212}'] {
        if text[..from].ends_with(sign) {
            let before = &text[..from - sign.len_utf8()];
            // `5-3` is a sum, ` -3` a number.
            if !before.trim_end().ends_with(char::is_alphanumeric) {
                from -= sign.len_utf8();
            }
        }
    }
    from
}

/// The end of a number that begins at `start`: digits, groups of three after a comma or thin space, a fraction, an exponent.
fn number_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(start);
    loop {
        let separator = text[end..].chars().next().filter(|c| matches!(c, ',' | '_' | ' ' | '\u{a0}' | '\u{202f}'));
        let Some(next) = separator.map(|c| end + c.len_utf8()) else { break };
        if digits(next) - next != 3 {
            break;
        }
        end = next + 3;
    }
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1 + sign);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::Numeric;

    fn values(text: &str) -> Vec<f64> {
        let units = vec![("MB".to_owned(), 1.0), ("KB".to_owned(), 0.001)];
        let numeric = Numeric { value: 0.0, tolerance: 0.0, units, unit_required: false, mistakes: Vec::new() };
        numeric.numbers(text).into_iter().map(|n| n.value).collect()
    }

    #[test]
    fn numbers_as_people_write_them() {
        for (text, expected) in [
            ("1032", 1032.0),
            ("1,032", 1032.0),
            ("1 032 parameters", 1032.0),
            ("about 1_032.", 1032.0),
            ("-3", -3.0),
            (".5", 0.5),
            ("2e-5", 2e-5),
            ("1.5k", 1500.0),
            ("2 million", 2e6),
            ("4000 KB", 4.0),
            ("\u{2212}2.5", -2.5),
        ] {
            let found = values(text);
            assert!(found.len() == 1 && (found[0] - expected).abs() < 1e-12, "{text}: {found:?}");
        }
        assert_eq!(values("none at all, layer2"), Vec::<f64>::new());
        assert_eq!(values("between 3 and 4").len(), 2);
    }
}

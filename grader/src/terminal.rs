//! A verdict for the terminal: plain text, no colour codes, nothing of the learner's that a terminal would obey.

use std::fmt;

use crate::verdict::{KeyPoint, PointStatus, Verdict};

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}  score {}", headline(self), self.score)?;
        for point in &self.key_points {
            write_point(f, point)?;
        }
        for mistake in &self.mistakes {
            writeln!(f, "  ! {}", mistake.message)?;
            writeln!(f, "      you wrote: \"{}\"", mistake.evidence)?;
        }
        if !self.feedback.is_empty() {
            writeln!(f, "{}", self.feedback)?;
        }
        if !self.explanation.is_empty() {
            write!(f, "\n{}\n", self.explanation.trim())?;
        }
        Ok(())
    }
}

/// The verdict in a word or two.
pub(crate) fn headline(verdict: &Verdict) -> &'static str {
    if verdict.gate.is_some() {
        return if verdict.review { "Not scored, for a person to look at" } else { "Not scored" };
    }
    match (verdict.correct, verdict.score.thousandths(), verdict.review) {
        (true, 1000, _) => "Right",
        (true, ..) => "Right, with more to say",
        (false, _, true) => "Unclear, for a person to look at",
        (false, 0, _) => "Not yet",
        (false, ..) => "Partly right",
    }
}

/// Mark and word for a status; never colour alone.
pub(crate) fn mark(status: PointStatus) -> (&'static str, &'static str) {
    match status {
        PointStatus::Credited => ("\u{2713}", "credited"),
        PointStatus::Missing => ("\u{2717}", "missing"),
        PointStatus::Unclear => ("?", "unclear"),
    }
}

fn write_point(f: &mut fmt::Formatter<'_>, point: &KeyPoint) -> fmt::Result {
    let (sign, word) = mark(point.status);
    writeln!(f, "  {sign} {word:<8}  {}", point.text)?;
    if let Some(evidence) = &point.evidence {
        writeln!(f, "      you wrote: \"{evidence}\"")?;
    }
    if let Some(note) = &point.note {
        writeln!(f, "      {note}")?;
    }
    match &point.read {
        Some(read) if point.status != PointStatus::Credited => writeln!(f, "      read: {read}"),
        _ => Ok(()),
    }
}

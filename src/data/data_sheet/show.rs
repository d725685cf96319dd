//! The sheet as text and as HTML.

use std::fmt;
use std::fmt::Write as _;

use super::{DataProblem, DataSheet};
use crate::data::{ClassBalance, DriftReport, LabelNoise};
use crate::metrics::html::{Cell, HtmlTable};
use crate::notebook::{Display, escape_html};
use crate::words::{grouped, part_of};

impl DataSheet {
    /// The sheet as a rich value: figures, labels, problems with what to do, and the reports it was given; and as text.
    pub fn display(&self) -> Display {
        let mut html = sheet_html(&self.name, &self.figures(), &self.balance, &self.label_names, &self.problems());
        // Wide tables scroll by themselves: the page of a phone does not.
        let reports = [
            self.label_noise.as_ref().filter(|noise| !noise.suspects().is_empty()).map(LabelNoise::display),
            self.drift.as_ref().map(DriftReport::display),
        ];
        for report in reports.into_iter().flatten() {
            let _ =
                write!(html, "<div style=\"overflow-x:auto\">{}</div>", report.get("text/html").unwrap_or_default());
        }
        Display::html(html).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    /// The lines of the first table: what was looked at, and what was found.
    fn figures(&self) -> Vec<(String, String)> {
        let lengths = self.lengths;
        let mut figures = vec![
            ("rows".to_owned(), grouped(self.rows())),
            ("labels".to_owned(), grouped(self.label_names.len())),
            (
                "characters of a text".to_owned(),
                format!(
                    "{} to {}; median {}, 95 % at most {}",
                    grouped(lengths.shortest),
                    grouped(lengths.longest),
                    grouped(lengths.median),
                    grouped(lengths.percentile_95)
                ),
            ),
        ];
        for step in self.cleaning.steps() {
            let touched = step.changed.len() + step.removed.len() + step.noted.len();
            let found = if touched == 0 { "none".to_owned() } else { part_of(touched, step.rows) };
            figures.push((step.step.to_string(), found));
        }
        let leakage = self.leakage.as_ref().map_or("not looked for: with_leakage".to_owned(), |leakage| {
            format!("{} held-out rows", grouped(leakage.rows().len()))
        });
        let noise = self.label_noise.as_ref().map_or("not looked for: with_label_noise".to_owned(), |noise| {
            let (suspects, expected) = (part_of(noise.suspects().len(), self.rows()), noise.expected_wrong());
            format!("{suspects}, about {expected:.0} of them wrong; of all rows an estimated {}", noise.rate_in_words())
        });
        let drift =
            self.drift.as_ref().map_or("not looked for: with_drift".to_owned(), |drift| drift.verdict().to_string());
        figures.extend(
            [("leakage", leakage), ("labels to check", noise), ("drift", drift)].map(|(a, b)| (a.to_owned(), b)),
        );
        figures
    }
}

/// The tables of figures and labels, and the list of problems.
pub(in crate::data) fn sheet_html(
    name: &str,
    figures: &[(String, String)],
    balance: &ClassBalance,
    label_names: &[String],
    problems: &[DataProblem],
) -> String {
    figures_html(name, figures) + &labels_html(balance, label_names) + &problem_list(problems)
}

/// The first table: what was looked at, and what was found.
pub(in crate::data) fn figures_html(name: &str, figures: &[(String, String)]) -> String {
    let mut table = HtmlTable::new(&format!("Data sheet: {name}"), &["", "found"]);
    for (name, value) in figures {
        table.row(name, &[Cell::plain(value)], false);
    }
    table.finish(&[])
}

/// The rows of each label.
pub(in crate::data) fn labels_html(balance: &ClassBalance, label_names: &[String]) -> String {
    let mut labels = HtmlTable::new("Labels", &["label", "rows", "share"]);
    for ((name, &count), share) in label_names.iter().zip(balance.counts()).zip(balance.shares()) {
        labels.row(name, &[grouped(count), format!("{:.1} %", 100.0 * share)].map(Cell::plain), false);
    }
    labels.finish(&[])
}

pub(in crate::data) fn problem_list(problems: &[DataProblem]) -> String {
    if problems.is_empty() {
        return "<p>No problems found by the checks that ran.</p>".to_owned();
    }
    let mut html = "<p style=\"margin:0.5em 0\"><strong>Problems, and what to do</strong></p>\
                    <ol style=\"margin:0.2em 0;padding-left:1.8em\">"
        .to_owned();
    for problem in problems {
        let [what, mend] = [&problem.problem, &problem.mend].map(|text| escape_html(text));
        let _ = write!(html, "<li style=\"margin:0.2em 0\">{what} <em>{mend}</em></li>");
    }
    html + "</ol>"
}

/// The sheet as text.
pub(in crate::data) fn write_sheet(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    figures: &[(String, String)],
    balance: &ClassBalance,
    problems: &[DataProblem],
) -> fmt::Result {
    write_figures(f, name, figures)?;
    writeln!(f, "{balance}")?;
    write_problems(f, problems)
}

/// The title and the figures as text.
pub(in crate::data) fn write_figures(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    figures: &[(String, String)],
) -> fmt::Result {
    writeln!(f, "data sheet: {name}")?;
    for (name, value) in figures {
        writeln!(f, "  {name:20}  {value}")?;
    }
    Ok(())
}

/// The problems as text.
pub(in crate::data) fn write_problems(f: &mut fmt::Formatter<'_>, problems: &[DataProblem]) -> fmt::Result {
    if problems.is_empty() {
        return f.write_str("no problems found by the checks that ran");
    }
    f.write_str("problems, and what to do")?;
    for (number, problem) in (1..).zip(problems) {
        write!(f, "\n  {number}. {}\n     {}", problem.problem, problem.mend)?;
    }
    Ok(())
}

/// The figures, the labels, and the problems with what to do.
impl fmt::Display for DataSheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_sheet(f, &self.name, &self.figures(), &self.balance, &self.problems())
    }
}

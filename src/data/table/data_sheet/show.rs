//! The sheet as text and as HTML.

use std::fmt;
use std::fmt::Write as _;

use super::{ColumnSpread, ColumnSummary, NumberSpread, TableDataSheet};
use crate::data::data_sheet::{figures_html, labels_html, problem_list, write_figures, write_problems};
use crate::data::table::display::{figures as number, write_table};
use crate::data::{DriftReport, DuplicateGroup};
use crate::metrics::html::{Cell, HtmlTable};
use crate::notebook::Display;
use crate::words::{excerpt, grouped, part_of};

const HEADERS: [&str; 7] = ["column", "kind", "missing", "different", "values", "far out", "tells alone"];

/// Characters of a category that are shown.
const SHOWN: usize = 20;

impl TableDataSheet {
    /// The sheet as a rich value: figures, columns, labels, problems with what to do, and the drift; and as text.
    pub fn display(&self) -> Display {
        let mut columns = HtmlTable::new("Columns", &HEADERS);
        for line in self.column_lines() {
            let [name, cells @ ..] = line;
            columns.row(&name, &cells.map(Cell::plain), false);
        }
        let mut html = figures_html(&self.name, &self.figures());
        html += &scrolling(&columns.finish(&[TELLS_ALONE.to_owned()]));
        if !self.label_names.is_empty() {
            html += &labels_html(&self.balance, &self.label_names);
        }
        html += &problem_list(&self.problems());
        if let Some(drift) = &self.drift {
            html += &scrolling(DriftReport::display(drift).get("text/html").unwrap_or_default());
        }
        Display::html(html).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    /// The lines of the first table: what was looked at, and what was found.
    fn figures(&self) -> Vec<(String, String)> {
        let numeric = self.columns.iter().filter(|column| column.is_numeric).count();
        let missing: usize = self.columns.iter().map(|column| column.missing).sum();
        let repeated: usize = self.duplicates.iter().map(|group| group.rows.len() - 1).sum();
        let none_or = |count, of| if count == 0 { "none".to_owned() } else { part_of(count, of) };
        let conflicts: Vec<&DuplicateGroup> = self.duplicates.iter().filter(|group| group.is_conflicting()).collect();
        let target = match (&self.target, &self.target_spread) {
            (None, _) => "none".to_owned(),
            (Some(name), None) => format!("{name}, {} classes", grouped(self.label_names.len())),
            (Some(name), Some(spread)) => format!("{name}, {}; mean {}", range(spread), number(spread.mean)),
        };
        let leakage = self.leakage.as_ref().map_or("not looked for: with_leakage".to_owned(), |leakage| {
            format!("{} held-out rows", grouped(leakage.rows().len()))
        });
        let drift =
            self.drift.as_ref().map_or("not looked for: with_drift".to_owned(), |drift| drift.verdict().to_string());
        [
            ("rows", grouped(self.rows())),
            ("columns", format!("{numeric} of numbers, {} of categories", self.columns.len() - numeric)),
            ("target", target),
            ("missing cells", none_or(missing, self.rows() * self.columns.len())),
            ("repeated rows", none_or(repeated, self.rows())),
            ("equal rows, other target", if conflicts.is_empty() { "none".into() } else { grouped(conflicts.len()) }),
            ("leakage", leakage),
            ("drift", drift),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    fn column_lines(&self) -> Vec<[String; 7]> {
        self.columns.iter().map(ColumnSummary::line).collect()
    }
}

const TELLS_ALONE: &str = "\"tells alone\": how much of the target a column tells without the others, 0 to 100 %.";

/// Wide tables scroll by themselves, and stay as wide as their cells read well: the page of a phone does not scroll.
fn scrolling(table: &str) -> String {
    let mut html = String::new();
    let _ = write!(html, "<div style=\"overflow-x:auto\"><div style=\"min-width:46em\">{table}</div></div>");
    html
}

impl ColumnSummary {
    fn line(&self) -> [String; 7] {
        let none_or = |count: usize| if count == 0 { "none".to_owned() } else { grouped(count) };
        let missing = match self.missing {
            0 => "none".to_owned(),
            missing => part_of(missing, missing + self.present),
        };
        let values = match &self.spread {
            ColumnSpread::Empty => "none".to_owned(),
            ColumnSpread::Numbers(spread) => range(spread),
            ColumnSpread::Categories(top) => {
                let share = |count: usize| 100.0 * count as f64 / self.present as f64;
                let mut words: Vec<String> = top
                    .iter()
                    .take(3)
                    .map(|(name, count)| format!("{} {:.0} %", excerpt(name, SHOWN), share(*count)))
                    .collect();
                if self.distinct > 3 {
                    words.push("…".to_owned());
                }
                words.join(", ")
            }
        };
        [
            self.name.clone(),
            if self.is_numeric { "numbers" } else { "categories" }.to_owned(),
            missing,
            grouped(self.distinct),
            values,
            if self.is_numeric { none_or(self.outliers()) } else { String::new() },
            self.alone.map_or(String::new(), |alone| format!("{:.0} %", 100.0 * alone)),
        ]
    }
}

/// `0.1 to 98, quartiles 3, 12, 40`
fn range(spread: &NumberSpread) -> String {
    let [low, first, middle, third, high] =
        [spread.smallest, spread.first_quartile, spread.median, spread.third_quartile, spread.largest].map(number);
    format!("{low} to {high}, quartiles {first}, {middle}, {third}")
}

/// The figures, the columns, the labels, and the problems with what to do.
impl fmt::Display for TableDataSheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_figures(f, &self.name, &self.figures())?;
        write_table(f, &HEADERS.map(str::to_owned), &self.column_lines())?;
        if !self.label_names.is_empty() {
            writeln!(f, "{}", self.balance)?;
        }
        write_problems(f, &self.problems())
    }
}

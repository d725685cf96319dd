//! A cleaned data set, compared with the answer key: what was planted and is left, and what the cleaning took too much.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::key::{AnswerKey, DefectKind, LookAlike, PlantedDefect};
use crate::Result;
use crate::data::TextDataset;
use crate::words::{grouped, listed};

/// What a cleaning left of the planted defects, and what it spoiled or lost.
///
/// ```
/// use tunebook::data::{Cleaner, DefectKind, EmbeddedExport};
///
/// let export = EmbeddedExport::find("support-tickets-raw")?;
/// let (clean, _) = Cleaner::default().clean_export("tickets", &export.rows()?)?;
/// let report = export.answer_key()?.check(&clean)?;
/// assert!(report.remaining(DefectKind::MissingText).is_empty() && !report.remaining(DefectKind::Html).is_empty());
/// println!("{report}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct KeyReport {
    name: String,
    rows: usize,
    counts: Vec<KindCount>,
    remaining: Vec<PlantedDefect>,
    lost: Vec<String>,
    mislabelled: Vec<String>,
    spoiled: Vec<LookAlike>,
}

#[derive(Debug, Clone, PartialEq)]
struct KindCount {
    kind: DefectKind,
    planted: usize,
    /// Nothing where the data set does not have the column that would show it.
    remaining: Option<usize>,
}

impl AnswerKey {
    /// Compares a cleaned data set with the key.
    ///
    /// - A duplicate is left when its row and another row of the same ticket are both there: which one stays does not matter.
    /// - A wrong, second or missing name of a label is left when the row is there and has not the right queue.
    /// - Damage in a text and a secret are left when the text still holds what the key says was found.
    /// - A missing cell or a date in another form is left when the column (`channel`, `priority`, `created`) has not the right
    ///   value; a date is right as `2026-03-14T09:26`, with a space for the `T` too, and whatever follows. Without the column it
    ///   is not judged.
    /// - A row without a text, and one that is no ticket, is left when it is there.
    ///
    /// # Errors
    /// When a row's id is not one of the export's.
    pub fn check(&self, data: &TextDataset) -> Result<KeyReport> {
        let rows = self.rows_of(data)?;
        let place_of: HashMap<&str, usize> = rows.iter().zip(0..).map(|(row, at)| (row.id.as_str(), at)).collect();
        let mut rows_of_ticket: HashMap<&str, usize> = HashMap::new();
        for ticket in rows.iter().filter_map(|row| row.ticket.as_deref()) {
            *rows_of_ticket.entry(ticket).or_default() += 1;
        }
        let label = |at: usize| data.label_name(data.labels()[at]);
        let judged = |kind: DefectKind| kind.column().is_none_or(|column| data.column(column).is_ok());
        let is_left = |defect: &PlantedDefect| {
            let Some(&at) = place_of.get(defect.row.as_str()) else { return false };
            let holds_found = || defect.found.iter().any(|found| holds(&data.texts()[at], found));
            let cell = |column: &str| data.column(column).ok().map(|cells| cells[at].as_str());
            match defect.kind {
                DefectKind::ExactDuplicate | DefectKind::NearDuplicate => {
                    rows[at].ticket.as_deref().is_some_and(|ticket| rows_of_ticket[ticket] > 1)
                }
                DefectKind::ContradictoryLabel | DefectKind::MissingLabel => {
                    rows[at].queue.as_deref() != Some(label(at))
                }
                DefectKind::LabelAlias => {
                    let is_second_name = defect.found.iter().any(|name| name.trim() == label(at));
                    is_second_name && defect.right.as_deref() != Some(label(at))
                }
                DefectKind::MissingText | DefectKind::NotATicket => true,
                DefectKind::MissingChannel | DefectKind::MissingPriority => {
                    defect.kind.column().and_then(cell).is_some_and(|cell| Some(cell) != defect.right.as_deref())
                }
                DefectKind::MissingDate | DefectKind::DayFirstDate | DefectKind::MonthFirstDate => {
                    let right = defect.right.as_deref().unwrap_or_default();
                    cell("created").is_some_and(|cell| !cell.replacen(' ', "T", 1).starts_with(right))
                }
                DefectKind::Mojibake
                | DefectKind::LostCharacters
                | DefectKind::Html
                | DefectKind::Invisible
                | DefectKind::Secret => holds_found(),
            }
        };
        let remaining: Vec<PlantedDefect> = self.defects.iter().filter(|defect| is_left(defect)).cloned().collect();
        let counts = DefectKind::ALL.map(|kind| KindCount {
            kind,
            planted: self.defects.iter().filter(|defect| defect.kind == kind).count(),
            remaining: judged(kind).then(|| remaining.iter().filter(|defect| defect.kind == kind).count()),
        });
        let names_planted: HashSet<&str> = self
            .defects
            .iter()
            .filter(|defect| {
                use DefectKind::{ContradictoryLabel, MissingLabel};
                let open = match defect.kind {
                    ContradictoryLabel | MissingLabel => true,
                    DefectKind::LabelAlias => is_left(defect),
                    _ => false,
                };
                open && place_of.contains_key(defect.row.as_str())
            })
            .map(|defect| defect.row.as_str())
            .collect();
        let mislabelled = rows
            .iter()
            .enumerate()
            .filter(|(at, row)| {
                let wrong = row.queue.as_deref().is_some_and(|queue| queue != label(*at));
                wrong && !names_planted.contains(row.id.as_str())
            })
            .map(|(_, row)| row.id.clone())
            .collect();
        let spoiled = self
            .look_alikes
            .iter()
            .filter(|like| {
                place_of.get(like.row.as_str()).is_some_and(|&at| !data.texts()[at].contains(like.text.as_str()))
            })
            .cloned()
            .collect();
        Ok(KeyReport {
            name: data.name().to_owned(),
            rows: data.len(),
            counts: counts.to_vec(),
            remaining,
            lost: self.lost(&rows_of_ticket),
            mislabelled,
            spoiled,
        })
    }

    /// Rows of tickets that are not there in any form, though one of their rows has a label and all of its letters.
    fn lost(&self, rows_of_ticket: &HashMap<&str, usize>) -> Vec<String> {
        let past_mending: HashSet<&str> = self
            .defects
            .iter()
            .filter(|defect| matches!(defect.kind, DefectKind::MissingLabel | DefectKind::LostCharacters))
            .map(|defect| defect.row.as_str())
            .collect();
        let mut seen = HashSet::new();
        self.rows
            .iter()
            .filter(|row| !past_mending.contains(row.id.as_str()))
            .filter(|row| {
                row.ticket.as_deref().is_some_and(|ticket| !rows_of_ticket.contains_key(ticket) && seen.insert(ticket))
            })
            .map(|row| row.id.clone())
            .collect()
    }
}

/// Whether `text` holds `found`, a secret of several lines also where its line breaks have become spaces.
fn holds(text: &str, found: &str) -> bool {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.contains(found) || (found.trim().contains('\n') && one_line(text).contains(&one_line(found)))
}

impl KeyReport {
    /// The planted defects of one kind that are still there.
    pub fn remaining(&self, kind: DefectKind) -> Vec<&PlantedDefect> {
        self.remaining.iter().filter(|defect| defect.kind == kind).collect()
    }

    /// All planted defects that are still there, in the order of the rows.
    pub fn all_remaining(&self) -> &[PlantedDefect] {
        &self.remaining
    }

    /// Rows whose tickets were lost: of each ticket that could have stayed and is gone in every form, the first row.
    pub fn lost(&self) -> &[String] {
        &self.lost
    }

    /// Rows whose right label the cleaning replaced by another one.
    pub fn mislabelled(&self) -> &[String] {
        &self.mislabelled
    }

    /// Texts that only looked damaged, and were changed.
    pub fn spoiled(&self) -> &[LookAlike] {
        &self.spoiled
    }

    /// Whether nothing is left, lost or spoiled. What the data set has no column for is not judged.
    pub fn is_clean(&self) -> bool {
        self.remaining.is_empty() && self.lost.is_empty() && self.mislabelled.is_empty() && self.spoiled.is_empty()
    }

    /// Shows the table in a notebook cell.
    pub fn evcxr_display(&self) {
        println!("{self}");
    }
}

/// A line for each kind: how many were planted, how many are left.
impl fmt::Display for KeyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} rows, compared with the answer key", self.name, grouped(self.rows))?;
        writeln!(f, "{:22}  {:>7}  {:>4}", "defect", "planted", "left")?;
        for count in &self.counts {
            let left = count.remaining.map_or_else(|| "not judged".to_owned(), grouped);
            writeln!(f, "{:22}  {:>7}  {left:>4}", count.kind, grouped(count.planted))?;
        }
        writeln!(f, "good tickets lost: {}", self.lost.len())?;
        if !self.lost.is_empty() {
            writeln!(f, "  {}", listed(&self.lost))?;
        }
        writeln!(f, "right labels replaced: {}", self.mislabelled.len())?;
        if !self.mislabelled.is_empty() {
            writeln!(f, "  {}", listed(&self.mislabelled))?;
        }
        write!(f, "good texts spoiled: {}", self.spoiled.len())?;
        for like in &self.spoiled {
            write!(f, "\n  {}: {:?} was right, {}", like.row, like.text, like.why)?;
        }
        Ok(())
    }
}

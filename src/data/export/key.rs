//! The answer key of an export: each defect that was planted, where, and what is right.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Deserializer, de};

use crate::data::{Part, TextDataset, TextSplits};
use crate::{Error, Result};

/// A kind of defect in an export.
///
/// ```
/// use tunebook::data::{DefectKind, EmbeddedExport};
/// let key = EmbeddedExport::find("support-tickets-raw")?.answer_key()?;
/// assert!(key.defects_of(DefectKind::Secret).len() >= 25);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefectKind {
    /// The text stands in another row too, but for case and white space.
    ExactDuplicate,
    /// The row says in nearly the same words what another row says.
    NearDuplicate,
    /// One of two rows with (nearly) the same text is in the wrong queue.
    ContradictoryLabel,
    /// The queue has a second name.
    LabelAlias,
    /// There is no text.
    MissingText,
    /// There is no queue.
    MissingLabel,
    /// There is no channel.
    MissingChannel,
    /// There is no priority.
    MissingPriority,
    /// There is no date.
    MissingDate,
    /// The date is written with the day first.
    DayFirstDate,
    /// The date is written with the month first, and with AM or PM.
    MonthFirstDate,
    /// The text was read in the wrong encoding.
    Mojibake,
    /// Letters are lost: the replacement character stands for them.
    LostCharacters,
    /// Tags or entities of HTML are left.
    Html,
    /// Characters are in the text that nobody sees.
    Invisible,
    /// The text holds what must not be trained on: a key, a password, a number of an account, a person's address.
    Secret,
    /// The row is no ticket: an automatic reply, an advertisement, a test.
    NotATicket,
}

impl DefectKind {
    /// All kinds.
    pub const ALL: [Self; 17] = [
        Self::ExactDuplicate,
        Self::NearDuplicate,
        Self::ContradictoryLabel,
        Self::LabelAlias,
        Self::MissingText,
        Self::MissingLabel,
        Self::MissingChannel,
        Self::MissingPriority,
        Self::MissingDate,
        Self::DayFirstDate,
        Self::MonthFirstDate,
        Self::Mojibake,
        Self::LostCharacters,
        Self::Html,
        Self::Invisible,
        Self::Secret,
        Self::NotATicket,
    ];

    /// The column of a data set that shows whether the defect is still there; `None` where text and label do.
    pub fn column(self) -> Option<&'static str> {
        match self {
            Self::MissingChannel => Some("channel"),
            Self::MissingPriority => Some("priority"),
            Self::MissingDate | Self::DayFirstDate | Self::MonthFirstDate => Some("created"),
            _ => None,
        }
    }
}

/// In words, for tables.
impl fmt::Display for DefectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ExactDuplicate => "exact duplicate",
            Self::NearDuplicate => "near-duplicate",
            Self::ContradictoryLabel => "contradictory label",
            Self::LabelAlias => "second name of a label",
            Self::MissingText => "missing text",
            Self::MissingLabel => "missing label",
            Self::MissingChannel => "missing channel",
            Self::MissingPriority => "missing priority",
            Self::MissingDate => "missing date",
            Self::DayFirstDate => "date, day first",
            Self::MonthFirstDate => "date, month first",
            Self::Mojibake => "wrong encoding",
            Self::LostCharacters => "lost characters",
            Self::Html => "HTML remains",
            Self::Invisible => "invisible characters",
            Self::Secret => "secret",
            Self::NotATicket => "not a ticket",
        })
    }
}

/// A row of the export, and which ticket it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The row's id in the export.
    pub id: String,
    /// The id of the ticket that the row is, or is a copy of; `None` for rows that are no tickets.
    pub ticket: Option<String>,
    /// The part of the fixed split that the ticket belongs to, and its copies with it.
    pub part: Option<Part>,
    /// The right queue.
    pub queue: Option<String>,
}

impl<'de> Deserialize<'de> for KeyRow {
    /// From `[id, ticket, part, queue]`.
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        type Cells = (String, Option<String>, Option<String>, Option<String>);
        let (id, ticket, part, queue) = Cells::deserialize(from)?;
        let part = match part.as_deref() {
            None => None,
            Some("train") => Some(Part::Train),
            Some("validation") => Some(Part::Validation),
            Some("test") => Some(Part::Test),
            Some(other) => return Err(de::Error::custom(format!("{id}: no part {other}"))),
        };
        Ok(Self { id, ticket, part, queue })
    }
}

/// A defect that was planted in a row.
///
/// ```
/// use tunebook::data::{DefectKind, EmbeddedExport};
/// let key = EmbeddedExport::find("support-tickets-raw")?.answer_key()?;
/// let defect = &key.defects_of(DefectKind::ContradictoryLabel)[0];
/// println!("{} belongs to {:?}: {:?}", defect.row, defect.right, defect.cause);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantedDefect {
    /// The id of the row.
    pub row: String,
    /// What is wrong.
    pub kind: DefectKind,
    /// The id of the row that it repeats or contradicts.
    pub like: Option<String>,
    /// For near-duplicates: the Jaccard similarity of the two texts' runs of five characters, other damage mended.
    pub similarity: Option<f64>,
    /// For secrets: what sort, such as `password` or `card`.
    pub secret: Option<String>,
    /// What a cleaned text must not hold any more, or the second name of a label.
    #[serde(default)]
    pub found: Vec<String>,
    /// What is right: the text, the label, the cell or the date. `None` where the row is to go.
    pub right: Option<String>,
    /// How it came about.
    pub cause: Option<String>,
}

/// Something that looks like a defect and is none: to change it would spoil the text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookAlike {
    /// The id of the row.
    pub row: String,
    /// What must stay in its text.
    pub text: String,
    /// Why it is right.
    pub why: String,
}

/// What is wrong with an export, row by row. Every defect that was planted is listed, and tests hold that nothing else is
/// there.
///
/// ```
/// use tunebook::data::{Cleaner, EmbeddedExport};
///
/// let export = EmbeddedExport::find("support-tickets-raw")?;
/// let (clean, _) = Cleaner { html: true, ..Cleaner::default() }.clean_export("tickets", &export.rows()?)?;
/// let report = export.answer_key()?.check(&clean)?;
/// assert!(report.lost().is_empty());
/// assert!(!report.is_clean()); // near-duplicates, secrets and more are left
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerKey {
    /// All rows of the export, in its order.
    pub rows: Vec<KeyRow>,
    /// All defects, in the order of the rows.
    pub defects: Vec<PlantedDefect>,
    /// What only looks like a defect.
    pub look_alikes: Vec<LookAlike>,
}

impl AnswerKey {
    /// The defects of one kind, in the order of the rows.
    pub fn defects_of(&self, kind: DefectKind) -> Vec<&PlantedDefect> {
        self.defects.iter().filter(|defect| defect.kind == kind).collect()
    }

    /// The defects of one row.
    pub fn defects_in(&self, row: &str) -> Vec<&PlantedDefect> {
        self.defects.iter().filter(|defect| defect.row == row).collect()
    }

    /// Splits a cleaned data set as the tickets are split for everybody: each row goes to the part of its ticket, a copy to
    /// the part of what it is a copy of. Rows that are no tickets are in no part.
    ///
    /// # Errors
    /// When a row's id is not one of the export's.
    ///
    /// ```
    /// use tunebook::data::{Cleaner, EmbeddedExport};
    ///
    /// let export = EmbeddedExport::find("support-tickets-raw")?;
    /// let (clean, _) = Cleaner::default().clean_export("tickets", &export.rows()?)?;
    /// let parts = export.answer_key()?.split(&clean)?;
    /// assert!(parts.train.len() > parts.test.len());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn split(&self, data: &TextDataset) -> Result<TextSplits> {
        let rows = self.rows_of(data)?;
        let part = |wanted: Part| {
            let places: Vec<usize> = (0..rows.len()).filter(|&place| rows[place].part == Some(wanted)).collect();
            data.select(&places)
        };
        Ok(TextSplits { train: part(Part::Train), validation: part(Part::Validation), test: part(Part::Test) })
    }

    /// What the key says of each row of `data`.
    pub(super) fn rows_of(&self, data: &TextDataset) -> Result<Vec<&KeyRow>> {
        let by_id: HashMap<&str, &KeyRow> = self.rows.iter().map(|row| (row.id.as_str(), row)).collect();
        let row = |id: &String| {
            by_id.get(id.as_str()).copied().ok_or_else(|| {
                Error::input(
                    data.name(),
                    format!("the id {id} is none of the export's"),
                    "clean the export's rows with Cleaner::clean_export, which keeps their ids",
                )
            })
        };
        data.ids().iter().map(row).collect()
    }
}

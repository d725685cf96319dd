//! A data set as a help desk's software exports it, with everything that is wrong in such a file, and the key to what is
//! wrong.
//!
//! This file has the rows, `key.rs` the list of planted defects, `check.rs` compares a cleaned data set with it.

mod check;
mod key;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Error, Result};

pub use check::KeyReport;
pub use key::{AnswerKey, DefectKind, KeyRow, LookAlike, PlantedDefect};

/// An export inside the library.
///
/// ```
/// use tunebook::data::{Cleaner, EmbeddedExport};
///
/// let export = EmbeddedExport::find("support-tickets-raw")?;
/// let rows = export.rows()?;
/// let (clean, _) = Cleaner::default().clean_export("tickets", &rows)?;
/// println!("{}", export.answer_key()?.check(&clean)?);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedExport {
    /// The name to find it by.
    pub name: &'static str,
    /// One line on what it holds.
    pub about: &'static str,
    /// The data sheet, in Markdown: where the rows come from, what is wrong with them and what they cannot show.
    pub data_sheet: &'static str,
    csv: &'static str,
    key: &'static str,
}

/// All embedded exports.
pub const EXPORTS: [EmbeddedExport; 1] = [EmbeddedExport {
    name: "support-tickets-raw",
    about: "1,684 rows: synthetic tickets to a cloud provider's help desk as its software would export them, with 17 kinds of defect",
    data_sheet: include_str!("../../../data/support-tickets-raw/README.md"),
    csv: include_str!("../../../data/support-tickets-raw/tickets.csv"),
    key: include_str!("../../../data/support-tickets-raw/answer-key.json"),
}];

/// A row of an export, as its cells are written. An empty cell is `None`; what else means "no value" is for the reader to
/// find out.
///
/// ```
/// use tunebook::data::EmbeddedExport;
/// let rows = EmbeddedExport::find("support-tickets-raw")?.rows()?;
/// let without_channel = rows.iter().filter(|row| row.channel.is_none()).count();
/// assert!(without_channel > 0);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ExportRow {
    /// The ticket's number, which stands once.
    pub id: String,
    /// When it came in, as the program that took it writes dates.
    pub created: Option<String>,
    /// How it came in.
    pub channel: Option<String>,
    /// How urgent it is.
    pub priority: Option<String>,
    /// The queue that it was sent to: the label.
    pub queue: Option<String>,
    /// What it says.
    pub text: Option<String>,
}

impl EmbeddedExport {
    /// The export of this name.
    ///
    /// # Errors
    /// For a name that no export has; the message lists those there are.
    pub fn find(name: &str) -> Result<Self> {
        EXPORTS.into_iter().find(|export| export.name == name).ok_or_else(|| {
            let names: Vec<_> = EXPORTS.iter().map(|export| export.name).collect();
            Error::input(name, "there is no embedded export of this name", format!("there are: {}", names.join(", ")))
        })
    }

    /// The file, as it was exported: CSV with a header row.
    ///
    /// ```
    /// use tunebook::data::EmbeddedExport;
    /// let csv = EmbeddedExport::find("support-tickets-raw")?.csv();
    /// assert!(csv.starts_with("id,created,channel,priority,queue,text\n"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn csv(&self) -> &'static str {
        self.csv
    }

    /// The rows of the file, in its order.
    ///
    /// # Errors
    /// When the embedded file is broken, which a test rules out.
    pub fn rows(&self) -> Result<Vec<ExportRow>> {
        let mut reader = csv::Reader::from_reader(self.csv.as_bytes());
        reader
            .deserialize()
            .zip(1..)
            .map(|(row, number)| {
                row.map_err(|problem| Error::input(format!("embedded {}, row {number}", self.name), problem, ""))
            })
            .collect()
    }

    /// What was planted in the rows, and what is right.
    ///
    /// # Errors
    /// When the embedded key is broken, which a test rules out.
    pub fn answer_key(&self) -> Result<AnswerKey> {
        serde_json::from_str(self.key)
            .map_err(|problem| Error::input(format!("embedded {}, answer key", self.name), problem, ""))
    }

    /// Writes the file into `folder`, which must be there, as `support-tickets-raw.csv`, and returns its path.
    ///
    /// # Errors
    /// When the file cannot be written, and when another file of that name is there: it may be somebody's work.
    ///
    /// ```
    /// use tunebook::data::{Cleaner, Columns, EmbeddedExport};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// let path = EmbeddedExport::find("support-tickets-raw")?.write_to(folder.path())?;
    /// let columns = Columns { label: "queue".into(), ..Columns::default() };
    /// let (data, _) = Cleaner::default().read(&path, &columns)?;
    /// assert!(data.len() > 1476);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn write_to(&self, folder: impl AsRef<Path>) -> Result<PathBuf> {
        let path = folder.as_ref().join(format!("{}.csv", self.name));
        match std::fs::read(&path) {
            Ok(there) if there == self.csv.as_bytes() => return Ok(path),
            Ok(_) => {
                return Err(Error::input(
                    path.display(),
                    "another file of this name is there",
                    "move it away, or choose another folder",
                ));
            }
            Err(_) => {}
        }
        crate::model::write_atomically(&path, self.csv.as_bytes())?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests;

//! Cleaning the rows of an embedded export, with their ids and columns.

use std::collections::HashMap;

use super::{Cleaner, CleaningReport, RawRow};
use crate::Result;
use crate::data::{EmbeddedExport, ExportRow, TextDataset};

/// A cell of a row.
type Cell = fn(&ExportRow) -> &Option<String>;

impl Cleaner {
    /// An embedded export, cleaned as it is: [`clean_export`](Self::clean_export) of its rows.
    ///
    /// # Errors
    /// For a name that no export has, and those of [`clean`](Self::clean).
    ///
    /// ```
    /// use tunebook::data::Cleaner;
    /// let (data, report) = Cleaner { html: true, ..Cleaner::default() }.embedded("support-tickets-raw")?;
    /// assert!(data.ids().iter().all(|id| id.starts_with("HD-")));
    /// println!("{report}");
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn embedded(&self, name: &str) -> Result<(TextDataset, CleaningReport)> {
        self.clean_export(name, &EmbeddedExport::find(name)?.rows()?)
    }

    /// A data set from the rows of an export, cleaned, and what was done. The label is the queue, the ids are those of the
    /// rows, and `created`, `channel` and `priority` become columns, where an empty cell is an empty text.
    ///
    /// What a cleaner does not know about is for the caller to mend in the rows first: second names of labels, dates, secrets.
    ///
    /// # Errors
    /// Those of [`clean`](Self::clean).
    ///
    /// ```
    /// use tunebook::data::{Cleaner, DefectKind, EmbeddedExport};
    ///
    /// let export = EmbeddedExport::find("support-tickets-raw")?;
    /// let mut rows = export.rows()?;
    /// for row in &mut rows {
    ///     if row.queue.as_deref() == Some("db") {
    ///         row.queue = Some("databases".into());
    ///     }
    /// }
    /// let (data, _) = Cleaner::default().clean_export("tickets", &rows)?;
    /// assert!(!data.label_names().contains(&"db".to_owned()));
    /// let left = export.answer_key()?.check(&data)?;
    /// assert!(left.remaining(DefectKind::LabelAlias).iter().all(|defect| defect.found != ["db"]));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn clean_export(&self, name: &str, rows: &[ExportRow]) -> Result<(TextDataset, CleaningReport)> {
        let cells: Vec<RawRow> =
            rows.iter().map(|row| RawRow { text: row.text.clone(), label: row.queue.clone() }).collect();
        let (mut data, report) = self.clean_rows_with(name, &cells, |row| rows[row].id.clone(), None)?;
        let by_id: HashMap<&str, &ExportRow> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
        let columns: [(&str, Cell); 3] =
            [("created", |row| &row.created), ("channel", |row| &row.channel), ("priority", |row| &row.priority)];
        for (column, cell) in columns {
            let values =
                data.ids().iter().map(|id| cell(by_id[id.as_str()]).clone().unwrap_or_default()).collect::<Vec<_>>();
            data = data.with_column(column, values)?;
        }
        Ok((data, report))
    }
}

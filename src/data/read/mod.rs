//! Reading files of one's own: CSV, TSV, JSON Lines and Parquet.
//!
//! Read this file first (texts with one label), then `text_targets.rs` (several labels, numbers),
//! `multi_hot.rs` (a column for each label), `cells.rs` (what the
//! formats have in common) and the file of a format. Tables, which stand on the same cells, are read in
//! [`table`](super::table).

mod cells;
mod delimited;
mod json_lines;
mod multi_hot;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_pages;
#[cfg(all(test, feature = "parquet"))]
mod parquet_tests;
#[cfg(feature = "parquet")]
mod parquet_values;
#[cfg(test)]
mod tests;
mod text_targets;

use std::path::Path;

pub(super) use cells::{
    Cell, FileCells, LabelPlaces, Wanted, missing_column, number, read as read_cells, sorted_names,
};

use crate::data::TextDataset;
use crate::{Error, Result};

/// Which columns hold the text and the label.
///
/// ```
/// use tunebook::data::Columns;
/// let columns = Columns { label: "queue".into(), ..Columns::default() };
/// assert_eq!(columns.text, "text");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The column of the text; `text` by default.
    pub text: String,
    /// The column of the label, of the labels or of the number to predict; `label` by default.
    pub label: String,
}

impl Default for Columns {
    fn default() -> Self {
        Self { text: "text".into(), label: "label".into() }
    }
}

/// How a file of rows is written.
///
/// ```
/// use tunebook::data::TextFormat;
/// assert_eq!(TextFormat::of("loads.PARQUET".as_ref())?, TextFormat::Parquet);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// Comma-separated, with a header row; or by semicolons, where the header has these and no comma.
    Csv,
    /// Tab-separated, with a header row.
    Tsv,
    /// One JSON object a line.
    JsonLines,
    /// Apache Parquet; reading it needs the crate's feature `parquet`.
    Parquet,
}

impl TextFormat {
    /// The format that a file's ending names.
    ///
    /// ```
    /// use tunebook::data::TextFormat;
    /// assert_eq!(TextFormat::of("reviews.tsv".as_ref())?, TextFormat::Tsv);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// For an ending that names none of the formats.
    pub fn of(path: &Path) -> Result<Self> {
        match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("tsv") => Ok(Self::Tsv),
            Some("jsonl" | "ndjson") => Ok(Self::JsonLines),
            Some("parquet") => Ok(Self::Parquet),
            _ => Err(Error::input(
                path.display(),
                "the ending does not name a format",
                "use a file that ends in .csv, .tsv, .jsonl or .parquet",
            )),
        }
    }
}

impl TextDataset {
    /// Reads a labelled file; the format follows the ending.
    ///
    /// Label names are sorted, so that the same file always gives the same indices; a Parquet file of the Hub that names
    /// its classes keeps their order. Pass the training file's `label_names` for a validation or test file.
    ///
    /// # Errors
    /// When the file is unreadable, a column is missing, a row is broken, a text or a label is empty, or a label is not
    /// among the given names; each message names the file and the line, or in Parquet the row. Without the crate's feature
    /// `parquet`, for a Parquet file. [`Cleaner::read`](crate::data::Cleaner::read) takes files with empty cells.
    pub fn read(path: impl AsRef<Path>, columns: &Columns, label_names: Option<&[String]>) -> Result<Self> {
        let file = read_cells(path.as_ref(), &Wanted::Columns(&[&columns.text, &columns.label]))?.with_rows()?;
        let (texts, labels) = (file.texts(0)?, file.labels(1)?);
        let own_names = file.columns[1].class_names.clone();
        let names = label_names.map(<[String]>::to_vec).or(own_names).unwrap_or_else(|| sorted_names(labels.iter()));
        let places = LabelPlaces::new(&names);
        let place = |(row, label): (usize, &String)| places.find(label, || file.cell_place(row, 1));
        let labels = labels.iter().enumerate().map(place).collect::<Result<_>>()?;
        Self::new(&path.as_ref().display().to_string(), texts, labels, names)
    }
}

/// Reads only the texts of a file: one a line for `.txt`, the text column otherwise.
///
/// ```
/// let file = std::env::temp_dir().join(format!("tunebook-texts-{}.txt", std::process::id()));
/// std::fs::write(&file, "The disk is full.\nWhere is my invoice?\n").unwrap();
/// assert_eq!(tunebook::data::read::texts(&file, "text")?, ["The disk is full.", "Where is my invoice?"]);
/// # std::fs::remove_file(file).unwrap();
/// # Ok::<(), tunebook::Error>(())
/// ```
///
/// # Errors
/// As [`TextDataset::read`].
pub fn texts(path: impl AsRef<Path>, text_column: &str) -> Result<Vec<String>> {
    let path = path.as_ref();
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("txt")) {
        return json_lines::lines(path)?.map(|line| Ok(line?.1)).collect();
    }
    read_cells(path, &Wanted::Columns(&[text_column]))?.with_rows()?.texts(0)
}

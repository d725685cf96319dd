//! Data sets that ship inside the library, so that the course needs no network.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::data::text::Part;
use crate::data::{CloudMetrics, TabularDataset, TextDataset};
use crate::{Error, Result};

/// A data set inside the library.
///
/// ```
/// use tunebook::data::{TextDataset, embedded};
/// for set in &embedded::TEXT {
///     println!("{}: {}", set.name, set.about);
///     assert!(!set.data_sheet.is_empty() && !TextDataset::embedded(set.name)?.is_empty());
/// }
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedData {
    /// The name to load it by.
    pub name: &'static str,
    /// One line on what it holds.
    pub about: &'static str,
    /// The data sheet, in Markdown: where the rows come from and what they cannot show.
    pub data_sheet: &'static str,
    rows: &'static str,
}

/// All embedded text data sets.
///
/// ```
/// assert!(tunebook::data::embedded::TEXT.iter().any(|set| set.name == "support-tickets"));
/// ```
pub const TEXT: [EmbeddedData; 2] = [
    EmbeddedData {
        name: "support-tickets",
        about: "512 synthetic tickets to a cloud provider's help desk, 8 queues, fixed split 320/96/96",
        data_sheet: include_str!("../../data/support-tickets/README.md"),
        rows: include_str!("../../data/support-tickets/tickets.jsonl"),
    },
    EmbeddedData {
        name: "product-reviews",
        about: "890 synthetic reviews of four kinds of product: positive, negative or mixed, fixed split 582/152/156",
        data_sheet: include_str!("../../data/product-reviews/README.md"),
        rows: include_str!("../../data/product-reviews/reviews.jsonl"),
    },
];

/// A table that the library makes when it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedTable {
    /// The name to load it by.
    pub name: &'static str,
    /// One line on what it holds.
    pub about: &'static str,
    /// The data sheet, in Markdown: where the rows come from and what they cannot show.
    pub data_sheet: &'static str,
    make: fn() -> Result<TabularDataset>,
}

/// All tables.
pub const TABLES: [EmbeddedTable; 1] = [EmbeddedTable {
    name: "cloud-metrics",
    about: "34,560 generated hours of 12 cloud services, 2.5 % of them in an incident; split by time",
    data_sheet: include_str!("../../data/cloud-metrics/README.md"),
    make: || CloudMetrics::default().generate(),
}];

/// One line: the four fields that every row has, and its columns.
#[derive(Deserialize)]
struct Row {
    id: String,
    label: String,
    split: Split,
    text: String,
    #[serde(flatten)]
    columns: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Split {
    Train,
    Validation,
    Test,
}

impl EmbeddedData {
    /// The rows as they are stored: JSON Lines with `id`, `label`, `split`, `text` and the set's own columns.
    pub fn json_lines(&self) -> &'static str {
        self.rows
    }
}

pub(crate) fn text(name: &str) -> Result<TextDataset> {
    let known = TEXT.iter().find(|data| data.name == name).ok_or_else(|| {
        let names: Vec<_> = TEXT.iter().map(|data| data.name).collect();
        Error::input(
            name,
            "there is no embedded text data set of this name",
            format!("there are: {}", names.join(", ")),
        )
    })?;
    parse(name, known.rows)
}

pub(crate) fn table(name: &str) -> Result<TabularDataset> {
    let known = TABLES.iter().find(|table| table.name == name).ok_or_else(|| {
        let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        let mend = format!("there are: {}", names.join(", "));
        Error::input(name, "there is no embedded table of this name", mend)
    })?;
    (known.make)()
}

/// The data set that these JSON Lines hold.
fn parse(name: &str, lines: &str) -> Result<TextDataset> {
    let place = |at: usize| format!("embedded {name}, line {}", at + 1);
    let mut rows = Vec::new();
    for (at, line) in lines.lines().enumerate() {
        let row: Row = serde_json::from_str(line).map_err(|problem| Error::input(place(at), problem, ""))?;
        rows.push(row);
    }
    let mut label_names: Vec<String> = rows.iter().map(|row| row.label.clone()).collect();
    label_names.sort();
    label_names.dedup();
    let labels = rows
        .iter()
        .map(|row| label_names.binary_search(&row.label).map_err(|_| Error::input(name, "label without a name", "")))
        .collect::<Result<Vec<_>>>()?;
    let parts = rows
        .iter()
        .map(|row| match row.split {
            Split::Train => Part::Train,
            Split::Validation => Part::Validation,
            Split::Test => Part::Test,
        })
        .collect();
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        for (column, value) in &row.columns {
            let values = columns.entry(column.clone()).or_default();
            if values.len() != at {
                return Err(Error::input(place(at), format!("column {column} is not in every row before"), ""));
            }
            values.push(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }
    let (ids, texts) = rows.into_iter().map(|row| (row.id, row.text)).unzip();
    let data = TextDataset::with_ids(name, ids, texts, labels, label_names, Some(parts))?;
    columns.into_iter().try_fold(data, |data, (column, values)| data.with_column(&column, values))
}

#[cfg(test)]
#[path = "embedded_tests.rs"]
mod tests;

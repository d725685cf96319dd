//! Data sets that ship inside the library, so that the course needs no network.

use serde::Deserialize;

use crate::data::TextDataset;
use crate::data::text::Part;
use crate::{Error, Result};

/// A data set inside the library.
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
pub const TEXT: [EmbeddedData; 1] = [EmbeddedData {
    name: "support-tickets",
    about: "512 synthetic tickets to a cloud provider's help desk, 8 queues, fixed split 320/96/96",
    data_sheet: include_str!("../../data/support-tickets/README.md"),
    rows: include_str!("../../data/support-tickets/tickets.jsonl"),
}];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    label: String,
    split: Split,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Split {
    Train,
    Validation,
    Test,
}

impl EmbeddedData {
    /// The rows as they are stored: JSON Lines with `id`, `label`, `split` and `text`.
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
    let mut rows = Vec::new();
    for (at, line) in known.rows.lines().enumerate() {
        let row: Row = serde_json::from_str(line)
            .map_err(|problem| Error::input(format!("embedded {name}, line {}", at + 1), problem, ""))?;
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
    let (ids, texts) = rows.into_iter().map(|row| (row.id, row.text)).unzip();
    TextDataset::with_ids(name, ids, texts, labels, label_names, Some(parts))
}

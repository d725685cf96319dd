//! Texts with several labels, and texts with numbers, from files.

use std::path::Path;

use super::{Cell, Columns, FileCells, LabelPlaces, Wanted, number, read_cells, sorted_names};
use crate::data::{MultiLabelDataset, TextRegressionDataset};
use crate::{Error, Result};

/// What usually stands between the labels of a cell.
const SEPARATORS: [char; 2] = [';', '|'];

impl MultiLabelDataset {
    /// Reads texts with any number of labels from a CSV, TSV, JSON Lines or Parquet file; the format follows the ending.
    ///
    /// The column [`Columns::label`] holds a list (of JSON, in any format, or of Parquet), or the labels in one text with
    /// `separator` between them. `None` finds out which of `;` and `|` that is. Spaces around a label do not count; an empty cell is a text without
    /// any label. Label names are sorted, so that the same file always gives the same order; pass the training file's
    /// `label_names` for a validation or test file.
    ///
    /// ```
    /// use tunebook::data::{Columns, MultiLabelDataset};
    /// let file = std::env::temp_dir().join(format!("tunebook-labels-{}.csv", std::process::id()));
    /// std::fs::write(&file, "text,label\nDisk full!,storage; urgent\nHow do I log in?,\n").unwrap();
    /// let data = MultiLabelDataset::read(&file, &Columns::default(), None, None)?;
    /// assert_eq!(data.label_names(), ["storage", "urgent"]);
    /// assert_eq!(data.labels(), [[true, true], [false, false]]);
    /// # std::fs::remove_file(file).unwrap();
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`TextDataset::read`](crate::data::TextDataset::read); when no row has a label; and without a `separator` when
    /// both `;` and `|` occur, or neither does and there are commas or Python's lists.
    pub fn read(
        path: impl AsRef<Path>,
        columns: &Columns,
        separator: Option<char>,
        label_names: Option<&[String]>,
    ) -> Result<Self> {
        let mut file = read_cells(path.as_ref(), &Wanted::Columns(&[&columns.text, &columns.label]))?.with_rows()?;
        let texts = file.texts(0)?;
        file.columns[1].cells.iter_mut().for_each(take_list);
        let separator = separator.map_or_else(|| separator_of(&file, 1), Ok)?;
        let labels: Vec<Vec<String>> = file.columns[1].cells.iter().map(|cell| labels_of(cell, separator)).collect();
        let names = label_names.map_or_else(|| sorted_names(labels.iter().flatten()), <[String]>::to_vec);
        if names.is_empty() {
            let place = format!("{}, column \"{}\"", path.as_ref().display(), columns.label);
            return Err(Error::input(place, "no row has a label", "name the column that holds the labels"));
        }
        let places = LabelPlaces::new(&names);
        let mut rows = Vec::with_capacity(labels.len());
        for (row, labels) in labels.iter().enumerate() {
            let mut given = vec![false; names.len()];
            for label in labels {
                given[places.find(label, || file.cell_place(row, 1))?] = true;
            }
            rows.push(given);
        }
        Self::new(&path.as_ref().display().to_string(), texts, rows, names)
    }
}

/// Takes a text that is a list in JSON for that list: how tables that were made from JSON hold one in CSV.
fn take_list(cell: &mut Cell) {
    if let Cell::Word(text) = &cell
        && text.trim_start().starts_with('[')
        && let Ok(labels) = serde_json::from_str(text)
    {
        *cell = Cell::List(labels);
    }
}

/// The labels of a cell; blank ones are none.
fn labels_of(cell: &Cell, separator: char) -> Vec<String> {
    let trimmed = |label: &str| (!label.trim().is_empty()).then(|| label.trim().to_owned());
    match cell {
        Cell::List(labels) => labels.iter().filter_map(|label| trimmed(label)).collect(),
        cell => cell.text().unwrap_or_default().split(separator).filter_map(trimmed).collect(),
    }
}

/// What separates the labels of a column.
fn separator_of(file: &FileCells, column: usize) -> Result<char> {
    let cells = &file.columns[column].cells;
    let first = |separator: char| {
        let has =
            |cell: &Cell| !matches!(cell, Cell::List(_)) && cell.text().is_some_and(|text| text.contains(separator));
        cells.iter().position(has)
    };
    let say = "say which character separates labels: `;`, `|`, `,` or another";
    match SEPARATORS.map(first) {
        [Some(one), Some(other)] => {
            let (place, other) = (file.cell_place(one, column), file.row(other));
            Err(Error::input(place, format!("has a `;`, and {other} a `|`"), say))
        }
        [None, None] => match first(',') {
            Some(row) if cells[row].text().is_some_and(|text| text.trim_start().starts_with('[')) => {
                let mend = "write it in JSON, as [\"a\", \"b\"], or say which character separates labels";
                Err(Error::input(file.cell_place(row, column), "is a list that is not JSON", mend))
            }
            Some(row) => {
                let problem = "has a comma, and no row has a `;` or `|`: one label, or several?";
                Err(Error::input(file.cell_place(row, column), problem, say))
            }
            None => Ok(SEPARATORS[0]),
        },
        [Some(_), None] => Ok(SEPARATORS[0]),
        [None, Some(_)] => Ok(SEPARATORS[1]),
    }
}

impl TextRegressionDataset {
    /// Reads texts with one number each from a CSV, TSV, JSON Lines or Parquet file; the format follows the ending. The numbers
    /// are in the column [`Columns::label`].
    ///
    /// ```
    /// use tunebook::data::{Columns, TextRegressionDataset};
    /// let file = std::env::temp_dir().join(format!("tunebook-stars-{}.tsv", std::process::id()));
    /// std::fs::write(&file, "review\tstars\nworks at once\t4.5\nbroke after a day\t1\n").unwrap();
    /// let columns = Columns { text: "review".into(), label: "stars".into() };
    /// assert_eq!(TextRegressionDataset::read(&file, &columns)?.targets(), [4.5, 1.0]);
    /// # std::fs::remove_file(file).unwrap();
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`TextDataset::read`](crate::data::TextDataset::read) about file, columns and texts; and for a cell that is
    /// empty or not a finite number: the message names its line and column.
    pub fn read(path: impl AsRef<Path>, columns: &Columns) -> Result<Self> {
        let file = read_cells(path.as_ref(), &Wanted::Columns(&[&columns.text, &columns.label]))?.with_rows()?;
        let texts = file.texts(0)?;
        let target = |(row, cell): (usize, &Cell)| {
            target_of(cell).map_err(|(problem, mend)| Error::input(file.cell_place(row, 1), problem, mend))
        };
        let targets = file.columns[1].cells.iter().enumerate().map(target).collect::<Result<_>>()?;
        Self::new(&path.as_ref().display().to_string(), texts, targets)
    }
}

/// The number of a cell, or what is wrong with it and the mend.
fn target_of(cell: &Cell) -> Result<f32, (String, String)> {
    let wrong = |problem: String, mend: &str| Err((problem, mend.to_owned()));
    let Some(text) = cell.text().map(str::trim) else {
        return wrong("holds a list, not one number".to_owned(), "give each row one number");
    };
    if text.is_empty() {
        return wrong("the number is empty".to_owned(), "fill it in or drop the row");
    }
    match number(text) {
        // What a 32-bit float cannot hold becomes infinite.
        Some(value) if (value as f32).is_finite() => Ok(value as f32),
        Some(value) if value.is_finite() => wrong(format!("{text} is too large"), "give the numbers in a larger unit"),
        Some(_) => wrong(format!("{text} is not a finite number"), "mend it or drop the row"),
        None => match number(&text.replace(',', ".")) {
            Some(_) => wrong(
                format!("\"{text}\" is not a number"),
                &format!("write it with a point: {}", text.replace(',', ".")),
            ),
            None => wrong(
                format!("\"{text}\" is not a number"),
                "mend it or drop the row; for labels that are words use classification",
            ),
        },
    }
}

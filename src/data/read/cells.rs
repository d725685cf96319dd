//! What all readers of files have in common: the cells of some columns, whatever the format, and what is wrong with them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{TextFormat, delimited, json_lines};
use crate::words::{listed, nearest};
use crate::{Error, Result};

/// One cell of a file.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::data) enum Cell {
    /// Nothing: `null`, or a value that a Parquet file lacks.
    Missing,
    /// A text, or a number or truth value as it is written.
    Word(String),
    /// A number of a column whose type says that its numbers have fractions.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only Parquet has types"))]
    Fraction(String),
    /// Several texts.
    List(Vec<String>),
}

impl Cell {
    /// The text of a single value; none for a list.
    pub(in crate::data) fn text(&self) -> Option<&str> {
        match self {
            Self::Missing => Some(""),
            Self::Word(text) | Self::Fraction(text) => Some(text),
            Self::List(_) => None,
        }
    }
}

/// Which columns are read.
pub(in crate::data) enum Wanted<'a> {
    /// These, in this order; one that is not there is an error.
    Columns(&'a [&'a str]),
    /// All but those of which this is true.
    AllBut(&'a dyn Fn(&str) -> bool),
}

impl Wanted<'_> {
    /// The places of the wanted columns among `names`.
    pub(super) fn choose(&self, names: &[String], place: impl std::fmt::Display) -> Result<Vec<usize>> {
        match self {
            Self::AllBut(leave_out) => Ok((0..names.len()).filter(|&at| !leave_out(&names[at])).collect()),
            Self::Columns(wanted) => wanted
                .iter()
                .map(|wanted| {
                    names.iter().position(|n| n == wanted).ok_or_else(|| missing_column(&place, wanted, names))
                })
                .collect(),
        }
    }
}

/// One column as read.
pub(in crate::data) struct CellColumn {
    pub(in crate::data) name: String,
    pub(in crate::data) cells: Vec<Cell>,
    /// The names of the classes in their order, where the file says them.
    pub(in crate::data) class_names: Option<Vec<String>>,
}

impl CellColumn {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), cells: Vec::new(), class_names: None }
    }
}

/// Some columns of a file.
pub(in crate::data) struct FileCells {
    pub(super) path: PathBuf,
    /// What a row's place counts: lines, or rows.
    pub(super) unit: &'static str,
    /// The place of each row in the file.
    pub(in crate::data) lines: Vec<u64>,
    /// The names of all columns of the file.
    pub(in crate::data) names: Vec<String>,
    /// The wanted columns.
    pub(in crate::data) columns: Vec<CellColumn>,
}

/// Reads the wanted columns of a file; the format follows the ending. There may be no rows.
pub(in crate::data) fn read(path: &Path, wanted: &Wanted<'_>) -> Result<FileCells> {
    match TextFormat::of(path)? {
        TextFormat::Csv => delimited::read(path, b',', wanted),
        TextFormat::Tsv => delimited::read(path, b'\t', wanted),
        TextFormat::JsonLines => json_lines::read(path, wanted),
        TextFormat::Parquet => parquet(path, wanted),
    }
}

#[cfg(feature = "parquet")]
fn parquet(path: &Path, wanted: &Wanted<'_>) -> Result<FileCells> {
    super::parquet::read(path, wanted)
}

#[cfg(not(feature = "parquet"))]
fn parquet(path: &Path, _: &Wanted<'_>) -> Result<FileCells> {
    Err(Error::input(
        path.display(),
        "this program was built without the feature parquet",
        "build it with `--features parquet`, or use a .csv or .jsonl file",
    ))
}

impl FileCells {
    /// The same, if there is a row.
    pub(in crate::data) fn with_rows(self) -> Result<Self> {
        if self.lines.is_empty() {
            return Err(Error::input(self.path.display(), "the file has no rows", "give at least one row"));
        }
        Ok(self)
    }

    /// What a row's place counts: `line`, or `row` in a file without lines.
    pub(in crate::data) fn unit(&self) -> &'static str {
        self.unit
    }

    /// A row in its file: `line 14`.
    pub(in crate::data) fn row(&self, row: usize) -> String {
        format!("{} {}", self.unit, self.lines[row])
    }

    /// Where a row stands: `tickets.csv, line 14`.
    pub(in crate::data) fn place(&self, row: usize) -> String {
        format!("{}, {}", self.path.display(), self.row(row))
    }

    /// Where a cell stands: `tickets.csv, line 14, column "label"`.
    pub(in crate::data) fn cell_place(&self, row: usize, column: usize) -> String {
        format!("{}, column \"{}\"", self.place(row), self.columns[column].name)
    }

    /// The texts of a column, none of them blank.
    pub(in crate::data) fn texts(&self, column: usize) -> Result<Vec<String>> {
        self.words(column, "text", "give each row one text").map(|texts| texts.into_iter().map(str::to_owned).collect())
    }

    /// One label of each row, without the spaces around it.
    pub(in crate::data) fn labels(&self, column: usize) -> Result<Vec<String>> {
        let labels =
            self.words(column, "label", "give each row one label, or read the file as one with several labels")?;
        Ok(labels.into_iter().map(|label| label.trim().to_owned()).collect())
    }

    /// The single values of a column, none of them blank; `what` they are goes into messages.
    fn words(&self, column: usize, what: &str, one: &str) -> Result<Vec<&str>> {
        let word = |row: usize| -> Result<&str> {
            let refuse = |problem: String, mend: &str| Err(Error::input(self.cell_place(row, column), problem, mend));
            match &self.columns[column].cells[row] {
                Cell::Word(text) if !text.trim().is_empty() => Ok(text),
                Cell::Missing | Cell::Word(_) => refuse(format!("the {what} is empty"), "drop the row or fill it in"),
                Cell::List(_) => refuse(format!("holds a list, not one {what}"), one),
                Cell::Fraction(number) => refuse(
                    format!("holds numbers with a fraction, such as {number}, not {what}s"),
                    "use a column of texts, or predict the numbers (regression)",
                ),
            }
        };
        (0..self.lines.len()).map(word).collect()
    }
}

/// Label names and their places.
pub(in crate::data) struct LabelPlaces<'a> {
    names: &'a [String],
    places: HashMap<&'a str, usize>,
}

impl<'a> LabelPlaces<'a> {
    pub(in crate::data) fn new(names: &'a [String]) -> Self {
        Self { names, places: names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect() }
    }

    /// The place of a label, or an error that names those there are.
    pub(in crate::data) fn find(&self, label: &str, place: impl FnOnce() -> String) -> Result<usize> {
        self.places.get(label).copied().ok_or_else(|| {
            let problem = format!("the label \"{label}\" is not one of the training labels");
            Error::input(place(), problem, did_you_mean(label, self.names, "labels"))
        })
    }
}

/// All different labels, sorted, so that the same file always gives the same indices.
pub(in crate::data) fn sorted_names<'a>(labels: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut names: Vec<String> = labels.cloned().collect();
    names.sort();
    names.dedup();
    names
}

/// A cell as a number; `inf` is one, so that a column of numbers with an infinite one is an error, not categories.
pub(in crate::data) fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|number: &f64| !number.is_nan())
}

/// The error for a column that is not among those there are.
pub(in crate::data) fn missing_column(place: impl std::fmt::Display, wanted: &str, there: &[String]) -> Error {
    let problem = format!("there is no column \"{wanted}\"");
    Error::input(place, problem, did_you_mean(wanted, there, "columns"))
}

/// `did you mean "label"? the columns are: text, label`
fn did_you_mean(wanted: &str, there: &[String], what: &str) -> String {
    let guess = nearest(wanted, there).map_or(String::new(), |name| format!("did you mean \"{name}\"? "));
    format!("{guess}the {what} are: {}", listed(there))
}

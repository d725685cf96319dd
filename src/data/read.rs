//! Reading texts and labels from files of one's own: CSV, TSV, JSON Lines and Parquet.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::{Map, Value};

use crate::data::TextDataset;
use crate::{Error, Result};

/// Which columns hold the text and the label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The column of the text; `text` by default.
    pub text: String,
    /// The column of the label; `label` by default.
    pub label: String,
}

impl Default for Columns {
    fn default() -> Self {
        Self { text: "text".into(), label: "label".into() }
    }
}

/// How a file of texts is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// Comma-separated, with a header row.
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

/// One row as read: its place in the file, its text, and its label where one was asked for.
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) text: String,
    pub(super) label: Option<String>,
}

/// All rows of a file.
pub(super) struct FileRows {
    /// What a row's place counts: lines, or rows.
    pub(super) unit: &'static str,
    pub(super) records: Vec<Record>,
    /// The names of the labels in their order, where the file says them.
    pub(super) label_names: Option<Vec<String>>,
}

impl TextDataset {
    /// Reads a labelled file; the format follows the ending.
    ///
    /// Label names are sorted, so that the same file always gives the same indices; a Parquet file of the Hub that names
    /// its classes keeps their order. Pass the training file's `label_names` for a validation or test file.
    ///
    /// # Errors
    /// When the file is unreadable, a column is missing, a row is broken, a text is empty, or a label is not among
    /// the given names; each message names the file and the line, or in Parquet the row. Without the crate's feature
    /// `parquet`, for a Parquet file.
    pub fn read(path: impl AsRef<Path>, columns: &Columns, label_names: Option<&[String]>) -> Result<Self> {
        let path = path.as_ref();
        let FileRows { unit, records, label_names: own_names } = rows(path, &columns.text, Some(&columns.label))?;
        let names = label_names.map(<[String]>::to_vec).or(own_names).unwrap_or_else(|| {
            let mut names: Vec<String> = records.iter().filter_map(|record| record.label.clone()).collect();
            names.sort();
            names.dedup();
            names
        });
        let mut labels = Vec::with_capacity(records.len());
        for record in &records {
            let label = record.label.as_deref().unwrap_or_default();
            let index = names.iter().position(|name| name == label).ok_or_else(|| {
                Error::input(
                    format!("{}, {unit} {}", path.display(), record.line),
                    format!("the label \"{label}\" is not one of the training labels"),
                    format!("the labels are: {}", names.join(", ")),
                )
            })?;
            labels.push(index);
        }
        let texts = records.into_iter().map(|record| record.text).collect();
        Self::new(&path.display().to_string(), texts, labels, names)
    }
}

/// Reads only the texts of a file: one a line for `.txt`, the text column otherwise.
///
/// # Errors
/// As [`TextDataset::read`].
pub fn texts(path: impl AsRef<Path>, text_column: &str) -> Result<Vec<String>> {
    let path = path.as_ref();
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("txt")) {
        return lines(path)?.map(|line| Ok(line?.1)).collect();
    }
    Ok(rows(path, text_column, None)?.records.into_iter().map(|record| record.text).collect())
}

/// All rows, each with a text and, where one was asked for, a label.
fn rows(path: &Path, text: &str, label: Option<&str>) -> Result<FileRows> {
    let rows = raw_rows(path, text, label)?;
    check_rows(path, text, &rows)?;
    Ok(rows)
}

/// The rows as they are, gaps included.
pub(super) fn raw_rows(path: &Path, text: &str, label: Option<&str>) -> Result<FileRows> {
    let in_lines = |records| FileRows { unit: "line", records, label_names: None };
    Ok(match TextFormat::of(path)? {
        TextFormat::Csv => in_lines(delimited(path, b',', text, label)?),
        TextFormat::Tsv => in_lines(delimited(path, b'\t', text, label)?),
        TextFormat::JsonLines => in_lines(json_lines(path, text, label)?),
        TextFormat::Parquet => parquet(path, text, label)?,
    })
}

/// That there are rows, and that each has what was asked for.
pub(super) fn check_rows(path: &Path, text: &str, rows: &FileRows) -> Result<()> {
    if rows.records.is_empty() {
        return Err(Error::input(path.display(), "the file has no rows", "give at least one row"));
    }
    for row in &rows.records {
        let place = || format!("{}, {} {}", path.display(), rows.unit, row.line);
        if row.text.trim().is_empty() {
            return Err(Error::input(place(), format!("the column \"{text}\" is empty"), "drop the row or fill it in"));
        }
        if row.label.as_ref().is_some_and(|label| label.trim().is_empty()) {
            return Err(Error::input(place(), "the label is empty", "drop the row or fill it in"));
        }
    }
    Ok(())
}

#[cfg(feature = "parquet")]
fn parquet(path: &Path, text: &str, label: Option<&str>) -> Result<FileRows> {
    super::parquet::rows(path, text, label)
}

#[cfg(not(feature = "parquet"))]
fn parquet(path: &Path, _: &str, _: Option<&str>) -> Result<FileRows> {
    Err(Error::input(
        path.display(),
        "this program was built without the feature parquet",
        "build it with `--features parquet`, or use a .csv or .jsonl file",
    ))
}

/// A file with a header row, open behind it: the rows, and the names of the columns.
pub(super) fn open_delimited(path: &Path, delimiter: u8) -> Result<(csv::Reader<BufReader<File>>, Vec<String>)> {
    let file = File::open(path).map_err(|problem| Error::io(path, problem))?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(BufReader::new(file));
    let header = reader.headers().map_err(|problem| broken_row(path, problem))?;
    // Spreadsheets put a byte-order mark before the first name.
    let names = header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    Ok((reader, names))
}

/// The error for a row that the reader of [`open_delimited`] cannot read.
pub(super) fn broken_row(path: &Path, problem: csv::Error) -> Error {
    let line = problem.position().map_or(0, csv::Position::line);
    Error::input(format!("{}, line {line}", path.display()), problem, "mend the row: quotes, columns, UTF-8")
}

fn delimited(path: &Path, delimiter: u8, text: &str, label: Option<&str>) -> Result<Vec<Record>> {
    let (mut reader, names) = open_delimited(path, delimiter)?;
    let find = |wanted: &str| {
        names.iter().position(|name| name == wanted).ok_or_else(|| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            missing_column(path.display(), wanted, &names)
        })
    };
    let (text_at, label_at) = (find(text)?, label.map(find).transpose()?);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|problem| broken_row(path, problem))?;
        rows.push(Record {
            line: record.position().map_or(0, csv::Position::line),
            text: record[text_at].to_owned(),
            label: label_at.map(|at| record[at].trim().to_owned()),
        });
    }
    Ok(rows)
}

/// The objects of a JSON Lines file with their lines' numbers; blank lines are passed over.
pub(super) fn json_objects(path: &Path) -> Result<impl Iterator<Item = Result<(u64, Map<String, Value>)>>> {
    let place = path.display().to_string();
    let object = move |line: Result<(u64, String)>| match line {
        Ok((_, line)) if line.trim().is_empty() => None,
        Ok((number, line)) => Some(serde_json::from_str(&line).map(|row| (number, row)).map_err(|problem| {
            Error::input(format!("{place}, line {number}"), problem, "write one JSON object a line")
        })),
        Err(problem) => Some(Err(problem)),
    };
    Ok(lines(path)?.filter_map(object))
}

fn json_lines(path: &Path, text: &str, label: Option<&str>) -> Result<Vec<Record>> {
    let mut rows = Vec::new();
    for object in json_objects(path)? {
        let (number, row) = object?;
        let place = || format!("{}, line {number}", path.display());
        let field = |wanted: &str| match row.get(wanted) {
            Some(Value::String(value)) => Ok(value.clone()),
            // Integer and boolean labels are common in public data.
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            Some(_) => Err(Error::input(place(), format!("\"{wanted}\" is neither text nor number"), "use a string")),
            None => {
                let names: Vec<_> = row.keys().map(String::as_str).collect();
                Err(missing_column(place(), wanted, &names))
            }
        };
        rows.push(Record { line: number, text: field(text)?, label: label.map(field).transpose()? });
    }
    Ok(rows)
}

/// The lines of a text file with their numbers, without a byte-order mark.
fn lines(path: &Path) -> Result<impl Iterator<Item = Result<(u64, String)>>> {
    let file = File::open(path).map_err(|problem| Error::io(path, problem))?;
    let path = path.to_owned();
    Ok((1..).zip(BufReader::new(file).split(b'\n')).map(move |(number, line)| {
        let line = line.map_err(|problem| Error::io(&path, problem))?;
        let text = String::from_utf8(line).map_err(|_| {
            Error::input(format!("{}, line {number}", path.display()), "is not UTF-8 text", "save the file as UTF-8")
        })?;
        let text = if number == 1 { text.trim_start_matches('\u{feff}') } else { &text };
        Ok((number, text.strip_suffix('\r').unwrap_or(text).to_owned()))
    }))
}

pub(super) fn missing_column(place: impl std::fmt::Display, wanted: &str, there: &[&str]) -> Error {
    Error::input(
        place,
        format!("there is no column \"{wanted}\""),
        format!("the columns are: {}; name the right one with --text-column or --label-column", there.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        (folder, path)
    }

    fn error(name: &str, content: &str) -> String {
        let (_folder, path) = file(name, content);
        TextDataset::read(&path, &Columns::default(), None).unwrap_err().to_string()
    }

    #[test]
    fn quoted_csv_with_a_byte_order_mark_is_read() {
        let (_folder, path) = file("a.csv", "\u{feff}text,label\n\"one, two\",b\n\"with \"\"quotes\"\"\",a\n");
        let data = TextDataset::read(&path, &Columns::default(), None).unwrap();
        assert_eq!(data.texts(), ["one, two", "with \"quotes\""]);
        assert_eq!((data.labels(), data.label_names()), (&[1, 0][..], vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn json_lines_take_numbers_as_labels() {
        let (_folder, path) = file("a.jsonl", "{\"text\":\"x\",\"label\":1}\n\n{\"text\":\"y\",\"label\":0}\n");
        assert_eq!(TextDataset::read(&path, &Columns::default(), None).unwrap().labels(), [1, 0]);
    }

    #[test]
    fn json_lines_and_text_may_begin_with_a_byte_order_mark() {
        let (_folder, path) = file("a.jsonl", "\u{feff}{\"text\":\"x\",\"label\":\"b\"}\r\n");
        assert_eq!(TextDataset::read(&path, &Columns::default(), None).unwrap().texts(), ["x"]);
        let (_folder, path) = file("a.txt", "\u{feff}one\r\ntwo\n");
        assert_eq!(texts(&path, "text").unwrap(), ["one", "two"]);
        std::fs::write(&path, b"good\ncaf\xe9\n").unwrap();
        let message = texts(&path, "text").unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("UTF-8"), "{message}");
    }

    #[test]
    fn a_missing_label_column_names_the_columns_there_are() {
        let message = error("a.csv", "text,queue\nhello,billing\n");
        assert!(message.contains("no column \"label\"") && message.contains("text, queue"), "{message}");
        let message = error("a.jsonl", "{\"text\":\"x\",\"queue\":1}\n");
        assert!(message.contains("no column \"label\"") && message.contains("line 1"), "{message}");
    }

    #[test]
    fn broken_rows_name_their_line() {
        assert!(error("a.csv", "text,label\nx,a\ny\n").contains("line 3"));
        assert!(error("a.csv", "text,label\nx,a\n  ,b\n").contains("line 3"));
        assert!(error("a.jsonl", "{\"text\":\"x\",\"label\":\"a\"}\nnot json\n").contains("line 2"));
        assert!(error("a.csv", "text,label\n").contains("no rows"));
        assert!(error("a.xlsx", "").contains(".csv, .tsv, .jsonl or .parquet"));
    }

    #[cfg(not(feature = "parquet"))]
    #[test]
    fn a_program_without_parquet_says_so() {
        assert!(error("a.parquet", "PAR1").contains("built without the feature parquet"));
    }

    #[test]
    fn labels_of_a_second_file_must_be_known() {
        let (_folder, path) = file("a.csv", "text,label\nx,new\n");
        let names = ["old".to_owned()];
        let message = TextDataset::read(&path, &Columns::default(), Some(&names)).unwrap_err().to_string();
        assert!(message.contains("\"new\"") && message.contains("old"), "{message}");
    }
}

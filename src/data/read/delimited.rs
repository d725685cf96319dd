//! CSV and TSV: a header row, then one row a line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::cells::{Cell, CellColumn, FileCells, Wanted};
use crate::{Error, Result};

/// The wanted columns. Every cell is a word, empty ones too.
pub(super) fn read(path: &Path, delimiter: u8, wanted: &Wanted<'_>) -> Result<FileCells> {
    let file = File::open(path).map_err(|problem| Error::io(path, problem))?;
    let mut file = BufReader::new(file);
    // The reader counts the end of a Windows line when it reads the next one: its lines are one too small there.
    let start = file.fill_buf().map_err(|problem| Error::io(path, problem))?;
    let delimiter = if delimiter == b',' && has_semicolons(start) { b';' } else { delimiter };
    let behind = u64::from(first_line(start).ends_with(b"\r\n"));
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(file);
    let header = reader.headers().map_err(|problem| broken_row(path, 0, problem))?;
    // Spreadsheets put a byte-order mark before the first name.
    let names = header.iter().map(|name| name.trim_start_matches('\u{feff}').trim());
    // pandas writes its index under an empty name.
    let name = |(n, name): (usize, &str)| if name.is_empty() { format!("column {n}") } else { name.to_owned() };
    let names: Vec<String> = (1..).zip(names).map(name).collect();
    let places = wanted.choose(&names, path.display())?;
    let mut columns: Vec<CellColumn> = places.iter().map(|&at| CellColumn::new(&names[at])).collect();
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|problem| broken_row(path, behind, problem))?;
        lines.push(record.position().map_or(0, |position| position.line() + behind));
        for (column, &at) in columns.iter_mut().zip(&places) {
            column.cells.push(Cell::Word(record[at].to_owned()));
        }
    }
    Ok(FileCells { path: path.to_owned(), unit: "line", lines, names, columns })
}

/// The first line with its end.
fn first_line(bytes: &[u8]) -> &[u8] {
    bytes.iter().position(|&byte| byte == b'\n').map_or(bytes, |at| &bytes[..=at])
}

/// Whether the header is divided by semicolons, as spreadsheets write it where numbers have a comma.
fn has_semicolons(start: &[u8]) -> bool {
    let header = first_line(start);
    header.contains(&b';') && !header.contains(&b',')
}

fn broken_row(path: &Path, behind: u64, problem: csv::Error) -> Error {
    let line = problem.position().map_or(0, |position| position.line() + behind);
    Error::input(format!("{}, line {line}", path.display()), problem, "mend the row: quotes, columns, UTF-8")
}

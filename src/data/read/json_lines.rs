//! JSON Lines: one object a line. And plain text: one text a line.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::{Map, Value};

use super::cells::{Cell, CellColumn, FileCells, Wanted, missing_column};
use crate::{Error, Result};

/// The wanted columns: named ones, each of which an object must have, or the keys of all objects, in the order in which
/// they come up. A key that an object lacks is a missing cell.
pub(super) fn read(path: &Path, wanted: &Wanted<'_>) -> Result<FileCells> {
    let mut table =
        FileCells { path: path.to_owned(), unit: "line", lines: Vec::new(), names: Vec::new(), columns: Vec::new() };
    let wanted_names: &[&str] = if let Wanted::Columns(names) = wanted { names } else { &[] };
    table.columns = wanted_names.iter().map(|name| CellColumn::new(name)).collect();
    // For each named column that no object has had yet, the line of the first object, and its keys.
    let mut unseen: Vec<Option<(u64, Vec<String>)>> = vec![None; wanted_names.len()];
    // `None` for a key that is left out.
    let mut place_of: HashMap<String, Option<usize>> = HashMap::new();
    for object in objects(path)? {
        let (line, object) = object?;
        let place = || format!("{}, line {line}", path.display());
        let before = table.lines.len();
        table.lines.push(line);
        match wanted {
            Wanted::Columns(wanted) => {
                for (at, name) in wanted.iter().enumerate() {
                    let cells = &mut table.columns[at].cells;
                    let Some(value) = object.get(*name) else {
                        if cells.is_empty() {
                            unseen[at] = Some((line, object.keys().cloned().collect()));
                        }
                        cells.push(Cell::Missing);
                        continue;
                    };
                    unseen[at] = None;
                    cells.push(cell(value, place, name)?);
                }
            }
            Wanted::AllBut(leave_out) => {
                for (name, value) in &object {
                    if !place_of.contains_key(name) {
                        let at = (!leave_out(name)).then_some(table.columns.len());
                        if at.is_some() {
                            let cells = vec![Cell::Missing; before];
                            table.columns.push(CellColumn { cells, ..CellColumn::new(name) });
                        }
                        table.names.push(name.clone());
                        place_of.insert(name.clone(), at);
                    }
                    if let Some(Some(at)) = place_of.get(name) {
                        table.columns[*at].cells.push(cell(value, place, name)?);
                    }
                }
                for column in &mut table.columns {
                    column.cells.resize(before + 1, Cell::Missing);
                }
            }
        }
    }
    let never = unseen.into_iter().zip(wanted_names).find_map(|(first, name)| Some((first?, name)));
    if let Some(((line, there), name)) = never {
        return Err(missing_column(format!("{}, line {line}", path.display()), name, &there));
    }
    Ok(table)
}

/// One value. Numbers and truth values are words: they are common as labels in public data.
fn cell(value: &Value, place: impl Fn() -> String, column: &str) -> Result<Cell> {
    let refuse = |problem: String| {
        let mend = "give text, a number, true or false, or for several labels a list of these";
        Error::input(format!("{}, column \"{column}\"", place()), problem, mend)
    };
    match value {
        Value::Null => Ok(Cell::Missing),
        Value::Object(_) => Err(refuse("is an object".to_owned())),
        Value::Array(values) => {
            let words = (1..).zip(values).map(|(n, value)| {
                word(value).ok_or_else(|| refuse(format!("value {n} of the list is neither text nor number")))
            });
            Ok(Cell::List(words.collect::<Result<_>>()?))
        }
        value => Ok(word(value).map_or(Cell::Missing, Cell::Word)),
    }
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The objects of a JSON Lines file with their lines' numbers; blank lines are passed over.
fn objects(path: &Path) -> Result<impl Iterator<Item = Result<(u64, Map<String, Value>)>>> {
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

/// The lines of a text file with their numbers, without a byte-order mark.
pub(super) fn lines(path: &Path) -> Result<impl Iterator<Item = Result<(u64, String)>>> {
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

//! Parquet: the cells of columns, lists among them, and the names of classes that the Hub's files carry.
//!
//! Columns are read as the file stores them, without Arrow: only those that are asked for are ever decoded.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::basic::{ConvertedType, LogicalType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::{ColumnDescriptor, Type};
use serde_json::Value;

use super::cells::{Cell, CellColumn, FileCells, Wanted};
use super::parquet_pages::{CheckedPages, check_chunk};
use super::parquet_values::Form;
use crate::{Error, Result};

/// Rows that are decoded at once.
const BATCH: usize = 4096;

/// The wanted columns. Where the file names the classes of a column its numbers become these names, and -1, which stands for
/// "not given", becomes a missing cell.
pub(super) fn read(path: &Path, wanted: &Wanted<'_>) -> Result<FileCells> {
    // What the decoders would panic on is refused before they see it, as far as that is known: `parquet_pages.rs`. A page
    // that lies in a new way must still be an error like any other broken file.
    catch_unwind(AssertUnwindSafe(|| read_columns(path, wanted)))
        .unwrap_or_else(|_| Err(broken(path, "a page is damaged")))
}

fn read_columns(path: &Path, wanted: &Wanted<'_>) -> Result<FileCells> {
    let file = File::open(path).map_err(|problem| Error::io(path, problem))?;
    let size = file.metadata().map_err(|problem| Error::io(path, problem))?.len();
    let reader = SerializedFileReader::new(file).map_err(|problem| broken(path, problem))?;
    let metadata = reader.metadata().file_metadata();
    let fields = metadata.schema_descr().root_schema().get_fields();
    let names: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
    let mut columns = Vec::new();
    for at in wanted.choose(&names, path.display())? {
        let cells = cells(&reader, path, size, at, &fields[at])?;
        let mut column = CellColumn { cells, ..CellColumn::new(&names[at]) };
        name_classes(path, metadata, &mut column)?;
        columns.push(column);
    }
    let rows = columns.first().map_or(0, |column| column.cells.len());
    if let Some(other) = columns.iter().find(|column| column.cells.len() != rows) {
        return Err(broken(path, format!("{rows} and {} rows in its columns", other.cells.len())));
    }
    let lines = (1..=rows as u64).collect();
    Ok(FileCells { path: path.to_owned(), unit: "row", lines, names, columns })
}

/// All cells of one of the top-level fields of a file of `size` bytes.
fn cells(reader: &SerializedFileReader<File>, path: &Path, size: u64, field: usize, of: &Type) -> Result<Vec<Cell>> {
    let unfit = |what: &str| {
        let mend = "leave the column out, or write texts, numbers, true and false, dates, or lists of these";
        Error::input(format!("{}, column \"{}\"", path.display(), of.name()), format!("holds {what}"), mend)
    };
    let schema = reader.metadata().file_metadata().schema_descr();
    let leaves: Vec<usize> =
        (0..schema.num_columns()).filter(|&leaf| schema.get_column_root_idx(leaf) == field).collect();
    let &[leaf] = leaves.as_slice() else { return Err(unfit("structures")) };
    let descriptor = schema.column(leaf);
    let levels = Levels::of(&descriptor, of).ok_or_else(|| unfit("structures, or lists of lists"))?;
    let form = Form::of(&descriptor).map_err(unfit)?;
    let mut cells = Vec::new();
    for group in 0..reader.num_row_groups() {
        let decoded = check_chunk(reader.metadata().row_group(group).column(leaf), size)
            .and_then(|()| reader.get_row_group(group)?.get_column_page_reader(leaf))
            .map(|pages| get_column_reader(descriptor.clone(), Box::new(CheckedPages::new(pages, &descriptor))));
        let before = cells.len();
        let all_good = match decoded.map_err(|problem| broken(path, problem))? {
            ColumnReader::ByteArrayColumnReader(reader) => {
                levels.append(reader, &form, &mut cells, |bytes: &ByteArray| {
                    std::str::from_utf8(bytes.data()).ok().map(str::to_owned)
                })
            }
            ColumnReader::Int32ColumnReader(reader) => {
                levels.append(reader, &form, &mut cells, |n| Some(form.small(*n)))
            }
            ColumnReader::Int64ColumnReader(reader) => {
                levels.append(reader, &form, &mut cells, |n| Some(form.integer(*n)))
            }
            ColumnReader::BoolColumnReader(reader) => levels.append(reader, &form, &mut cells, |b| Some(b.to_string())),
            ColumnReader::FloatColumnReader(reader) => {
                levels.append(reader, &form, &mut cells, |x| Some(x.to_string()))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                levels.append(reader, &form, &mut cells, |x| Some(x.to_string()))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                levels.append(reader, &form, &mut cells, |bytes| form.wide(bytes.data()))
            }
            ColumnReader::Int96ColumnReader(_) => return Err(unfit("times in an old form (INT96)")),
        };
        if !all_good.map_err(|problem| broken(path, problem))? {
            return Err(unfit("bytes that are not UTF-8 text"));
        }
        let expected = reader.metadata().row_group(group).num_rows();
        if i64::try_from(cells.len() - before) != Ok(expected) {
            return Err(broken(path, format!("{expected} rows in a group, but {} values", cells.len() - before)));
        }
    }
    Ok(cells)
}

/// What the levels of a column's values mean: rows with one value each, or with a list.
struct Levels {
    /// Of a value that is there.
    full: i16,
    /// Of a list that has an element, where rows hold lists.
    list: Option<i16>,
}

impl Levels {
    /// `None` for structures and lists of lists.
    fn of(descriptor: &ColumnDescriptor, field: &Type) -> Option<Self> {
        let full = descriptor.max_def_level();
        let info = field.get_basic_info();
        let is_list = matches!(info.logical_type_ref(), Some(LogicalType::List))
            || info.converted_type() == ConvertedType::LIST
            || field.is_primitive();
        // The outer field, what repeats, and in newer files the element below it.
        match (descriptor.max_rep_level(), descriptor.path().parts().len()) {
            (0, 1) => Some(Self { full, list: None }),
            (1, 1..=3) if is_list => Some(Self { full, list: Some(descriptor.repeated_ancestor_def_level()) }),
            _ => None,
        }
    }

    /// Decodes one column of a row group. False when `one` refused a value.
    fn append<T: DataType>(
        &self,
        mut reader: ColumnReaderImpl<T>,
        form: &Form,
        out: &mut Vec<Cell>,
        one: impl Fn(&T::T) -> Option<String>,
    ) -> Result<bool, ParquetError> {
        let lies = |what: &str| ParquetError::General(what.to_owned());
        let (mut definitions, mut repetitions, mut values) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            definitions.clear();
            repetitions.clear();
            values.clear();
            let (rows, _, levels) =
                reader.read_records(BATCH, Some(&mut definitions), Some(&mut repetitions), &mut values)?;
            if rows == 0 && levels == 0 {
                return Ok(true);
            }
            let mut present = values.iter();
            for place in 0..levels {
                // A column in which nothing can be absent has no levels.
                let level = if self.full == 0 {
                    0
                } else {
                    *definitions.get(place).ok_or_else(|| lies("a level is missing"))?
                };
                let value = if level == self.full {
                    match one(present.next().ok_or_else(|| lies("fewer values than rows"))?) {
                        Some(text) => Some(text),
                        None => return Ok(false),
                    }
                } else {
                    None
                };
                let Some(list) = self.list else {
                    out.push(value.map_or(Cell::Missing, |text| form.cell(text)));
                    continue;
                };
                if repetitions.get(place).is_none_or(|&level| level == 0) {
                    // One level below an element is an empty list, further below there is none.
                    out.push(if level + 1 < list { Cell::Missing } else { Cell::List(Vec::new()) });
                }
                match (out.last_mut(), value) {
                    (Some(Cell::List(words)), Some(word)) => words.push(word),
                    (None | Some(_), Some(_)) => return Err(lies("an element without a list")),
                    (_, None) => {}
                }
            }
        }
    }
}

/// Gives the numbers of a `ClassLabel` column their names.
fn name_classes(path: &Path, metadata: &FileMetaData, column: &mut CellColumn) -> Result<()> {
    let Some(names) = class_names(metadata, &column.name) else { return Ok(()) };
    for (row, cell) in column.cells.iter_mut().enumerate() {
        // A file may hold the names themselves although it lists them.
        let Some(number) = cell.text().and_then(|text| text.parse::<i64>().ok()) else { continue };
        *cell = match usize::try_from(number).ok().map(|place| names.get(place)) {
            Some(Some(name)) => Cell::Word(name.clone()),
            None => Cell::Missing,
            Some(None) => {
                let place = format!("{}, row {}, column \"{}\"", path.display(), row + 1, column.name);
                let problem = format!("the label is {number}, and the file names {} classes", names.len());
                return Err(Error::input(place, problem, "mend the row"));
            }
        };
    }
    column.class_names = Some(names);
    Ok(())
}

/// The names of a `ClassLabel` column, in the order of its numbers, as the Hub's `datasets` notes them in a file.
fn class_names(metadata: &FileMetaData, column: &str) -> Option<Vec<String>> {
    let notes = metadata.key_value_metadata()?.iter().find(|entry| entry.key == "huggingface")?.value.as_ref()?;
    let notes: Value = serde_json::from_str(notes).ok()?;
    let names = notes["info"]["features"][column]["names"].as_array()?;
    names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

fn broken(path: &Path, problem: impl std::fmt::Display) -> Error {
    Error::input(
        path.display(),
        format!("not a readable Parquet file ({problem})"),
        "it may be cut short or packed with something else than Snappy or Zstandard: fetch or write it again",
    )
}

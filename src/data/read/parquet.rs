//! Parquet: the cells of columns, lists among them, and the names of classes that the Hub's files carry.
//!
//! Columns are read as the file stores them, without Arrow: only those that are asked for are ever decoded.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::basic::{ConvertedType, LogicalType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::{ColumnDescriptor, Type};
use serde_json::Value;

use super::cells::{Cell, CellColumn, FileCells, Wanted};
use super::parquet_values::Form;
use crate::{Error, Result};

/// Rows that are decoded at once.
const BATCH: usize = 4096;

/// The wanted columns. Where the file names the classes of a column its numbers become these names, and -1, which stands for
/// "not given", becomes a missing cell.
pub(super) fn read(path: &Path, wanted: &Wanted<'_>) -> Result<FileCells> {
    // The decoders check lengths as they go, and still trust some counts in a page's header: a page that lies must be
    // an error like any other broken file.
    catch_unwind(AssertUnwindSafe(|| read_columns(path, wanted)))
        .unwrap_or_else(|_| Err(broken(path, "a page is damaged")))
}

fn read_columns(path: &Path, wanted: &Wanted<'_>) -> Result<FileCells> {
    let file = File::open(path).map_err(|problem| Error::io(path, problem))?;
    let reader = SerializedFileReader::new(file).map_err(|problem| broken(path, problem))?;
    let metadata = reader.metadata().file_metadata();
    let fields = metadata.schema_descr().root_schema().get_fields();
    let names: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
    let mut columns = Vec::new();
    for at in wanted.choose(&names, path.display())? {
        let cells = cells(&reader, path, at, &fields[at])?;
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

/// All cells of one of the top-level fields.
fn cells(reader: &SerializedFileReader<File>, path: &Path, field: usize, of: &Type) -> Result<Vec<Cell>> {
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
        let decoded = reader.get_row_group(group).and_then(|group| group.get_column_reader(leaf));
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

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use crate::data::{
        ColumnValues, Columns, MultiLabelDataset, TableSchema, TabularDataset, TextDataset, TextRegressionDataset, read,
    };

    fn file(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parquet").join(name)
    }

    fn columns(text: &str, label: &str) -> Columns {
        Columns { text: text.to_owned(), label: label.to_owned() }
    }

    fn error(name: &str, text: &str, label: &str) -> String {
        TextDataset::read(file(name), &columns(text, label), None).unwrap_err().to_string()
    }

    #[test]
    fn numbers_of_a_file_of_the_hub_get_their_names_in_the_order_of_the_numbers() {
        let data = TextDataset::read(file("hub.parquet"), &columns("sentence", "label"), None).unwrap();
        assert_eq!(data.label_names(), ["unacceptable", "acceptable"]);
        assert_eq!(data.labels(), [1, 0, 1, 1, 1]);
        // From both row groups, beyond ASCII.
        assert_eq!(data.texts()[2..], ["Die Bäume blühen.", "Rain fell.", "Grün 🌱 is green."]);
        // The names of a training file decide, whatever order this file has.
        let names = ["acceptable".to_owned(), "unacceptable".to_owned()];
        let data = TextDataset::read(file("hub.parquet"), &columns("sentence", "label"), Some(&names)).unwrap();
        assert_eq!(data.labels(), [0, 1, 0, 0, 0]);
        let message = error("hub-unlabelled.parquet", "sentence", "label");
        assert!(message.contains("row 1, column \"label\": the label is empty"), "{message}");
    }

    #[test]
    fn words_truth_values_and_small_numbers_are_labels() {
        let read = |label: &str| TextDataset::read(file("table.parquet"), &columns("message", label), None).unwrap();
        let queues = read("queue");
        assert_eq!((queues.len(), queues.label_names().join(" ")), (160, "access billing storage".to_owned()));
        assert_eq!(queues.texts()[159], "ticket 159: the access does not work");
        assert_eq!(queues.label_counts(), [40, 40, 80]);
        assert_eq!(read("urgent").label_names(), ["false", "true"]);
        assert_eq!(read("stars").label_names(), ["1", "2", "3", "4", "5"]);
        assert_eq!(read::texts(file("table.parquet"), "message").unwrap(), queues.texts());
    }

    #[test]
    fn what_is_no_text_or_label_is_named() {
        let expect = |message: String, words: &str| assert!(message.contains(words), "{message}");
        expect(error("odd.parquet", "text", "label"), "row 2, column \"text\": the text is empty");
        expect(error("odd.parquet", "plain", "sometimes"), "row 2, column \"sometimes\": the label is empty");
        expect(error("odd.parquet", "plain", "score"), "\"score\": holds numbers with a fraction, such as 0.5");
        expect(error("odd.parquet", "words", "label"), "\"words\": holds a list");
        expect(error("odd.parquet", "nested", "label"), "\"nested\": holds structures");
        expect(error("odd.parquet", "bytes", "label"), "not UTF-8");
        expect(error("odd.parquet", "sentence", "label"), "the columns are: text, label, sometimes");
        expect(error("empty.parquet", "text", "label"), "no rows");
        expect(error("gzip.parquet", "text", "label"), "Snappy or Zstandard");
        expect(error("nowhere.parquet", "text", "label"), "nowhere.parquet");
    }

    #[test]
    fn lists_are_labels_and_an_empty_or_absent_one_is_none() {
        let labels = |label: &str, separator| {
            MultiLabelDataset::read(file("targets.parquet"), &columns("text", label), separator, None).unwrap()
        };
        let lists = labels("labels", None);
        assert_eq!(lists.label_names(), ["billing", "storage", "urgent"]);
        for (row, given) in lists.labels().iter().enumerate() {
            let bits = if row == 8 { 0 } else { row };
            assert_eq!(*given, [bits & 4 > 0, bits & 1 > 0, bits & 2 > 0], "row {row}");
        }
        // Row 8 lacks its list; the joined text has none there either.
        assert_eq!(lists, labels("joined", Some('|')));
        assert_eq!(lists, labels("joined", None));
        // Elements that are absent are no labels.
        assert_eq!(labels("codes", None).label_counts(), [14, 13, 13]);
        let read = MultiLabelDataset::read(file("targets.parquet"), &columns("text", "lists"), None, None);
        assert!(read.unwrap_err().to_string().contains("\"lists\": holds structures, or lists of lists"));
    }

    #[test]
    fn columns_of_numbers_are_targets() {
        let read = |label: &str| TextRegressionDataset::read(file("targets.parquet"), &columns("text", label));
        assert_eq!(read("score").unwrap().targets()[..3], [0.0, 0.125, 0.25]);
        assert_eq!(read("price").unwrap().targets()[39..], [0.39]);
        let message = read("sparse").unwrap_err().to_string();
        assert!(message.contains("row 4, column \"sparse\": the number is empty"), "{message}");
        let message = read("labels").unwrap_err().to_string();
        assert!(message.contains("row 1, column \"labels\": holds a list"), "{message}");
    }

    #[test]
    fn a_table_keeps_its_types_and_says_dates_as_people_do() {
        let path = file("loads.parquet");
        let schema = TableSchema::new().ignore("tags").ignore("id");
        let data = TabularDataset::read_with(&path, &schema).unwrap().label_column("tier").unwrap();
        assert_eq!((data.len(), data.label_names()), (12, vec!["large".to_owned(), "small".to_owned()]));
        let cell = |column: &str, row| data.column(column).unwrap().cell(row);
        assert_eq!(
            (cell("requests", 3), cell("peak", 0), cell("day", 1)),
            ("30".into(), "true".into(), "2024-02-29".into())
        );
        assert_eq!((cell("at", 5), cell("region", 2)), ("2024-02-29T12:05:30".to_owned(), String::new()));
        let ColumnValues::Numeric(cpu) = data.column("cpu").unwrap().values() else { panic!("cpu is not numeric") };
        assert_eq!(cpu[..4], [None, None, Some(0.0), Some(0.25)]);
        assert!(data.column("day").unwrap().reason().contains("row 1 has \"2024-02-28\""));

        let error = |schema: &TableSchema| TabularDataset::read_with(&path, schema).unwrap_err().to_string();
        assert!(error(&TableSchema::new().ignore("tags")).contains("column \"id\": holds values of another kind"));
        assert!(error(&TableSchema::new().ignore("id")).contains("row 1, column \"tags\": is a list"));
        assert!(error(&schema.clone().numeric("region")).contains("row 1, column \"region\": \"eu\" is not a number"));
        assert!(error(&schema.ignore("requets")).contains("did you mean \"requests\"?"));
        // The file of the Hub names its classes.
        let hub = TabularDataset::read(file("hub.parquet")).unwrap();
        assert_eq!(hub.column("label").unwrap().cell(1), "unacceptable");
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_and_a_damaged_one_never_a_panic() {
        // Thousands of small files: in memory, where the system has a folder there.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let path = folder.path().join("a.parquet");
        let hub = || TextDataset::read(&path, &columns("sentence", "label"), None).map(|_| ());
        let lists = || MultiLabelDataset::read(&path, &columns("text", "labels"), None, None).map(|_| ());
        let cases: [(&str, &dyn Fn() -> crate::Result<()>); 2] = [("hub.parquet", &hub), ("targets.parquet", &lists)];
        for (name, read) in cases {
            let whole = std::fs::read(file(name)).unwrap();
            for length in 0..whole.len() {
                std::fs::write(&path, &whole[..length]).unwrap();
                let message = read().unwrap_err().to_string();
                assert!(message.contains("a.parquet: not a readable Parquet file"), "{length}: {message}");
            }
            for place in 0..whole.len() {
                let mut damaged = whole.clone();
                damaged[place] ^= 0xff;
                std::fs::write(&path, &damaged).unwrap();
                // It may still be readable, where the byte is part of a text.
                if let Err(error) = read() {
                    assert!(error.to_string().contains("a.parquet"), "{place}: {error}");
                }
            }
        }
    }
}

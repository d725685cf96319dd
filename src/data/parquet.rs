//! Reading Parquet files: the texts and labels of all rows, and the names of classes that the Hub's files carry.
//!
//! Columns are read as the file stores them, without Arrow: only the two that are asked for are ever decoded.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::basic::Type as PhysicalType;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

use super::read::{FileRows, Record, missing_column};
use crate::{Error, Result};

/// Values that are decoded at once.
const BATCH: usize = 4096;

/// All rows. A value that is absent is an empty text; so is the label -1 of a named class, which stands for "not given".
pub(super) fn rows(path: &Path, text: &str, label: Option<&str>) -> Result<FileRows> {
    // The decoders check lengths as they go, and still trust some counts in a page's header: a page that lies must be
    // an error like any other broken file.
    catch_unwind(AssertUnwindSafe(|| read(path, text, label)))
        .unwrap_or_else(|_| Err(broken(path, "a page is damaged")))
}

fn read(path: &Path, text: &str, label: Option<&str>) -> Result<FileRows> {
    let file = File::open(path).map_err(|problem| Error::io(path, problem))?;
    let reader = SerializedFileReader::new(file).map_err(|problem| broken(path, problem))?;
    let metadata = reader.metadata().file_metadata();
    let texts = column(&reader, path, text)?;
    let Some(label) = label else {
        let records = (1..).zip(texts).map(|(line, text)| Record { line, text, label: None }).collect();
        return Ok(FileRows { unit: "row", records, label_names: None });
    };
    let mut labels = column(&reader, path, label)?;
    if labels.len() != texts.len() {
        return Err(broken(path, format!("{} texts, but {} labels", texts.len(), labels.len())));
    }
    let label_names = class_names(metadata, label);
    if let Some(names) = &label_names {
        for (row, label) in labels.iter_mut().enumerate() {
            // A file may hold the names themselves although it lists them.
            let Ok(number) = label.parse::<i64>() else { continue };
            *label = match usize::try_from(number).ok().map(|place| names.get(place)) {
                Some(Some(name)) => name.clone(),
                None => String::new(),
                Some(None) => {
                    let problem = format!("the label is {number}, and the file names {} classes", names.len());
                    return Err(Error::input(format!("{}, row {}", path.display(), row + 1), problem, "mend the row"));
                }
            };
        }
    }
    let records = (1..).zip(texts.into_iter().zip(labels));
    let records = records.map(|(line, (text, label))| Record { line, text, label: Some(label) }).collect();
    Ok(FileRows { unit: "row", records, label_names })
}

/// All values of the column of this name as text.
fn column(reader: &SerializedFileReader<File>, path: &Path, name: &str) -> Result<Vec<String>> {
    let schema = reader.metadata().file_metadata().schema_descr();
    let of_name: Vec<usize> = (0..schema.num_columns())
        .filter(|&place| schema.column(place).path().parts().first().is_some_and(|first| first == name))
        .collect();
    let Some(&place) = of_name.first() else {
        let names: Vec<&str> = schema.root_schema().get_fields().iter().map(|field| field.name()).collect();
        return Err(missing_column(path.display(), name, &names));
    };
    let descriptor = schema.column(place);
    let unfit = |what: &str| {
        let problem = format!("the column \"{name}\" holds {what}");
        Error::input(
            path.display(),
            problem,
            "use a column of texts, or for labels of texts, integers or true and false",
        )
    };
    if of_name.len() > 1 || descriptor.path().parts().len() > 1 || descriptor.max_rep_level() > 0 {
        return Err(unfit("lists or structures"));
    }
    match descriptor.physical_type() {
        PhysicalType::FLOAT | PhysicalType::DOUBLE => return Err(unfit("numbers with a fraction")),
        PhysicalType::INT96 | PhysicalType::FIXED_LEN_BYTE_ARRAY => return Err(unfit("values of another kind")),
        _ => {}
    }
    let full = descriptor.max_def_level();
    let mut values = Vec::new();
    for group in 0..reader.num_row_groups() {
        let decoded = reader.get_row_group(group).and_then(|group| group.get_column_reader(place));
        let before = values.len();
        let all_utf8 = match decoded.map_err(|problem| broken(path, problem))? {
            ColumnReader::ByteArrayColumnReader(reader) => append(reader, full, &mut values, |bytes: &ByteArray| {
                std::str::from_utf8(bytes.data()).ok().map(str::to_owned)
            }),
            ColumnReader::Int32ColumnReader(reader) => append(reader, full, &mut values, |n| Some(n.to_string())),
            ColumnReader::Int64ColumnReader(reader) => append(reader, full, &mut values, |n| Some(n.to_string())),
            ColumnReader::BoolColumnReader(reader) => append(reader, full, &mut values, |n| Some(n.to_string())),
            _ => return Err(unfit("values of another kind")),
        };
        if !all_utf8.map_err(|problem| broken(path, problem))? {
            return Err(unfit("bytes that are not UTF-8 text"));
        }
        let expected = reader.metadata().row_group(group).num_rows();
        if i64::try_from(values.len() - before) != Ok(expected) {
            return Err(broken(path, format!("{expected} rows in a group, but {} values", values.len() - before)));
        }
    }
    Ok(values)
}

/// Decodes one column of a row group; what is absent becomes an empty text. False when `one` refused a value.
fn append<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    full: i16,
    out: &mut Vec<String>,
    one: impl Fn(&T::T) -> Option<String>,
) -> Result<bool, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    loop {
        levels.clear();
        values.clear();
        let (rows, _, _) = reader.read_records(BATCH, Some(&mut levels), None, &mut values)?;
        if rows == 0 {
            return Ok(true);
        }
        let mut present = values.iter();
        for row in 0..rows {
            // A column in which nothing can be absent has no levels.
            if full > 0 && levels.get(row) != Some(&full) {
                out.push(String::new());
                continue;
            }
            let value = present.next().ok_or_else(|| ParquetError::General("fewer values than rows".to_owned()))?;
            match one(value) {
                Some(text) => out.push(text),
                None => return Ok(false),
            }
        }
    }
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

    use crate::data::{Columns, TextDataset, read};

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
        assert!(message.contains("row 1: the label is empty"), "{message}");
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
        expect(error("odd.parquet", "text", "label"), "row 2: the column \"text\" is empty");
        expect(error("odd.parquet", "plain", "sometimes"), "row 2: the label is empty");
        expect(error("odd.parquet", "plain", "score"), "\"score\" holds numbers with a fraction");
        expect(error("odd.parquet", "words", "label"), "\"words\" holds lists");
        expect(error("odd.parquet", "nested", "label"), "\"nested\" holds lists or structures");
        expect(error("odd.parquet", "bytes", "label"), "not UTF-8");
        expect(error("odd.parquet", "sentence", "label"), "the columns are: text, label, sometimes");
        expect(error("empty.parquet", "text", "label"), "no rows");
        expect(error("gzip.parquet", "text", "label"), "Snappy or Zstandard");
        expect(error("nowhere.parquet", "text", "label"), "nowhere.parquet");
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_and_a_damaged_one_never_a_panic() {
        // Thousands of small files: in memory, where the system has a folder there.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let path = folder.path().join("a.parquet");
        let read = || TextDataset::read(&path, &columns("sentence", "label"), None);
        let whole = std::fs::read(file("hub.parquet")).unwrap();
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

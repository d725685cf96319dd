//! Parquet files as pandas, pyarrow and the Hub write them, and damaged ones. `tests/data/parquet/make_files.py` writes the files.

use std::cell::Cell;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};
use std::thread::{self, ThreadId};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

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
fn a_column_of_truth_values_is_a_label() {
    let read = |labels: &[&str]| MultiLabelDataset::read_columns(file("loads.parquet"), "tier", labels);
    let labels: Vec<Vec<bool>> = (0..12).map(|row| vec![row % 2 == 0]).collect();
    assert_eq!(read(&["peak"]).unwrap().labels(), labels);
    let message = read(&["peak", "requests"]).unwrap_err().to_string();
    assert!(message.contains("row 2, column \"requests\": is \"10\", neither 0 nor 1"), "{message}");
    assert!(read(&["cpu"]).unwrap_err().to_string().contains("row 1, column \"cpu\": is empty"));
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

/// Counts the panics of this thread while `read` runs, also those that are caught; their messages do not show.
fn panics(read: impl FnOnce()) -> Vec<String> {
    static FOUND: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());
    static HOOK: Once = Once::new();
    thread_local!(static WATCHED: Cell<bool> = const { Cell::new(false) });
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if WATCHED.get() {
                FOUND.lock().unwrap().push((thread::current().id(), info.to_string()));
            } else {
                before(info);
            }
        }));
    });
    WATCHED.set(true);
    read();
    WATCHED.set(false);
    let mut found = FOUND.lock().unwrap();
    found.extract_if(.., |(thread, _)| *thread == thread::current().id()).map(|(_, message)| message).collect()
}

#[test]
fn a_file_cut_anywhere_is_an_error_and_a_damaged_one_never_a_panic() {
    // The watch itself works, and a panic that is caught counts.
    let caught = || drop(panic::catch_unwind(|| panic!("on purpose")));
    assert!(panics(caught)[0].contains("on purpose"));
    // Thousands of small files: in memory, where the system has a folder there.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = folder.path().join("a.parquet");
    let hub = || TextDataset::read(&path, &columns("sentence", "label"), None).map(|_| ());
    let lists = || MultiLabelDataset::read(&path, &columns("text", "labels"), None, None).map(|_| ());
    // Both hold texts in dictionaries and without, lists, and numbers. A page that says by damage that its texts are in the
    // encoding DELTA_LENGTH_BYTE_ARRAY still makes a decoder panic, which `read` catches: in these files no damage does.
    let cases: [(&str, &dyn Fn() -> crate::Result<()>); 2] = [("hub.parquet", &hub), ("targets.parquet", &lists)];
    // More than a short run tries, for a search of hours.
    let more = std::env::var("TUNEBOOK_DAMAGED_FILES").map_or(400, |count| count.parse().unwrap());
    for (name, read) in cases {
        let whole = std::fs::read(file(name)).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let found = panics(|| {
                let message = read().unwrap_err().to_string();
                assert!(message.contains("a.parquet: not a readable Parquet file"), "{length}: {message}");
            });
            assert!(found.is_empty(), "{name} cut at {length}: {found:?}");
        }
        let try_damaged = |damaged: &[u8], what: &str| {
            std::fs::write(&path, damaged).unwrap();
            let found = panics(|| {
                // It may still be readable, where the byte is part of a text.
                if let Err(error) = read() {
                    assert!(error.to_string().contains("a.parquet"), "{what}: {error}");
                }
            });
            assert!(found.is_empty(), "{name}, {what}: {found:?}");
        };
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0xff;
            try_damaged(&damaged, &format!("byte {place} inverted"));
        }
        // Where the footer is, what the file says of itself stands close together: half of the damage goes there.
        let footer = whole.len() - 8 - u32::from_le_bytes(*whole[..whole.len() - 4].last_chunk().unwrap()) as usize;
        for seed in 0..more {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut damaged = whole.clone();
            for _ in 0..rng.random_range(1..=4) {
                let start = if rng.random_bool(0.5) { footer } else { 0 };
                let place = rng.random_range(start..whole.len());
                damaged[place] = match rng.random_range(0..3) {
                    0 => rng.random(),
                    1 => damaged[place] ^ (1 << rng.random_range(0..8)),
                    _ => damaged[place].wrapping_add(1),
                };
            }
            try_damaged(&damaged, &format!("damage by seed {seed}"));
        }
    }
}

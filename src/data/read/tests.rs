//! Files as people write them, and what broken ones say.

use super::{Columns, texts};
use crate::data::{MultiLabelDataset, TextDataset, TextRegressionDataset};

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
fn lines_are_counted_the_same_with_windows_ends() {
    for end in ["\n", "\r\n"] {
        let content = ["text,label", "x,a", "\"y\",", ""].join(end);
        let message = error("a.csv", &content);
        assert!(message.contains("a.csv, line 3"), "{message}");
        let message = error("a.csv", &["text,label", "x,a", "y,b,c", ""].join(end));
        assert!(message.contains("a.csv, line 3"), "{message}");
    }
}

#[test]
fn semicolons_divide_cells_where_the_header_says_so() {
    let (_folder, path) = file("a.csv", "\u{feff}text;label\r\none, two;b\r\n\"with; quotes\";a\r\n");
    let data = TextDataset::read(&path, &Columns::default(), None).unwrap();
    assert_eq!((data.texts(), data.labels()), (&["one, two", "with; quotes"].map(String::from)[..], &[1, 0][..]));
    // With a comma in the header it is as ever.
    assert!(error("a.csv", "text,la;bel\nx;y,a\n").contains("there is no column \"label\""));
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
    let message = error("a.tsv", "Text\tlabels\nhello\tbilling\n");
    assert!(message.contains("did you mean \"Text\"? the columns are: Text, labels"), "{message}");
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
    let names = ["News".to_owned(), "old".to_owned()];
    let message = TextDataset::read(&path, &Columns::default(), Some(&names)).unwrap_err().to_string();
    assert!(message.contains("line 2, column \"label\"") && message.contains("did you mean \"News\"?"), "{message}");
}

fn several(name: &str, content: &str, separator: Option<char>) -> crate::Result<MultiLabelDataset> {
    let (_folder, path) = file(name, content);
    MultiLabelDataset::read(&path, &Columns::default(), separator, None)
}

#[test]
fn labels_of_one_column_are_separated_or_a_list() {
    let csv = "text,label\na,storage;urgent\nb,\nc, urgent ;;urgent\nd,\"access\"\n";
    let from_csv = several("a.csv", csv, None).unwrap();
    assert_eq!(from_csv.label_names(), ["access", "storage", "urgent"]);
    let expected = [[false, true, true], [false, false, false], [false, false, true], [true, false, false]];
    assert_eq!(from_csv.labels(), expected);
    let lines = "{\"text\":\"a\",\"label\":[\"storage\",\"urgent\"]}\n{\"text\":\"b\",\"label\":[]}\n\
                 {\"text\":\"c\",\"label\":\"urgent\"}\n{\"text\":\"d\",\"label\":[\"access\"]}\n";
    assert_eq!(several("a.jsonl", lines, None).unwrap().labels(), expected);
    assert_eq!(several("a.tsv", &csv.replace(',', "\t").replace(';', "|"), None).unwrap().labels(), expected);
    assert_eq!(several("a.tsv", &csv.replace(',', "\t").replace(';', ","), Some(',')).unwrap().labels(), expected);
    let json = "text,label\na,\"[\"\"storage\"\", \"\"urgent\"\"]\"\nb,[]\nc,urgent\nd,\"[\"\"access\"\"]\"\n";
    assert_eq!(several("a.csv", json, None).unwrap().labels(), expected);
    // Given, it is the only one: the other is part of a name.
    assert_eq!(several("a.csv", "text,label\na,x;y|z\n", Some('|')).unwrap().label_names(), ["x;y", "z"]);
    let lines = "{\"text\":\"a\",\"label\":[1,true]}\n{\"text\":\"b\",\"label\":null}\n";
    assert_eq!(several("a.jsonl", lines, None).unwrap().labels(), [[true, true], [false, false]]);
}

#[test]
fn labels_that_cannot_be_told_apart_are_an_error() {
    let message_of = |name: &str, content: &str| several(name, content, None).unwrap_err().to_string();
    let message = message_of("a.csv", "text,label\na,x;y\nb,x|y\n");
    assert!(message.contains("line 2, column \"label\": has a `;`, and line 3 a `|`"), "{message}");
    let message = message_of("a.tsv", "text\tlabel\na\tx\nb\tx, y\n");
    assert!(message.contains("line 3, column \"label\": has a comma"), "{message}");
    let message = message_of("a.tsv", "text\tlabel\na\t['x', 'y']\n");
    assert!(message.contains("line 2, column \"label\": is a list that is not JSON"), "{message}");
    assert!(message_of("a.csv", "text,label\na,\nb, ;\n").contains("column \"label\": no row has a label"));
    assert!(message_of("a.csv", "text,label\n ,x\n").contains("line 2, column \"text\": the text is empty"));
    assert!(message_of("a.csv", "text,label\n").contains("no rows"));
    assert!(message_of("a.csv", "text,labels\na,x\n").contains("did you mean \"labels\"?"));
    let message = message_of("a.jsonl", "{\"text\":\"a\",\"label\":[\"x\"]}\n{\"text\":\"a\",\"label\":[\"x\",[]]}\n");
    assert!(message.contains("line 2, column \"label\": value 2 of the list"), "{message}");
    let (_folder, path) = file("a.csv", "text,label\na,urgent\nb,urgnet;urgent\n");
    let names = ["storage".to_owned(), "urgent".to_owned()];
    let message = MultiLabelDataset::read(&path, &Columns::default(), None, Some(&names)).unwrap_err().to_string();
    assert!(message.contains("line 3") && message.contains("\"urgnet\" is not one of"), "{message}");
    // One label is wanted, and there is a list.
    let message = error("a.jsonl", "{\"text\":\"a\",\"label\":[\"x\"]}\n");
    assert!(message.contains("holds a list, not one label") && message.contains("several labels"), "{message}");
}

#[test]
fn numbers_are_targets_and_what_is_none_is_named() {
    let read = |name: &str, content: &str| {
        let (_folder, path) = file(name, content);
        TextRegressionDataset::read(&path, &Columns::default())
    };
    assert_eq!(read("a.csv", "text,label\na, 4.5 \nb,-1e-3\n").unwrap().targets(), [4.5, -1e-3]);
    assert_eq!(
        read("a.jsonl", "{\"text\":\"a\",\"label\":3}\n{\"text\":\"b\",\"label\":\"2.5\"}\n").unwrap().targets(),
        [3.0, 2.5]
    );
    let error = |content: &str| read("a.tsv", &format!("text\tlabel\na\t1\nb\t{content}\n")).unwrap_err().to_string();
    for (cell, words) in [
        ("good", "line 3, column \"label\": \"good\" is not a number; mend it"),
        ("3,5", "\"3,5\" is not a number; write it with a point: 3.5"),
        (" ", "line 3, column \"label\": the number is empty"),
        ("inf", "inf is not a finite number"),
        ("NaN", "\"NaN\" is not a number"),
        ("1e39", "1e39 is too large"),
    ] {
        let message = error(cell);
        assert!(message.contains(words), "{message}");
    }
    let message = read("a.jsonl", "{\"text\":\"a\",\"label\":[1]}\n").unwrap_err().to_string();
    assert!(message.contains("holds a list, not one number"), "{message}");
}

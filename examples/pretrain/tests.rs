//! The recipe in its tiniest configuration, with the embedded encoder as the teacher; and what must not be in the corpus.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tunebook::model::{Pretrained, TextEncoder};

use crate::options::Options;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Three epochs of a student with one layer of 16 on the own passages.
fn options(folder: &Path) -> Options {
    let words = [
        ("--teacher", root().join("models/tunebook-encoder").display().to_string()),
        ("--corpus", root().join("models/recipe/own-passages.txt").display().to_string()),
        ("--work", folder.join("work").display().to_string()),
        ("--out", folder.join("out").display().to_string()),
        ("--vocabulary", "3000".into()),
        ("--hidden", "16".into()),
        ("--layers", "1".into()),
        ("--heads", "2".into()),
        ("--epochs", "3".into()),
        ("--batch", "2".into()),
    ];
    Options::parse(words.into_iter().flat_map(|(name, value)| [name.to_owned(), value])).unwrap()
}

#[test]
fn the_loss_falls_and_a_stopped_run_ends_as_one_without_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    crate::run(&options).unwrap();

    let log = fs::read_to_string(options.work.join("log.jsonl")).unwrap();
    let log: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let losses: Vec<f64> = log.iter().filter_map(|line| line["loss"].as_f64()).collect();
    assert!(losses.len() >= 2 && losses[losses.len() - 1] < 0.8 * losses[0], "{losses:?}");
    let cosines: Vec<f64> = log.iter().filter_map(|line| line["held_out_cosine"].as_f64()).collect();
    assert!(cosines.len() == 3 && cosines[2] > 0.5, "{cosines:?}");

    let encoder = TextEncoder::from_pretrained(Pretrained::folder(&options.out)).unwrap();
    assert_eq!(encoder.embed(&["The disk is full."]).unwrap().dims(), [1, 16]);
    assert_eq!(encoder.tokenizer().vocab_size(), 3000);

    // As if the machine had been switched off in the last epoch.
    let weights = options.out.join("model.safetensors");
    let before = fs::read(&weights).unwrap();
    fs::remove_file(options.work.join("student-03.safetensors")).unwrap();
    fs::remove_dir_all(&options.out).unwrap();
    crate::run(&options).unwrap();
    assert!(before == fs::read(&weights).unwrap(), "other weights after a stop");
}

#[test]
fn token_vectors_alone_are_a_student_without_layers() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { layers: 0, epochs: 1, ..options(folder.path()) };
    crate::run(&options).unwrap();
    let encoder = TextEncoder::from_pretrained(Pretrained::folder(&options.out)).unwrap();
    assert_eq!(encoder.bert().config().num_hidden_layers, 0);
    assert_eq!(encoder.embed(&["The disk is full."]).unwrap().dims(), [1, 16]);
}

/// Every eight words in a row, as `models/recipe/corpus.py` counts words.
fn eight_grams(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.windows(8).map(|eight| eight.join(" ")).collect()
}

/// JSON Lines in a folder and in the folders in it, compressed or not.
fn json_lines(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(json_lines(&entry));
        } else if [".jsonl", ".jsonl.gz"].iter().any(|ending| entry.to_string_lossy().ends_with(ending)) {
            found.push(entry);
        }
    }
    found
}

fn read(path: &Path) -> String {
    let mut text = String::new();
    let file = fs::File::open(path).unwrap();
    if path.extension().is_some_and(|ending| ending == "gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        (&file).read_to_string(&mut text).unwrap();
    }
    text
}

/// Every string in a value.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

/// The texts that share eight words in a row with the passages.
fn shared(passages: &str, texts: &[String]) -> Vec<String> {
    let known: BTreeSet<String> = passages.lines().flat_map(eight_grams).collect();
    texts.iter().filter(|text| !eight_grams(text).is_disjoint(&known)).cloned().collect()
}

/// The passages written for the recipe always; the whole corpus where `TUNEBOOK_CORPUS` names it. Against the course's data
/// sets always; against the data for measuring where `TUNEBOOK_SHARED` names its folder.
#[test]
fn no_text_that_is_measured_on_shares_eight_words_in_a_row_with_the_corpus() {
    let mut files = json_lines(&root().join("data"));
    assert!(files.len() >= 2, "{files:?}");
    if let Some(folder) = std::env::var_os("TUNEBOOK_SHARED") {
        files.extend(json_lines(&Path::new(&folder).join("data")));
    }
    let mut texts = Vec::new();
    for file in &files {
        for line in read(file).lines().filter(|line| !line.is_empty()) {
            strings(&serde_json::from_str(line).unwrap(), &mut texts);
        }
    }
    assert!(texts.len() > 1000, "{}", texts.len());
    let corpus = std::env::var_os("TUNEBOOK_CORPUS")
        .map_or_else(|| root().join("models/recipe/own-passages.txt"), PathBuf::from);
    let passages = fs::read_to_string(corpus).unwrap();
    assert_eq!(shared(&passages, &texts), Vec::<String>::new());
    // The comparison finds a copy, whatever its punctuation.
    let copy = passages.lines().find(|line| eight_grams(line).len() > 3).unwrap().replace(' ', " - ").to_uppercase();
    assert_eq!(shared(&passages, std::slice::from_ref(&copy)), [copy]);
}

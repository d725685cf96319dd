//! Data sets of the Hub against a local server, and from the cache without it.

use std::path::Path;

use super::{HubDataset, download, place_of};
use crate::data::{Columns, Part, TextDataset};
use crate::hub::test_server::Server;
use crate::{Error, Result};

const ID: &str = "someone/sentences";

/// A folder with copies of the committed files under other names.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parquet");
    let folder = tempfile::tempdir().unwrap();
    for (path, name) in files {
        let to = folder.path().join(path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from.join(name), to).unwrap();
    }
    folder
}

fn sentences() -> HubDataset {
    HubDataset::new(ID).columns(Columns { text: "sentence".into(), label: "label".into() })
}

fn server(branches: &[(&str, &Path)]) -> Server {
    Server::start(&format!("datasets/{ID}"), branches)
}

fn load(server: &Server, data: &HubDataset, cache: &Path) -> Result<TextDataset> {
    data.assemble(&download::fetch_with(&server.client(cache), data, cache)?)
}

fn cached(data: &HubDataset, cache: &Path) -> Result<TextDataset> {
    data.assemble(&data.cached(cache, true)?)
}

fn message(outcome: Result<TextDataset, Error>) -> String {
    outcome.unwrap_err().to_string()
}

#[test]
fn splits_are_fetched_once_and_read_from_the_cache_without_a_server() {
    let files = folder(&[
        ("data/train-00000-of-00002.parquet", "hub.parquet"),
        ("data/train-00001-of-00002-0f9e.parquet", "hub.parquet"),
        ("data/validation-00000-of-00001.parquet", "hub.parquet"),
        ("data/test-00000-of-00001.parquet", "hub-unlabelled.parquet"),
        ("data/unsupervised-00000-of-00001.parquet", "odd.parquet"),
        ("README.md", "make_files.py"),
    ]);
    let cache = tempfile::tempdir().unwrap();
    let server = server(&[("main", files.path())]);
    let data = load(&server, &sentences(), cache.path()).unwrap();
    assert_eq!((data.name(), data.label_names().join(" ")), (ID, "unacceptable acceptable".to_owned()));
    let split = data.fixed_split().unwrap();
    // The answers of the test part are kept back.
    assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (10, 5, 0));
    assert_eq!(split.train.ids()[9], "train-9");
    assert_eq!(split.validation.ids()[0], "validation-0");

    let sent = server.sent();
    assert_eq!(load(&server, &sentences(), cache.path()).unwrap(), data);
    assert_eq!(server.sent(), sent);
    assert_eq!(load(&Server::nowhere(), &sentences(), cache.path()).unwrap(), data);
    assert_eq!(cached(&sentences(), cache.path()).unwrap(), data);
    assert_eq!(cached(&sentences().revision(server.commit("main")), cache.path()).unwrap(), data);

    // A fetch that was interrupted leaves the first file out.
    let snapshot = cache.path().join("datasets--someone--sentences/snapshots").join(server.commit("main"));
    std::fs::remove_file(snapshot.join("data/train-00000-of-00002.parquet")).unwrap();
    let problem = message(cached(&sentences(), cache.path()));
    assert!(
        problem.contains("not in the cache") && problem.contains("tunebook data get someone/sentences"),
        "{problem}"
    );
}

#[test]
fn files_that_the_hub_made_are_found_where_the_data_set_has_none() {
    let main = folder(&[("train.csv", "make_files.py")]);
    let made = folder(&[
        ("default/train/0000.parquet", "hub.parquet"),
        ("default/train/0001.parquet", "hub.parquet"),
        ("default/test/0000.parquet", "hub.parquet"),
    ]);
    let cache = tempfile::tempdir().unwrap();
    let server = server(&[("main", main.path()), ("refs/convert/parquet", made.path())]);
    let data = load(&server, &sentences(), cache.path()).unwrap();
    let split = data.fixed_split().unwrap();
    assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (10, 0, 5));
    assert_eq!(cached(&sentences(), cache.path()).unwrap(), data);
}

#[test]
fn one_of_several_configs_is_chosen_by_name() {
    let files = folder(&[
        ("cola/train-00000-of-00001.parquet", "hub.parquet"),
        ("sst2/train-00000-of-00001.parquet", "hub.parquet"),
    ]);
    let cache = tempfile::tempdir().unwrap();
    let server = server(&[("main", files.path())]);
    assert_eq!(load(&server, &sentences().config("cola"), cache.path()).unwrap().len(), 5);
    let problem = message(load(&server, &sentences(), cache.path()));
    assert!(problem.contains("2 configs; choose one of: cola, sst2"), "{problem}");
    let problem = message(load(&server, &sentences().config("mnli"), cache.path()));
    assert!(problem.contains("no config \"mnli\"; choose one of: cola, sst2"), "{problem}");
}

#[test]
fn what_cannot_be_loaded_says_what_to_do() {
    let cache = tempfile::tempdir().unwrap();
    let expect = |server: &Server, data: &HubDataset, words: &str| {
        let problem = message(load(server, data, cache.path()));
        assert!(problem.contains(words), "{problem}");
    };
    let files = folder(&[("data/train-00000-of-00001.parquet", "hub.parquet")]);
    let whole = server(&[("main", files.path())]);
    expect(
        &whole,
        &HubDataset::new("someone/else"),
        "check the name on huggingface.co; a private data set needs HF_TOKEN",
    );
    expect(&whole, &sentences().revision("v9"), "check the branch, tag or commit");
    expect(&whole, &HubDataset::new(ID), "no column \"text\"; the columns are: sentence, label, idx");
    let none = folder(&[("notes.csv", "make_files.py")]);
    expect(&server(&[("main", none.path())]), &sentences(), "has no Parquet files");
    let no_train = folder(&[("data/test-00000-of-00001.parquet", "hub.parquet")]);
    expect(&server(&[("main", no_train.path())]), &sentences(), "no training part");
    let cache = tempfile::tempdir().unwrap();
    let problem = message(load(&Server::nowhere(), &sentences(), cache.path()));
    assert!(problem.contains("check the network"), "{problem}");
    let problem = message(cached(&sentences(), cache.path()));
    assert!(problem.contains("without HF_HUB_OFFLINE"), "{problem}");
    let problem = message(HubDataset::new("imdb").load());
    assert!(problem.contains("write it as owner/name"), "{problem}");
}

#[test]
fn names_of_files_say_config_and_part() {
    let default = |part: Part| Some(("default".to_owned(), part));
    assert_eq!(place_of("data/train-00000-of-00001.parquet"), default(Part::Train));
    assert_eq!(place_of("train.parquet"), default(Part::Train));
    assert_eq!(place_of("data/dev_0.parquet"), default(Part::Validation));
    assert_eq!(place_of("default/partial-train/0004.parquet"), default(Part::Train));
    assert_eq!(place_of("plain_text/test-00000-of-00001.parquet"), Some(("plain_text".to_owned(), Part::Test)));
    assert_eq!(place_of("de/data/valid.parquet"), Some(("de".to_owned(), Part::Validation)));
    for other in
        ["data/unsupervised-00000-of-00001.parquet", "train.csv", "0000.parquet", "training_notes.parquet", ".parquet"]
    {
        assert_eq!(place_of(other), None, "{other}");
    }
}

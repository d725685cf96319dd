//! The Hub source against a local server that speaks the Hub's file paths.

use std::path::Path;

use super::{Files, download, folder};
use crate::hub::test_server::Server;
use crate::model::fixture::{tiny, tiny_data, tiny_folder};
use crate::model::{Pooling, TextClassifier};

const ID: &str = "someone/tiny-bert";

fn load(path: &Path) -> crate::model::PretrainedFiles {
    folder::read(path, ID.to_owned()).unwrap()
}

#[test]
fn a_model_is_fetched_once_and_then_read_from_the_cache() {
    let model = tiny_folder();
    std::fs::create_dir(model.path().join("1_Pooling")).unwrap();
    std::fs::write(model.path().join("1_Pooling/config.json"), r#"{"pooling_mode_cls_token": true}"#).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(ID, &[("main", model.path())]);

    let path = download::fetch_with(&server.client(cache.path()), ID, "main", &Files::TEXT).unwrap();
    assert!(path.ends_with(server.commit("main")), "{}", path.display());
    let files = load(&path);
    assert_eq!((files.pooling, server.sent()), (Pooling::Cls, 4));
    assert_eq!(files.weights.sha256(), tiny(&model).load().unwrap().weights.sha256());

    // A pinned commit needs no further file; neither does the branch.
    let client = server.client(cache.path());
    assert_eq!(download::fetch_with(&client, ID, server.commit("main"), &Files::TEXT).unwrap(), path);
    assert_eq!(download::fetch_with(&client, ID, "main", &Files::TEXT).unwrap(), path);
    assert_eq!(server.sent(), 4);
}

#[test]
fn a_cached_model_works_without_a_server_and_gives_the_same_classifier() {
    let model = tiny_folder();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(ID, &[("main", model.path())]);
    let path = download::fetch_with(&server.client(cache.path()), ID, "main", &Files::TEXT).unwrap();
    let nowhere = Server::nowhere();
    assert_eq!(download::fetch_with(&nowhere.client(cache.path()), ID, "main", &Files::TEXT).unwrap(), path);
    let labels = tiny_data(3, 0).label_names();
    let from_hub = TextClassifier::from_pretrained(super::Pretrained::folder(&path), labels.clone()).unwrap();
    let from_folder = TextClassifier::from_pretrained(tiny(&model), labels).unwrap();
    let texts = ["my disk is full"];
    assert_eq!(from_hub.predict(&texts).unwrap(), from_folder.predict(&texts).unwrap());
}

#[test]
fn an_unknown_model_a_missing_file_and_no_network_say_what_to_do() {
    let model = tiny_folder();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(ID, &[("main", model.path())]);
    let fetch = |server: &Server, id: &str| {
        download::fetch_with(&server.client(cache.path()), id, "main", &Files::TEXT).unwrap_err().to_string()
    };
    let message = fetch(&server, "someone/else");
    assert!(
        message.contains("someone/else: cannot fetch config.json") && message.contains("check the name"),
        "{message}"
    );
    std::fs::remove_file(model.path().join("model.safetensors")).unwrap();
    let message = fetch(&server, ID);
    assert!(
        message.contains("cannot fetch model.safetensors") && message.contains("must have config.json"),
        "{message}"
    );
    let nowhere = Server::nowhere();
    let message = fetch(&nowhere, "someone/third");
    assert!(message.contains("check the network"), "{message}");
}

#[test]
fn a_partial_file_is_begun_anew_where_the_server_sends_all_of_it() {
    let model = tiny_folder();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(ID, &[("main", model.path())]);
    let weights = std::fs::read(model.path().join("model.safetensors")).unwrap();
    let sha256 = tiny(&model).load().unwrap().weights.sha256().to_owned();
    let blobs = cache.path().join("models--someone--tiny-bert/blobs");
    std::fs::create_dir_all(&blobs).unwrap();
    let partial = blobs.join(format!("{sha256}.incomplete"));
    // Whether its bytes are right or wrong, too many, or all: this server knows no ranges.
    let wrong = vec![7; 1_000_000];
    for before in [&weights[..100], &wrong[..100], &wrong[..], &weights[..]] {
        std::fs::write(&partial, before).unwrap();
        let path = download::fetch_with(&server.client(cache.path()), ID, "main", &Files::TEXT).unwrap();
        assert_eq!(load(&path).weights.sha256(), sha256);
        assert!(!partial.exists());
        std::fs::remove_file(blobs.join(&sha256)).unwrap();
    }
}

#[test]
fn two_at_once_bring_one_file() {
    let model = tiny_folder();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(ID, &[("main", model.path())]);
    let fetch = || download::fetch_with(&server.client(cache.path()), ID, "main", &Files::TEXT).unwrap();
    let paths = std::thread::scope(|scope| {
        let both = [scope.spawn(fetch), scope.spawn(fetch)];
        both.map(|one| one.join().unwrap())
    });
    assert_eq!(paths[0], paths[1]);
    assert_eq!(load(&paths[0]).weights.sha256(), tiny(&model).load().unwrap().weights.sha256());
    let blobs = std::fs::read_dir(cache.path().join("models--someone--tiny-bert/blobs")).unwrap();
    assert!(blobs.flatten().all(|blob| blob.path().extension().is_none()));
}

#[test]
fn a_branch_that_moves_on_is_followed_and_kept_whole_until_the_new_files_are_there() {
    let (old, new) = (tiny_folder(), tiny_folder());
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(ID, &[("main", old.path())]);
    let before = download::fetch_with(&server.client(cache.path()), ID, "main", &Files::TEXT).unwrap();
    // The same configuration, and at first no weights.
    let weights = std::fs::read(new.path().join("model.safetensors")).unwrap();
    std::fs::remove_file(new.path().join("model.safetensors")).unwrap();
    let moved = Server::start(ID, &[("main", new.path())]);
    assert!(download::fetch_with(&moved.client(cache.path()), ID, "main", &Files::TEXT).is_err());
    let nowhere = Server::nowhere();
    assert_eq!(download::fetch_with(&nowhere.client(cache.path()), ID, "main", &Files::TEXT).unwrap(), before);
    std::fs::write(new.path().join("model.safetensors"), weights).unwrap();
    let after = download::fetch_with(&moved.client(cache.path()), ID, "main", &Files::TEXT).unwrap();
    assert!(after != before && after.ends_with(moved.commit("main")), "{}", after.display());
    load(&after);
    assert_eq!(download::fetch_with(&nowhere.client(cache.path()), ID, "main", &Files::TEXT).unwrap(), after);
}

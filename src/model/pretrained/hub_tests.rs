//! The Hub source against a local server that speaks the Hub's file paths.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hf_hub::{HFClient, HFClientSync};

use super::{download, folder};
use crate::model::fixture::{tiny, tiny_data, tiny_folder};
use crate::model::{Pooling, TextClassifier};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const ID: &str = "someone/tiny-bert";

/// A server of one model folder; it counts the files that it sent and lives as long as the test's process.
struct Server {
    address: String,
    sent: Arc<AtomicUsize>,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::new(AtomicUsize::new(0));
        let (folder, counter) = (folder.to_path_buf(), sent.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that hangs up early is not this test's matter.
                let _ = answer(&stream, &folder, &counter);
            }
        });
        Self { address, sent }
    }

    fn client(&self, cache: &Path) -> HFClientSync {
        let builder = HFClient::builder().endpoint(self.address.as_str()).cache_dir(cache);
        builder.retry_max_attempts(0).retry_base_delay(Duration::from_millis(1)).build_sync().unwrap()
    }
}

/// `HEAD` or `GET /someone/tiny-bert/resolve/main/FILE`, one request on a connection.
fn answer(mut stream: &TcpStream, folder: &Path, sent: &AtomicUsize) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let mut words = request.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let known = [format!("/{ID}/resolve/main/"), format!("/{ID}/resolve/{COMMIT}/")];
    let body =
        known.iter().find_map(|prefix| path.strip_prefix(prefix.as_str())).map(|file| std::fs::read(folder.join(file)));
    let (status, code, body) = match body {
        Some(Ok(bytes)) => ("200 OK", "", bytes),
        Some(Err(_)) => ("404 Not Found", "X-Error-Code: EntryNotFound\r\n", Vec::new()),
        None => ("404 Not Found", "X-Error-Code: RepoNotFound\r\n", Vec::new()),
    };
    let etag = format!("{:032x}", body.len());
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{code}ETag: \"{etag}\"\r\nX-Repo-Commit: {COMMIT}\r\nContent-Length: {}\r\nConnection: \
         close\r\n\r\n",
        body.len()
    )?;
    if method == "GET" && status.starts_with("200") {
        sent.fetch_add(1, Ordering::Relaxed);
        stream.write_all(&body)?;
    }
    Ok(())
}

fn load(path: &Path) -> crate::model::PretrainedFiles {
    folder::read(path, ID.to_owned()).unwrap()
}

#[test]
fn a_model_is_fetched_once_and_then_read_from_the_cache() {
    let model = tiny_folder();
    std::fs::create_dir(model.path().join("1_Pooling")).unwrap();
    std::fs::write(model.path().join("1_Pooling/config.json"), r#"{"pooling_mode_cls_token": true}"#).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(model.path());

    let path = download::fetch_with(&server.client(cache.path()), ID, "main").unwrap();
    assert!(path.ends_with(COMMIT), "{}", path.display());
    let files = load(&path);
    assert_eq!((files.pooling, server.sent.load(Ordering::Relaxed)), (Pooling::Cls, 4));
    assert_eq!(files.weights.sha256(), tiny(&model).load().unwrap().weights.sha256());

    // A pinned commit needs no further file; neither does the branch.
    let client = server.client(cache.path());
    assert_eq!(download::fetch_with(&client, ID, COMMIT).unwrap(), path);
    assert_eq!(download::fetch_with(&client, ID, "main").unwrap(), path);
    assert_eq!(server.sent.load(Ordering::Relaxed), 4);
}

#[test]
fn a_cached_model_works_without_a_server_and_gives_the_same_classifier() {
    let model = tiny_folder();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(model.path());
    let path = download::fetch_with(&server.client(cache.path()), ID, "main").unwrap();
    // A port that nothing listens on.
    let nowhere = Server { address: "http://127.0.0.1:9".to_owned(), sent: server.sent.clone() };
    assert_eq!(download::fetch_with(&nowhere.client(cache.path()), ID, "main").unwrap(), path);
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
    let server = Server::start(model.path());
    let fetch = |server: &Server, id: &str| {
        download::fetch_with(&server.client(cache.path()), id, "main").unwrap_err().to_string()
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
    let nowhere = Server { address: "http://127.0.0.1:9".to_owned(), sent: server.sent.clone() };
    let message = fetch(&nowhere, "someone/third");
    assert!(message.contains("check the network"), "{message}");
}

//! A local server that speaks the Hub's file paths, for tests.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hf_hub::HFClient;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::download::Hub;
use crate::words::hexadecimal;

/// A server of one model or data set; it counts the files that it sent and lives as long as the test's process.
pub(crate) struct Server {
    address: String,
    site: Arc<Site>,
}

/// What is served: `owner/name` or `datasets/owner/name`, and of each branch its folder and commit.
struct Site {
    path: String,
    branches: Vec<(String, PathBuf, String)>,
    sent: AtomicUsize,
}

impl Server {
    pub(crate) fn start(path: &str, branches: &[(&str, &Path)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let branches = branches.iter().map(|(name, folder)| {
            let commit = hexadecimal(&Sha256::digest(format!("{name} {}", folder.display()))[..20]);
            ((*name).to_owned(), folder.to_path_buf(), commit)
        });
        let site = Arc::new(Site { path: path.to_owned(), branches: branches.collect(), sent: AtomicUsize::new(0) });
        let served = Arc::clone(&site);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that hangs up early is not this test's matter.
                let _ = answer(&stream, &served);
            }
        });
        Self { address, site }
    }

    /// A port that nothing listens on.
    pub(crate) fn nowhere() -> Self {
        let site = Site { path: String::new(), branches: Vec::new(), sent: AtomicUsize::new(0) };
        Self { address: "http://127.0.0.1:9".to_owned(), site: Arc::new(site) }
    }

    pub(crate) fn client(&self, cache: &Path) -> Hub {
        let builder = HFClient::builder().endpoint(self.address.as_str()).cache_dir(cache);
        let client = builder.retry_max_attempts(0).retry_base_delay(Duration::from_millis(1)).build().unwrap();
        Hub::new(client, None, false).unwrap()
    }

    /// The address of a file on the first branch.
    pub(crate) fn url(&self, file: &str) -> String {
        format!("{}/{}/resolve/{}/{file}", self.address, self.site.path, self.site.branches[0].0)
    }

    pub(crate) fn commit(&self, branch: &str) -> &str {
        &self.site.branches.iter().find(|(name, ..)| name == branch).unwrap().2
    }

    /// How many files were sent so far.
    pub(crate) fn sent(&self) -> usize {
        self.site.sent.load(Ordering::Relaxed)
    }
}

/// `HEAD` or `GET /PATH/resolve/REVISION/FILE`, or `GET /api/PATH/tree/REVISION`; one request on a connection.
fn answer(mut stream: &TcpStream, site: &Site) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let mut words = request.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default().replace("%2F", "/");
    let branch = |prefix: String| {
        let rest = path.strip_prefix(prefix.as_str())?;
        site.branches.iter().find_map(|(name, folder, commit)| {
            let rest = rest.strip_prefix(name).or_else(|| rest.strip_prefix(commit.as_str()))?;
            Some((folder, commit.as_str(), rest.trim_start_matches('/')))
        })
    };
    let is_file = path.starts_with(&format!("/{}/resolve/", site.path));
    let is_tree = path.starts_with(&format!("/api/{}/tree/", site.path));
    let (status, code, commit, body) = match branch(format!("/{}/resolve/", site.path)) {
        Some((folder, commit, file)) => match std::fs::read(folder.join(file)) {
            Ok(bytes) => ("200 OK", "", commit, bytes),
            Err(_) => ("404 Not Found", "X-Error-Code: EntryNotFound\r\n", commit, Vec::new()),
        },
        None => match branch(format!("/api/{}/tree/", site.path)) {
            Some((folder, commit, _)) => {
                let mut entries = Vec::new();
                list(folder, folder, &mut entries)?;
                ("200 OK", "", commit, Value::Array(entries).to_string().into_bytes())
            }
            None if is_file || is_tree => ("404 Not Found", "X-Error-Code: RevisionNotFound\r\n", "", Vec::new()),
            None => ("404 Not Found", "X-Error-Code: RepoNotFound\r\n", "", Vec::new()),
        },
    };
    let etag = hexadecimal(&Sha256::digest(&body));
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{code}ETag: \"{etag}\"\r\nX-Repo-Commit: {commit}\r\nContent-Type: \
         application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if method == "GET" && status.starts_with("200") {
        site.sent.fetch_add(usize::from(is_file), Ordering::Relaxed);
        stream.write_all(&body)?;
    }
    Ok(())
}

/// The Hub's entries for all files and folders below `folder`.
fn list(root: &Path, folder: &Path, entries: &mut Vec<Value>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if path.is_dir() {
            entries.push(json!({"type": "directory", "oid": "0", "path": name}));
            list(root, &path, entries)?;
        } else {
            entries.push(json!({"type": "file", "oid": "0", "size": path.metadata()?.len(), "path": name}));
        }
    }
    Ok(())
}

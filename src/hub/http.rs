//! Requests over HTTP, and what goes wrong with them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, ETAG, HeaderMap, LOCATION, RANGE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode, Url};
use tokio::runtime::{Builder, Runtime};

/// Without an answer for so long, a server counts as gone.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_mins(1);

/// Tries of a request that ends without new bytes, and the pause between them, longer each time.
pub(super) const TRIES: u32 = 3;
pub(super) const PAUSE: Duration = Duration::from_millis(300);

/// Why a file did not arrive.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The server answered with an error; the Hub adds a code.
    Refused { status: u16, code: String },
    /// No answer, or the connection ended before the file did.
    Broken { cause: String, have: u64, whole: Option<u64> },
    /// All of it arrived, and it is not what was announced.
    Altered { what: String },
    /// The disk has less room than the file needs.
    Full { folder: PathBuf, free: u64, needed: u64 },
    /// The file could not be written.
    Disk { path: PathBuf, source: std::io::Error },
}

/// What happened, without what to do about it.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, code } if code.is_empty() => write!(f, "the server answers {status}"),
            Self::Refused { status, code } => write!(f, "the server answers {status}, {code}"),
            Self::Broken { cause, have: 0, .. } => write!(f, "no connection: {cause}"),
            Self::Broken { cause, have, whole: Some(whole) } => {
                write!(f, "the connection broke after {have} of {whole} bytes: {cause}")
            }
            Self::Broken { cause, have, whole: None } => {
                write!(f, "the connection broke after {have} bytes: {cause}")
            }
            Self::Altered { what } => f.write_str(what),
            Self::Full { folder, free, needed } => {
                write!(f, "{} has {free} bytes free, and {needed} are needed", folder.display())
            }
            Self::Disk { path, source } => write!(f, "{}: {source}", path.display()),
        }
    }
}

/// What a server says about a file before it sends it.
#[derive(Debug, Clone)]
pub(crate) struct FileHead {
    pub(crate) etag: String,
    pub(crate) commit: String,
    pub(crate) size: Option<u64>,
}

/// One client for all requests of a call.
pub(crate) struct Http {
    /// Follows redirects; away from the server's own host without the token.
    client: Client,
    /// Shows redirects: the Hub says what a file is in the answer that sends one elsewhere for its bytes.
    direct: Client,
    runtime: Runtime,
    token: Option<String>,
}

impl Http {
    pub(crate) fn new(token: Option<String>) -> Result<Self, Problem> {
        let broken = |cause: String| Problem::Broken { cause, have: 0, whole: None };
        let builder = || {
            let agent = concat!("tunebook/", env!("CARGO_PKG_VERSION"));
            Client::builder().user_agent(agent).connect_timeout(CONNECT).read_timeout(SILENCE)
        };
        Ok(Self {
            client: builder().build().map_err(|e| broken(reason(&e)))?,
            direct: builder().redirect(Policy::none()).build().map_err(|e| broken(reason(&e)))?,
            runtime: Builder::new_current_thread().enable_all().build().map_err(|e| broken(e.to_string()))?,
            token,
        })
    }

    /// Waits for a future. On a thread of its own, so that a caller may be inside another runtime.
    pub(super) fn wait<F: Future + Send>(&self, future: F) -> F::Output
    where
        F::Output: Send,
    {
        std::thread::scope(|scope| {
            let joined = scope.spawn(|| self.runtime.block_on(future)).join();
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// What the Hub says about a file.
    pub(crate) fn head(&self, url: &Url) -> Result<FileHead, Problem> {
        self.wait(async {
            let mut url = url.clone();
            let mut response = self.patiently(&url).await?;
            // The Hub sends the names of moved models elsewhere on itself, and for bytes to another host.
            for _ in 0..10 {
                let Some(next) = moved(&response, &url) else { break };
                url = next;
                response = self.patiently(&url).await?;
            }
            let headers = response.headers();
            let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let size = text("x-linked-size").or_else(|| text(CONTENT_LENGTH.as_str()));
            let etag = text("x-linked-etag").or_else(|| text(ETAG.as_str())).unwrap_or_default();
            let head = FileHead {
                etag: etag.trim_start_matches("W/").trim_matches('"').to_owned(),
                commit: text("x-repo-commit").unwrap_or_default(),
                size: size.and_then(|size| size.parse().ok()),
            };
            if [&head.etag, &head.commit].iter().any(|name| name.is_empty() || name.contains('/')) {
                let what = format!("{url} says neither which commit nor which content it has, as the Hub does");
                return Err(Problem::Altered { what });
            }
            Ok(head)
        })
    }

    /// An answer to `HEAD`, after a pause and another try where the connection or the server is at fault.
    async fn patiently(&self, url: &Url) -> Result<Response, Problem> {
        let mut tries = 1;
        loop {
            let sent = self.direct.request(Method::HEAD, url.clone()).headers(self.headers(0)).send().await;
            let problem = match sent {
                Ok(response) => match refusal(&response) {
                    None => return Ok(response),
                    Some(refused) => refused,
                },
                Err(problem) => Problem::Broken { cause: reason(&problem), have: 0, whole: None },
            };
            if tries == TRIES || !problem.may_pass() {
                return Err(problem);
            }
            tokio::time::sleep(PAUSE * tries).await;
            tries += 1;
        }
    }

    /// Asks for the bytes of a file from `from` on.
    pub(super) async fn get(&self, url: &Url, from: u64) -> Result<Response, Problem> {
        let sent = self.client.get(url.clone()).headers(self.headers(from)).send().await;
        let response = sent.map_err(|e| Problem::Broken { cause: reason(&e), have: 0, whole: None })?;
        match refusal(&response) {
            None => Ok(response),
            Some(refused) => Err(refused),
        }
    }

    fn headers(&self, from: u64) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |name, value: String| {
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
        };
        // A packed answer would have other bytes and another length.
        set(ACCEPT_ENCODING, "identity".to_owned());
        if let Some(token) = &self.token {
            set(AUTHORIZATION, format!("Bearer {token}"));
        }
        if from > 0 {
            set(RANGE, format!("bytes={from}-"));
        }
        headers
    }
}

impl Problem {
    /// Whether another try may go better.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Broken { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500..),
            _ => false,
        }
    }
}

/// The error that an answer is, if it is one.
fn refusal(response: &Response) -> Option<Problem> {
    let status = response.status();
    if status.is_success() || status.is_redirection() {
        return None;
    }
    let code = response.headers().get("x-error-code").and_then(|code| code.to_str().ok()).unwrap_or_default();
    Some(Problem::Refused { status: status.as_u16(), code: code.to_owned() })
}

/// Where on the same host the answer sends one.
fn moved(response: &Response, url: &Url) -> Option<Url> {
    let is_moved = response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED;
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let next = url.join(location).ok()?;
    (is_moved && next.origin() == url.origin()).then_some(next)
}

/// The innermost cause: the outer ones say "error sending request".
pub(super) fn reason(problem: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = problem;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The token that the Hub's own tools use, from the environment or from the file that signing in leaves.
pub(crate) fn token() -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if set("HF_HUB_DISABLE_IMPLICIT_TOKEN").is_some() {
        return None;
    }
    let kept = || {
        let file = set("HF_TOKEN_PATH").map_or_else(|| hf_hub::hf_home().join("token"), PathBuf::from);
        std::fs::read_to_string(file).ok()
    };
    let token = set("HF_TOKEN").or_else(kept)?.trim().to_owned();
    (!token.is_empty()).then_some(token)
}

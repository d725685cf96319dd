//! Serves the book's static files, and one link into the lab that works once.

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::runtime::Runtime;
use tower_http::services::{ServeDir, ServeFile};

use crate::{Error, Result};

/// A server in the background; it ends when this is dropped.
#[derive(Debug)]
pub struct BookServer {
    /// Dropping it ends its tasks.
    runtime: Option<Runtime>,
    /// The port that it listens on.
    port: u16,
    link: Link,
}

/// The secret of the link that has not been used yet, and where it leads.
type Link = Arc<Mutex<Option<(String, String)>>>;

impl BookServer {
    /// Serves the files of `folder`.
    pub fn start(folder: &Path, listener: TcpListener) -> Result<Self> {
        let fail = |e: &std::io::Error| Error::io(folder, e);
        let port = listener.local_addr().map_err(|e| fail(&e))?.port();
        listener.set_nonblocking(true).map_err(|e| fail(&e))?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|e| fail(&e))?;
        let missing = ServeFile::new(folder.join("404.html"));
        let link = Link::default();
        let app = Router::new()
            .route("/open/{secret}", get(follow))
            .with_state(Arc::clone(&link))
            .fallback_service(ServeDir::new(folder).not_found_service(missing));
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(|e| fail(&e))?
        };
        runtime.spawn(async move { axum::serve(listener, app).await });
        Ok(Self { runtime: Some(runtime), port, link })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path of a link that leads to `target` once; one made before leads nowhere any more.
    ///
    /// A browser's address is an argument, which every user of this machine sees for as long as the browser runs: what
    /// they see must not let them into the lab.
    pub(crate) fn link_once(&self, secret: String, target: &str) -> String {
        let path = format!("/open/{secret}");
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = Some((secret, target.to_owned()));
        path
    }
}

async fn follow(State(link): State<Link>, UrlPath(secret): UrlPath<String>) -> Response {
    let mut link = link.lock().unwrap_or_else(PoisonError::into_inner);
    match link.take_if(|(expected, _)| *expected == secret) {
        Some((_, target)) => ([(CACHE_CONTROL, "no-store")], Redirect::to(&target)).into_response(),
        None => (StatusCode::NOT_FOUND, "This link has been used. The address is where the lab was started.\n")
            .into_response(),
    }
}

impl Drop for BookServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Without waiting for a browser that keeps a connection open.
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::http;

    #[test]
    fn pages_are_served_and_nothing_above_them() {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("book");
        std::fs::create_dir_all(book.join("part")).unwrap();
        std::fs::write(folder.path().join("secret"), "token").unwrap();
        std::fs::write(book.join("index.html"), "<h1>Tunebook</h1>").unwrap();
        std::fs::write(book.join("part/page.html"), "page").unwrap();
        let server = BookServer::start(&book, TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
        let port = server.port();
        let get = |path: &str| http::status("127.0.0.1".parse().unwrap(), port, path);
        assert_eq!(get("/"), Some(200));
        assert_eq!(get("/part/page.html"), Some(200));
        assert_eq!(get("/nothing.html"), Some(404));
        assert_eq!(get("/../secret"), Some(404));
        assert_eq!(get("/%2e%2e/secret"), Some(404));
        let link = server.link_once("secret".into(), "http://127.0.0.1:1/lab?token=t");
        assert_eq!(get("/open/guessed"), Some(404));
        assert_eq!(get(&link), Some(303));
        assert_eq!(get(&link), Some(404));
        drop(server);
        assert_eq!(get("/"), None);
    }
}

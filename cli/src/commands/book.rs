//! `tunebook book`: the book as static files.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tunebook_course::book;
use tunebook_course::lab::BookServer;

use super::{course, on_ctrl_c};
use crate::failure::{Failure, Result, outln};

/// Builds the book (and serves it).
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  tunebook book --serve\n  tunebook book --out site")]
pub(crate) struct Book {
    /// Where it goes [default: the book folder of TUNEBOOK_HOME]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Serve it on this machine until Ctrl-C
    #[arg(long)]
    serve: bool,
    /// Port for --serve [default: a free one]
    #[arg(long, requires = "serve")]
    port: Option<u16>,
}

pub(crate) fn run(call: Book) -> Result<ExitCode> {
    let (course, home) = course()?;
    let out = call.out.unwrap_or_else(|| home.book());
    book::build(&course, &out)?;
    outln!("The book is in {}.", out.display());
    if call.serve {
        let wanted = call.port.unwrap_or(0);
        let listener = TcpListener::bind(("127.0.0.1", wanted))
            .map_err(|problem| Failure::input(format!("port {wanted}: {problem}; give another --port, or none")))?;
        let server = BookServer::start(&out, listener)?;
        outln!("http://127.0.0.1:{}/    Ctrl-C ends it", server.port());
        let (stop, stopped) = std::sync::mpsc::channel();
        on_ctrl_c(move || {
            let _ = stop.send(());
        })?;
        let _ = stopped.recv();
    }
    Ok(ExitCode::SUCCESS)
}

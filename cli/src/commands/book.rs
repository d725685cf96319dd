//! `tunebook book`: the book as static files.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tunebook_course::{book, lab};

use super::course;
use crate::failure::Result;

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
    println!("The book is in {}.", out.display());
    if call.serve {
        lab::serve_book(&out, call.port)?;
    }
    Ok(ExitCode::SUCCESS)
}

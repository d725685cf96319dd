//! `tunebook lab`: the course in JupyterLab, and the book beside it.

use std::net::IpAddr;
use std::process::ExitCode;

use clap::Args;
use tunebook_course::lab::{self, LabOptions};
use tunebook_course::setup::SetupOptions;

use super::course;
use super::learn::Folder;
use crate::failure::Result;

/// Prepares what is missing, then opens JupyterLab at the first lesson, and the book (the default).
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  tunebook lab\n  tunebook lab --no-browser --port 8888\n\nCtrl-C ends it.")]
pub(crate) struct Lab {
    /// The lesson to open [default: the first]
    lesson: Option<String>,
    #[command(flatten)]
    options: Options,
}

/// What plain `tunebook` takes too.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Print the addresses and open nothing
    #[arg(long)]
    no_browser: bool,
    /// JupyterLab's port [default: a free one]
    #[arg(long)]
    port: Option<u16>,
    /// The book's port [default: a free one]
    #[arg(long)]
    book_port: Option<u16>,
    /// Address to listen on; anything but this machine's own is for containers
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    #[command(flatten)]
    folder: Folder,
}

impl From<Options> for Lab {
    /// What plain `tunebook` does.
    fn from(options: Options) -> Self {
        Self { lesson: None, options }
    }
}

pub(crate) fn run(Lab { lesson, options }: Lab) -> Result<ExitCode> {
    let (course, home) = course()?;
    let work = options.folder.work(&course)?;
    let lab = LabOptions {
        work,
        lesson,
        address: options.address,
        port: options.port,
        book_port: options.book_port,
        browser: !options.no_browser,
        ..LabOptions::new(SetupOptions::new(home, course))
    };
    lab::run(&lab)?;
    Ok(ExitCode::SUCCESS)
}

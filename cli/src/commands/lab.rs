//! `tunebook lab`: the course in JupyterLab, and the book beside it.

use std::net::IpAddr;
use std::process::ExitCode;

use clap::Args;
use tunebook_course::lab::{self, LabOptions};
use tunebook_course::setup::SetupOptions;
use tunebook_course::work::Work;

use super::course;
use super::learn::Folder;
use crate::failure::Result;

/// Prepares what is missing, then opens JupyterLab at the first lesson, and the book (the default).
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  tunebook lab\n  tunebook lab --no-browser --port 8888\n\nCtrl-C ends it.")]
pub(crate) struct Lab {
    /// The lesson to open [default: the first]
    lesson: Option<String>,
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

impl Default for Lab {
    /// What plain `tunebook` does.
    fn default() -> Self {
        Self {
            lesson: None,
            no_browser: false,
            port: None,
            book_port: None,
            address: IpAddr::from([127, 0, 0, 1]),
            folder: Folder::default(),
        }
    }
}

pub(crate) fn run(call: Lab) -> Result<ExitCode> {
    let (course, home) = course()?;
    let work = match &call.folder.dir {
        Some(dir) => Work::at(dir)?,
        None => Work::of(&course),
    };
    let options = LabOptions {
        work,
        lesson: call.lesson,
        address: call.address,
        port: call.port,
        book_port: call.book_port,
        browser: !call.no_browser,
        ..LabOptions::new(SetupOptions::new(home, course))
    };
    lab::run(&options)?;
    Ok(ExitCode::SUCCESS)
}

//! `tunebook lab`: the course in JupyterLab, and the book beside it.

use std::process::ExitCode;

use clap::Args;
use tunebook_course::lab::{self, LabOptions};

use super::course;
use super::learn::Folder;
use crate::failure::Result;

/// Prepares what is missing, then opens JupyterLab at the first lesson, and the book.
#[derive(Args, Debug, Default)]
#[command(after_help = "Examples:\n  tunebook lab\n  tunebook lab --no-browser --port 8888\n\nCtrl-C ends it.")]
pub(crate) struct Lab {
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
    address: String,
    #[command(flatten)]
    folder: Folder,
}

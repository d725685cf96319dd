//! `tunebook data`: the data sets of the course.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use tunebook::data::{TextDataset, embedded};

use crate::failure::{Failure, Result, outln};

/// Data sets: what there is, a copy as a file, the data sheet.
#[derive(Subcommand, Debug)]
#[command(after_help = "Example:\n  tunebook data get support-tickets --out tickets.jsonl")]
pub(crate) enum Data {
    /// The data sets inside the library
    List,
    /// Writes a data set as JSON Lines (id, label, split, text)
    Get {
        /// Name of the data set
        name: String,
        /// File to write; a file that is there is left alone
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Counts and the data sheet
    Info {
        /// Name of the data set
        name: String,
    },
}

pub(crate) fn run(call: Data) -> Result<ExitCode> {
    match call {
        Data::List => {
            for data in embedded::TEXT {
                outln!("{}  {}", data.name, data.about);
            }
        }
        Data::Get { name, out } => {
            // Loading first gives the error that lists the names.
            TextDataset::embedded(&name)?;
            let rows = find(&name)?.json_lines();
            let out = out.unwrap_or_else(|| PathBuf::from(format!("{name}.jsonl")));
            if out.exists() {
                return Err(Failure::input(format!("{}: is already there; give --out another name", out.display())));
            }
            std::fs::write(&out, rows).map_err(|problem| Failure::input(format!("{}: {problem}", out.display())))?;
            outln!("{}", out.display());
        }
        Data::Info { name } => {
            outln!("{}\n{}", TextDataset::embedded(&name)?, find(&name)?.data_sheet.trim_end());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn find(name: &str) -> Result<&'static embedded::EmbeddedData> {
    embedded::TEXT
        .iter()
        .find(|data| data.name == name)
        .ok_or_else(|| Failure::input(format!("{name}: there is no such data set; see `tunebook data list`")))
}

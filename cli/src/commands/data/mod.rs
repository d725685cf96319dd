//! `tunebook data`: the data sets of the course, and public ones.

mod get;
mod info;
mod list;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use tunebook::data::{Columns, EmbeddedExport, HubDataset, Part, PublicImages, TextDataset, embedded, export};

use super::catalogue;
use crate::failure::Result;

/// Data sets: what there is, a copy as a file, the data sheet.
#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:\n  tunebook data list\n  tunebook data get support-tickets --out tickets.jsonl\n  \
    tunebook data get cloud-metrics --out metrics.csv\n  \
    tunebook data get stanfordnlp/imdb --split train --out imdb-train.jsonl\n  \
    tunebook data get pneumoniamnist\n  \
    tunebook data info nyu-mll/glue --config sst2 --text-column sentence")]
pub(crate) enum Data {
    /// The data sets inside the library, those that are cached, and some public ones that go well with the course
    #[command(after_help = "Examples:\n  tunebook data list\n  tunebook data list --json")]
    List {
        /// As JSON, with whole hashes
        #[arg(long)]
        json: bool,
    },
    /// Writes a data set: texts as JSON Lines (id, label, split, text), a table as CSV, images as their publisher's file
    ///
    /// What comes from the network goes on where an earlier try broke off, and is compared with its checksum.
    #[command(after_help = "Examples:\n  tunebook data get support-tickets --split train --out train.jsonl\n  \
        tunebook data get stanfordnlp/sst2 --out sst2.jsonl\n  tunebook data get pneumoniamnist\n\n\
        HF_HOME says where the Hub's cache lies, HF_ENDPOINT names another server, HF_TOKEN is for private and gated data. \
        TUNEBOOK_DATA says where image data sets lie.")]
    Get {
        #[command(flatten)]
        which: Which,
        /// Only this part
        #[arg(long)]
        split: Option<Split>,
        /// File to write; a file that is there is left alone
        #[arg(long)]
        out: Option<PathBuf>,
        /// Of pneumoniamnist: another address of the same file, such as a mirror's
        #[arg(long)]
        url: Option<String>,
    },
    /// Counts and the data sheet; of public data its source, licence, size and checksums
    #[command(after_help = "Examples:\n  tunebook data info support-tickets\n  tunebook data info pneumoniamnist\n  \
        tunebook data info stanfordnlp/sst2 --json")]
    Info {
        #[command(flatten)]
        which: Which,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Which {
    /// Name of the data set; or `owner/name` of one on the Hugging Face Hub, which is kept in the Hub's cache
    name: String,
    /// Of a data set on the Hub: one of several tables under the name
    #[arg(long)]
    config: Option<String>,
    /// Of a data set on the Hub: branch, tag or commit
    #[arg(long)]
    revision: Option<String>,
    /// Of a data set on the Hub: column of the text [default: text, or what `data list` knows of it]
    #[arg(long)]
    text_column: Option<String>,
    /// Of a data set on the Hub: column of the label
    #[arg(long, default_value = "label")]
    label_column: String,
    /// Only look in the cache, as with HF_HUB_OFFLINE=1
    #[arg(long)]
    offline: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum Split {
    Train,
    Validation,
    Test,
}

impl Split {
    fn part(self) -> Part {
        match self {
            Self::Train => Part::Train,
            Self::Validation => Part::Validation,
            Self::Test => Part::Test,
        }
    }
}

impl Which {
    fn is_on_the_hub(&self) -> bool {
        self.name.contains('/')
    }

    fn is_table(&self) -> bool {
        embedded::TABLES.iter().any(|table| table.name == self.name)
    }

    fn export(&self) -> Option<EmbeddedExport> {
        export::EXPORTS.into_iter().find(|export| export.name == self.name)
    }

    fn images(&self) -> Option<PublicImages> {
        PublicImages::find(&self.name).ok()
    }

    /// The texts; `verify` compares what is cached with its checksums.
    fn load(&self, verify: bool) -> Result<TextDataset> {
        if !self.is_on_the_hub() {
            // An unknown name gives the error that lists the names.
            return Ok(TextDataset::embedded(&self.name)?);
        }
        let listed = catalogue::data(&self.name);
        let text = self.text_column.as_deref().or(listed.map(|data| data.text_column)).unwrap_or("text");
        let columns = Columns { text: text.to_owned(), label: self.label_column.clone() };
        let mut data = HubDataset::new(&self.name).columns(columns).offline(self.offline).verify(verify);
        if let Some(config) = &self.config {
            data = data.config(config);
        }
        if let Some(revision) = &self.revision {
            data = data.revision(revision);
        }
        Ok(data.load()?)
    }
}

pub(crate) fn run(call: Data) -> Result<ExitCode> {
    match call {
        Data::List { json } => list::run(json)?,
        Data::Get { which, split, out, url } => get::run(&which, split, out, url.as_deref())?,
        Data::Info { which, json } => info::run(&which, json)?,
    }
    Ok(ExitCode::SUCCESS)
}

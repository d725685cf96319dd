//! `tunebook data`: the data sets of the course, and those of the Hugging Face Hub.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tunebook::data::{Columns, HubDataset, Part, TabularDataset, TextDataset, embedded};

use crate::failure::{Failure, Result, outln};

/// Data sets: what there is, a copy as a file, the data sheet.
#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:\n  tunebook data get support-tickets --out tickets.jsonl\n  \
    tunebook data get cloud-metrics --out metrics.csv\n  \
    tunebook data get stanfordnlp/imdb --split train --out imdb-train.jsonl\n  \
    tunebook data info nyu-mll/glue --config sst2 --text-column sentence")]
pub(crate) enum Data {
    /// The data sets inside the library, and how to get at others
    List,
    /// Writes a data set: texts as JSON Lines (id, label, split, text), a table as CSV
    Get {
        #[command(flatten)]
        which: Which,
        /// Only this part
        #[arg(long)]
        split: Option<Split>,
        /// File to write; a file that is there is left alone
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Counts and the data sheet
    Info {
        #[command(flatten)]
        which: Which,
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
    /// Of a data set on the Hub: column of the text
    #[arg(long, default_value = "text")]
    text_column: String,
    /// Of a data set on the Hub: column of the label
    #[arg(long, default_value = "label")]
    label_column: String,
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

    fn load(&self) -> Result<TextDataset> {
        if !self.is_on_the_hub() {
            // An unknown name gives the error that lists the names.
            return Ok(TextDataset::embedded(&self.name)?);
        }
        let columns = Columns { text: self.text_column.clone(), label: self.label_column.clone() };
        let mut data = HubDataset::new(&self.name).columns(columns);
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
        Data::List => {
            let texts = embedded::TEXT.iter().map(|data| (data.name, data.about));
            let tables = embedded::TABLES.iter().map(|table| (table.name, table.about));
            for (name, about) in texts.chain(tables) {
                outln!("{name:<16} {about}");
            }
            outln!("owner/name       a text data set of the Hugging Face Hub: tunebook data get owner/name");
        }
        Data::Get { which, split, out } => {
            let ending = if which.is_table() { "csv" } else { "jsonl" };
            let out = out.unwrap_or_else(|| PathBuf::from(format!("{}.{ending}", which.name.replace('/', "--"))));
            if out.exists() {
                return Err(Failure::input(format!("{}: is already there; give --out another name", out.display())));
            }
            if which.is_table() {
                if split.is_some() {
                    let problem = "has no fixed split; split it by time, as `tunebook data info` says";
                    return Err(Failure::input(format!("{}: {problem}", which.name)));
                }
                TabularDataset::embedded(&which.name)?.save_csv(&out)?;
                outln!("{}", out.display());
                return Ok(ExitCode::SUCCESS);
            }
            let data = which.load()?;
            let cannot = |problem| Failure::input(format!("{}: {problem}", out.display()));
            let mut file = BufWriter::new(File::create_new(&out).map_err(cannot)?);
            for (row, part) in data.parts().unwrap_or_default().iter().enumerate() {
                if split.is_none_or(|wanted| wanted.part() == *part) {
                    let (id, text) = (&data.ids()[row], &data.texts()[row]);
                    let label = data.label_name(data.labels()[row]);
                    let mut line = json!({ "id": id, "label": label, "split": part.to_string(), "text": text });
                    for column in data.column_names() {
                        line[&column] = json!(data.column(&column)?[row]);
                    }
                    writeln!(file, "{line}").map_err(cannot)?;
                }
            }
            file.flush().map_err(cannot)?;
            outln!("{}", out.display());
        }
        Data::Info { which } if which.is_table() => {
            outln!("{}\n", TabularDataset::embedded(&which.name)?);
            for table in embedded::TABLES.iter().filter(|table| table.name == which.name) {
                outln!("{}", table.data_sheet.trim_end());
            }
        }
        Data::Info { which } => {
            let data = which.load()?;
            outln!("{data}");
            if which.is_on_the_hub() {
                let split = data.fixed_split()?;
                let (train, validation, test) = (split.train.len(), split.validation.len(), split.test.len());
                outln!("fixed split: {train} train, {validation} validation, {test} test");
            } else {
                outln!("{}", find(&which.name)?.data_sheet.trim_end());
            }
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

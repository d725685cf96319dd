//! What simple and less simple methods reach on a data set: the table of its data sheet, made by one command.
//!
//! ```text
//! cargo run --release --example baselines -- support-tickets|product-reviews|cloud-metrics|support-tickets-raw
//!     [--seeds 5] [--share 0.9] [--epochs 15] [--static FOLDER] [--teacher FOLDER] [--json]
//! cargo run --release --example baselines -- --file ROWS.jsonl    your own texts: columns text, label and split
//! ```
//!
//! Each value is the mean over the seeds, with the standard deviation. The seed draws the part of the training rows that a
//! method learns from (`--share 1`: all of them), and everything that is random in a training. Settings are chosen by the
//! validation rows; figures are from the test rows, which nothing else looks at. `--epochs 0` leaves full fine-tuning out;
//! with it the command takes some minutes on two cores, and with MiniLM (`--teacher`) an hour.

mod cloud_metrics;
mod export;
mod options;
#[path = "../shared/probing.rs"]
mod probing;
#[path = "../shared/spread.rs"]
mod spread;
mod table;
mod texts;

use options::{Options, Source};
use tunebook::data::{Columns, Part};
use tunebook::prelude::*;

fn main() {
    if let Err(problem) = Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        eprintln!("error: {problem}");
        std::process::exit(2);
    }
}

fn run(options: &Options) -> Result<()> {
    let table = match &options.source {
        Source::CloudMetrics => cloud_metrics::table(options)?,
        Source::Export => export::table(options)?,
        Source::Texts(name) => texts::table(&TextDataset::embedded(name)?.fixed_split()?, options)?,
        Source::File(path) => {
            let data = TextDataset::read(path, &Columns::default(), None)?;
            let parts = TextDataset::read(path, &Columns { label: "split".into(), ..Columns::default() }, None)?;
            let part = |&place: &usize| parts.label_name(place).parse::<Part>();
            let parts = parts.labels().iter().map(part).collect::<Result<Vec<_>>>()?;
            texts::table(&data.with_parts(parts)?.fixed_split()?, options)?
        }
    };
    if options.json {
        println!("{}", table.json(options));
    } else {
        print!("{table}");
    }
    Ok(())
}

/// Says on standard error where a long run is.
fn say(options: &Options, what: &str, seed: u64) {
    if options.seeds > 1 {
        eprintln!("{what}, seed {seed} of {}", options.seeds);
    }
}

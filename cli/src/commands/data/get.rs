//! `tunebook data get`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use tunebook::data::{PublicImages, TabularDataset, TextDataset};
use tunebook::hub::Kind;

use super::{Split, Which};
use crate::commands::{catalogue, listing};
use crate::failure::{Failure, Result, outln};

pub(super) fn run(which: &Which, split: Option<Split>, out: Option<PathBuf>, url: Option<&str>) -> Result<()> {
    let images = which.images();
    if url.is_some() && images.is_none() {
        return Err(Failure::input("--url: is for image data sets that are one file, such as pneumoniamnist"));
    }
    if split.is_some() && (images.is_some() || which.is_table() || which.export().is_some()) {
        let problem = "is written whole, without --split; `tunebook data info` says how to split it";
        return Err(Failure::input(format!("{}: {problem}", which.name)));
    }
    if let Some(data) = images {
        return get_images(&data, which.offline, out.as_deref(), url);
    }
    let ending = if which.is_table() || which.export().is_some() { "csv" } else { "jsonl" };
    let out = out.unwrap_or_else(|| PathBuf::from(format!("{}.{ending}", which.name.replace('/', "--"))));
    check_free(&out)?;
    if which.is_table() {
        TabularDataset::embedded(&which.name)?.save_csv(&out)?;
    } else if let Some(export) = which.export() {
        write(&out, |file| Ok(file.write_all(export.csv().as_bytes())))?;
    } else {
        let data = which.load(true)?;
        if let Some(known) = catalogue::data(&which.name) {
            listing::check_listed(&known.listed, Kind::Dataset, which.revision.as_deref())?;
        }
        write(&out, |file| write_texts(&data, split, file))?;
    }
    outln!("{}", out.display());
    Ok(())
}

fn check_free(out: &Path) -> Result<()> {
    if out.exists() {
        return Err(Failure::input(format!("{}: is already there; give --out another name", out.display())));
    }
    Ok(())
}

/// Writes a file; one that did not come to its end is taken away again.
fn write(out: &Path, content: impl FnOnce(&mut BufWriter<File>) -> Result<std::io::Result<()>>) -> Result<()> {
    let cannot = |problem| Failure::input(format!("{}: {problem}; give --out another place", out.display()));
    let mut file = BufWriter::new(File::create_new(out).map_err(cannot)?);
    let outcome = content(&mut file).and_then(|written| written.and_then(|()| file.flush()).map_err(cannot));
    if outcome.is_err() {
        // Best effort: the error that matters is the one below.
        let _ = std::fs::remove_file(out);
    }
    outcome
}

fn write_texts(data: &TextDataset, split: Option<Split>, file: &mut impl Write) -> Result<std::io::Result<()>> {
    let columns = data.column_names();
    let columns = columns.iter().map(|name| Ok((name, data.column(name)?))).collect::<Result<Vec<_>>>()?;
    for (row, part) in data.parts().unwrap_or_default().iter().enumerate() {
        if split.is_none_or(|wanted| wanted.part() == *part) {
            let (id, text) = (&data.ids()[row], &data.texts()[row]);
            let label = data.label_name(data.labels()[row]);
            let mut line = json!({ "id": id, "label": label, "split": part.to_string(), "text": text });
            for (name, values) in &columns {
                line[name.as_str()] = json!(values[row]);
            }
            if let Err(problem) = writeln!(file, "{line}") {
                return Ok(Err(problem));
            }
        }
    }
    Ok(Ok(()))
}

fn get_images(data: &PublicImages, offline: bool, out: Option<&Path>, url: Option<&str>) -> Result<()> {
    let kept = data.path()?;
    if let Some(out) = out {
        check_free(out)?;
    }
    let to = out.unwrap_or(&kept);
    // What was fetched before needs no network; fetching compares it with its checksum.
    let offline = offline || tunebook::hub::is_offline();
    if offline && !kept.is_file() {
        let problem = format!("{} is not there", kept.display());
        return Err(Failure::input(format!(
            "{}: {problem}; run `tunebook data get {}` with a network, without --offline and HF_HUB_OFFLINE",
            data.name, data.name
        )));
    }
    if offline {
        data.check(&kept)?;
    } else if to == kept || !kept.is_file() || data.check(&kept).is_err() {
        data.fetch(to, url)?;
    }
    if to != kept && !to.exists() {
        std::fs::copy(&kept, to).map_err(|problem| Failure::input(format!("{}: {problem}", to.display())))?;
    }
    outln!("{}", to.display());
    Ok(())
}

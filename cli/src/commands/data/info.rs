//! `tunebook data info`.

use serde_json::json;
use tunebook::data::{PublicImages, TabularDataset, TextDataset, embedded};
use tunebook::hub::Kind;

use super::{Which, list};
use crate::commands::{catalogue, listing};
use crate::failure::{Failure, Result, outln};

pub(super) fn run(which: &Which, as_json: bool) -> Result<()> {
    if let Some(data) = which.images() {
        return images(&data, as_json);
    }
    if let Some(export) = which.export() {
        if as_json {
            return stored(export.name, export.about, Some(export.csv()), export.data_sheet);
        }
        outln!("{}: {}\n\n{}", export.name, export.about, export.data_sheet.trim_end());
        return Ok(());
    }
    if let Some(table) = embedded::TABLES.iter().find(|table| table.name == which.name) {
        if as_json {
            return stored(table.name, table.about, None, table.data_sheet);
        }
        outln!("{}\n", TabularDataset::embedded(&which.name)?);
        outln!("{}", table.data_sheet.trim_end());
        return Ok(());
    }
    if !which.is_on_the_hub() {
        let data = TextDataset::embedded(&which.name)?;
        let known = embedded::TEXT.iter().find(|known| known.name == which.name);
        let known = known.ok_or_else(|| {
            Failure::input(format!("{}: there is no such data set; see `tunebook data list`", which.name))
        })?;
        if as_json {
            return stored(known.name, known.about, Some(known.json_lines()), known.data_sheet);
        }
        outln!("{data}");
        outln!("{}", known.data_sheet.trim_end());
        return Ok(());
    }
    on_hub(which, as_json)
}

fn stored(name: &str, about: &str, rows: Option<&str>, data_sheet: &str) -> Result<()> {
    let about = json!({
        "name": name,
        "about": about,
        "licence": listing::OWN_LICENCE,
        "bytes": rows.map(str::len),
        "sha256": rows.map(list::sha256),
        "data_sheet": data_sheet,
    });
    outln!("{about:#}");
    Ok(())
}

fn images(data: &PublicImages, as_json: bool) -> Result<()> {
    if as_json {
        outln!("{:#}", list::images_json(data)?);
        return Ok(());
    }
    let path = data.path()?;
    outln!("{}", data.name);
    outln!("about       {}", data.about);
    outln!("source      {}", data.home_page);
    outln!("address     {}", data.url);
    outln!("licence     {}", data.licence);
    outln!("citation    {}", data.citation);
    outln!("MD5         {}", data.md5);
    outln!("labels      {}", data.label_names.join(", "));
    if path.is_file() {
        data.check(&path)?;
        outln!("file        {}, as published", path.display());
        outln!("\n{}", data.read(&path)?);
    } else {
        outln!("\nnot fetched yet: tunebook data get {}", data.name);
    }
    outln!("In Rust: ImageDataset::public(\"{}\")?.fixed_split()?", data.name);
    Ok(())
}

fn on_hub(which: &Which, as_json: bool) -> Result<()> {
    let listed = catalogue::data(&which.name).map(|data| &data.listed);
    let cached = listing::cached(Kind::Dataset).unwrap_or_default();
    let cached = cached.iter().find(|repository| repository.id == which.name);
    let has_rows = cached.is_some_and(|repository| {
        let files = repository.revisions.iter().flat_map(|revision| &revision.files);
        files.into_iter().any(|(path, _)| path.ends_with(".parquet"))
    });
    if let Some(listed) = listed.filter(|_| !has_rows) {
        if as_json {
            outln!("{:#}", listed.json());
            return Ok(());
        }
        return listing::print_listed(listed, &format!("tunebook data get {}", which.name));
    }
    let data = which.load(false)?;
    let split = data.fixed_split()?;
    let (train, validation, test) = (split.train.len(), split.validation.len(), split.test.len());
    // Loading may have fetched it.
    let cached = listing::cached(Kind::Dataset)?;
    let cached: Vec<_> = cached.into_iter().filter(|repository| repository.id == which.name).collect();
    if as_json {
        let about = json!({
            "id": which.name,
            "rows": {"train": train, "validation": validation, "test": test},
            "labels": data.label_names(),
            "licence": listed.map(|listed| listed.licence),
            "cached": listing::cached_json(&cached),
        });
        outln!("{about:#}");
        return Ok(());
    }
    outln!("{data}");
    outln!("fixed split: {train} train, {validation} validation, {test} test");
    if let Some(listed) = listed {
        outln!("licence: {}", listed.licence);
    }
    listing::print_cached(&cached)
}

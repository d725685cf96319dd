//! `tunebook data list`.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tunebook::data::{PublicImages, embedded, export, image};
use tunebook::hub::Kind;

use crate::commands::{catalogue, listing};
use crate::failure::{Result, outln};

/// A data set inside the library, with its rows as they are stored; a generated table has none.
struct Inside {
    name: &'static str,
    about: &'static str,
    stored: Option<&'static str>,
}

fn inside() -> Vec<Inside> {
    let texts = embedded::TEXT.iter().map(|data| (data.name, data.about, Some(data.json_lines())));
    let exports = export::EXPORTS.iter().map(|data| (data.name, data.about, Some(data.csv())));
    let tables = embedded::TABLES.iter().map(|table| (table.name, table.about, None));
    texts.chain(exports).chain(tables).map(|(name, about, stored)| Inside { name, about, stored }).collect()
}

pub(super) fn run(as_json: bool) -> Result<()> {
    let cached = listing::cached(Kind::Dataset)?;
    if as_json {
        let inside: Vec<Value> = inside().iter().map(inside_json).collect();
        let on_hub: Vec<Value> = catalogue::DATA.iter().map(|data| data.listed.json()).collect();
        let files = image::public::ALL.iter().map(images_json).collect::<Result<Vec<_>>>()?;
        outln!(
            "{:#}",
            json!({"embedded": inside, "cached": listing::cached_json(&cached), "hub": on_hub, "files": files})
        );
        return Ok(());
    }
    let rows: Vec<Vec<String>> = inside()
        .iter()
        .map(|data| {
            let size = data.stored.map_or_else(|| "generated".to_owned(), |rows| listing::size(rows.len() as u64));
            let hash = data
                .stored
                .map_or_else(|| "from a seed".to_owned(), |rows| format!("SHA-256 {}", listing::short(&sha256(rows))));
            vec![data.name.to_owned(), size, listing::OWN_LICENCE.to_owned(), hash, data.about.to_owned()]
        })
        .collect();
    listing::section("Inside the library", &rows)?;
    listing::print_cached(&cached)?;
    let on_hub: Vec<Vec<String>> = catalogue::DATA.iter().map(|data| listing::listed_row(&data.listed)).collect();
    listing::section("\nOn the Hugging Face Hub, among others: tunebook data get NAME", &on_hub)?;
    let files = image::public::ALL.iter().map(images_row).collect::<Result<Vec<_>>>()?;
    listing::section("\nImages at their publisher's: tunebook data get NAME", &files)
}

fn inside_json(data: &Inside) -> Value {
    json!({
        "name": data.name,
        "about": data.about,
        "licence": listing::OWN_LICENCE,
        "bytes": data.stored.map(str::len),
        "sha256": data.stored.map(sha256),
    })
}

fn images_row(data: &PublicImages) -> Result<Vec<String>> {
    let there = if data.path()?.is_file() { "is there" } else { "not fetched" };
    Ok(vec![
        data.name.to_owned(),
        format!("under {} MB", data.megabytes),
        data.licence.to_owned(),
        there.to_owned(),
        format!("MD5 {}", listing::short(data.md5)),
        data.about.to_owned(),
    ])
}

/// What is known of a public image data set.
pub(super) fn images_json(data: &PublicImages) -> Result<Value> {
    let path = data.path()?;
    Ok(json!({
        "name": data.name,
        "about": data.about,
        "licence": data.licence,
        "url": data.url,
        "md5": data.md5,
        "home_page": data.home_page,
        "citation": data.citation,
        "labels": data.label_names,
        "path": path,
        "fetched": path.is_file(),
        "bytes": std::fs::metadata(&path).ok().map(|about| about.len()),
    }))
}

/// The SHA-256 of rows as they are stored.
pub(super) fn sha256(rows: &str) -> String {
    Sha256::digest(rows).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

//! What `model` and `data` list and say in the same way: sizes, hashes, columns, what is in the Hub's cache.

use std::path::Path;

use serde_json::{Value, json};
use tunebook::hub::{self, CachedRepository, Kind};

use super::catalogue::Listed;
use crate::failure::{Failure, Result, outln};

/// The licence of all that is inside the library.
pub(crate) const OWN_LICENCE: &str = "MIT OR Apache-2.0";

/// Bytes as a person reads them.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..10_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}

/// The first digits of a hash, enough to compare by eye.
pub(crate) fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// Rows below a heading, their cells in columns.
pub(crate) fn section(heading: &str, rows: &[Vec<String>]) -> Result<()> {
    outln!("{heading}");
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width =
        |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        outln!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    if rows.is_empty() {
        outln!("  nothing yet");
    }
    Ok(())
}

/// What the Hub's cache has of one kind.
pub(crate) fn cached(kind: Kind) -> Result<Vec<CachedRepository>> {
    Ok(hub::cached()?.into_iter().filter(|repository| repository.kind == kind).collect())
}

/// The section of what is cached.
pub(crate) fn print_cached(repositories: &[CachedRepository]) -> Result<()> {
    let rows: Vec<Vec<String>> = repositories
        .iter()
        .map(|repository| {
            let revisions = repository.revisions.iter().map(|revision| match revision.names.join(", ") {
                names if names.is_empty() => short(&revision.commit).to_owned(),
                names => format!("{} ({names})", short(&revision.commit)),
            });
            let begun = match repository.incomplete_bytes {
                0 => String::new(),
                bytes => format!(", and {} of a download that broke off", size(bytes)),
            };
            let size_on_disk = format!("{}{begun}", size(repository.bytes));
            vec![repository.id.clone(), size_on_disk, revisions.collect::<Vec<_>>().join(", ")]
        })
        .collect();
    section(&format!("\nIn the Hub's cache, {}", hub::cache_folder()?.display()), &rows)
}

pub(crate) fn cached_json(repositories: &[CachedRepository]) -> Value {
    let all = repositories.iter().map(|repository| {
        let revisions = repository.revisions.iter().map(|revision| {
            let files = revision.files.iter().map(|(path, bytes)| json!({"path": path, "bytes": bytes}));
            let files: Vec<Value> = files.collect();
            json!({"commit": revision.commit, "names": revision.names, "folder": revision.folder, "files": files})
        });
        json!({
            "id": repository.id,
            "bytes": repository.bytes,
            "incomplete_bytes": repository.incomplete_bytes,
            "revisions": revisions.collect::<Vec<_>>(),
        })
    });
    all.collect()
}

/// Compares what the cache has of the listed revision with the listed checksums. Each file was compared with the name of its
/// content when it arrived; this is about the server, which gave that name. `asked` is the branch, tag or commit.
pub(crate) fn check_listed(listed: &Listed, kind: Kind, asked: Option<&str>) -> Result<()> {
    let cached = cached(kind)?;
    let of_it =
        cached.iter().filter(|repository| repository.id == listed.id).flat_map(|repository| &repository.revisions);
    for revision in of_it.filter(|revision| revision.commit == listed.revision) {
        let has_name = |asked: &str| asked == revision.commit || revision.names.iter().any(|name| name == asked);
        // An older commit, which no name stands for, is not what was asked for.
        if !asked.map_or(!revision.names.is_empty(), has_name) {
            continue;
        }
        for file in listed.files {
            let path = revision.folder.join(file.path).canonicalize().ok();
            let found = path.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy());
            let (Some(found), Some(sha256)) = (found, file.sha256) else { continue };
            if found != sha256 {
                let problem = format!("{} has SHA-256 {found} at revision {}", file.path, listed.revision);
                let mend = "check HF_ENDPOINT: another server answers";
                return Err(Failure::input(format!("{}: {problem}, and {sha256} is known of it; {mend}", listed.id)));
            }
        }
    }
    Ok(())
}

/// The row of a model or data set of the Hub.
pub(crate) fn listed_row(listed: &Listed) -> Vec<String> {
    let hash = match listed.files {
        [only] => only.sha256.map_or_else(|| "as the Hub says".to_owned(), |hash| format!("SHA-256 {}", short(hash))),
        files => format!("SHA-256 of {} files", files.len()),
    };
    let revision = short(listed.revision).to_owned();
    vec![listed.id.to_owned(), size(listed.bytes()), listed.licence.to_owned(), revision, hash, listed.about.to_owned()]
}

/// What is known of a model or data set of the Hub before it is fetched.
pub(crate) fn print_listed(listed: &Listed, get: &str) -> Result<()> {
    outln!("{}", listed.id);
    outln!("about       {}", listed.about);
    outln!("licence     {}", listed.licence);
    outln!("size        {}", size(listed.bytes()));
    outln!("revision    {}", listed.revision);
    for file in listed.files {
        let hash =
            file.sha256.map_or_else(|| "compared with what the Hub says".to_owned(), |hash| format!("SHA-256 {hash}"));
        outln!("{:<11} {hash}", file.path);
    }
    outln!("\nnot in the cache: {get}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_round_and_never_too_small() {
        assert_eq!([size(1), size(999_999), size(6_512_041)], ["1 kB", "1000 kB", "6.5 MB"]);
        assert_eq!([size(90_868_376), size(10_000_001)], ["91 MB", "11 MB"]);
        assert_eq!((short("1110a243fdf4706b"), short("main")), ("1110a243fdf4", "main"));
    }
}

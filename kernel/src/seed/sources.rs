//! The copy of the sources that a seed is built from.
//!
//! It lies outside the repository (Cargo refuses a workspace below another) under a name made of
//! its content, so the path that Cargo's fingerprints hold means the same files for ever.
use super::{SeedSpec, key};
use crate::error::{At, Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The files that are copied, relative to the root, sorted.
pub(super) fn files(spec: &SeedSpec) -> Result<Vec<PathBuf>> {
    let facade = spec.sources.join(&spec.facade).join("Cargo.toml");
    if !facade.is_file() {
        return Err(Error::new(format!("{}: the cells' library is not there", facade.display()))
            .with_mend("run this in a complete checkout of the repository"));
    }
    let mut found = Vec::new();
    for entry in &spec.copied {
        let path = spec.sources.join(entry);
        if path.is_dir() {
            collect(&path, entry, &mut found)?;
        } else if path.is_file() {
            found.push(entry.clone());
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn collect(folder: &Path, relative: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).at(folder)? {
        let entry = entry.at(folder)?;
        let name = entry.file_name();
        // Build outputs are large and change; hidden files are an editor's.
        if name == "target" || name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let (path, relative) = (entry.path(), relative.join(&name));
        if path.is_dir() {
            collect(&path, &relative, found)?;
        } else {
            found.push(relative);
        }
    }
    Ok(())
}

/// The folder that [`copy`] makes.
pub(super) fn folder(home: &Path, seed_key: &str) -> PathBuf {
    home.join("sources").join(key::of_sources(seed_key))
}

/// Copies the sources, unless that copy exists.
pub(super) fn copy(spec: &SeedSpec, to: &Path) -> Result<()> {
    if to.is_dir() {
        return Ok(());
    }
    let partial = to.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).at(&partial)?;
    }
    for file in files(spec)? {
        let (source, target) = (spec.sources.join(&file), partial.join(&file));
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).at(folder)?;
        }
        fs::copy(&source, &target).at(&source)?;
    }
    fs::rename(&partial, to).at(to)
}

/// Removes copies that no seed and no session uses.
pub(super) fn remove_others(home: &Path, used: &Path) {
    if crate::session::any_alive(home) {
        return;
    }
    let Ok(entries) = fs::read_dir(home.join("sources")) else { return };
    for folder in entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|folder| folder != used) {
        // Only disk space is lost when this fails, and the next setup tries again.
        let _ = fs::remove_dir_all(folder);
    }
}

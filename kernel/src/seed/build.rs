//! Builds a seed.
//!
//! All work happens in `seed.partial`; a finished, checked seed is renamed to `seed`. After Ctrl-C
//! `seed.partial` stays, and the next build goes on with what Cargo has compiled there.
use super::cargo::News;
use super::estimate::Estimate;
use super::{RECORD, Record, Seed, SeedSpec, Toolchain, cargo, key, layout, sources};
use crate::engine::{Engine, EngineOptions, Output};
use crate::error::{At, Error, Result};
use crate::host::metadata;
use crate::session;
use serde_json::Value;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A step of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Copying the sources.
    Copying,
    /// Fetching crates that Cargo does not have yet.
    Fetching,
    /// Compiling: nearly all of the time.
    Compiling,
    /// Running a cell with the new library.
    Checking,
}

/// How far a build is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Crates compiled so far.
    pub done: usize,
    /// Crates in all; 0 while not known.
    pub total: usize,
    /// What is being compiled now.
    pub detail: String,
    /// Time left, from the rate of this build; `None` while there is no rate.
    pub remaining: Option<Duration>,
}

impl Progress {
    fn at(step: Step) -> Self {
        Self { step, done: 0, total: 0, detail: String::new(), remaining: None }
    }
}

/// Builds the seed, or returns the one that is there when it is current.
pub fn build(spec: &SeedSpec, report: &mut dyn FnMut(Progress)) -> Result<Seed> {
    fs::create_dir_all(&spec.home).at(&spec.home)?;
    let home = spec.home.canonicalize().at(&spec.home)?;
    let spec = SeedSpec { home: home.clone(), ..spec.clone() };
    let lock = File::create(home.join("seed.lock")).at(&home)?;
    // A second `setup` waits here and then finds the first one's seed.
    lock.lock().at(&home)?;
    let toolchain = Toolchain::of(&spec.sources)?;
    toolchain.check_sources()?;
    let seed_key = key::with_toolchain(&spec, &toolchain)?;
    if let Ok(Some(seed)) = super::open(&home)
        && seed.record.key == seed_key
    {
        return Ok(seed);
    }
    report(Progress::at(Step::Copying));
    let source_copy = sources::folder(&home, &seed_key);
    sources::copy(&spec, &source_copy)?;
    let partial = home.join("seed.partial");
    let workspace = partial.join("ws");
    begin_with_what_is_there(&home, &partial, &toolchain, &spec)?;
    let dependency = dependency(&spec, &source_copy);
    let lock_file = source_copy.join("Cargo.lock");
    let locked = fs::read_to_string(&lock_file).unwrap_or_default();
    layout::write(&workspace, &dependency, &locked, &toolchain)?;

    report(Progress::at(Step::Fetching));
    cargo::fetch(&toolchain, &workspace)?;
    check_versions(&locked, &workspace.join("Cargo.lock"))?;
    describe_standard_library(&toolchain, &workspace)?;
    let library = compile(&spec, &toolchain, &workspace, report)?;
    finish_artifacts(&workspace)?;
    layout::make_small(&workspace)?;

    let library = library.strip_prefix(&workspace).map(Path::to_owned).map_err(|_| {
        Error::new(format!("{}: the cells' library was built outside of its workspace", library.display()))
    })?;
    let record = Record {
        key: seed_key,
        toolchain,
        dependency,
        name: spec.name.clone(),
        analysed: spec.analysed.clone(),
        library,
        sources: source_copy,
    };
    let json = serde_json::to_string_pretty(&record).map_err(|error| Error::new(error.to_string()))?;
    let file = partial.join(RECORD);
    fs::write(&file, json).at(&file)?;
    let seed = Seed { home: home.clone(), folder: partial, record };
    report(Progress::at(Step::Checking));
    check(&spec, &seed)?;
    put_in_place(seed)
}

/// The facade as a dependency, as evcxr's `:dep` and a manifest write it.
fn dependency(spec: &SeedSpec, sources: &Path) -> String {
    let path = sources.join(&spec.facade);
    // A JSON string of a path is a TOML string too.
    format!("{} = {{ package = \"{}\", path = {} }}", spec.name, spec.package, Value::from(path.to_string_lossy()))
}

/// Fails when Cargo chose other versions of crates than the repository's lock file has.
fn check_versions(locked: &str, lock_file: &Path) -> Result<()> {
    let now = fs::read_to_string(lock_file).at(lock_file)?;
    let expected = registry_packages(locked);
    let other = registry_packages(&now).into_iter().find(|package| !expected.contains(package));
    match other {
        None => Ok(()),
        Some((name, version)) => Err(Error::new(format!(
            "{}: {name} {version} is not in the repository's Cargo.lock",
            lock_file.display()
        ))
        .with_mend(
            "commit a Cargo.lock that fits Cargo.toml: run `cargo generate-lockfile --offline`, or `cargo check`",
        )),
    }
}

/// Names and versions of the crates in a lock file that come from a registry.
fn registry_packages(lock: &str) -> Vec<(String, String)> {
    let value = |block: &str, key: &str| {
        let start = format!("{key} = \"");
        block.lines().find_map(|line| Some(line.strip_prefix(&start)?.trim_end_matches('"').to_owned()))
    };
    lock.split("[[package]]")
        .filter(|block| block.contains("\nsource = \"registry"))
        .filter_map(|block| Some((value(block, "name")?, value(block, "version")?)))
        .collect()
}

/// Goes on with an interrupted build, or begins with the crates of the seed before.
fn begin_with_what_is_there(home: &Path, partial: &Path, toolchain: &Toolchain, spec: &SeedSpec) -> Result<()> {
    let mark = partial.join("rustc");
    let same =
        |folder: &Path| fs::read_to_string(folder.join("rustc")).is_ok_and(|version| version == toolchain.version);
    // A seed.json says that the build was finished: its workspace has a session's form by now.
    if partial.exists() && (!same(partial) || partial.join(RECORD).exists()) {
        fs::remove_dir_all(partial).at(partial)?;
    }
    let old = home.join("seed");
    if !partial.exists() && same(&old) {
        session::copy_tree(&old.join("ws/ctx/target"), &partial.join("ws/ctx/target"))?;
        let stem = spec.package.split('-').next().unwrap_or(&spec.package);
        remove_named(&partial.join("ws/ctx/target"), stem)?;
    }
    fs::create_dir_all(partial).at(partial)?;
    fs::write(&mark, &toolchain.version).at(&mark)
}

/// Removes what was built from the course's own crates: it is built anew under other names.
fn remove_named(folder: &Path, stem: &str) -> Result<()> {
    for entry in fs::read_dir(folder).at(folder)? {
        let path = entry.at(folder)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ours = name.trim_start_matches("lib").starts_with(stem);
        match (path.is_dir(), ours) {
            (true, true) => fs::remove_dir_all(&path).at(&path)?,
            (true, false) => remove_named(&path, stem)?,
            (false, true) => fs::remove_file(&path).at(&path)?,
            (false, false) => {}
        }
    }
    Ok(())
}

fn compile(
    spec: &SeedSpec,
    toolchain: &Toolchain,
    workspace: &Path,
    report: &mut dyn FnMut(Progress),
) -> Result<PathBuf> {
    let lock = workspace.join("Cargo.lock");
    let mut estimate = Estimate::new(&fs::read_to_string(&lock).at(&lock)?);
    cargo::build(toolchain, workspace, &spec.package, &mut |news| match news {
        News::Finished { package, fresh } => estimate.finished(&package, fresh),
        News::Progress { done, total, compiling } => {
            let remaining = estimate.remaining(done, total);
            report(Progress { step: Step::Compiling, done, total, detail: compiling, remaining });
        }
    })
}

/// Writes what the analyser is told about the standard library. Without the file it takes the
/// standard library alone, and types that involve a `HashMap` have to be written out.
fn describe_standard_library(toolchain: &Toolchain, workspace: &Path) -> Result<()> {
    let file = workspace.join(layout::TOOLS).join(layout::STANDARD_LIBRARY);
    match cargo::standard_library(toolchain, workspace) {
        Some(json) => {
            let json = metadata::pruned(json, &layout::STANDARD_CRATES.into());
            fs::write(&file, json).at(&file)
        }
        None => Ok(()),
    }
}

/// Leaves only what a session needs, and makes large files safe to link.
fn finish_artifacts(workspace: &Path) -> Result<()> {
    let target = workspace.join("ctx/target");
    for profile in [target.clone(), workspace.to_owned()] {
        remove_incremental(&profile)?;
    }
    make_read_only(&target)
}

fn remove_incremental(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).at(folder)? {
        let path = entry.at(folder)?.path();
        if path.is_dir() {
            if path.ends_with("incremental") {
                fs::remove_dir_all(&path).at(&path)?;
            } else {
                remove_incremental(&path)?;
            }
        }
    }
    Ok(())
}

/// Takes the right to write from libraries and programs: a session's link must not change them.
fn make_read_only(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).at(folder)? {
        let path = entry.at(folder)?.path();
        let about = fs::symlink_metadata(&path).at(&path)?;
        if about.is_dir() {
            make_read_only(&path)?;
        } else if about.is_file() && is_artifact(&path) {
            let mode = about.permissions().mode() & !0o222;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).at(&path)?;
        }
    }
    Ok(())
}

/// Compiled code and data of build scripts. Not Cargo's own notes, which it rewrites in place.
fn is_artifact(path: &Path) -> bool {
    let compiled = path.extension().is_some_and(|end| {
        end == "rlib" || end == "rmeta" || end == "so" || end == "dylib" || end == "a" || end == "o"
    });
    let build_script = path.extension().is_none() && path.components().any(|part| part.as_os_str() == "build");
    compiled || (build_script && !path.components().any(|part| part.as_os_str() == ".fingerprint"))
}

/// Runs a cell in a session of the new seed. It must find everything compiled.
fn check(spec: &SeedSpec, seed: &Seed) -> Result<()> {
    let options =
        EngineOptions { program: spec.program.clone(), folder: Some(seed.home.clone()), ..EngineOptions::default() };
    let mut engine = Engine::start(seed, options)?;
    let mut compiled = Vec::new();
    let result = engine.execute(&spec.check, &mut |output| {
        if let Output::Stream { text, .. } = output
            && text.starts_with("Compiling ")
        {
            compiled.push(text.trim().to_owned());
        }
    });
    if let Some(error) = result.error {
        return Err(Error::new(format!(
            "the cells' library was built, but a cell fails:\n{}",
            error.traceback.join("\n")
        )));
    }
    // The session's library is a link to the seed's, unless the session made one of its own.
    let library = seed.workspace().join(&seed.record.library);
    let linked = fs::metadata(&library).at(&library)?.nlink() > 1;
    if linked && compiled.is_empty() {
        return Ok(());
    }
    if compiled.is_empty() {
        compiled.push(spec.package.clone());
    }
    Err(Error::new(format!("a session would compile again: {}", compiled.join(", "))))
}

fn put_in_place(seed: Seed) -> Result<Seed> {
    let (place, old) = (seed.home.join("seed"), seed.home.join("seed.old"));
    if old.exists() {
        fs::remove_dir_all(&old).at(&old)?;
    }
    if place.exists() {
        fs::rename(&place, &old).at(&place)?;
    }
    fs::rename(&seed.folder, &place).at(&place)?;
    // The new seed is in place: what is left of the old one only takes up disk.
    let _ = fs::remove_dir_all(&old);
    sources::remove_others(&seed.home, &seed.record.sources);
    Ok(Seed { folder: place, ..seed })
}

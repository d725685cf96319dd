//! The seed: the library that cells link, compiled once.
//!
//! [`build`] compiles the facade (in the course: the teaching crate) in a workspace like the one
//! a session has, with the flags that evcxr will use, checks it by running a cell, and puts it in
//! place as `TUNEBOOK_HOME/seed`. A [`Seed`] is such a finished folder. Read [`layout`] for what
//! lies in it, [`build`](mod@build) for how it comes to be.
mod build;
mod cargo;
mod estimate;
mod key;
pub(crate) mod layout;
mod sources;
mod toolchain;

pub use build::{Progress, Step, build};
pub use key::key;
pub use toolchain::Toolchain;

use crate::error::{At, Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a seed is made from.
#[derive(Debug, Clone)]
pub struct SeedSpec {
    /// `TUNEBOOK_HOME`: where the seed and the sessions lie.
    pub home: PathBuf,
    /// The root of the repository.
    pub sources: PathBuf,
    /// What is copied out of it, relative to the root. Entries that do not exist are left out.
    pub copied: Vec<PathBuf>,
    /// The facade's folder, relative to the root.
    pub facade: PathBuf,
    /// The facade's package name.
    pub package: String,
    /// The name by which cells know the facade.
    pub name: String,
    /// The packages whose sources the analyser reads: the facade and those whose types cells
    /// meet. Empty: all of them, which makes the first cell of a notebook slow.
    pub analysed: Vec<String>,
    /// A cell that must run before the seed is put in place.
    pub check: String,
    /// The program that [`crate::run_if_child`] is part of; the default is this one.
    pub program: Option<PathBuf>,
}

impl SeedSpec {
    /// The course's own seed, from a checkout of the repository.
    ///
    /// ```
    /// use tunebook_kernel::seed::SeedSpec;
    /// let spec = SeedSpec::tunebook("/home/me/.local/share/tunebook/0.1.0", "/home/me/tunebook");
    /// assert_eq!(spec.name, "tunebook");
    /// ```
    pub fn tunebook(home: impl Into<PathBuf>, sources: impl Into<PathBuf>) -> Self {
        let copied = [
            "Cargo.toml",
            "Cargo.lock",
            "rust-toolchain.toml",
            "src",
            "grader",
            "models",
            "data",
            "assets",
            "kernel/facade",
        ];
        Self {
            home: home.into(),
            sources: sources.into(),
            copied: copied.map(PathBuf::from).to_vec(),
            facade: PathBuf::from("kernel/facade"),
            package: "tunebook-facade".to_owned(),
            name: "tunebook".to_owned(),
            analysed: ANALYSED.map(str::to_owned).to_vec(),
            check: "use tunebook::prelude::*;\nlet seed_check = 6 * 7;\nseed_check".to_owned(),
            program: None,
        }
    }
}

/// The crates whose types a lesson meets.
const ANALYSED: [&str; 7] =
    ["tunebook-facade", "tunebook", "tunebook-grader", "candle-core", "candle-nn", "half", "safetensors"];

/// A finished seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    home: PathBuf,
    /// The seed's own folder: `seed`, or `seed.partial` while it is checked.
    folder: PathBuf,
    record: Record,
}

/// What `seed.json` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    key: String,
    toolchain: Toolchain,
    /// The argument of evcxr's `:dep`.
    dependency: String,
    name: String,
    /// The packages that the analyser reads.
    analysed: Vec<String>,
    /// The facade's dynamic library, relative to the workspace.
    library: PathBuf,
    /// The copy of the sources that it was built from.
    sources: PathBuf,
}

/// Opens the seed of a home folder; `None` when there is none.
///
/// A seed whose compiler has changed since is an error that says what to do.
pub fn open(home: &Path) -> Result<Option<Seed>> {
    if !home.join("seed").join(RECORD).is_file() {
        return Ok(None);
    }
    let home = home.canonicalize().at(home)?;
    let folder = home.join("seed");
    let file = folder.join(RECORD);
    let text = std::fs::read_to_string(&file).at(&file)?;
    let record = serde_json::from_str(&text)
        .map_err(|error| Error::new(format!("{}: {error}", file.display())).with_mend("run `tunebook setup`"))?;
    let seed = Seed { home, folder, record };
    seed.check_toolchain()?;
    Ok(Some(seed))
}

/// Whether the home folder has a seed made of exactly these sources with today's compiler.
pub fn is_current(spec: &SeedSpec) -> Result<bool> {
    match open(&spec.home) {
        Ok(Some(seed)) => Ok(seed.record.key == key(spec)?),
        // Another compiler: not current, and `build` makes it so.
        Ok(None) | Err(_) => Ok(false),
    }
}

const RECORD: &str = "seed.json";

impl Seed {
    /// Identifies compiler, lock file, sources and profile.
    pub fn key(&self) -> &str {
        &self.record.key
    }

    /// The compiler that cells and exercises are compiled with.
    pub fn rustc(&self) -> &Path {
        &self.record.toolchain.rustc
    }

    /// The arguments by which `rustc` finds the facade: `use tunebook::prelude::*;` works in a
    /// file compiled with them. Crate type, output and optimisation are the caller's.
    pub fn rustc_args(&self) -> Vec<String> {
        let library = self.workspace().join(&self.record.library);
        let folder = |path: PathBuf| format!("dependency={}", path.display());
        let host_folder = self.workspace().join("ctx/target/debug/deps");
        [
            "--edition=2024".to_owned(),
            "--extern".to_owned(),
            format!("{}={}", self.record.name, library.display()),
            "-L".to_owned(),
            folder(library.parent().map(Path::to_owned).unwrap_or_default()),
            "-L".to_owned(),
            folder(host_folder),
            "-C".to_owned(),
            "prefer-dynamic".to_owned(),
        ]
        .into()
    }

    /// The folders where a program compiled that way finds its libraries when it runs, as the
    /// value of `LD_LIBRARY_PATH` (`DYLD_LIBRARY_PATH` on macOS).
    pub fn runtime_library_path(&self) -> String {
        let library = self.workspace().join(&self.record.library);
        let folders =
            [library.parent().map(Path::to_owned).unwrap_or_default(), self.record.toolchain.library_folder()];
        folders.map(|folder| folder.display().to_string()).join(":")
    }

    /// Fails when the compiler is not the one that the seed was built with.
    pub fn check_toolchain(&self) -> Result<()> {
        self.record.toolchain.check_sources()?;
        self.record.toolchain.check_unchanged()
    }

    /// Where the standard library lies as a dynamic library.
    pub(crate) fn library_folder(&self) -> PathBuf {
        self.record.toolchain.library_folder()
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.join("ws")
    }

    pub(crate) fn analysed(&self) -> &[String] {
        &self.record.analysed
    }

    pub(crate) fn dependency(&self) -> &str {
        &self.record.dependency
    }
}

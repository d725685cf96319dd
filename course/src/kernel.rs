//! The one place that knows the kernel's crate: its seed and its runner, with this crate's errors.

use std::path::Path;

use serde_json::Value;
use tunebook_kernel::engine::{Engine, EngineOptions};
use tunebook_kernel::notebook::{self, Notebook, RunOptions};
use tunebook_kernel::seed::{self, Seed, SeedSpec};

use crate::exercise::Toolchain;
use crate::{Course, Error, Home, Result};

/// The kernel's error with the place that this side knows.
pub(crate) fn error(place: impl std::fmt::Display, e: &tunebook_kernel::Error) -> Error {
    Error::input(place, e.problem(), e.mend().unwrap_or_default())
}

/// What the seed of a course is made from.
pub(crate) fn seed_spec(home: &Home, course: &Course) -> SeedSpec {
    SeedSpec::tunebook(home.path(), course.root())
}

/// The seed; an error with the mend when setup has not run or the compiler has changed.
pub(crate) fn open_seed(home: &Home) -> Result<Seed> {
    let seed = seed::open(home.path()).map_err(|e| error("seed", &e))?;
    seed.ok_or_else(|| Error::input("seed", "the cells' library is not built yet", "run `tunebook setup`"))
}

/// What exercises are compiled with.
pub(crate) fn toolchain(home: &Home) -> Result<Toolchain> {
    let seed = open_seed(home)?;
    Ok(Toolchain {
        rustc: seed.rustc().to_path_buf(),
        arguments: with_dependencies(seed.rustc_args()).into_iter().map(Into::into).collect(),
        library_path: seed.runtime_library_path().into(),
        key: seed.key().to_owned(),
    })
}

/// Adds the `deps` folders: Cargo puts the facade's library above the crates that its types come from.
fn with_dependencies(mut arguments: Vec<String>) -> Vec<String> {
    let folders = arguments.iter().filter_map(|argument| argument.strip_prefix("dependency="));
    let deeper: Vec<String> = folders
        .map(|folder| Path::new(folder).join("deps"))
        .filter(|folder| folder.is_dir())
        .map(|folder| format!("dependency={}", folder.display()))
        .collect();
    for folder in deeper {
        arguments.extend(["-L".to_owned(), folder]);
    }
    arguments
}

/// Executes a notebook in a fresh engine, its cells in `folder`; a failing cell is an error that names it.
pub(crate) fn run_notebook(notebook: &str, place: &str, home: &Home, folder: &Path) -> Result<Value> {
    let seed = open_seed(home)?;
    let fail = |e: tunebook_kernel::Error| error(place, &e);
    let notebook = Notebook::parse(notebook, place).map_err(fail)?;
    let options = EngineOptions { folder: Some(folder.to_owned()), ..EngineOptions::default() };
    let mut engine = Engine::start(&seed, options).map_err(fail)?;
    let run = notebook::run(&notebook, &mut engine, &RunOptions::default(), &mut |_| {}).map_err(fail)?;
    match run.failure {
        None => Ok(run.notebook.json().clone()),
        Some(failure) => {
            let cell = &run.notebook.json()["cells"][failure.cell - 1]["id"];
            let what = format!(
                "the cell `{}` fails: {}\n{}",
                cell.as_str().unwrap_or_default(),
                failure.error.evalue,
                failure.error.traceback.join("\n")
            );
            Err(Error::work(place, what, "correct the cell"))
        }
    }
}

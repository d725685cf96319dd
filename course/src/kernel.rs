//! The one place that knows the kernel's crate: its seed and its runner, with this crate's errors.

use serde_json::Value;
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
        arguments: seed.rustc_args().into_iter().map(Into::into).collect(),
        library_path: seed.runtime_library_path().into(),
        key: seed.key().to_owned(),
    })
}

/// Executes a notebook in a fresh engine; a failing cell is an error that names it.
pub(crate) fn run_notebook(notebook: &str, place: &str, home: &Home) -> Result<Value> {
    let _ = (notebook, place, open_seed(home)?);
    Err(Error::input(place, "not joined yet", ""))
}

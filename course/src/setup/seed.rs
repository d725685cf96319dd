//! The cells' library: the teaching crate, compiled once by the kernel's crate.

use tunebook_kernel::seed::{self, Progress, Step as Phase, Toolchain};

use super::machine::MB;
use super::progress::Bar;
use super::step::{Context, Cost, Step};
use crate::Result;
use crate::kernel::{error, seed_spec};

/// How errors name it.
const PLACE: &str = "the notebooks' library";

/// The step of setup.
pub(crate) struct BuildSeed;

impl Step for BuildSeed {
    fn title(&self) -> String {
        "The notebooks' library, compiled once".to_owned()
    }

    fn cost(&self, _context: &Context) -> Cost {
        Cost { disk: 700 * MB, time: "5 to 12 minutes" }
    }

    fn is_current(&self, context: &Context) -> Result<bool> {
        seed::is_current(&seed_spec(&context.home, &context.course)).map_err(|e| error(PLACE, &e))
    }

    fn check(&self, context: &Context) -> Result<()> {
        let toolchain = Toolchain::of(context.course.root()).map_err(|e| error("rustc", &e))?;
        toolchain.check_sources().map_err(|e| error(toolchain.sysroot.display(), &e))
    }

    fn make(&self, context: &Context, bar: &mut Bar<'_>) -> Result<()> {
        let mut spec = seed_spec(&context.home, &context.course);
        spec.program = Some(context.program.clone());
        if let Err(why) = seed::open(context.home.path()) {
            bar.note(&format!("      {}: it is built again", why.problem()));
        }
        seed::build(&spec, &mut |progress| show(bar, &progress)).map(drop).map_err(|e| error(PLACE, &e))
    }
}

fn show(bar: &mut Bar<'_>, progress: &Progress) {
    match progress.step {
        Phase::Copying => bar.update(None, "copying the sources", None),
        Phase::Fetching => bar.update(None, "fetching crates", None),
        Phase::Checking => bar.update(Some(1.0), "running the first cell", None),
        Phase::Compiling => {
            let done = (progress.total > 0).then(|| progress.done as f64 / progress.total as f64);
            let doing = format!("{} of {} crates: {}", progress.done, progress.total, progress.detail);
            bar.update(done, &doing, progress.remaining);
        }
    }
}

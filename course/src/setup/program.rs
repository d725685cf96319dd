//! A copy of the program, which outlives `cargo clean`: the kernelspec starts it.

use std::path::Path;
use std::time::UNIX_EPOCH;

use super::progress::Bar;
use super::stamp::Stamp;
use super::step::{Context, Cost, Step};
use crate::{Error, Result, files};

const NAME: &str = "program";

/// The step of setup.
pub(crate) struct CopyProgram;

impl Step for CopyProgram {
    fn title(&self) -> String {
        "A copy of the program".to_owned()
    }

    fn cost(&self, context: &Context) -> Cost {
        Cost { disk: size(&context.program).unwrap_or_default(), time: "a second" }
    }

    fn is_current(&self, context: &Context) -> Result<bool> {
        let copy = context.home.program();
        if is_the_copy(&context.program, &copy) {
            return Ok(true);
        }
        let same_size = std::fs::metadata(&copy).is_ok_and(|about| Some(about.len()) == size(&context.program));
        Ok(same_size && Stamp::of(&context.home, NAME).is(&identity(&context.program)?))
    }

    fn make(&self, context: &Context, _bar: &mut Bar<'_>) -> Result<()> {
        let stamp = Stamp::of(&context.home, NAME);
        let key = identity(&context.program)?;
        stamp.clear()?;
        // By rename: a kernel that runs the old copy keeps it.
        files::copy(&context.program, &context.home.program())?;
        stamp.write(&key)
    }
}

/// Which program this is. Its path, size and time are enough, and a hash of so large a file is not quick.
pub(crate) fn identity(program: &Path) -> Result<String> {
    let about = std::fs::metadata(program).map_err(|e| Error::io(program, &e))?;
    let written = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Ok(format!("{} {} {}", program.display(), about.len(), written.as_nanos()))
}

fn is_the_copy(program: &Path, copy: &Path) -> bool {
    matches!((program.canonicalize(), copy.canonicalize()), (Ok(program), Ok(copy)) if program == copy)
}

fn size(file: &Path) -> Option<u64> {
    std::fs::metadata(file).ok().map(|about| about.len())
}

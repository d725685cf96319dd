//! Stamps: what each step was done for. A step without its stamp was never finished.

use std::path::PathBuf;

use crate::{Home, Result, files};

/// The stamp of one step.
#[derive(Debug, Clone)]
pub(crate) struct Stamp {
    file: PathBuf,
}

impl Stamp {
    /// The stamp of the step with this name.
    pub(crate) fn of(home: &Home, step: &str) -> Self {
        Self { file: home.stamp(step) }
    }

    /// What the step was last finished for.
    pub(crate) fn read(&self) -> Option<String> {
        std::fs::read_to_string(&self.file).ok()
    }

    /// Whether the step was last finished for exactly this.
    pub(crate) fn is(&self, key: &str) -> bool {
        self.read().is_some_and(|stamped| stamped == key)
    }

    /// Says that the step is finished. Call it last.
    pub(crate) fn write(&self, key: &str) -> Result<()> {
        files::write(&self.file, key)
    }

    /// Says that the step is not finished. Call it before anything is changed.
    pub(crate) fn clear(&self) -> Result<()> {
        files::remove(&self.file)
    }
}

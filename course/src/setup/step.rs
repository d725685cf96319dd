//! What a step of setup is, and how steps are run.

use std::fs::File;
use std::path::PathBuf;

use super::machine::{self, Machine};
use super::progress::{Bar, Reporter};
use crate::{Course, Error, Home, Result};

/// What every step works with.
#[derive(Debug)]
pub(crate) struct Context {
    /// Where everything is made.
    pub(crate) home: Home,
    /// What it is made from.
    pub(crate) course: Course,
    /// What this computer offers.
    pub(crate) machine: Machine,
    /// The program itself.
    pub(crate) program: PathBuf,
    /// Where the person's own Jupyter looks for kernels.
    pub(crate) user_jupyter: Option<PathBuf>,
    /// Held while setup runs.
    pub(crate) lock: Option<File>,
}

impl Context {
    /// The lock, for a child's standard input: should this process be killed, the lock holds until the child, which
    /// still writes, has ended too.
    pub(crate) fn lock_handle(&self) -> Result<Option<File>> {
        self.lock.as_ref().map(File::try_clone).transpose().map_err(|e| Error::io(self.home.path(), &e))
    }
}

/// What a step takes, roughly; said before it is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Bytes on disk.
    pub(crate) disk: u64,
    /// Time, in words.
    pub(crate) time: &'static str,
}

/// A step: done once, and again when what it was done for has changed.
pub(crate) trait Step {
    /// What it prepares, for a person.
    fn title(&self) -> String;

    /// What it takes.
    fn cost(&self, context: &Context) -> Cost;

    /// Whether there is nothing to do. Must be quick.
    fn is_current(&self, context: &Context) -> Result<bool>;

    /// Whether it can be done on this machine; asked before any step is begun.
    fn check(&self, _context: &Context) -> Result<()> {
        Ok(())
    }

    /// Does it. After an interruption at any moment `is_current` is false, and the next call goes on or begins anew.
    fn make(&self, context: &Context, bar: &mut Bar<'_>) -> Result<()>;
}

/// The steps that have something to do.
pub(crate) fn outstanding<'a>(steps: &'a [Box<dyn Step>], context: &Context) -> Result<Vec<&'a dyn Step>> {
    let mut todo = Vec::new();
    for step in steps {
        if !step.is_current(context)? {
            todo.push(step.as_ref());
        }
    }
    Ok(todo)
}

/// Says what will be prepared.
pub(crate) fn announce(todo: &[&dyn Step], context: &Context, reporter: &mut Reporter) {
    reporter.say(&format!("Preparing Tunebook in {}:", context.home.path().display()));
    let width = todo.iter().map(|step| step.title().chars().count()).max().unwrap_or_default();
    for (number, step) in todo.iter().enumerate() {
        let cost = step.cost(context);
        let size = machine::size(cost.disk);
        reporter.say(&format!("  {}. {:width$}  {}, {size}", number + 1, step.title(), cost.time));
    }
    let total = machine::size(disk_needed(todo, context));
    reporter.say(&format!("It takes up to {total} of disk. Ctrl-C is safe: the next run goes on from there."));
}

/// Fails, before anything is written, when a step cannot be done on this machine.
pub(crate) fn check(todo: &[&dyn Step], context: &Context) -> Result<()> {
    let free = machine::free_space(context.home.path())?;
    machine::check_space(context.home.path(), free, disk_needed(todo, context))?;
    todo.iter().try_for_each(|step| step.check(context))
}

/// Does the steps in order and stops at the first that fails; what is done stays done.
pub(crate) fn make(todo: &[&dyn Step], context: &Context, reporter: &mut Reporter) -> Result<()> {
    for (number, step) in todo.iter().enumerate() {
        let mut bar = reporter.begin(number + 1, todo.len(), &step.title());
        step.make(context, &mut bar)?;
        bar.finish();
    }
    Ok(())
}

/// What they take together.
pub(crate) fn disk_needed(todo: &[&dyn Step], context: &Context) -> u64 {
    todo.iter().map(|step| step.cost(context).disk).sum()
}

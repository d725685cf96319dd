//! Setup: prepares a fresh machine, and does nothing quickly when everything is there.
//!
//! | step | makes, below `TUNEBOOK_HOME` | again when |
//! | --- | --- | --- |
//! | [`jupyterlab`] | `venv`, unless JupyterLab is on `PATH` | requirements or Python change |
//! | [`program`] | `bin/tunebook` | the program is another |
//! | [`kernelspec`] | `share/jupyter/kernels/tunebook`, and the same in the person's Jupyter folder | it differs |
//! | [`seed`] | `seed` | compiler, lock file or sources change |
//! | [`book`] | `book` | lessons, book or the program change |
//!
//! Quick failures come first: what the machine lacks is found before any step begins, and JupyterLab, which needs the
//! network, comes before the long build. Read [`step`] for how steps run, [`machine`] and [`python`] for what is
//! asked of the machine, `progress` for what a person sees, `remove` for the way back.

mod book;
pub(crate) mod jupyterlab;
pub(crate) mod kernelspec;
pub(crate) mod machine;
pub(crate) mod pip;
mod program;
pub(crate) mod progress;
pub(crate) mod python;
mod remove;
mod seed;
mod stamp;
mod step;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::PathBuf;

pub use kernelspec::KERNEL_NAME;
pub use progress::Show;
pub use remove::{Removed, remove};

use crate::{Course, Error, Home, Result, files};
use machine::Machine;
use progress::Reporter;
pub(crate) use remove::claim;
use stamp::Stamp;
pub(crate) use step::Context;
use step::Step;

/// What is prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parts {
    /// Everything: kernel, JupyterLab, book.
    #[default]
    All,
    /// What cells need and nothing else: no Python, no network when Cargo has the crates.
    Kernel,
}

/// What setup works with.
#[derive(Debug, Clone)]
pub struct SetupOptions {
    /// Where everything is made.
    pub home: Home,
    /// What it is made from.
    pub course: Course,
    /// What is prepared.
    pub parts: Parts,
    /// How progress is shown.
    pub show: Show,
    /// The program that the kernelspec starts; `None`: this one.
    pub program: Option<PathBuf>,
    /// Where programs are looked for; `None`: `PATH`.
    pub search_path: Option<OsString>,
    /// The person's own Jupyter folder, which gets the kernelspec too; `None`: none.
    pub user_jupyter: Option<PathBuf>,
}

impl SetupOptions {
    /// Everything, for this person on this machine.
    pub fn new(home: Home, course: Course) -> Self {
        let user_jupyter = kernelspec::user_jupyter(&|name| std::env::var_os(name).map(PathBuf::from));
        let (parts, show) = (Parts::default(), Show::default());
        Self { home, course, parts, show, program: None, search_path: None, user_jupyter }
    }

    pub(crate) fn machine(&self) -> Machine {
        Machine::new(self.search_path.as_deref())
    }

    fn context(&self) -> Result<Context> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => std::env::current_exe().map_err(|e| Error::io("tunebook", &e))?,
        };
        Ok(Context {
            home: self.home.clone(),
            course: self.course.clone(),
            machine: self.machine(),
            program,
            user_jupyter: self.user_jupyter.clone(),
            lock: None,
        })
    }
}

/// What setup did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The titles of the steps that had something to do; empty when everything was there.
    pub made: Vec<String>,
}

/// Prepares what is missing. When everything is there this takes a fraction of a second and says nothing.
///
/// ```no_run
/// use tunebook_course::{Course, Home, setup};
/// let options = setup::SetupOptions::new(Home::from_env()?, Course::open(".")?);
/// setup::run(&options)?;
/// # Ok::<(), tunebook_course::Error>(())
/// ```
pub fn run(options: &SetupOptions) -> Result<Prepared> {
    let mut reporter = Reporter::new(options.show);
    run_steps(&steps(options.parts), options.context()?, &mut reporter)
}

/// The bytes that setup would take now.
pub(crate) fn disk_needed(options: &SetupOptions) -> Result<u64> {
    let (steps, context) = (steps(options.parts), options.context()?);
    Ok(step::disk_needed(&step::outstanding(&steps, &context)?, &context))
}

fn steps(parts: Parts) -> Vec<Box<dyn Step>> {
    match parts {
        Parts::All => vec![
            Box::<jupyterlab::PrepareJupyterLab>::default(),
            Box::new(program::CopyProgram),
            Box::new(kernelspec::InstallKernelspec),
            Box::new(seed::BuildSeed),
            Box::new(book::BuildBook),
        ],
        Parts::Kernel => vec![Box::new(seed::BuildSeed)],
    }
}

fn run_steps(steps: &[Box<dyn Step>], mut context: Context, reporter: &mut Reporter) -> Result<Prepared> {
    claim(&context.home)?;
    let todo = step::outstanding(steps, &context)?;
    if todo.is_empty() {
        remember_course(&context)?;
        return Ok(Prepared { made: Vec::new() });
    }
    step::check(&todo, &context)?;
    remember_course(&context)?;
    context.lock = Some(lock(&context.home, reporter)?);
    // Another setup may have done some of it while this one waited for the lock.
    let todo = step::outstanding(steps, &context)?;
    if !todo.is_empty() {
        step::announce(&todo, &context, reporter);
        step::make(&todo, &context, reporter)?;
    }
    Ok(Prepared { made: todo.iter().map(|step| step.title()).collect() })
}

/// Notes where the course is, for a `tunebook` that is started somewhere else.
fn remember_course(context: &Context) -> Result<()> {
    let stamp = Stamp::of(&context.home, "course");
    let root = context.course.root().to_string_lossy();
    if stamp.is(&root) { Ok(()) } else { stamp.write(&root) }
}

/// Lets one setup at a time write to a home.
fn lock(home: &Home, reporter: &mut Reporter) -> Result<File> {
    let (file, free) = try_lock(home)?;
    if !free {
        reporter.say("Another setup is at work here: waiting for it.");
        file.lock().map_err(|e| Error::io(home.path(), &e))?;
    }
    Ok(file)
}

/// The file whose lock a setup holds while it works, and whether it is this process's now.
fn try_lock(home: &Home) -> Result<(File, bool)> {
    files::make_dir(home.path())?;
    let path = home.path().join("setup.lock");
    let file = File::create(&path).map_err(|e| Error::io(&path, &e))?;
    match file.try_lock() {
        Ok(()) => Ok((file, true)),
        Err(TryLockError::WouldBlock) => Ok((file, false)),
        Err(TryLockError::Error(e)) => Err(Error::io(&path, &e)),
    }
}

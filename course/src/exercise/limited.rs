//! A process that limits itself before it becomes the learner's program.
//!
//! Limits must be set between `fork` and `exec`. Doing that in the parent's child needs `unsafe`; instead the program
//! starts itself once more in a hidden mode, which sets the limits on itself and then `exec`s the learner's program.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use super::Limits;

/// The hidden mode's first argument.
pub(crate) const MODE: &str = "__limited";

/// The largest file that the learner's program may write, in bytes.
const FILE_BYTES: u64 = 64 << 20;
/// How many threads and processes it may start.
const PROCESSES: u64 = 256;

/// The hidden mode. Call it first in `main`, before anything starts threads; it returns at once in every other mode.
///
/// ```
/// // A normal start: nothing happens.
/// tunebook_course::run_if_limited();
/// ```
pub fn run_if_limited() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|mode| mode != MODE) {
        return;
    }
    // Whatever goes wrong here is told on stderr and by an exit code that no test program uses.
    let problem = start(arguments.collect());
    eprintln!("tunebook: the limited process did not start: {problem}");
    std::process::exit(125);
}

/// The arguments that make a program run another one under limits.
pub(crate) fn arguments(limits: Limits, program: &Path) -> Vec<OsString> {
    vec![MODE.into(), limits.seconds.to_string().into(), limits.memory_mb.to_string().into(), program.into()]
}

/// The CPU seconds that fit into a number of wall-clock seconds. Training uses every core, so on a large machine they
/// run out no earlier than the wall clock: they are for what escapes it.
fn cpu_seconds(seconds: u64) -> u64 {
    let cores = std::thread::available_parallelism().map_or(4, |cores| cores.get() as u64);
    // One second more, so that the wall clock, which gives the better message, comes first.
    seconds * cores.max(4) + 1
}

/// Sets the limits and becomes the program; returns only when that fails.
#[cfg(unix)]
fn start(arguments: Vec<OsString>) -> String {
    use std::os::unix::process::CommandExt;

    let mut arguments = arguments.into_iter();
    let mut number = || arguments.next().and_then(|text| text.to_str().and_then(|text| text.parse::<u64>().ok()));
    let (Some(seconds), Some(memory_mb)) = (number(), number()) else {
        return "the arguments are SECONDS MEMORY_MB PROGRAM [ARGUMENT...]".into();
    };
    let Some(program) = arguments.next() else { return "no program was named".into() };
    if let Err(problem) = limit(seconds, memory_mb) {
        return problem;
    }
    Command::new(program).args(arguments).exec().to_string()
}

#[cfg(not(unix))]
fn start(_: Vec<OsString>) -> String {
    "limits need Linux or macOS".into()
}

#[cfg(unix)]
fn limit(seconds: u64, memory_mb: u64) -> Result<(), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let set = |resource: Resource, wanted: u64| {
        // A stricter limit from outside stays.
        let value = getrlimit(resource).maximum.map_or(wanted, |maximum| maximum.min(wanted));
        let limit = Rlimit { current: Some(value), maximum: Some(value) };
        setrlimit(resource, limit).map_err(|e| format!("{resource:?}: {e}"))
    };
    end_with_parent()?;
    set(Resource::Cpu, cpu_seconds(seconds))?;
    // Linux counts what is really writable as data; address space would also count what is only reserved.
    set(if cfg!(target_os = "linux") { Resource::Data } else { Resource::As }, memory_mb << 20)?;
    set(Resource::Fsize, FILE_BYTES)?;
    set(Resource::Core, 0)?;
    if let Some(running) = running_threads() {
        set(Resource::Nproc, running + PROCESSES)?;
    }
    Ok(())
}

/// The program ends when the one that watches it does, however that ends: nobody would keep its time any more.
#[cfg(target_os = "linux")]
fn end_with_parent() -> Result<(), String> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};

    let parent = getppid();
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|e| format!("the parent's end: {e}"))?;
    // It may have ended before it could be watched.
    if getppid() == parent { Ok(()) } else { Err("the process that started it is gone".into()) }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn end_with_parent() -> Result<(), String> {
    // The limit on CPU time ends it in time.
    Ok(())
}

/// The threads that this user runs already: the limit counts them all. `None` where that cannot be told.
#[cfg(unix)]
fn running_threads() -> Option<u64> {
    use std::os::unix::fs::MetadataExt;

    let me = rustix::process::getuid().as_raw();
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let mine = processes.filter(|entry| {
        entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit())
            && entry.metadata().is_ok_and(|meta| meta.uid() == me)
    });
    Some(mine.filter_map(|entry| Some(std::fs::read_dir(entry.path().join("task")).ok()?.count() as u64)).sum())
}

//! The kernel in a program of its own: `kernel seed HOME REPOSITORY` builds the cells' library,
//! `kernel serve HOME CONNECTION_FILE` is what Jupyter starts, `kernel run HOME NOTEBOOK OUTPUT`
//! runs a notebook.
use std::path::Path;
use tunebook_kernel::engine::{Engine, EngineOptions};
use tunebook_kernel::notebook::{Notebook, RunEvent, RunOptions};
use tunebook_kernel::seed::SeedSpec;
use tunebook_kernel::{Error, Result, notebook, seed, server};

fn main() {
    // First of all: this program is also the kernel's child processes.
    tunebook_kernel::run_if_child();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["seed", home, repository] => build_seed(home, repository),
        ["serve", home, connection] => server::serve(Path::new(connection), Path::new(home), EngineOptions::default()),
        ["run", home, file, output] => run(Path::new(home), Path::new(file), Path::new(output)),
        _ => Err(Error::new("usage: kernel seed HOME REPOSITORY | serve HOME CONNECTION | run HOME NOTEBOOK OUTPUT")),
    };
    if let Err(error) = done {
        eprintln!("error: {error}");
        std::process::exit(2);
    }
}

fn build_seed(home: &str, repository: &str) -> Result<()> {
    seed::build(&SeedSpec::tunebook(home, repository), &mut |progress| {
        let left = progress.remaining.map_or(0, |time| time.as_secs());
        println!("{:?} {}/{} {} ({left} s left)", progress.step, progress.done, progress.total, progress.detail);
    })?;
    Ok(())
}

fn run(home: &Path, file: &Path, output: &Path) -> Result<()> {
    let seed = seed::open(home)?.ok_or_else(|| Error::new("there is no seed").with_mend("run `kernel seed`"))?;
    let notebook = Notebook::read(file)?;
    let mut engine = Engine::start(&seed, EngineOptions::default())?;
    let run = notebook::run(&notebook, &mut engine, &RunOptions::default(), &mut |event| {
        if let RunEvent::Ended { cell, error, time } = event {
            println!("cell {cell}: {:.2} s {}", time.as_secs_f64(), error.map_or("", |error| &error.evalue));
        }
    })?;
    run.notebook.write(output)
}

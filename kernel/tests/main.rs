//! Tests of the kernel on a real compiler, with a small library in place of the teaching crate.
//!
//! The test program has a `main` of its own because it is also the kernel's child processes, and
//! a Jupyter kernel for the tests of the server. The seed is built once into the target folder.
mod cells;
mod notebooks;
mod server;
mod stopping;
mod support;
mod the_seed;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    tunebook_kernel::run_if_child();
    if let Some(served) = server::serve_if_asked() {
        return served.unwrap_or_else(|error| {
            eprintln!("{error}");
            std::process::exit(2);
        });
    }
    let tests = [cells::TESTS, stopping::TESTS, the_seed::TESTS, notebooks::TESTS, server::TESTS].concat();
    let trial = |(name, test): (&'static str, fn())| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    };
    libtest_mimic::run(&Arguments::from_args(), tests.into_iter().map(trial).collect()).exit();
}

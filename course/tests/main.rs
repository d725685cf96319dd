//! Tests of whole paths through the crate, on a small course made for them. No network, no Jupyter, no seed: cells'
//! library is a dynamic library of a few lines, compiled here.
//!
//! The tests' program has a `main` of its own because it is also the process that limits itself for exercises.

mod build;
mod exercises;
mod learner;
mod support;

use libtest_mimic::{Arguments, Trial};

fn main() {
    tunebook_course::run_if_limited();
    let arguments = Arguments::from_args();
    let tests: Vec<Trial> = [exercises::tests(), learner::tests(), build::tests()].into_iter().flatten().collect();
    libtest_mimic::run(&arguments, tests).exit();
}

/// One test by its function's name.
#[macro_export]
macro_rules! trials {
    ($($name:ident),* $(,)?) => {
        vec![$(libtest_mimic::Trial::test(concat!(module_path!(), "::", stringify!($name)), || { $name(); Ok(()) })),*]
    };
}

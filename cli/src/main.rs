//! The `tunebook` command: thin. It parses the call, asks a library, prints what came back.
//!
//! Read [`arguments`] for what can be called, then the file of one command in `commands/`.

mod arguments;
mod commands;
mod failure;
mod settings;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

fn main() -> ExitCode {
    // The same program is also the compiler's wrapper, the process that cells run in, and the process that limits
    // exercises: these roles come before anything is parsed.
    tunebook_kernel::run_if_child();
    tunebook_course::exercise::limited::run_if_limited();
    match commands::run(Arguments::parse()) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

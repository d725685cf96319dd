//! The `tunebook` command.
fn main() {}

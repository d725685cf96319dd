//! Where things lie in a seed, and the files of its workspace.
//!
//! A seed's workspace has two forms. The small one holds only the crate that evcxr writes; the
//! full one also a keeper that depends on the facade, so that the lock file survives evcxr, which
//! takes the facade out of its crate's manifest and puts it in again.
use super::Toolchain;
use crate::error::{At, Result};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Takes the place of `CARGO_HOME` for evcxr and its analyser, which look for programs in its `bin`.
pub(crate) const TOOLS: &str = "tools";
/// A file in [`TOOLS`] that says that the session's workspace has the facade.
pub(crate) const WITH_FACADE: &str = "with-facade";
/// A file in [`TOOLS`] with what Cargo says about the standard library's crates.
pub(super) const STANDARD_LIBRARY: &str = "library.json";
/// The crates of the standard library that the analyser needs to know types.
pub(super) const STANDARD_CRATES: [&str; 9] = [
    "alloc",
    "cfg-if",
    "core",
    "hashbrown",
    "proc_macro",
    "rustc-std-workspace-alloc",
    "rustc-std-workspace-core",
    "rustc-std-workspace-std",
    "std",
];
/// The variable that holds the user's own `CARGO_HOME`.
pub(crate) const REAL_CARGO_HOME: &str = "TUNEBOOK_CARGO_HOME";
/// The manifest and lock file of the workspace's full form.
pub(crate) const FULL_WORKSPACE: &str = "full";
/// The crate that keeps the facade in the lock file.
pub(crate) const KEEPER: &str = "keeper";

/// Changes with everything in this file but the profile: a seed of another form is built again.
pub(super) const FORM: &str = "3";

/// Cells are compiled quickly and checked for overflow; the library is compiled for speed.
pub(super) const PROFILE: &str = r#"
[profile.dev]
opt-level = 1
debug = false
strip = "debuginfo"
rpath = true
lto = false
debug-assertions = true
overflow-checks = true
codegen-units = 16
incremental = true
panic = "unwind"

[profile.dev.package."*"]
opt-level = 3
debug-assertions = false
overflow-checks = false

[profile.dev.build-override]
opt-level = 0
"#;

/// Writes the workspace's files. What is right already is not touched: Cargo goes by times.
pub(super) fn write(workspace: &Path, dependency: &str, lock: &str, toolchain: &Toolchain) -> Result<()> {
    let members = |members: &str| format!("[workspace]\nmembers = [{members}]\nresolver = \"3\"\n{PROFILE}");
    let small = members("\"ctx\"");
    let full = members("\"ctx\", \"keeper\"");
    let package = |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n");
    write_file(&workspace.join(FULL_WORKSPACE).join("Cargo.toml"), &full)?;
    write_file(&workspace.join("Cargo.toml"), &full)?;
    write_file(&workspace.join("small.toml"), &small)?;
    // Cargo adds the workspace's own crates to the lock file, so what it began with is noted beside it. An interrupted
    // build of another lock file goes on with this one.
    let (locked, begun_with) = (workspace.join("Cargo.lock"), workspace.join("Cargo.lock.begun"));
    if !locked.exists() || !fs::read_to_string(&begun_with).is_ok_and(|begun| begun == lock) {
        write_file(&locked, lock)?;
        write_file(&begun_with, lock)?;
    }
    let keeper = format!("{}\n[dependencies]\n{dependency}\n", package(KEEPER));
    write_file(&workspace.join(KEEPER).join("Cargo.toml"), &keeper)?;
    write_file(&workspace.join(KEEPER).join("src/lib.rs"), "//! Keeps the facade in the lock file.\n")?;
    let empty = format!("{}\n[lib]\ncrate-type = [\"cdylib\"]\n", package("ctx"));
    write_file(&workspace.join("ctx/Cargo.toml"), &empty)?;
    write_file(&workspace.join("ctx/src/lib.rs"), "")?;
    write_tools(&workspace.join(TOOLS), dependency, toolchain)
}

/// Gives the finished workspace the form in which a session begins.
pub(super) fn make_small(workspace: &Path) -> Result<()> {
    let lock = workspace.join("Cargo.lock");
    fs::rename(&lock, workspace.join(FULL_WORKSPACE).join("Cargo.lock")).at(&lock)?;
    let small = workspace.join("small.toml");
    fs::rename(&small, workspace.join("Cargo.toml")).at(&small)
}

/// The scripts that evcxr and its analyser find in place of rustup, Cargo and rustc.
///
/// They answer with the seed's compiler, whatever folder the notebook lies in. `cargo` also
/// - keeps `cargo metadata` to this platform: otherwise it wants to download crates that only
///   other systems need;
/// - tells the analyser what the seed knows about the standard library;
/// - lets the analyser see the crates that matter (see `host::metadata`);
/// - knows that the facade is a valid dependency.
///
/// `rustc` is only asked for the standard library's place, and hides it while the session has no
/// facade yet: the analyser would parse it twice.
fn write_tools(tools: &Path, facade: &str, toolchain: &Toolchain) -> Result<()> {
    let (rustc, cargo, facade) =
        (shell_word(&toolchain.rustc), shell_word(&toolchain.cargo), shell_word(facade.as_ref()));
    let host = &toolchain.host;
    let mark = crate::role::MARK;
    let rustup = format!(
        r#"#!/bin/sh
case "$1 $2" in
"which rustc") echo {rustc} ;;
"which cargo") echo "${{0%/*}}/cargo" ;;
*) exit 1 ;;
esac
"#
    );
    let rustc = format!(
        r#"#!/bin/sh
if [ "$*" = "--print sysroot" ] && [ ! -e "${{0%/bin/*}}/{WITH_FACADE}" ]; then exit 1; fi
exec {rustc} "$@"
"#
    );
    let cargo = format!(
        r#"#!/bin/sh
if [ -n "${REAL_CARGO_HOME}" ]; then export CARGO_HOME="${REAL_CARGO_HOME}"; else unset CARGO_HOME; fi
unset RUSTUP_TOOLCHAIN
case " $* " in
*"/library/Cargo.toml "*) exec cat "${{0%/bin/*}}/{STANDARD_LIBRARY}" ;;
*" metadata "*" --manifest-path "*) exec "$TUNEBOOK_PROGRAM" {mark} metadata {cargo} "$@" --filter-platform {host} ;;
*" metadata "*)
    if grep -q evcxr_dummy_validate_dep Cargo.toml && grep -qF {facade} Cargo.toml; then exit 0; fi
    exec {cargo} "$@" --filter-platform {host} ;;
esac
# `check` would compile every crate again; a cell's errors are the same ones.
offline=; if [ "$1" = --offline ]; then offline=--offline; shift; fi
if [ "$1" = check ]; then shift; set -- build "$@"; fi
exec {cargo} $offline "$@"
"#
    );
    for (name, script) in [("rustup", rustup), ("cargo", cargo), ("rustc", rustc)] {
        let path = tools.join("bin").join(name);
        write_file(&path, &script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).at(&path)?;
    }
    Ok(())
}

/// A path as one word of the shell.
fn shell_word(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

/// Writes a file unless it has this content already.
pub(super) fn write_file(path: &Path, content: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).at(folder)?;
    }
    fs::write(path, content).at(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_the_shell() {
        for path in ["/plain/cargo", "/home/bob's stuff/$HOME/`x`\"y"] {
            let script = format!("printf %s {}", shell_word(path.as_ref()));
            let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
            assert_eq!(String::from_utf8(said).unwrap(), path);
        }
    }

    #[test]
    fn another_lock_file_replaces_the_one_that_an_interrupted_build_began_with() {
        let folder = tempfile::tempdir().unwrap();
        let toolchain = Toolchain {
            rustc: "/rustc".into(),
            cargo: "/cargo".into(),
            sysroot: "/".into(),
            version: String::new(),
            host: "host".to_owned(),
        };
        let locked = folder.path().join("Cargo.lock");
        let begin = |lock: &str| write(folder.path(), "tunebook = \"1\"", lock, &toolchain).unwrap();
        begin("one");
        fs::write(&locked, "one, and what Cargo adds").unwrap();
        begin("one");
        assert_eq!(fs::read_to_string(&locked).unwrap(), "one, and what Cargo adds");
        begin("two");
        assert_eq!(fs::read_to_string(&locked).unwrap(), "two");
    }
}

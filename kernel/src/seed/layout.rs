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

/// Programs that evcxr finds before others.
pub(crate) const TOOLS: &str = "tools";
/// The manifest and lock file of the workspace's full form.
pub(crate) const FULL_WORKSPACE: &str = "full";
/// The crate that keeps the facade in the lock file.
pub(super) const KEEPER: &str = "keeper";

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
    if !workspace.join("Cargo.lock").exists() {
        write_file(&workspace.join("Cargo.lock"), lock)?;
    }
    let keeper = format!("{}\n[dependencies]\n{dependency}\n", package(KEEPER));
    write_file(&workspace.join(KEEPER).join("Cargo.toml"), &keeper)?;
    write_file(&workspace.join(KEEPER).join("src/lib.rs"), "//! Keeps the facade in the lock file.\n")?;
    let empty = format!("{}\n[lib]\ncrate-type = [\"cdylib\"]\n", package("ctx"));
    write_file(&workspace.join("ctx/Cargo.toml"), &empty)?;
    write_file(&workspace.join("ctx/src/lib.rs"), "")?;
    write_tools(&workspace.join(TOOLS), toolchain)
}

/// Gives the finished workspace the form in which a session begins.
pub(super) fn make_small(workspace: &Path) -> Result<()> {
    let lock = workspace.join("Cargo.lock");
    fs::rename(&lock, workspace.join(FULL_WORKSPACE).join("Cargo.lock")).at(&lock)?;
    let small = workspace.join("small.toml");
    fs::rename(&small, workspace.join("Cargo.toml")).at(&small)
}

/// evcxr asks rustup for its tools. These scripts answer with the seed's compiler, whatever
/// folder the notebook lies in, and keep `cargo metadata` to this platform: otherwise it wants to
/// download crates that only other systems need.
fn write_tools(tools: &Path, toolchain: &Toolchain) -> Result<()> {
    let (rustc, cargo, host) = (toolchain.rustc.display(), toolchain.cargo.display(), &toolchain.host);
    let rustup = format!(
        "#!/bin/sh\ncase \"$1 $2\" in\n\"which rustc\") echo '{rustc}' ;;\n\"which cargo\") echo \"${{0%/*}}/cargo\" ;;\n*) exit 1 ;;\nesac\n"
    );
    let cargo = format!(
        "#!/bin/sh\ncase \" $* \" in\n*\" metadata \"*\" --filter-platform \"*) ;;\n*\" metadata \"*) exec '{cargo}' \"$@\" --filter-platform {host} ;;\nesac\nexec '{cargo}' \"$@\"\n"
    );
    for (name, script) in [("rustup", rustup), ("cargo", cargo)] {
        let path = tools.join(name);
        write_file(&path, &script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).at(&path)?;
    }
    Ok(())
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

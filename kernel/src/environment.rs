//! The environment of compilers and cells: the user's own, without what Cargo left in it.
//!
//! `cargo run` and `cargo test` export variables for the program they start. They would win over
//! a cell's rpath (`LD_LIBRARY_PATH`: "dlopen failed" in the first cell) and change what Cargo
//! builds (`CARGO_ENCODED_RUSTFLAGS`, `CARGO_PROFILE_*`), so the seed would be built again.
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// Cargo's settings that are a person's own: where crates are kept and how they are fetched.
const KEPT: [&str; 5] = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_"];

/// Variables of compilers and of evcxr that change what is built.
const REMOVED: [&str; 11] = [
    "OUT_DIR",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "RUST_RECURSION_COUNT",
    "MAKEFLAGS",
    "MFLAGS",
];

const LIBRARY_PATHS: [&str; 3] = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

/// Takes what Cargo and evcxr left in this process's environment out of the command's.
pub fn clean(command: &mut Command) -> &mut Command {
    for (name, value) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if is_left_over(text) {
            command.env_remove(&name);
        } else if LIBRARY_PATHS.contains(&text) {
            match without_cargo_folders(&value) {
                Some(rest) => command.env(&name, rest),
                None => command.env_remove(&name),
            };
        }
    }
    command
}

/// The variable by which this system's loader is told where dynamic libraries lie.
///
/// ```
/// assert!(tunebook_kernel::environment::library_path_variable().ends_with("LIBRARY_PATH"));
/// ```
pub fn library_path_variable() -> &'static str {
    if cfg!(target_os = "macos") { "DYLD_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" }
}

/// Lets the command's processes find the libraries in the folder, before those of the user's own folders.
///
/// A cell's rpath does not do it: rustc counts it from `deps`, where it writes a cell's library, and evcxr loads the
/// library from the folder above. Where toolchain and session are both below one's home, that is one step too many.
pub(crate) fn add_library_folder(command: &mut Command, folder: &Path) {
    let name = library_path_variable();
    let own = std::env::var_os(name).and_then(|value| without_cargo_folders(&value)).unwrap_or_default();
    let folders = std::env::split_paths(&own).filter(|own| !own.as_os_str().is_empty());
    if let Ok(path) = std::env::join_paths(std::iter::once(folder.to_owned()).chain(folders)) {
        command.env(name, path);
    }
}

/// What makes training fast on a learner's few cores: variables for every process that trains. They are read once, at
/// its start. `threads` is for the matrix products; `None`: one for each core.
///
/// ```
/// let settings = tunebook_kernel::environment::for_training(Some(2));
/// assert!(settings.contains(&("RAYON_NUM_THREADS", "2".to_owned())));
/// ```
pub fn for_training(threads: Option<usize>) -> [(&'static str, String); 5] {
    let threads = threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
    [
        // Said, because candle otherwise asks the system at every product, which on Linux means reading three files.
        ("RAYON_NUM_THREADS", threads.to_string()),
        // candle's element-wise threads spin at a barrier, which on few cores costs more than it brings.
        ("CANDLE_NUM_THREADS", "1".to_owned()),
        // A step allocates the same megabytes as the step before. As it comes, glibc gives them back in between and gets
        // pages full of zeros again: a quarter of the time of full fine-tuning. Other systems do not read these.
        ("MALLOC_MMAP_THRESHOLD_", (32 << 20).to_string()),
        ("MALLOC_TRIM_THRESHOLD_", (1 << 30).to_string()),
        ("MALLOC_TOP_PAD_", (64 << 20).to_string()),
    ]
}

/// Those of [`for_training`] that the person has not set already.
///
/// ```
/// let mut command = std::process::Command::new("my-training");
/// command.envs(tunebook_kernel::environment::unset_for_training());
/// ```
pub fn unset_for_training() -> impl Iterator<Item = (&'static str, String)> {
    for_training(None).into_iter().filter(|(name, _)| std::env::var_os(name).is_none())
}

fn is_left_over(name: &str) -> bool {
    let cargo = name == "CARGO" || name.starts_with("CARGO_");
    (cargo && !KEPT.iter().any(|kept| name.starts_with(kept))) || name.starts_with("EVCXR_") || REMOVED.contains(&name)
}

/// A library path without the folders of Cargo's builds and of Rust toolchains; `None` when
/// nothing is left.
fn without_cargo_folders(value: &OsStr) -> Option<std::ffi::OsString> {
    let kept: Vec<_> = std::env::split_paths(value)
        .filter(|folder| !folder.as_os_str().is_empty() && !is_cargo_folder(folder))
        .collect();
    if kept.is_empty() { None } else { std::env::join_paths(kept).ok() }
}

fn is_cargo_folder(folder: &Path) -> bool {
    folder.join("rustlib").is_dir()
        || folder.ends_with("lib")
            && folder.ancestors().nth(2).is_some_and(|rustlib| rustlib.file_name() == Some(OsStr::new("rustlib")))
        || folder.ancestors().any(|ancestor| ancestor.join(".rustc_info.json").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_run_exports_goes_and_a_persons_settings_stay() {
        for gone in [
            "CARGO",
            "CARGO_MANIFEST_DIR",
            "CARGO_PROFILE_DEV_OPT_LEVEL",
            "RUSTUP_TOOLCHAIN",
            "RUSTFLAGS",
            "EVCXR_TMPDIR",
        ] {
            assert!(is_left_over(gone), "{gone}");
        }
        for kept in [
            "CARGO_HOME",
            "CARGO_NET_GIT_FETCH_WITH_CLI",
            "CARGO_REGISTRIES_X_TOKEN",
            "RUSTUP_HOME",
            "PATH",
            "RUST_LOG",
        ] {
            assert!(!is_left_over(kept), "{kept}");
        }
    }

    #[test]
    fn only_cargo_folders_leave_a_library_path() {
        let folder = tempfile::tempdir().unwrap();
        let (target, toolchain, own) =
            (folder.path().join("target"), folder.path().join("toolchain/lib"), folder.path().join("own"));
        for made in [target.join("release/deps"), toolchain.join("rustlib"), own.clone()] {
            std::fs::create_dir_all(made).unwrap();
        }
        std::fs::write(target.join(".rustc_info.json"), "{}").unwrap();
        let all = std::env::join_paths([&target.join("release/deps"), &toolchain, &own]).unwrap();
        assert_eq!(without_cargo_folders(&all), Some(own.clone().into_os_string()));
        let ours = std::env::join_paths([&target.join("release/deps"), &toolchain]).unwrap();
        assert_eq!(without_cargo_folders(&ours), None);
    }
}

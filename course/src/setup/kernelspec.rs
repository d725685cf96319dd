//! The kernelspec "Tunebook (Rust)": tells Jupyter how to start the kernel.
//!
//! It lies twice: below `TUNEBOOK_HOME`, where the JupyterLab that `lab` starts finds it, and in the person's own
//! Jupyter folder, so that every other Jupyter finds it too.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::machine::MB;
use super::progress::Bar;
use super::step::{Context, Cost, Step};
use crate::{Error, Home, Result, files};

/// The kernel's name in notebooks.
pub const KERNEL_NAME: &str = "tunebook";

/// What the launcher shows.
const LOGO: &str = include_str!("logo.svg");

/// The step of setup.
pub(crate) struct InstallKernelspec;

impl Step for InstallKernelspec {
    fn title(&self) -> String {
        "The kernel's entry in Jupyter".to_owned()
    }

    fn cost(&self, _context: &Context) -> Cost {
        Cost { disk: MB, time: "a second" }
    }

    fn is_current(&self, context: &Context) -> Result<bool> {
        let text = specification(&context.home)?;
        Ok(places(&context.home, context.user_jupyter.as_deref())
            .iter()
            .filter(|place| is_ours_or_free(place))
            .all(|place| std::fs::read_to_string(place.join("kernel.json")).is_ok_and(|there| there == text)))
    }

    fn make(&self, context: &Context, bar: &mut Bar<'_>) -> Result<()> {
        let text = specification(&context.home)?;
        for place in places(&context.home, context.user_jupyter.as_deref()) {
            if !is_ours_or_free(&place) {
                bar.note(&format!("{}: a kernel of that name that is not ours stays as it is", place.display()));
                continue;
            }
            files::write(&place.join("logo-svg.svg"), LOGO)?;
            files::write(&place.join("kernel.json"), &text)?;
        }
        Ok(())
    }
}

/// Where Jupyter keeps a person's kernels, as Jupyter itself finds it.
pub(crate) fn user_jupyter(env: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let set = |name: &str| env(name).filter(|path| path.is_absolute());
    if let Some(data) = set("JUPYTER_DATA_DIR") {
        return Some(data);
    }
    if cfg!(target_os = "macos") {
        return set("HOME").map(|home| home.join("Library/Jupyter"));
    }
    let data = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("jupyter"))
}

/// Removes the person's kernelspec, if it starts this home's program.
pub(crate) fn remove_users(home: &Home, user_jupyter: Option<&Path>) -> Result<()> {
    let Some(place) = user_jupyter.map(kernel_folder) else { return Ok(()) };
    if starts(&place).is_some_and(|program| program == home.program()) {
        files::remove(&place)?;
    }
    Ok(())
}

fn places(home: &Home, user_jupyter: Option<&Path>) -> Vec<PathBuf> {
    let own = home.jupyter_data();
    std::iter::once(own.as_path()).chain(user_jupyter).map(kernel_folder).collect()
}

fn kernel_folder(jupyter_data: &Path) -> PathBuf {
    jupyter_data.join("kernels").join(KERNEL_NAME)
}

fn specification(home: &Home) -> Result<String> {
    let program = home.program();
    let text = |path: &Path| {
        let mend = "set TUNEBOOK_HOME to a folder whose name is plain text";
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| Error::input(path.display(), "the name is not valid UTF-8", mend))
    };
    let specification = json!({
        "argv": [text(&program)?, "kernel", "{connection_file}"],
        "display_name": "Tunebook (Rust)",
        "language": "rust",
        "interrupt_mode": "message",
        // Another Jupyter does not know which home this kernel belongs to.
        "env": { "TUNEBOOK_HOME": text(home.path())? },
        "metadata": { "tunebook": { "version": env!("CARGO_PKG_VERSION") } },
    });
    serde_json::to_string_pretty(&specification).map(|text| text + "\n").map_err(|e| Error::input("kernel.json", e, ""))
}

/// Whether setup may write there: nothing is there, or what some setup of Tunebook wrote.
fn is_ours_or_free(place: &Path) -> bool {
    let file = place.join("kernel.json");
    !file.exists() || read(&file).is_some_and(|there| there["metadata"]["tunebook"].is_object())
}

fn starts(place: &Path) -> Option<PathBuf> {
    Some(PathBuf::from(read(&place.join("kernel.json"))?["argv"][0].as_str()?))
}

fn read(file: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::progress::{Reporter, Show};
    use crate::setup::testing::context;

    fn install(context: &Context) {
        let mut reporter = Reporter::new(Show::Nothing);
        InstallKernelspec.make(context, &mut reporter.begin(1, 1, "")).unwrap();
    }

    #[test]
    fn it_is_written_in_both_places_and_removed_again() {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path());
        assert!(!InstallKernelspec.is_current(&context).unwrap());
        install(&context);
        assert!(InstallKernelspec.is_current(&context).unwrap());
        let user = context.user_jupyter.as_deref().unwrap();
        for place in places(&context.home, Some(user)) {
            let specification = read(&place.join("kernel.json")).unwrap();
            let program = context.home.program().display().to_string();
            assert_eq!(specification["argv"], json!([program, "kernel", "{connection_file}"]));
            assert_eq!(specification["interrupt_mode"], "message");
            assert_eq!(specification["display_name"], "Tunebook (Rust)");
            assert!(place.join("logo-svg.svg").is_file());
        }
        remove_users(&context.home, Some(user)).unwrap();
        assert!(!kernel_folder(user).exists());
        assert!(!InstallKernelspec.is_current(&context).unwrap());
    }

    #[test]
    fn a_kernel_of_somebody_else_is_neither_replaced_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path());
        let place = kernel_folder(context.user_jupyter.as_deref().unwrap());
        let theirs = r#"{"argv": ["/opt/other"], "display_name": "Other"}"#;
        files::write(&place.join("kernel.json"), theirs).unwrap();
        install(&context);
        assert!(InstallKernelspec.is_current(&context).unwrap());
        remove_users(&context.home, context.user_jupyter.as_deref()).unwrap();
        assert_eq!(files::read(&place.join("kernel.json")).unwrap(), theirs);
    }

    #[test]
    fn another_homes_kernel_is_replaced_but_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (first, other) = (context(folder.path()), Home::at(folder.path().join("other")));
        install(&first);
        let user = first.user_jupyter.clone().unwrap();
        remove_users(&other, Some(&user)).unwrap();
        assert!(kernel_folder(&user).exists());
        install(&Context { home: other.clone(), ..context(folder.path()) });
        assert_eq!(starts(&kernel_folder(&user)), Some(other.program()));
    }

    #[test]
    fn the_persons_folder_is_the_one_that_jupyter_uses() {
        let of = |pairs: &[(&str, &str)]| {
            user_jupyter(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
        };
        assert_eq!(of(&[("JUPYTER_DATA_DIR", "/j"), ("HOME", "/h")]), Some("/j".into()));
        assert_eq!(of(&[]), None);
        if cfg!(target_os = "linux") {
            assert_eq!(of(&[("HOME", "/h")]), Some("/h/.local/share/jupyter".into()));
            assert_eq!(of(&[("HOME", "/h"), ("XDG_DATA_HOME", "/x")]), Some("/x/jupyter".into()));
        }
    }
}

//! Stand-ins for programs of the machine, for tests.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::machine::Machine;
use super::step::Context;
use crate::{Course, Home};

/// Writes an executable shell script.
///
/// Another process writes it: a file that this one has open for writing is inherited by a child that another test
/// starts at that moment, and cannot be run ("text file busy") until that child runs a program of its own.
pub(crate) fn tool(folder: &Path, name: &str, script: &str) -> PathBuf {
    let file = folder.join(name);
    let mut writer = Command::new("/bin/sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(&file)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    write!(writer.stdin.take().unwrap(), "#!/bin/sh\n{script}\n").unwrap();
    assert!(writer.wait().unwrap().success());
    file
}

/// A context whose home, course and person live in `folder`, on a machine without programs.
pub(crate) fn context(folder: &Path) -> Context {
    let root = folder.join("course");
    std::fs::create_dir_all(root.join("lessons")).unwrap();
    Context {
        home: Home::at(folder.join("home")),
        course: Course::open(&root).unwrap(),
        machine: Machine::new(Some("".as_ref())),
        program: tool(folder, "tunebook", ""),
        user_jupyter: Some(folder.join("person/jupyter")),
        lock: None,
    }
}

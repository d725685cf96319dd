//! A copy of the fixture's course, and a checker against a teaching crate of a few lines.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;
use tunebook_course::exercise::{Checker, Limiter, Toolchain};
use tunebook_course::{Course, Home};

/// A course of its own for one test; gone at its end.
pub struct Fixture {
    folder: TempDir,
    pub course: Course,
    pub home: Home,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("course");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture"), &root);
        let course = Course::open(&root).unwrap();
        let home = Home::at(folder.path().join("home"));
        Self { folder, course, home }
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.course.root().join(relative)
    }

    pub fn edit(&self, relative: &str, from: &str, to: &str) {
        let path = self.path(relative);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{relative} has no {from:?}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    pub fn scratch(&self) -> &Path {
        self.folder.path()
    }

    pub fn checker(&self) -> Checker {
        let limiter = Limiter::this_program().unwrap();
        Checker::with(toolchain().clone(), limiter, self.folder.path().join("judges"))
    }
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Compiled once for the whole run.
fn toolchain() -> &'static Toolchain {
    static MADE: OnceLock<(TempDir, Toolchain)> = OnceLock::new();
    &MADE
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let source = folder.path().join("tunebook.rs");
            std::fs::write(&source, "pub mod prelude { pub fn times(a: f64, b: f64) -> f64 { a * b } }").unwrap();
            let rustc = PathBuf::from("rustc");
            let library =
                folder.path().join(format!("{}tunebook{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX));
            let status = Command::new(&rustc)
                .args(["--edition=2024", "--crate-type=dylib", "--crate-name=tunebook", "-Cprefer-dynamic", "-o"])
                .arg(&library)
                .arg(&source)
                .status()
                .unwrap();
            assert!(status.success());
            let target = print(&rustc, "target-libdir");
            let arguments = ["--edition=2024".into(), "-Cprefer-dynamic".into(), "--extern".into(), {
                let mut extern_crate = std::ffi::OsString::from("tunebook=");
                extern_crate.push(&library);
                extern_crate
            }];
            let library_path = std::env::join_paths([folder.path(), Path::new(&target)]).unwrap();
            let toolchain = Toolchain { rustc, arguments: arguments.into(), library_path, key: "test".into() };
            (folder, toolchain)
        })
        .1
}

fn print(rustc: &Path, what: &str) -> String {
    let output = Command::new(rustc).args(["--print", what]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

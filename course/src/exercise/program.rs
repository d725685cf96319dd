//! Makes the probe and the judge of an exercise: two small programs against the seed's dynamic library.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tunebook_kernel::environment::library_path_variable;

use crate::{Error, Home, Result, files};

const SUPPORT: &str = include_str!("support.rs");

/// A compiler and the compiled teaching crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// The compiler.
    pub rustc: PathBuf,
    /// Edition, `--extern tunebook=...`, `-L dependency=...` and whatever else linking the crate needs.
    pub arguments: Vec<OsString>,
    /// Where the dynamic linker finds the crate and the standard library.
    pub library_path: OsString,
    /// Changes whenever the crate or the compiler does.
    pub key: String,
}

impl Toolchain {
    /// The seed's, which setup has built.
    pub fn of_seed(home: &Home) -> Result<Self> {
        crate::kernel::toolchain(home)
    }
}

/// Which of the two programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// With the learner's file.
    Probe { learner: &'a Path },
    /// Without it.
    Judge,
}

impl Part<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::Probe { .. } => "probe",
            Self::Judge => "judge",
        }
    }

    fn main(self) -> String {
        match self {
            Self::Probe { learner } => format!(
                "#[path = {}]\nmod learner;\n\
                 fn main() {{\n\
                 let to = std::env::args_os().nth(1).expect(\"the file to write\");\n\
                 let mut seen = support::Observations::default();\n\
                 check::probe(&mut seen);\n\
                 std::fs::write(to, seen.to_text()).expect(\"the observations can be written\");\n}}\n",
                literal(learner)
            ),
            Self::Judge => "fn main() {\n\
                 let mut files = std::env::args_os().skip(1);\n\
                 let mut next = || files.next().expect(\"the files to read and to write\");\n\
                 let text = std::fs::read_to_string(next()).expect(\"the observations can be read\");\n\
                 let seen = support::Observations::from_text(&text).expect(\"the observations have the right form\");\n\
                 let mut verdict = support::Verdict::default();\n\
                 check::judge(&seen, &mut verdict);\n\
                 std::fs::write(next(), verdict.to_text()).expect(\"the verdict can be written\");\n}\n"
                .into(),
        }
    }
}

/// Why a program did not compile.
pub(super) struct CompileError {
    /// The compiler's messages.
    pub messages: String,
}

/// A path as a string literal of Rust.
fn literal(path: &Path) -> String {
    format!("{:?}", path.to_string_lossy())
}

/// Compiles one part in `folder` and returns the program's path.
pub(super) fn compile(
    toolchain: &Toolchain,
    part: Part<'_>,
    check: &Path,
    folder: &Path,
) -> Result<Result<PathBuf, CompileError>> {
    let name = part.name();
    files::write(&folder.join("support.rs"), SUPPORT)?;
    let main =
        format!("#[path = \"support.rs\"]\nmod support;\n#[path = {}]\nmod check;\n{}", literal(check), part.main());
    let source = folder.join(format!("{name}.rs"));
    files::write(&source, main)?;
    let program = folder.join(name);
    let output = Command::new(&toolchain.rustc)
        .args(["--crate-type=bin", "--color=never", "-Awarnings", "--cap-lints=allow"])
        .args(["-Copt-level=1", "-Cdebuginfo=0", "--cfg", name])
        .arg(format!("--crate-name={name}"))
        .args(&toolchain.arguments)
        .arg("-o")
        .arg(&program)
        .arg(&source)
        .current_dir(folder)
        // The compiler's own libraries come first for the compiler; `cargo run` puts others before them.
        .env_remove(library_path_variable())
        .stdin(Stdio::null())
        .output()
        .map_err(|e| Error::input(toolchain.rustc.display(), e, "run `tunebook doctor`"))?;
    if output.status.success() {
        return Ok(Ok(program));
    }
    let messages = String::from_utf8_lossy(&output.stderr).replace(&format!("{}/", folder.display()), "");
    if messages.contains("No space left on device") {
        return Err(Error::input(folder.display(), "the disk is full", "free some space and run the command again"));
    }
    Ok(Err(CompileError { messages }))
}

/// The judge of an exercise, compiled once for each `check.rs` and toolchain and kept in `cache`.
pub(super) fn judge(toolchain: &Toolchain, check: &Path, cache: &Path) -> Result<PathBuf> {
    let text = files::read(check)?;
    let key = files::sha256([text.as_str(), SUPPORT, &Part::Judge.main(), &toolchain.key].join("\0"));
    let kept = cache.join(&key[..32]);
    if kept.is_file() {
        return Ok(kept);
    }
    files::make_dir(cache)?;
    let folder = tempfile::Builder::new().prefix(".judge-").tempdir_in(cache).map_err(|e| Error::io(cache, &e))?;
    let program = compile(toolchain, Part::Judge, check, folder.path())?
        .map_err(|e| Error::input(check.display(), e.messages, "the exercise is broken: report it"))?;
    std::fs::rename(&program, &kept).map_err(|e| Error::io(&kept, &e))?;
    Ok(kept)
}

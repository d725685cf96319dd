//! The seed and its sessions.
use crate::support::{home, run, seed, spec};
use std::path::Path;
use std::process::Command;
use tunebook_kernel::engine::{Engine, EngineOptions};
use tunebook_kernel::seed as seeds;
use tunebook_kernel::session::Session;

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("seed::is_found_again", is_found_again),
    ("seed::changed_sources_are_noticed", changed_sources_are_noticed),
    ("seed::another_compiler_is_a_clear_error", another_compiler_is_a_clear_error),
    ("seed::programs_link_the_library", programs_link_the_library),
    ("seed::a_session_is_small_and_goes_away", a_session_is_small_and_goes_away),
    ("seed::two_engines_do_not_meet", two_engines_do_not_meet),
];

fn is_found_again() {
    let seed = seed();
    assert_eq!(seeds::open(&home()).unwrap().as_ref(), Some(seed));
    assert!(seeds::is_current(&spec()).unwrap());
    assert_eq!(seeds::key(&spec()).unwrap(), seed.key());
    assert!(!home().join("seed.partial").exists());
    let mut steps = Vec::new();
    seeds::build(&spec(), &mut |progress| steps.push(progress.step)).unwrap();
    assert!(steps.is_empty(), "nothing to do: {steps:?}");
}

fn changed_sources_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut changed = spec();
    let facade = folder.path().join("facade");
    std::fs::create_dir_all(facade.join("src")).unwrap();
    for file in ["Cargo.toml", "src/lib.rs"] {
        std::fs::copy(changed.sources.join("facade").join(file), facade.join(file)).unwrap();
    }
    folder.path().clone_into(&mut changed.sources);
    assert_eq!(seeds::key(&changed).unwrap(), seeds::key(&spec()).unwrap(), "the place does not matter");
    std::fs::write(facade.join("src/more.rs"), "").unwrap();
    assert_ne!(seeds::key(&changed).unwrap(), seeds::key(&spec()).unwrap());
    std::fs::remove_file(facade.join("Cargo.toml")).unwrap();
    let error = seeds::key(&changed).unwrap_err();
    assert!(error.to_string().contains("facade/Cargo.toml"), "{error}");
}

fn another_compiler_is_a_clear_error() {
    seed();
    let record = std::fs::read_to_string(home().join("seed/seed.json")).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&record).unwrap();
    record["toolchain"]["version"] = "rustc 1.80.0\n".into();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("seed")).unwrap();
    std::fs::write(folder.path().join("seed/seed.json"), record.to_string()).unwrap();
    let error = seeds::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("was built with rustc 1.80.0"), "{error}");
    assert_eq!(error.mend(), Some("run `tunebook setup`"));
}

fn programs_link_the_library() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("program.rs");
    std::fs::write(&source, "use dummy::prelude::*;\nfn main() { println!(\"{}\", counter() + counter()); }").unwrap();
    let program = folder.path().join("program");
    let compiled =
        Command::new(seed().rustc()).args(seed().rustc_args()).arg(&source).arg("-o").arg(&program).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let ran = Command::new(&program).env("LD_LIBRARY_PATH", seed().runtime_library_path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "3\n", "{}", String::from_utf8_lossy(&ran.stderr));
}

fn a_session_is_small_and_goes_away() {
    let stale = home().join("sessions/999999-0");
    std::fs::create_dir_all(&stale).unwrap();
    std::fs::write(stale.join("lock"), "").unwrap();
    let session = Session::create(seed()).unwrap();
    assert!(!stale.exists(), "the session of a process that is gone is swept");
    let (own, linked) = disk(session.folder());
    assert!(own < 20 << 20, "{own} bytes of its own");
    assert!(linked > 0, "the library is a link");
    let folder = session.folder().to_owned();
    drop(session);
    assert!(!folder.exists());
}

/// Bytes in files of the folder's own, and in files that it shares.
fn disk(folder: &Path) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    let mut sum = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let about = entry.metadata().unwrap();
        if about.is_dir() {
            let (own, linked) = disk(&entry.path());
            sum = (sum.0 + own, sum.1 + linked);
        } else if about.nlink() > 1 {
            sum.1 += about.blocks() * 512;
        } else {
            sum.0 += about.blocks() * 512;
        }
    }
    sum
}

fn two_engines_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let options = EngineOptions { folder: Some(folder.path().to_owned()), ..EngineOptions::default() };
    let mut first = Engine::start(seed(), options.clone()).unwrap();
    let mut second = Engine::start(seed(), options).unwrap();
    run(&mut first, "let x = 1;").good();
    run(&mut second, "let x = 2;").good();
    assert_eq!(run(&mut first, "x").good().value().as_deref(), Some("1"));
    assert_eq!(run(&mut second, "x").good().value().as_deref(), Some("2"));
    // Cells run in the notebook's folder.
    run(&mut first, "std::fs::write(\"made.txt\", \"here\").unwrap();").good();
    assert!(folder.path().join("made.txt").is_file());
}

//! The seed that all tests share, and engines on it.
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tunebook_kernel::engine::{CellResult, Engine, EngineOptions, Output, StreamName};
use tunebook_kernel::seed::{self, Seed, SeedSpec};

/// What a cell did: its output in order, and how it ended.
pub(crate) struct Ran {
    pub(crate) outputs: Vec<Output>,
    pub(crate) result: CellResult,
}

impl Ran {
    /// The text of one stream.
    pub(crate) fn text(&self, wanted: StreamName) -> String {
        let text = |output: &Output| match output {
            Output::Stream { name, text } if *name == wanted => Some(text.clone()),
            _ => None,
        };
        self.outputs.iter().filter_map(text).collect()
    }

    /// The standard output.
    pub(crate) fn stdout(&self) -> String {
        self.text(StreamName::Stdout)
    }

    /// The text of the cell's value.
    pub(crate) fn value(&self) -> Option<String> {
        self.outputs.iter().find_map(|output| match output {
            Output::ExecuteResult { data, .. } => data.get("text/plain")?.as_str().map(str::to_owned),
            _ => None,
        })
    }

    /// The kind and text of the error.
    pub(crate) fn error(&self) -> (&str, &str) {
        let error = self.result.error.as_ref().expect("the cell fails");
        (&error.ename, &error.evalue)
    }

    /// Fails the test unless the cell ended well.
    pub(crate) fn good(self) -> Self {
        assert!(self.result.ok, "{:#?}", self.result.error);
        self
    }
}

/// The home folder of all tests: its seed is built once for all runs.
pub(crate) fn home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("home")
}

/// The specification of the tests' seed.
pub(crate) fn spec() -> SeedSpec {
    let sources = Path::new(env!("CARGO_TARGET_TMPDIR")).join("facade-sources");
    std::fs::create_dir_all(sources.join("facade/src")).unwrap();
    let manifest = "[package]\nname = \"dummy-facade\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n\
                    [lib]\ncrate-type = [\"dylib\", \"rlib\"]\n";
    std::fs::write(sources.join("facade/Cargo.toml"), manifest).unwrap();
    std::fs::write(sources.join("facade/src/lib.rs"), include_str!("../facade/lib.rs")).unwrap();
    SeedSpec {
        home: home(),
        sources,
        copied: vec![PathBuf::from("facade")],
        facade: PathBuf::from("facade"),
        package: "dummy-facade".to_owned(),
        name: "dummy".to_owned(),
        analysed: vec!["dummy-facade".to_owned()],
        check: "use dummy::prelude::*;\nlet count = counter();\ncount".to_owned(),
        program: None,
    }
}

/// The tests' seed.
pub(crate) fn seed() -> &'static Seed {
    static SEED: OnceLock<Seed> = OnceLock::new();
    SEED.get_or_init(|| seed::build(&spec(), &mut |_| {}).unwrap_or_else(|error| panic!("{error}")))
}

/// A new engine.
pub(crate) fn engine(options: EngineOptions) -> Engine {
    let mut engine = Engine::start(seed(), options).unwrap();
    run(&mut engine, "use dummy::prelude::*;").good();
    engine
}

/// An engine with a short grace period.
pub(crate) fn impatient() -> Engine {
    engine(EngineOptions { grace: Duration::from_millis(500), ..EngineOptions::default() })
}

/// Runs a cell in the engine that most tests share.
pub(crate) fn shared<T>(test: impl FnOnce(&mut Engine) -> T) -> T {
    static ENGINE: Mutex<Option<Engine>> = Mutex::new(None);
    let mut shared = ENGINE.lock().unwrap_or_else(PoisonError::into_inner);
    test(shared.get_or_insert_with(|| engine(EngineOptions::default())))
}

/// Runs a cell.
pub(crate) fn run(engine: &mut Engine, code: &str) -> Ran {
    let mut outputs = Vec::new();
    let result = engine.execute(code, &mut |output| outputs.push(output));
    Ran { outputs, result }
}

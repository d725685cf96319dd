//! Runs a notebook file cell by cell, without Jupyter.
//!
//! [`Notebook`] reads and writes the file, [`run`] executes it in an engine and stores what Jupyter
//! would store: merged streams, execution counts, displays with their last content.
mod file;
mod outputs;
mod parameters;

pub use file::Notebook;

use crate::engine::{CellError, Engine, Output};
use crate::error::Result;
use outputs::Outputs;
use serde_json::{Value, json};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How a notebook is run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// The time that one cell may take.
    pub timeout: Option<Duration>,
    /// Values that replace those in the cell tagged `parameters`: name and Rust expression.
    pub parameters: Vec<(String, String)>,
}

/// What happens while a notebook runs.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// A code cell begins.
    Started {
        /// Counts code cells from 1.
        cell: usize,
        /// Code cells in all.
        of: usize,
        /// Its code.
        code: &'a str,
    },
    /// The cell shows something.
    Output(&'a Output),
    /// The cell has ended.
    Ended {
        /// Counts code cells from 1.
        cell: usize,
        /// What went wrong, if anything did.
        error: Option<&'a CellError>,
        /// How long it took.
        time: Duration,
    },
}

/// A notebook that has been run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The notebook with outputs; cells after a failure have none.
    pub notebook: Notebook,
    /// The cell that failed and ended the run.
    pub failure: Option<Failure>,
}

/// The cell that ended a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Counts code cells from 1.
    pub cell: usize,
    /// The cell's id in the file.
    pub id: String,
    /// What went wrong.
    pub error: CellError,
}

/// Runs the code cells of a notebook in order, up to the first that fails. A cell tagged
/// `raises-exception` may fail.
///
/// Recorded values go into the cell's metadata as `tunebook.values`.
///
/// ```no_run
/// use tunebook_kernel::{engine::{Engine, EngineOptions}, notebook::{self, Notebook, RunOptions}, seed};
///
/// let seed = seed::open("/home/me/.local/share/tunebook/0.1.0".as_ref())?.expect("setup has been run");
/// let mut engine = Engine::start(&seed, EngineOptions::default())?;
/// let notebook = Notebook::read("notebooks/03-strategies.ipynb".as_ref())?;
/// let run = notebook::run(&notebook, &mut engine, &RunOptions::default(), &mut |_| {})?;
/// run.notebook.write("executed.ipynb".as_ref())?;
/// # Ok::<(), tunebook_kernel::Error>(())
/// ```
pub fn run(
    notebook: &Notebook,
    engine: &mut Engine,
    options: &RunOptions,
    report: &mut dyn FnMut(RunEvent<'_>),
) -> Result<Run> {
    let mut done = notebook.cleared();
    parameters::replace(&mut done, &options.parameters)?;
    // Not part of the first cell's time. What is wrong with it, the first cell says.
    let _ = engine.wait_until_ready();
    let indices = done.code_cells();
    let mut outputs = Outputs::new(done.len());
    let (mut failure, mut count) = (None, 0);
    for (number, &index) in (1..).zip(&indices) {
        let code = done.source(index);
        report(RunEvent::Started { cell: number, of: indices.len(), code: &code });
        let began = Instant::now();
        let result = if code.trim().is_empty() {
            crate::engine::CellResult::good()
        } else {
            count += 1;
            done.set_execution_count(index, count);
            outputs.begin(index, count);
            with_timeout(engine, options.timeout, &code, &mut |output| {
                report(RunEvent::Output(&output));
                outputs.add(&output);
            })
        };
        report(RunEvent::Ended { cell: number, error: result.error.as_ref(), time: began.elapsed() });
        if !result.values.is_empty() {
            done.set_values(index, result.values);
        }
        if let Some(error) = result.error {
            outputs.add_error(&error);
            if !done.has_tag(index, "raises-exception") {
                failure = Some(Failure { cell: number, id: done.id(index), error });
                break;
            }
        }
    }
    for (index, cell) in outputs.finish().into_iter().enumerate().filter(|(index, _)| indices.contains(index)) {
        done.set_outputs(index, Value::Array(cell));
    }
    done.set_language(
        &json!({ "name": "rust", "file_extension": ".rs", "mimetype": "text/rust", "pygments_lexer": "rust" }),
    );
    Ok(Run { notebook: done, failure })
}

/// Runs a cell and stops it when its time is over.
fn with_timeout(
    engine: &mut Engine,
    timeout: Option<Duration>,
    code: &str,
    show: &mut dyn FnMut(Output),
) -> crate::engine::CellResult {
    let Some(timeout) = timeout else { return engine.execute(code, show) };
    let interrupter = engine.interrupter();
    let (ended, end) = channel::<()>();
    let watcher = std::thread::spawn(move || {
        let late = end.recv_timeout(timeout) == Err(RecvTimeoutError::Timeout);
        if late {
            interrupter.interrupt();
        }
        late
    });
    let mut result = engine.execute(code, show);
    drop(ended);
    let late = watcher.join().unwrap_or(false);
    if late && let Some(error) = &mut result.error {
        *error = CellError::new("Timeout", format!("the cell took longer than {} s", timeout.as_secs_f64()));
    }
    result
}

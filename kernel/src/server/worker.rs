//! The thread that owns the engine, and the queue in front of it.
use super::content;
use super::sockets::{Incoming, Publisher, message};
use crate::engine::{CellError, CellResult, Engine, EngineOptions, Interrupter};
use crate::error::{At, Error, Result};
use crate::seed;
use jupyter_protocol::{ExecuteRequest, JupyterMessage};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Work for the engine, in the order of the requests.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// The request whose cell runs now.
    running: Option<JupyterMessage>,
    closed: bool,
}

/// One request that needs the engine.
pub(super) struct Job {
    pub request: Incoming,
    pub work: Work,
}

/// What a request asks of the engine. Positions are bytes.
pub(super) enum Work {
    Execute(ExecuteRequest),
    Complete { code: String, byte: usize },
    Inspect { code: String, byte: usize },
}

impl Queue {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, job: Job) {
        self.state().jobs.push_back(job);
        self.changed.notify_one();
    }

    /// The request whose cell runs now.
    pub(super) fn running(&self) -> Option<JupyterMessage> {
        self.state().running.clone()
    }

    /// No more work.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.jobs.clear();
        self.changed.notify_all();
    }

    /// The cells that wait, taken out of the queue.
    pub(super) fn take_cells(&self) -> Vec<Job> {
        let mut state = self.state();
        let (cells, rest) = state.jobs.drain(..).partition(|job| matches!(job.work, Work::Execute(_)));
        state.jobs = rest;
        Vec::from_iter::<VecDeque<Job>>(cells)
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Starts the thread; the engine prepares itself there.
pub(super) fn start(
    home: &Path,
    options: EngineOptions,
    interrupter: Interrupter,
    publisher: Publisher,
    queue: Arc<Queue>,
) -> Result<JoinHandle<()>> {
    let home = home.to_owned();
    let work = move || {
        let mut worker = Worker { home, options, interrupter, publisher, queue, engine: None, count: 0 };
        // A failure is said by the first cell, where a person sees it.
        let _ = worker.engine();
        while let Some(job) = worker.queue.next() {
            worker.answer(job);
        }
    };
    std::thread::Builder::new().name("engine".to_owned()).spawn(work).at("the engine's thread")
}

struct Worker {
    home: PathBuf,
    options: EngineOptions,
    interrupter: Interrupter,
    publisher: Publisher,
    queue: Arc<Queue>,
    engine: Option<Engine>,
    count: usize,
}

impl Worker {
    fn engine(&mut self) -> Result<&mut Engine> {
        let engine = if let Some(engine) = self.engine.take() {
            engine
        } else {
            let seed = seed::open(&self.home)?
                .ok_or_else(|| Error::new("the cells' library has not been built").with_mend("run `tunebook setup`"))?;
            Engine::start_with(&seed, self.options.clone(), self.interrupter.clone())?
        };
        Ok(self.engine.insert(engine))
    }

    fn answer(&mut self, job: Job) {
        let Job { request, work } = job;
        let parent = &request.message;
        match work {
            Work::Execute(cell) => self.execute(&request, &cell),
            Work::Complete { code, byte } => {
                self.publisher.status("busy", Some(parent));
                let (matches, range) = match self.engine.as_mut() {
                    Some(engine) => engine.complete(&code, byte),
                    None => (Vec::new(), byte..byte),
                };
                reply(&request, "complete_reply", complete_reply(&code, &matches, &range));
                self.publisher.status("idle", Some(parent));
            }
            Work::Inspect { code, byte } => {
                self.publisher.status("busy", Some(parent));
                let found = self.engine.as_mut().and_then(|engine| engine.inspect(&code, byte));
                let data = found.unwrap_or_default();
                let body = json!({ "status": "ok", "found": !data.is_empty(), "data": data, "metadata": {} });
                reply(&request, "inspect_reply", body);
                self.publisher.status("idle", Some(parent));
            }
        }
    }

    fn execute(&mut self, request: &Incoming, cell: &ExecuteRequest) {
        let parent = request.message.clone();
        let (publisher, loud) = (self.publisher.clone(), !cell.silent);
        self.queue.state().running = Some(parent.clone());
        publisher.status("busy", Some(&parent));
        if loud && cell.store_history {
            self.count += 1;
        }
        let count = self.count;
        if loud {
            publisher.publish("execute_input", json!({ "code": cell.code, "execution_count": count }), Some(&parent));
        }
        let result = match self.engine() {
            Ok(engine) => engine.execute(&cell.code, &mut |output| {
                if loud {
                    let (kind, body) = content::output(&output, count);
                    publisher.publish(kind, body, Some(&parent));
                }
            }),
            Err(error) => CellResult::failed(CellError::new("Error", error.to_string())),
        };
        self.queue.state().running = None;
        if let Some(error) = &result.error
            && loud
        {
            publisher.publish("error", content::error(error), Some(&parent));
        }
        let mut answer = message("execute_reply", content::execute_reply(result.error.as_ref(), count), Some(&parent));
        answer.metadata = json!({ "tunebook": { "values": result.values } });
        let _ = request.replies.send(answer);
        publisher.status("idle", Some(&parent));
        if result.error.is_some() && cell.stop_on_error {
            self.abort_the_rest();
        }
    }

    /// After an error the cells that wait do not run: "Run All" stops.
    fn abort_the_rest(&self) {
        for job in self.queue.take_cells() {
            let parent = Some(&job.request.message);
            self.publisher.status("busy", parent);
            reply(&job.request, "execute_reply", json!({ "status": "aborted", "execution_count": self.count }));
            self.publisher.status("idle", parent);
        }
    }
}

/// Sends a reply to where the request came from.
pub(super) fn reply(request: &Incoming, kind: &str, body: Value) {
    // A client that is gone does not wait for it.
    let _ = request.replies.send(message(kind, body, Some(&request.message)));
}

/// A `complete_reply`; Jupyter counts characters, not bytes.
pub(super) fn complete_reply(code: &str, matches: &[String], range: &std::ops::Range<usize>) -> Value {
    let chars = |byte: usize| code.get(..byte).map_or(0, |before| before.chars().count());
    json!({
        "status": "ok", "matches": matches, "metadata": {},
        "cursor_start": chars(range.start), "cursor_end": chars(range.end)
    })
}

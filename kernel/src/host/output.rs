//! Passes on what a cell shows while it runs, and remembers how it ended.
use super::events::Events;
use crate::engine::{MimeBundle, Output};
use crate::message::{ChildEvent, Event, RunEnd};
use evcxr::EvalContextOutputs;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the host waits for the supervisor's last words.
const PATIENCE: Duration = Duration::from_secs(3);

/// The receiving end of the supervisor's events.
pub(super) struct Outputs {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    events: Events,
}

#[derive(Default)]
struct State {
    /// Content blocks that belong to one value.
    bundle: MimeBundle,
    values: Map<String, Value>,
    ends: Vec<RunEnd>,
    death: Option<String>,
}

impl Outputs {
    /// Reads both of evcxr's channels in threads that end with them.
    pub(super) fn start(receivers: EvalContextOutputs, events: Events) -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), events });
        let reader = Arc::clone(&shared);
        let EvalContextOutputs { stdout, stderr } = receivers;
        std::thread::spawn(move || stderr.iter().for_each(|line| reader.take(&line)));
        // Nothing comes here, but evcxr waits until this channel is empty.
        std::thread::spawn(move || stdout.iter().for_each(drop));
        Self { shared }
    }

    /// A new cell.
    pub(super) fn begin(&self) {
        let mut state = self.shared.state();
        state.bundle = MimeBundle::new();
        state.values = Map::new();
        state.death = None;
    }

    /// The end of a run, after all of its output has been passed on.
    pub(super) fn wait_for_end(&self, number: u64) -> RunEnd {
        let state = self.shared.state();
        let known = |state: &mut State| !state.ends.iter().any(|end| end.number == number);
        let (mut state, _) =
            self.shared.changed.wait_timeout_while(state, PATIENCE, known).unwrap_or_else(PoisonError::into_inner);
        let end = state.ends.iter().find(|end| end.number == number).cloned();
        state.ends.clear();
        end.unwrap_or_default()
    }

    /// Waits for the last words of a process that is gone.
    pub(super) fn wait_for_death(&self) {
        let alive = |state: &mut State| state.death.is_none();
        let _ = self.shared.changed.wait_timeout_while(self.shared.state(), PATIENCE, alive);
    }

    /// How the process that runs cells ended, if it did.
    pub(super) fn take_death(&self) -> Option<String> {
        self.shared.state().death.take()
    }

    /// Shows the cell's value, or what an evcxr command answered.
    pub(super) fn finish(&self, is_result: bool, content: HashMap<String, String>) {
        let mut state = self.shared.state();
        let mut bundle = std::mem::take(&mut state.bundle);
        for (mime, text) in content {
            add_content(&mut bundle, mime, text);
        }
        let unit = bundle.len() == 1 && bundle.get("text/plain").is_some_and(|text| text == "()");
        if bundle.is_empty() || unit {
            return;
        }
        let metadata = Map::new();
        self.shared.show(if is_result {
            Output::ExecuteResult { data: bundle, metadata }
        } else {
            Output::DisplayData { data: bundle, metadata, display_id: None }
        });
    }

    /// The numbers that the cell recorded.
    pub(super) fn take_values(&self) -> Map<String, Value> {
        std::mem::take(&mut self.shared.state().values)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, event: &Event) {
        // An engine that does not read is gone; the next request will not come either.
        let _ = self.events.send(event);
    }

    fn show(&self, output: Output) {
        self.send(&Event::Output(output));
    }

    fn take(&self, line: &str) {
        let Ok(event) = serde_json::from_str(line) else {
            // Not from the supervisor's own code: its runtime, say, before an abort.
            return self.show(Output::Stream { name: crate::message::StreamName::Stderr, text: format!("{line}\n") });
        };
        match event {
            ChildEvent::Started { pid } => self.send(&Event::Cells { pid }),
            ChildEvent::RunStarted => self.send(&Event::Running { running: true }),
            ChildEvent::Stream { name, text } => self.show(Output::Stream { name, text }),
            ChildEvent::Message(message) => self.take_message(message),
            ChildEvent::Content { mime, text } => self.take_content(mime, text),
            ChildEvent::RunEnded(end) => {
                self.send(&Event::Running { running: false });
                self.state().ends.push(end);
                self.changed.notify_all();
            }
            ChildEvent::Died { status } => {
                self.send(&Event::Running { running: false });
                self.state().death = Some(status);
                self.changed.notify_all();
            }
        }
    }

    fn take_content(&self, mime: String, text: String) {
        let mut state = self.state();
        if state.bundle.contains_key(&mime) {
            // The same type again: the value before is complete.
            let data = std::mem::take(&mut state.bundle);
            self.show(Output::DisplayData { data, metadata: Map::new(), display_id: None });
        }
        add_content(&mut state.bundle, mime, text);
    }

    fn take_message(&self, mut message: Map<String, Value>) {
        let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        let object = |value: Option<Value>| match value {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let kind = text(message.remove("type")).unwrap_or_default();
        let display_id = text(message.remove("display_id"));
        let data = object(message.remove("data"));
        let metadata = object(message.remove("metadata"));
        match (kind.as_str(), display_id) {
            ("display_data", display_id) => self.show(Output::DisplayData { data, metadata, display_id }),
            ("update_display_data", Some(display_id)) => {
                self.show(Output::UpdateDisplayData { data, metadata, display_id });
            }
            ("clear_output", _) => {
                self.show(Output::ClearOutput { wait: message.get("wait").is_some_and(|wait| wait == true) });
            }
            ("value", _) => {
                if let (Some(name), Some(value)) = (text(message.remove("name")), message.remove("value")) {
                    self.state().values.insert(name, value);
                }
            }
            // A newer teaching crate may say more than this kernel knows.
            _ => {}
        }
    }
}

fn add_content(bundle: &mut MimeBundle, mime: String, text: String) {
    let json = mime == "application/json" || mime.ends_with("+json");
    let parsed = json.then(|| serde_json::from_str(&text).ok()).flatten();
    bundle.insert(mime, parsed.unwrap_or(Value::String(text)));
}

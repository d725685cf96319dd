//! Bodies of messages, as the Jupyter protocol has them.
use crate::engine::{CellError, Output, StreamName};
use serde_json::{Value, json};

/// The version of the protocol.
const PROTOCOL: &str = "5.3";

/// What the kernel is.
pub(super) fn kernel_info() -> Value {
    json!({
        "status": "ok",
        "protocol_version": PROTOCOL,
        "implementation": "tunebook",
        "implementation_version": env!("CARGO_PKG_VERSION"),
        "language_info": {
            "name": "rust",
            "version": "2024",
            "mimetype": "text/rust",
            "file_extension": ".rs",
            "pygments_lexer": "rust",
            "codemirror_mode": "rust",
            "nbconvert_exporter": "script"
        },
        "banner": concat!("Tunebook ", env!("CARGO_PKG_VERSION"), ": fine-tuning in Rust. `use tunebook::prelude::*;` is all you need; `:help` lists commands."),
        "help_links": [
            { "text": "Rust", "url": "https://doc.rust-lang.org/std/" },
            { "text": "candle", "url": "https://docs.rs/candle-core" }
        ],
        "debugger": false
    })
}

/// The kind and body of an output.
pub(super) fn output(output: &Output, execution_count: usize) -> (&'static str, Value) {
    match output {
        Output::Stream { name, text } => ("stream", json!({ "name": stream(*name), "text": text })),
        Output::DisplayData { data, metadata, display_id } => {
            let transient = display_id.as_ref().map_or_else(|| json!({}), |id| json!({ "display_id": id }));
            ("display_data", json!({ "data": data, "metadata": metadata, "transient": transient }))
        }
        Output::UpdateDisplayData { data, metadata, display_id } => (
            "update_display_data",
            json!({ "data": data, "metadata": metadata, "transient": { "display_id": display_id } }),
        ),
        Output::ClearOutput { wait } => ("clear_output", json!({ "wait": wait })),
        Output::ExecuteResult { data, metadata } => {
            ("execute_result", json!({ "execution_count": execution_count, "data": data, "metadata": metadata }))
        }
    }
}

/// A stream's name.
pub(crate) fn stream(name: StreamName) -> &'static str {
    match name {
        StreamName::Stdout => "stdout",
        StreamName::Stderr => "stderr",
    }
}

/// The body of an `error` message.
pub(super) fn error(error: &CellError) -> Value {
    json!({ "ename": error.ename, "evalue": error.evalue, "traceback": error.traceback })
}

/// The body of an `execute_reply`.
pub(super) fn execute_reply(failed: Option<&CellError>, execution_count: usize) -> Value {
    let mut body = match failed {
        None => json!({ "status": "ok", "payload": [], "user_expressions": {} }),
        Some(failed) => {
            let mut body = error(failed);
            body["status"] = "error".into();
            body
        }
    };
    body["execution_count"] = execution_count.into();
    body
}

//! Collects the outputs of all cells as a notebook stores them.
use super::file::lines;
use crate::engine::{CellError, MimeBundle, Output};
use crate::server::stream;
use serde_json::{Value, json};

/// Outputs by cell.
pub(super) struct Outputs {
    cells: Vec<Vec<Stored>>,
    cell: usize,
    count: usize,
    /// The next output replaces what is there.
    clear_first: bool,
}

struct Stored {
    json: Value,
    display_id: Option<String>,
}

impl Outputs {
    pub(super) fn new(cells: usize) -> Self {
        Self { cells: (0..cells).map(|_| Vec::new()).collect(), cell: 0, count: 0, clear_first: false }
    }

    /// A cell begins.
    pub(super) fn begin(&mut self, cell: usize, count: usize) {
        self.cell = cell;
        self.count = count;
        self.clear_first = false;
    }

    pub(super) fn add(&mut self, output: &Output) {
        match output {
            Output::Stream { name, text } => self.add_text(stream(*name), text),
            Output::DisplayData { data, metadata, display_id } => {
                let json = json!({ "output_type": "display_data", "data": stored(data), "metadata": metadata });
                self.push(json, display_id.clone());
            }
            Output::ExecuteResult { data, metadata } => {
                let json = json!({
                    "output_type": "execute_result", "execution_count": self.count,
                    "data": stored(data), "metadata": metadata
                });
                self.push(json, None);
            }
            Output::UpdateDisplayData { data, metadata, display_id } => {
                // Every display of that name changes, also in earlier cells.
                for shown in
                    self.cells.iter_mut().flatten().filter(|shown| shown.display_id.as_ref() == Some(display_id))
                {
                    shown.json["data"] = stored(data);
                    shown.json["metadata"] = metadata.clone().into();
                }
            }
            Output::ClearOutput { wait: true } => self.clear_first = true,
            Output::ClearOutput { wait: false } => self.cells[self.cell].clear(),
        }
    }

    pub(super) fn add_error(&mut self, error: &CellError) {
        let json = json!({
            "output_type": "error", "ename": error.ename, "evalue": error.evalue, "traceback": error.traceback
        });
        self.push(json, None);
    }

    /// The outputs of each cell.
    pub(super) fn finish(self) -> Vec<Vec<Value>> {
        let finished = |stored: Stored| {
            let mut json = stored.json;
            if let Some(text) = json["text"].as_str() {
                json["text"] = lines(text);
            }
            json
        };
        let without_null = |mut json: Value| {
            if let Some(object) = json.as_object_mut() {
                object.retain(|key, value| key != "text" || !value.is_null());
            }
            json
        };
        self.cells.into_iter().map(|cell| cell.into_iter().map(finished).map(without_null).collect()).collect()
    }

    fn add_text(&mut self, name: &str, text: &str) {
        if !self.clear_first
            && let Some(last) = self.cells[self.cell].last_mut()
            && last.json["name"] == name
            && let Some(Value::String(before)) = last.json.get_mut("text")
        {
            before.push_str(text);
            return;
        }
        self.push(json!({ "output_type": "stream", "name": name, "text": text }), None);
    }

    fn push(&mut self, json: Value, display_id: Option<String>) {
        let cell = &mut self.cells[self.cell];
        if std::mem::take(&mut self.clear_first) {
            cell.clear();
        }
        cell.push(Stored { json, display_id });
    }
}

/// A bundle with its texts as lists of lines.
fn stored(data: &MimeBundle) -> Value {
    let text = |mime: &str| mime.starts_with("text/") || matches!(mime, "image/svg+xml" | "application/javascript");
    data.iter()
        .map(|(mime, content)| match content {
            Value::String(content) if text(mime) => (mime.clone(), lines(content)),
            other => (mime.clone(), other.clone()),
        })
        .collect::<MimeBundle>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::StreamName::{Stderr, Stdout};
    use serde_json::Map;

    fn plain(text: &str) -> MimeBundle {
        MimeBundle::from_iter([("text/plain".to_owned(), text.into())])
    }

    fn display(text: &str, id: &str) -> Output {
        Output::DisplayData { data: plain(text), metadata: Map::new(), display_id: Some(id.to_owned()) }
    }

    #[test]
    fn what_jupyter_would_store() {
        let mut outputs = Outputs::new(2);
        outputs.begin(0, 1);
        for (name, text) in [(Stdout, "a\n"), (Stdout, "b"), (Stderr, "c"), (Stdout, "d")] {
            outputs.add(&Output::Stream { name, text: text.to_owned() });
        }
        outputs.add(&display("old", "x"));
        outputs.begin(1, 2);
        outputs.add(&display("gone", "y"));
        outputs.add(&Output::ClearOutput { wait: true });
        outputs.add(&Output::UpdateDisplayData {
            data: plain("new\nline"),
            metadata: Map::new(),
            display_id: "x".into(),
        });
        outputs.add(&Output::ExecuteResult { data: plain("7"), metadata: Map::new() });
        let cells = outputs.finish();
        assert_eq!(
            Value::from(cells[0].clone()),
            json!([
                { "output_type": "stream", "name": "stdout", "text": ["a\n", "b"] },
                { "output_type": "stream", "name": "stderr", "text": ["c"] },
                { "output_type": "stream", "name": "stdout", "text": ["d"] },
                { "output_type": "display_data", "data": { "text/plain": ["new\n", "line"] }, "metadata": {} }
            ])
        );
        assert_eq!(
            Value::from(cells[1].clone()),
            json!([{ "output_type": "execute_result", "execution_count": 2, "data": { "text/plain": ["7"] }, "metadata": {} }])
        );
    }
}

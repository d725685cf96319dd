//! Outputs that are the same on every machine: no paths of this one, no counters, no ids of displays.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::{Course, Home};

pub(super) struct Cleaner {
    replacements: Vec<(String, &'static str)>,
}

impl Cleaner {
    pub(super) fn new(course: &Course, home: &Home) -> Self {
        let user = std::env::var("HOME").unwrap_or_default();
        let mut replacements = Vec::new();
        for (path, name) in [(home.path(), "<tunebook>"), (course.root(), "<course>"), (Path::new(&user), "~")] {
            let text = path.display().to_string();
            // "/" and "" stand in every text.
            if text.len() > 1 {
                replacements.push((text, name));
            }
        }
        // The longest first: the home folder contains the others.
        replacements.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        Self { replacements }
    }

    /// The outputs in the order of nbformat's fields; neighbouring pieces of one stream become one.
    pub(super) fn outputs(&self, outputs: &[Value]) -> Vec<Value> {
        let mut clean: Vec<Value> = Vec::new();
        for output in outputs {
            match output["output_type"].as_str() {
                Some("stream") => {
                    let (name, text) = (&output["name"], self.text(&joined(&output["text"])));
                    match clean.last_mut() {
                        Some(last) if last["output_type"] == "stream" && last["name"] == *name => {
                            last["text"] = json!(joined(&last["text"]) + &text);
                        }
                        _ => clean.push(json!({ "name": name, "output_type": "stream", "text": text })),
                    }
                }
                Some(kind @ ("display_data" | "execute_result")) => {
                    let data: Map<String, Value> = output["data"]
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(mime, content)| (mime.clone(), self.content(content)))
                        .collect();
                    clean.push(json!({ "data": data, "metadata": {}, "output_type": kind }));
                }
                _ => {}
            }
        }
        clean
    }

    fn content(&self, content: &Value) -> Value {
        match content {
            Value::String(_) | Value::Array(_) => json!(self.text(&joined(content))),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        self.replacements.iter().fold(text.to_owned(), |text, (path, name)| text.replace(path.as_str(), name))
    }
}

/// nbformat writes long texts as lists of lines.
pub(crate) fn joined(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_streams_join_and_svg_stays() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("lessons")).unwrap();
        let course = Course::open(folder.path()).unwrap();
        let home = Home::at(folder.path().join("home"));
        let svg = "<svg>\n<path d=\"M0 0\"/>\n</svg>";
        let outputs = [
            json!({"output_type": "stream", "name": "stdout", "text": ["one ", "line\n"]}),
            json!({"output_type": "stream", "name": "stdout", "text": format!("{}/seed\n", home.path().display())}),
            json!({"output_type": "execute_result", "execution_count": 7, "metadata": {"x": 1}, "data": {"image/svg+xml": svg}}),
        ];
        let clean = Cleaner::new(&course, &home).outputs(&outputs);
        assert_eq!(clean.len(), 2);
        assert_eq!(clean[0]["text"], "one line\n<tunebook>/seed\n");
        assert_eq!(clean[1]["data"]["image/svg+xml"], svg);
        assert!(clean[1].get("execution_count").is_none());
    }
}

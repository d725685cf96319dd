//! A notebook file: nbformat 4, written as 4.5.
use crate::error::{At, Error, Result};
use serde_json::{Map, Value, json};
use std::path::Path;

/// A notebook, as its JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Notebook {
    json: Value,
}

impl Notebook {
    /// Reads a notebook file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).at(path)?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads a notebook from text; `origin` names it in errors.
    ///
    /// ```
    /// use tunebook_kernel::notebook::Notebook;
    /// let error = Notebook::parse("{\"cells\": 1}", "a.ipynb").unwrap_err();
    /// assert!(error.to_string().starts_with("a.ipynb: not a notebook"));
    /// ```
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        let broken = |problem: String| {
            Error::new(format!("{origin}: not a notebook: {problem}"))
                .with_mend("open it in Jupyter, or take a fresh copy of the file")
        };
        let json: Value = serde_json::from_str(text).map_err(|error| broken(error.to_string()))?;
        if json["nbformat"] != 4 {
            return Err(broken(format!("`nbformat` is {}, not 4", json["nbformat"])));
        }
        let cells = json["cells"].as_array().ok_or_else(|| broken("`cells` is not a list".to_owned()))?;
        for (number, cell) in (1..).zip(cells) {
            if !matches!(cell["cell_type"].as_str(), Some("code" | "markdown" | "raw")) {
                return Err(broken(format!("cell {number} has no `cell_type` of a notebook's")));
            }
            let lines = |value: &Value| value.as_array().is_some_and(|lines| lines.iter().all(Value::is_string));
            if !cell["source"].is_string() && !lines(&cell["source"]) {
                return Err(broken(format!("the `source` of cell {number} is not text")));
            }
            if !cell["metadata"].is_object() && !cell["metadata"].is_null() {
                return Err(broken(format!("the `metadata` of cell {number} is not an object")));
            }
        }
        Ok(Self { json })
    }

    /// Writes the notebook; a file that exists is replaced in one step.
    pub fn write(&self, path: &Path) -> Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).at(folder)?;
        std::io::Write::write_all(&mut file, self.to_text().as_bytes()).at(path)?;
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(file.path(), permissions).at(path)?;
        file.persist(path).map_err(|error| Error::io(path, &error.error))?;
        Ok(())
    }

    /// The file's text, indented by one space as Jupyter does.
    pub fn to_text(&self) -> String {
        let mut bytes = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
        // JSON that was read or made here has only text as keys: writing it to memory cannot fail.
        let written = serde::Serialize::serialize(&self.json, &mut serializer);
        debug_assert!(written.is_ok());
        String::from_utf8_lossy(&bytes).into_owned() + "\n"
    }

    /// The notebook as JSON.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// A copy as nbformat 4.5, in which every cell has an id and no cell an output.
    pub(super) fn cleared(&self) -> Self {
        let mut json = self.json.clone();
        json["nbformat_minor"] = 5.into();
        if !json["metadata"].is_object() {
            json["metadata"] = json!({});
        }
        for (number, cell) in (1..).zip(json["cells"].as_array_mut().into_iter().flatten()) {
            if !cell["id"].is_string() {
                cell["id"] = format!("cell-{number}").into();
            }
            if !cell["metadata"].is_object() {
                cell["metadata"] = json!({});
            }
            if cell["cell_type"] == "code" {
                cell["outputs"] = json!([]);
                cell["execution_count"] = Value::Null;
                if let Some(tunebook) = cell["metadata"]["tunebook"].as_object_mut() {
                    tunebook.remove("values");
                }
            }
        }
        // Indexing made `null` entries where `metadata` was looked for and not found.
        for cell in json["cells"].as_array_mut().into_iter().flatten() {
            if let Some(metadata) = cell["metadata"].as_object_mut() {
                metadata.retain(|_, value| !value.is_null());
            }
        }
        Self { json }
    }

    pub(super) fn len(&self) -> usize {
        self.json["cells"].as_array().map_or(0, Vec::len)
    }

    pub(super) fn code_cells(&self) -> Vec<usize> {
        (0..self.len()).filter(|&index| self.json["cells"][index]["cell_type"] == "code").collect()
    }

    pub(super) fn source(&self, index: usize) -> String {
        match &self.json["cells"][index]["source"] {
            Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
            source => source.as_str().unwrap_or_default().to_owned(),
        }
    }

    pub(super) fn id(&self, index: usize) -> String {
        self.json["cells"][index]["id"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn set_source(&mut self, index: usize, source: &str) {
        self.json["cells"][index]["source"] = lines(source);
    }

    pub(super) fn has_tag(&self, index: usize, tag: &str) -> bool {
        let tags = self.json["cells"][index]["metadata"]["tags"].as_array();
        tags.is_some_and(|tags| tags.iter().any(|given| given == tag))
    }

    pub(super) fn set_execution_count(&mut self, index: usize, count: usize) {
        self.json["cells"][index]["execution_count"] = count.into();
    }

    pub(super) fn set_outputs(&mut self, index: usize, outputs: Value) {
        self.json["cells"][index]["outputs"] = outputs;
    }

    pub(super) fn set_values(&mut self, index: usize, values: Map<String, Value>) {
        self.json["cells"][index]["metadata"]["tunebook"]["values"] = Value::Object(values);
    }

    pub(super) fn set_language(&mut self, language: &Value) {
        self.json["metadata"]["language_info"] = language.clone();
    }
}

/// Text as notebooks store it: a list of lines that keep their ends.
pub(super) fn lines(text: &str) -> Value {
    text.split_inclusive('\n').collect::<Vec<_>>().into()
}

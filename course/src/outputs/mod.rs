//! The outputs that the book shows: made by really executing a lesson, committed beside it.
//!
//! `lessons/NN-slug/outputs/<cell-id>.json` holds what one cell showed and the numbers it recorded; `key.json` holds
//! what that was made from (see [`Key`]). `clean` takes out what would differ from machine to machine.

mod clean;
mod key;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use key::Key;

use crate::{Course, Error, Home, Lesson, Result, files};

/// What one cell showed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellOutputs {
    /// Outputs as nbformat writes them: `stream`, `display_data`, `execute_result`.
    pub outputs: Vec<Value>,
    /// The numbers that the cell recorded, by name.
    pub values: BTreeMap<String, f64>,
}

/// What the cells of a lesson showed, by cell id.
pub type LessonOutputs = BTreeMap<String, CellOutputs>;

/// Takes the outputs out of an executed notebook; `course` and `home` are replaced where a path leaks.
pub fn from_executed(executed: &Value, course: &Course, home: &Home) -> Result<LessonOutputs> {
    let broken =
        |problem: &str| Error::input("executed notebook", problem, "this is a fault of the program: report it");
    let cells = executed["cells"].as_array().ok_or_else(|| broken("it has no cells"))?;
    let cleaner = clean::Cleaner::new(course, home);
    let mut all = LessonOutputs::new();
    for cell in cells.iter().filter(|cell| cell["cell_type"] == "code") {
        let id = cell["id"].as_str().ok_or_else(|| broken("a cell has no id"))?;
        let outputs = cell["outputs"].as_array().map_or(&[][..], Vec::as_slice);
        let values = cell["metadata"]["tunebook"]["values"].as_object();
        let values = values.into_iter().flatten().filter_map(|(name, v)| Some((name.clone(), v.as_f64()?))).collect();
        all.insert(id.to_owned(), CellOutputs { outputs: cleaner.outputs(outputs), values });
    }
    Ok(all)
}

/// Executes a lesson's code cells in a fresh kernel.
pub fn execute(course: &Course, lesson: &Lesson, home: &Home) -> Result<LessonOutputs> {
    let notebook = crate::notebook::code_only(lesson)?;
    let executed = crate::kernel::run_notebook(&notebook, &lesson.place, home, course.root())?;
    from_executed(&executed, course, home)
}

/// Reads the committed outputs. A cell without a file has shown nothing.
pub fn read(lesson: &Lesson) -> Result<LessonOutputs> {
    let mut all = LessonOutputs::new();
    for cell in lesson.cells() {
        let path = lesson.outputs().join(format!("{}.json", cell.id));
        if path.is_file() {
            let parse = serde_json::from_str(&files::read(&path)?);
            let outputs = parse.map_err(|e| {
                Error::input(format!("{}:{}", path.display(), e.line()), e, "make it again: `tunebook build --execute`")
            })?;
            all.insert(cell.id.clone(), outputs);
        }
    }
    Ok(all)
}

/// Writes the outputs and their key; files of cells that are gone are removed.
pub fn write(course: &Course, lesson: &Lesson, outputs: &LessonOutputs) -> Result<()> {
    let folder = lesson.outputs();
    let key = Key::of(course, lesson)?;
    // The key goes last: outputs without it count as stale.
    files::remove(&folder.join("key.json"))?;
    for (id, cell) in outputs {
        write_json(&folder.join(format!("{id}.json")), cell)?;
    }
    for path in files::entries(&folder)? {
        let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|e| e == "json") && !outputs.contains_key(&id) {
            files::remove(&path)?;
        }
    }
    write_json(&folder.join("key.json"), &key)
}

/// Every recorded number of a lesson; a later cell wins.
pub fn values(lesson: &Lesson, outputs: &LessonOutputs) -> BTreeMap<String, f64> {
    let cells = lesson.cells().filter_map(|cell| outputs.get(&cell.id));
    cells.flat_map(|cell| cell.values.iter().map(|(name, value)| (name.clone(), *value))).collect()
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| Error::input(path.display(), e, ""))?;
    text.push('\n');
    files::write(path, text)
}

//! What committed outputs were made from.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Course, Error, Lesson, Result, files};

/// Hashes of all that outputs depend on: the cells' code, the data sets, the models and the lock file. The teaching
/// crate's source is left out on purpose: it changes daily, and a fresh execution in CI checks the quoted numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The ids and code of the cells, in order.
    pub cells: String,
    /// Everything in `data/` but Markdown.
    pub data: String,
    /// `Cargo.lock`.
    pub lock: String,
    /// Everything in `models/` but Markdown.
    pub models: String,
}

impl Key {
    /// The key of a lesson as it is now.
    pub fn of(course: &Course, lesson: &Lesson) -> Result<Self> {
        let cells: Vec<[&str; 2]> = lesson.cells().map(|cell| [cell.id.as_str(), cell.code.as_str()]).collect();
        let lock = course.root().join("Cargo.lock");
        let lock = std::fs::read(&lock).map_err(|e| Error::io(&lock, &e))?;
        Ok(Self {
            cells: files::sha256(serde_json::json!(cells).to_string()),
            data: hash_of_tree(&course.root().join("data"))?,
            lock: files::sha256(lock),
            models: hash_of_tree(&course.root().join("models"))?,
        })
    }

    /// The key that was written with the committed outputs.
    pub fn committed(lesson: &Lesson) -> Result<Option<Self>> {
        let path = lesson.outputs().join("key.json");
        if !path.is_file() {
            return Ok(None);
        }
        // A key that cannot be read belongs to no outputs we know: stale, not an error.
        Ok(serde_json::from_str(&files::read(&path)?).ok())
    }

    /// In which parts this key differs from another, in words.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        [
            ("the cells", &self.cells, &other.cells),
            ("the data", &self.data, &other.data),
            ("Cargo.lock", &self.lock, &other.lock),
            ("the models", &self.models, &other.models),
        ]
        .into_iter()
        .filter_map(|(name, a, b)| (a != b).then_some(name))
        .collect()
    }
}

fn hash_of_tree(folder: &Path) -> Result<String> {
    let mut listing = String::new();
    for path in files::files_below(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if path.extension().is_none_or(|extension| extension != "md") {
            let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, &e))?;
            listing += &[name.as_str(), " ", files::sha256(bytes).as_str(), "\n"].concat();
        }
    }
    Ok(files::sha256(listing))
}

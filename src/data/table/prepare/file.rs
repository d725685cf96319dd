//! A fitted preprocessor as JSON.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::FittedPreprocessor;
use super::fitted::FittedColumn;
use crate::model::write_atomically;
use crate::{Error, Result};

/// The version of what is written below.
const FORMAT: u32 = 1;

/// A finite number that is written as text: what is read back is the same to the last bit, which JSON numbers are not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exact(pub(crate) f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.map(Self).ok_or_else(|| serde::de::Error::custom(format!("\"{text}\" is not a finite number")))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    rows: usize,
    dropped: usize,
    columns: Vec<FittedColumn>,
}

impl FittedPreprocessor {
    /// Everything that was learned, as JSON.
    pub fn to_json(&self) -> String {
        let file = File { format: FORMAT, rows: self.rows, dropped: self.dropped, columns: self.columns.clone() };
        // Strings, counts and names: nothing that JSON cannot hold.
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }

    /// What [`FittedPreprocessor::to_json`] wrote; `origin` names it in messages.
    ///
    /// # Errors
    /// When it is something else, or its parts do not belong together.
    pub fn from_json(json: &str, origin: &str) -> Result<Self> {
        let mend = "use a file that FittedPreprocessor::save wrote";
        let file: File = serde_json::from_str(json).map_err(|problem| Error::input(origin, problem, mend))?;
        if file.format != FORMAT {
            let problem = format!("has the format {}, this library reads {FORMAT}", file.format);
            return Err(Error::input(origin, problem, "use the version of the library that wrote it"));
        }
        for (at, column) in file.columns.iter().enumerate() {
            if let Some(problem) = problem_of(column, &file.columns[..at]) {
                return Err(Error::input(format!("{origin}, column \"{}\"", column.name()), problem, mend));
            }
        }
        if file.columns.is_empty() {
            return Err(Error::input(origin, "there is no column", mend));
        }
        Ok(Self::new(file.columns, file.rows, file.dropped))
    }

    /// Writes it to a JSON file, whole or not at all.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_atomically(path.as_ref(), self.to_json().as_bytes())
    }

    /// Reads what [`FittedPreprocessor::save`] wrote.
    ///
    /// # Errors
    /// When the file cannot be read, and those of [`FittedPreprocessor::from_json`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
        Self::from_json(&text, &path.display().to_string())
    }
}

/// What a column of a file cannot be.
fn problem_of(column: &FittedColumn, before: &[FittedColumn]) -> Option<&'static str> {
    if before.iter().any(|other| other.name() == column.name()) {
        return Some("stands twice");
    }
    let filled = match column {
        FittedColumn::Numeric(column) => {
            if column.width.0 <= 0.0 {
                return Some("the width is not above 0");
            }
            if column.fences.as_ref().is_some_and(|fences| fences.lower.0 > fences.upper.0) {
                return Some("the lower fence is above the upper one");
            }
            column.fill.is_some()
        }
        FittedColumn::Categorical(column) => {
            if !column.categories.is_sorted_by(|a, b| a < b) {
                return Some("the categories are not sorted, or one stands twice");
            }
            column.fill.is_some()
        }
    };
    (filled != column.imputer().fills()).then_some("imputer and fill do not belong together")
}

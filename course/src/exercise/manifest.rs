//! `exercise.toml`, read and checked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::lesson::is_stable_id;
use crate::{Error, Result, files};

/// An exercise's manifest and folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exercise {
    /// Its folder.
    pub folder: PathBuf,
    /// Its stable id: the folder's name.
    pub id: String,
    /// The heading.
    pub title: String,
    /// The id of the lesson that it belongs to.
    pub lesson: String,
    /// What to do, in Markdown.
    pub prompt: String,
    /// The hint ladder, from a nudge to nearly the answer, in Markdown.
    pub hints: Vec<String>,
    /// What the learner's process may use.
    pub limits: Limits,
    /// What is checked, in the order of the report.
    pub checks: Vec<Check>,
}

/// What the learner's process may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Wall-clock seconds, 1 to 600. The CPU seconds are as many for each core of the machine.
    pub seconds: u64,
    /// Memory for data in megabytes, 64 to 16384.
    pub memory_mb: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { seconds: 60, memory_mb: 2048 }
    }
}

/// One thing that a judge decides.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its stable id, used by `judge`.
    pub id: String,
    /// What is checked, in a sentence.
    pub title: String,
    /// Whether it is left out of the prompt's list; the report names it only when it is missed.
    #[serde(default)]
    pub hidden: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    id: String,
    title: String,
    lesson: String,
    prompt: String,
    hints: Vec<String>,
    #[serde(default)]
    limits: Limits,
    checks: Vec<Check>,
}

impl Exercise {
    /// Reads `exercise.toml` in a folder; an error names its line.
    pub fn load(folder: &Path) -> Result<Self> {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = files::read(&folder.join("exercise.toml"))?;
        let place = PathBuf::from(format!("exercises/{name}/exercise.toml"));
        let manifest: Manifest = toml::from_str(&text).map_err(|e| Error::toml(&place, 1, &text, &e))?;
        let exercise = Self {
            folder: folder.to_path_buf(),
            id: manifest.id,
            title: manifest.title,
            lesson: manifest.lesson,
            prompt: unindented(&manifest.prompt),
            hints: manifest.hints.iter().map(|hint| unindented(hint)).collect(),
            limits: manifest.limits,
            checks: manifest.checks,
        };
        let wrong = |key: &str, problem: String| {
            let line = text.lines().position(|line| line.trim_start().starts_with(key)).map_or(1, |index| index + 1);
            Error::input(format!("{}:{line}", place.display()), problem, "correct that line")
        };
        exercise.complain(&name).map_or(Ok(exercise), |(key, problem)| Err(wrong(key, problem)))
    }

    /// The first thing that is wrong, and the key it stands at.
    fn complain(&self, folder: &str) -> Option<(&'static str, String)> {
        if self.id != folder {
            return Some(("id", format!("the id `{}` is not the folder's name `{folder}`", self.id)));
        }
        if !is_stable_id(&self.id) {
            return Some(("id", format!("`{}` is not an id: use lower-case words joined by hyphens", self.id)));
        }
        for (key, value) in [("title", &self.title), ("lesson", &self.lesson), ("prompt", &self.prompt)] {
            if value.trim().is_empty() {
                return Some((key, format!("`{key}` is empty")));
            }
        }
        if self.hints.is_empty() || self.hints.iter().any(|hint| hint.trim().is_empty()) {
            return Some(("hints", "`hints` needs one hint or more, none of them empty".into()));
        }
        if !(1..=600).contains(&self.limits.seconds) {
            return Some(("seconds", "`seconds` must lie between 1 and 600".into()));
        }
        if !(64..=16384).contains(&self.limits.memory_mb) {
            return Some(("memory_mb", "`memory_mb` must lie between 64 and 16384".into()));
        }
        if self.checks.is_empty() {
            return Some(("checks", "there is no `[[checks]]`".into()));
        }
        let mut seen = BTreeSet::new();
        for check in &self.checks {
            if !is_stable_id(&check.id) || !seen.insert(&check.id) {
                return Some(("[[checks]]", format!("the check id `{}` is used twice or is not an id", check.id)));
            }
        }
        None
    }

    /// The text of the starter.
    pub fn starter(&self) -> Result<String> {
        files::read(&self.folder.join("starter.rs"))
    }

    /// The checks that are listed before the learner tries.
    pub fn public_checks(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.hidden)
    }
}

/// Text without the indentation that all its lines share: what is indented in TOML would be code in Markdown.
fn unindented(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let shared = text.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<&str> = text.lines().map(|line| line.get(shared..).unwrap_or_default()).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "id = \"demo\"\ntitle = \"Demo\"\nlesson = \"one\"\nprompt = \"Do it.\"\nhints = [\"try\"]\n\
        [limits]\nseconds = 5\n[[checks]]\nid = \"works\"\ntitle = \"It works\"\n";

    fn load(text: &str) -> Result<Exercise> {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("demo");
        files::write(&folder.join("exercise.toml"), text).unwrap();
        Exercise::load(&folder)
    }

    #[test]
    fn a_good_manifest_loads_with_defaults() {
        let exercise = load(GOOD).unwrap();
        assert_eq!(exercise.limits, Limits { seconds: 5, memory_mb: 2048 });
        assert!(!exercise.checks[0].hidden);
    }

    #[test]
    fn shared_indentation_is_not_markdown() {
        let text = GOOD.replace("[\"try\"]", "[\"\"\"\n    one\n\n        code\n    two\n    \"\"\"]");
        assert_eq!(load(&text).unwrap().hints, ["one\n\n    code\ntwo"]);
    }

    #[test]
    fn a_wrong_manifest_names_its_line() {
        for (from, to, want) in [
            ("id = \"demo\"", "id = \"other\"", "exercise.toml:1: the id `other` is not the folder's name"),
            ("hints = [\"try\"]", "hints = []", "exercise.toml:5: `hints` needs"),
            ("seconds = 5", "seconds = 0", "exercise.toml:7: `seconds` must"),
            ("seconds = 5", "secs = 5", "exercise.toml:7: unknown field `secs`"),
            ("title = \"It works\"", "titel = 1", "exercise.toml:10: unknown field `titel`"),
        ] {
            let error = load(&GOOD.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(want), "{to} gave {error}");
        }
    }
}

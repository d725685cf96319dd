//! The learner's progress: a plain text file, `work/.tunebook/progress.toml`.
//!
//! ```toml
//! format = 1
//!
//! [exercises.simple-fine-tuning]
//! attempts = 3      # checks of an answer that was not the starter
//! hints = 1         # hints shown so far
//! passed = true     # once passed, it stays passed
//!
//! [questions.which-strategy]
//! attempts = 1
//! best = 1.0        # best score so far, 0 to 1
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result, files};

const FORMAT: u32 = 1;
const HEADER: &str = "# Your progress in the course. Written by `tunebook`; safe to read, copy and delete.\n";

/// What the learner has done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    format: u32,
    /// By exercise id.
    #[serde(default)]
    pub exercises: BTreeMap<String, ExerciseProgress>,
    /// By question id.
    #[serde(default)]
    pub questions: BTreeMap<String, QuestionProgress>,
}

/// What was done on one exercise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExerciseProgress {
    /// Checks of an answer that was not the starter.
    #[serde(default)]
    pub attempts: u32,
    /// Hints shown so far.
    #[serde(default)]
    pub hints: usize,
    /// Whether it passed at least once.
    #[serde(default)]
    pub passed: bool,
}

/// What was done on one question.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionProgress {
    /// Answers given.
    #[serde(default)]
    pub attempts: u32,
    /// Best score so far, 0 to 1.
    #[serde(default)]
    pub best: f64,
}

impl Default for Progress {
    fn default() -> Self {
        Self { format: FORMAT, exercises: BTreeMap::new(), questions: BTreeMap::new() }
    }
}

/// The file that holds a [`Progress`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressFile(PathBuf);

impl ProgressFile {
    /// The file of a work folder.
    pub fn of(work: &Path) -> Self {
        Self(work.join(".tunebook/progress.toml"))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads it; a missing file is no progress.
    pub fn read(&self) -> Result<Progress> {
        let text = match std::fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Progress::default()),
            Err(e) => return Err(Error::io(&self.0, &e)),
        };
        let progress: Progress = toml::from_str(&text).map_err(|e| {
            let mend = "correct that line, or delete the file to start afresh";
            Error { mend: mend.into(), ..Error::toml(&self.0, 1, &text, &e) }
        })?;
        if progress.format == FORMAT {
            return Ok(progress);
        }
        let problem = format!("format {} is not known to this version", progress.format);
        Err(Error::input(self.0.display(), problem, "update the course, or delete the file to start afresh"))
    }

    /// Reads, changes and writes it as one step: a notebook and a terminal may do so at the same time.
    pub fn update<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> Result<T> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        files::make_dir(folder)?;
        let lock = folder.join("progress.lock");
        let file = File::create(&lock).map_err(|e| Error::io(&lock, &e))?;
        // Held until the file is closed at the end of this function, and by a crash.
        file.lock().map_err(|e| Error::io(&lock, &e))?;
        let mut progress = self.read()?;
        let result = change(&mut progress);
        let text = toml::to_string(&progress).map_err(|e| Error::input(self.0.display(), e, ""))?;
        files::write(&self.0, format!("{HEADER}{text}"))?;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_from_many_threads_all_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = ProgressFile::of(folder.path());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        file.update(|p| p.exercises.entry("demo".into()).or_default().attempts += 1).unwrap();
                    }
                });
            }
        });
        assert_eq!(file.read().unwrap().exercises["demo"].attempts, 80);
        let text = files::read(file.path()).unwrap();
        assert!(text.starts_with(HEADER) && text.contains("[exercises.demo]"), "{text}");
    }

    #[test]
    fn a_broken_or_newer_file_is_an_error_with_a_mend() {
        let folder = tempfile::tempdir().unwrap();
        let file = ProgressFile::of(folder.path());
        files::write(file.path(), "format = 1\nexercises = 3\n").unwrap();
        let error = file.read().unwrap_err();
        assert!(error.place.ends_with("progress.toml:2") && error.mend.contains("delete"), "{error}");
        files::write(file.path(), "format = 9\n").unwrap();
        assert!(file.read().unwrap_err().problem.contains("format 9"));
    }
}

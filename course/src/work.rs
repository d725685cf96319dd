//! The learner's own copy of the course: `work/`.
//!
//! ```text
//! work/
//!   notebooks/NN-slug.ipynb            copies of the course's notebooks
//!   exercises/<id>/src/lib.rs          the starters; `Cargo.toml` beside, so that an editor understands them
//!   Cargo.toml                         a workspace of its own
//!   .tunebook/progress.toml            see `progress`
//!   .tunebook/copied.toml              what was copied, by hash: tells an edited file from an untouched one
//!   .tunebook/backup/                  what `reset` replaced
//! ```
//!
//! A file that the learner has edited is never written over. When the course has a newer version of it, that is
//! announced, not merged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Course, Error, Result, files};

/// A work folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    folder: PathBuf,
}

/// What [`Work::prepare`] did to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// It was not there and was copied.
    Copied(PathBuf),
    /// It was untouched and is the course's newer version now.
    Updated(PathBuf),
    /// The learner has edited it, and the course has a newer version: nothing was changed.
    Newer(PathBuf),
}

/// The hashes of the files as they were copied, by path relative to the work folder.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Copied {
    #[serde(default)]
    files: BTreeMap<String, String>,
}

impl Work {
    /// A work folder, which need not exist yet.
    pub fn at(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = std::path::absolute(folder.as_ref()).map_err(|e| Error::io(folder.as_ref(), &e))?;
        Ok(Self { folder })
    }

    /// `work/` in the course.
    pub fn of(course: &Course) -> Self {
        Self { folder: course.root().join("work") }
    }

    /// The work folder that a folder lies in (Jupyter starts kernels and terminals inside it), else `work/` in the course.
    pub fn around(here: &Path, course: &Course) -> Self {
        let around = here.ancestors().find(|folder| folder.join(".tunebook").is_dir());
        around.and_then(|folder| Self::at(folder).ok()).unwrap_or_else(|| Self::of(course))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file in which the learner writes an exercise.
    pub fn exercise(&self, id: &str) -> PathBuf {
        self.folder.join("exercises").join(id).join("src/lib.rs")
    }

    /// The learner's copy of a notebook.
    pub fn notebook(&self, slug: &str) -> PathBuf {
        self.folder.join("notebooks").join(format!("{slug}.ipynb"))
    }

    /// Brings everything that is missing or untouched up to date with the course.
    pub fn prepare(&self, course: &Course) -> Result<Vec<Notice>> {
        self.claim()?;
        let mut copied = self.copied()?;
        let mut notices = Vec::new();
        for (path, content) in self.originals(course)? {
            notices.extend(self.bring(&path, &content, &mut copied)?);
        }
        self.bring_manifests(course, &mut copied)?;
        self.save(&copied)?;
        Ok(notices)
    }

    /// Restores an exercise's starter (by id) or a notebook (by lesson); an edited file is kept as a backup, whose
    /// path is returned.
    pub fn reset(&self, course: &Course, name: &str) -> Result<Option<PathBuf>> {
        let (path, content) = if course.exercise_ids()?.iter().any(|id| id == name) {
            (self.exercise(name), course.exercise(name)?.starter()?)
        } else {
            let lesson = course.lesson(name).map_err(|_| {
                let ids = course.exercise_ids().unwrap_or_default().join(", ");
                Error::input(name, "there is no such exercise or lesson", format!("the exercises are {ids}"))
            })?;
            (self.notebook(&lesson.slug), files::read(&course.root().join(lesson.notebook()))?)
        };
        self.claim()?;
        let backup = match files::there(&path)? {
            Some(old) if old != content.as_bytes() => Some(self.back_up(&path, &old)?),
            _ => None,
        };
        files::write(&path, &content)?;
        let mut copied = self.copied()?;
        copied.files.insert(self.key(&path), files::sha256(&content));
        self.bring_manifests(course, &mut copied)?;
        self.save(&copied)?;
        Ok(backup)
    }

    /// Stores an answer that was typed in a notebook as the exercise's file. Returns `false`, and stores nothing,
    /// when the file was edited elsewhere.
    pub fn store_answer(&self, id: &str, code: &str) -> Result<bool> {
        let path = self.exercise(id);
        let mut copied = self.copied()?;
        let key = self.key(&path);
        let is_ours = files::there(&path)?
            .is_none_or(|old| old == code.as_bytes() || copied.files.get(&key) == Some(&files::sha256(&old)));
        if is_ours {
            files::write(&path, code)?;
            copied.files.insert(key, files::sha256(code));
            self.save(&copied)?;
        }
        Ok(is_ours)
    }

    fn bring(&self, path: &Path, content: &str, copied: &mut Copied) -> Result<Option<Notice>> {
        let key = self.key(path);
        let new = files::sha256(content);
        let old = files::there(path)?.map(files::sha256);
        let shipped = copied.files.get(&key).cloned();
        let untouched = old.is_none() || old == shipped || old.as_ref() == Some(&new);
        if old.as_ref() == Some(&new) {
            copied.files.insert(key, new);
            return Ok(None);
        }
        if !untouched {
            // Announced as long as the course's file is not the one that the learner started from.
            return Ok((shipped != Some(new)).then(|| Notice::Newer(path.to_owned())));
        }
        files::write(path, content)?;
        copied.files.insert(key, new);
        Ok(Some(if old.is_none() { Notice::Copied(path.to_owned()) } else { Notice::Updated(path.to_owned()) }))
    }

    fn originals(&self, course: &Course) -> Result<Vec<(PathBuf, String)>> {
        let mut all = Vec::new();
        for lesson in course.lessons()? {
            let notebook = course.root().join(lesson.notebook());
            if notebook.is_file() {
                all.push((self.notebook(&lesson.slug), files::read(&notebook)?));
            }
        }
        for (id, exercise) in course.exercises()? {
            all.push((self.exercise(&id), exercise.starter()?));
        }
        Ok(all)
    }

    /// Fails when the folder is a project of the person's own.
    fn claim(&self) -> Result<()> {
        let manifest = files::there(&self.folder.join("Cargo.toml"))?;
        if self.record().is_file() || manifest.is_none_or(|text| text.starts_with(MADE.as_bytes())) {
            return Ok(());
        }
        Err(Error::input(
            self.folder.display(),
            "holds a Cargo.toml that is not the course's",
            "give --dir a folder that is empty or not there yet",
        ))
    }

    /// The workspace and its crates, so that an editor understands the exercises. What the learner has changed in them
    /// stays: a dependency, say.
    fn bring_manifests(&self, course: &Course, copied: &mut Copied) -> Result<()> {
        let inside = self.folder.parent() == Some(course.root());
        let tunebook = if inside { "..".to_owned() } else { course.root().display().to_string() };
        let workspace = format!(
            "{MADE}: lets an editor understand the exercises.\n\
             [workspace]\nmembers = [\"exercises/*\"]\nresolver = \"3\"\n\n\
             [workspace.dependencies]\ntunebook = {{ path = {} }}\n",
            toml::Value::String(tunebook)
        );
        self.bring(&self.folder.join("Cargo.toml"), &workspace, copied)?;
        self.bring(&self.folder.join(".gitignore"), "target/\n.ipynb_checkpoints/\n", copied)?;
        for id in course.exercise_ids()? {
            let manifest = format!(
                "[package]\nname = \"{id}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
                 [dependencies]\ntunebook.workspace = true\n"
            );
            self.bring(&self.folder.join("exercises").join(&id).join("Cargo.toml"), &manifest, copied)?;
        }
        Ok(())
    }

    fn back_up(&self, path: &Path, content: &[u8]) -> Result<PathBuf> {
        let folder = self.folder.join(".tunebook/backup");
        let name = self.key(path).replace('/', "-");
        let free = (1..=u32::MAX).map(|n| folder.join(format!("{n:03}-{name}"))).find(|path| !path.exists());
        let backup = free.expect("there are fewer backups than names");
        files::write(&backup, content)?;
        Ok(backup)
    }

    fn key(&self, path: &Path) -> String {
        path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }

    fn record(&self) -> PathBuf {
        self.folder.join(".tunebook/copied.toml")
    }

    fn copied(&self) -> Result<Copied> {
        let path = self.record();
        if !path.is_file() {
            return Ok(Copied::default());
        }
        let text = files::read(&path)?;
        // Without the record every file counts as edited, which is the safe side.
        Ok(toml::from_str(&text).unwrap_or_default())
    }

    fn save(&self, copied: &Copied) -> Result<()> {
        let text = toml::to_string(copied).map_err(|e| Error::input(self.record().display(), e, ""))?;
        files::write_if_different(&self.record(), &format!("# What `tunebook` copied here, by SHA-256.\n{text}"))
    }
}

/// What the workspace's manifest begins with.
const MADE: &str = "# Made by `tunebook`";

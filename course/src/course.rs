//! The course as a folder: where lessons, exercises, notebooks and the book's sources lie.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tunebook_grader::Quiz;

use crate::exercise::Exercise;
use crate::lesson::{Known, Lesson};
use crate::{Error, Home, Result, files};

/// A checked-out course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    root: PathBuf,
}

impl Course {
    /// The course at `root`, a folder with `lessons/`.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let root = root.as_ref();
        let root = std::path::absolute(root).map_err(|e| Error::io(root, &e))?;
        if !root.join("lessons").is_dir() {
            return Err(Error::input(root.display(), "this is not the course: it has no `lessons` folder", MEND));
        }
        Ok(Self { root })
    }

    /// The course that a command means: `TUNEBOOK_COURSE`, else the nearest folder above `start` that holds
    /// `lessons/` and `exercises/`, else the one that setup was run from.
    pub fn locate(start: &Path, home: &Home) -> Result<Self> {
        if let Some(root) = std::env::var_os("TUNEBOOK_COURSE").filter(|root| !root.is_empty()) {
            return Self::open(PathBuf::from(root));
        }
        if let Some(root) = start.ancestors().find(|p| p.join("lessons").is_dir() && p.join("exercises").is_dir()) {
            return Self::open(root);
        }
        match std::fs::read_to_string(home.stamp("course")) {
            Ok(root) => Self::open(root.trim()),
            Err(_) => Err(Error::input(start.display(), "there is no course here or above", MEND)),
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every lesson, in the order of the course.
    pub fn lessons(&self) -> Result<Vec<Lesson>> {
        let mut lessons =
            self.lesson_folders()?.iter().map(|folder| Lesson::load(folder)).collect::<Result<Vec<_>>>()?;
        lessons.sort_by_key(|lesson| lesson.number);
        for pair in lessons.windows(2) {
            if pair[0].number == pair[1].number {
                let problem = format!("`{}` and `{}` have the same number", pair[0].slug, pair[1].slug);
                return Err(Error::input("lessons", problem, "renumber one of the folders"));
            }
        }
        Ok(lessons)
    }

    /// The lesson with this id (`strategies`), number (`3`) or folder name (`03-strategies`).
    pub fn lesson(&self, name: &str) -> Result<Lesson> {
        let lessons = self.lessons()?;
        let wanted = name.trim_end_matches(".ipynb");
        let found = lessons.iter().position(|lesson| {
            lesson.meta.id == wanted || lesson.slug == wanted || wanted.parse() == Ok(lesson.number)
        });
        match found {
            Some(index) => Ok(lessons.into_iter().nth(index).expect("the position was just found")),
            None => {
                let ids = lessons.iter().map(|lesson| lesson.meta.id.as_str()).collect::<Vec<_>>();
                Err(Error::input(name, "there is no such lesson", known("lessons", &ids)))
            }
        }
    }

    /// The quiz of a lesson; a lesson without `quiz.toml` has none.
    pub fn quiz(&self, lesson: &Lesson) -> Result<Option<Quiz>> {
        let path = lesson.folder.join("quiz.toml");
        if !path.is_file() {
            return Ok(None);
        }
        let text = files::read(&path)?;
        let origin = lesson.place.replace("lesson.md", "quiz.toml");
        Quiz::from_toml(&text, &origin)
            .map(Some)
            .map_err(|e| Error::input(format!("{}:{}:{}", e.file, e.line, e.column), e.problem, e.mend))
    }

    /// The lesson and quiz that hold a question.
    pub fn question(&self, id: &str) -> Result<(Lesson, Quiz)> {
        let mut ids = Vec::new();
        for lesson in self.lessons()? {
            if let Some(quiz) = self.quiz(&lesson)? {
                if quiz.question(id).is_some() {
                    return Ok((lesson, quiz));
                }
                ids.extend(quiz.questions().iter().map(|q| q.id().to_owned()));
            }
        }
        Err(Error::input(id, "there is no such question", known("questions", &ids)))
    }

    /// The ids of the exercises, sorted.
    pub fn exercise_ids(&self) -> Result<Vec<String>> {
        let folders = files::entries(&self.root.join("exercises"))?;
        Ok(folders
            .iter()
            .filter(|folder| folder.join("exercise.toml").is_file())
            .filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()))
            .collect())
    }

    /// Reads one exercise.
    pub fn exercise(&self, id: &str) -> Result<Exercise> {
        let ids = self.exercise_ids()?;
        if !ids.iter().any(|known| known == id) {
            return Err(Error::input(id, "there is no such exercise", known("exercises", &ids)));
        }
        Exercise::load(&self.root.join("exercises").join(id))
    }

    /// Every exercise by its id.
    pub fn exercises(&self) -> Result<BTreeMap<String, Exercise>> {
        self.exercise_ids()?.into_iter().map(|id| Ok((id.clone(), self.exercise(&id)?))).collect()
    }

    /// The ids that a lesson may name.
    pub fn known(&self, lesson: &Lesson) -> Result<Known> {
        let quiz = self.quiz(lesson)?;
        let questions = quiz.iter().flat_map(|quiz| quiz.questions()).map(|q| q.id().to_owned()).collect();
        let lessons: BTreeSet<String> = self
            .lesson_folders()?
            .iter()
            .filter_map(|folder| Some(folder.file_name()?.to_string_lossy().split_once('-')?.1.to_owned()))
            .collect();
        Ok(Known { lessons, exercises: self.exercise_ids()?.into_iter().collect(), questions })
    }

    /// A path as it is named to a person: relative to the course where it lies inside.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    fn lesson_folders(&self) -> Result<Vec<PathBuf>> {
        let folders = files::entries(&self.root.join("lessons"))?;
        Ok(folders.into_iter().filter(|folder| folder.join("lesson.md").is_file()).collect())
    }
}

const MEND: &str = "run the command inside the cloned repository, or set TUNEBOOK_COURSE to it";

fn known(what: &str, ids: &[impl AsRef<str>]) -> String {
    let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    if ids.is_empty() { format!("the course has no {what} yet") } else { format!("the {what} are {}", ids.join(", ")) }
}

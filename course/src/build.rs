//! `tunebook build`: lessons to notebooks and book sources, outputs by execution, and the check that all is fresh.

use crate::lesson::{check_quotes, validate};
use crate::outputs::{self, Key};
use crate::{Course, Error, Home, Lesson, Result, book, files, notebook};

/// What to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuildOptions {
    /// Change nothing: list what is stale or wrong.
    pub check: bool,
    /// Execute the lessons: to make the outputs, or with `check` to compare the quoted numbers with a fresh run.
    pub execute: bool,
}

/// What was done, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Built {
    /// The files that were written, relative to the course.
    pub written: Vec<String>,
    /// Every problem, with the command or the edit that mends it.
    pub problems: Vec<Error>,
}

/// Builds or checks the whole course. `say` is told what is being done, for long steps.
pub fn run(course: &Course, home: &Home, options: BuildOptions, say: &mut dyn FnMut(&str)) -> Result<Built> {
    let mut built = Built::default();
    let lessons = course.lessons()?;
    for lesson in &lessons {
        built.problems.extend(validate(lesson, &course.known(lesson)?));
        built.problems.extend(section_problems(course, lesson)?);
    }
    unique_questions(course, &lessons, &mut built.problems)?;
    // A notebook or chapter of a lesson with dead references would only repeat them.
    if !built.problems.is_empty() {
        return Ok(built);
    }
    for lesson in &lessons {
        one(course, home, options, lesson, &mut built, say)?;
    }
    leftovers(course, &lessons, options, &mut built)?;
    if options.check {
        let scratch = tempfile::tempdir().map_err(|e| Error::io(std::env::temp_dir(), &e))?;
        book::write_sources(course, &scratch.path().join("src"))?;
    } else {
        book::write_sources(course, &course.root().join("book/src"))?;
        built.written.push("book/src".into());
    }
    Ok(built)
}

fn one(
    course: &Course,
    home: &Home,
    options: BuildOptions,
    lesson: &Lesson,
    built: &mut Built,
    say: &mut dyn FnMut(&str),
) -> Result<()> {
    let text = notebook::write(course, lesson)?;
    let path = course.root().join(lesson.notebook());
    let place = course.relative(&path);
    if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
        // Fresh already.
    } else if options.check {
        let problem = if path.exists() { "it is not what its lesson makes" } else { "it does not exist" };
        built.problems.push(Error::work(place, problem, "run `tunebook build`"));
    } else {
        files::write(&path, text)?;
        built.written.push(place);
    }

    if options.execute {
        say(&format!("executing lesson {}", lesson.meta.id));
        let fresh = outputs::execute(course, lesson, home)?;
        if !options.check {
            outputs::write(course, lesson, &fresh)?;
            built.written.push(course.relative(&lesson.outputs()));
        }
        built.problems.extend(check_quotes(lesson, &outputs::values(lesson, &fresh)));
        if !options.check {
            return Ok(());
        }
    }
    built.problems.extend(committed_problems(course, lesson)?);
    Ok(())
}

/// What is wrong with a lesson's committed outputs.
fn committed_problems(course: &Course, lesson: &Lesson) -> Result<Vec<Error>> {
    if lesson.cells().next().is_none() {
        return Ok(Vec::new());
    }
    let place = format!("lessons/{}/outputs", lesson.slug);
    let stale = |problem: String| vec![Error::work(&place, problem, "run `tunebook build --execute`")];
    let now = Key::of(course, lesson)?;
    match Key::committed(lesson)? {
        None => return Ok(stale("there are no outputs of this lesson".into())),
        Some(key) if key != now => {
            let what = key.differences(&now).join(" and ");
            return Ok(stale(format!("they are stale: {what} changed since they were made")));
        }
        Some(_) => {}
    }
    let committed = outputs::read(lesson)?;
    if let Some(cell) = lesson.cells().find(|cell| !committed.contains_key(&cell.id)) {
        return Ok(stale(format!("the outputs of the cell `{}` are missing", cell.id)));
    }
    Ok(check_quotes(lesson, &outputs::values(lesson, &committed)))
}

/// Sections that a quiz sends its readers to, and that the lesson does not have.
fn section_problems(course: &Course, lesson: &Lesson) -> Result<Vec<Error>> {
    let headings = lesson.headings();
    let Some(quiz) = course.quiz(lesson)? else { return Ok(Vec::new()) };
    let questions = quiz.questions().iter();
    let named = questions.flat_map(|question| {
        let points = question.rubric().into_iter().flat_map(|rubric| rubric.points()).filter_map(|point| point.read());
        question.read().into_iter().chain(points).map(|read| (question.id(), read))
    });
    let place = lesson.place.replace("lesson.md", "quiz.toml");
    let dead = named.filter(|(_, read)| {
        notebook::heading_id(&format!("# {read}")).is_none_or(|anchor| !headings.contains(&anchor))
    });
    let dead: std::collections::BTreeSet<_> = dead.collect();
    Ok(dead
        .into_iter()
        .map(|(id, read)| {
            let problem = format!("`{id}` sends its reader to \"{read}\", which is no heading of the lesson");
            Error::input(&place, problem, "write a heading of lesson.md as it stands there")
        })
        .collect())
}

/// A question's id stands alone in `:quiz ID`, so it must be the only one in the course.
fn unique_questions(course: &Course, lessons: &[Lesson], problems: &mut Vec<Error>) -> Result<()> {
    let mut seen = std::collections::BTreeMap::new();
    for lesson in lessons {
        for question in course.quiz(lesson)?.iter().flat_map(|quiz| quiz.questions()) {
            if let Some(first) = seen.insert(question.id().to_owned(), lesson.meta.id.clone()) {
                let problem = format!("the question `{}` also stands in the lesson `{first}`", question.id());
                let place = lesson.place.replace("lesson.md", "quiz.toml");
                problems.push(Error::input(place, problem, "give one of them another id"));
            }
        }
    }
    Ok(())
}

/// Notebooks whose lesson is gone.
fn leftovers(course: &Course, lessons: &[Lesson], options: BuildOptions, built: &mut Built) -> Result<()> {
    for path in files::entries(&course.root().join("notebooks"))? {
        let is_notebook = path.extension().is_some_and(|extension| extension == "ipynb");
        if !is_notebook || lessons.iter().any(|lesson| course.root().join(lesson.notebook()) == path) {
            continue;
        }
        let place = course.relative(&path);
        if options.check {
            built.problems.push(Error::work(
                place,
                "no lesson makes this notebook",
                "run `tunebook build`, which removes it",
            ));
        } else {
            files::remove(&path)?;
            built.written.push(format!("{place} (removed)"));
        }
    }
    Ok(())
}

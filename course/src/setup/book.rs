//! The book as static files.

use super::machine::MB;
use super::program;
use super::progress::Bar;
use super::stamp::Stamp;
use super::step::{Context, Cost, Step};
use crate::{Error, Home, Result, book, files};

const NAME: &str = "book";

/// What the book is made from, relative to the course.
const SOURCES: [&str; 3] = ["book", "lessons", "exercises"];

/// The step of setup.
pub(crate) struct BuildBook;

impl Step for BuildBook {
    fn title(&self) -> String {
        "The book".to_owned()
    }

    fn cost(&self, _context: &Context) -> Cost {
        Cost { disk: 20 * MB, time: "a few seconds" }
    }

    fn is_current(&self, context: &Context) -> Result<bool> {
        Ok(context.home.book().join("index.html").is_file() && Stamp::of(&context.home, NAME).is(&key(context)?))
    }

    fn make(&self, context: &Context, bar: &mut Bar<'_>) -> Result<()> {
        let key = key(context)?;
        bar.update(None, "making the chapters", None);
        // What an interrupted build has left; it replaces the book as a whole only when it is complete.
        remove_leftovers(&context.home)?;
        book::build(&context.course, &context.home.book())?;
        Stamp::of(&context.home, NAME).write(&key)
    }
}

/// Removes the hidden folders in which books and files are made.
pub(crate) fn remove_leftovers(home: &Home) -> Result<()> {
    for entry in std::fs::read_dir(home.path()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if [".book-", ".tunebook-"].iter().any(|start| name.as_encoded_bytes().starts_with(start.as_bytes())) {
            files::remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Everything that the book is made from, and the program that makes it.
fn key(context: &Context) -> Result<String> {
    let mut text = program::identity(&context.program)?;
    for folder in SOURCES {
        for file in files::files_below(&context.course.root().join(folder))? {
            let content = std::fs::read(&file).map_err(|e| Error::io(&file, &e))?;
            text.extend(["\n", &context.course.relative(&file), " ", &files::sha256(content)]);
        }
    }
    Ok(files::sha256(text))
}

//! One lesson as a chapter.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use tunebook_grader::{Quiz, escape_html, markdown_to_html};

use super::{one_block, output, question};
use crate::exercise::Exercise;
use crate::lesson::{Block, Cell, render_quotes, rewrite_links};
use crate::outputs::LessonOutputs;
use crate::{Course, Error, Lesson, Result};

/// A chapter and the files that it refers to, which lie in a folder named after the lesson.
pub(super) struct Chapter {
    pub markdown: String,
    pub files: BTreeMap<String, Vec<u8>>,
}

struct Writer<'a> {
    lesson: &'a Lesson,
    lessons: BTreeSet<String>,
    quiz: Option<Quiz>,
    asked: usize,
    out: Chapter,
}

pub(super) fn write(course: &Course, lesson: &Lesson, outputs: &LessonOutputs) -> Result<Chapter> {
    let mut writer = Writer {
        lesson,
        lessons: course.known(lesson)?.lessons,
        quiz: course.quiz(lesson)?,
        asked: 0,
        out: Chapter { markdown: String::new(), files: BTreeMap::new() },
    };
    writer.opening()?;
    for block in &lesson.blocks {
        match block {
            Block::Prose { markdown, .. } => writer.prose(markdown)?,
            Block::Cell(cell) => writer.cell(cell, outputs)?,
            Block::Exercise { id, .. } => {
                let exercise = course.exercise(id)?;
                writer.exercise(&exercise)?;
            }
            Block::Question { id, line } => writer.question(id, *line)?,
        }
    }
    Ok(writer.out)
}

impl Writer<'_> {
    fn block(&mut self, text: &str) {
        self.out.markdown.push_str(text.trim_end());
        self.out.markdown.push_str("\n\n");
    }

    fn opening(&mut self) -> Result<()> {
        let meta = &self.lesson.meta;
        self.out.markdown = format!("# {}\n\n", meta.title);
        let mut card = format!("<div class=\"tb-opening\">\n\nAbout {} minutes.", meta.minutes);
        let needs: Vec<String> = meta.needs.iter().map(|id| format!("[{id}](lesson:{id})")).collect();
        if !needs.is_empty() {
            let _ = write!(card, " Read before: {}.", needs.join(", "));
        }
        card.push_str(" After this lesson you can:\n\n");
        for objective in &meta.objectives {
            let _ = writeln!(card, "- {objective}");
        }
        let _ = write!(card, "\nRun it yourself: `notebooks/{}.ipynb`.\n\n</div>\n", self.lesson.slug);
        self.prose(&card)
    }

    /// Markdown as written: quotes rendered, links to lessons made links to chapters, the folder's files carried along.
    fn prose(&mut self, markdown: &str) -> Result<()> {
        let id = &self.lesson.meta.id;
        let carried = RefCell::new(BTreeSet::new());
        let text = rewrite_links(&render_quotes(markdown), &|to| {
            if let Some(target) = to.strip_prefix("lesson:") {
                let (lesson, anchor) = target.split_once('#').map_or((target, None), |(id, anchor)| (id, Some(anchor)));
                let anchor = anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
                return self.lessons.contains(lesson).then(|| format!("{lesson}.md{anchor}"));
            }
            self.lesson.folder.join(to).is_file().then(|| {
                carried.borrow_mut().insert(to.to_owned());
                format!("{id}/{to}")
            })
        });
        for name in carried.into_inner() {
            let path = self.lesson.folder.join(&name);
            let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, &e))?;
            self.out.files.insert(name, bytes);
        }
        self.block(&text);
        Ok(())
    }

    fn cell(&mut self, cell: &Cell, outputs: &LessonOutputs) -> Result<()> {
        let fence = "`".repeat(longest_run(&cell.code).max(2) + 1);
        let code = format!("{fence}rust\n{}\n{fence}", cell.code);
        if cell.collapsed {
            let summary = format!("Code of <code>{}</code>", cell.id);
            self.block(&format!(
                "<details class=\"tb-code\" id=\"cell-{}\"><summary>{summary}</summary>\n\n{code}\n\n</details>",
                cell.id
            ));
        } else {
            self.block(&format!("<div class=\"tb-code\" id=\"cell-{}\">\n\n{code}\n\n</div>", cell.id));
        }
        let Some(shown) = outputs.get(&cell.id).filter(|shown| !shown.outputs.is_empty()) else { return Ok(()) };
        let (html, files) = output::render(&self.lesson.meta.id, &cell.id, &shown.outputs)?;
        self.out.files.extend(files);
        self.block(&one_block(&html));
        Ok(())
    }

    fn exercise(&mut self, exercise: &Exercise) -> Result<()> {
        let id = &exercise.id;
        let mut html = format!(
            "<section class=\"tb-exercise\" id=\"exercise-{id}\" aria-labelledby=\"exercise-{id}-title\">\
             <p class=\"tb-kind\">Exercise</p><p class=\"tb-title\" id=\"exercise-{id}-title\">{}</p>{}",
            escape_html(&exercise.title),
            markdown_to_html(&exercise.prompt)
        );
        html.push_str("<p>What is checked:</p><ul>");
        for check in exercise.public_checks() {
            let _ = write!(html, "<li>{}</li>", escape_html(&check.title));
        }
        let _ = write!(
            html,
            "</ul><p>In the notebook, edit the cell that begins with <code>:check {id}</code> and run it. In an editor, \
             change <code>work/exercises/{id}/src/lib.rs</code>, then:</p>\
             <pre><code class=\"language-sh\">tunebook check {id}</code></pre>\
             <p>Stuck? <code>tunebook hint {id}</code> gives one hint at a time.</p>\
             <details><summary>The starter</summary><pre><code class=\"language-rust\">{}</code></pre></details></section>",
            escape_html(exercise.starter()?.trim_end())
        );
        self.block(&one_block(&html));
        Ok(())
    }

    fn question(&mut self, id: &str, line: usize) -> Result<()> {
        self.asked += 1;
        let missing =
            || self.lesson.error_at(line, format!("there is no question `{id}`"), "see the lesson's quiz.toml");
        let question = self.quiz.as_ref().and_then(|quiz| quiz.question(id)).ok_or_else(missing)?;
        let html = question::render(self.lesson, question, self.asked)?;
        self.block(&one_block(&html));
        Ok(())
    }
}

fn longest_run(code: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in code.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

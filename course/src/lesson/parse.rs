//! `lesson.md` to a [`Lesson`]: front matter, marked fences, prose between them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::{Block, Cell, FrontMatter, Lesson, Quote, is_stable_id, quote};
use crate::error::line_of;
use crate::{Error, Result};

/// A fenced block of the document that means something to us.
struct Fence {
    range: Range<usize>,
    info: String,
    code: String,
}

pub(super) fn parse(folder: &Path, text: &str) -> Result<Lesson> {
    let slug = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let place = format!("lessons/{slug}/lesson.md");
    let at = |line: usize, problem: &str, mend: &str| Error::input(format!("{place}:{line}"), problem, mend);
    let number = slug.split_once('-').and_then(|(number, _)| number.parse().ok()).ok_or_else(|| {
        Error::input(folder.display(), "the folder's name has no number", "name it like `03-strategies`")
    })?;

    let (meta, body_start) = front_matter(&place, text)?;
    if slug.split_once('-').is_some_and(|(_, words)| words != meta.id) {
        return Err(at(
            1,
            &format!("the id `{}` is not the folder's name `{slug}`", meta.id),
            "make them the same words",
        ));
    }
    let body = &text[body_start..];
    let first_line = line_of(text, body_start);
    let line_at = |offset: usize| first_line + line_of(body, offset) - 1;

    let fences = fences(body);
    let mut blocks = Vec::new();
    let mut quotes: Vec<Quote> = Vec::new();
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    let mut done = 0;
    let mut prose = |range: Range<usize>, blocks: &mut Vec<Block>| -> Result<()> {
        let raw = &body[range.clone()];
        let markdown = raw.trim();
        if markdown.is_empty() {
            return Ok(());
        }
        let line = line_at(range.start + (raw.len() - raw.trim_start().len()));
        quotes.extend(quote::find(markdown, &place, line)?);
        blocks.push(Block::Prose { line, markdown: markdown.to_owned() });
        Ok(())
    };
    for fence in fences {
        prose(done..fence.range.start, &mut blocks)?;
        done = fence.range.end;
        let line = line_at(fence.range.start);
        if !is_closed(&body[fence.range.clone()]) {
            return Err(at(line, "the block is never closed", "end it with a line of three backticks"));
        }
        let block = marked_block(&fence, line).map_err(|(problem, mend)| at(line, &problem, mend))?;
        if let Block::Cell(Cell { id, .. }) | Block::Exercise { id, .. } | Block::Question { id, .. } = &block {
            if !is_stable_id(id) {
                return Err(at(line, &format!("`{id}` is not an id"), "use lower-case words joined by hyphens"));
            }
            if let Some(first) = ids.insert(id.clone(), line) {
                let problem = format!("the id `{id}` is already used in line {first}");
                return Err(at(line, &problem, "give one of them another id"));
            }
        }
        blocks.push(block);
    }
    prose(done..body.len(), &mut blocks)?;
    Ok(Lesson { folder: folder.to_path_buf(), place, number, slug, meta, blocks, quotes })
}

/// The front matter and the byte where the body starts.
fn front_matter(place: &str, text: &str) -> Result<(FrontMatter, usize)> {
    let missing = || {
        let mend = "start the file with `+++`, TOML (id, title, objectives, minutes, needs) and `+++`";
        Error::input(format!("{place}:1"), "there is no front matter", mend)
    };
    let rest = text.strip_prefix("+++\n").ok_or_else(missing)?;
    let end = rest.find("\n+++\n").ok_or_else(missing)?;
    let toml = &rest[..=end];
    let meta: FrontMatter = toml::from_str(toml).map_err(|e| Error::toml(Path::new(place), 2, toml, &e))?;
    for (field, empty) in [
        ("title", meta.title.trim().is_empty()),
        ("objectives", meta.objectives.is_empty()),
        ("minutes", meta.minutes == 0),
    ] {
        if empty {
            return Err(Error::input(format!("{place}:1"), format!("`{field}` is empty"), "fill it in"));
        }
    }
    Ok((meta, "+++\n".len() + end + "\n+++\n".len()))
}

/// The marked fences at the top level of the document, in order.
fn fences(body: &str) -> Vec<Fence> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut open: Option<Fence> = None;
    for (event, range) in Parser::new_ext(body, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                if let (0, Tag::CodeBlock(CodeBlockKind::Fenced(info))) = (depth, &tag)
                    && is_marked(info)
                {
                    open = Some(Fence { range, info: info.to_string(), code: String::new() });
                }
                depth += 1;
            }
            Event::Text(text) => {
                if let Some(fence) = &mut open {
                    fence.code.push_str(&text);
                }
            }
            Event::End(end) => {
                depth -= 1;
                if end == TagEnd::CodeBlock {
                    found.extend(open.take());
                }
            }
            _ => {}
        }
    }
    found
}

fn is_marked(info: &str) -> bool {
    let mut words = info.split_whitespace();
    match words.next() {
        Some("exercise" | "question") => true,
        Some("rust") => words.next() == Some("cell"),
        _ => false,
    }
}

fn is_closed(block: &str) -> bool {
    let mut lines = block.trim_end().lines();
    let fence_of = |line: &str| line.trim_start().chars().take_while(|c| matches!(c, '`' | '~')).count();
    let opening = lines.next().map_or(3, fence_of);
    lines.last().is_some_and(|line| fence_of(line) >= opening && line.trim().chars().all(|c| matches!(c, '`' | '~')))
}

/// What a marked fence says; the error is a problem and its mend.
fn marked_block(fence: &Fence, line: usize) -> Result<Block, (String, &'static str)> {
    let mut words = fence.info.split_whitespace();
    let kind = words.next().unwrap_or_default();
    if kind == "rust" {
        let mut cell = Cell { line, id: String::new(), code: fence.code.trim_end().to_owned(), collapsed: false };
        for word in words.skip(1) {
            match word.split_once('=') {
                Some(("id", id)) => id.clone_into(&mut cell.id),
                None if word == "collapsed" => cell.collapsed = true,
                _ => {
                    return Err((
                        format!("`{word}` is not known in a cell's first line"),
                        "use `id=...` and `collapsed`",
                    ));
                }
            }
        }
        if cell.id.is_empty() {
            return Err(("the cell has no id".into(), "write ```rust cell id=some-words"));
        }
        if cell.code.is_empty() {
            return Err((format!("the cell `{}` is empty", cell.id), "give it code or remove it"));
        }
        return Ok(Block::Cell(cell));
    }
    let Some(id) = words.next().map(str::to_owned) else {
        return Err((format!("the {kind} has no id"), "write its id after the word"));
    };
    if words.next().is_some() || !fence.code.trim().is_empty() {
        return Err((format!("the {kind} block has more than an id"), "its content comes from its own file"));
    }
    Ok(if kind == "exercise" { Block::Exercise { line, id } } else { Block::Question { line, id } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "+++\nid = \"demo\"\ntitle = \"Demo\"\nobjectives = [\"o\"]\nminutes = 5\n+++\n";

    fn lesson(body: &str) -> Result<Lesson> {
        Lesson::parse("lessons/01-demo".as_ref(), &format!("{HEAD}{body}"))
    }

    #[test]
    fn prose_cells_exercises_and_questions_come_in_order_with_their_lines() {
        let lesson = lesson(
            "Hello.\n\n```rust cell id=one collapsed\nlet x = 1;\n\nx\n```\n\n```rust\n// plain fence stays prose\n```\n\
             ```exercise do-it\n```\n```question what\n```\n",
        )
        .unwrap();
        let lines: Vec<(usize, &str)> = lesson
            .blocks
            .iter()
            .map(|block| match block {
                Block::Prose { line, .. } => (*line, "prose"),
                Block::Cell(cell) => (cell.line, cell.id.as_str()),
                Block::Exercise { line, id } | Block::Question { line, id } => (*line, id.as_str()),
            })
            .collect();
        assert_eq!(lines, [(7, "prose"), (9, "one"), (15, "prose"), (18, "do-it"), (20, "what")]);
        let cell = lesson.cells().next().unwrap();
        assert_eq!((cell.code.as_str(), cell.collapsed), ("let x = 1;\n\nx", true));
    }

    #[test]
    fn a_fence_inside_a_list_or_a_longer_fence_is_prose() {
        let lesson =
            lesson("- item\n\n  ```rust cell id=x\n  1\n  ```\n\n````text\n```rust cell id=y\n```\n````\n").unwrap();
        assert_eq!(lesson.cells().count(), 0);
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        let cases = [
            ("```rust cell\n1\n```\n", ":7: the cell has no id"),
            ("\n```rust cell id=a colapsed\n1\n```\n", ":8: `colapsed` is not known"),
            ("```rust cell id=a\n1\n```\n```question a\n```\n", ":10: the id `a` is already used in line 7"),
            ("```rust cell id=A_b\n1\n```\n", ":7: `A_b` is not an id"),
            ("```rust cell id=a\n1\n", ":7: the block is never closed"),
            ("```exercise\n```\n", ":7: the exercise has no id"),
            ("```question q\ntext\n```\n", ":7: the question block has more than an id"),
            ("```rust cell id=a\n```\n", ":7: the cell `a` is empty"),
        ];
        for (body, want) in cases {
            let error = lesson(body).unwrap_err().to_string();
            assert!(error.contains(&format!("lessons/01-demo/lesson.md{want}")), "{body:?} gave {error}");
        }
    }

    #[test]
    fn front_matter_errors_point_at_their_line() {
        let text = HEAD.replace("minutes = 5", "minutes = \"long\"");
        let error = Lesson::parse("lessons/01-demo".as_ref(), &text).unwrap_err();
        assert_eq!(error.place, "lessons/01-demo/lesson.md:5");
        let error = Lesson::parse("lessons/01-other".as_ref(), HEAD).unwrap_err();
        assert!(error.problem.contains("is not the folder's name"), "{error}");
        let error = Lesson::parse("lessons/01-demo".as_ref(), "# no front matter\n").unwrap_err();
        assert!(error.problem.contains("no front matter"), "{error}");
    }
}

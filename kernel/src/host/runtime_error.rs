//! Panics and `?` errors of cells, with the learner's line where it is known.
use crate::engine::CellError;
use std::path::Path;

/// The error of a `?`.
pub(super) fn question_mark(text: &str) -> CellError {
    let text = if text.is_empty() { "an error that was returned by `?`; its text is above" } else { text };
    CellError::new("Error", text)
}

/// The error of a panic, from what Rust prints:
/// `thread 'main' (1) panicked at ctx/src/lib.rs:12:5:`, then the message.
pub(super) fn panic(printed: &str, code: &str, crate_folder: &Path) -> CellError {
    let (head, message) = printed.split_once('\n').unwrap_or((printed, ""));
    let message: Vec<_> =
        message.lines().take_while(|line| !line.starts_with("note: run with `RUST_BACKTRACE")).collect();
    let message = message.join("\n");
    let evalue = if message.is_empty() { "the cell panicked".to_owned() } else { message };
    let place = head.split_once("panicked at ").map(|(_, place)| place.trim_end_matches(':'));
    let mut traceback = vec![format!("panic: {evalue}")];
    traceback.extend(place.and_then(|place| learners_line(place, code, crate_folder)).unwrap_or_default());
    CellError { ename: "Panic".to_owned(), evalue, traceback }
}

/// The line of the cell, or the place in a library, as lines of a traceback.
fn learners_line(place: &str, code: &str, crate_folder: &Path) -> Option<Vec<String>> {
    let mut parts = place.rsplitn(3, ':');
    let (_, line, file) = (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?);
    if Path::new(file).is_absolute() {
        return Some(vec![format!("  in {}:{line}", short(file))]);
    }
    let source = std::fs::read_to_string(crate_folder.join("src/lib.rs")).ok()?;
    let text = source.lines().nth(line.checked_sub(1)?)?.trim();
    let mut same =
        code.lines().enumerate().filter(|(_, candidate)| candidate.trim().contains(text) && !text.is_empty());
    Some(match (same.next(), same.next()) {
        (Some((index, line)), None) => vec![format!("{} | {line}", index + 1)],
        (None, _) => vec![format!("  in a function of an earlier cell: {text}")],
        _ => vec![format!("  | {text}")],
    })
}

/// A path from the name of its crate on.
fn short(file: &str) -> &str {
    match file.find("/registry/src/").map(|start| start + "/registry/src/".len()) {
        Some(start) => file[start..].split_once('/').map_or(file, |(_, rest)| rest),
        None => file.rfind("/src/").map_or(file, |src| &file[file[..src].rfind('/').map_or(0, |slash| slash + 1)..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_names_the_learners_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        std::fs::write(folder.path().join("src/lib.rs"), "generated\nlet x = v[3];\n").unwrap();
        let printed =
            "thread 'main' (7) panicked at ctx/src/lib.rs:2:9:\nindex out of bounds\nnote: run with `RUST_BACKTRACE=1`";
        let error = panic(printed, "let v = vec![1];\nlet x = v[3];", folder.path());
        assert_eq!((error.ename.as_str(), error.evalue.as_str()), ("Panic", "index out of bounds"));
        assert_eq!(error.traceback, ["panic: index out of bounds", "2 | let x = v[3];"]);
    }

    #[test]
    fn a_panic_in_a_library_names_the_crate() {
        let printed =
            "thread 'main' panicked at /home/a/.cargo/registry/src/index-1/candle-core-0.11.0/src/tensor.rs:9:5:\nboom";
        let error = panic(printed, "", Path::new("/nowhere"));
        assert_eq!(error.traceback, ["panic: boom", "  in candle-core-0.11.0/src/tensor.rs:9"]);
    }
}

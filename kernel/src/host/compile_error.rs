//! A compiler's errors with the learner's lines.
use crate::engine::CellError;
use evcxr::CompilationError;
use std::fmt::Write;

/// One error for the notebook out of what the compiler said.
pub(super) fn describe(code: &str, errors: &[CompilationError]) -> CellError {
    let first = errors.first().map_or_else(|| "the cell does not compile".to_owned(), headline);
    let traceback =
        errors.iter().flat_map(|error| one(code, error).lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    CellError { ename: "CompileError".to_owned(), evalue: first, traceback }
}

fn headline(error: &CompilationError) -> String {
    match error.code() {
        Some(code) => format!("{} [{code}]", error.message()),
        None => error.message(),
    }
}

fn one(code: &str, error: &CompilationError) -> String {
    let lines: Vec<_> = code.lines().collect();
    let mut text = format!("error: {}\n", headline(error));
    let mut spans: Vec<_> =
        error.spanned_messages().iter().filter_map(|message| Some((message, message.span?))).collect();
    spans.sort_by_key(|(message, span)| (!message.is_primary, span.start_line));
    for (message, span) in &spans {
        let Some(line) = lines.get(span.start_line - 1) else { continue };
        let number = span.start_line.to_string();
        let last = if span.end_line == span.start_line { span.end_column } else { line.chars().count() + 1 };
        let marks = "^".repeat(last.saturating_sub(span.start_column).max(1));
        let indent: String =
            line.chars().take(span.start_column - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
        let margin = " ".repeat(number.len());
        let label = if message.label.starts_with("error: ") { "" } else { &message.label };
        // Writing to a string cannot fail.
        let _ = write!(text, "{margin} |\n{number} | {line}\n{margin} | {indent}{marks} {label}\n");
    }
    if spans.is_empty() && !error.is_from_user_code() {
        text.push_str(&error.rendered());
        text.push('\n');
    }
    for help in error.help() {
        // The first line is the advice; a replacement for the code follows it.
        let _ = writeln!(text, "  help: {}", help.lines().next().unwrap_or_default());
    }
    let hint = match error.code() {
        Some("E0384" | "E0596") => Some("a variable of an earlier cell becomes mutable with `let mut x = x;`"),
        _ => error.evcxr_extra_hint(),
    };
    if let Some(hint) = hint {
        let _ = writeln!(text, "  note: {hint}");
    }
    text
}

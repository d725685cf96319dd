//! Values from the command line in place of a notebook's own.
use super::Notebook;
use crate::error::{Error, Result};

/// Replaces `let NAME = ...;` in the cell tagged `parameters`.
pub(super) fn replace(notebook: &mut Notebook, parameters: &[(String, String)]) -> Result<()> {
    if parameters.is_empty() {
        return Ok(());
    }
    let index =
        notebook.code_cells().into_iter().find(|&index| notebook.has_tag(index, "parameters")).ok_or_else(|| {
            Error::new("this notebook takes no parameters").with_mend("tag the cell that sets them with `parameters`")
        })?;
    let mut lines: Vec<_> = notebook.source(index).lines().map(str::to_owned).collect();
    for (name, value) in parameters {
        let Some(line) = lines.iter_mut().find(|line| defined(line).is_some_and(|defined| defined == name)) else {
            let known: Vec<_> = lines.iter().filter_map(|line| defined(line)).collect();
            return Err(Error::new(format!("the notebook has no parameter `{name}`; it has {}", known.join(", "))));
        };
        let start = line.find('=').map_or(line.len(), |at| at + 1);
        let end = line.find(';').unwrap_or(line.len());
        *line = format!("{} {value}{}", &line[..start], &line[end..]);
    }
    notebook.set_source(index, &lines.join("\n"));
    Ok(())
}

/// The name that a line defines.
fn defined(line: &str) -> Option<&str> {
    let rest = line.trim_start();
    let rest = rest.strip_prefix("let ").or_else(|| rest.strip_prefix("const "))?.trim_start();
    let rest = rest.strip_prefix("mut ").unwrap_or(rest).trim_start();
    line.contains('=').then_some(())?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notebook() -> Notebook {
        let text = r#"{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [
            {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "outputs": [], "execution_count": null,
             "source": ["let epochs: usize = 10; // how long\n", "let mut name = \"a\";"]}]}"#;
        Notebook::parse(text, "test").unwrap()
    }

    #[test]
    fn a_value_is_replaced_and_the_rest_of_the_line_kept() {
        let mut notebook = notebook();
        replace(&mut notebook, &[("epochs".into(), "2".into()), ("name".into(), "\"b\"".into())]).unwrap();
        assert_eq!(notebook.source(0), "let epochs: usize = 2; // how long\nlet mut name = \"b\";");
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = replace(&mut notebook(), &[("rank".into(), "2".into())]).unwrap_err();
        assert_eq!(error.to_string(), "the notebook has no parameter `rank`; it has epochs, name");
    }
}

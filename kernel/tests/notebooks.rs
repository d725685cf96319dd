//! Whole notebooks.
use crate::support::{run as run_cell, shared};
use serde_json::{Value, json};
use std::time::Duration;
use tunebook_kernel::notebook::{Notebook, Run, RunOptions, run};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("notebooks::outputs_are_stored", outputs_are_stored),
    ("notebooks::the_first_error_ends_the_run", the_first_error_ends_the_run),
    ("notebooks::a_slow_cell_is_a_timeout", a_slow_cell_is_a_timeout),
    ("notebooks::broken_files_are_one_error", broken_files_are_one_error),
];

fn notebook(cells: &[(&str, &[&str])]) -> Notebook {
    let cells: Vec<_> = cells
        .iter()
        .map(|(source, tags)| {
            json!({ "cell_type": "code", "source": source, "metadata": { "tags": tags }, "outputs": [], "execution_count": null })
        })
        .collect();
    let text = json!({ "nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells }).to_string();
    Notebook::parse(&text, "test").unwrap()
}

fn execute(notebook: &Notebook, options: &RunOptions) -> Run {
    shared(|engine| {
        run_cell(engine, "use dummy::prelude::*;").good();
        run(notebook, engine, options, &mut |_| {}).unwrap()
    })
}

fn outputs_are_stored() {
    let asked = notebook(&[
        ("let batches = 100;", &["parameters"]),
        ("show(\"d\", \"old\");\nprintln!(\"a\"); println!(\"b\");\nrecord(\"accuracy\", 0.5);\nbatches", &[]),
        ("panic!(\"meant\");", &["raises-exception"]),
        ("update(\"d\", \"new\");", &[]),
    ]);
    let options = RunOptions { parameters: vec![("batches".into(), "3".into())], ..RunOptions::default() };
    let ran = execute(&asked, &options);
    assert_eq!(ran.failure, None);
    let json = ran.notebook.json();
    assert_eq!((&json["nbformat"], &json["nbformat_minor"]), (&json!(4), &json!(5)));
    let cells = json["cells"].as_array().unwrap();
    assert_eq!(cells[0]["source"], json!(["let batches = 3;"]));
    assert_eq!(
        cells[1]["outputs"],
        json!([
            { "output_type": "display_data", "data": { "text/plain": ["new"] }, "metadata": {} },
            { "output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"] },
            { "output_type": "execute_result", "execution_count": 2, "data": { "text/plain": ["3"] }, "metadata": {} }
        ])
    );
    assert_eq!(cells[1]["metadata"]["tunebook"]["values"], json!({ "accuracy": 0.5 }));
    assert_eq!(
        (&cells[2]["outputs"][0]["ename"], &cells[2]["outputs"][0]["evalue"]),
        (&json!("Panic"), &json!("meant"))
    );
    assert!(cells.iter().all(|cell| cell["id"].is_string()));
}

fn the_first_error_ends_the_run() {
    let asked = notebook(&[("let a = 1;", &[]), ("let b: i32 = \"no\";", &[]), ("println!(\"never\");", &[])]);
    let ran = execute(&asked, &RunOptions::default());
    let failure = ran.failure.unwrap();
    assert_eq!((failure.cell, failure.id.as_str(), failure.error.ename.as_str()), (2, "cell-2", "CompileError"));
    assert_eq!(ran.notebook.json()["cells"][2]["outputs"], json!([]));
    assert_eq!(ran.notebook.json()["cells"][2]["execution_count"], Value::Null);
}

fn a_slow_cell_is_a_timeout() {
    let asked = notebook(&[("train(1000)", &[])]);
    let options = RunOptions { timeout: Some(Duration::from_secs(2)), ..RunOptions::default() };
    let failure = execute(&asked, &options).failure.unwrap();
    assert_eq!((failure.cell, failure.error.ename.as_str()), (1, "Timeout"));
    assert_eq!(failure.error.evalue, "the cell took longer than 2 s");
}

fn broken_files_are_one_error() {
    for (text, problem) in [
        ("{", "EOF"),
        ("{\"nbformat\": 3}", "`nbformat` is 3"),
        ("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"cat\", \"source\": \"\"}]}", "cell 1"),
        ("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"source\": [1]}]}", "`source` of cell 1"),
    ] {
        let error = Notebook::parse(text, "broken.ipynb").unwrap_err().to_string();
        assert!(error.starts_with("broken.ipynb: not a notebook: ") && error.contains(problem), "{error}");
    }
}

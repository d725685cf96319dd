//! Notebooks, outputs, book and the check that they are fresh.

use libtest_mimic::Trial;
use serde_json::{Value, json};
use tunebook_course::build::{self, BuildOptions, Built};
use tunebook_course::{book, outputs};

use crate::support::{Fixture, copy};
use crate::trials;

pub fn tests() -> Vec<Trial> {
    trials![
        a_notebook_is_valid_and_the_same_every_time,
        an_edit_in_one_place_leaves_the_other_cells_ids_alone,
        outputs_come_from_an_executed_notebook,
        the_check_lists_what_is_stale_and_building_mends_it,
        dead_references_stop_the_build,
        the_book_is_complete_and_needs_no_network,
    ]
}

const BUILD: BuildOptions = BuildOptions { check: false, execute: false };
const CHECK: BuildOptions = BuildOptions { check: true, execute: false };

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    copy(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../book"), &fixture.path("book"));
    fixture
}

fn run(fixture: &Fixture, options: BuildOptions) -> Built {
    build::run(&fixture.course, &fixture.home, options, &mut |_| {}).unwrap()
}

/// A small chart, as the teaching crate would show it.
const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 600 300\" width=\"600\" height=\"300\"><title>Loss by epoch</title>\
    <rect width=\"600\" height=\"300\" fill=\"#fff\"/>\n\n<path d=\"M20 20 L580 250\" stroke=\"#0072b2\" stroke-width=\"4\" fill=\"none\"/></svg>";

/// Outputs as if the lesson had been executed.
fn executed(fixture: &Fixture) -> Value {
    let lesson = fixture.course.lesson("demo").unwrap();
    let table = "<table><thead><tr><th>label</th><th>precision</th><th>recall</th><th>f1-score</th><th>support</th></tr></thead>\
        <tbody><tr><td>access</td><td>0.91</td><td>0.95</td><td>0.93</td><td>12</td></tr></tbody></table>";
    let home = fixture.home.path().display();
    let cells: Vec<Value> = lesson
        .cells()
        .map(|cell| {
            let (outputs, values) = if cell.id == "train" {
                let chart = json!({"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": SVG}});
                let report = json!({"output_type": "execute_result", "execution_count": 2, "metadata": {},
                    "data": {"text/html": table, "text/plain": "report"}});
                (json!([chart, report]), json!({"full_accuracy": 0.94}))
            } else {
                let text = format!("3 rows\n\n{home}/seed\n{}\n[1, 2, 3]\n", "wide ".repeat(60));
                (json!([{"output_type": "stream", "name": "stdout", "text": text}]), json!({}))
            };
            json!({"cell_type": "code", "id": cell.id, "metadata": {"tunebook": {"values": values}}, "outputs": outputs})
        })
        .collect();
    json!({ "cells": cells })
}

/// Outputs for both lessons, committed.
fn commit_outputs(fixture: &Fixture) {
    let lesson = fixture.course.lesson("demo").unwrap();
    let made = outputs::from_executed(&executed(fixture), &fixture.course, &fixture.home).unwrap();
    outputs::write(&fixture.course, &lesson, &made).unwrap();
}

fn notebook(fixture: &Fixture) -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixture.path("notebooks/01-demo.ipynb")).unwrap()).unwrap()
}

fn source(cell: &Value) -> String {
    cell["source"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

fn a_notebook_is_valid_and_the_same_every_time() {
    let fixture = fixture();
    let built = run(&fixture, BUILD);
    assert!(built.written.contains(&"notebooks/01-demo.ipynb".to_owned()), "{built:?}");
    let first = std::fs::read_to_string(fixture.path("notebooks/01-demo.ipynb")).unwrap();
    assert!(!run(&fixture, BUILD).written.iter().any(|file| file.starts_with("notebooks")));
    assert!(first.starts_with("{\n \"cells\": [") && first.ends_with("}\n"));

    let notebook = notebook(&fixture);
    assert_eq!((&notebook["nbformat"], &notebook["nbformat_minor"]), (&json!(4), &json!(5)));
    let kernelspec = json!({"name": "tunebook", "display_name": "Tunebook (Rust)", "language": "rust"});
    assert_eq!(notebook["metadata"]["kernelspec"], kernelspec);
    let cells = notebook["cells"].as_array().unwrap();
    let ids: Vec<&str> = cells.iter().map(|cell| cell["id"].as_str().unwrap()).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
    for cell in cells {
        let keys: Vec<&str> = cell.as_object().unwrap().keys().map(String::as_str).collect();
        let is_code = cell["cell_type"] == "code";
        assert_eq!(keys.contains(&"outputs") && keys.contains(&"execution_count"), is_code, "{cell}");
        assert!(!is_code || (cell["outputs"] == json!([]) && cell["execution_count"].is_null()), "{cell}");
    }
    let of = |id: &str| cells.iter().find(|cell| cell["id"] == id).unwrap_or_else(|| panic!("no cell {id} in {ids:?}"));
    assert!(source(of("double")).starts_with(":check double\nuse tunebook::prelude::*;"));
    assert_eq!(source(of("what-trains")), ":quiz what-trains\n");
    assert!(source(of("question-what-trains")).contains("- **b** Those of the new head"));
    assert!(source(of("exercise-double")).contains("- Every number is doubled"));
    assert!(!source(of("exercise-double")).contains("empty list stays empty"), "hidden checks are not listed");
    let opening = source(of("opening")) + &source(of("after-opening"));
    assert!(opening.contains("right in\n93 % of the cases") && opening.contains("(02-next.ipynb)"), "{opening}");
    let picture = of("after-opening");
    assert!(source(picture).contains("](attachment:figures-layers.svg)"));
    assert!(picture["attachments"]["figures-layers.svg"]["image/svg+xml"].as_str().unwrap().starts_with("PHN2Zy"));
}

fn an_edit_in_one_place_leaves_the_other_cells_ids_alone() {
    let fixture = fixture();
    run(&fixture, BUILD);
    let ids = |notebook: &Value| -> Vec<String> {
        notebook["cells"].as_array().unwrap().iter().map(|cell| cell["id"].as_str().unwrap().to_owned()).collect()
    };
    let before = ids(&notebook(&fixture));
    fixture.edit("lessons/01-demo/lesson.md", "## Load the data", "## A new section\n\nText.\n\n## Load the data");
    run(&fixture, BUILD);
    let mut after = ids(&notebook(&fixture));
    assert_eq!(after.len(), before.len() + 1);
    after.retain(|id| id != "a-new-section");
    assert_eq!(after, before);
}

fn outputs_come_from_an_executed_notebook() {
    let fixture = fixture();
    commit_outputs(&fixture);
    let lesson = fixture.course.lesson("demo").unwrap();
    let read = outputs::read(&lesson).unwrap();
    assert_eq!(read["train"].outputs[0]["data"]["image/svg+xml"], SVG);
    assert_eq!(read["train"].values["full_accuracy"], 0.94);
    let text = read["load-data"].outputs[0]["text"].as_str().unwrap();
    assert!(text.contains("<tunebook>/seed") && !text.contains(&fixture.home.path().display().to_string()), "{text}");
    // The outputs of a cell that is gone go too.
    std::fs::write(lesson.outputs().join("old-cell.json"), "{}").unwrap();
    commit_outputs(&fixture);
    assert!(!lesson.outputs().join("old-cell.json").exists());
    // Writing the same again changes no byte.
    let bytes = |name: &str| std::fs::read(lesson.outputs().join(name)).unwrap();
    let before = (bytes("train.json"), bytes("key.json"));
    commit_outputs(&fixture);
    assert_eq!(before, (bytes("train.json"), bytes("key.json")));
}

fn problems(built: &Built) -> Vec<String> {
    built.problems.iter().map(ToString::to_string).collect()
}

fn the_check_lists_what_is_stale_and_building_mends_it() {
    let fixture = fixture();
    let found = problems(&run(&fixture, CHECK));
    for want in [
        "notebooks/01-demo.ipynb: it does not exist; run `tunebook build`",
        "notebooks/02-next.ipynb: it does not exist",
        "lessons/01-demo/outputs: there are no outputs of this lesson; run `tunebook build --execute`",
    ] {
        assert!(found.iter().any(|problem| problem.starts_with(want)), "{want} is not in {found:#?}");
    }
    run(&fixture, BUILD);
    commit_outputs(&fixture);
    assert_eq!(problems(&run(&fixture, CHECK)), Vec::<String>::new());

    // Each way of going stale, alone.
    let lesson = "lessons/01-demo/lesson.md";
    let cases: [(&str, &str, &str, &[&str]); 6] = [
        (
            lesson,
            "Only the head trains.",
            "Only the head learns.",
            &["notebooks/01-demo.ipynb: it is not what its lesson makes"],
        ),
        (lesson, "vec![1, 2, 3]", "vec![1, 2]", &["notebooks/01-demo.ipynb", "stale: the cells changed"]),
        (
            lesson,
            "value=0.93 tol=0.03",
            "value=0.80 tol=0.03",
            &["quoted as 0.8 (tolerance 0.03), but the cells measured 0.94"],
        ),
        ("data/rows.csv", "text", "words", &["stale: the data changed"]),
        ("Cargo.lock", "version = 4", "version = 5", &["stale: Cargo.lock changed"]),
        ("exercises/double/starter.rs", "Each number", "Every number", &["notebooks/01-demo.ipynb"]),
    ];
    for (file, from, to, wants) in cases {
        fixture.edit(file, from, to);
        let found = problems(&run(&fixture, CHECK));
        assert_eq!(found.len(), wants.len(), "{file}: {found:#?}");
        for want in wants {
            assert!(found.iter().any(|problem| problem.contains(want)), "{want} is not in {found:#?}");
        }
        fixture.edit(file, to, from);
    }
    std::fs::write(fixture.path("notebooks/09-gone.ipynb"), "{}").unwrap();
    assert!(problems(&run(&fixture, CHECK))[0].contains("no lesson makes this notebook"));
    run(&fixture, BUILD);
    assert_eq!(problems(&run(&fixture, CHECK)), Vec::<String>::new());
    // The data sheet and the model card may change without a new execution.
    std::fs::write(fixture.path("data/README.md"), "# Data").unwrap();
    assert_eq!(problems(&run(&fixture, CHECK)), Vec::<String>::new());
}

fn dead_references_stop_the_build() {
    let fixture = fixture();
    fixture.edit("lessons/01-demo/lesson.md", "```exercise double", "```exercise triple");
    fixture.edit("lessons/01-demo/lesson.md", "## Feature extraction", "## Something else");
    let built = run(&fixture, BUILD);
    let found = problems(&built);
    let text = std::fs::read_to_string(fixture.path("lessons/01-demo/lesson.md")).unwrap();
    let line = text.lines().position(|line| line == "```exercise triple").unwrap() + 1;
    assert!(
        found.iter().any(|p| p.contains(&format!("lesson.md:{line}: there is no exercise `triple`"))),
        "{found:#?}"
    );
    assert!(found.iter().any(|p| p.contains("sends its reader to \"Feature extraction\"")), "{found:#?}");
    assert_eq!(built.written, Vec::<String>::new());
}

fn the_book_is_complete_and_needs_no_network() {
    let fixture = fixture();
    commit_outputs(&fixture);
    // A folder to look at the pages in: `TUNEBOOK_TEST_BOOK=/some/folder cargo test ...`.
    let to = std::env::var_os("TUNEBOOK_TEST_BOOK").map_or_else(|| fixture.scratch().join("book"), Into::into);
    book::build(&fixture.course, &to).unwrap();
    book::build(&fixture.course, &to).unwrap();
    let page = std::fs::read_to_string(to.join("demo.html")).unwrap();
    for want in [
        "right in\n93 % of the cases",
        "href=\"next.html#start\"",
        "demo/figures/layers.svg",
        "src=\"demo/train-1.svg\" alt=\"Loss by epoch\"",
        "<td>0.91</td>",
        "&lt;tunebook&gt;/seed",
        "{{quote this is code",
        "Code of <code>train</code>",
        "tunebook check double",
        "data-kind=\"one\"",
        "data-kind=\"many\"",
        "data-kind=\"number\"",
        "data-kind=\"short\"",
        "data-right",
        "href=\"#feature-extraction\"",
    ] {
        assert!(page.contains(want), "the chapter has no {want:?}");
    }
    assert!(page.contains("<h2 id=\"feature-extraction\">"), "the heading's anchor is another one");
    assert!(!page.contains("fn main()"), "mdBook has put a `main` around a cell");
    assert_eq!(std::fs::read_to_string(to.join("demo/train-1.svg")).unwrap(), SVG);
    assert_eq!(page.matches("<form class=\"tb-question\"").count(), 4);
    assert_eq!(page.matches("</form>").count(), page.matches("<form").count());
    let reference = |attribute: &str| {
        page.split(&format!("{attribute}=\""))
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for target in reference("src").into_iter().chain(reference("href")) {
        assert!(!target.starts_with("http") && !target.starts_with("//"), "{target} needs a network");
        let file = target.split('#').next().unwrap();
        assert!(file.is_empty() || to.join(file).exists(), "{target} leads nowhere");
    }
}

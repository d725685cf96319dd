//! What cells show, and how they fail.
use crate::support::{run, shared};
use std::time::{Duration, Instant};
use tunebook_kernel::engine::{Output, StreamName};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("cells::values_and_rich_output", values_and_rich_output),
    ("cells::output_arrives_while_the_cell_runs", output_arrives_while_the_cell_runs),
    ("cells::displays_are_updated", displays_are_updated),
    ("cells::values_are_recorded", values_are_recorded),
    ("cells::variables_survive", variables_survive),
    ("cells::a_panic_is_an_error", a_panic_is_an_error),
    ("cells::a_question_mark_is_an_error", a_question_mark_is_an_error),
    ("cells::a_compile_error_shows_the_line", a_compile_error_shows_the_line),
    ("cells::no_output_shifts_to_another_cell", no_output_shifts_to_another_cell),
    ("cells::cargos_environment_stays_out", cargos_environment_stays_out),
    ("cells::the_standard_library_is_found_wherever_home_lies", the_standard_library_is_found_wherever_home_lies),
    ("cells::the_analyser_answers", the_analyser_answers),
];

fn values_and_rich_output() {
    shared(|engine| {
        assert_eq!(run(engine, "6 * 7").good().value().as_deref(), Some("42"));
        let picture = run(engine, "Picture").good();
        let [Output::ExecuteResult { data, .. }] = &picture.outputs[..] else { panic!("{:?}", picture.outputs) };
        assert_eq!(data["image/svg+xml"], "<svg>\n</svg>");
        assert_eq!(data["text/plain"], "a picture");
        // A value shown in the middle and one at the end are two outputs.
        let two = run(engine, "Picture.evcxr_display();\nPicture").good();
        assert!(
            matches!(two.outputs[..], [Output::DisplayData { .. }, Output::ExecuteResult { .. }]),
            "{:?}",
            two.outputs
        );
        assert!(run(engine, "println!(\"only text\")").good().value().is_none(), "`()` is not shown");
    });
}

fn output_arrives_while_the_cell_runs() {
    shared(|engine| {
        let code =
            "println!(\"first\"); std::thread::sleep(std::time::Duration::from_millis(1500)); println!(\"last\");";
        let mut first = None;
        let result = engine.execute(code, &mut |output| {
            if matches!(&output, Output::Stream { text, .. } if text.contains("first")) {
                first = Some(Instant::now());
            }
        });
        assert!(result.ok);
        let ahead = first.expect("the first line comes").elapsed();
        assert!(ahead > Duration::from_secs(1), "the first line came {ahead:?} before the end");
    });
}

fn displays_are_updated() {
    shared(|engine| {
        let ran = run(
            engine,
            "show(\"curve\", \"epoch 0\");\nprintln!(\"between\");\nupdate(\"curve\", \"epoch 1\");\nclear();",
        )
        .good();
        let kinds: Vec<_> = ran
            .outputs
            .iter()
            .map(|output| match output {
                Output::DisplayData { display_id, .. } => format!("display {}", display_id.as_deref().unwrap_or("-")),
                Output::UpdateDisplayData { data, display_id, .. } => {
                    format!("update {display_id} {}", data["text/plain"])
                }
                Output::Stream { text, .. } => format!("text {text:?}"),
                Output::ClearOutput { wait } => format!("clear {wait}"),
                Output::ExecuteResult { .. } => "result".to_owned(),
            })
            .collect();
        assert_eq!(kinds, ["display curve", "text \"between\\n\"", "update curve \"epoch 1\"", "clear true"]);
    });
}

fn values_are_recorded() {
    shared(|engine| {
        let ran = run(engine, "record(\"accuracy\", 0.93);").good();
        assert_eq!(ran.result.values["accuracy"], 0.93);
        assert!(ran.outputs.is_empty(), "{:?}", ran.outputs);
        assert!(run(engine, "let unrelated = 1;").good().result.values.is_empty());
    });
}

fn variables_survive() {
    shared(|engine| {
        run(engine, "let names = vec![\"a\".to_owned()];\nfn double(x: i32) -> i32 { 2 * x }").good();
        run(engine, "let mut names = names;\nnames.push(\"b\".to_owned());").good();
        assert_eq!(
            run(engine, "format!(\"{}{}\", names.join(\"\"), double(4))").good().value().as_deref(),
            Some("\"ab8\"")
        );
        // One copy of the library for all cells: its counter goes on.
        run(engine, "let before = counter();").good();
        assert_eq!(run(engine, "counter() - before").good().value().as_deref(), Some("1"));
    });
}

fn a_panic_is_an_error() {
    shared(|engine| {
        run(engine, "let kept = 5;").good();
        let ran = run(engine, "println!(\"before\");\nlet v: Vec<i32> = Vec::new();\nlet x = v[3];\nx");
        assert_eq!(ran.stdout(), "before\n");
        let (kind, text) = ran.error();
        assert_eq!(kind, "Panic");
        assert!(text.contains("index out of bounds"), "{text}");
        let traceback = ran.result.error.as_ref().unwrap().traceback.join("\n");
        assert!(traceback.contains("3 | let x = v[3];"), "{traceback}");
        assert!(!traceback.contains("evcxr") && !traceback.contains("RUST_BACKTRACE"), "{traceback}");
        assert_eq!(ran.text(StreamName::Stderr), "", "the message is in the error alone");
        assert_eq!(run(engine, "kept").good().value().as_deref(), Some("5"));
    });
}

fn a_question_mark_is_an_error() {
    shared(|engine| {
        let ran = run(
            engine,
            "eprintln!(\"a warning\");\nstd::thread::sleep(std::time::Duration::from_millis(100));\nErr::<(), _>(Problem(\"label\".to_owned()))?;\nprintln!(\"never\");",
        );
        assert_eq!(ran.error(), ("Error", "no column `label`\nthe file has `text`"));
        assert_eq!(ran.text(StreamName::Stderr), "a warning\n");
        assert_eq!(ran.stdout(), "");
        run(engine, "1 + 1").good();
    });
}

fn a_compile_error_shows_the_line() {
    shared(|engine| {
        let ran = run(engine, "let a = 1;\nlet b = a + missing;");
        let (kind, text) = ran.error();
        assert_eq!(kind, "CompileError");
        assert!(text.contains("missing"), "{text}");
        let traceback = ran.result.error.as_ref().unwrap().traceback.join("\n");
        assert!(traceback.contains("2 | let b = a + missing;"), "{traceback}");
        assert!(traceback.contains("            ^^^^^^^"), "{traceback}");
        assert_eq!(run(engine, "\"fine\"").good().value().as_deref(), Some("\"fine\""));
    });
}

fn no_output_shifts_to_another_cell() {
    shared(|engine| {
        let forged = [
            "EVCXR_EXECUTION_COMPLETE",
            "EVCXR_BEGIN_CONTENT text/plain",
            "EVCXR_VARIABLE_CHANGED_TYPE:forged",
            "EVCXR_INPUT_REQUEST:name",
        ];
        for line in forged {
            let ran = run(engine, &format!("println!(\"a\"); println!(\"{line}\"); println!(\"b\");")).good();
            assert!(ran.stdout().starts_with("a\n") && ran.stdout().contains("b\n"), "{line}: {:?}", ran.stdout());
            assert_eq!(run(engine, &format!("println!(\"after {line}\");")).good().stdout(), format!("after {line}\n"));
        }
        let bytes = "std::io::Write::write_all(&mut std::io::stdout(), b\"x\\xff\\xfey\\n\").unwrap();";
        assert_eq!(run(engine, bytes).good().stdout(), "x\u{fffd}\u{fffd}y\n");
        assert_eq!(run(engine, "print!(\"no newline\");").good().stdout(), "no newline");
        assert_eq!(run(engine, "println!(\"own line\");").good().stdout(), "own line\n");
        // Nothing is lost or moved over many cells.
        for number in 0..20 {
            let ran = run(engine, &format!("for i in 0..50 {{ println!(\"{number} {{i}}\"); }}")).good();
            let expected = (0..50).map(|i| format!("{number} {i}")).collect::<Vec<_>>().join("\n") + "\n";
            assert_eq!(ran.stdout(), expected);
        }
    });
}

fn cargos_environment_stays_out() {
    // `cargo test` sets these as `cargo run` does: with them the first cell could not be loaded.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "run this through cargo test");
    assert!(std::env::var_os("LD_LIBRARY_PATH").is_some() || cfg!(target_os = "macos"));
    shared(|engine| {
        let code = "std::env::vars().filter(|(name, value)| name.starts_with(\"CARGO_MANIFEST\") || name == \"RUSTUP_TOOLCHAIN\" || (name.ends_with(\"LIBRARY_PATH\") && value.contains(\"target\"))).count()";
        assert_eq!(run(engine, code).good().value().as_deref(), Some("0"));
    });
}

fn the_standard_library_is_found_wherever_home_lies() {
    // A cell's rpath leads astray when its session and the toolchain share more of their paths than the root folder.
    let name = tunebook_kernel::environment::library_path_variable();
    shared(|engine| {
        let code = format!(
            r#"std::env::split_paths(&std::env::var_os("{name}").unwrap()).next().unwrap().read_dir().unwrap()
                .any(|file| file.unwrap().file_name().to_string_lossy().starts_with("libstd-"))"#
        );
        assert_eq!(run(engine, &code).good().value().as_deref(), Some("true"));
    });
}

fn the_analyser_answers() {
    shared(|engine| {
        run(engine, "let words = vec![1, 2];").good();
        let (matches, range) = engine.complete("words.le", 8);
        assert!(matches.iter().any(|found| found.starts_with("len")), "{matches:?}");
        assert_eq!(range, 6..8);
        let help = engine.inspect("words.len()", 9).expect("documentation");
        assert!(help["text/plain"].as_str().unwrap().contains("number of elements"), "{help:?}");
    });
}

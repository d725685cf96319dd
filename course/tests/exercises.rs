//! Exercises for real: compiled, run under limits, judged.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use tunebook_course::exercise::{CheckReport, Outcome, validate};

use crate::support::Fixture;
use crate::trials;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        the_solution_passes_and_the_starter_is_not_started,
        a_wrong_answer_is_told_what_is_missing,
        a_compiler_error_names_the_learners_file,
        a_panic_is_reported_and_the_other_checks_go_on,
        an_endless_loop_is_stopped_in_time,
        too_much_memory_is_stopped,
        too_much_output_is_stopped,
        leaving_early_is_no_pass,
        what_it_starts_does_not_outlive_it,
        the_environment_is_clean_and_input_is_closed,
        a_forged_file_in_the_working_folder_changes_nothing,
        the_exercise_validates,
        a_bad_exercise_is_found_out,
    ]
}

fn check(code: &str) -> CheckReport {
    checked(&Fixture::new(), code)
}

/// With a time limit that a busy machine does not reach: the test is about another limit.
fn check_without_hurry(code: &str) -> CheckReport {
    let fixture = Fixture::new();
    fixture.edit("exercises/double/exercise.toml", "seconds = 2", "seconds = 120");
    checked(&fixture, code)
}

fn checked(fixture: &Fixture, code: &str) -> CheckReport {
    fixture.checker().check(&fixture.course.exercise("double").unwrap(), code).unwrap()
}

/// An answer that is right, after doing something else.
fn right_after(work: &str) -> String {
    format!("pub fn double(values: &[f64]) -> Vec<f64> {{\n{work}\nvalues.iter().map(|v| v * 2.0).collect()\n}}\n")
}

fn stopped(report: &CheckReport) -> &str {
    match &report.outcome {
        Outcome::Stopped(why) => why,
        other => panic!("it was not stopped but {other:?}"),
    }
}

fn the_solution_passes_and_the_starter_is_not_started() {
    let fixture = Fixture::new();
    let exercise = fixture.course.exercise("double").unwrap();
    let solution = std::fs::read_to_string(exercise.folder.join("solution.rs")).unwrap();
    let report = fixture.checker().check(&exercise, &solution).unwrap();
    assert!(report.passed(), "{report}");
    assert!(report.to_html().contains("✓ passed"));
    let report = fixture.checker().check(&exercise, &exercise.starter().unwrap()).unwrap();
    assert_eq!(report.outcome, Outcome::NotStarted);
}

fn a_wrong_answer_is_told_what_is_missing() {
    let report = check("pub fn double(values: &[f64]) -> Vec<f64> { values.to_vec() }");
    assert_eq!(report.outcome, Outcome::Failed);
    assert!(report.to_string().contains("The numbers come back unchanged."), "{report}");
    // The hidden check passed: it is not mentioned.
    assert!(!report.to_string().contains("empty list"), "{report}");
}

fn a_compiler_error_names_the_learners_file() {
    let report = check("pub fn double(values: &[f64]) -> Vec<f64> {\n    values\n}");
    let Outcome::DoesNotCompile(messages) = &report.outcome else { panic!("{report:?}") };
    assert!(messages.contains("double.rs:2:5") && messages.contains("mismatched types"), "{messages}");
    assert!(!messages.contains("/tmp") && !messages.contains("tunebook-check-"), "{messages}");
    // A missing function is told too, although the message is about the check.
    let report = check("pub fn dubble() {}");
    let Outcome::DoesNotCompile(messages) = &report.outcome else { panic!("{report:?}") };
    assert!(messages.contains("double"), "{messages}");
}

fn a_panic_is_reported_and_the_other_checks_go_on() {
    let report = check(&right_after("assert!(!values.is_empty(), \"no values <given>\");"));
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(report.lines[0].missing, None);
    assert!(report.to_string().contains("double of nothing failed: it panicked: no values <given>"), "{report}");
    assert!(report.to_html().contains("&lt;given&gt;") && !report.to_html().contains("<given>"));
}

fn an_endless_loop_is_stopped_in_time() {
    let started = Instant::now();
    let report = check(&right_after("loop { std::hint::black_box(values); }"));
    assert!(stopped(&report).contains("more than 2 s"), "{report}");
    assert!(started.elapsed() < Duration::from_mins(1));
    assert!(report.seconds >= 2.0, "{}", report.seconds);
}

fn too_much_memory_is_stopped() {
    let report = check_without_hurry(&right_after("let big = vec![1_u8; 400 << 20]; std::hint::black_box(&big);"));
    assert!(stopped(&report).contains("more than 256 MB of memory"), "{report}");
    // And less than the limit is fine.
    assert!(check_without_hurry(&right_after("let big = vec![1_u8; 100 << 20]; std::hint::black_box(&big);")).passed());
}

fn too_much_output_is_stopped() {
    let report = check_without_hurry(&right_after(
        "let line = \"x\".repeat(1 << 20); for _ in 0..200 { println!(\"{line}\"); }",
    ));
    assert!(stopped(&report).contains("more than 64 MB"), "{report}");
    assert!(report.output.len() < 64 << 10 && report.output.contains("more was printed"));
}

fn leaving_early_is_no_pass() {
    let report = check(&right_after("std::process::exit(0);"));
    assert!(stopped(&report).contains("before the check was done"), "{report}");
    let report = check(&right_after("std::process::abort();"));
    assert!(stopped(&report).contains("signal 6"), "{report}");
}

fn what_it_starts_does_not_outlive_it() {
    // The learner's program writes the number of its child and ends at once.
    let work = "let child = std::process::Command::new(\"/bin/sleep\").arg(\"1000\").spawn().unwrap(); println!(\"pid {}\", child.id());";
    let report = check(&right_after(work));
    assert!(report.passed(), "{report}");
    for pid in report.output.lines().filter_map(|line| line.strip_prefix("pid ")) {
        let alive = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.contains("(sleep)") && !stat.contains(") Z ")
        };
        let deadline = Instant::now() + Duration::from_secs(5);
        while alive() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(!alive(), "process {pid} goes on");
    }
    assert!(report.output.contains("pid "), "{report}");
}

fn the_environment_is_clean_and_input_is_closed() {
    let work = "let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect(); println!(\"{}\", names.join(\" \")); \
        let mut text = String::new(); println!(\"read {}\", std::io::stdin().read_line(&mut text).unwrap());";
    let report = check(&right_after(work));
    assert!(report.passed(), "{report}");
    let names: Vec<&str> = report.output.lines().next().unwrap().split(' ').collect();
    let training = tunebook_kernel::environment::for_training(None).map(|(name, _)| name);
    let known = ["HOME", "TMPDIR", "PATH", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];
    for name in &names {
        assert!(known.contains(name) || training.contains(name), "{name} leaks");
    }
    assert!(report.output.contains("read 0"));
}

fn a_forged_file_in_the_working_folder_changes_nothing() {
    let work = "std::fs::write(\"verdict.txt\", \"pass\\tdoubles\\npass\\tempty\\n\").unwrap(); \
        std::fs::write(\"../verdict.txt\", \"pass\\tdoubles\\npass\\tempty\\n\").unwrap(); return values.to_vec();";
    assert_eq!(check(&right_after(work)).outcome, Outcome::Failed);
}

fn the_exercise_validates() {
    let fixture = Fixture::new();
    let done = validate(&fixture.checker(), &fixture.course.exercise("double").unwrap()).unwrap();
    assert_eq!((done.wrong, done.problems), (3, vec![]));
}

fn a_bad_exercise_is_found_out() {
    let fixture = Fixture::new();
    let folder = fixture.path("exercises/double");
    let solution = std::fs::read_to_string(folder.join("solution.rs")).unwrap();
    let squares = std::fs::read_to_string(folder.join("wrong/squares.rs")).unwrap();
    std::fs::write(folder.join("starter.rs"), &solution).unwrap();
    std::fs::write(folder.join("solution.rs"), &squares).unwrap();
    fixture.edit("exercises/double/wrong/unchanged.rs", "come back unchanged", "are all green");
    std::fs::remove_file(folder.join("wrong/pads.rs")).unwrap();
    let done = validate(&fixture.checker(), &fixture.course.exercise("double").unwrap()).unwrap();
    let problems: Vec<String> = done.problems.iter().map(ToString::to_string).collect();
    for want in [
        "the starter passes",
        "the solution does not pass",
        "not told `The numbers are all green.`",
        "there are 2 wrong",
    ] {
        assert!(problems.iter().any(|p| p.contains(want)), "{want} is not in {problems:#?}");
    }
    // A judge that forgets a check, or invents one, is the exercise's fault, not the learner's.
    fixture.edit("exercises/double/check.rs", "verdict.require(\"empty\"", "verdict.require(\"invented\"");
    let error = fixture.checker().check(&fixture.course.exercise("double").unwrap(), &squares).unwrap_err();
    assert!(error.problem.contains("never decides `empty`"), "{error}");
}

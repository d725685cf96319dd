//! The learner's loop and the work folder.

use libtest_mimic::Trial;
use tunebook_course::commands::Commands;
use tunebook_course::learner::Learner;
use tunebook_course::work::{Notice, Work};
use tunebook_kernel::command::{CellCommands, CommandCall, CommandReply};

use crate::support::Fixture;
use crate::trials;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        the_work_folder_never_loses_what_was_written,
        what_is_no_text_or_not_ours_is_kept_too,
        the_work_folder_is_a_workspace_of_its_own,
        hints_come_one_at_a_time_and_the_solution_after_a_pass,
        commands_in_a_cell,
        an_answer_in_a_cell_does_not_replace_one_from_an_editor,
    ]
}

fn learner(fixture: &Fixture) -> Learner {
    let work = Work::of(&fixture.course);
    work.prepare(&fixture.course).unwrap();
    Learner::new(fixture.course.clone(), work)
}

fn the_work_folder_never_loses_what_was_written() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path("notebooks")).unwrap();
    std::fs::write(fixture.path("notebooks/01-demo.ipynb"), "one").unwrap();
    let work = Work::of(&fixture.course);
    let (notebook, answer) = (work.notebook("01-demo"), work.exercise("double"));
    let notices = work.prepare(&fixture.course).unwrap();
    assert_eq!(notices, [Notice::Copied(notebook.clone()), Notice::Copied(answer.clone())]);
    assert_eq!(work.prepare(&fixture.course).unwrap(), []);

    // Untouched files follow the course, edited ones do not.
    std::fs::write(&answer, "mine").unwrap();
    std::fs::write(fixture.path("notebooks/01-demo.ipynb"), "two").unwrap();
    fixture.edit("exercises/double/starter.rs", "Each number", "Every number");
    let notices = work.prepare(&fixture.course).unwrap();
    assert_eq!(notices, [Notice::Updated(notebook.clone()), Notice::Newer(answer.clone())]);
    assert_eq!(std::fs::read_to_string(&answer).unwrap(), "mine");
    assert_eq!(std::fs::read_to_string(&notebook).unwrap(), "two");

    // Without its record, a file that differs counts as edited.
    std::fs::remove_file(work.folder().join(".tunebook/copied.toml")).unwrap();
    std::fs::write(fixture.path("notebooks/01-demo.ipynb"), "three").unwrap();
    work.prepare(&fixture.course).unwrap();
    assert_eq!(std::fs::read_to_string(&notebook).unwrap(), "two");

    // Reset restores and keeps a backup.
    let backup = work.reset(&fixture.course, "double").unwrap().expect("an edited file leaves a backup");
    assert_eq!(std::fs::read_to_string(backup).unwrap(), "mine");
    assert!(std::fs::read_to_string(&answer).unwrap().contains("Every number"));
    assert_eq!(work.reset(&fixture.course, "double").unwrap(), None);
    assert!(work.reset(&fixture.course, "demo").unwrap().is_some());
    assert!(work.reset(&fixture.course, "nothing").unwrap_err().mend.contains("double"));
}

fn what_is_no_text_or_not_ours_is_kept_too() {
    let fixture = Fixture::new();
    let work = Work::of(&fixture.course);
    work.prepare(&fixture.course).unwrap();
    // A file that is not UTF-8 is a learner's work all the same.
    let answer = work.exercise("double");
    std::fs::write(&answer, b"// caf\xe9\n").unwrap();
    assert!(!work.store_answer("double", "pub fn other() {}").unwrap());
    let backup = work.reset(&fixture.course, "double").unwrap().expect("a backup");
    assert_eq!(std::fs::read(backup).unwrap(), b"// caf\xe9\n");

    // A dependency that the learner has added stays.
    let manifest = work.folder().join("Cargo.toml");
    let mine = std::fs::read_to_string(&manifest).unwrap() + "rand = \"0.9\"\n";
    std::fs::write(&manifest, &mine).unwrap();
    work.prepare(&fixture.course).unwrap();
    assert_eq!(std::fs::read_to_string(&manifest).unwrap(), mine);

    // A project of the person's own is no work folder.
    let project = fixture.scratch().join("project");
    std::fs::create_dir_all(&project).unwrap();
    std::fs::write(project.join("Cargo.toml"), "[package]\nname = \"thesis\"\n").unwrap();
    let work = Work::at(&project).unwrap();
    for error in [work.prepare(&fixture.course).unwrap_err(), work.reset(&fixture.course, "double").unwrap_err()] {
        assert!(error.exit_code() == 2 && error.mend.contains("--dir"), "{error}");
    }
    assert_eq!(std::fs::read_dir(&project).unwrap().count(), 1);
}

fn the_work_folder_is_a_workspace_of_its_own() {
    let fixture = Fixture::new();
    let inside = Work::of(&fixture.course);
    inside.prepare(&fixture.course).unwrap();
    let manifest = std::fs::read_to_string(inside.folder().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("path = \"..\""), "{manifest}");
    let outside = Work::at(fixture.scratch().join("elsewhere")).unwrap();
    outside.prepare(&fixture.course).unwrap();
    let manifest = std::fs::read_to_string(outside.folder().join("Cargo.toml")).unwrap();
    assert!(manifest.contains(&fixture.course.root().display().to_string()), "{manifest}");

    // Cargo understands it, when the course's crate is there.
    std::fs::write(
        fixture.path("Cargo.toml"),
        "[workspace]\nexclude = [\"work\"]\n[package]\nname = \"tunebook\"\nversion = \"0.0.0\"\nedition = \"2024\"\n",
    )
    .unwrap();
    std::fs::create_dir(fixture.path("src")).unwrap();
    std::fs::write(fixture.path("src/lib.rs"), "").unwrap();
    for work in [inside, outside] {
        let output = std::process::Command::new(env!("CARGO"))
            .args(["metadata", "--offline", "--format-version=1", "--manifest-path"])
            .arg(work.folder().join("Cargo.toml"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("double"), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn hints_come_one_at_a_time_and_the_solution_after_a_pass() {
    let fixture = Fixture::new();
    let learner = learner(&fixture);
    let numbers: Vec<usize> = (0..3).map(|_| learner.hint("double").unwrap().number).collect();
    assert_eq!(numbers, [1, 2, 2]);
    let error = learner.solution("double").unwrap_err();
    assert_eq!(error.exit_code(), 1);
    let report = learner.check(&fixture.checker(), "double").unwrap();
    assert!(!report.passed());
    let solution = std::fs::read_to_string(fixture.path("exercises/double/solution.rs")).unwrap();
    std::fs::write(learner.work().exercise("double"), &solution).unwrap();
    assert!(learner.check(&fixture.checker(), "double").unwrap().passed());
    assert_eq!(learner.solution("double").unwrap(), solution);
    // Once passed, it stays passed.
    std::fs::write(learner.work().exercise("double"), "pub fn double(v: &[f64]) -> Vec<f64> { v.to_vec() }").unwrap();
    assert!(!learner.check(&fixture.checker(), "double").unwrap().passed());
    assert!(learner.solution("double").is_ok());
    let standing = learner.standing().unwrap().to_string();
    assert!(standing.contains("✓ exercise double") && standing.contains("· question why-freeze"), "{standing}");
    assert_eq!(learner.hint("dubble").unwrap_err().exit_code(), 2);
}

fn call(commands: &Commands, line: &str, body: &str) -> CommandReply {
    let mut words = line.split(' ').map(str::to_owned);
    let name = words.next().unwrap();
    commands.run(&CommandCall { name, args: words.collect(), body: body.into() })
}

fn text(reply: &CommandReply) -> String {
    reply.data["text/plain"].as_str().unwrap().to_owned()
}

fn commands_in_a_cell() {
    let fixture = Fixture::new();
    let commands = Commands::with_checker(learner(&fixture), fixture.home.clone(), fixture.checker());
    assert_eq!(commands.names().len(), 6);
    let wrong = call(&commands, "check double", "pub fn double(v: &[f64]) -> Vec<f64> { v.to_vec() }");
    // A wrong answer is an answer: Run All goes on.
    assert!(wrong.ok && text(&wrong).contains("come back unchanged"));
    let starter = std::fs::read_to_string(fixture.path("exercises/double/starter.rs")).unwrap();
    assert!(text(&call(&commands, "check double", &starter)).starts_with("Not started"));
    assert!(text(&call(&commands, "hint double", "")).contains("Hint 1 of 2"));
    assert!(call(&commands, "solution double", "").error.unwrap().contains("opens after"));
    assert!(text(&call(&commands, "quiz what-trains", "// a note\nb\n")).contains("right"));
    assert!(call(&commands, "quiz what-trains", "").ok, "an unanswered question does not stop Run All");
    assert!(text(&call(&commands, "progress", "")).contains("✓ question what-trains"));
    for (line, want) in
        [("check", "takes one word"), ("check dubble", "the exercises are double"), ("quiz no", "the questions are")]
    {
        let error = call(&commands, line, "x").error.unwrap();
        assert!(error.contains(want), "{line}: {error}");
    }
    for command in ["check double", "hint double", "reset double", "progress"] {
        assert!(call(&commands, command, "").data.contains_key("text/html"), "{command}");
    }
}

fn an_answer_in_a_cell_does_not_replace_one_from_an_editor() {
    let fixture = Fixture::new();
    let learner = learner(&fixture);
    let file = learner.work().exercise("double");
    let cell = "pub fn double(v: &[f64]) -> Vec<f64> { v.iter().map(|x| x * 2.0).collect() }";
    // The untouched starter, and then the cell's own answer, are replaced.
    for code in [cell, &format!("{cell} // again")] {
        assert_eq!(learner.check_code(&fixture.checker(), "double", code).unwrap().not_stored, None);
        assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), code);
    }
    std::fs::write(&file, "// from an editor").unwrap();
    let checked = learner.check_code(&fixture.checker(), "double", cell).unwrap();
    assert!(checked.report.passed());
    assert_eq!(checked.not_stored.as_ref(), Some(&file));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "// from an editor");
}

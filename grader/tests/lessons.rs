//! Every quiz of the course is valid, gives its sample answers the verdicts their author expects, and has no lints.

use std::path::Path;

use tunebook_grader::Quiz;

fn quizzes() -> Vec<(String, String)> {
    let lessons = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lessons");
    let mut folders: Vec<_> = std::fs::read_dir(lessons).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let files = folders.into_iter().map(|folder| folder.join("quiz.toml")).filter(|file| file.is_file());
    files.map(|file| (file.display().to_string(), std::fs::read_to_string(&file).unwrap())).collect()
}

#[test]
fn samples_get_what_their_author_expects() {
    let all = quizzes();
    assert!(!all.is_empty());
    for (file, text) in all {
        let quiz = Quiz::from_toml(&text, &file).unwrap_or_else(|e| panic!("{e}"));
        let report = quiz.check_samples();
        assert!(report.is_clean(), "{report}");
        assert!(quiz.lints().is_empty(), "{:?}", quiz.lints());
    }
}

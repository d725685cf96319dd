//! What the tests share: the quizzes of the repository and a small generator of repeatable random numbers.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use std::path::Path;

use tunebook_grader::{EXAMPLE_QUIZ, Expected, Question, Quiz, Rubric, Sample};

/// Every quiz of the course, read; the name of the file in errors.
pub fn lesson_quizzes() -> Vec<Quiz> {
    let lessons = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lessons");
    let mut folders: Vec<_> = std::fs::read_dir(lessons).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let files = folders.into_iter().map(|folder| folder.join("quiz.toml")).filter(|file| file.is_file());
    files
        .map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            Quiz::from_toml(&text, &file.display().to_string()).unwrap_or_else(|e| panic!("{e}"))
        })
        .collect()
}

pub fn example() -> Quiz {
    Quiz::from_toml(EXAMPLE_QUIZ, "example.toml").unwrap()
}

pub fn all_quizzes() -> Vec<Quiz> {
    let mut all = lesson_quizzes();
    all.push(example());
    all
}

pub fn short_questions(quiz: &Quiz) -> impl Iterator<Item = (&Question, &Rubric)> {
    quiz.questions().iter().filter_map(|q| q.rubric().map(|r| (q, r)))
}

pub fn good(rubric: &Rubric) -> Vec<&Sample> {
    rubric.samples().iter().filter(|s| s.expected == Expected::Good).collect()
}

/// SplitMix64: the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

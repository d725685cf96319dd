//! What holds for every answer: no panic, the same bytes twice, and no point lost by saying more.

mod common;

use common::{Random, all_quizzes, good, short_questions};
use tunebook_grader::{Quiz, Score};

/// Grades an answer in every way there is, twice.
fn grade_fully(quiz: &Quiz, answer: &str) {
    for question in quiz.questions() {
        let bytes = || {
            let explained = question.explain(answer);
            let verdict = &explained.verdict;
            assert!(verdict.score <= Score::FULL);
            assert!(!verdict.correct || verdict.score > Score::ZERO);
            [serde_json::to_string(&explained).unwrap(), verdict.to_html(), explained.to_string()]
        };
        assert_eq!(bytes(), bytes(), "{answer:?}");
    }
}

#[test]
fn random_text_never_panics() {
    let words = [
        "not",
        "encoder",
        "overwrite",
        "n't",
        "it is not true that",
        "loss",
        "validation",
        "\u{2191}",
        "instead of",
        "head",
        "=",
        "1032",
        "-",
        ".5",
        "e5",
        "a",
        "b,c",
        "\u{202E}",
        "é",
        "e\u{0301}",
        "ﬁne",
        "İ",
        "ß",
        "שלום",
        "مرحبا",
        "你好",
        "🙂",
        "👩‍👩‍👧",
        "\0",
        "\u{1b}[31m",
        "<b>",
        "&amp;",
        "'",
        "\u{2019}",
        "...",
        "?",
        "\n",
        "\u{FEFF}",
        "(",
        ")",
        "|",
        "1,0",
        "1,000,",
        "0x1",
        "\u{a0}",
        "K",
        "million",
        "stop",
        "full",
    ];
    let quizzes = all_quizzes();
    let mut random = Random(7);
    for _ in 0..400 {
        let mut answer = String::new();
        for _ in 0..random.below(40) {
            answer.push_str(words[random.below(words.len())]);
            if random.below(3) > 0 {
                answer.push(' ');
            }
        }
        for quiz in &quizzes {
            grade_fully(quiz, &answer);
        }
    }
    for _ in 0..300 {
        let bytes: Vec<u8> = (0..random.below(200)).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
        for quiz in &quizzes {
            grade_fully(quiz, &String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn huge_answers_are_refused_at_once() {
    let quizzes = all_quizzes();
    for huge in [
        "a".repeat(3_000_000),
        "not ".repeat(500_000),
        "🙂".repeat(400_000) + "x",
        "1,000".repeat(200_000),
        "loss ".repeat(3_900),
    ] {
        let start = std::time::Instant::now();
        for quiz in &quizzes {
            grade_fully(quiz, &huge);
        }
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}

#[test]
fn saying_more_takes_no_point_away() {
    for quiz in all_quizzes() {
        for (question, rubric) in short_questions(&quiz) {
            let samples = good(rubric);
            for first in &samples {
                for second in samples.iter().filter(|s| s.answer != first.answer) {
                    let alone = question.grade(&first.answer);
                    let both = question.grade(&format!("{}. {}", first.answer.trim_end_matches('.'), second.answer));
                    let lost = alone.credited().into_iter().find(|id| !both.credited().contains(id));
                    assert_eq!(lost, None, "{} + {}\n{both}", first.answer, second.answer);
                    assert!(both.score >= alone.score);
                }
            }
        }
    }
}

#[test]
fn spacing_case_and_quotes_change_nothing() {
    for quiz in all_quizzes() {
        for (question, rubric) in short_questions(&quiz) {
            for sample in rubric.samples() {
                let plain = question.grade(&sample.answer);
                let spaced = format!("  {}\u{00A0} ", sample.answer.replace(' ', "  "));
                for same in [sample.answer.to_uppercase(), spaced, sample.answer.replace('\'', "\u{2019}")] {
                    let verdict = question.grade(&same);
                    assert_eq!((verdict.credited(), verdict.gate), (plain.credited(), plain.gate), "{same}");
                }
            }
        }
    }
}

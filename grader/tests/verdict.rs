//! A verdict's three forms: the learner's text stays text, and the fields stay in order.

mod common;

use common::example;
use tunebook_grader::{PointStatus, ScoreError, markdown_to_html, score_jsonl};

#[test]
fn learner_text_never_becomes_markup_or_terminal_codes() {
    let quiz = example();
    let question = quiz.question("why-freeze").unwrap();
    let answer = "it saves \u{1b}[\u{202E}\"'&<img src=x onerror=alert(1)>. It needs less <i>\u{1b}\u{202E}\"'& memory";
    let verdict = question.grade(answer);
    assert_eq!(verdict.credited(), ["less-memory"]);
    let page = verdict.to_html();
    assert!(!page.contains("<i>") && page.contains("less &lt;i&gt;"), "{page}");
    for text in [page, verdict.to_string(), question.explain(answer).to_string()] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202E}'), "{text:?}");
    }
    let choice = quiz.question("what-trains").unwrap().grade("<script>alert(1)</script>");
    assert!(!choice.to_html().contains("<script"));
}

#[test]
fn authors_markdown_is_kept_and_tamed() {
    let page = markdown_to_html(
        "`x < y` and [link](https://example.org) <iframe src=x></iframe> ![i](javascript:x)\n\n<div onclick=x>\n",
    );
    assert!(page.contains("<code>x &lt; y</code>") && page.contains("href=\"https://example.org\""));
    assert!(!page.contains("<iframe") && !page.contains("<div") && !page.contains("javascript:"), "{page}");
}

#[test]
fn json_has_its_fields_in_order() {
    let quiz = example();
    let json = serde_json::to_string(&quiz.question("why-freeze").unwrap().grade("it needs less memory")).unwrap();
    let keys = [
        "question_id",
        "rubric_version",
        "score",
        "correct",
        "review",
        "gate",
        "key_points",
        "mistakes",
        "feedback",
        "explanation",
    ];
    let places: Vec<usize> = keys.iter().map(|k| json.find(&format!("\"{k}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{json}");
    assert!(json.contains("\"score\":0.333,\"correct\":true"), "{json}");
    assert!(json.contains(r#""status":"credited","evidence":"less memory","read":"Why freeze","note":null"#), "{json}");
}

#[test]
fn contradictions_and_mistakes() {
    let quiz = example();
    let question = quiz.question("why-freeze").unwrap();
    let both = question.grade("It keeps the knowledge. But it does not keep what it learned.");
    assert_eq!((both.key_points[0].status, both.review, both.correct), (PointStatus::Unclear, true, false), "{both}");
    let mistaken = question.grade("It needs less memory and time. It needs more memory.");
    assert!(!mistaken.correct && mistaken.credited().is_empty(), "{mistaken}");
    assert_eq!(mistaken.mistakes[0].id, "more-memory");
    let halved = question.grade("It keeps the knowledge. The layers are deleted.");
    assert_eq!((halved.score.thousandths(), halved.correct), (333, false), "{halved}");
}

#[test]
fn numbers() {
    let quiz = example();
    let question = quiz.question("head-parameters").unwrap();
    for right in ["10", " 10 parameters", "10.0", "4*2+2=10", "about 10 params", "It has 10."] {
        assert!(question.grade(right).correct, "{right}");
    }
    assert_eq!(question.grade("8").mistakes[0].id, "no-bias");
    for wrong in ["", "ten", "9 or 10", "1e1000", "-10", "10000000000000000000000000000000000"] {
        assert!(!question.grade(wrong).correct, "{wrong}");
    }
}

#[test]
fn choices() {
    let quiz = example();
    let many = quiz.question("what-costs-memory").unwrap();
    for (answer, thousandths) in [
        ("a, c", 1000),
        ("C and A", 1000),
        ("1 3", 1000),
        ("gradients", 500),
        ("a,b", 0),
        ("a,b,c", 500),
        ("a,b,c,d", 0),
        ("(c)", 500),
    ] {
        assert_eq!(many.grade(answer).score.thousandths(), thousandths, "{answer}");
    }
    let one = quiz.question("what-trains").unwrap();
    for right in ["b", "B)", "2", "head", "Those of the new head"] {
        assert!(one.grade(right).correct, "{right}");
    }
    for unreadable in ["e", "z", "a, b", "42", "whatever it is"] {
        let verdict = one.grade(unreadable);
        assert!(verdict.gate.is_some() && !verdict.correct, "{unreadable}");
    }
}

#[test]
fn answer_files_say_which_line_is_wrong() {
    let quiz = example();
    let good = "{\"question_id\": \"what-trains\", \"answer\": \"b\", \"student\": \"x\"}\n";
    let mut out = Vec::new();
    let summary = score_jsonl(&quiz, format!("\u{FEFF}{good}\r\n\n{good}").as_bytes(), &mut out).unwrap();
    assert_eq!((summary.answers, String::from_utf8(out).unwrap().lines().count()), (2, 2));
    let long = format!("{{\"question_id\": \"what-trains\", \"answer\": \"{}\"}}", "x".repeat(1 << 20));
    for (bad, says) in [
        ("{\"question_id\": \"what-trains\"}", "missing field `answer`"),
        ("{\"question_id\": \"other\", \"answer\": \"b\"}", "no question `other`; use one of: what-trains"),
        ("[1]", "not an answer"),
        ("{", "EOF"),
        (long.as_str(), "longer than 1 MiB"),
    ] {
        let error = score_jsonl(&quiz, format!("{good}{bad}\n").as_bytes(), Vec::new()).unwrap_err();
        assert!(matches!(error, ScoreError::Line { line: 2, .. }) && error.to_string().contains(says), "{error}");
    }
    let error = score_jsonl(&quiz, &b"\xff\xfe"[..], Vec::new()).unwrap_err();
    assert!(error.to_string().contains("line 1: byte 1 is not UTF-8"), "{error}");
}

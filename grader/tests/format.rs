//! What is wrong with a quiz file is said with line, column and mend.

use tunebook_grader::{EXAMPLE_QUIZ, Quiz};

/// The example with one text replaced must fail at the line of the replacement, with this in the message.
fn fails(from: &str, to: &str, at: &str, says: &str) {
    assert!(EXAMPLE_QUIZ.contains(from), "the example has no {from:?}");
    let text = EXAMPLE_QUIZ.replacen(from, to, 1);
    let error = Quiz::from_toml(&text, "quiz.toml").expect_err(to);
    assert!(error.to_string().contains(says), "{to}: {error}");
    assert!(!error.mend.is_empty(), "{error}");
    let line = text.lines().nth(error.line - 1).unwrap_or_default();
    assert!(line.contains(at), "{error} points at {line:?}");
    assert!(error.column <= line.chars().count() + 1, "{error} points past the end of {line:?}");
}

#[test]
fn faults_have_a_place_and_a_mend() {
    fails("version = 1", "version = 0", "version = 0", "versions count from 1");
    fails("lesson = \"example\"", "lesson = \"Ex ample\"", "Ex ample", "cannot be the id of a lesson");
    fails("id = \"what-trains\"", "id = \"what-costs-memory\"", "what-costs-memory", "a second question");
    fails("id = \"everything\"", "id = \"head\"", "head", "a second option");
    fails("id = \"everything\"", "id = \"a\"", "\"a\"", "is one letter");
    fails("kind = \"choice\"", "kind = \"guess\"", "guess", "unknown variant `guess`");
    fails("right = true", "rigth = true", "rigth", "unknown field `rigth`");
    fails("right = true", "right = false", "what-trains", "no right option");
    fails("why = \"That is full fine-tuning.\"", "right = true", "what-trains", "several right options");
    fails(
        "text = \"All parameters of the model\"",
        "text = \"those of the NEW head.\"",
        "Those of",
        "stands among the wrong ones",
    );
    fails("many = true", "minimum = 1", "minimum", "belongs to a question of kind `short`");
    fails("many = true", "value = 1.0", "value", "belongs to a question of kind `numeric`");
    fails("minimum = 1", "minimum = 9", "minimum = 9", "must be 1 to 3");
    fails("weight = 2", "weight = 0", "weight = 0", "a weight is 1 to 100");
    fails("\"no gradients\"", "\"(no gradients\"", "(no gradients", "opened and not closed");
    fails("\"no gradients\"", "\"of the\"", "of the", "no word that counts");
    fails("\"no gradients\"", "\"pretrained encoder\"", "pretrained encoder", "only words of the question");
    fails("contradicts = [\"less-memory\"]", "contradicts = [\"more\"]", "more", "no key point `more`");
    fails("credits = [\"keeps-knowledge\"]", "credits = [\"nothing\"]", "nothing", "no key point `nothing`");
    fails("verdict = \"good\"", "verdict = \"fine\"", "fine", "unknown variant `fine`");
    fails("prompt = \"In feature", "prompt = \"\"\nread2 = \"In feature", "read2", "unknown field");
    fails("value = 10", "value = nan", "nan", "not a usable number");
    fails("value = 8", "value = 10.0", "no-bias", "has the right value");
    fails("parameters = 1.0", "parameters = 0.0", "", "is worth nothing");
    fails("[\"layer\", \"block\"]", "[\"layer\"]", "layer", "two words or more");
    fails(
        "explanation = \"Feature extraction freezes",
        "explanation = \"\" # \"",
        "explanation = \"\"",
        "the explanation is empty",
    );
    fails("[quiz]", "[quiz", "[quiz", "");
}

#[test]
fn a_short_question_needs_its_samples() {
    let start = EXAMPLE_QUIZ.find("[[question.sample]]").unwrap();
    let end = EXAMPLE_QUIZ.find("[[question]]\nid = \"head-parameters\"").unwrap();
    let without = format!("{}{}", &EXAMPLE_QUIZ[..start], &EXAMPLE_QUIZ[end..]);
    let error = Quiz::from_toml(&without, "quiz.toml").unwrap_err();
    assert!(error.problem.contains("has 0 sample answers, 8 are the least"), "{error}");
    let one_sided = EXAMPLE_QUIZ.replace("verdict = \"adversarial\"", "verdict = \"wrong\"");
    let error = Quiz::from_toml(&one_sided, "quiz.toml").unwrap_err();
    assert!(error.problem.contains("no sample answer that is adversarial"), "{error}");
}

#[test]
fn an_answer_that_gets_something_else_is_reported_with_its_line() {
    let text = EXAMPLE_QUIZ.replace("answer = \"no idea sorry\"", "answer = \"it needs less memory\"");
    let report = Quiz::from_toml(&text, "quiz.toml").unwrap().check_samples();
    assert_eq!(report.failures.len(), 1);
    let line = text.lines().position(|l| l.contains("\"it needs less memory\"")).unwrap() + 1;
    assert!(
        report.to_string().starts_with(&format!("quiz.toml:{line}: sample of `why-freeze`: expected wrong")),
        "{report}"
    );
}

#[test]
fn a_point_that_no_sample_reaches_is_reported() {
    let point = "[[question.point]]\nid = \"spare\"\ntext = \"A spare point.\"\nwordings = [\"zebra crossing\"]\n\n[[question.misconception]]";
    let text = EXAMPLE_QUIZ.replacen("[[question.misconception]]", point, 1);
    let report = Quiz::from_toml(&text, "quiz.toml").unwrap().check_samples();
    assert_eq!(report.unreached, [("why-freeze".to_owned(), "spare".to_owned())]);
}

#[test]
fn right_options_in_one_place_are_a_lint() {
    let question = |id: &str| {
        format!(
            "[[question]]\nid = \"{id}\"\nkind = \"choice\"\nprompt = \"p\"\nexplanation = \"e\"\n\
             [[question.option]]\nid = \"yes\"\ntext = \"yes\"\nright = true\n[[question.option]]\nid = \"no\"\ntext = \"no, it is not\"\n"
        )
    };
    let text =
        format!("[quiz]\nlesson = \"x\"\nversion = 1\n{}{}{}", question("one"), question("two"), question("three"));
    let lints = Quiz::from_toml(&text, "quiz.toml").unwrap().lints();
    assert_eq!(lints.len(), 1);
    assert!(lints[0].message.contains("in 3 of 3 choice questions the right option is number 1"), "{}", lints[0]);
}

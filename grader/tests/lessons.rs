//! Every quiz of the course is valid, gives its sample answers the verdicts their author expects, and has no lints.

mod common;

#[test]
fn samples_get_what_their_author_expects() {
    let quizzes = common::lesson_quizzes();
    assert!(!quizzes.is_empty());
    for quiz in quizzes {
        let report = quiz.check_samples();
        assert!(report.is_clean(), "{report}");
        assert!(quiz.lints().is_empty(), "{:?}", quiz.lints());
    }
}

#[test]
fn the_only_right_answer_of_a_choice_is_its_right_options() {
    for quiz in common::all_quizzes() {
        for question in quiz.questions().iter().filter(|q| !q.options().is_empty()) {
            let ids: Vec<&str> = question.options().iter().map(|o| o.id.as_str()).collect();
            // Every subset of the options.
            for set in 0..1_usize << ids.len() {
                let chosen: Vec<&str> = (0..ids.len()).filter(|i| set >> i & 1 == 1).map(|i| ids[i]).collect();
                let right = question.options().iter().enumerate().all(|(i, o)| o.right == (set >> i & 1 == 1));
                assert_eq!(question.grade(&chosen.join(", ")).correct, right, "{}: {chosen:?}", question.id());
            }
            let all = question.grade(&ids.join(", "));
            assert_eq!(all.score.thousandths(), 0, "ticking all of {}", question.id());
        }
    }
}

//! Compared with scikit-learn: `tests/data/metrics/make_golden.py` made the values.

use serde_json::Value;

use super::*;

fn cases() -> Vec<Value> {
    let golden: Value = serde_json::from_str(include_str!("../../tests/data/metrics/scikit-learn.json")).unwrap();
    golden["cases"].as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as usize).collect()
}

fn matrix(case: &Value) -> ConfusionMatrix {
    let names: Vec<String> =
        case["label_names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_string()).collect();
    ConfusionMatrix::new(&numbers(&case["true"]), &numbers(&case["predicted"]), &names).unwrap()
}

fn same(ours: f64, theirs: &Value) -> bool {
    theirs.as_f64().map_or(ours.is_nan(), |theirs| (ours - theirs).abs() < 1e-12)
}

#[test]
fn counts_and_accuracy_equal_scikit_learn() {
    for case in cases() {
        let matrix = matrix(&case);
        assert_eq!(serde_json::to_value(matrix.counts()).unwrap(), case["confusion"], "{}", case["name"]);
        assert!(same(matrix.accuracy(), &case["accuracy"]), "{}", case["name"]);
    }
}

#[test]
fn scores_equal_scikit_learn() {
    let cases = cases();
    assert!(cases.len() >= 15);
    for case in &cases {
        for (key, zero) in [("zero", ZeroDivision::Zero), ("one", ZeroDivision::One), ("nan", ZeroDivision::Nan)] {
            let report = ClassificationReport::from_matrix(&matrix(case), zero);
            let golden = &case[key];
            let check = |ours: &Scores, theirs: &Value| {
                let place = format!("{} {key} {}: {ours:?} {theirs}", case["name"], ours.name);
                assert!(same(ours.precision, &theirs[0]), "precision {place}");
                assert!(same(ours.recall, &theirs[1]), "recall {place}");
                assert!(same(ours.f1, &theirs[2]), "f1 {place}");
            };
            for (ours, theirs) in report.classes().iter().zip(golden["classes"].as_array().unwrap()) {
                check(ours, theirs);
                assert_eq!(ours.support, theirs[3].as_u64().unwrap());
            }
            check(&report.micro_average(), &golden["micro"]);
            check(&report.macro_average(), &golden["macro"]);
            check(&report.weighted_average(), &golden["weighted"]);
        }
    }
}

#[test]
fn text_equals_scikit_learn() {
    for case in cases() {
        for (key, zero) in [("zero", ZeroDivision::Zero), ("one", ZeroDivision::One), ("nan", ZeroDivision::Nan)] {
            let report = ClassificationReport::from_matrix(&matrix(&case), zero);
            // When nothing is right, scikit-learn 1.9 writes the support as a float ("2.0"); it is a count.
            let theirs = case[key]["report"].as_str().unwrap().lines().map(|line| match line.strip_suffix(".0") {
                Some(start) => {
                    let (start, support) = start.rsplit_once(' ').unwrap();
                    format!("{start}   {support}\n")
                }
                None => format!("{line}\n"),
            });
            let theirs: String = theirs.collect();
            assert_eq!(format!("{report}\n"), theirs, "{} {key}", case["name"]);
        }
    }
}

#[test]
fn html_says_what_is_undefined() {
    let names = ["cat".to_string(), "<dog>".to_string()];
    let report = ClassificationReport::new(&[0, 1], &[0, 0], &names).unwrap();
    let html = report.display().get("text/html").unwrap().to_string();
    assert!(html.contains("No item was predicted as &lt;dog&gt;"));
    assert!(html.contains("scope=\"row\"") && html.contains("scope=\"col\"") && html.contains("<caption"));
}

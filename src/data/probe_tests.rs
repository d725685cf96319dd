//! Compared with scikit-learn: `tests/data/quality/make_golden.py` made the values.

use serde_json::Value;

use super::*;
use crate::data::golden::{floats, golden};

fn rows(value: &Value) -> Vec<Vec<f32>> {
    value.as_array().unwrap().iter().map(|row| floats(row).into_iter().map(|number| number as f32).collect()).collect()
}

#[test]
fn coefficients_and_probabilities_equal_scikit_learn() {
    for case in golden("probes") {
        let name = case["name"].as_str().unwrap();
        let labels: Vec<usize> = floats(&case["labels"]).into_iter().map(|label| label as usize).collect();
        let classes = case["classes"].as_u64().unwrap() as usize;
        let config = ProbeConfig { c: case["c"].as_f64().unwrap(), tolerance: 1e-10, ..ProbeConfig::default() };
        let probe = LogisticProbe::fit(&rows(&case["vectors"]), &labels, classes, &config).unwrap();
        assert!(probe.converged(), "{name}: {probe}");
        let near = |ours: f64, theirs: f64| (ours - theirs).abs() < 1e-6 * theirs.abs().max(1.0);
        let coefficients: Vec<Vec<f64>> = case["coefficients"].as_array().unwrap().iter().map(floats).collect();
        for (ours, theirs) in probe.coefficients().iter().flatten().zip(coefficients.iter().flatten()) {
            assert!(near(*ours, *theirs), "{name}: coefficient {ours}, not {theirs}");
        }
        assert_eq!(probe.coefficients().len(), coefficients.len());
        for (ours, theirs) in probe.intercepts().iter().zip(floats(&case["intercepts"])) {
            assert!(near(*ours, theirs), "{name}: intercept {ours}, not {theirs}");
        }
        let ours = probe.probabilities(&rows(&case["new"])).unwrap();
        for (ours, theirs) in ours.iter().zip(case["probabilities"].as_array().unwrap()) {
            // scikit-learn has columns only for the classes that occur.
            assert_eq!(ours.len(), classes);
            for (&class, theirs) in probe.classes().iter().zip(floats(theirs)) {
                assert!(near(f64::from(ours[class]), theirs), "{name}: probability {}, not {theirs}", ours[class]);
            }
            assert!((ours.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
    }
}

#[test]
fn the_gradient_is_that_of_the_value() {
    let vectors = [vec![0.5_f32, -1.0], vec![1.5, 0.25], vec![-0.75, 2.0]];
    for outputs in [1, 3] {
        let samples =
            vectors.iter().enumerate().map(|(at, vector)| (Numbers::Dense(vector), at.min(outputs))).collect();
        let loss = CrossEntropy { samples, width: 2, outputs, penalty: 0.3 };
        let mut point: Vec<f64> = (0..3 * outputs).map(|at| (at as f64 * 0.7).sin()).collect();
        let (_, gradient) = loss.value_and_gradient(&point);
        for at in 0..point.len() {
            let mut value = |shift: f64| {
                let before = point[at];
                point[at] += shift;
                let value = loss.value_and_gradient(&point).0;
                point[at] = before;
                value
            };
            let slope = (value(1e-5) - value(-1e-5)) / 2e-5;
            assert!((slope - gradient[at]).abs() < 1e-8, "{outputs} outputs, weight {at}: {} {slope}", gradient[at]);
        }
    }
}

#[test]
fn each_row_is_predicted_by_a_probe_that_did_not_see_it() {
    // Labels are noise, and every row has a column of its own: a probe knows rows it saw, and only guesses others.
    let vectors: Vec<Vec<f32>> = (0..24).map(|row| (0..24).map(|at| f32::from(at == row) * 5.0).collect()).collect();
    let labels: Vec<usize> = (0..24).map(|row| row * 7 % 5 % 2).collect();
    let config = ProbeConfig::default();
    let seen = LogisticProbe::fit(&vectors, &labels, 2, &config).unwrap();
    assert_eq!(seen.predict(&vectors).unwrap(), labels);
    let folds = |seed| cross_validated_probabilities(&vectors, &labels, 2, 3, seed, &config).unwrap();
    let own = |rows: &[Vec<f32>]| rows.iter().zip(&labels).map(|(row, &label)| row[label]).fold(0.0, f32::max);
    assert!(own(&folds(1)) < 0.75, "{}", own(&folds(1)));
    assert_eq!(folds(1), folds(1));
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let config = ProbeConfig::default();
    let error = |vectors: &[Vec<f32>], labels: &[usize], classes| {
        LogisticProbe::fit(vectors, labels, classes, &config).unwrap_err().to_string()
    };
    let two = [vec![1.0], vec![2.0]];
    assert!(error(&[], &[], 2).contains("no numbers"));
    assert!(error(&two, &[0], 2).contains("1 labels for 2 vectors"));
    assert!(error(&two, &[0, 2], 2).contains("label of row 1"));
    assert!(error(&two, &[1, 1], 2).contains("the same class"));
    assert!(error(&[vec![1.0], vec![1.0, 2.0]], &[0, 1], 2).contains("vectors, row 1"));
    assert!(error(&[vec![1.0], vec![f32::NAN]], &[0, 1], 2).contains("NaN"));
    let broken = ProbeConfig { c: 0.0, ..config };
    assert!(LogisticProbe::fit(&two, &[0, 1], 2, &broken).unwrap_err().to_string().starts_with("c: "));
    let probe = LogisticProbe::fit(&two, &[0, 1], 2, &config).unwrap();
    assert!(probe.predict(&[vec![1.0, 2.0]]).unwrap_err().to_string().contains("fitted to 1"));
    let folds = |folds| cross_validated_probabilities(&two, &[0, 1], 2, folds, 0, &config).unwrap_err().to_string();
    assert!(folds(1).contains("2 or more") && folds(2).contains("1 rows cannot fill 2 folds"));
}

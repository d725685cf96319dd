//! Compared with scikit-learn, statsmodels and numpy: `tests/data/metrics/make_golden.py` made the values.

use serde_json::Value;

use super::significance::quantile;
use super::*;

fn golden() -> Value {
    serde_json::from_str(include_str!("../../tests/data/metrics/scikit-learn.json")).unwrap()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn classes(value: &Value) -> Vec<usize> {
    list(value).iter().map(|number| number.as_u64().unwrap() as usize).collect()
}

/// null is not-a-number.
fn floats(value: &Value) -> Vec<f64> {
    list(value).iter().map(|number| number.as_f64().unwrap_or(f64::NAN)).collect()
}

#[track_caller]
fn same(what: &str, ours: f64, theirs: &Value) {
    let equal = theirs.as_f64().map_or(ours.is_nan(), |theirs| (ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0));
    assert!(equal, "{what}: {ours}, not {theirs}");
}

#[track_caller]
fn all_same(what: &str, ours: &[f64], theirs: &Value) {
    assert_eq!(ours.len(), list(theirs).len(), "{what}: {ours:?}, not {theirs}");
    for (ours, theirs) in ours.iter().zip(list(theirs)) {
        same(what, *ours, theirs);
    }
}

#[test]
fn agreement_equals_scikit_learn() {
    for case in list(&golden()["cases"]) {
        let (truth, guess) = (classes(&case["true"]), classes(&case["predicted"]));
        let name = case["name"].as_str().unwrap();
        same(name, accuracy(&truth, &guess).unwrap(), &case["accuracy"]);
        same(name, balanced_accuracy(&truth, &guess).unwrap(), &case["balanced_accuracy"]);
        same(name, matthews_correlation(&truth, &guess).unwrap(), &case["mcc"]);
        let kappas = [KappaWeights::None, KappaWeights::Linear, KappaWeights::Quadratic]
            .map(|weights| cohen_kappa(&truth, &guess, weights).unwrap());
        all_same(name, &kappas, &case["kappa"]);
    }
}

#[test]
fn curves_equal_scikit_learn() {
    for case in list(&golden()["curves"]) {
        let name = case["name"].as_str().unwrap();
        let positive: Vec<bool> = classes(&case["true"]).into_iter().map(|class| class == 1).collect();
        let scores = floats(&case["scores"]);
        let roc = RocCurve::new(&positive, &scores).unwrap();
        all_same(name, &roc.false_positive_rate, &case["roc"][0]);
        all_same(name, &roc.true_positive_rate, &case["roc"][1]);
        assert!(roc.thresholds[0].is_infinite());
        all_same(name, &roc.thresholds[1..], &case["roc"][2]);
        same(name, roc_auc(&positive, &scores).unwrap(), &case["roc_auc"]);
        let pr = PrecisionRecallCurve::new(&positive, &scores).unwrap();
        all_same(name, &pr.precision, &case["pr"][0]);
        all_same(name, &pr.recall, &case["pr"][1]);
        all_same(name, &pr.thresholds, &case["pr"][2]);
        same(name, pr.average_precision(), &case["average_precision"]);
    }
}

#[test]
fn probabilities_equal_scikit_learn() {
    for case in list(&golden()["probability"]) {
        let name = case["name"].as_str().unwrap();
        let truth = classes(&case["true"]);
        let rows: Vec<Vec<f32>> = list(&case["probabilities"])
            .iter()
            .map(|row| floats(row).into_iter().map(|value| value as f32).collect())
            .collect();
        same(name, log_loss(&truth, &rows).unwrap(), &case["log_loss"]);
        same(name, brier_score(&truth, &rows).unwrap(), &case["brier"]);
        let areas =
            [Average::Macro, Average::Weighted].map(|average| roc_auc_one_vs_rest(&truth, &rows, average).unwrap());
        all_same(name, &areas, &case["roc_auc"]);
        for (before, theirs) in list(&case["top_k"]).iter().enumerate() {
            same(name, top_k_accuracy(&truth, &rows, before + 1).unwrap(), theirs);
        }
        for golden in list(&case["calibration"]) {
            let calibration = Calibration::new(&truth, &rows, golden[0].as_u64().unwrap() as usize).unwrap();
            same(name, calibration.expected_error, &golden[1]);
            same(name, calibration.maximum_error, &golden[2]);
            let filled: Vec<&ReliabilityBin> = calibration.bins.iter().filter(|bin| bin.count > 0).collect();
            all_same(name, &filled.iter().map(|bin| bin.accuracy).collect::<Vec<_>>(), &golden[3]);
            all_same(name, &filled.iter().map(|bin| bin.confidence).collect::<Vec<_>>(), &golden[4]);
            assert_eq!(calibration.bins.iter().map(|bin| bin.count).sum::<usize>(), truth.len());
        }
    }
}

#[test]
fn regression_equals_scikit_learn() {
    for case in list(&golden()["regression"]) {
        let (target, guess) = (floats(&case["true"]), floats(&case["predicted"]));
        let scores = [mean_absolute_error, root_mean_squared_error, r2_score]
            .map(|score: fn(&[f64], &[f64]) -> crate::Result<f64>| score(&target, &guess).unwrap());
        all_same("regression", &scores, &case["scores"]);
    }
}

#[test]
fn multi_label_scores_equal_scikit_learn() {
    for case in list(&golden()["multi_label"]) {
        let rows = |key: &str| {
            list(&case[key])
                .iter()
                .map(|row| classes(row).into_iter().map(|label| label == 1).collect())
                .collect::<Vec<Vec<bool>>>()
        };
        let (truth, guess) = (rows("true"), rows("predicted"));
        let names: Vec<String> = (0..truth[0].len()).map(|label| format!("label {label}")).collect();
        let report = MultiLabelReport::new(&truth, &guess, &names).unwrap();
        let parts = |scores: &Scores| [scores.precision, scores.recall, scores.f1];
        for (ours, theirs) in report.classes().iter().zip(list(&case["classes"])) {
            all_same(&ours.name, &parts(ours), theirs);
        }
        let averages = [report.micro_average(), report.macro_average(), report.weighted_average()];
        for (ours, theirs) in averages.iter().zip(list(&case["averages"])) {
            all_same(&ours.name, &parts(ours), theirs);
        }
        same("subset accuracy", report.subset_accuracy(), &case["subset"]);
        same("Hamming loss", report.hamming_loss(), &case["hamming"]);
    }
}

#[test]
fn mcnemar_equals_statsmodels() {
    for row in list(&golden()["mcnemar"]) {
        let [b, c] = [0, 1].map(|place| row[place].as_u64().unwrap() as usize);
        // Both right once, both wrong once, and b and c items on which only one is right.
        let first = [vec![0, 1], vec![0; b], vec![1; c]].concat();
        let second = [vec![0, 1], vec![1; b], vec![0; c]].concat();
        let test = McNemar::new(&vec![0; b + c + 2], &first, &second).unwrap();
        same("exact", test.p_value, &row[2]);
        same("chi-square", test.chi_square, &row[3]);
        same("its p-value", test.chi_square_p_value, &row[4]);
        // Small p-values count too, not only that they are small.
        for (ours, theirs) in [(test.p_value, &row[2]), (test.chi_square_p_value, &row[4])] {
            assert!((ours / theirs.as_f64().unwrap() - 1.0).abs() < 1e-9, "{b} {c}: {ours}, not {theirs}");
        }
    }
    let never = McNemar::new(&[0, 1], &[0, 0], &[0, 0]).unwrap();
    assert_eq!((never.p_value, never.chi_square, never.chi_square_p_value), (1.0, 0.0, 1.0));
}

#[test]
fn quantiles_equal_numpy() {
    for case in list(&golden()["percentiles"]) {
        let mut values = floats(&case[0]);
        values.sort_by(f64::total_cmp);
        for pair in list(&case[1]) {
            same("quantile", quantile(&values, pair[0].as_f64().unwrap()), &pair[1]);
        }
    }
}

#[test]
fn a_bootstrap_interval_is_as_wide_as_theory_says_and_repeats() {
    // 300 of 400 right: the standard error is sqrt(0.75 * 0.25 / 400) = 0.02165.
    let share = |items: &[usize]| items.iter().filter(|item| **item < 300).count() as f64 / 400.0;
    let bootstrap = Bootstrap { resamples: 4000, confidence: 0.95, seed: 3 };
    let interval = bootstrap.interval(400, share).unwrap();
    assert!((interval.lower - (0.75 - 1.96 * 0.02165)).abs() < 0.005, "{interval}");
    assert!((interval.upper - (0.75 + 1.96 * 0.02165)).abs() < 0.005, "{interval}");
    assert_eq!(interval, bootstrap.interval(400, share).unwrap());
    assert_ne!(interval, Bootstrap { seed: 4, ..bootstrap }.interval(400, share).unwrap());
}

#[test]
fn the_paired_bootstrap_sees_what_single_intervals_hide() {
    let share = |items: &[usize], below: usize| items.iter().filter(|item| **item < below).count() as f64 / 400.0;
    let bootstrap = Bootstrap::default();
    let paired = bootstrap.paired(400, |items| share(items, 300), |items| share(items, 288)).unwrap();
    assert!(paired.p_value < 0.01 && paired.difference.lower > 0.0, "{paired}");
    let level = bootstrap.paired(400, |items| share(items, 300), |items| share(items, 300)).unwrap();
    assert_eq!((level.p_value, level.difference.lower, level.difference.upper), (1.0, 0.0, 0.0));
}

#[test]
fn samples_without_a_score_are_left_out() {
    let only_both = |items: &[usize]| if items.contains(&0) && items.contains(&1) { 1.0 } else { f64::NAN };
    let interval = Bootstrap::default().interval(2, only_both).unwrap();
    assert_eq!((interval.lower, interval.upper), (1.0, 1.0));
    assert!(Bootstrap::default().interval(2, |_| f64::NAN).unwrap_err().to_string().contains("every sample"));
}

#[test]
fn probabilities_may_be_rounded_as_softmax_rounds() {
    let rows = [vec![1.000_000_1, 1e-9], vec![0.3, 0.700_000_1]];
    assert!(log_loss(&[0, 1], &rows).unwrap() > 0.0);
    let calibration = Calibration::new(&[0, 1], &rows, 4).unwrap();
    assert_eq!(calibration.bins[3].count, 1);
    assert!(calibration.bins[3].confidence <= 1.0);
}

#[test]
fn bad_input_is_named() {
    #[track_caller]
    fn check<T: std::fmt::Debug>(result: crate::Result<T>, expected: &str) {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let rows = |rows: &[&[f32]]| rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>();
    check(roc_auc(&[true], &[]), "0 scores for 1 true labels");
    check(roc_auc(&[], &[]), "nothing to measure");
    check(RocCurve::new(&[true, false], &[0.1, f64::NAN]), "score of item 1");
    check(PrecisionRecallCurve::new(&[true], &[f64::INFINITY]), "score of item 0");
    check(top_k_accuracy(&[0], &rows(&[&[0.5, 0.5]]), 0), "k: no class");
    check(top_k_accuracy(&[2], &rows(&[&[0.5, 0.5]]), 1), "class 2 has no score");
    check(top_k_accuracy(&[], &[], 1), "nothing to measure");
    check(log_loss(&[0, 1], &rows(&[&[1.0, 0.0], &[1.0]])), "scores of item 1: 1 values");
    check(log_loss(&[0], &rows(&[&[f32::NAN, 1.0]])), "not a finite number");
    check(log_loss(&[0], &rows(&[&[2.5, -1.5]])), "2.5 is not a probability");
    check(brier_score(&[0], &rows(&[&[0.5, 0.4]])), "add up to 0.9000");
    check(log_loss(&[0], &rows(&[&[]])), "class 0 has no score");
    check(Calibration::new(&[0], &rows(&[&[1.0]]), 0), "0 bins");
    check(cohen_kappa(&[0], &[], KappaWeights::Linear), "0 predictions for 1");
    check(balanced_accuracy(&[], &[]), "nothing to measure");
    check(matthews_correlation(&[0], &[0, 1]), "2 predictions for 1");
    check(r2_score(&[1.0], &[f64::NAN]), "prediction of item 0");
    check(mean_absolute_error(&[], &[]), "nothing to measure");
    let name = ["a".to_string()];
    check(MultiLabelReport::new(&[vec![true, true]], &[vec![true]], &name), "true labels of item 0: 2 values for 1");
    check(MultiLabelReport::new(&[], &[], &name), "nothing to measure");
    check(MultiLabelReport::new(&[vec![]], &[vec![]], &[]), "label names: there are none");
    check(McNemar::new(&[0], &[0], &[]), "second model");
    let one = |_: &[usize]| 1.0;
    check(Bootstrap::default().interval(0, one), "nothing to measure");
    check(Bootstrap { resamples: 0, ..Bootstrap::default() }.interval(1, one), "resamples");
    check(Bootstrap { confidence: f64::NAN, ..Bootstrap::default() }.interval(1, one), "confidence");
    // A class number of any size is no reason to make a table of that size.
    assert!(balanced_accuracy(&[usize::MAX], &[0]).unwrap() <= 0.0);
}

#[test]
fn principal_components_equal_scikit_learn() {
    let golden: Value = serde_json::from_str(include_str!("../../tests/data/pca/scikit-learn.json")).unwrap();
    for case in list(&golden["cases"]) {
        let name = case["name"].as_str().unwrap();
        let vectors: Vec<Vec<f32>> =
            list(&case["vectors"]).iter().map(|row| floats(row).into_iter().map(|x| x as f32).collect()).collect();
        let pca = Pca::fit(&vectors, list(&case["components"]).len()).unwrap();
        let near = |what: &str, ours: &[f64], theirs: &Value| {
            assert_eq!(ours.len(), list(theirs).len(), "{name}, {what}");
            for (ours, theirs) in ours.iter().zip(floats(theirs)) {
                assert!((ours - theirs).abs() < 1e-9, "{name}, {what}: {ours}, not {theirs}");
            }
        };
        near("mean", pca.mean(), &case["mean"]);
        near("variance", pca.explained_variance(), &case["explained_variance"]);
        near("ratio", pca.explained_variance_ratio(), &case["explained_variance_ratio"]);
        for (ours, theirs) in pca.components().iter().zip(list(&case["components"])) {
            near("component", ours, theirs);
        }
        for (ours, theirs) in pca.transform(&vectors).unwrap().iter().zip(list(&case["places"])) {
            near("place", ours, theirs);
        }
    }
}

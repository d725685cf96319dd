//! Reports over columns, texts and vectors with shifts made for them.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::DriftVerdict::{Major, Moderate, Stable};
use super::*;
use crate::data::TextDataset;

fn noise(rng: &mut ChaCha8Rng, count: usize, shift: f64) -> Vec<f64> {
    (0..count).map(|_| (0..6).map(|_| rng.random_range(-0.5..0.5)).sum::<f64>() + shift).collect()
}

fn report(columns: &[DriftColumn]) -> DriftReport {
    DriftReport::of_columns("before", "after", columns, &DriftConfig::default()).unwrap()
}

#[test]
fn equal_columns_are_stable_and_moved_ones_are_named() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let cities = |rng: &mut ChaCha8Rng, share: f64| -> Vec<&str> {
        (0..300).map(|_| if rng.random_bool(share) { "Bern" } else { "Basel" }).collect()
    };
    let (same, far) = ([0.5, 0.5].map(|share| cities(&mut rng, share)), cities(&mut rng, 0.95));
    let before = noise(&mut rng, 400, 0.0);
    let columns = [
        DriftColumn::numeric("same", &before, &noise(&mut rng, 300, 0.0)),
        DriftColumn::numeric("some", &before, &noise(&mut rng, 300, 0.2)),
        DriftColumn::numeric("far", &before, &noise(&mut rng, 300, 1.5)),
        DriftColumn::categorical("same city", &same[0], &same[1]),
        DriftColumn::categorical("far city", &same[0], &far),
    ];
    let report = report(&columns);
    let verdicts: Vec<_> = report.features().iter().map(|feature| feature.verdict).collect();
    assert_eq!(verdicts, [Stable, Moderate, Major, Stable, Major], "{report}");
    assert!(report.feature("far city").unwrap().change.contains("% -> "), "{report}");
    assert_eq!(report.verdict(), Major);
    assert!(report.display().get("text/html").unwrap().contains("<strong>major</strong>"));
    assert!(report.to_string().contains("label some rows"), "{report}");
}

#[test]
fn a_significant_but_tiny_shift_is_stable() {
    let before: Vec<f64> = (0..8000).map(f64::from).collect();
    let after: Vec<f64> = before.iter().map(|value| value + 400.0).collect();
    let report = report(&[DriftColumn::numeric("x", &before, &after)]);
    let feature = &report.features()[0];
    assert!(feature.p_value < 1e-6 && feature.stability_index.unwrap() < 0.1, "{report}");
    assert_eq!(feature.verdict, Stable);
}

#[test]
fn values_that_disappear_are_a_feature_of_their_own() {
    let before: Vec<f64> = (0..100).map(f64::from).collect();
    let half: Vec<f64> = before.iter().map(|&value| if value < 50.0 { f64::NAN } else { value - 25.0 }).collect();
    let none = vec![f64::NAN; 30];
    let report = report(&[DriftColumn::numeric("half", &before, &half), DriftColumn::numeric("none", &before, &none)]);
    let names: Vec<&str> = report.features().iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["half", "half (missing)", "none (missing)"]);
    assert_eq!(report.feature("none (missing)").unwrap().verdict, Major);
    assert!(report.feature("half (missing)").unwrap().change.contains("missing 0.0 % -> 50.0 %"), "{report}");
}

#[test]
fn a_constant_column_that_moves_either_way_is_seen() {
    for to in [4.0, 6.0] {
        let report = report(&[DriftColumn::numeric("x", &[5.0; 80], &[to; 60])]);
        assert_eq!(report.verdict(), Major, "{report}");
    }
    assert_eq!(report(&[DriftColumn::numeric("x", &[5.0; 80], &[5.0; 60])]).verdict(), Stable);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let error = |columns: &[DriftColumn]| {
        DriftReport::of_columns("a", "b", columns, &DriftConfig::default()).unwrap_err().to_string()
    };
    assert!(error(&[]).contains("nothing to compare"));
    assert!(error(&[DriftColumn::numeric("age", &[1.0], &[])]).starts_with("age: the current set has no rows"));
    assert!(error(&[DriftColumn::numeric("age", &[1.0], &[f64::INFINITY])]).starts_with("age: inf"));
    let mixed = DriftColumn {
        name: "x".into(),
        reference: DriftValues::Numeric(vec![1.0]),
        current: DriftValues::Categorical(vec!["1".into()]),
    };
    assert!(error(&[mixed]).contains("numbers in one set"));
    let columns = [DriftColumn::numeric("age", &[1.0], &[2.0])];
    let config = |alpha, bins| DriftConfig { alpha, bins, ..DriftConfig::default() };
    for config in [config(0.0, 10), config(f64::NAN, 10), config(0.01, 1)] {
        assert!(DriftReport::of_columns("a", "b", &columns, &config).is_err());
    }
    assert!(kolmogorov_smirnov(&[], &[1.0]).is_err() && kolmogorov_smirnov(&[f64::NAN], &[1.0]).is_err());
    assert!(chi_squared(&[1], &[1, 2]).is_err() && chi_squared(&[0, 0], &[1, 2]).is_err());
}

#[test]
fn a_classifier_tells_apart_what_differs_and_nothing_else() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let vectors = |rng: &mut ChaCha8Rng, shift: f64| -> Vec<Vec<f32>> {
        (0..120).map(|_| noise(rng, 5, shift).into_iter().map(|value| value as f32).collect()).collect()
    };
    let (before, same, moved) = (vectors(&mut rng, 0.0), vectors(&mut rng, 0.0), vectors(&mut rng, 0.4));
    for permutations in [0, 19] {
        let test = ClassifierTest { permutations, max_rows: 100, ..ClassifierTest::default() };
        let equal = test.compare(&before, &same).unwrap();
        assert!(equal.p_value > 0.05 && (0.35..0.62).contains(&equal.accuracy), "{equal}");
        let apart = test.compare(&before, &moved).unwrap();
        assert!(apart.p_value <= 0.05 && apart.accuracy > 0.65, "{apart}");
        assert_eq!((apart.rows, apart), (100, test.compare(&before, &moved).unwrap()));
    }
    let error = |test: ClassifierTest, a: &[Vec<f32>]| test.compare(a, &before).unwrap_err().to_string();
    assert!(error(ClassifierTest::default(), &[vec![1.0]]).contains("5 numbers a row, the reference has 1"));
    assert!(error(ClassifierTest::default(), &before[..3]).contains("cannot fill 5 folds"));
}

#[test]
fn other_texts_are_told_from_the_same_kind_of_texts() {
    let tickets = TextDataset::embedded("support-tickets").unwrap().fixed_split().unwrap();
    let config = DriftConfig::default();
    let same = tickets.train.drift(&tickets.validation, &config).unwrap();
    assert_eq!(same.verdict(), Stable, "{same}");
    assert_eq!(same.features().len(), 3);
    let german: Vec<String> =
        tickets.test.texts().iter().map(|text| text.replace('e', "ü").replace(' ', "  x")).collect();
    let labels = vec![0; german.len()];
    let other = TextDataset::new("other", german, labels, vec!["access".into()]).unwrap();
    let moved = tickets.train.drift(&other, &config).unwrap();
    for name in ["label", "unknown words"] {
        assert_eq!(moved.feature(name).unwrap().verdict, Major, "{moved}");
    }
    let empty = tickets.train.select(&[]);
    assert!(tickets.train.drift(&empty, &config).unwrap_err().to_string().contains("the current set has no rows"));
    let message = tickets.train.drift_with_vectors(&other, &[], &[], &config).unwrap_err().to_string();
    assert!(message.contains("0 vectors for 320 texts"), "{message}");
}

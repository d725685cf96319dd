//! Shares of labels and of ranges in parts and folds, on rows made by a seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{assign, quantile_bins};
use crate::data::{MultiLabelDataset, Part, Rows, TableColumn, TabularDataset, TextRegressionDataset};

/// 600 rows with 8 labels: from half of the rows to 2 % of them, some only together with others, some rows without any.
fn tags() -> MultiLabelDataset {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut row = || {
        let mut labels: Vec<bool> =
            [0.5, 0.3, 0.2, 0.1, 0.08, 0.05, 0.03, 0.02].map(|share| rng.random_bool(share)).to_vec();
        labels[1] |= labels[4];
        labels
    };
    let labels = (0..600).map(|_| row()).collect();
    let texts = (0..600).map(|row| row.to_string()).collect();
    MultiLabelDataset::new("tags", texts, labels, (0..8).map(|label| format!("tag {label}")).collect()).unwrap()
}

fn rows(parts: [&MultiLabelDataset; 3]) -> Vec<usize> {
    let mut rows: Vec<usize> = parts.iter().flat_map(|part| part.texts()).map(|text| text.parse().unwrap()).collect();
    rows.sort_unstable();
    rows
}

/// How far the counts of labels are from their shares at most, in rows.
fn farthest(all: &MultiLabelDataset, part: &MultiLabelDataset, share: f64) -> f64 {
    let counts = all.label_counts().into_iter().zip(part.label_counts());
    counts.map(|(all, part)| (part as f64 - share * all as f64).abs()).fold(0.0, f64::max)
}

#[test]
fn every_label_has_its_share_of_every_part() {
    let all = tags();
    for seed in 0..5 {
        let parts = all.stratified_split(seed, 0.2, 0.1).unwrap();
        assert_eq!(rows([&parts.train, &parts.validation, &parts.test]), (0..600).collect::<Vec<_>>());
        for (part, share) in [(&parts.train, 0.7), (&parts.validation, 0.2), (&parts.test, 0.1)] {
            assert!(farthest(&all, part, share) <= 2.0, "{:?} {:?}", all.label_counts(), part.label_counts());
            assert!((part.len() as f64 - 600.0 * share).abs() <= 6.0, "{share}: {}", part.len());
            for (text, labels) in part.texts().iter().zip(part.labels()) {
                assert_eq!(*labels, all.labels()[text.parse::<usize>().unwrap()]);
            }
        }
    }
    // A random split of the same rows is farther off: the bound above tells the two apart.
    let off = (0..5).map(|seed| farthest(&all, &all.random_split(seed, 0.2, 0.1).unwrap().validation, 0.2));
    assert!(off.fold(0.0, f64::max) > 4.0);
    let split = |seed| all.stratified_split(seed, 0.2, 0.2).unwrap();
    assert_eq!(split(1), split(1));
    assert_ne!(split(1), split(2));
}

#[test]
fn every_fold_has_its_share_of_every_label() {
    let all = tags();
    let folds = all.stratified_k_fold(5, 1).unwrap();
    let mut held_out = Vec::new();
    for fold in &folds {
        assert!(farthest(&all, &fold.validation, 0.2) <= 2.0, "{:?}", fold.validation.label_counts());
        assert!((fold.validation.len() as f64 - 120.0).abs() <= 6.0);
        assert!(fold.train.texts().iter().all(|text| !fold.validation.texts().contains(text)));
        assert_eq!(fold.train.len() + fold.validation.len(), 600);
        held_out.extend(fold.validation.texts().iter().map(|text| text.parse::<usize>().unwrap()));
    }
    held_out.sort_unstable();
    assert_eq!(held_out, (0..600).collect::<Vec<_>>());
    assert!(all.stratified_k_fold(1, 0).is_err() && all.stratified_k_fold(601, 0).is_err());
}

/// Worked by hand: the rare label goes first, a row of it to each part, and the frequent one makes up for what they took.
#[test]
fn the_rarest_label_is_shared_out_first() {
    let labels: Vec<Vec<usize>> = (0..12).map(|row| if row < 2 { vec![0, 1] } else { vec![0] }).collect();
    for seed in 0..20 {
        let part_of = assign(&labels, &[0.5, 0.5], seed);
        assert_ne!(part_of[0], part_of[1], "seed {seed}");
        assert_eq!(part_of.iter().filter(|&&part| part == 0).count(), 6, "seed {seed}");
    }
}

#[test]
fn no_part_with_a_share_is_empty_while_there_are_rows() {
    let none = |count: usize| vec![Vec::new(); count];
    for seed in 0..10 {
        let mut parts = assign(&none(3), &[0.1, 0.1, 0.8], seed);
        parts.sort_unstable();
        assert_eq!(parts, [0, 1, 2]);
        assert_eq!(assign(&none(1), &[0.2, 0.4, 0.4], seed), [0]);
        assert!(assign(&none(5), &[0.9, 0.0, 0.1], seed).iter().all(|&part| part != 1));
    }
    assert!(assign(&[], &[1.0], 0).is_empty());
}

#[test]
fn bins_hold_as_many_numbers_each_and_equal_numbers_stand_together() {
    let bins = |values: &[f64]| quantile_bins(values).into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(bins(&[9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0, 0.0]), [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
    assert_eq!(bins(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0]), [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    assert_eq!(bins(&[3.0, 1.0]), [0, 0]);
    let many: Vec<f64> = (0..200).map(f64::from).collect();
    assert_eq!(bins(&many).iter().filter(|&&bin| bin == 9).count(), 20);
}

#[test]
fn low_and_high_targets_are_in_every_part_and_fold_of_texts_and_tables() {
    // As prices are: most low, few very high.
    let values: Vec<f64> = (0..100).map(|row| f64::from(row * 37 % 100).powi(3)).collect();
    let texts = values.iter().map(ToString::to_string).collect();
    let data = TextRegressionDataset::new("prices", texts, values.iter().map(|&value| value as f32).collect()).unwrap();
    let table = TableColumn::numeric("price", values.iter().copied().map(Some).collect());
    let size = TableColumn::numeric("size", values.iter().map(|value| Some(value.cbrt())).collect());
    let table = TabularDataset::new("prices", vec![table, size]).unwrap().target_column("price").unwrap();
    let dear = |values: &[f32]| values.iter().filter(|value| **value >= 80_f32.powi(3)).count();
    let wide = |values: &[f64]| dear(&values.iter().map(|&value| value as f32).collect::<Vec<_>>());
    for seed in 0..5 {
        let parts = data.stratified_split(seed, 0.1, 0.2).unwrap();
        assert_eq!([parts.train.len(), parts.validation.len(), parts.test.len()], [70, 10, 20]);
        assert_eq!([&parts.train, &parts.validation, &parts.test].map(|part| dear(part.targets())), [14, 2, 4]);
        let parts = table.stratified_split(seed, 0.1, 0.2).unwrap();
        assert_eq!([&parts.train, &parts.validation, &parts.test].map(|part| wide(part.targets())), [14, 2, 4]);
        for fold in data.stratified_k_fold(5, seed).unwrap() {
            assert_eq!((fold.validation.len(), dear(fold.validation.targets())), (20, 4));
            assert!(
                fold.train
                    .texts()
                    .iter()
                    .zip(fold.train.targets())
                    .all(|(text, &target)| { (text.parse::<f64>().unwrap() - f64::from(target)).abs() <= 0.05 })
            );
        }
        assert!(table.stratified_k_fold(5, seed).unwrap().iter().all(|fold| wide(fold.validation.targets()) == 4));
    }
}

#[test]
fn groups_times_and_fixed_parts_hold_for_every_kind_of_target() {
    let tags = tags().select(&(0..60).collect::<Vec<_>>());
    let prices =
        TextRegressionDataset::new("prices", tags.texts().to_vec(), (0..60u8).map(f32::from).collect()).unwrap();
    let groups: Vec<String> = (0..60).map(|row| format!("g{}", row % 7)).collect();
    let times: Vec<usize> = (0..60).rev().collect();
    let fixed: Vec<Part> = (0..60).map(|row| [Part::Train, Part::Validation, Part::Test][row % 3]).collect();
    let number = |text: &String| text.parse::<usize>().unwrap();
    let apart = |a: &[String], b: &[String]| a.iter().all(|a| b.iter().all(|b| number(a) % 7 != number(b) % 7));
    let later = |a: &[String], b: &[String]| a.iter().all(|a| b.iter().all(|b| number(a) > number(b)));
    macro_rules! check {
        ($data:expr) => {
            let parts = $data.grouped_split(&groups, 1, 0.2, 0.2).unwrap();
            assert!(apart(parts.train.texts(), parts.test.texts()) && !parts.test.is_empty());
            for fold in $data.grouped_k_fold(3, &groups, 1).unwrap() {
                assert!(apart(fold.train.texts(), fold.validation.texts()));
            }
            let parts = $data.time_split(&times, 0.2, 0.2).unwrap();
            assert!(later(parts.train.texts(), parts.test.texts()) && parts.test.len() == 12);
            assert!($data.k_fold(4, 1).unwrap().iter().all(|fold| fold.validation.len() == 15));
            assert!($data.fixed_split().unwrap_err().to_string().contains("no fixed split"));
            let parts = $data.clone().with_parts(fixed.clone()).unwrap().fixed_split().unwrap();
            assert!(parts.test.texts().iter().all(|text| number(text) % 3 == 2) && parts.test.len() == 20);
            assert_eq!(parts.test.parts().unwrap(), [Part::Test; 20]);
            assert!($data.clone().with_parts(vec![Part::Test]).is_err());
        };
    }
    check!(tags);
    check!(prices);
}

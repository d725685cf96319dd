//! No row is on two sides, in folds and in parts by group and time.

use super::*;

fn data(labels: &[usize]) -> TextDataset {
    let texts = (0..labels.len()).map(|row| format!("text {row}")).collect();
    TextDataset::new("made", texts, labels.to_vec(), vec!["a".into(), "b".into()]).unwrap()
}

fn held_out_once(data: &TextDataset, folds: &[Fold]) {
    let mut ids: Vec<_> = folds.iter().flat_map(|fold| fold.validation.ids().to_vec()).collect();
    ids.sort();
    let mut all = data.ids().to_vec();
    all.sort();
    assert_eq!(ids, all);
    for fold in folds {
        assert_eq!(fold.train.len() + fold.validation.len(), data.len());
        assert!(fold.validation.ids().iter().all(|id| !fold.train.ids().contains(id)));
    }
}

#[test]
fn k_fold_holds_each_row_out_once_and_follows_the_seed() {
    let all = data(&[0; 11]);
    let folds = all.k_fold(3, 1).unwrap();
    held_out_once(&all, &folds);
    assert_eq!(folds.iter().map(|fold| fold.validation.len()).collect::<Vec<_>>(), [4, 4, 3]);
    assert_eq!(folds, all.k_fold(3, 1).unwrap());
    assert_ne!(folds, all.k_fold(3, 2).unwrap());
}

#[test]
fn stratified_folds_keep_the_shares() {
    let labels: Vec<usize> = (0..27).map(|row| usize::from(row % 4 == 0)).collect();
    let all = data(&labels);
    let folds = all.stratified_k_fold(3, 5).unwrap();
    held_out_once(&all, &folds);
    for fold in &folds {
        let counts = fold.validation.label_counts();
        assert!((6..=7).contains(&counts[0]) && (2..=3).contains(&counts[1]), "{counts:?}");
        assert_eq!(fold.validation.len(), 9);
    }
    let message = data(&[0, 0, 0, 1]).stratified_k_fold(2, 0).unwrap_err().to_string();
    assert!(message.contains("\"b\" has 1 rows, 2 folds"), "{message}");
}

#[test]
fn no_group_is_on_two_sides() {
    let all = data(&[0; 40]);
    let groups: Vec<String> = (0..40).map(|row| format!("g{}", row * row % 13)).collect();
    let of = |part: &TextDataset| -> std::collections::BTreeSet<String> {
        part.ids().iter().map(|id| groups[id.parse::<usize>().unwrap()].clone()).collect()
    };
    for fold in all.grouped_k_fold(3, &groups, 9).unwrap() {
        assert!(of(&fold.train).is_disjoint(&of(&fold.validation)));
        assert!((10..=17).contains(&fold.validation.len()), "{}", fold.validation.len());
    }
    let parts = all.grouped_split(&groups, 9, 0.2, 0.2).unwrap();
    let sides = [of(&parts.train), of(&parts.validation), of(&parts.test)];
    assert!(sides[0].is_disjoint(&sides[1]) && sides[0].is_disjoint(&sides[2]) && sides[1].is_disjoint(&sides[2]));
    assert_eq!(parts.train.len() + parts.validation.len() + parts.test.len(), 40);
}

#[test]
fn small_parts_get_a_group_even_when_groups_are_large() {
    let groups: Vec<String> = (0..30).map(|row| (row / 10).to_string()).collect();
    let parts = data(&[0; 30]).grouped_split(&groups, 0, 0.1, 0.1).unwrap();
    assert_eq!([parts.train.len(), parts.validation.len(), parts.test.len()], [10, 10, 10]);
    let none = data(&[0; 30]).grouped_split(&groups, 0, 0.0, 0.1).unwrap();
    assert!(none.validation.is_empty() && !none.test.is_empty());
}

#[test]
fn time_goes_one_way_and_a_moment_is_not_cut() {
    let all = data(&[0; 10]);
    let times = [9, 0, 8, 1, 7, 2, 6, 3, 5, 4];
    let parts = all.time_split(&times, 0.2, 0.3).unwrap();
    let of = |part: &TextDataset| part.ids().iter().map(|id| times[id.parse::<usize>().unwrap()]).collect::<Vec<_>>();
    assert_eq!(
        [of(&parts.train), of(&parts.validation), of(&parts.test)],
        [vec![0, 1, 2, 3, 4], vec![5, 6], vec![7, 8, 9]]
    );
    // Rows 4..=7 share a moment that the plain cuts, at 5 and 7, would tear apart.
    let tied = [0, 1, 2, 3, 4, 4, 4, 4, 8, 9];
    let message = all.time_split(&tied, 0.2, 0.3).unwrap_err().to_string();
    assert!(message.contains("no rows are left for validation"), "{message}");
    let parts = all.time_split(&tied, 0.0, 0.4).unwrap();
    assert_eq!((parts.train.len(), parts.test.len()), (8, 2));
}

#[test]
fn impossible_requests_are_refused() {
    let all = data(&[0, 1, 0]);
    let error = |result: Result<Vec<Fold>>| result.unwrap_err().to_string();
    assert!(error(all.k_fold(1, 0)).contains("2 or more"));
    assert!(error(all.k_fold(4, 0)).contains("3 rows cannot fill 4 folds"));
    assert!(error(all.grouped_k_fold(2, &["x", "x", "x"], 0)).contains("1 groups cannot fill 2 folds"));
    assert!(error(all.grouped_k_fold(2, &["x"], 0)).contains("1 groups for 3 rows"));
    assert!(all.grouped_split(&["x", "x", "x"], 0, 0.0, 0.5).is_err());
    assert!(all.grouped_split(&["x", "y", "z"], 0, 0.5, 0.5).is_err());
    assert!(all.time_split(&[0.0, f64::NAN, 1.0], 0.3, 0.3).unwrap_err().to_string().contains("row 1"));
    assert!(all.time_split(&[0, 1], 0.3, 0.3).is_err());
    assert!(data(&[]).time_split::<i64>(&[], 0.3, 0.3).is_err());
}

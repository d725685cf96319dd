//! What is kept beside each text stays with its row.

use super::*;
use crate::data::{Cleaner, Conflicts, MissingText, NearDuplicateSearch};

/// Tickets whose column `origin` repeats the id, some of them damaged.
fn tickets() -> TextDataset {
    let data = TextDataset::embedded("support-tickets").unwrap();
    let mut texts = data.texts().to_vec();
    texts[3] = texts[2].to_uppercase();
    texts[5] = String::new();
    texts[7] = format!("  {}\u{200b}", texts[7]);
    texts[9].push('!');
    let parts = data.parts().map(<[Part]>::to_vec);
    let (ids, labels) = (data.ids().to_vec(), data.labels().to_vec());
    let damaged = TextDataset::with_ids("damaged", ids.clone(), texts, labels, data.label_names(), parts).unwrap();
    let months = (0..ids.len()).map(|row| format!("2026-{:02}", row % 12 + 1)).collect();
    damaged.with_column("origin", ids).unwrap().with_column("month", months).unwrap()
}

/// Each row of `data` has the columns of the row of `all` that it came from.
fn assert_beside(all: &TextDataset, data: &TextDataset, what: &str) {
    assert!(!data.is_empty(), "{what}");
    assert_eq!(data.column_names(), ["month", "origin"], "{what}");
    for row in 0..data.len() {
        let id = data.ids()[row].split('+').next().unwrap();
        assert_eq!(data.column("origin").unwrap()[row], id, "{what}");
        let before = all.ids().iter().position(|known| known == id).unwrap();
        assert_eq!(data.column("month").unwrap()[row], all.column("month").unwrap()[before], "{what}");
    }
}

#[test]
fn columns_stay_with_their_rows_through_a_cleaning() {
    let all = tickets();
    let near = Some(NearDuplicateSearch { threshold: 0.5, ..Default::default() });
    let filled = MissingText::Fill("(none)".into());
    let cleaners = [
        Cleaner::default(),
        Cleaner { conflicts: Conflicts::DropAll, near_duplicates: near, ..Cleaner::default() },
        Cleaner { missing_text: filled, duplicates: false, ..Cleaner::default() },
    ];
    for cleaner in cleaners {
        let (clean, report) = cleaner.clean(&all).unwrap();
        assert_beside(&all, &clean, &format!("{cleaner:?}"));
        assert!(report.changed_rows().contains(&7));
        assert_eq!(clean.len(), all.len() - report.removed_rows().len());
    }
    let (clean, report) = Cleaner::default().clean(&all).unwrap();
    assert_eq!(report.removed_rows(), [3, 5]);
    assert_eq!(clean.column("month").unwrap()[3], all.column("month").unwrap()[4]);
    let none = Cleaner::default().clean(&all.select(&[5])).unwrap().0;
    assert!(none.is_empty() && none.column("origin").unwrap().is_empty());
    assert!(none.with_column("more", Vec::new()).is_ok());
}

#[test]
fn columns_stay_with_their_rows_through_every_other_change() {
    let all = tickets();
    let groups = all.column("month").unwrap();
    let splits = [
        ("fixed", all.fixed_split()),
        ("stratified", all.stratified_split(1, 0.2, 0.2)),
        ("grouped", all.grouped_split(groups, 1, 0.2, 0.2)),
        ("by time", all.time_split(groups, 0.2, 0.2)),
    ];
    for (what, parts) in splits {
        let parts = parts.unwrap();
        for part in [&parts.train, &parts.validation, &parts.test] {
            assert_beside(&all, part, what);
        }
    }
    let folds = [
        ("k-fold", all.k_fold(3, 1)),
        ("stratified k-fold", all.stratified_k_fold(3, 1)),
        ("grouped k-fold", all.grouped_k_fold(3, groups, 1)),
    ];
    for (what, folds) in folds {
        for fold in folds.unwrap() {
            assert_beside(&all, &fold.train, what);
            assert_beside(&all, &fold.validation, what);
        }
    }
    assert_beside(&all, &all.few_shot(2, 1).unwrap(), "few-shot");
    assert_beside(&all, &all.select(&all.rows_where("month", "2026-03").unwrap()), "rows where");
    let augmented = all.augmented(TextAugmentation::eda(0.2)).unwrap();
    assert_beside(&all, &augmented, "augmented");
    let larger = augmented.with_copies(2, 1).unwrap();
    assert!(larger.len() > 2 * all.len());
    assert_beside(&all, &larger, "copies");
    let (clean, _) = Cleaner { duplicates: false, ..Cleaner::default() }.clean(&larger).unwrap();
    assert_beside(&all, &clean, "cleaned copies");
    assert!(clean.check_held_out().is_err());
}

#[test]
fn parts_are_given_by_words_and_refused_when_they_do_not_fit() {
    let data = tickets().select(&[0, 1, 2]);
    let parts = |words: &[&str]| words.iter().map(|word| word.parse()).collect::<Result<Vec<Part>>>();
    let split = data.clone().with_parts(parts(&["Test ", "val", "training"]).unwrap()).unwrap().fixed_split().unwrap();
    assert_eq!((split.test.ids(), split.train.ids()), (&data.ids()[..1], &data.ids()[2..]));
    assert!(parts(&["hold-out"]).unwrap_err().to_string().contains("\"hold-out\" is no part"));
    assert!(data.with_parts(vec![Part::Test]).unwrap_err().to_string().contains("1 parts for 3 rows"));
}

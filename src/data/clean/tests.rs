//! Whole cleanings: each step on rows made for it, and all of them on damaged tickets.

use super::*;
use crate::data::text::Part;
use crate::data::{NearDuplicateSearch, OutlierRule, TextDataset};

fn data(rows: &[(&str, usize)], names: &[&str]) -> TextDataset {
    let (texts, labels) = rows.iter().map(|&(text, label)| (text.to_owned(), label)).unzip();
    TextDataset::new("made", texts, labels, names.iter().map(|name| (*name).to_owned()).collect()).unwrap()
}

fn removed(report: &CleaningReport, step: CleaningStep) -> Vec<usize> {
    report.step(step).unwrap().removed.iter().map(|note| note.row).collect()
}

#[test]
fn texts_are_brought_to_one_form_and_each_change_is_listed() {
    let rows =
        [("Cafe\u{301}", 0), ("zero\u{200b}width", 0), (" two  spaces\u{a0}", 1), ("<b>bold</b> &amp; 1 < 2", 1)];
    let (clean, report) = Cleaner::default().clean(&data(&rows, &["a", "b"])).unwrap();
    assert_eq!(clean.texts(), ["Café", "zerowidth", "two spaces", "<b>bold</b> &amp; 1 < 2"]);
    for (step, changed) in [(CleaningStep::Unicode, 0), (CleaningStep::Invisible, 1), (CleaningStep::Whitespace, 2)] {
        assert_eq!(report.step(step).unwrap().changed, [changed], "{step}");
    }
    assert_eq!((report.changed_rows(), report.removed_rows()), (vec![0, 1, 2], vec![]));
    assert!(report.step(CleaningStep::Html).is_none() && !report.is_unchanged());
    let text = report.to_string();
    assert!(text.contains(r#"0: "Cafe\u{301}" -> "Café""#) && text.contains(r#""zero\u{200b}width""#), "{text}");
    let html = Cleaner { html: true, ..Cleaner::default() };
    assert_eq!(html.clean(&data(&rows, &["a", "b"])).unwrap().0.texts()[3], "bold & 1 < 2");
    assert!(html.clean(&clean).unwrap().0.texts().iter().eq(["Café", "zerowidth", "two spaces", "bold & 1 < 2"]));
    let off = Cleaner { unicode: false, invisible: false, whitespace: Whitespace::Keep, ..Cleaner::default() };
    assert!(off.clean(&data(&rows, &["a", "b"])).unwrap().1.is_unchanged());
}

#[test]
fn cleaning_twice_changes_nothing_more() {
    let rows = [("e\u{301}\u{200b} x", 0), ("NULL", 0), ("\u{200b}\u{301}", 1), ("a\u{200b}\u{301}b", 1), ("É x", 0)];
    let cleaner = Cleaner { html: true, near_duplicates: Some(NearDuplicateSearch::default()), ..Cleaner::default() };
    let (once, report) = cleaner.clean(&data(&rows, &["a", "b"])).unwrap();
    assert!(!report.is_unchanged());
    let (twice, report) = cleaner.clean(&once).unwrap();
    assert!(report.is_unchanged(), "{report}");
    assert_eq!(once, twice);
}

#[test]
fn missing_values_follow_their_strategy() {
    let rows = [("good", 1), ("\u{200b} ", 1), ("n/A", 2), ("bad", 0), ("worse", 2)];
    let made = data(&rows, &["NaN", "x", "y"]);
    let (clean, report) = Cleaner::default().clean(&made).unwrap();
    assert_eq!((clean.texts().join(" "), clean.label_names().join(" ")), ("good worse".into(), "x y".into()));
    assert_eq!(clean.labels(), [0, 1]);
    assert_eq!(removed(&report, CleaningStep::MissingText), [1, 2]);
    assert_eq!(removed(&report, CleaningStep::MissingLabel), [3]);
    let fill = Cleaner {
        missing_text: MissingText::Fill("(none given)".into()),
        missing_label: MissingLabel::MostFrequent,
        duplicates: false,
        ..Cleaner::default()
    };
    let (filled, report) = fill.clean(&made).unwrap();
    assert_eq!(filled.texts(), ["good", "(none given)", "(none given)", "bad", "worse"]);
    assert_eq!(filled.labels(), [0, 0, 1, 0, 1]); // x and y are as frequent, and x stands first
    assert_eq!(report.step(CleaningStep::MissingLabel).unwrap().examples[0].after, "x");
    let bad = Cleaner { missing_text: MissingText::Fill(" nan".into()), ..Cleaner::default() };
    assert!(bad.clean(&made).unwrap_err().to_string().contains("itself a missing one"));
    let none = data(&[("a", 0)], &[""]);
    assert!(fill.clean(&none).unwrap_err().to_string().contains("no row has a label"));
    assert!(Cleaner::default().clean(&none).unwrap().0.is_empty());
}

#[test]
fn equal_rows_stay_once_and_conflicts_follow_their_strategy() {
    let rows =
        [("same", 0), ("Same ", 1), ("other", 1), ("SAME", 0), ("other", 1), ("tied", 0), ("tied", 1), ("one", 0)];
    let made = data(&rows, &["a", "b"]);
    let clean = |conflicts| Cleaner { conflicts, ..Cleaner::default() }.clean(&made).unwrap();
    let (left, report) = clean(Conflicts::ReportOnly);
    assert_eq!(left.ids(), ["0", "1", "2", "5", "6", "7"]);
    let conflicts = report.step(CleaningStep::Conflicts).unwrap();
    assert_eq!(conflicts.noted.iter().map(|note| note.row).collect::<Vec<_>>(), [0, 1, 3, 5, 6]);
    assert_eq!(conflicts.noted[0].reason, "the text \"same\" has the labels a (2), b (1)");
    assert_eq!(removed(&report, CleaningStep::Duplicates), [3, 4]);
    assert!(report.to_string().contains("3 removed: the same text as 0"), "{report}");
    let (left, report) = clean(Conflicts::KeepMajority);
    assert_eq!(left.ids(), ["0", "2", "7"]);
    assert_eq!(removed(&report, CleaningStep::Conflicts), [1, 5, 6]);
    assert_eq!(clean(Conflicts::DropAll).0.ids(), ["2", "7"]);
    assert_eq!(report.removed_rows(), [1, 3, 4, 5, 6]);
}

#[test]
fn near_duplicates_go_unless_their_labels_differ() {
    let first = "The invoice for March shows the wrong amount of tax.";
    let rows = [(first, 0), ("The invoice for March shows the wrong amount of tax!!", 0), ("Nothing works.", 1)];
    let other = ("The invoice for March shows the wrong amount of tax?!", 1);
    let made = data(&[rows[0], rows[1], rows[2], other], &["a", "b"]);
    let cleaner = Cleaner { near_duplicates: Some(NearDuplicateSearch::default()), ..Cleaner::default() };
    let (clean, report) = cleaner.clean(&made).unwrap();
    assert_eq!(clean.ids(), ["0", "2", "3"]);
    let step = report.step(CleaningStep::NearDuplicates).unwrap();
    assert_eq!((step.removed[0].row, step.noted[0].row), (1, 3));
    assert!(step.noted[0].reason.ends_with("like 0, which has the label a"), "{}", step.noted[0].reason);
    let bad = Cleaner {
        near_duplicates: Some(NearDuplicateSearch { threshold: 2.0, ..Default::default() }),
        ..Cleaner::default()
    };
    assert!(bad.clean(&made).unwrap_err().to_string().contains("threshold"));
}

#[test]
fn long_texts_are_noted_and_stay() {
    let mut rows: Vec<(String, usize)> = (0..20).map(|row| ("x".repeat(20 + row), 0)).collect();
    rows.push(("y".repeat(1500), 0));
    let rows: Vec<(&str, usize)> = rows.iter().map(|(text, label)| (text.as_str(), *label)).collect();
    let cleaner = Cleaner { length_outliers: Some(OutlierRule::Iqr(1.5)), ..Cleaner::default() };
    let (clean, report) = cleaner.clean(&data(&rows, &["a"])).unwrap();
    let step = report.step(CleaningStep::LengthOutliers).unwrap();
    assert_eq!((clean.len(), step.noted.len(), step.noted[0].row), (21, 1, 20));
    assert!(step.noted[0].reason.starts_with("1,500 characters"), "{}", step.noted[0].reason);
    let bad = Cleaner { length_outliers: Some(OutlierRule::Iqr(-1.0)), ..Cleaner::default() };
    assert!(bad.clean(&data(&rows, &["a"])).is_err());
}

#[test]
fn rows_with_empty_cells_become_a_data_set() {
    let row = |text: Option<&str>, label: Option<&str>| RawRow {
        text: text.map(str::to_owned),
        label: label.map(str::to_owned),
    };
    let rows = [row(Some("a"), Some(" y")), row(None, Some("x")), row(Some("b"), None), row(Some("c"), Some("x"))];
    let (clean, report) = Cleaner::default().clean_rows("cells", &rows).unwrap();
    assert_eq!(
        (clean.texts().join(""), clean.label_names().join(""), clean.labels()),
        ("ac".into(), "xy".into(), &[1, 0][..])
    );
    assert_eq!(report.removed_rows(), [1, 2]);
}

#[test]
fn ids_and_the_fixed_split_stay_with_their_rows() {
    let tickets = TextDataset::embedded("support-tickets").unwrap();
    let (clean, report) = Cleaner::default().clean(&tickets).unwrap();
    assert_eq!(clean.len(), tickets.len() - report.removed_rows().len());
    let before = tickets.fixed_split().unwrap();
    let after = clean.fixed_split().unwrap();
    assert!(after.test.ids().iter().all(|id| before.test.ids().contains(id)));
    assert!(clean.parts().unwrap().contains(&Part::Validation));
    assert!(report.display().get("text/html").unwrap().contains("512 rows before"));
}

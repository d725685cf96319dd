//! Leaks of texts and images that were made for it.

use super::*;
use crate::data::{ImageDataset, ImageShape, TextDataset};

fn part(texts: &[&str], label: usize) -> TextDataset {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let labels = vec![label; texts.len()];
    TextDataset::new("made", texts, labels, vec!["a".into(), "b".into()]).unwrap()
}

const BILL: &str = "The invoice for March shows the wrong amount of tax.";

#[test]
fn the_same_and_the_similar_are_found_in_earlier_parts_only() {
    let parts = TextSplits {
        train: part(&["Nothing works since the update.", BILL, BILL], 0),
        validation: part(&["A question about seats", "the invoice for march shows the wrong amount of tax. "], 0),
        test: part(
            &["The invoice for April shows the wrong amount of tax!", "A  Question about seats", "New", "New"],
            1,
        ),
    };
    let search = NearDuplicateSearch { threshold: 0.5, ..Default::default() };
    let report = parts.leakage(&search).unwrap();
    let rows: Vec<_> = report
        .rows()
        .iter()
        .map(|row| (row.part, row.row, row.like_part, row.like_row, row.exact, row.same_label))
        .collect();
    assert_eq!(
        rows,
        [
            (Part::Validation, 1, Part::Train, 1, true, true),
            (Part::Test, 0, Part::Train, 1, false, false),
            (Part::Test, 1, Part::Validation, 0, true, false),
        ]
    );
    assert!((0.5..1.0).contains(&report.rows()[1].similarity));
    assert_eq!([Part::Train, Part::Validation, Part::Test].map(|part| report.count(part)), [0, 1, 2]);
    let text = report.to_string();
    assert!(
        text.contains("validation  1 of 2 (50 %) rows stand in an earlier part, 1 of them word for word"),
        "{text}"
    );
    assert!(text.contains("other label") && text.contains("split by group"), "{text}");
}

#[test]
fn images_leak_when_they_are_equal() {
    let shape = ImageShape { channels: 1, height: 1, width: 2 };
    let pixels = vec![1, 2, 3, 4, 1, 2, 5, 6, 5, 6, 3, 4];
    let names = ["a", "b"].map(String::from).to_vec();
    let all = ImageDataset::new("dots", pixels, shape, vec![0, 0, 1, 0, 0, 0], names).unwrap();
    let part = |rows: &[usize]| all.select(rows);
    let parts = ImageSplits { train: part(&[0, 1]), validation: part(&[2, 3]), test: part(&[4, 5]) };
    let report = parts.leakage().unwrap();
    let rows: Vec<_> =
        report.rows().iter().map(|row| (row.part, row.row, row.like_part, row.like_row, row.same_label)).collect();
    assert_eq!(
        rows,
        [
            (Part::Validation, 0, Part::Train, 0, false),
            (Part::Test, 0, Part::Validation, 1, true),
            (Part::Test, 1, Part::Train, 1, true),
        ]
    );
    let text = report.to_string();
    assert!(text.contains("test        2 of 2 (100 %) rows stand in an earlier part\n"), "{text}");
    let clean = ImageSplits { train: part(&[0]), validation: part(&[]), test: part(&[1, 1]) };
    assert!(clean.leakage().unwrap().is_clean());
    let none = ImageSplits { train: part(&[0]), validation: part(&[]), test: part(&[]) };
    assert!(none.leakage().unwrap_err().to_string().contains("nothing is held out"));
}

#[test]
fn changed_copies_of_images_leak_too() {
    let shape = ImageShape { channels: 1, height: 1, width: 9 };
    let image = |seed: u32| (0..9).map(move |at| (seed * 7919 + at * at * 31 * seed) as u8 / 2);
    let pixels = image(3).chain(image(5)).chain(image(3).map(|x| x + 9)).chain(image(7)).chain(image(5)).collect();
    let all = ImageDataset::new("dots", pixels, shape, vec![0, 0, 1, 0, 0], vec!["a".into(), "b".into()]).unwrap();
    let parts = ImageSplits { train: all.select(&[0, 1]), validation: all.select(&[2, 3]), test: all.select(&[4]) };
    let report = parts.near_leakage(&ImageNearDuplicateSearch::default()).unwrap();
    let rows: Vec<_> = report.rows().iter().map(|row| (row.part, row.row, row.like_row, row.exact)).collect();
    assert_eq!(rows, [(Part::Validation, 0, 0, false), (Part::Test, 0, 1, true)]);
    assert!(!report.rows()[0].same_label && report.rows()[1].same_label);
    let text = report.to_string();
    assert!(text.contains("1 of 1 (100 %) rows stand in an earlier part, 1 of them pixel for pixel"), "{text}");
    assert_eq!(parts.leakage().unwrap().rows().len(), 1);
    let other = ImageShape { channels: 1, height: 9, width: 1 };
    let test = ImageDataset::new("tall", image(3).collect(), other, vec![0], all.label_names()).unwrap();
    let message = ImageSplits { test, ..parts }.near_leakage(&ImageNearDuplicateSearch::default()).unwrap_err();
    assert!(message.to_string().contains("tall: images of 1x9x1, and 1x1x9 for training"), "{message}");
}

#[test]
fn a_clean_split_says_so_and_an_empty_one_is_refused() {
    let none = || part(&[], 0);
    let parts = TextSplits { train: part(&["one thing"], 0), validation: part(&["and another"], 0), test: none() };
    assert!(parts.leakage(&NearDuplicateSearch::default()).unwrap().is_clean());
    let parts = TextSplits { train: part(&["one thing"], 0), validation: none(), test: none() };
    let message = parts.leakage(&NearDuplicateSearch::default()).unwrap_err().to_string();
    assert!(message.contains("nothing is held out"), "{message}");
}

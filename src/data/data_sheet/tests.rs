//! Sheets of data sets with damage made for them.

use super::*;
use crate::data::{DriftConfig, TextSplits};

fn data(rows: &[(&str, usize)], names: &[&str]) -> TextDataset {
    let (texts, labels) = rows.iter().map(|&(text, label)| (text.to_owned(), label)).unzip();
    TextDataset::new("made", texts, labels, names.iter().map(|name| (*name).to_owned()).collect()).unwrap()
}

fn has(sheet: &DataSheet, words: &str) -> bool {
    sheet.problems().iter().any(|problem| problem.problem.contains(words))
}

#[test]
fn each_kind_of_damage_is_a_problem_of_its_own() {
    let clean: Vec<String> =
        (0..24).map(|row| format!("{} ticket about number {row}", "abcdefgh".repeat(row % 5))).collect();
    let mut rows: Vec<(&str, usize)> = clean.iter().enumerate().map(|(row, text)| (text.as_str(), row % 2)).collect();
    let names = ["Spam", "ham"];
    let sheet = DataSheet::of(&data(&rows, &names)).unwrap();
    assert!(!has(&sheet, "invisible") && !has(&sheet, "repeat") && !has(&sheet, "U+FFFD"), "{sheet}");
    let long = "x ".repeat(3000);
    let damage = [
        ("zero\u{200b}width", "1 of 32 (3.1 %) rows hold invisible characters (24)"),
        ("Cafe\u{301} closed", "not in Unicode NFC"),
        ("<p>Hello &amp; bye</p>", "HTML markup"),
        ("n/a", "have no text"),
        ("broken \u{fffd} bytes", "U+FFFD (28)"),
        (clean[3].as_str(), "repeat an earlier row"),
        (clean[4].as_str(), "row with another label"),
        (long.as_str(), "far shorter or longer"),
    ];
    rows.extend(damage.iter().map(|(text, _)| (*text, 1)));
    let sheet = DataSheet::of(&data(&rows, &names)).unwrap();
    for (_, words) in damage {
        assert!(has(&sheet, words), "{words}: {sheet}");
    }
    assert_eq!((sheet.rows(), sheet.lengths().longest), (32, 6000));
    let html = sheet.display();
    let html = html.get("text/html").unwrap();
    assert!(html.contains("Problems, and what to do") && html.contains("Cleaner { html: true, .. }"), "{html}");
    assert!(sheet.to_string().contains("Clean with `Cleaner::default()`"));
}

#[test]
fn labels_are_looked_at_too() {
    let rows: Vec<(&str, usize)> =
        [("one", 0), ("two", 1), ("three", 2)].into_iter().chain((0..40).map(|_| ("x", 0))).collect();
    let sheet = DataSheet::of(&data(&rows, &["spam", "Spam ", "other"])).unwrap();
    assert!(has(&sheet, "\"spam\", \"Spam \" differ only in case") && has(&sheet, "Spam  (1), other (1)"), "{sheet}");
    assert!(has(&sheet, "41.0 times"), "{sheet}");
    assert!(has(&DataSheet::of(&data(&[("one", 0)], &["a"])).unwrap(), "one label only"));
    assert!(DataSheet::of(&data(&[], &["a"])).unwrap_err().to_string().contains("no rows"));
}

#[test]
fn reports_that_are_given_become_part_of_the_sheet() {
    let tickets = TextDataset::embedded("support-tickets").unwrap();
    let parts = tickets.fixed_split().unwrap();
    let sheet = DataSheet::of(&tickets).unwrap();
    assert!(sheet.to_string().contains("not looked for: with_leakage"));
    let leaky =
        TextSplits { train: parts.train.clone(), validation: parts.train.select(&[0, 1]), test: parts.test.clone() };
    // Unsure of every second row, and then wrong three times of ten; sure of the others, and one label of twenty is another.
    let predicted = |row: usize| {
        let (sure, disagrees) = (row % 2 == 1, if row % 2 == 1 { row / 2 % 20 == 7 } else { row / 2 % 10 < 3 });
        let label = (tickets.labels()[row] + usize::from(disagrees)) % 8;
        let chance: f32 = if sure { 0.999 } else { 0.7 };
        (0..8).map(|other| if other == label { chance } else { (1.0 - chance) / 7.0 }).collect::<Vec<f32>>()
    };
    let probabilities: Vec<Vec<f32>> = (0..tickets.len()).map(predicted).collect();
    let short: Vec<String> = parts.test.texts().iter().map(|text| text.chars().take(20).collect()).collect();
    let short = TextDataset::new("short", short, parts.test.labels().to_vec(), tickets.label_names()).unwrap();
    let sheet = sheet
        .with_leakage(leaky.leakage(&NearDuplicateSearch::default()).unwrap())
        .with_label_noise(tickets.label_noise(&probabilities).unwrap())
        .with_drift(tickets.drift(&short, &DriftConfig::default()).unwrap());
    for words in ["2 validation rows and 0 test rows", "Some labels are wrong, an estimated ", "length (major: median"]
    {
        assert!(has(&sheet, words), "{words}: {sheet}");
    }
    // One disagreement of a model that is always sure may as well be its own mistake.
    let probabilities: Vec<Vec<f32>> = (0..tickets.len())
        .map(|row| {
            let label = (tickets.labels()[row] + usize::from(row == 7)) % 8;
            (0..8).map(|other| f32::from(u8::from(other == label))).collect()
        })
        .collect();
    let one = DataSheet::of(&tickets).unwrap().with_label_noise(tickets.label_noise(&probabilities).unwrap());
    assert!(!has(&one, "labels are wrong") && one.to_string().contains("labels to check"), "{one}");
    assert!(sheet.display().get("text/html").unwrap().contains("Drift from support-tickets to short"));
}

//! What every data set that ships with the course must be: written one by one, and split once and for all.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::data::TextBaseline;

/// The next edition of the tickets, which no lesson uses yet.
const TICKETS_2: &str = include_str!("../../data/support-tickets-2/tickets.jsonl");

fn all() -> Vec<TextDataset> {
    let mut sets: Vec<_> = TEXT.iter().map(|data| text(data.name).unwrap()).collect();
    sets.push(parse("support-tickets-2", TICKETS_2).unwrap());
    sets
}

/// Lower-case words, without punctuation.
fn words(text: &str) -> Vec<String> {
    let separate = |c: char| !c.is_alphanumeric() && c != '\'';
    text.split(separate).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn trigrams(text: &str) -> BTreeSet<String> {
    words(text).windows(3).map(|three| three.join(" ")).collect()
}

#[test]
fn ids_stand_once_and_each_label_is_in_each_part() {
    for data in all() {
        let ids: BTreeSet<_> = data.ids().iter().collect();
        assert_eq!(ids.len(), data.len(), "{}", data.name());
        let parts = data.fixed_split().unwrap();
        for part in [&parts.train, &parts.validation, &parts.test] {
            assert!(part.label_counts().iter().all(|&count| count >= 10), "{}: {:?}", data.name(), part.label_counts());
        }
    }
}

#[test]
fn no_two_texts_share_more_than_half_of_their_word_trigrams() {
    for data in all() {
        let sets: Vec<_> = data.texts().iter().map(|text| trigrams(text)).collect();
        let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, set) in sets.iter().enumerate() {
            for trigram in set {
                holders.entry(trigram).or_default().push(row);
            }
        }
        let mut shared: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for rows in holders.values() {
            for (at, &a) in rows.iter().enumerate() {
                for &b in &rows[at + 1..] {
                    *shared.entry((a, b)).or_default() += 1;
                }
            }
        }
        for ((a, b), count) in shared {
            let smaller = sets[a].len().min(sets[b].len());
            assert!(2 * count <= smaller, "{}: {} and {}", data.name(), data.ids()[a], data.ids()[b]);
        }
    }
}

#[test]
fn no_opening_of_four_words_stands_more_than_five_times() {
    for data in all() {
        let mut openings: BTreeMap<String, usize> = BTreeMap::new();
        for text in data.texts() {
            let opening = words(text).into_iter().take(4).collect::<Vec<_>>();
            if opening.len() == 4 {
                *openings.entry(opening.join(" ")).or_default() += 1;
            }
        }
        let most = openings.iter().max_by_key(|(_, count)| **count).unwrap();
        assert!(*most.1 <= 5, "{}: {most:?}", data.name());
    }
}

#[test]
fn the_larger_sets_use_four_thousand_words() {
    for data in all().iter().filter(|data| data.len() > 600) {
        let different: BTreeSet<_> = data.texts().iter().flat_map(|text| words(text)).collect();
        assert!(different.len() >= 4000, "{}: {}", data.name(), different.len());
    }
}

#[test]
fn a_bag_of_words_gets_every_fifth_class_wrong_and_beats_a_guess() {
    for data in all() {
        let parts = data.fixed_split().unwrap();
        let baseline = TextBaseline::tuned(&parts.train, &parts.validation).unwrap();
        let counts = parts.test.label_counts();
        let most = *counts.iter().max().unwrap() as f64 / parts.test.len() as f64;
        for part in [&parts.validation, &parts.test] {
            let accuracy = baseline.evaluate(part).unwrap().accuracy;
            assert!((most + 0.1..0.8).contains(&accuracy), "{}: {accuracy} of {baseline}", data.name());
        }
    }
}

/// The mean share of a text's word trigrams that the nearest training text has too.
fn overlap_with_training(part: &TextDataset, train: &TextDataset) -> f64 {
    let mut holders: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (row, text) in train.texts().iter().enumerate() {
        for trigram in trigrams(text) {
            holders.entry(trigram).or_default().push(row);
        }
    }
    let share = |text: &String| {
        let own = trigrams(text);
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for row in own.iter().filter_map(|trigram| holders.get(trigram)).flatten() {
            *shared.entry(*row).or_default() += 1;
        }
        shared.values().copied().max().unwrap_or(0) as f64 / own.len().max(1) as f64
    };
    part.texts().iter().map(share).sum::<f64>() / part.len() as f64
}

#[test]
fn tests_share_fewer_runs_of_words_with_training_than_validation_parts_do() {
    // The first edition of the tickets was split without regard to it.
    for data in all().iter().filter(|data| data.len() > 600) {
        let parts = data.fixed_split().unwrap();
        let [test, validation] = [&parts.test, &parts.validation].map(|part| overlap_with_training(part, &parts.train));
        assert!(test < validation && test < 0.05, "{}: {test:.4} and {validation:.4}", data.name());
    }
}

#[test]
fn columns_stay_with_their_rows() {
    let reviews = text("product-reviews").unwrap();
    assert_eq!(reviews.column_names(), ["product", "stars"]);
    let hiking = reviews.select(&reviews.rows_where("product", "hiking").unwrap());
    assert_eq!(hiking.len(), 217);
    let stars_of = |data: &TextDataset, id: &str| {
        let row = data.ids().iter().position(|given| given == id).unwrap();
        data.column("stars").unwrap()[row].clone()
    };
    let some = &hiking.ids()[100];
    assert_eq!(stars_of(&hiking, some), stars_of(&reviews, some));
    let train = reviews.fixed_split().unwrap().train;
    assert_eq!(train.column("product").unwrap().len(), train.len());
    let problem = reviews.column("price").unwrap_err().to_string();
    assert!(problem.contains("price") && problem.contains("product, stars"), "{problem}");
}

#[test]
fn a_column_that_a_row_lacks_is_an_error() {
    let lines = "{\"id\":\"a\",\"label\":\"x\",\"split\":\"train\",\"text\":\"t\"}\n{\"id\":\"b\",\"label\":\"x\",\"split\":\"train\",\"text\":\"u\",\"month\":\"2026-01\"}";
    let problem = parse("broken", lines).unwrap_err().to_string();
    assert!(problem.contains("line 2") && problem.contains("month"), "{problem}");
}

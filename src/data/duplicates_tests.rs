use std::collections::BTreeSet;

use rand::Rng;

use super::*;

fn data(texts: &[String]) -> TextDataset {
    TextDataset::new("made", texts.to_vec(), vec![0; texts.len()], vec!["a".into()]).unwrap()
}

/// Sentences of random words, and after each a copy with some of its words replaced.
fn pairs(seed: u64, count: usize) -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut texts = Vec::new();
    for pair in 0..count {
        let mut words: Vec<String> = (0..30).map(|_| format!("w{}", rng.random_range(0..5000))).collect();
        texts.push(words.join(" "));
        for _ in 0..pair % 8 {
            let at = rng.random_range(0..words.len());
            words[at] = format!("w{}", rng.random_range(0..5000));
        }
        texts.push(words.join(" "));
    }
    texts
}

/// The similarity from its definition, over sets of strings.
fn by_definition(a: &str, b: &str) -> f64 {
    let set = |text: &str| {
        let chars: Vec<char> = text.chars().collect();
        chars.windows(5).map(|run| run.iter().collect::<String>().trim_end().to_owned()).collect::<BTreeSet<_>>()
    };
    let (a, b) = (set(a), set(b));
    a.intersection(&b).count() as f64 / a.union(&b).count() as f64
}

#[test]
fn the_search_finds_what_comparing_all_pairs_finds() {
    let texts = pairs(3, 60);
    let search = NearDuplicateSearch { threshold: 0.6, ..Default::default() };
    let found = data(&texts).near_duplicates(&search).unwrap();
    let mut kept: Vec<usize> = Vec::new();
    let mut expected = Vec::new();
    for row in 0..texts.len() {
        let alike = |&other: &usize| by_definition(&texts[other], &texts[row]);
        match kept.iter().find(|other| alike(other) >= 0.6) {
            Some(&like) => expected.push(NearDuplicate { row, like, similarity: alike(&like) }),
            None => kept.push(row),
        }
    }
    // Both kinds are there, and the seed misses none of them.
    assert!((15..60).contains(&expected.len()), "{}", expected.len());
    assert_eq!(found, expected);
    assert_eq!(found, data(&texts).near_duplicates(&search).unwrap());
}

#[test]
fn without_the_rows_found_no_near_duplicates_are_left() {
    let all = data(&pairs(4, 40));
    let search = NearDuplicateSearch { threshold: 0.5, ..Default::default() };
    let found: BTreeSet<usize> = all.near_duplicates(&search).unwrap().iter().map(|near| near.row).collect();
    let rest: Vec<usize> = (0..all.len()).filter(|row| !found.contains(row)).collect();
    assert!(!found.is_empty());
    assert!(all.select(&rest).near_duplicates(&search).unwrap().is_empty());
}

#[test]
fn case_spaces_and_invisible_characters_do_not_hide_a_duplicate() {
    let texts = ["Caf\u{e9} au lait", "other", "CAFE\u{301}  au\u{200b} lait\u{7}", " ", "\u{200b}", "other!"];
    let all = data(&texts.map(String::from));
    let groups = all.duplicates();
    assert_eq!(groups.iter().map(|group| group.rows.clone()).collect::<Vec<_>>(), [[0, 2]]);
    let found = all.near_duplicates(&NearDuplicateSearch::default()).unwrap();
    assert_eq!(found, [NearDuplicate { row: 2, like: 0, similarity: 1.0 }]);
}

#[test]
fn only_different_labels_are_a_conflict() {
    let texts = ["x", "x", "y", "y"].map(String::from).to_vec();
    let all = TextDataset::new("made", texts, vec![0, 1, 1, 1], vec!["a".into(), "b".into()]).unwrap();
    assert_eq!(all.duplicates().iter().map(DuplicateGroup::is_conflicting).collect::<Vec<_>>(), [true, false]);
    assert_eq!(all.duplicates()[0].labels, [0, 1]);
}

#[test]
fn word_shingles_follow_words() {
    // Four shingles of two words each, three shared: 3 / 5.
    let texts = ["one two three four five", "one two three four six"].map(String::from);
    let search = NearDuplicateSearch { threshold: 0.5, shingle: Shingle::Words(2), seed: 1 };
    let found = data(&texts).near_duplicates(&search).unwrap();
    assert_eq!(found, [NearDuplicate { row: 1, like: 0, similarity: 0.6 }]);
    let huge = NearDuplicateSearch { shingle: Shingle::Words(usize::MAX), ..search };
    assert!(data(&texts).near_duplicates(&huge).unwrap().is_empty());
}

#[test]
fn bands_miss_few_pairs_at_the_threshold() {
    for threshold in [0.3, 0.5, 0.8, 0.95, 1.0] {
        let rows = rows_of_a_band(threshold);
        let missed = (1.0 - f64::powi(threshold, rows as i32)).powi((HASHES / rows) as i32);
        assert!(missed <= MISSED, "{threshold}: {missed}");
    }
    assert_eq!(rows_of_a_band(0.8), 6);
}

#[test]
fn a_search_for_nothing_is_refused() {
    let all = data(&["x".to_owned()]);
    for threshold in [0.0, -0.5, 1.5, f64::NAN] {
        let search = NearDuplicateSearch { threshold, ..Default::default() };
        assert!(all.near_duplicates(&search).unwrap_err().to_string().contains("threshold"));
    }
    let search = NearDuplicateSearch { shingle: Shingle::Characters(0), ..Default::default() };
    assert!(all.near_duplicates(&search).unwrap_err().to_string().contains("shingle"));
    assert!(data(&[]).near_duplicates(&NearDuplicateSearch::default()).unwrap().is_empty());
}

use std::collections::BTreeSet;

use super::*;
use crate::data::TextDataset;

const TEXT: &str = "The quick brown fox jumps over the lazy dog, and then it sleeps for a while.";

fn off() -> TextAugmentation {
    TextAugmentation::default()
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[test]
fn off_changes_nothing_and_the_seed_decides_the_rest() {
    let spaced = "Two  spaces\tand a\nline break stay";
    assert_eq!(off().apply(spaced, 3).unwrap(), spaced);
    let all = TextAugmentation {
        synonym_replacement: 0.1,
        random_insertion: 0.1,
        random_swap: 0.1,
        random_deletion: 0.1,
        word_dropout: 0.1,
        keyboard: 0.05,
        typos: 0.2,
        ..off()
    };
    let copies: Vec<String> = (0..50).map(|seed| all.apply(TEXT, seed).unwrap()).collect();
    assert!((0..50).all(|seed| copies[seed as usize] == all.apply(TEXT, seed).unwrap()));
    assert_eq!(copies.iter().collect::<BTreeSet<_>>().len(), 50);
    // Another change that is on leaves the choice of words to delete as it was.
    let (delete, both) = (
        TextAugmentation { random_deletion: 0.3, ..off() },
        TextAugmentation { random_deletion: 0.3, typos: 1.0, ..off() },
    );
    for seed in 0..20 {
        let [one, other] = [&delete, &both].map(|change| change.apply(TEXT, seed).unwrap());
        assert_eq!(words(&one).len(), words(&other).len());
    }
}

#[test]
fn each_change_does_what_it_says() {
    let sorted = |text: &str| {
        let mut words: Vec<String> = words(text).into_iter().map(str::to_owned).collect();
        words.sort();
        words
    };
    let count = words(TEXT).len();
    let (mut lost, mut hidden, mut letters) = (0, 0, 0);
    for seed in 0..400 {
        let swapped = TextAugmentation { random_swap: 0.01, ..off() }.apply(TEXT, seed).unwrap();
        assert_eq!(sorted(&swapped), sorted(TEXT));
        assert_eq!(words(&swapped).iter().zip(words(TEXT)).filter(|(a, b)| **a != *b).count() % 2, 0);
        let inserted = TextAugmentation { random_insertion: 0.2, ..off() }.apply(TEXT, seed).unwrap();
        assert_eq!(words(&inserted).len(), count + 3);
        let replaced = TextAugmentation { synonym_replacement: 1.0, ..off() }.apply(TEXT, seed).unwrap();
        assert!(words(&replaced)[1] != "quick" && words(&replaced)[2] == "brown", "{replaced}");
        lost += count - words(&TextAugmentation { random_deletion: 0.2, ..off() }.apply(TEXT, seed).unwrap()).len();
        let dropped = TextAugmentation { word_dropout: 0.2, ..off() }.apply(TEXT, seed).unwrap();
        hidden += words(&dropped).iter().filter(|word| **word == "[MASK]").count();
        let pressed = TextAugmentation { keyboard: 0.1, ..off() }.apply(TEXT, seed).unwrap();
        assert_eq!(pressed.len(), TEXT.len());
        letters += pressed.chars().zip(TEXT.chars()).filter(|(a, b)| a != b).count();
        let typo = TextAugmentation { typos: 1.0, ..off() }.apply(TEXT, seed).unwrap();
        let pairs = words(&typo).into_iter().zip(words(TEXT));
        for (misspelt, word) in pairs {
            assert!(misspelt.len().abs_diff(word.len()) <= 1 && (word.len() > 2 || misspelt == word), "{typo}");
        }
        let nothing = TextAugmentation { random_deletion: 1.0, ..off() }.apply(TEXT, seed).unwrap();
        assert!(words(&nothing).len() == 1 && TEXT.contains(&nothing));
    }
    let all = 400.0 * count as f64;
    let letters = f64::from(u32::try_from(letters).unwrap())
        / (400.0 * TEXT.chars().filter(char::is_ascii_alphabetic).count() as f64);
    for (share, expected) in [(lost as f64 / all, 0.2), (hidden as f64 / all, 0.2), (letters, 0.1)] {
        assert!((share - expected).abs() < 0.02, "{share} {expected}");
    }
}

#[test]
fn short_texts_stay_and_one_change_at_a_time_is_one() {
    assert_eq!(TextAugmentation { random_swap: 1.0, ..off() }.apply("not my fault", 1).unwrap(), "not my fault");
    assert_eq!(TextAugmentation { random_deletion: 1.0, min_words: 0, ..off() }.apply("", 1).unwrap(), "");
    let kinds: BTreeSet<i64> = (0..200)
        .map(|seed| TextAugmentation::eda(0.2).apply(TEXT, seed).unwrap())
        .map(|copy| (words(&copy).len() as i64 - words(TEXT).len() as i64).signum())
        .collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [-1, 0, 1]);
    let half = TextAugmentation { random_swap: 0.2, chance: 0.5, ..off() };
    let changed = (0..1000).filter(|&seed| half.apply(TEXT, seed).unwrap() != TEXT).count();
    assert!((430..570).contains(&changed), "{changed}");
}

#[test]
fn settings_out_of_range_are_named() {
    let error = |change: TextAugmentation| change.apply(TEXT, 1).unwrap_err().to_string();
    assert!(error(TextAugmentation { typos: -0.1, ..off() }).contains("TextAugmentation::typos: is -0.1"));
    assert!(error(TextAugmentation { chance: f32::NAN, ..off() }).contains("chance"));
    let none = Synonyms::default();
    assert!(
        error(TextAugmentation { synonyms: none.clone(), ..TextAugmentation::eda(0.1) }).contains("table is empty")
    );
    assert!(TextAugmentation { synonyms: none, random_swap: 0.1, ..off() }.check().is_ok());
    assert!(error(TextAugmentation { word_dropout: 0.1, mask: " ".into(), ..off() }).contains("mask"));
}

fn data() -> TextDataset {
    let texts = (0..20).map(|row| format!("{TEXT} Row {row} says so.")).collect();
    TextDataset::new("made", texts, (0..20).map(|row| row % 2).collect(), vec!["a".into(), "b".into()]).unwrap()
}

#[test]
fn a_larger_set_holds_the_texts_first_and_can_neither_be_split_nor_measured() {
    let error = |result: Result<TextDataset>| result.unwrap_err().to_string();
    assert!(error(data().with_copies(2, 1)).contains("call augmented"));
    let train = data().augmented(TextAugmentation::eda(0.1)).unwrap();
    assert!(error(train.with_copies(0, 1)).contains("0 copies"));
    let larger = train.with_copies(3, 1).unwrap();
    assert_eq!(larger.texts()[..20], data().texts()[..]);
    assert!(larger.len() > 70 && larger.len() <= 80, "{}", larger.len());
    let different: BTreeSet<&String> = larger.texts().iter().collect();
    assert_eq!(different.len(), larger.len());
    for (id, label) in larger.ids().iter().zip(larger.labels()) {
        let row: usize = id.split('+').next().unwrap().parse().unwrap();
        assert_eq!(*label, row % 2, "{id}");
    }
    assert_eq!(larger, train.with_copies(3, 1).unwrap());
    assert_ne!(larger, train.with_copies(3, 2).unwrap());
    assert!(
        larger.augmentation().is_none()
            && error(larger.augmented(off()).unwrap().with_copies(1, 1)).contains("already")
    );
    let groups = vec!["g"; larger.len()];
    let refused = [
        larger.stratified_split(1, 0.2, 0.2).map(|_| ()),
        larger.k_fold(2, 1).map(|_| ()),
        larger.stratified_k_fold(2, 1).map(|_| ()),
        larger.grouped_split(&groups, 1, 0.2, 0.2).map(|_| ()),
        larger.grouped_k_fold(2, &groups, 1).map(|_| ()),
        larger.select(&[0, 1, 2, 3]).time_split(&[1, 2, 3, 4], 0.2, 0.2).map(|_| ()),
    ];
    for result in refused {
        let message = result.unwrap_err().to_string();
        assert!(message.contains("split the original set first"), "{message}");
    }
    // A set that is changed at each step holds its own texts only.
    let parts = train.stratified_split(1, 0.2, 0.2).unwrap();
    assert!(parts.train.augmentation().is_some());
}

#[test]
fn examples_show_before_and_after() {
    let train = data().augmented(TextAugmentation { random_swap: 0.1, ..off() }).unwrap();
    let examples = train.augmentation_examples(2, 5).unwrap();
    assert_eq!(examples.pairs().len(), 2);
    assert!(examples.pairs().iter().all(|(before, after)| after.len() == 2 && after.iter().all(|text| text != before)));
    let text = examples.to_string();
    assert!(text.contains("\n  a: ") && text.matches("\n    -> ").count() == 4, "{text}");
    assert!(examples.display().get("text/html").unwrap().contains("<strong>"));
    assert!(train.augmentation_examples(0, 1).unwrap_err().to_string().contains("0 copies"));
}

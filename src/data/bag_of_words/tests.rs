//! Compared with scikit-learn: `tests/data/bag_of_words/make_golden.py` made the values.

use serde_json::Value;

use super::*;
use crate::data::golden::floats;
use crate::data::{LogisticProbe, ProbeConfig, TextDataset};

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../tests/data/bag_of_words/scikit-learn.json")).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn config(case: &Value) -> BagOfWordsConfig {
    let options = case["options"].as_object().unwrap();
    let whole = |value: &Value| value.as_u64().unwrap() as usize;
    let mut config = BagOfWordsConfig::default();
    for (name, value) in options {
        match name.as_str() {
            "ngram_range" => config.n_grams = (whole(&value[0]), whole(&value[1])),
            "sublinear_tf" => config.weight = TermWeight::SublinearTfIdf,
            "min_df" => config.min_texts = whole(value),
            "max_df" => config.max_share = value.as_f64().unwrap(),
            "max_features" => config.max_terms = Some(whole(value)),
            other => panic!("{other}"),
        }
    }
    if case["name"] == "counts" {
        config.weight = TermWeight::Count;
    }
    config
}

#[test]
fn terms_and_rows_equal_scikit_learn() {
    let golden = golden();
    let (train, new) = (strings(&golden["train"]), strings(&golden["new"]));
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() >= 7);
    for case in cases {
        let bag = BagOfWords::fit(&train, &config(case)).unwrap();
        assert_eq!(bag.terms(), strings(&case["terms"]), "{}", case["name"]);
        for (texts, rows) in [(&train, &case["train"]), (&new, &case["new"])] {
            let dense = bag.transform(texts).unwrap();
            for ((text, row), dense) in texts.iter().zip(rows.as_array().unwrap()).zip(dense) {
                let theirs: Vec<Vec<f64>> = row.as_array().unwrap().iter().map(floats).collect();
                let ours = bag.sparse_row(text);
                assert_eq!(ours.len(), theirs.len(), "{}: {text:?}", case["name"]);
                let mut rest = dense.clone();
                for ((column, weight), theirs) in ours.iter().zip(&theirs) {
                    assert_eq!(*column, theirs[0] as usize, "{}: {text:?}", case["name"]);
                    assert!((weight - theirs[1]).abs() < 1e-9, "{}: {text:?}: {weight} {}", case["name"], theirs[1]);
                    assert!((f64::from(dense[*column]) - weight).abs() < 1e-6);
                    rest[*column] = 0.0;
                }
                assert!(rest.len() == bag.terms().len() && rest.iter().all(|number| *number == 0.0));
            }
        }
    }
}

#[test]
fn regression_on_sparse_rows_equals_scikit_learn_and_dense_rows() {
    let golden = golden();
    let (train, new) = (strings(&golden["train"]), strings(&golden["new"]));
    let labels: Vec<usize> = floats(&golden["labels"]).into_iter().map(|label| label as usize).collect();
    let names = ["storage", "billing", "other"].map(String::from).to_vec();
    let data = TextDataset::new("texts", train.clone(), labels.clone(), names).unwrap();
    let probe = ProbeConfig { c: 10.0, tolerance: 1e-8, ..ProbeConfig::default() };
    for case in golden["cases"].as_array().unwrap() {
        let baseline = TextBaseline::fit(&data, &config(case), &probe).unwrap();
        assert!(baseline.probe().converged(), "{}", case["name"]);
        let theirs: Vec<Vec<f64>> = case["coefficients"].as_array().unwrap().iter().map(floats).collect();
        assert_eq!(baseline.probe().coefficients().len(), theirs.len());
        for (ours, theirs) in baseline.probe().coefficients().iter().flatten().zip(theirs.iter().flatten()) {
            assert!((ours - theirs).abs() < 1e-6 * theirs.abs().max(1.0), "{}: {ours}, not {theirs}", case["name"]);
        }
        let probabilities = baseline.probabilities(&new);
        for (ours, theirs) in probabilities.iter().zip(case["probabilities"].as_array().unwrap()) {
            for (ours, theirs) in ours.iter().zip(floats(theirs)) {
                assert!((f64::from(*ours) - theirs).abs() < 1e-6, "{}: {ours}, not {theirs}", case["name"]);
            }
        }
        let dense = LogisticProbe::fit(&baseline.bag().transform(&train).unwrap(), &labels, 3, &probe).unwrap();
        let dense = dense.probabilities(&baseline.bag().transform(&new).unwrap()).unwrap();
        for (sparse, dense) in probabilities.iter().flatten().zip(dense.iter().flatten()) {
            assert!((sparse - dense).abs() < 1e-5, "{}", case["name"]);
        }
    }
}

#[test]
fn strongest_terms_speak_for_their_label_with_two_labels_and_with_three() {
    for labels in [vec![0, 0, 1, 1], vec![0, 0, 2, 1]] {
        let texts = ["disk disk full", "the disk", "an invoice", "the bill"].map(String::from).to_vec();
        let names = ["storage", "billing", "invoices"].map(String::from).to_vec();
        let data = TextDataset::new("tickets", texts, labels.clone(), names).unwrap();
        let baseline = TextBaseline::fit(&data, &BagOfWordsConfig::default(), &ProbeConfig::default()).unwrap();
        assert_eq!(baseline.strongest_terms("storage", 1).unwrap()[0].0, "disk", "{labels:?}");
        let billing = baseline.strongest_terms("billing", 99).unwrap();
        assert_eq!(billing.len(), baseline.bag().terms().len());
        assert!(["bill", "invoice"].contains(&billing[0].0.as_str()), "{billing:?}");
        assert!(billing[0].1 > 0.0 && billing.last().unwrap().0 == "disk", "{billing:?}");
        let problem = baseline.strongest_terms("networking", 3).unwrap_err().to_string();
        assert!(problem.contains("networking") && problem.contains("storage, billing"), "{problem}");
    }
}

#[test]
fn settings_are_chosen_on_the_validation_rows() {
    // Word pairs alone tell these apart, so the choice must be for pairs.
    let texts = ["not good", "good not", "not bad", "bad not", "not nice", "nice not"].map(String::from).to_vec();
    let names = ["first", "last"].map(String::from).to_vec();
    let data = TextDataset::new("order", texts, vec![0, 1, 0, 1, 0, 1], names).unwrap();
    let tuned = TextBaseline::tuned(&data, &data).unwrap();
    assert_eq!(tuned.bag().config.n_grams, (1, 2), "{tuned}");
    assert_eq!(tuned.predict(&["it is not bad", "bad, not"]), ["first", "last"]);
    let other = TextDataset::new("other", vec!["good".into()], vec![0], vec!["first".into()]).unwrap();
    assert!(tuned.evaluate(&other).unwrap_err().to_string().contains("labels"));
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let fit = |texts: &[&str], config: BagOfWordsConfig| BagOfWords::fit(texts, &config).unwrap_err().to_string();
    let default = BagOfWordsConfig::default();
    let one = ["disk full"];
    assert!(fit(&[], default).starts_with("texts: there are none"));
    assert!(fit(&["a b", "", "?!"], default).contains("no text has 1 words of two letters"));
    assert!(fit(&one, BagOfWordsConfig { n_grams: (3, 3), ..default }).contains("no text has 3 words"));
    for n_grams in [(0, 1), (2, 1)] {
        assert!(fit(&one, BagOfWordsConfig { n_grams, ..default }).starts_with("n_grams"));
    }
    for max_share in [0.0, 1.5, f64::NAN] {
        assert!(fit(&one, BagOfWordsConfig { max_share, ..default }).starts_with("max_share"));
    }
    assert!(fit(&one, BagOfWordsConfig { min_texts: 0, ..default }).starts_with("min_texts"));
    assert!(fit(&one, BagOfWordsConfig { max_terms: Some(0), ..default }).starts_with("max_terms"));
    assert!(fit(&one, BagOfWordsConfig { min_texts: 2, ..default }).contains("no term stands in 2 texts"));
    // 60 columns; refused before anything is allocated.
    let many = (0..60).map(|word| format!("word{word}")).collect::<Vec<_>>().join(" ");
    let bag = BagOfWords::fit(&[many], &default).unwrap();
    let problem = bag.transform(&vec![""; MOST_NUMBERS / 60 + 1]).unwrap_err().to_string();
    assert!(problem.contains("gibibyte") && problem.contains("max_terms"), "{problem}");
}

#[test]
fn longest_runs_beyond_the_text_are_no_terms() {
    let config = BagOfWordsConfig { n_grams: (1, usize::MAX), ..BagOfWordsConfig::default() };
    let bag = BagOfWords::fit(&["one two three", "four"], &config).unwrap();
    assert_eq!(bag.terms(), ["four", "one", "one two", "one two three", "three", "two", "two three"]);
    assert_eq!(bag.known_share("?"), None);
}

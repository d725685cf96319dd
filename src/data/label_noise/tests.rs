//! The fit against scipy's, on labels drawn for it, and on planted errors.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn data(labels: Vec<usize>, names: usize) -> TextDataset {
    let texts = (0..labels.len()).map(|row| format!("text {row}")).collect();
    TextDataset::new("made", texts, labels, (0..names).map(|name| format!("label {name}")).collect()).unwrap()
}

#[test]
fn temperature_rate_interval_and_chances_equal_what_scipy_finds() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/data/quality/label_noise.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() >= 4);
    for case in cases {
        let floats = |value: &serde_json::Value| -> Vec<f64> {
            value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
        };
        let probabilities: Vec<Vec<f32>> = case["probabilities"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| floats(row).into_iter().map(|value| value as f32).collect())
            .collect();
        let labels: Vec<usize> = floats(&case["labels"]).into_iter().map(|label| label as usize).collect();
        let noise = data(labels.clone(), probabilities[0].len()).label_noise(&probabilities).unwrap();
        let near = |what: &str, ours: f64, theirs: &serde_json::Value, within: f64| {
            let theirs = theirs.as_f64().unwrap();
            assert!((ours - theirs).abs() <= within, "{}, {what}: {ours}, not {theirs}", case["name"]);
        };
        near("log-likelihood", noise.fit.log_likelihood, &case["log_likelihood"], 1e-6);
        near("temperature", noise.temperature(), &case["temperature"], 2e-3);
        near("rate", noise.noise_rate(), &case["rate"], 2e-4);
        near("lower", noise.noise_interval().0, &case["interval"][0], 1e-3);
        near("upper", noise.noise_interval().1, &case["interval"][1], 1e-3);
        let likelihood = Likelihood::new(&probabilities, &labels);
        for (row, theirs) in case["chances"].as_array().unwrap().iter().enumerate() {
            near("chance", 1.0 - likelihood.row(row, &noise.fit).true_label[labels[row]], theirs, 5e-3);
        }
        // The rows' chances add up to the estimate.
        let off = |(given, row): (usize, &Vec<f64>)| row.iter().sum::<f64>() - row[given];
        let outside: f64 = noise.joint().iter().enumerate().map(off).sum();
        assert!((outside - noise.noise_rate()).abs() < 1e-6, "{outside} {}", noise.noise_rate());
        assert!((noise.joint().iter().flatten().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}

/// Labels drawn from the probabilities of a model that is unsure (and says so twice as strongly as it should), some of
/// them then changed to any other.
fn drawn(rows: usize, wrong: f64, seed: u64) -> (Vec<Vec<f32>>, Vec<usize>, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut probabilities, mut labels, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let logits: Vec<f64> = (0..4).map(|_| 3.0 * rng.random_range(-1.0..1.0_f64)).collect();
        let softmax = |factor: f64| {
            let shares: Vec<f64> = logits.iter().map(|logit| (factor * logit).exp()).collect();
            let sum: f64 = shares.iter().sum();
            shares.into_iter().map(move |share| share / sum)
        };
        let mut draw = rng.random::<f64>();
        let mut label = softmax(1.0).position(|share| {
            draw -= share;
            draw < 0.0
        });
        let is_wrong = rng.random::<f64>() < wrong;
        if is_wrong {
            label = label.map(|label| (label + rng.random_range(1..4)) % 4);
        }
        labels.push(label.unwrap_or(3));
        changed.push(is_wrong);
        probabilities.push(softmax(2.0).map(|share| share as f32).collect());
    }
    (probabilities, labels, changed)
}

#[test]
fn an_unsure_model_is_not_taken_for_wrong_labels() {
    for (wrong, seed) in [(0.0, 1), (0.02, 2), (0.1, 3), (0.25, 5)] {
        let (probabilities, labels, changed) = drawn(6000, wrong, seed);
        let disagrees = probabilities.iter().zip(&labels).filter(|(row, label)| most_probable(row) != **label).count();
        assert!(disagrees > 1200, "{disagrees}");
        let wrong = changed.iter().filter(|changed| **changed).count() as f64 / 6000.0;
        let noise = data(labels, 4).label_noise(&probabilities).unwrap();
        let (lower, upper) = noise.noise_interval();
        assert!((noise.noise_rate() - wrong).abs() < 0.03, "{wrong}: {noise}");
        assert!(lower <= wrong && wrong <= upper && upper - lower < 0.08, "{wrong}: {lower} {upper}");
        assert!((noise.temperature() - 2.0).abs() < 0.15 + wrong, "{wrong}: {}", noise.temperature());
        let found = noise.suspects().iter().filter(|suspect| changed[suspect.row]).count() as f64;
        let spread = 4.0 * noise.expected_wrong().sqrt() + 3.0;
        assert!((found - noise.expected_wrong()).abs() < spread, "{wrong}: {found} of {}", noise.expected_wrong());
    }
}

#[test]
fn what_cannot_be_wrong_is_not_suspect() {
    let sure = |label: usize| (0..3).map(|other| f32::from(u8::from(other == label))).collect::<Vec<f32>>();
    let noise = data(vec![0, 1, 2, 0], 3).label_noise(&[sure(0), sure(1), sure(2), sure(0)]).unwrap();
    assert_eq!((noise.suspects().len(), noise.noise_interval().0), (0, 0.0));
    assert!(noise.noise_rate() < 1e-6 && noise.to_string().contains("no row stands out"), "{noise}");
    // One label only: there is none to confuse it with.
    let noise = data(vec![0; 3], 1).label_noise(&vec![vec![1.0]; 3]).unwrap();
    assert_eq!((noise.suspects().len(), noise.joint()), (0, &[vec![1.0]][..]));
}

/// Three clouds of points, and labels of which some were changed.
fn planted() -> (Vec<Vec<f32>>, TextDataset, Vec<usize>) {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (mut vectors, mut labels, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..300 {
        let label = row % 3;
        let spread = |rng: &mut ChaCha8Rng| (0..4).map(|_| rng.random_range(-0.5_f32..0.5)).sum::<f32>();
        let mut vector: Vec<f32> = (0..6).map(|_| spread(&mut rng)).collect();
        vector[label] += 2.5;
        vectors.push(vector);
        if row % 20 == 4 {
            wrong.push(row);
            labels.push((label + 1) % 3);
        } else {
            labels.push(label);
        }
    }
    (vectors, data(labels, 3), wrong)
}

#[test]
fn planted_errors_are_found_with_their_right_labels() {
    let (vectors, data, wrong) = planted();
    let noise = data.label_noise_from_vectors(&vectors, &LabelNoiseSearch::default()).unwrap();
    let mut first: Vec<usize> = noise.suspects().iter().take(wrong.len()).map(|suspect| suspect.row).collect();
    first.sort_unstable();
    let found = first.iter().filter(|row| wrong.contains(row)).count();
    assert!(found >= wrong.len() - 1, "{found} of {} planted rows: {first:?}", wrong.len());
    assert!(noise.suspects().len() <= wrong.len() + 6, "{} suspects", noise.suspects().len());
    let right = noise.suspects().iter().filter(|suspect| wrong.contains(&suspect.row));
    assert!(right.clone().all(|suspect| suspect.suggested == suspect.row % 3));
    let planted = wrong.len() as f64 / data.len() as f64;
    assert!(noise.noise_interval().0 > 0.02, "{noise}");
    assert!((noise.noise_rate() - planted).abs() < 0.03, "{} {planted}", noise.noise_rate());
    assert_eq!(noise, data.label_noise_from_vectors(&vectors, &LabelNoiseSearch::default()).unwrap());
    assert!(noise.display().get("text/html").unwrap().contains("labels to check"));
}

#[test]
fn what_is_no_probability_is_refused() {
    let two = data(vec![0, 1], 2);
    let error = |rows: &[Vec<f32>]| two.label_noise(rows).unwrap_err().to_string();
    assert!(error(&[vec![1.0, 0.0]]).contains("1 rows of probabilities for 2 texts"));
    assert!(error(&[vec![1.0, 0.0], vec![1.0]]).contains("1 numbers for 2 labels"));
    assert!(error(&[vec![1.0, 0.0], vec![3.0, -2.0]]).contains("row 1"));
    assert!(error(&[vec![f32::NAN, 0.0], vec![1.0, 0.0]]).contains("row 0"));
    assert!(data(vec![], 2).label_noise(&[]).unwrap_err().to_string().contains("no rows"));
    let search = LabelNoiseSearch::default();
    let message = two.label_noise_from_vectors(&[vec![1.0], vec![2.0]], &search).unwrap_err().to_string();
    assert!(message.contains("label \"label 0\" has 1 rows"), "{message}");
    let message = two.label_noise_from_vectors(&[vec![1.0]], &search).unwrap_err().to_string();
    assert!(message.contains("1 vectors for 2 texts"), "{message}");
}

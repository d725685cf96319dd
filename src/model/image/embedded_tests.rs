//! The network inside the library: what its card says of it is true.

use super::ImageClassifier;
use crate::data::{ChestPhantoms, OutlinePhantoms};
use crate::model::Pretrained;

const CARD: &str = include_str!("../../../models/tunebook-images/README.md");

#[test]
fn the_weights_are_those_of_the_card_and_small() {
    let model = ImageClassifier::from_finetuned(Pretrained::embedded()).unwrap();
    let sha256 = model.weights_sha256().unwrap();
    assert!(CARD.contains(sha256), "the card does not name {sha256}");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/models/tunebook-images/model.safetensors");
    assert!(std::fs::metadata(file).unwrap().len() < 1_500_000);
    assert_eq!((model.input_size(), model.network().channels()), ((28, 28), 1));
    assert!(model.summary().to_string().contains("small_cnn from tunebook-images (embedded)"), "{}", model.summary());
    assert_eq!(ImageClassifier::resnet18(vec!["a".into(), "b".into()], 1).unwrap().weights_sha256(), None);
}

#[test]
fn it_tells_drawings_apart_that_it_has_not_seen() {
    let data = OutlinePhantoms { images: 360, seed: 77, ..OutlinePhantoms::default() }.generate().unwrap();
    let model = ImageClassifier::from_finetuned(Pretrained::embedded()).unwrap();
    assert_eq!(model.labels(), data.label_names());
    let right = model.predict(&data).unwrap();
    let right = right.items().iter().zip(data.labels()).filter(|(item, label)| item.label == data.label_name(**label));
    // Guessing is 10.
    assert!(right.count() > 110);
}

#[test]
fn other_labels_get_a_head_of_their_own_and_any_seed() {
    let data = ChestPhantoms { images: 4, side: 40, ..ChestPhantoms::default() }.generate().unwrap();
    let of = |seed| ImageClassifier::from_pretrained_seeded(Pretrained::embedded(), data.label_names(), seed).unwrap();
    let (model, other) = (of(1), of(2));
    assert_eq!(model.load_report().new, ["fc.weight", "fc.bias"]);
    assert_eq!(model.predict(&data).unwrap(), of(1).predict(&data).unwrap());
    assert_ne!(model.predict(&data).unwrap(), other.predict(&data).unwrap());
    let message = model.predict(&data.to_colour().unwrap()).unwrap_err().to_string();
    assert!(message.contains("takes 1 channels") && message.contains("in grey"), "{message}");
}

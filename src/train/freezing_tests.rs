//! What a person freezes by name or by depth stays frozen, and the rest learns.

use std::collections::BTreeMap;

use super::{Method, Quiet, Trainable, Trainer, TrainingConfig, TrainingReport};
use crate::model::fixture::{tiny, tiny_data, tiny_folder};
use crate::model::{LoraConfig, TextClassifier};

fn model() -> TextClassifier {
    let dir = tiny_folder();
    TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap()
}

fn fit(model: TextClassifier, method: Method) -> TrainingReport {
    let config = TrainingConfig { epochs: 2, batch_size: 8, learning_rate: Some(5e-3), ..TrainingConfig::default() };
    let trainer = Trainer::new(model).method(method).config(config).observer(Quiet);
    trainer.fit(&tiny_data(40, 0), &tiny_data(12, 1)).unwrap()
}

fn values(model: &TextClassifier) -> BTreeMap<String, Vec<f32>> {
    let all = model.store().all();
    all.iter().map(|p| (p.name().to_owned(), p.var().flatten_all().unwrap().to_vec1().unwrap())).collect()
}

fn moved(before: &BTreeMap<String, Vec<f32>>, after: &TextClassifier) -> Vec<String> {
    values(after).into_iter().filter(|(name, values)| before[name] != *values).map(|(name, _)| name).collect()
}

#[test]
fn patterns_freeze_and_unfreeze_by_name_and_leave_the_rest_as_it_is() {
    let model = model();
    let store = model.store();
    assert_eq!(store.freeze("*").unwrap(), 5 + 3 * 16 + 2);
    assert_eq!(store.unfreeze("encoder.layer.?.attention.self.*.bias").unwrap(), 9);
    assert_eq!(store.unfreeze("classifier.*").unwrap(), 2);
    assert_eq!(store.freeze("*.key.bias").unwrap(), 3);
    let before = values(&model);
    let report = fit(model, Method::Chosen);
    let expected =
        ["0", "1", "2"].map(|n| ["query", "value"].map(|m| format!("encoder.layer.{n}.attention.self.{m}.bias")));
    let heads = ["classifier.bias", "classifier.weight"].map(str::to_owned);
    assert_eq!(moved(&before, report.model()), [&heads[..], &expected.concat()].concat());
    assert_eq!(report.trainable_parameters(), 6 * 16 + 3 + 3 * 16);
    assert!(report.to_string().contains("chosen parameters"), "{report}");
}

#[test]
fn by_depth_it_is_partial_and_with_the_head_alone_feature_extraction() {
    for (left, method) in [(1, Method::FeatureExtraction), (2, Method::Partial { last_n_layers: 1 }), (5, Method::Full)]
    {
        let model = model();
        model.freeze_to(model.groups() - left).unwrap();
        let (chosen, named) = (fit(model, Method::Chosen), fit(self::model(), method.clone()));
        assert_eq!(values(chosen.model()), values(named.model()), "{method}");
    }
}

#[test]
fn lora_of_one_s_own_learns_beside_what_one_chooses() {
    let mut model = model();
    model.add_lora(&LoraConfig { rank: 2, ..LoraConfig::default() }, 1).unwrap();
    model.store().freeze("*").unwrap();
    model.store().unfreeze("encoder.layer.2.*.lora_*").unwrap();
    model.store().unfreeze("*LayerNorm*").unwrap();
    let before = values(&model);
    let report = fit(model, Method::Chosen);
    let moved = moved(&before, report.model());
    assert_eq!(moved.iter().filter(|name| name.contains(".lora_")).count(), 4);
    assert_eq!(moved.iter().filter(|name| name.contains("LayerNorm")).count(), 2 + 3 * 4);
    assert_eq!(moved.len(), 4 + 14);
}

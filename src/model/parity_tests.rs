//! Step for step the same as PyTorch: `tests/parity/record.py` records what it computes, these tests compare.
//!
//! Two tiny random models made by transformers are always at hand; `TUNEBOOK_MINILM` adds a real one (CI sets it).

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use serde_json::Value;

use super::{
    LoraConfig, ModelType, MultiLabelClassifier, Parameter, Pass, Pooling, Pretrained, TextClassifier, TextEncoder,
    TextRegressor, TokenBatch,
};
use crate::data::{MultiLabelDataset, TextRegressionDataset};
use crate::train::{
    Gradients, Method, Optimizer, OptimizerState, ParameterGroups, Targets, TextInputs, Trainable,
    weighted_cross_entropy,
};

const BATCH: usize = 4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity")
}

/// A model and what PyTorch says about it.
struct Case {
    name: &'static str,
    path: PathBuf,
    said: Value,
}

fn cases() -> Vec<Case> {
    let recorded: Value = serde_json::from_slice(&std::fs::read(folder().join("recorded.json")).unwrap()).unwrap();
    let case = |name, path| Case { name, path, said: recorded[name].clone() };
    let mut cases =
        ["tiny-bert", "tiny-distilbert"].map(|name| case(name, folder().join(name))).into_iter().collect::<Vec<_>>();
    match std::env::var_os("TUNEBOOK_MINILM") {
        Some(path) => cases.push(case("minilm", path.into())),
        None => eprintln!("skipped: TUNEBOOK_MINILM does not name a folder with all-MiniLM-L6-v2"),
    }
    cases
}

impl Case {
    fn source(&self) -> Pretrained {
        let max_length = self.said["max_length"].as_u64().unwrap() as usize;
        Pretrained::folder(&self.path).pooling(Pooling::Mean).max_length(max_length)
    }

    fn texts(&self) -> Vec<&str> {
        self.said["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
    }

    fn owned_texts(&self) -> Vec<String> {
        self.texts().into_iter().map(str::to_owned).collect()
    }

    /// A classifier with the script's first values in its head.
    fn classifier(&self) -> TextClassifier {
        let labels = vec!["storage".to_owned(), "access".to_owned()];
        let model = TextClassifier::from_pretrained(self.source(), labels).unwrap();
        start_as_recorded(&model, |name| name.starts_with("classifier."));
        model
    }

    /// The same on frozen weights, with the script's LoRA.
    fn with_lora(&self) -> TextClassifier {
        let said = &self.said["lora"];
        let targets = said["target_modules"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned());
        let config = LoraConfig {
            rank: said["rank"].as_u64().unwrap() as usize,
            alpha: said["alpha"].as_f64().unwrap(),
            target_modules: targets.collect(),
            ..LoraConfig::default()
        };
        let mut model = self.classifier();
        Method::Lora(config).apply(&mut model, 1).unwrap();
        start_as_recorded(&model, |name| name.contains(".lora_"));
        model
    }

    fn loss(&self, model: &TextClassifier, step: usize, class_weights: &[f64], smoothing: f64) -> Tensor {
        let texts = self.texts();
        let rows: Vec<usize> = (0..BATCH).map(|n| (step * BATCH + n) % texts.len()).collect();
        let chosen: Vec<&str> = rows.iter().map(|&row| texts[row]).collect();
        let labels: Vec<usize> = rows.iter().map(|&row| self.said["labels"][row].as_u64().unwrap() as usize).collect();
        let ids = model.encoder().tokenizer().encode(&chosen).unwrap();
        let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        let batch = TokenBatch::new(&ids, model.encoder().tokenizer().pad_id()).unwrap();
        let logits = model.logits(&batch, &Pass::gradients()).unwrap();
        weighted_cross_entropy(&logits, &labels, class_weights, smoothing).unwrap()
    }

    /// First gradients and losses of twenty steps of AdamW are those under `said`.
    fn compare(&self, what: &str, model: &TextClassifier, said: &Value, class_weights: &[f64], smoothing: f64) {
        let what = format!("{}, {what}", self.name);
        let parameters = model.store().trainable();
        let loss = |step| self.loss(model, step, class_weights, smoothing);
        let first = Gradients::of(&parameters, &loss(0)).unwrap();
        compare_gradients(&what, model.encoder().bert().config().model_type, &first, &said["gradients"]);
        let groups = ParameterGroups::new(parameters.clone(), 0.01);
        let mut optimizer = OptimizerState::new(Optimizer::default(), &groups).unwrap();
        let learning_rate = said.get("learning_rate").unwrap_or(&self.said["learning_rate"]).as_f64().unwrap();
        let (losses, norms) = (numbers(&said["losses"]), numbers(&said["gradient_norms"]));
        let mut worst = 0f64;
        for (step, (want, said_norm)) in losses.iter().zip(norms).enumerate() {
            let loss = loss(step);
            let got = f64::from(loss.to_scalar::<f32>().unwrap());
            let norm = optimizer.step(&Gradients::of(&parameters, &loss).unwrap(), learning_rate, Some(1.0)).unwrap();
            let relative = (got / want - 1.0).abs();
            assert!(relative < 1e-4, "{what}, step {step}: loss {got} against {want}");
            assert!((norm / said_norm - 1.0).abs() < 1e-3, "{what}, step {step}: {norm} against {said_norm}");
            worst = worst.max(relative);
        }
        assert_eq!(losses.len(), 20);
        eprintln!("{what}: 20 losses differ by {worst:.1e} at most");
    }
}

/// The script's first values: a formula over the places of each parameter.
fn start_as_recorded(model: &TextClassifier, choose: impl Fn(&str) -> bool) {
    for parameter in model.store().all().iter().filter(|p| choose(p.name())) {
        let start = (0..parameter.count()).map(|i| ((i as f64 * 37.0 % 101.0 - 50.0) / 1000.0) as f32).collect();
        let start = Tensor::from_vec(start, parameter.var().dims(), &Device::Cpu).unwrap();
        parameter.var().set(&start).unwrap();
    }
}

fn compare_gradients(what: &str, model_type: ModelType, gradients: &Gradients, said: &Value) {
    let said = said.as_object().unwrap();
    let mut worst = 0f64;
    let mut compared = 0;
    for parameter in gradients.parameters() {
        // Zero but for rounding: the softmax ignores what all scores of a row share.
        if parameter.name().ends_with("key.bias") {
            continue;
        }
        let name = recorded_name(model_type, parameter);
        let said = said.get(&name).unwrap_or_else(|| panic!("{what}: {name} was not recorded"));
        let want = numbers(&said["samples"]);
        let (norm, got) = norm_and_samples(&gradients.get(parameter.name()).unwrap().unwrap(), want.len());
        let said_norm = said["norm"].as_f64().unwrap();
        let differences = got.iter().zip(&want).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let relative = (norm / said_norm - 1.0).abs().max(differences / said_norm);
        assert!(relative < 1e-3, "{what}: {name} differs by {relative}");
        worst = worst.max(relative);
        compared += 1;
    }
    assert_eq!(compared, said.len(), "{what}");
    eprintln!("{what}: first gradients of {compared} parameters differ by {worst:.1e} at most");
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// The norm, and as many entries as were recorded, evenly spread from the first on.
fn norm_and_samples(tensor: &Tensor, count: usize) -> (f64, Vec<f64>) {
    let values: Vec<f64> = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect();
    let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
    let step = (values.len() / 24).max(1);
    (norm, values.into_iter().step_by(step).take(count).collect())
}

/// The name in PyTorch's model: DistilBERT's for DistilBERT, peft's for LoRA.
fn recorded_name(model_type: ModelType, parameter: &Parameter) -> String {
    let name = super::names::NameStyle(model_type).to_bare(parameter.name());
    if name.contains(".lora_") { format!("base_model.model.{name}") } else { name }
}

#[test]
fn token_ids_and_hidden_states_are_those_of_transformers() {
    for case in cases() {
        let encoder = TextEncoder::from_pretrained(case.source()).unwrap();
        let ids = encoder.tokenizer().encode(&case.texts()).unwrap();
        assert_eq!(serde_json::json!(ids), case.said["ids"], "{}", case.name);
        let mut worst = 0f64;
        for (ids, said) in ids.iter().zip(case.said["hidden"].as_array().unwrap()) {
            let hidden = encoder.bert().forward(&TokenBatch::new(&[ids], 0).unwrap(), &Pass::evaluation()).unwrap();
            let want = numbers(&said["samples"]);
            let (norm, got) = norm_and_samples(&hidden, want.len());
            assert_eq!(got.len(), want.len());
            worst = got.iter().zip(&want).fold(worst, |worst, (a, b)| worst.max((a - b).abs()));
            let said_norm = said["norm"].as_f64().unwrap();
            assert!((norm / said_norm - 1.0).abs() < 1e-6, "{}: norm {norm} against {said_norm}", case.name);
        }
        eprintln!("{}: last hidden state differs by {worst:.1e} at most", case.name);
        assert!(worst < 1e-5, "{}: {worst}", case.name);
    }
}

#[test]
fn first_gradients_and_twenty_steps_of_adamw_are_those_of_pytorch() {
    for case in cases() {
        case.compare("all parameters", &case.classifier(), &case.said, &[], 0.0);
    }
}

#[test]
fn class_weights_and_label_smoothing_are_those_of_pytorch() {
    // The loss knows nothing of the encoder: the tiny ones will do.
    for case in cases().iter().filter(|case| case.said.get("weighted").is_some()) {
        let said = &case.said["weighted"];
        let weights = numbers(&said["class_weights"]);
        let smoothing = said["label_smoothing"].as_f64().unwrap();
        case.compare("weighted and smoothed", &case.classifier(), said, &weights, smoothing);
    }
}

#[test]
fn lora_s_gradients_and_steps_are_those_of_peft() {
    for case in cases() {
        case.compare("LoRA", &case.with_lora(), &case.said["lora"], &[], 0.0);
    }
}

#[test]
fn classifiers_of_transformers_load_with_their_own_head() {
    for case in cases().iter().filter(|case| case.said.get("own_logits").is_some()) {
        let model = TextClassifier::from_finetuned(Pretrained::folder(&case.path)).unwrap();
        assert_eq!(
            (model.encoder().pooling(), model.labels()),
            (Pooling::Pooler, &["storage".into(), "access".into()][..])
        );
        let ids = model.encoder().tokenizer().encode(&case.texts()).unwrap();
        for (ids, want) in ids.iter().zip(case.said["own_logits"].as_array().unwrap()) {
            let batch = TokenBatch::new(&[ids], 0).unwrap();
            let got = model.logits(&batch, &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap().remove(0);
            for (got, want) in got.into_iter().zip(numbers(want)) {
                assert!((f64::from(got) - want).abs() < 1e-5, "{}: {got} against {want}", case.name);
            }
        }
    }
}

/// With `TUNEBOOK_PARITY_OUT` the folders stay there, with our logits, for `tests/parity/check_saved.py`.
#[test]
fn saved_classifiers_load_with_bit_equal_logits() {
    let temporary = tempfile::tempdir().unwrap();
    let out = std::env::var_os("TUNEBOOK_PARITY_OUT").map_or(temporary.path().to_path_buf(), PathBuf::from);
    for case in cases() {
        for pooling in [Pooling::Mean, Pooling::Cls, Pooling::Max, Pooling::Pooler] {
            let model = TextClassifier::from_pretrained(
                case.source().pooling(pooling).max_length(9),
                vec!["storage".to_owned(), "access".to_owned(), "other".to_owned()],
            )
            .unwrap();
            let folder = out.join(format!("{}-{pooling:?}", case.name));
            model.save(&folder).unwrap();
            let again = TextClassifier::load(&folder).unwrap();
            assert_eq!(again.encoder().pooling(), pooling);
            let ids = model.encoder().tokenizer().encode(&case.texts()).unwrap();
            assert_eq!(again.encoder().tokenizer().encode(&case.texts()).unwrap(), ids);
            let logits = |model: &TextClassifier| -> Vec<Vec<f32>> {
                let one = |ids: &Vec<u32>| {
                    let batch = TokenBatch::new(&[ids], 0).unwrap();
                    model.logits(&batch, &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap().remove(0)
                };
                ids.iter().map(one).collect()
            };
            let said = logits(&model);
            assert_eq!(said, logits(&again), "{} {pooling:?}", case.name);
            let said = serde_json::json!({"texts": case.texts(), "ids": ids, "logits": said});
            std::fs::write(folder.join("said.json"), said.to_string()).unwrap();
        }
    }
}

/// With `TUNEBOOK_PARITY_OUT` the folders stay there, with our vectors, for `tests/parity/check_saved.py`.
#[test]
fn saved_encoders_load_with_bit_equal_vectors() {
    let temporary = tempfile::tempdir().unwrap();
    let out = std::env::var_os("TUNEBOOK_PARITY_OUT").map_or(temporary.path().to_path_buf(), PathBuf::from);
    for case in cases() {
        for pooling in [Pooling::Mean, Pooling::Cls, Pooling::Max, Pooling::Pooler] {
            let source = case.source().pooling(pooling).max_length(9);
            let labels = vec!["storage".to_owned(), "access".to_owned()];
            // Below a head, as after a training: the head must not come along.
            let model = TextClassifier::from_pretrained(source, labels).unwrap();
            let folder = out.join(format!("{}-encoder-{pooling:?}", case.name));
            model.encoder().save(&folder).unwrap();
            let again = TextEncoder::from_pretrained(Pretrained::folder(&folder)).unwrap();
            assert_eq!(again.pooling(), pooling);
            assert!(again.load_report().unused.is_empty(), "{}", again.load_report());
            let texts = case.texts();
            let vectors = |encoder: &TextEncoder| encoder.embed(&texts).unwrap().to_vec2::<f32>().unwrap();
            let said = vectors(model.encoder());
            assert_eq!(said, vectors(&again), "{} {pooling:?}", case.name);
            let ids = model.encoder().tokenizer().encode(&texts).unwrap();
            assert_eq!(again.tokenizer().encode(&texts).unwrap(), ids);
            let said = serde_json::json!({"texts": texts, "ids": ids, "vectors": said});
            std::fs::write(folder.join("said.json"), said.to_string()).unwrap();
        }
    }
}

/// With `TUNEBOOK_PARITY_OUT` the folders stay there, with our logits and losses, for `tests/parity/check_saved.py`.
#[test]
fn saved_models_of_other_tasks_load_with_bit_equal_logits() {
    let temporary = tempfile::tempdir().unwrap();
    let out = std::env::var_os("TUNEBOOK_PARITY_OUT").map_or(temporary.path().to_path_buf(), PathBuf::from);
    for case in cases().iter().filter(|case| case.name != "minilm") {
        for pooling in [Pooling::Mean, Pooling::Pooler] {
            let source = || case.source().pooling(pooling).max_length(9);
            let texts = case.texts();
            let folder = |task: &str| out.join(format!("{}-{task}-{pooling:?}", case.name));
            let names = ["storage", "access", "other"].map(str::to_owned).to_vec();

            let model = MultiLabelClassifier::from_pretrained(source(), names.clone()).unwrap();
            model.save(folder("labels")).unwrap();
            let again = MultiLabelClassifier::load(folder("labels")).unwrap();
            let rows = (0..texts.len()).map(|n| vec![n % 2 == 0, n % 3 == 0, n % 5 == 0]).collect();
            let data = MultiLabelDataset::new("texts", case.owned_texts(), rows, names).unwrap();
            say(&folder("labels"), &texts, &model, &again, &data);

            let model = TextRegressor::from_pretrained(source()).unwrap();
            model.save(folder("number")).unwrap();
            let again = TextRegressor::load(folder("number")).unwrap();
            let targets = (0..texts.len()).map(|n| n as f32 / 4.0 - 1.0).collect();
            let data = TextRegressionDataset::new("texts", case.owned_texts(), targets).unwrap();
            say(&folder("number"), &texts, &model, &again, &data);
        }
    }
}

/// Compares a model with the one that came back from the folder, and notes there what it says.
fn say<M: Trainable<Inputs = TextInputs>>(folder: &Path, texts: &[&str], model: &M, again: &M, data: &M::Data) {
    let examples = model.prepare(data).unwrap();
    let TextInputs::Tokens(ids) = &examples.inputs else { panic!("tokens") };
    let one = |model: &M, row| model.outputs(&examples.inputs, &[row], &Pass::evaluation()).unwrap().to_vec2::<f32>();
    let logits =
        |model: &M| -> Vec<Vec<f32>> { (0..ids.len()).map(|row| one(model, row).unwrap().remove(0)).collect() };
    let outputs = logits(model);
    assert_eq!(logits(again), outputs, "{}", folder.display());
    let (loss, _) = examples.targets.measure(&outputs);
    let targets = match &examples.targets {
        Targets::Labels(rows) => serde_json::json!(rows),
        Targets::Values(values) => serde_json::json!(values),
        Targets::Classes(classes) => serde_json::json!(classes),
    };
    let said = serde_json::json!({"texts": texts, "ids": ids, "logits": outputs, "targets": targets, "loss": loss});
    std::fs::write(folder.join("said.json"), said.to_string()).unwrap();
}

//! Step for step the same as torchvision's ResNet-18: `tests/parity/record_resnet.py` records what that computes. And
//! folders of timm and torchvision, both ways: `tests/parity/images.py`.

use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use serde_json::Value;

use super::{ImageClassifier, ResNet, ResNetConfig, SmallCnn, SmallCnnConfig};
use crate::data::Normalization;
use crate::model::{ParameterStore, Pass};
use crate::train::{Gradients, Optimizer, OptimizerState, ParameterGroups, cross_entropy};

const BATCH: usize = 8;
const SAMPLES: usize = 12;
/// The tensor number of the images.
const PIXELS: u64 = 1000;

/// The script's numbers from 0 to below 1.
fn uniform(tensor: u64, count: usize) -> Vec<f64> {
    let one = |place: u64| {
        let h = ((tensor << 32) + place).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((h ^ (h >> 31)) >> 40) as f64 / f64::from(1u32 << 24)
    };
    (0..count as u64).map(one).collect()
}

fn images(shape: [usize; 4]) -> Tensor {
    let values: Vec<f32> =
        uniform(PIXELS, shape.iter().product()).into_iter().map(|u| (u * 2.0 - 1.0) as f32).collect();
    Tensor::from_vec(values, &shape, &Device::Cpu).unwrap()
}

/// The script's first values.
fn start(number: usize, name: &str, shape: &[usize]) -> Tensor {
    let bound = match *shape {
        [outputs, _, height, width] => (6.0 / (outputs * height * width) as f64).sqrt(),
        [_, inputs] => (6.0 / inputs as f64).sqrt(),
        _ => 0.0,
    };
    let value = |u: f64| match shape.len() {
        1 if name.ends_with("running_mean") || name.ends_with("bias") => (u - 0.5) * 0.2,
        1 => 0.75 + 0.5 * u,
        _ => (2.0 * u - 1.0) * bound,
    };
    let values: Vec<f32> =
        uniform(number as u64, shape.iter().product()).into_iter().map(|u| value(u) as f32).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// Tensors are numbered in the order of all names, counters included.
fn start_as_recorded(store: &ParameterStore) {
    let mut all: Vec<(String, Tensor)> =
        store.all().iter().map(|p| (p.name().to_owned(), p.var().as_detached_tensor())).collect();
    all.extend(store.buffers().iter().map(|b| (b.name().to_owned(), b.tensor())));
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let floats = all.iter().enumerate().filter(|(_, (_, tensor))| tensor.dtype() == DType::F32);
    let values = floats.map(|(number, (name, tensor))| (name.clone(), start(number, name, tensor.dims()))).collect();
    store.restore(&values).unwrap();
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

/// The numbers of a tensor that the script writes down.
fn some(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
    flat.iter().copied().step_by((flat.len() / SAMPLES).max(1)).take(SAMPLES).collect()
}

/// The largest difference, relative to the largest number wanted.
fn difference(got: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(got.len(), wanted.len());
    let scale = wanted.iter().fold(1e-12f64, |most, v| most.max(v.abs()));
    got.iter().zip(wanted).fold(0f64, |most, (a, b)| most.max((a - b).abs())) / scale
}

fn compare_logits(what: &str, got: &Tensor, said: &Value, tolerance: f64) {
    for (got, said) in got.to_vec2::<f32>().unwrap().iter().zip(said.as_array().unwrap()) {
        for (got, said) in got.iter().zip(numbers(said)) {
            assert!((f64::from(*got) - said).abs() < tolerance, "{what}: {got} against {said}");
        }
    }
}

#[test]
fn twenty_steps_of_resnet18_are_torchvision_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/recorded_resnet.json");
    let said: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let model = ResNet::new(ResNetConfig::resnet18(5), 0).unwrap();
    start_as_recorded(model.store());
    let labels: Vec<usize> = numbers(&said["labels"]).into_iter().map(|label| label as usize).collect();
    let images = images([labels.len(), 3, 48, 48]);
    let batch = |step: usize| {
        let rows: Vec<u32> = (0..BATCH).map(|n| ((step * BATCH + n) % labels.len()) as u32).collect();
        let ids = Tensor::new(rows.as_slice(), &Device::Cpu).unwrap();
        (images.index_select(&ids, 0).unwrap(), rows.iter().map(|&row| labels[row as usize]).collect::<Vec<_>>())
    };
    let evaluated = || model.forward(&batch(0).0, &Pass::evaluation()).unwrap();
    compare_logits("evaluation", &evaluated(), &said["evaluation_logits"], 1e-4);

    let parameters = model.store().trainable();
    let mut optimizer =
        OptimizerState::new(Optimizer::default(), &ParameterGroups::new(parameters.clone(), 0.01)).unwrap();
    let (losses, norms) = (numbers(&said["losses"]), numbers(&said["gradient_norms"]));
    assert_eq!(losses.len(), 20);
    let (mut worst_loss, mut worst_gradient) = (0f64, 0f64);
    for (step, (wanted, wanted_norm)) in losses.iter().zip(norms).enumerate() {
        let (images, labels) = batch(step);
        let logits = model.forward(&images, &Pass::training(step as u64)).unwrap();
        let loss = cross_entropy(&logits, &labels, 0.0).unwrap();
        let gradients = Gradients::of(&parameters, &loss).unwrap();
        if step == 0 {
            compare_logits("training", &logits, &said["training_logits"], 1e-4);
            assert_eq!(said["gradients"].as_object().unwrap().len(), gradients.parameters().len());
            for parameter in gradients.parameters() {
                let gradient = gradients.get(parameter.name()).unwrap().unwrap();
                let said = &said["gradients"][parameter.name()];
                let norm = gradient.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap().sqrt();
                let off = difference(&some(&gradient), &numbers(&said["values"]));
                let off = off.max((f64::from(norm) / said["norm"].as_f64().unwrap() - 1.0).abs());
                assert!(off < 1e-3, "gradient of {}: {off}", parameter.name());
                worst_gradient = worst_gradient.max(off);
            }
        }
        let got = f64::from(loss.to_scalar::<f32>().unwrap());
        let rate = said["learning_rate"].as_f64().unwrap();
        let norm = optimizer.step(&gradients, rate, Some(1.0)).unwrap();
        let relative = (got / wanted - 1.0).abs();
        assert!(relative < 1e-4, "step {step}: loss {got} against {wanted}");
        assert!((norm / wanted_norm - 1.0).abs() < 1e-3, "step {step}: norm {norm} against {wanted_norm}");
        worst_loss = worst_loss.max(relative);
    }
    let buffers = model.store().buffers();
    assert_eq!(said["buffers"].as_object().unwrap().len(), buffers.len());
    for buffer in buffers {
        let off = difference(&some(&buffer.tensor()), &numbers(&said["buffers"][buffer.name()]));
        assert!(off < 1e-3, "{}: {off}", buffer.name());
    }
    compare_logits("after 20 steps", &evaluated(), &said["trained_logits"], 1e-3);
    eprintln!("gradients differ by {worst_gradient:.1e} at most, losses by {worst_loss:.1e}");
}

fn logits(model: &ImageClassifier) -> Vec<Vec<f32>> {
    let images = images([2, model.network().channels(), 40, 40]);
    model.logits(&images, &Pass::evaluation()).unwrap().to_vec2().unwrap()
}

/// With `TUNEBOOK_PARITY_OUT` the folders stay there for `tests/parity/images.py check`, and those that its `make` put
/// there are read.
#[test]
fn folders_of_timm_and_torchvision_are_read_and_written() {
    let temporary = tempfile::tempdir().unwrap();
    let out = std::env::var_os("TUNEBOOK_PARITY_OUT").map_or(temporary.path().to_path_buf(), PathBuf::from);
    let mut models = Vec::new();
    for name in ["timm-colour", "timm-grey", "torchvision"] {
        let folder = out.join(name);
        if !folder.exists() {
            eprintln!("skipped: {name} is not in TUNEBOOK_PARITY_OUT");
            continue;
        }
        let model = ImageClassifier::load(&folder).unwrap();
        assert!(model.load_report().unused.is_empty() && model.load_report().new.is_empty(), "{}", model.load_report());
        let said: Value = serde_json::from_slice(&std::fs::read(folder.join("said.json")).unwrap()).unwrap();
        for (got, said) in logits(&model).iter().zip(said["logits"].as_array().unwrap()) {
            let got: Vec<f64> = got.iter().map(|v| f64::from(*v)).collect();
            assert!(difference(&got, &numbers(said)) < 1e-4, "{name}: {got:?} against {said}");
        }
        models.push((name.to_owned(), model));
    }
    let labels = || ["a", "b", "c"].map(str::to_owned).to_vec();
    let grey = Normalization { mean: vec![0.5], std: vec![0.25] };
    let resnet = ResNet::new(ResNetConfig::resnet18(3), 2).unwrap();
    let small = SmallCnn::new(SmallCnnConfig { widths: vec![8, 12, 16], ..SmallCnnConfig::new(1, 3) }, 2).unwrap();
    models.push((
        "resnet18".to_owned(),
        ImageClassifier::with_network(resnet, labels(), Normalization::imagenet()).unwrap(),
    ));
    models.push(("small".to_owned(), ImageClassifier::with_network(small, labels(), grey).unwrap()));
    for (name, model) in models {
        // Statistics and counters of its own.
        for step in 0..2 {
            let images = images([8, model.network().channels(), 40, 40]);
            model.logits(&images, &Pass::training(step)).unwrap();
        }
        let folder = out.join(format!("saved-{name}"));
        model.save(&folder).unwrap();
        let said = logits(&model);
        assert_eq!(logits(&ImageClassifier::load(&folder).unwrap()), said, "{name}");
        std::fs::write(folder.join("said.json"), serde_json::json!({"logits": said}).to_string()).unwrap();
    }
}

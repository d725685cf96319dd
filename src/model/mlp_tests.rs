//! The multilayer perceptron against PyTorch, and on a task that a linear model cannot learn.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use candle_nn::Optimizer as _;
use serde::Deserialize;

use super::{Activation, Mlp, MlpConfig, Pass};
use crate::ops::verify::assert_close;
use crate::train::{Gradients, LossOptions, Optimizer, OptimizerState, ParameterGroups, Targets};

/// One network as `tests/data/mlp/make_golden.py` recorded it.
#[derive(Deserialize)]
struct Case {
    name: String,
    config: MlpConfig,
    weights: BTreeMap<String, Vec<f32>>,
    rows: Vec<Vec<f32>>,
    labels: Vec<u32>,
    logits: Vec<Vec<f32>>,
    gradients: BTreeMap<String, Vec<f32>>,
}

fn tensor(rows: &[Vec<f32>]) -> Tensor {
    Tensor::new(rows.to_vec(), &Device::Cpu).unwrap()
}

#[test]
fn logits_and_gradients_are_pytorch_s() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/data/mlp/pytorch.json")).unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let model = Mlp::new(case.config, 0).unwrap();
        assert!(model.store().all().iter().all(|p| case.weights.contains_key(p.name())), "{}", case.name);
        for (name, values) in case.weights {
            let parameter = model.store().get(&name).unwrap();
            parameter.var().set(&Tensor::from_vec(values, parameter.var().dims(), &Device::Cpu).unwrap()).unwrap();
        }
        let logits = model.forward(&tensor(&case.rows), &Pass::gradients()).unwrap();
        assert_close(&case.name, &logits, &tensor(&case.logits), 1e-5);
        let labels = Tensor::new(case.labels, &Device::Cpu).unwrap();
        let grads = candle_nn::loss::cross_entropy(&logits, &labels).unwrap().backward().unwrap();
        for (name, expected) in case.gradients {
            let parameter = model.store().get(&name).unwrap();
            let gradient = grads.get(parameter.var()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let scale = expected.iter().fold(0f32, |most, v| most.max(v.abs()));
            for (own, torch) in gradient.iter().zip(&expected) {
                assert!((own - torch).abs() <= 1e-3 * scale, "{} {name}: {own} against {torch}", case.name);
            }
        }
    }
}

#[test]
fn exclusive_or_is_learned_and_a_rerun_is_the_same() {
    let rows = tensor(&[vec![0., 0.], vec![0., 1.], vec![1., 0.], vec![1., 1.]]);
    let labels = Tensor::new(&[0u32, 1, 1, 0], &Device::Cpu).unwrap();
    let learn = |hidden: Vec<usize>| {
        let model = Mlp::new(MlpConfig { hidden, ..MlpConfig::new(2, 2) }, 1).unwrap();
        let vars = model.store().all().iter().map(|p| p.var().clone()).collect();
        let mut sgd = candle_nn::SGD::new(vars, 0.3).unwrap();
        for step in 0..200 {
            let logits = model.forward(&rows, &Pass::training(step)).unwrap();
            sgd.backward_step(&candle_nn::loss::cross_entropy(&logits, &labels).unwrap()).unwrap();
        }
        let logits = model.forward(&rows, &Pass::evaluation()).unwrap();
        (logits.argmax(1).unwrap().to_vec1::<u32>().unwrap(), logits.to_vec2::<f32>().unwrap())
    };
    let (guess, logits) = learn(vec![16]);
    assert_eq!(guess, [0, 1, 1, 0]);
    assert_eq!(logits, learn(vec![16]).1);
    assert_ne!(learn(vec![]).0, [0, 1, 1, 0], "no line parts these four points");
}

#[test]
fn dropout_is_on_only_in_training() {
    let model = Mlp::new(MlpConfig { dropout: 0.5, ..MlpConfig::new(3, 2) }, 1).unwrap();
    let rows = tensor(&[vec![1., 2., 3.]]);
    let run = |pass: &Pass| model.forward(&rows, pass).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(run(&Pass::evaluation()), run(&Pass::gradients()));
    assert_eq!(run(&Pass::training(1)), run(&Pass::training(1)));
    assert_ne!(run(&Pass::training(1)), run(&Pass::training(2)));
}

#[test]
fn a_saved_network_comes_back_and_a_broken_folder_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let config = MlpConfig {
        hidden: vec![5, 4],
        layer_norm: true,
        activation: Activation::Gelu,
        dropout: 0.25,
        ..MlpConfig::new(3, 2)
    };
    let model = Mlp::new(config.clone(), 7).unwrap();
    model.save(&folder).unwrap();
    let back = Mlp::load(&folder).unwrap();
    assert_eq!(back.config(), &config);
    assert_eq!(Some(back.store().count()), config.parameters());
    let rows = tensor(&[vec![1., -2., 0.5]]);
    let run = |model: &Mlp| model.forward(&rows, &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(run(&model), run(&back));

    let path = folder.path().join("config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let error = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        Mlp::load(&folder).unwrap_err().to_string()
    };
    assert!(error("\"inputs\": 3", "\"inputs\": 4").contains("belong together"));
    assert!(error("\"inputs\": 3", "\"inputs\": 9000000000000000000").contains("narrower"));
    assert!(error("\"mlp\"", "\"bert\"").contains("not \"mlp\""));
    assert!(error("gelu", "tanh").contains("config.json"));
}

#[test]
fn shapes_that_cannot_be_are_refused() {
    let error = |config| Mlp::new(config, 0).unwrap_err().to_string();
    assert!(error(MlpConfig::new(0, 2)).contains("0 inputs"));
    assert!(error(MlpConfig { hidden: vec![4, 0], ..MlpConfig::new(2, 2) }).contains("[4, 0]"));
    for dropout in [1.0, -0.1, f64::NAN] {
        assert!(error(MlpConfig { dropout, ..MlpConfig::new(2, 2) }).contains("dropout"));
    }
    let model = Mlp::new(MlpConfig::new(2, 2), 0).unwrap();
    let message = model.forward(&tensor(&[vec![1., 2., 3.]]), &Pass::evaluation()).unwrap_err().to_string();
    assert!(message.contains("[1, 3]") && message.contains("(rows, 2)"), "{message}");
}

/// Twenty steps as `tests/parity/record_mlp.py` recorded them.
#[derive(Deserialize)]
struct Steps {
    outputs: usize,
    start: BTreeMap<String, Vec<f32>>,
    rows: Vec<Vec<f32>>,
    targets: Vec<f32>,
    class_weights: Vec<f64>,
    label_smoothing: f64,
    learning_rate: f64,
    losses: Vec<f64>,
    gradient_norms: Vec<f64>,
}

#[test]
fn twenty_steps_of_adamw_on_numbers_and_on_weighted_classes_have_the_losses_of_pytorch() {
    let cases: BTreeMap<String, Steps> =
        serde_json::from_str(include_str!("../../tests/parity/recorded_mlp.json")).unwrap();
    assert_eq!(cases.len(), 2);
    for (name, case) in cases {
        let config = MlpConfig {
            hidden: vec![8],
            activation: Activation::Gelu,
            layer_norm: true,
            ..MlpConfig::new(6, case.outputs)
        };
        let model = Mlp::new(config, 0).unwrap();
        let parameters = model.store().all();
        assert_eq!(parameters.len(), case.start.len());
        for parameter in &parameters {
            let start = case.start[parameter.name()].clone();
            parameter.var().set(&Tensor::from_vec(start, parameter.var().dims(), &Device::Cpu).unwrap()).unwrap();
        }
        let targets = if case.outputs == 1 {
            Targets::Values(case.targets)
        } else {
            Targets::Classes(case.targets.iter().map(|class| *class as usize).collect())
        };
        let options = LossOptions { label_smoothing: case.label_smoothing, class_weights: case.class_weights };
        let groups = ParameterGroups::new(parameters.clone(), 0.01);
        let mut optimizer = OptimizerState::new(Optimizer::default(), &groups).unwrap();
        assert_eq!(case.losses.len(), 20);
        for (step, (want, said_norm)) in case.losses.iter().zip(case.gradient_norms).enumerate() {
            let batch: Vec<usize> = (0..4).map(|place| (step * 4 + place) % case.rows.len()).collect();
            let rows: Vec<Vec<f32>> = batch.iter().map(|&row| case.rows[row].clone()).collect();
            let outputs = model.forward(&tensor(&rows), &Pass::gradients()).unwrap();
            let loss = targets.loss(&outputs, &batch, None, &options, targets.weight(&batch, &options)).unwrap();
            let got = f64::from(loss.to_scalar::<f32>().unwrap());
            let gradients = Gradients::of(&parameters, &loss).unwrap();
            let norm = optimizer.step(&gradients, case.learning_rate, Some(1.0)).unwrap();
            assert!((got / want - 1.0).abs() < 1e-4, "{name}, step {step}: loss {got} against {want}");
            assert!((norm / said_norm - 1.0).abs() < 1e-3, "{name}, step {step}: norm {norm} against {said_norm}");
        }
    }
}

//! Both rules against their textbook formulas in double precision, and their two forms against each other.

use candle_core::{Device, Tensor};

use super::adamw::AdamWStep;
use super::in_place::InPlace;
use super::sgd::SgdStep;
use super::{Optimizer, OptimizerState, ParameterGroups};
use crate::model::{Init, Parameter, ParameterStore, StoreBuilder};
use crate::ops::embedding;
use crate::ops::verify::without_kernels;
use crate::train::Gradients;

const ADAMW: Optimizer = Optimizer::AdamW { beta1: 0.9, beta2: 0.99, eps: 1e-8 };
const NESTEROV: Optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: true };

/// A weight and a bias of 50 numbers each.
fn store() -> ParameterStore {
    let mut builder = StoreBuilder::random(3);
    builder.parameter("layer.weight", &[50], Init::Normal(1.0)).unwrap();
    builder.parameter_without_decay("layer.bias", &[50], Init::Normal(1.0)).unwrap();
    builder.finish().unwrap().0
}

fn numbers(parameter: &Parameter) -> Vec<f64> {
    parameter.var().to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect()
}

/// Loss w^2 + b^2: gradients 2w and 2b.
fn gradients(store: &ParameterStore) -> Gradients {
    let squares: Vec<Tensor> = store.all().iter().map(|p| p.var().sqr().unwrap()).collect();
    Gradients::of(&store.all(), &(&squares[0] + &squares[1]).unwrap().sum_all().unwrap()).unwrap()
}

/// Thirty steps of the rule against `textbook(p, g, memory, step, decay)`, the new p; in place, and with candle's
/// operations.
fn follows(rule: Optimizer, textbook: impl Fn(f64, f64, &mut [f64; 2], i32, f64) -> f64) {
    follows_here(rule, &textbook);
    without_kernels(|| follows_here(rule, &textbook));
}

fn follows_here(rule: Optimizer, textbook: &impl Fn(f64, f64, &mut [f64; 2], i32, f64) -> f64) {
    let (decay, rate) = (0.1, 0.05);
    let store = store();
    let mut expected: Vec<Vec<f64>> = store.all().iter().map(numbers).collect();
    let mut memory = vec![vec![[0.0; 2]; 50]; 2];
    let mut optimizer = OptimizerState::new(rule, &ParameterGroups::new(store.all(), decay)).unwrap();
    for t in 1..=30 {
        optimizer.step(&gradients(&store), rate, None).unwrap();
        for (k, decay) in [(0, 0.0), (1, decay)] {
            for (p, memory) in expected[k].iter_mut().zip(&mut memory[k]) {
                *p = textbook(*p, 2.0 * *p, memory, t, rate * decay);
            }
        }
    }
    for (parameter, expected) in store.all().iter().zip(&expected) {
        for (got, want) in numbers(parameter).iter().zip(expected) {
            assert!((got - want).abs() < 1e-5, "{rule:?}, {}: {got} against {want}", parameter.name());
        }
    }
}

#[test]
fn adamw_follows_the_textbook() {
    follows(ADAMW, |p, g, [m, v], t, decay| {
        *m = 0.9 * *m + 0.1 * g;
        *v = 0.99 * *v + 0.01 * g * g;
        let (mean, square) = (*m / (1.0 - 0.9f64.powi(t)), *v / (1.0 - 0.99f64.powi(t)));
        p - decay * p - 0.05 * mean / (square.sqrt() + 1e-8)
    });
}

#[test]
fn sgd_follows_the_textbook() {
    for nesterov in [false, true] {
        follows(Optimizer::Sgd { momentum: 0.9, nesterov }, |p, g, [m, _], _, decay| {
            *m = 0.9 * *m + g;
            p - decay * p - 0.05 * if nesterov { g + 0.9 * *m } else { *m }
        });
    }
}

#[test]
fn the_pass_in_place_agrees_with_candle_s_operations() {
    let random = |seed| crate::ops::verify::random_var(&[40_000], 1.0, seed).to_vec1::<f32>().unwrap();
    let tensor = |v: &[f32]| Tensor::new(v, &Device::Cpu).unwrap();
    let (p, g, m) = (random(1), random(2), random(3));
    let v: Vec<f32> = random(4).iter().map(|v| v.abs()).collect();
    let close = |what: &str, left: &[f32], right: &Tensor| {
        crate::ops::verify::assert_close(what, &tensor(left), right, 1e-6);
    };

    let adam =
        AdamWStep { beta1: 0.9, beta2: 0.999, eps: 1e-8, rate: 0.01, weight_decay: 0.1, grad_scale: 0.5, step: 3 };
    let (mut p1, mut m1, mut v1) = (p.clone(), m.clone(), v.clone());
    adam.apply(&mut p1, &g, &mut m1, &mut v1);
    let (p2, m2, v2) = adam.composed(&tensor(&p), &tensor(&g), &tensor(&m), &tensor(&v)).unwrap();
    close("adamw p", &p1, &p2);
    close("adamw m", &m1, &m2);
    close("adamw v", &v1, &v2);

    for nesterov in [false, true] {
        let sgd = SgdStep { momentum: 0.9, nesterov, rate: 0.01, weight_decay: 0.1, grad_scale: 0.5 };
        let (mut p1, mut m1) = (p.clone(), m.clone());
        sgd.apply(&mut p1, &g, &mut m1, &mut []);
        let (p2, m2) = sgd.composed(&tensor(&p), &tensor(&g), &tensor(&m)).unwrap();
        close("sgd p", &p1, &p2);
        close("sgd m", &m1, &m2);
    }
}

/// A table whose rows join one by one: by rows and as a whole, from the start and from a checkpoint.
#[test]
fn a_table_s_step_by_rows_is_the_whole_table_s_to_the_last_bit() {
    for rule in [ADAMW, NESTEROV, Optimizer::SGD] {
        let run = |by_rows: bool, interrupted: bool| {
            let mut builder = StoreBuilder::random(3);
            let table = builder.parameter("table", &[3000, 7], Init::Normal(1.0)).unwrap();
            let (store, _) = builder.finish().unwrap();
            let make = || OptimizerState::new(rule, &ParameterGroups::new(store.all(), 0.1)).unwrap();
            let mut optimizer = make();
            for step in 0..8u32 {
                let ids: Vec<u32> = (0..50).map(|n| (n * n * 31 + step * 211) % 3000).collect();
                let rows = embedding(table.var(), &Tensor::new(ids, &Device::Cpu).unwrap()).unwrap();
                // Now and then the whole table has a gradient.
                let all = (table.var().sqr().unwrap().sum_all().unwrap() * f64::from(step / 6)).unwrap();
                let loss =
                    (rows.sqr().unwrap().sum_all().unwrap() + if step == 6 { all } else { all.detach() }).unwrap();
                let gradients = if by_rows {
                    Gradients::of(&store.all(), &loss).unwrap()
                } else {
                    Gradients::take(&store.all(), loss.backward().unwrap())
                };
                if interrupted && step == 4 {
                    let kept = optimizer.to_tensors().unwrap().into_iter().collect();
                    optimizer = make();
                    optimizer.restore(&kept, "a checkpoint").unwrap();
                }
                optimizer.step(&gradients, 0.01, Some(1.0)).unwrap();
            }
            let values = table.var().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            values.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let whole = run(false, false);
        assert!(run(true, false) == whole, "{rule:?}");
        assert!(run(true, true) == whole, "{rule:?}, from a checkpoint");
    }
}

#[test]
fn the_norm_is_clipped_for_all_parameters_together() {
    let mut builder = StoreBuilder::random(0);
    let a = builder.parameter("a", &[1], Init::Ones).unwrap();
    let b = builder.parameter("b", &[1], Init::Ones).unwrap();
    let rule = Optimizer::Sgd { momentum: 0.0, nesterov: false };
    let groups = ParameterGroups::new(vec![a.clone(), b.clone()], 0.0);
    let mut optimizer = OptimizerState::new(rule, &groups).unwrap();
    let loss = ((a.var().as_tensor() * 3.0).unwrap() + (b.var().as_tensor() * 4.0).unwrap()).unwrap();
    let gradients = Gradients::of(&[a.clone(), b.clone()], &loss.sum_all().unwrap()).unwrap();
    let norm = optimizer.step(&gradients, 1.0, Some(1.0)).unwrap();
    assert!((norm - 5.0).abs() < 1e-6);
    // Gradients of 3 and 4 become 0.6 and 0.8.
    assert!((numbers(&a)[0] - 0.4).abs() < 1e-5 && (numbers(&b)[0] - 0.2).abs() < 1e-5);
}

#[test]
fn a_group_has_its_own_rate_and_a_late_parameter_its_own_clock() {
    let store = store();
    let groups =
        ParameterGroups::new(store.all(), 0.0).with_rate_factors(|n| if n.ends_with("bias") { 0.1 } else { 1.0 });
    let mut optimizer = OptimizerState::new(ADAMW, &groups).unwrap();
    let bias = store.get("layer.bias").unwrap();
    bias.set_trainable(false);
    let before = numbers(&bias);
    let only_weight = |store: &ParameterStore| {
        let loss = store.get("layer.weight").unwrap().var().sqr().unwrap().sum_all().unwrap();
        Gradients::of(&store.all(), &loss).unwrap()
    };
    for _ in 0..5 {
        optimizer.step(&only_weight(&store), 0.01, None).unwrap();
    }
    assert_eq!(numbers(&bias), before);
    bias.set_trainable(true);
    optimizer.step(&gradients(&store), 0.01, None).unwrap();
    // Its first step of Adam is its own learning rate, whatever happened before.
    for (after, before) in numbers(&bias).iter().zip(&before) {
        assert!(((after - before).abs() - 0.001).abs() < 1e-6);
    }
}

#[test]
fn what_is_remembered_goes_through_tensors_bit_by_bit() {
    for rule in [ADAMW, NESTEROV] {
        let run = |interrupted: bool| {
            let store = store();
            let make = || OptimizerState::new(rule, &ParameterGroups::new(store.all(), 0.1)).unwrap();
            let mut optimizer = make();
            for step in 0..6 {
                if interrupted && step == 3 {
                    let kept = optimizer.to_tensors().unwrap().into_iter().collect();
                    optimizer = make();
                    optimizer.restore(&kept, "a checkpoint").unwrap();
                }
                optimizer.step(&gradients(&store), 0.01, Some(1.0)).unwrap();
            }
            store.all().iter().map(numbers).collect::<Vec<_>>()
        };
        assert_eq!(run(true), run(false));
        without_kernels(|| assert_eq!(run(true), run(false)));
    }
    let store = store();
    let make = |rule| OptimizerState::new(rule, &ParameterGroups::new(store.all(), 0.1)).unwrap();
    let mut sgd = make(NESTEROV);
    sgd.step(&gradients(&store), 0.01, None).unwrap();
    let kept = sgd.to_tensors().unwrap().into_iter().collect();
    assert!(make(ADAMW).restore(&kept, "a checkpoint").unwrap_err().to_string().contains("a checkpoint"));
}

#[test]
fn numbers_out_of_range_are_named() {
    let error = |rule: Optimizer| rule.check().unwrap_err().to_string();
    assert!(error(Optimizer::AdamW { beta1: 1.0, beta2: 0.9, eps: 1e-8 }).contains("beta1"));
    assert!(error(Optimizer::AdamW { beta1: 0.9, beta2: f64::NAN, eps: 1e-8 }).contains("beta2"));
    assert!(error(Optimizer::AdamW { beta1: 0.9, beta2: 0.9, eps: 0.0 }).contains("eps"));
    assert!(error(Optimizer::Sgd { momentum: -0.1, nesterov: false }).contains("momentum"));
}

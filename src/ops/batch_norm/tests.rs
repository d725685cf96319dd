use super::{batch_norm, batch_norm_relu, batch_norm_relu_train, batch_norm_train, centre, composed, normalise};
use crate::Result;
use crate::ops::relu;
use crate::ops::verify::{
    assert_close, assert_gradients, assert_gradients_within, assert_same_gradients, random_var, without_kernels,
};
use candle_core::{Tensor, Var};

#[test]
fn training_matches_finite_differences_and_the_composed_form() {
    let x = random_var(&[4, 3, 5, 3], 1.5, 1);
    let (weight, bias) = (random_var(&[3], 1.0, 2), random_var(&[3], 1.0, 3));
    let own = || Ok(batch_norm_train(&x, &weight, &bias, 1e-5)?.0);
    assert_gradients("batch_norm", &[&x, &weight, &bias], own);
    let other = || Ok(composed(&x, &weight, &bias, 1e-5)?.0);
    assert_same_gradients("batch_norm", &[&x, &weight, &bias], own, other, 1e-5);
}

#[test]
fn evaluation_matches_finite_differences_and_the_composed_form() {
    let x = random_var(&[4, 3, 5, 3], 1.5, 1);
    let (weight, bias) = (random_var(&[3], 1.0, 2), random_var(&[3], 1.0, 3));
    let (mean, variance) = (random_var(&[3], 1.0, 4), (random_var(&[3], 0.5, 5).as_detached_tensor() + 1.0).unwrap());
    let own = || batch_norm(&x, &mean, &variance, &weight, &bias, 1e-5);
    assert_gradients("batch_norm", &[&x, &weight, &bias], own);
    let other = || normalise(&centre(&x, &mean.as_detached_tensor())?, &variance, &weight, &bias, 1e-5);
    assert_same_gradients("batch_norm", &[&x, &weight, &bias], own, other, 1e-5);
    let grads = own().unwrap().sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&mean).is_none(), "statistics are constants");
}

/// Images and a residual of this shape, parameters, and constant statistics.
struct Case {
    x: Var,
    other: Var,
    weight: Var,
    bias: Var,
    mean: Tensor,
    variance: Tensor,
}

impl Case {
    fn new(shape: &[usize], seed: u64) -> Self {
        let channel = |seed| random_var(&shape[1..2], 1.0, seed);
        Self {
            x: random_var(shape, 1.5, seed),
            other: random_var(shape, 1.0, seed + 1000),
            weight: channel(2),
            bias: channel(3),
            mean: channel(4).as_detached_tensor(),
            variance: (channel(5).as_detached_tensor() + 2.0).unwrap(),
        }
    }

    /// What the rectifier gets.
    fn sums(&self, trains: bool, has_residual: bool) -> Result<Tensor> {
        let y = if trains {
            composed(&self.x, &self.weight, &self.bias, 1e-5)?.0
        } else {
            batch_norm(&self.x, &self.mean, &self.variance, &self.weight, &self.bias, 1e-5)?
        };
        Ok(if has_residual { (y + self.other.as_tensor())? } else { y })
    }

    fn fused(&self, trains: bool, has_residual: bool) -> Result<Tensor> {
        let Self { x, other, weight, bias, mean, variance } = self;
        let residual = has_residual.then_some(other.as_tensor());
        if trains {
            Ok(batch_norm_relu_train(x, residual, weight, bias, 1e-5)?.0)
        } else {
            batch_norm_relu(x, residual, mean, variance, weight, bias, 1e-5)
        }
    }

    /// How near to the rectifier's corner any number is.
    fn corner(&self, (trains, has_residual): (bool, bool)) -> f32 {
        let sums = self.sums(trains, has_residual).unwrap();
        sums.abs().unwrap().flatten_all().unwrap().min(0).unwrap().to_scalar().unwrap()
    }
}

const KINDS: [(bool, bool); 4] = [(true, false), (true, true), (false, false), (false, true)];

#[test]
fn the_fused_tail_matches_finite_differences() {
    for shape in [[4, 3, 5, 3], [6, 2, 1, 2]] {
        // Finite differences are wrong only where a step crosses the rectifier's corner.
        let away = |case: &Case| KINDS.iter().all(|kind| case.corner(*kind) > 5e-3);
        let case = (0..1000).map(|seed| Case::new(&shape, seed)).find(away).unwrap();
        for (trains, has_residual) in KINDS {
            let mut vars = vec![&case.x, &case.weight, &case.bias];
            vars.extend(has_residual.then_some(&case.other));
            let fused = || case.fused(trains, has_residual);
            assert_gradients_within("batch_norm_relu", &vars, fused, 64, 1e-3, 2e-2);
        }
    }
}

#[test]
fn the_fused_tail_agrees_with_the_composed_form() {
    // Planes of many numbers, and of fewer than a vector has.
    for shape in [[4, 3, 5, 3], [6, 2, 1, 2], [3, 2, 19, 12], [2, 5, 1, 1]] {
        let case = Case::new(&shape, 7);
        for (trains, has_residual) in KINDS {
            let mut vars = vec![&case.x, &case.weight, &case.bias];
            vars.extend(has_residual.then_some(&case.other));
            let fused = || case.fused(trains, has_residual);
            assert_same_gradients("parts", &vars, fused, || relu(&case.sums(trains, has_residual)?), 1e-4);
            assert_same_gradients("no kernels", &vars, fused, || without_kernels(fused), 1e-4);
        }
    }
}

#[test]
fn what_is_frozen_gets_no_gradient_and_the_rest_still_does() {
    let (x, residual) = (random_var(&[2, 3, 4, 4], 1.0, 1), random_var(&[2, 3, 4, 4], 1.0, 2));
    let (weight, bias) = (random_var(&[3], 1.0, 3), random_var(&[3], 1.0, 4));
    let frozen = (weight.as_detached_tensor(), bias.as_detached_tensor());
    let y = batch_norm_relu_train(&x.as_detached_tensor(), Some(&residual), &weight, &frozen.1, 1e-5).unwrap().0;
    let grads = y.sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&residual).is_some() && grads.get(&weight).is_some());
    assert!(grads.get(&x).is_none() && grads.get(&bias).is_none());
    let y = batch_norm_relu_train(&x, Some(&residual.as_detached_tensor()), &frozen.0, &bias, 1e-5).unwrap().0;
    let grads = y.sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&x).is_some() && grads.get(&bias).is_some());
    assert!(grads.get(&residual).is_none() && grads.get(&weight).is_none());
}

#[test]
fn statistics_are_the_batch_s_mean_and_unbiased_variance() {
    // 1, 3, 5, 7 in one channel: mean 4, variance 20 / 3.
    let x = Tensor::new(&[1f32, 3., 5., 7.], &candle_core::Device::Cpu).unwrap();
    let one = random_var(&[1], 1.0, 1);
    let (_, statistics) = batch_norm_train(&x.reshape((2, 1, 2, 1)).unwrap(), &one, &one, 1e-5).unwrap();
    assert_eq!(statistics.mean.to_vec1::<f32>().unwrap(), [4.0]);
    assert!((statistics.variance.to_vec1::<f32>().unwrap()[0] - 20.0 / 3.0).abs() < 1e-6);
    assert_eq!(statistics.count, 4);
}

#[test]
fn a_large_mean_does_not_drown_the_variance() {
    let x = (random_var(&[8, 2, 6, 6], 1.0, 7).as_detached_tensor() + 1000.0).unwrap();
    let one = Tensor::ones(2, candle_core::DType::F32, x.device()).unwrap();
    let (_, shifted) = batch_norm_train(&x, &one, &one, 1e-5).unwrap();
    let (_, plain) = batch_norm_train(&(x - 1000.0).unwrap(), &one, &one, 1e-5).unwrap();
    assert_close("variance", &shifted.variance, &plain.variance, 1e-4);
}

#[test]
fn one_number_a_channel_and_wrong_widths_are_errors() {
    let one = random_var(&[2], 1.0, 1);
    let message = batch_norm_train(&random_var(&[1, 2, 1, 1], 1.0, 1), &one, &one, 1e-5).unwrap_err().to_string();
    assert!(message.contains("one number for each channel"), "{message}");
    let message = batch_norm_train(&random_var(&[2, 3, 2, 2], 1.0, 1), &one, &one, 1e-5).unwrap_err().to_string();
    assert!(message.contains("3 channels"), "{message}");
    let (x, other) = (random_var(&[2, 2, 2, 2], 1.0, 1), random_var(&[2, 2, 2, 1], 1.0, 1));
    let message = batch_norm_relu_train(&x, Some(&other), &one, &one, 1e-5).unwrap_err().to_string();
    assert!(message.contains("the residual [2, 2, 2, 1]"), "{message}");
}

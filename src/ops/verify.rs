//! What every operation's test does: compare gradients with finite differences and with a composed form. And a switch
//! that makes this thread compute as on a graphics card, with candle's operations alone.

use std::cell::Cell;

use candle_core::{Device, Tensor, Var};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::Result;

thread_local! {
    static KERNELS_OFF: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside [`without_kernels`].
pub(super) fn are_kernels_off() -> bool {
    KERNELS_OFF.get()
}

/// Runs `f` with the composed form of every operation, which is what other devices than the CPU get.
pub(crate) fn without_kernels<T>(f: impl FnOnce() -> T) -> T {
    /// Also after a panic: a test's thread may be used again.
    struct On;
    impl Drop for On {
        fn drop(&mut self) {
            KERNELS_OFF.set(false);
        }
    }
    let _on = On;
    KERNELS_OFF.set(true);
    f()
}

/// A variable filled uniformly from -scale to scale.
pub(crate) fn random_var(shape: &[usize], scale: f32, seed: u64) -> Var {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let data: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random_range(-scale..scale)).collect();
    Var::from_vec(data, shape, &Device::Cpu).unwrap()
}

/// A fixed random weighting turns any output into one number whose gradient reaches every element differently.
fn scalar(output: &Tensor) -> Tensor {
    let weights = random_var(output.dims(), 1.0, 99);
    (output * weights.as_detached_tensor()).unwrap().sum_all().unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Panics when two tensors differ by more than `tolerance`, relative to the largest entry (at least 1).
#[track_caller]
pub(crate) fn assert_close(what: &str, left: &Tensor, right: &Tensor, tolerance: f32) {
    assert_eq!(left.dims(), right.dims(), "{what}: shapes");
    let (left, right) = (values(left), values(right));
    let scale = right.iter().fold(1f32, |m, v| m.max(v.abs()));
    for (i, (l, r)) in left.iter().zip(&right).enumerate() {
        assert!((l - r).abs() <= tolerance * scale, "{what}[{i}]: {l} against {r}");
    }
}

/// Compares each variable's gradient with central differences (step 1e-2, so about 1 % in 32-bit floats).
#[track_caller]
pub(crate) fn assert_gradients(what: &str, vars: &[&Var], f: impl Fn() -> Result<Tensor>) {
    assert_gradients_within(what, vars, f, 64, 1e-2, 1.5e-2);
}

/// The same for `samples` entries spread over each variable, with another step and tolerance.
#[track_caller]
pub(crate) fn assert_gradients_within(
    what: &str,
    vars: &[&Var],
    f: impl Fn() -> Result<Tensor>,
    samples: usize,
    step: f32,
    tolerance: f32,
) {
    let grads = scalar(&f().unwrap()).backward().unwrap();
    for (n, var) in vars.iter().enumerate() {
        let analytic = values(grads.get(var).unwrap_or_else(|| panic!("{what}: no gradient for variable {n}")));
        let original = values(var);
        let scale = analytic.iter().fold(1e-2f32, |m, v| m.max(v.abs()));
        for i in (0..original.len()).step_by((original.len() / samples).max(1)) {
            let at = |value: f32| {
                let mut moved = original.clone();
                moved[i] = value;
                var.set(&Tensor::from_vec(moved, var.dims(), &Device::Cpu).unwrap()).unwrap();
                f64::from(scalar(&f().unwrap()).to_scalar::<f32>().unwrap())
            };
            let (up, down) = (original[i] + step, original[i] - step);
            let numeric = ((at(up) - at(down)) / f64::from(up - down)) as f32;
            assert!(
                (numeric - analytic[i]).abs() <= tolerance * scale,
                "{what}: variable {n}[{i}]: finite difference {numeric}, backward {} (scale {scale})",
                analytic[i]
            );
        }
        var.set(&Tensor::from_vec(original, var.dims(), &Device::Cpu).unwrap()).unwrap();
    }
}

/// Compares output and gradients of an operation with those of another form of it.
#[track_caller]
pub(crate) fn assert_same_gradients(
    what: &str,
    vars: &[&Var],
    own: impl Fn() -> Result<Tensor>,
    composed: impl Fn() -> Result<Tensor>,
    tolerance: f32,
) {
    let (own, composed) = (own().unwrap(), composed().unwrap());
    assert_close(what, &own, &composed, tolerance);
    let (own, composed) = (scalar(&own).backward().unwrap(), scalar(&composed).backward().unwrap());
    for (n, var) in vars.iter().enumerate() {
        let what = format!("{what}: gradient of variable {n}");
        assert_close(&what, own.get(var).expect(&what), composed.get(var).expect(&what), tolerance);
    }
}

//! AdamW, one pass over each parameter.

use std::cell::RefCell;

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, InplaceOp2, Layout, Tensor};
use pulp::Arch;
use rayon::prelude::*;

use crate::Result;
use crate::model::Parameter;

/// Numbers handled by one task.
const GRAIN: usize = 1 << 14;

/// AdamW (Loshchilov and Hutter, 2019): Adam with weight decay apart from the gradient.
///
/// Biases and normalisation weights are not decayed. For each number, with gradient g at step t:
///
/// ```text
/// p <- p - lr * decay * p
/// m <- b1 m + (1 - b1) g          v <- b2 v + (1 - b2) g^2
/// p <- p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
/// ```
///
/// ```
/// use tunebook::model::{Init, StoreBuilder};
/// use tunebook::train::AdamW;
/// let mut builder = StoreBuilder::random(0);
/// let w = builder.parameter("w", &[1], Init::Ones)?;
/// let (store, _) = builder.finish()?;
/// let mut optimizer = AdamW::new(store.trainable(), 0.0)?;
/// let loss = w.var().as_tensor().sqr()?.sum_all()?;
/// optimizer.step(&loss.backward()?, 0.1, None)?;
/// // The first step of Adam is the learning rate, whatever the gradient's size.
/// assert!((w.var().to_vec1::<f32>()?[0] - 0.9).abs() < 1e-6);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug)]
pub struct AdamW {
    slots: Vec<Slot>,
    weight_decay: f64,
    step: i32,
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPS: f64 = 1e-8;

#[derive(Debug)]
struct Slot {
    parameter: Parameter,
    moments: RefCell<Moments>,
}

/// Running means of the gradient and of its square.
#[derive(Debug)]
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl AdamW {
    /// An optimizer for these parameters, which must be 32-bit floats in main memory.
    pub fn new(parameters: Vec<Parameter>, weight_decay: f64) -> Result<Self> {
        for parameter in &parameters {
            let var = parameter.var();
            if !var.device().is_cpu() || var.dtype() != candle_core::DType::F32 {
                return Err(crate::Error::input(
                    parameter.name(),
                    format!("{:?} on {:?}", var.dtype(), var.device().location()),
                    "AdamW works on 32-bit floats on the CPU",
                ));
            }
        }
        let slots = parameters
            .into_iter()
            .map(|parameter| {
                let zeros = vec![0f32; parameter.count()];
                let moments = RefCell::new(Moments { first: zeros.clone(), second: zeros });
                Slot { parameter, moments }
            })
            .collect();
        Ok(Self { slots, weight_decay, step: 0 })
    }

    /// One step at this learning rate. With `max_norm`, gradients are scaled down when their common norm is larger.
    /// Returns the norm before scaling. Parameters without a gradient stay as they are.
    pub fn step(&mut self, grads: &GradStore, learning_rate: f64, max_norm: Option<f64>) -> Result<f64> {
        let norm = self.global_norm(grads)?;
        if !norm.is_finite() {
            // The caller reports it; a step would spoil every weight.
            return Ok(norm);
        }
        // The small constant is PyTorch's: a norm of exactly `max_norm` stays.
        let scale = max_norm.map_or(1.0, |max| (max / (norm + 1e-6)).min(1.0));
        self.step += 1;
        for slot in &self.slots {
            let Some(grad) = grads.get(slot.parameter.var()) else { continue };
            let decay = if slot.parameter.is_exempt_from_decay() { 0.0 } else { self.weight_decay };
            let update = Update {
                moments: &slot.moments,
                grad_scale: scale as f32,
                keep: (1.0 - learning_rate * decay) as f32,
                step_size: (learning_rate / (1.0 - BETA1.powi(self.step))) as f32,
                root_correction: (1.0 / (1.0 - BETA2.powi(self.step)).sqrt()) as f32,
            };
            slot.parameter.var().as_tensor().inplace_op2(&grad.contiguous()?, &update)?;
        }
        Ok(norm)
    }

    /// Square root of the sum of squares of all gradients.
    fn global_norm(&self, grads: &GradStore) -> Result<f64> {
        let mut sum = 0.0;
        for slot in &self.slots {
            if let Some(grad) = grads.get(slot.parameter.var()) {
                sum += sum_of_squares(grad)?;
            }
        }
        Ok(sum.sqrt())
    }
}

/// Sum of squares; tasks return their parts, which are added in order: the same on a rerun.
pub(super) fn sum_of_squares(tensor: &Tensor) -> Result<f64> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let candle_core::Storage::Cpu(storage) = &*storage else {
        let sum = tensor.sqr()?.sum_all()?.to_dtype(candle_core::DType::F64)?;
        return Ok(sum.to_scalar::<f64>()?);
    };
    let values = &storage.as_slice::<f32>()?[layout.start_offset()..layout.start_offset() + tensor.elem_count()];
    let arch = Arch::new();
    let parts: Vec<f64> = values
        .par_chunks(GRAIN)
        .map(|chunk| {
            arch.dispatch(|| {
                let mut lanes = [0f32; 16];
                let (blocks, rest) = chunk.as_chunks::<16>();
                for block in blocks {
                    for (lane, v) in lanes.iter_mut().zip(block) {
                        *lane += v * v;
                    }
                }
                lanes.iter().map(|v| f64::from(*v)).sum::<f64>() + rest.iter().map(|v| f64::from(v * v)).sum::<f64>()
            })
        })
        .collect();
    Ok(parts.iter().sum())
}

/// The update of one parameter, as candle's in-place operation on parameter and gradient.
struct Update<'a> {
    moments: &'a RefCell<Moments>,
    grad_scale: f32,
    keep: f32,
    step_size: f32,
    root_correction: f32,
}

impl InplaceOp2 for Update<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(&self, s1: &mut CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> candle_core::Result<()> {
        const B1: f32 = BETA1 as f32;
        const B2: f32 = BETA2 as f32;
        let not_contiguous = || candle_core::Error::RequiresContiguous { op: "adamw" }.bt();
        let (p_start, p_end) = l1.contiguous_offsets().ok_or_else(not_contiguous)?;
        let (g_start, g_end) = l2.contiguous_offsets().ok_or_else(not_contiguous)?;
        let CpuStorage::F32(values) = s1 else {
            return Err(candle_core::Error::Msg("adamw: expected 32-bit floats".to_owned()).bt());
        };
        let p = &mut values[p_start..p_end];
        let g = &s2.as_slice::<f32>()?[g_start..g_end];
        let moments = &mut *self.moments.borrow_mut();
        let Self { grad_scale, keep, step_size, root_correction, .. } = *self;
        let arch = Arch::new();
        p.par_chunks_mut(GRAIN)
            .zip(g.par_chunks(GRAIN))
            .zip(moments.first.par_chunks_mut(GRAIN))
            .zip(moments.second.par_chunks_mut(GRAIN))
            .for_each(|(((p, g), m), v)| {
                arch.dispatch(|| {
                    for (((p, &g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
                        let g = g * grad_scale;
                        *m = B1 * *m + (1.0 - B1) * g;
                        *v = B2 * *v + (1.0 - B2) * g * g;
                        let denominator = v.sqrt() * root_correction + EPS as f32;
                        *p = *p * keep - step_size * *m / denominator;
                    }
                });
            });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{AdamW, BETA1, BETA2, EPS};
    use crate::model::{Init, StoreBuilder};

    /// The textbook formula in double precision on a problem with known gradients.
    #[test]
    fn follows_the_textbook_for_many_steps() {
        let mut builder = StoreBuilder::random(3);
        let weight = builder.parameter("layer.weight", &[50], Init::Normal(1.0)).unwrap();
        let bias = builder.parameter("layer.bias", &[50], Init::Normal(1.0)).unwrap();
        let (store, _) = builder.finish().unwrap();
        let start = |p: &crate::model::Parameter| -> Vec<f64> {
            p.var().to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect()
        };
        let mut expected = [start(&bias), start(&weight)];
        let mut m = [vec![0.0; 50], vec![0.0; 50]];
        let mut v = m.clone();
        let (decay, lr) = (0.1, 0.05);
        let mut optimizer = AdamW::new(store.trainable(), decay).unwrap();
        for t in 1..=30 {
            // Loss w^2 + b^2: gradients 2w and 2b.
            let loss = (weight.var().sqr().unwrap() + bias.var().sqr().unwrap()).unwrap().sum_all().unwrap();
            optimizer.step(&loss.backward().unwrap(), lr, None).unwrap();
            for (k, wd) in [(0, 0.0), (1, decay)] {
                for i in 0..50 {
                    let g = 2.0 * expected[k][i];
                    m[k][i] = BETA1 * m[k][i] + (1.0 - BETA1) * g;
                    v[k][i] = BETA2 * v[k][i] + (1.0 - BETA2) * g * g;
                    let (mh, vh) = (m[k][i] / (1.0 - BETA1.powi(t)), v[k][i] / (1.0 - BETA2.powi(t)));
                    expected[k][i] -= lr * wd * expected[k][i];
                    expected[k][i] -= lr * mh / (vh.sqrt() + EPS);
                }
            }
        }
        for (parameter, expected) in [(&bias, &expected[0]), (&weight, &expected[1])] {
            for (got, want) in start(parameter).iter().zip(expected) {
                assert!((got - want).abs() < 1e-5, "{}: {got} against {want}", parameter.name());
            }
        }
    }

    #[test]
    fn the_norm_is_clipped_for_all_parameters_together() {
        let mut builder = StoreBuilder::random(0);
        let a = builder.parameter("a", &[1], Init::Ones).unwrap();
        let b = builder.parameter("b", &[1], Init::Ones).unwrap();
        let (store, _) = builder.finish().unwrap();
        let mut optimizer = AdamW::new(store.trainable(), 0.0).unwrap();
        let loss = ((a.var().as_tensor() * 3.0).unwrap() + (b.var().as_tensor() * 4.0).unwrap()).unwrap();
        let norm = optimizer.step(&loss.sum_all().unwrap().backward().unwrap(), 1e-3, Some(1.0)).unwrap();
        assert!((norm - 5.0).abs() < 1e-6);
        // After one step the first moment is a tenth of the clipped gradient.
        let first = |n: usize| optimizer.slots[n].moments.borrow().first[0];
        assert!((first(0) - 0.06).abs() < 1e-6 && (first(1) - 0.08).abs() < 1e-6);
    }
}

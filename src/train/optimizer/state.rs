//! An update rule at work: its running means, and the step itself.

use std::cell::RefCell;
use std::collections::BTreeMap;

use candle_core::{CpuStorage, DType, InplaceOp2, Layout, Tensor};

use super::adamw::AdamWStep;
use super::sgd::SgdStep;
use super::{Optimizer, ParameterGroup, ParameterGroups};
use crate::train::Gradients;
use crate::{Error, Result};

/// The optimizer of a run: the rule, the parameters, and what it remembers of their gradients.
///
/// ```
/// use tunebook::model::{Init, StoreBuilder};
/// use tunebook::train::{Gradients, Optimizer, OptimizerState, ParameterGroups};
/// let mut builder = StoreBuilder::random(0);
/// let w = builder.parameter("w", &[1], Init::Ones)?;
/// let (store, _) = builder.finish()?;
/// let mut optimizer = OptimizerState::new(Optimizer::default(), &ParameterGroups::new(store.trainable(), 0.0))?;
/// let loss = w.var().as_tensor().sqr()?.sum_all()?;
/// optimizer.step(&Gradients::of(&store.trainable(), &loss)?, 0.1, None)?;
/// // The first step of Adam is the learning rate, whatever the gradient's size.
/// assert!((w.var().to_vec1::<f32>()?[0] - 0.9).abs() < 1e-6);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug)]
pub struct OptimizerState {
    rule: Optimizer,
    slots: BTreeMap<String, Slot>,
}

#[derive(Debug)]
struct Slot {
    group: ParameterGroup,
    /// Steps that this parameter has made: one that is unfrozen late starts from 0.
    step: i32,
    moments: RefCell<Moments>,
}

/// What is remembered of a parameter's gradients.
#[derive(Debug, Default)]
struct Moments {
    /// Running mean, or momentum.
    first: Vec<f32>,
    /// Running mean of squares; empty for SGD.
    second: Vec<f32>,
}

impl OptimizerState {
    /// Nothing remembered yet. Memory for a parameter is taken at its first gradient.
    ///
    /// # Errors
    /// For numbers of the rule out of range, and for parameters that are no 32-bit floats.
    pub fn new(rule: Optimizer, groups: &ParameterGroups) -> Result<Self> {
        rule.check()?;
        let mut slots = BTreeMap::new();
        for group in groups.all() {
            let var = group.parameter.var();
            if var.dtype() != DType::F32 {
                let problem = format!("is {:?}", var.dtype());
                return Err(Error::input(group.parameter.name(), problem, "an optimizer works on 32-bit floats"));
            }
            let slot = Slot { group: group.clone(), step: 0, moments: RefCell::default() };
            slots.insert(group.parameter.name().to_owned(), slot);
        }
        Ok(Self { rule, slots })
    }

    /// One step at this learning rate. With `max_norm`, gradients are scaled down when their common norm is larger.
    /// Returns the norm before scaling; when it is not finite, nothing is changed. Parameters without a gradient stay
    /// as they are.
    pub fn step(&mut self, gradients: &Gradients, learning_rate: f64, max_norm: Option<f64>) -> Result<f64> {
        let norm = gradients.norm()?;
        if !norm.is_finite() {
            // The caller reports it; a step would spoil every weight.
            return Ok(norm);
        }
        // The small constant is PyTorch's: a norm of exactly `max_norm` stays.
        let grad_scale = max_norm.map_or(1.0, |max| (max / (norm + 1e-6)).min(1.0));
        for (parameter, gradient) in gradients.entries() {
            let (Some(gradient), Some(slot)) = (gradient, self.slots.get_mut(parameter.name())) else { continue };
            slot.step += 1;
            slot.apply(self.rule, &gradient.contiguous()?, learning_rate, grad_scale)?;
        }
        Ok(norm)
    }

    /// What is remembered, as tensors by name, for a checkpoint: `NAME.first`, `NAME.second` (AdamW) and `NAME.step`.
    pub(in crate::train) fn to_tensors(&self) -> Result<Vec<(String, Tensor)>> {
        let mut tensors = Vec::new();
        for (name, slot) in self.slots.iter().filter(|(_, slot)| slot.step > 0) {
            let device = &candle_core::Device::Cpu;
            let moments = slot.moments.borrow();
            tensors.push((format!("{name}.step"), Tensor::new(&[i64::from(slot.step)], device)?));
            for (part, values) in [("first", &moments.first), ("second", &moments.second)] {
                if !values.is_empty() {
                    tensors.push((format!("{name}.{part}"), Tensor::new(values.as_slice(), device)?));
                }
            }
        }
        Ok(tensors)
    }

    /// Takes back what [`OptimizerState::to_tensors`] gave; `origin` names it in errors.
    pub(in crate::train) fn restore(&mut self, tensors: &BTreeMap<String, Tensor>, origin: &str) -> Result<()> {
        let adam = matches!(self.rule, Optimizer::AdamW { .. });
        for (name, slot) in &mut self.slots {
            let Some(step) = tensors.get(&format!("{name}.step")) else { continue };
            slot.step = step.to_vec1::<i64>()?.first().copied().unwrap_or(0) as i32;
            let values = |part: &str| {
                let of_size =
                    tensors.get(&format!("{name}.{part}")).filter(|t| t.elem_count() == slot.group.parameter.count());
                of_size.map(Tensor::to_vec1::<f32>).transpose()
            };
            let (first, second) = (values("first")?, values("second")?);
            if first.is_none() || (adam && second.is_none()) {
                let problem = format!("the optimizer's memory of {name} is not there or has another size");
                return Err(Error::input(origin, problem, "resume with the model and the optimizer of the first run"));
            }
            *slot.moments.borrow_mut() =
                Moments { first: first.unwrap_or_default(), second: second.unwrap_or_default() };
        }
        Ok(())
    }
}

impl Slot {
    fn apply(&self, rule: Optimizer, gradient: &Tensor, learning_rate: f64, grad_scale: f64) -> Result<()> {
        let rate = learning_rate * self.group.rate_factor;
        let weight_decay = self.group.weight_decay;
        match rule {
            Optimizer::AdamW { beta1, beta2, eps } => {
                let step = AdamWStep { beta1, beta2, eps, rate, weight_decay, grad_scale, step: self.step };
                self.run(step, gradient, true, |p, g, m, v| {
                    let (p, m, v) = step.composed(p, g, m, v)?;
                    Ok((p, m, Some(v)))
                })
            }
            Optimizer::Sgd { momentum, nesterov } => {
                let step = SgdStep { momentum, nesterov, rate, weight_decay, grad_scale };
                self.run(step, gradient, false, |p, g, m, _| {
                    let (p, m) = step.composed(p, g, m)?;
                    Ok((p, m, None))
                })
            }
        }
    }

    /// One pass in place on a CPU; candle's operations elsewhere.
    fn run<S: InPlace>(
        &self,
        step: S,
        gradient: &Tensor,
        with_second: bool,
        composed: impl Fn(&Tensor, &Tensor, &Tensor, &Tensor) -> candle_core::Result<(Tensor, Tensor, Option<Tensor>)>,
    ) -> Result<()> {
        let var = self.group.parameter.var();
        let mut moments = self.moments.borrow_mut();
        if moments.first.is_empty() {
            moments.first = vec![0f32; var.elem_count()];
            moments.second = if with_second { vec![0f32; var.elem_count()] } else { Vec::new() };
        }
        if var.device().is_cpu() {
            let update = Update { step, moments: RefCell::new(&mut moments) };
            return Ok(var.as_tensor().inplace_op2(gradient, &update)?);
        }
        let tensor = |values: &[f32]| Tensor::from_slice(values, var.shape(), var.device());
        let first = tensor(&moments.first)?;
        let second = if with_second { tensor(&moments.second)? } else { first.clone() };
        let (p, m, v) = composed(&var.as_detached_tensor(), gradient, &first, &second)?;
        moments.first = m.flatten_all()?.to_vec1()?;
        if let Some(v) = v {
            moments.second = v.flatten_all()?.to_vec1()?;
        }
        Ok(var.set(&p)?)
    }
}

/// The arithmetic of one rule on plain slices: parameter, gradient, first and second memory.
pub(super) trait InPlace {
    fn name(&self) -> &'static str;
    fn run(&self, p: &mut [f32], g: &[f32], first: &mut [f32], second: &mut [f32]);
}

/// A rule as candle's in-place operation on parameter and gradient.
struct Update<'a, S> {
    step: S,
    moments: RefCell<&'a mut Moments>,
}

impl<S: InPlace> InplaceOp2 for Update<'_, S> {
    fn name(&self) -> &'static str {
        self.step.name()
    }

    fn cpu_fwd(&self, s1: &mut CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> candle_core::Result<()> {
        let not_contiguous = || candle_core::Error::RequiresContiguous { op: "optimizer step" }.bt();
        let (p_start, p_end) = l1.contiguous_offsets().ok_or_else(not_contiguous)?;
        let (g_start, g_end) = l2.contiguous_offsets().ok_or_else(not_contiguous)?;
        let CpuStorage::F32(values) = s1 else {
            return Err(candle_core::Error::Msg("optimizer step: expected 32-bit floats".to_owned()).bt());
        };
        let moments = &mut **self.moments.borrow_mut();
        let g = &s2.as_slice::<f32>()?[g_start..g_end];
        self.step.run(&mut values[p_start..p_end], g, &mut moments.first, &mut moments.second);
        Ok(())
    }
}

//! An update rule at work: its running means, and the step itself.

use std::cell::RefCell;
use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor, Var};

use super::adamw::AdamWStep;
use super::in_place::{InPlace, Memory};
use super::sgd::SgdStep;
use super::{Optimizer, ParameterGroup, ParameterGroups};
use crate::ops::{Gradient, has_kernel, in_pool};
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

/// What is remembered of a parameter's gradients: first the running mean, or momentum; second the running mean of
/// squares, which SGD has none of.
#[derive(Debug, Default)]
enum Moments {
    /// Before the first gradient.
    #[default]
    None,
    /// For the pass in place.
    InMemory(Memory),
    /// On the parameter's device, for candle's operations.
    OnDevice { first: Tensor, second: Option<Tensor> },
}

impl Moments {
    /// These numbers where the step for `var` wants them.
    fn new(var: &Var, first: Vec<f32>, second: Vec<f32>) -> Result<Self> {
        if has_kernel(var) {
            return Ok(Self::InMemory(Memory::restored(first, second)));
        }
        let tensor = |values: Vec<f32>| Tensor::from_vec(values, var.shape(), var.device());
        let second = if second.is_empty() { None } else { Some(tensor(second)?) };
        Ok(Self::OnDevice { first: tensor(first)?, second })
    }

    /// The numbers, `first` and `second`.
    fn values(&self) -> Result<[Vec<f32>; 2]> {
        let flat = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<f32>();
        Ok(match self {
            Self::None => [Vec::new(), Vec::new()],
            Self::InMemory(memory) => [memory.first.clone(), memory.second.clone()],
            Self::OnDevice { first, second } => {
                [flat(first)?, second.as_ref().map(flat).transpose()?.unwrap_or_default()]
            }
        })
    }
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
        crate::ops::end_step();
        // There is a loop for each parameter.
        in_pool(|| self.step_in_pool(gradients, learning_rate, max_norm))
    }

    fn step_in_pool(&mut self, gradients: &Gradients, learning_rate: f64, max_norm: Option<f64>) -> Result<f64> {
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
            slot.apply(self.rule, gradient, learning_rate, grad_scale)?;
        }
        Ok(norm)
    }

    /// What is remembered, as tensors by name, for a checkpoint: `NAME.first`, `NAME.second` (AdamW) and `NAME.step`.
    pub(in crate::train) fn to_tensors(&self) -> Result<Vec<(String, Tensor)>> {
        let mut tensors = Vec::new();
        for (name, slot) in self.slots.iter().filter(|(_, slot)| slot.step > 0) {
            tensors.push((format!("{name}.step"), Tensor::new(&[i64::from(slot.step)], &Device::Cpu)?));
            for (part, values) in ["first", "second"].into_iter().zip(slot.moments.borrow().values()?) {
                if !values.is_empty() {
                    let count = values.len();
                    tensors.push((format!("{name}.{part}"), Tensor::from_vec(values, count, &Device::Cpu)?));
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
            let (Some(first), true) = (first, second.is_some() || !adam) else {
                let problem = format!("the optimizer's memory of {name} is not there or has another size");
                return Err(Error::input(origin, problem, "resume with the model and the optimizer of the first run"));
            };
            let moments = Moments::new(slot.group.parameter.var(), first, second.unwrap_or_default())?;
            *slot.moments.borrow_mut() = moments;
        }
        Ok(())
    }
}

impl Slot {
    fn apply(&self, rule: Optimizer, gradient: &Gradient, learning_rate: f64, grad_scale: f64) -> Result<()> {
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
    fn run(
        &self,
        step: impl InPlace,
        gradient: &Gradient,
        with_second: bool,
        composed: impl Fn(&Tensor, &Tensor, &Tensor, &Tensor) -> candle_core::Result<(Tensor, Tensor, Option<Tensor>)>,
    ) -> Result<()> {
        let var = self.group.parameter.var();
        let mut moments = self.moments.borrow_mut();
        if matches!(*moments, Moments::None) {
            *moments = if has_kernel(var) {
                Moments::InMemory(Memory::fresh(var.elem_count(), with_second, gradient))
            } else {
                let second = if with_second { Some(var.zeros_like()?) } else { None };
                Moments::OnDevice { first: var.zeros_like()?, second }
            };
        }
        match &mut *moments {
            Moments::None => {}
            Moments::InMemory(memory) => memory.step(step, var.as_tensor(), gradient)?,
            Moments::OnDevice { first, second } => {
                let gradient = gradient.to_tensor(var.shape())?;
                let (p, m, v) =
                    composed(&var.as_detached_tensor(), &gradient, first, second.as_ref().unwrap_or(first))?;
                (*first, *second) = (m, v);
                var.set(&p)?;
            }
        }
        Ok(())
    }
}

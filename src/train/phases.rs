//! A method as phases: stretches of epochs with one schedule each.

use super::schedule::warmup_steps;
use super::{Method, Schedule, Trainable, TrainingConfig};

/// By how much the rates fall from the head to the input in the second phase of [`Method::TwoPhase`]: fastai's.
const TWO_PHASE_SPAN: f64 = 100.0;

/// A stretch of epochs with one schedule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phase {
    pub(super) epochs: usize,
    /// The body is frozen all the time: the head learns on vectors that are computed once.
    pub(super) on_features: bool,
    /// Largest learning rate, the head's.
    learning_rate: f64,
    schedule: Schedule,
    warmup_ratio: f64,
    /// Each group's learning rate is the next one's times this.
    group_decay: f64,
}

impl Phase {
    /// The phases of a run at this learning rate.
    pub(super) fn of<M: Trainable>(
        method: &Method,
        config: &TrainingConfig,
        learning_rate: f64,
        model: &M,
    ) -> Vec<Self> {
        let plain = Self {
            epochs: config.epochs,
            on_features: method.trains_only_the_head(model),
            learning_rate,
            schedule: config.schedule,
            warmup_ratio: config.warmup_ratio,
            group_decay: config.layer_decay,
        };
        let Method::TwoPhase { freeze_epochs } = *method else { return vec![plain] };
        let steps_between = model.groups().saturating_sub(1).max(1) as f64;
        let head = Self {
            epochs: freeze_epochs,
            on_features: true,
            schedule: Schedule::OneCycle,
            warmup_ratio: 0.99,
            ..plain.clone()
        };
        let everything = Self {
            learning_rate: learning_rate / 2.0,
            schedule: Schedule::OneCycle,
            warmup_ratio: 0.3,
            group_decay: config.layer_decay * TWO_PHASE_SPAN.powf(-1.0 / steps_between),
            ..plain
        };
        vec![head, everything]
    }

    /// The learning rate at `step` (from 0) of the phase's `total`.
    pub(super) fn rate(&self, step: usize, total: usize) -> f64 {
        self.learning_rate * self.schedule.factor(step, warmup_steps(self.warmup_ratio, total), total)
    }

    /// What the learning rate of a parameter is multiplied with.
    pub(super) fn rate_factor<M: Trainable>(&self, model: &M, name: &str) -> f64 {
        let below_head = model.groups() - 1 - model.group_of(name);
        self.group_decay.powi(below_head as i32)
    }
}

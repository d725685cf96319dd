//! The training loop.

use std::time::Instant;

use super::early_stopping::{Verdict, Watch};
use super::examples::Examples;
use super::{
    AdamW, EpochRecord, GradientAudit, History, Method, Observer, StepRecord, StopReason, TrainingConfig, TrainingPlan,
    TrainingReport, batches, cross_entropy, stop,
};
use crate::model::{Pass, TextClassifier};
use crate::{Error, Result};

/// Everything that a run needs, checked.
pub(super) struct Run<O> {
    pub(super) model: TextClassifier,
    pub(super) method: Method,
    pub(super) config: TrainingConfig,
    pub(super) watch: Option<Watch>,
    pub(super) observer: O,
    pub(super) train: Examples,
    pub(super) validation: Examples,
    pub(super) start: Instant,
}

/// Where the run is.
struct Position {
    step: usize,
    total: usize,
    warmup: usize,
    learning_rate: f64,
    samples: usize,
    training_seconds: f64,
}

impl<O: Observer> Run<O> {
    pub(super) fn go(mut self) -> Result<TrainingReport> {
        let plan = self.plan();
        let total = plan.batches_per_epoch * plan.epochs;
        let mut position = Position {
            step: 0,
            total,
            warmup: (self.config.warmup_ratio * total as f64).ceil() as usize,
            learning_rate: plan.learning_rate,
            samples: 0,
            training_seconds: 0.0,
        };
        let mut optimizer = AdamW::new(self.model.store().trainable(), self.config.weight_decay)?;
        self.observer.on_start(&plan);

        let lengths = self.train.lengths();
        let mut history = History::default();
        let mut best = None;
        let mut reason = StopReason::Completed;
        for epoch in 1..=self.config.epochs {
            let began = Instant::now();
            let batches = batches::shuffled(&lengths, self.config.batch_size, self.config.seed, epoch);
            let train_loss = self.epoch(epoch, &batches, &mut optimizer, &mut position)?;
            position.training_seconds += began.elapsed().as_secs_f64();
            let Some(train_loss) = train_loss else {
                reason = StopReason::Requested;
                break;
            };
            let (val_loss, val_accuracy) = self.validation.validate(&self.model)?;
            let learning_rate = self.rate(&position, position.step - 1);
            let seconds = began.elapsed().as_secs_f64();
            let record = EpochRecord { epoch, train_loss, val_loss, val_accuracy, learning_rate, seconds };
            self.observer.on_epoch(&record);
            let verdict = self.watch.as_mut().map(|watch| watch.observe(&record));
            history.epochs.push(record);
            if verdict == Some(Verdict::Improved) {
                best = Some(self.model.store().snapshot()?);
            }
            if verdict == Some(Verdict::Stop) && epoch < self.config.epochs {
                reason = StopReason::NoImprovement;
                break;
            }
        }
        if let Some(weights) = &best {
            self.model.store().restore(weights)?;
        }
        let best_epoch = self.watch.as_ref().and_then(Watch::best_epoch);
        self.observer.on_end(best_epoch);
        Ok(TrainingReport::new(
            self.model,
            plan,
            self.config,
            history,
            best_epoch,
            reason,
            self.start.elapsed().as_secs_f64(),
            position.samples as f64 / position.training_seconds.max(f64::MIN_POSITIVE),
        ))
    }

    fn plan(&self) -> TrainingPlan {
        let encoder = self.model.encoder();
        let default = self.method.default_learning_rate(encoder.learning_rates());
        let store = self.model.store();
        TrainingPlan {
            method: self.method,
            learning_rate: self.config.learning_rate.unwrap_or(default),
            is_default_rate: self.config.learning_rate.is_none(),
            source: encoder.name().to_owned(),
            epochs: self.config.epochs,
            batches_per_epoch: self.train.len().div_ceil(self.config.batch_size),
            samples: self.train.len(),
            trainable_parameters: store.trainable_count(),
            total_parameters: store.count(),
        }
    }

    fn rate(&self, position: &Position, step: usize) -> f64 {
        position.learning_rate * self.config.schedule.factor(step, position.warmup, position.total)
    }

    /// One pass over the data; the mean loss, or `None` when the run was asked to stop.
    fn epoch(
        &mut self,
        epoch: usize,
        batches: &[Vec<usize>],
        optimizer: &mut AdamW,
        position: &mut Position,
    ) -> Result<Option<f64>> {
        let mut sum = 0.0;
        let mut seen = 0;
        for (n, rows) in batches.iter().enumerate() {
            if stop::is_requested() {
                stop::clear();
                return Ok(None);
            }
            let loss = self.step(rows, epoch, optimizer, position)?;
            sum += loss.0 * rows.len() as f64;
            seen += rows.len();
            position.samples += rows.len();
            let record = StepRecord {
                step: position.step,
                epoch,
                progress: (epoch - 1) as f64 + (n + 1) as f64 / batches.len() as f64,
                loss: loss.0,
                learning_rate: self.rate(position, position.step - 1),
                gradient_norm: loss.1,
            };
            self.observer.on_step(&record);
        }
        Ok(Some(sum / seen as f64))
    }

    /// Forward, backward, update: the batch's loss and the gradients' norm.
    fn step(&self, rows: &[usize], epoch: usize, optimizer: &mut AdamW, position: &mut Position) -> Result<(f64, f64)> {
        let learning_rate = self.rate(position, position.step);
        // Dropout masks follow from the seed and the step.
        let pass = Pass::training(self.config.seed.wrapping_mul(1_000_003).wrapping_add(position.step as u64));
        let logits = self.train.logits(&self.model, rows, &pass)?;
        let loss = cross_entropy(&logits, &self.train.labels_at(rows), self.config.label_smoothing)?;
        let value = f64::from(loss.to_scalar::<f32>()?);
        position.step += 1;
        if !value.is_finite() {
            return Err(not_finite("loss", value, position.step, epoch, learning_rate));
        }
        let grads = loss.backward()?;
        if position.step == 1 {
            GradientAudit::from_gradients(&self.model.store().trainable(), &grads)?.check()?;
        }
        let norm = optimizer.step(&grads, learning_rate, self.config.max_grad_norm)?;
        if !norm.is_finite() {
            return Err(not_finite("gradient norm", norm, position.step, epoch, learning_rate));
        }
        Ok((value, norm))
    }
}

fn not_finite(what: &str, value: f64, step: usize, epoch: usize, learning_rate: f64) -> Error {
    Error::Training(format!(
        "the {what} became {value} at step {step} (epoch {epoch}), learning rate {learning_rate:e}; likely causes: a \
         learning rate that is too high (try a tenth), no warmup (warmup_ratio 0.1), no clipping (max_grad_norm \
         Some(1.0)), or weights that were not finite to begin with"
    ))
}

//! The training loop.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use candle_core::Tensor;
use sha2::{Digest, Sha256};

use super::checkpoint::{Checkpoints, Contents, State};
use super::early_stopping::{Verdict, Watch};
use super::phases::Phase;
use super::progress::Progress;
use super::step::{StepSettings, gradients, step_seed};
use super::{
    EpochRecord, Examples, GradientAudit, Gradients, History, Method, Observer, OptimizerState, ParameterGroups,
    StepRecord, StopReason, Trainable, TrainingConfig, TrainingPlan, TrainingReport, batches, stop,
};
use crate::model::{CutTexts, Parameter, device_name};
use crate::words::hexadecimal;
use crate::{Error, Result};

/// Everything that a run needs, checked.
pub(super) struct Run<M: Trainable, O> {
    pub(super) model: M,
    pub(super) method: Method,
    pub(super) config: TrainingConfig,
    pub(super) settings: StepSettings,
    pub(super) watch: Option<Watch>,
    pub(super) checkpoints: Option<Checkpoints>,
    pub(super) resume: bool,
    pub(super) observer: O,
    pub(super) rows: Rc<Rows<M::Inputs>>,
    pub(super) texts_cut: Option<CutTexts>,
    pub(super) start: Instant,
}

/// What a phase learns from and is measured on.
pub(super) struct Rows<I> {
    pub(super) train: Examples<I>,
    pub(super) validation: Examples<I>,
}

/// What changes while the run goes on.
struct Current {
    progress: Progress,
    history: History,
    optimizer: OptimizerState,
    /// Parameters that learn at any time of the run, by name.
    learning: Vec<String>,
    best: Option<BTreeMap<String, Tensor>>,
    /// How many parameters the last audit found trainable.
    audited: usize,
}

impl<M: Trainable, O: Observer> Run<M, O> {
    pub(super) fn go(mut self) -> Result<TrainingReport<M>> {
        let learning_rate = self.learning_rate();
        let phases = Phase::of(&self.method, &self.config, learning_rate, &self.model);
        let plan = self.plan(&phases, learning_rate);
        let learning: Vec<String> = self.model.store().trainable().iter().map(|p| p.name().to_owned()).collect();
        // Hashing the data is for checkpoints alone.
        let identity = if self.checkpoints.is_some() { self.identity(&learning) } else { BTreeMap::new() };
        let resumed = self.find_checkpoint(&identity)?;
        let mut now = Current {
            progress: Progress::default(),
            history: History { watched: self.watched(), ..History::default() },
            optimizer: self.optimizer(&phases[0], &learning)?,
            learning,
            best: None,
            audited: 0,
        };
        if let Some(contents) = resumed {
            self.take_up(contents, &phases, &mut now)?;
        }
        let mut reason = StopReason::Completed;
        let mut started = false;
        while now.progress.phase < phases.len() {
            let phase = &phases[now.progress.phase];
            let rows = self.rows_of(phase)?;
            if !started {
                self.method.set_trainable(&self.model, now.progress.epochs);
                self.observer.on_start(&plan);
                started = true;
            }
            match self.phase(phase, &rows, &identity, &mut now)? {
                None => {}
                Some(stopped) => {
                    reason = stopped;
                    break;
                }
            }
            let done = Progress { phase: now.progress.phase + 1, phase_epochs: 0, phase_steps: 0, ..now.progress };
            now.progress = done;
            if let Some(next) = phases.get(now.progress.phase) {
                now.optimizer = self.optimizer(next, &now.learning)?;
            }
        }
        if let Some(weights) = &now.best {
            self.model.store().restore(weights)?;
        }
        let best_epoch = self.watch.as_ref().and_then(Watch::best_epoch);
        self.observer.on_end(best_epoch);
        let rate = now.progress.rows as f64 / now.progress.seconds.0.max(f64::MIN_POSITIVE);
        let seconds = self.start.elapsed().as_secs_f64();
        Ok(TrainingReport::new(self.model, plan, self.config, now.history, best_epoch, reason, seconds, rate))
    }

    /// The epochs of a phase that are left. Says why the run ended, if it did.
    fn phase(
        &mut self,
        phase: &Phase,
        rows: &Rows<M::Inputs>,
        identity: &BTreeMap<String, String>,
        now: &mut Current,
    ) -> Result<Option<StopReason>> {
        while now.progress.phase_epochs < phase.epochs {
            self.method.set_trainable(&self.model, now.progress.epochs);
            let began = Instant::now();
            let finished = self.epoch(phase, rows, identity, now)?;
            now.progress.seconds.0 += began.elapsed().as_secs_f64();
            if !finished {
                self.keep(identity, now)?;
                return Ok(Some(StopReason::Requested));
            }
            let stopped = self.end_epoch(phase, rows, began, now)?;
            self.keep(identity, now)?;
            if stopped && now.progress.phase_epochs < phase.epochs {
                return Ok(Some(StopReason::NoImprovement));
            }
        }
        Ok(None)
    }

    /// Validates, notes the epoch, and says whether early stopping wants to end the run.
    fn end_epoch(&mut self, phase: &Phase, rows: &Rows<M::Inputs>, began: Instant, now: &mut Current) -> Result<bool> {
        let validation = &rows.validation;
        let outputs = validation.outputs(&self.model)?;
        let (val_loss, val_accuracy) = validation.targets.measure(&outputs);
        let total = self.steps_per_epoch() * phase.epochs;
        let record = EpochRecord {
            epoch: now.progress.epochs + 1,
            train_loss: now.progress.epoch_loss.0 / now.progress.epoch_rows as f64,
            val_loss,
            val_accuracy,
            val_metrics: validation.targets.metrics(&outputs),
            learning_rate: phase.rate(now.progress.phase_steps - 1, total),
            seconds: began.elapsed().as_secs_f64(),
        };
        now.progress.epochs += 1;
        now.progress.phase_epochs += 1;
        now.progress.epoch_steps = 0;
        now.progress.epoch_rows = 0;
        now.progress.epoch_loss.0 = 0.0;
        self.observer.on_epoch(&record);
        let verdict = self.watch.as_mut().map(|watch| watch.observe(&record));
        now.history.epochs.push(record);
        if verdict == Some(Verdict::Improved) {
            now.best = Some(self.model.store().copy_of(&now.learning)?);
        }
        Ok(verdict == Some(Verdict::Stop))
    }

    /// The batches of an epoch that are left. False when the run was asked to stop.
    fn epoch(
        &mut self,
        phase: &Phase,
        rows: &Rows<M::Inputs>,
        identity: &BTreeMap<String, String>,
        now: &mut Current,
    ) -> Result<bool> {
        let parameters = self.model.store().trainable();
        let steps = batches::of_epoch(&self.model, &rows.train, &self.config, now.progress.epochs + 1);
        let total = steps.len() * phase.epochs;
        for places in &steps[now.progress.epoch_steps..] {
            if stop::take() || self.observer.wants_stop() {
                return Ok(false);
            }
            let rate = phase.rate(now.progress.phase_steps, total);
            let (loss, norm) = self.step(&rows.train, places, &parameters, rate, now)?;
            let progress = &mut now.progress;
            progress.epoch_loss.0 += loss * places.len() as f64;
            progress.epoch_rows += places.len();
            progress.rows += places.len();
            let record = StepRecord {
                step: progress.steps,
                epoch: progress.epochs + 1,
                progress: progress.epochs as f64 + progress.epoch_steps as f64 / steps.len() as f64,
                loss,
                learning_rate: rate,
                gradient_norm: norm,
            };
            self.observer.on_step(&record);
            // The last step of an epoch is kept with the epoch.
            let due = self.checkpoints.as_ref().is_some_and(|c| c.is_due(now.progress.steps));
            if due && now.progress.epoch_steps < steps.len() {
                self.keep(identity, now)?;
            }
        }
        Ok(true)
    }

    /// Forward, backward, update: the loss and the gradients' norm.
    fn step(
        &mut self,
        train: &Examples<M::Inputs>,
        places: &[usize],
        parameters: &[Parameter],
        rate: f64,
        now: &mut Current,
    ) -> Result<(f64, f64)> {
        let seed = step_seed(self.config.seed, now.progress.steps);
        let (loss, gradients) = gradients(&self.model, train, places, parameters, &self.settings, seed)?;
        let progress = &mut now.progress;
        progress.steps += 1;
        progress.phase_steps += 1;
        progress.epoch_steps += 1;
        if !loss.is_finite() {
            return Err(not_finite("loss", loss, progress, rate));
        }
        if now.audited != parameters.len() {
            GradientAudit::from_gradients(&gradients)?.check()?;
            now.audited = parameters.len();
        }
        self.observer.on_gradients(progress.steps, &gradients);
        let norm = now.optimizer.step(&gradients, rate, self.config.max_grad_norm)?;
        if !norm.is_finite() {
            return Err(not_finite(&culprits(&gradients)?, norm, progress, rate));
        }
        Ok((loss, norm))
    }

    fn steps_per_epoch(&self) -> usize {
        self.rows.train.len().div_ceil(self.config.rows_per_step())
    }

    /// The run's rows, or the vectors of the frozen body for a phase that learns on them.
    fn rows_of(&mut self, phase: &Phase) -> Result<Rc<Rows<M::Inputs>>> {
        if !phase.on_features {
            return Ok(Rc::clone(&self.rows));
        }
        let (trained_on, total) = (self.rows.train.len(), self.rows.train.len() + self.rows.validation.len());
        let mut freeze = |examples: &Examples<M::Inputs>, before: usize| -> Result<Examples<M::Inputs>> {
            let mut progress = |done: usize| {
                if stop::take() {
                    return Err(Error::Training("stopped while the rows were encoded; nothing was trained".into()));
                }
                self.observer.on_encode(before + done, total);
                Ok(())
            };
            let inputs = self.model.freeze_inputs(&examples.inputs, &mut progress)?;
            Ok(Examples { inputs, targets: examples.targets.clone() })
        };
        let train = freeze(&self.rows.train, 0)?;
        Ok(Rc::new(Rows { train, validation: freeze(&self.rows.validation, trained_on)? }))
    }

    fn watched(&self) -> Option<String> {
        self.watch.as_ref().map(|watch| watch.metric().to_owned())
    }

    fn learning_rate(&self) -> f64 {
        self.config.learning_rate.unwrap_or_else(|| self.method.default_learning_rate(self.model.learning_rates()))
    }

    fn optimizer(&self, phase: &Phase, learning: &[String]) -> Result<OptimizerState> {
        let parameters = learning.iter().filter_map(|name| self.model.store().get(name)).collect();
        let groups = ParameterGroups::new(parameters, self.config.weight_decay);
        let groups = groups.with_rate_factors(|name| phase.rate_factor(&self.model, name));
        OptimizerState::new(self.config.optimizer, &groups)
    }

    /// What the run will do. Leaves everything trainable that learns at any time: what is unfrozen stays so.
    fn plan(&self, phases: &[Phase], learning_rate: f64) -> TrainingPlan {
        let epochs: usize = phases.iter().map(|phase| phase.epochs).sum();
        self.method.set_trainable(&self.model, epochs - 1);
        let store = self.model.store();
        TrainingPlan {
            method: self.method.clone(),
            learning_rate,
            is_default_rate: self.config.learning_rate.is_none(),
            source: self.model.source().to_owned(),
            device: device_name(store.device()),
            epochs,
            batches_per_epoch: self.steps_per_epoch(),
            samples: self.rows.train.len(),
            texts_cut: self.texts_cut,
            rows_normalised_together: (self.config.accumulation_steps > 1 && !self.model.rows_are_independent())
                .then_some(self.config.batch_size),
            trainable_parameters: store.trainable_count(),
            total_parameters: store.count(),
            measures_accuracy: self.rows.validation.targets.has_accuracy(),
            watched: self.watched(),
        }
    }

    /// What must be the same when a run is resumed.
    fn identity(&self, learning: &[String]) -> BTreeMap<String, String> {
        let digest = |text: String| hexadecimal(&Sha256::digest(text)[..8]);
        let rows = |examples: &Examples<M::Inputs>| {
            let inputs = self.model.rows_fingerprint(&examples.inputs);
            format!("{} rows ({})", examples.len(), digest(format!("{:?} {inputs}", examples.targets)))
        };
        let shape = |name: &String| self.model.store().get(name).map(|p| p.var().dims().to_vec());
        let parameters = digest(format!("{:?}", learning.iter().map(|n| (n, shape(n))).collect::<Vec<_>>()));
        [
            ("the method", format!("{:?}", self.method)),
            ("the configuration", format!("{:?}", self.config)),
            ("the training data", rows(&self.rows.train)),
            ("the validation data", rows(&self.rows.validation)),
            ("the model", format!("one with {} parameters that learn ({parameters})", learning.len())),
        ]
        .map(|(what, value)| (what.to_owned(), value))
        .into()
    }

    fn find_checkpoint(&self, identity: &BTreeMap<String, String>) -> Result<Option<Contents>> {
        let Some(checkpoints) = self.checkpoints.as_ref().filter(|_| self.resume) else { return Ok(None) };
        let Some(contents) = checkpoints.newest()? else { return Ok(None) };
        contents.state.check(identity, &contents.origin)?;
        contents.state.check_watched(self.watched().as_deref(), &contents.origin)?;
        Ok(Some(contents))
    }

    /// Goes on where the checkpoint was written.
    fn take_up(&mut self, contents: Contents, phases: &[Phase], now: &mut Current) -> Result<()> {
        contents.restore(self.model.store(), &now.learning)?;
        now.progress = contents.state.progress.clone();
        // A run that was finished has no phase left.
        if let Some(phase) = phases.get(now.progress.phase) {
            now.optimizer = self.optimizer(phase, &now.learning)?;
            now.optimizer.restore(&contents.optimizer.into_iter().collect(), &contents.origin)?;
        }
        now.history = History { watched: self.watched(), ..contents.state.history() };
        now.best = contents.best;
        if let Some((watch, state)) = self.watch.as_mut().zip(contents.state.watch) {
            watch.restore(state);
        }
        Ok(())
    }

    fn keep(&self, identity: &BTreeMap<String, String>, now: &Current) -> Result<()> {
        let Some(checkpoints) = &self.checkpoints else { return Ok(()) };
        let watch = self.watch.as_ref().and_then(Watch::state);
        checkpoints.write(&Contents {
            state: State::new(identity.clone(), now.progress.clone(), &now.history, watch),
            parameters: self.model.store().copy_of(&now.learning)?,
            optimizer: now.optimizer.to_tensors()?,
            best: now.best.clone(),
            origin: String::new(),
        })
    }
}

/// The parameters whose gradients are no numbers.
fn culprits(gradients: &Gradients) -> Result<String> {
    let norms = gradients.norms()?;
    let bad: Vec<_> = norms.iter().filter(|(_, norm)| norm.is_some_and(|n| !n.is_finite())).collect();
    Ok(match bad.first() {
        Some((name, _)) if bad.len() == 1 => format!("gradient norm of {name}"),
        Some((name, _)) => format!("gradient norm of {name} and {} more", bad.len() - 1),
        None => "gradient norm".to_owned(),
    })
}

fn not_finite(what: &str, value: f64, progress: &Progress, learning_rate: f64) -> Error {
    Error::Training(format!(
        "the {what} became {value} at step {} (epoch {}), learning rate {learning_rate:e}; likely causes: a learning rate \
         that is too high (try a tenth), no warmup (warmup_ratio 0.1), no clipping (max_grad_norm Some(1.0)), or weights \
         that were not finite to begin with",
        progress.steps,
        progress.epochs + 1
    ))
}

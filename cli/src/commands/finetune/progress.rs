//! What is shown while a run goes on: progress bars on standard error, so that standard output is for results.

use tunebook::notebook::Progress;
use tunebook::train::{EpochRecord, Observer, StepRecord, TrainingPlan};

/// Progress of encoding and training, and what the run is about to do.
#[derive(Default)]
pub(super) struct Bars {
    progress: Option<Progress>,
    /// The metric that decides which epoch is kept.
    watched: Option<String>,
}

impl Observer for Bars {
    fn on_encode(&mut self, done: usize, total: usize) {
        let progress = self.progress.get_or_insert_with(|| Progress::new("encoding texts", total as u64));
        progress.advance((done as u64).saturating_sub(progress.done()));
    }

    fn on_start(&mut self, plan: &TrainingPlan) {
        if let Some(mut encoding) = self.progress.take() {
            encoding.finish();
        }
        let rate = if plan.is_default_rate { format!("the default of {}", plan.source) } else { "given".to_owned() };
        eprintln!(
            "{}: learning rate {:e} ({rate}), {} of {} parameters train",
            plan.method, plan.learning_rate, plan.trainable_parameters, plan.total_parameters
        );
        if let Some(texts) = plan.texts_cut.filter(|texts| texts.cut > 0) {
            eprintln!("{texts}: {}", texts.mend("--max-length"));
        }
        if let Some(note) = plan.accumulation_note() {
            eprintln!("{note}");
        }
        self.watched.clone_from(&plan.watched);
        self.progress = Some(Progress::new("training", (plan.epochs * plan.batches_per_epoch) as u64));
    }

    fn on_step(&mut self, _: &StepRecord) {
        if let Some(progress) = &mut self.progress {
            progress.advance(1);
        }
    }

    fn on_epoch(&mut self, record: &EpochRecord) {
        if let Some(progress) = &mut self.progress {
            progress.set_message(record.line(self.watched.as_deref()));
        }
    }

    fn on_end(&mut self, _: Option<usize>) {
        if let Some(mut progress) = self.progress.take() {
            progress.finish();
        }
    }
}

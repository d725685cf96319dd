//! What is shown while a run goes on: progress bars on standard error, so that standard output is for results.

use tunebook::notebook::Progress;
use tunebook::train::{EpochRecord, Observer, StepRecord, TrainingPlan};

/// Progress of encoding and training, and what the run is about to do.
#[derive(Default)]
pub(super) struct Bars(Option<Progress>);

impl Observer for Bars {
    fn on_encode(&mut self, done: usize, total: usize) {
        let progress = self.0.get_or_insert_with(|| Progress::new("encoding texts", total as u64));
        progress.advance((done as u64).saturating_sub(progress.done()));
    }

    fn on_start(&mut self, plan: &TrainingPlan) {
        if let Some(mut encoding) = self.0.take() {
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
        self.0 = Some(Progress::new("training", (plan.epochs * plan.batches_per_epoch) as u64));
    }

    fn on_step(&mut self, _: &StepRecord) {
        if let Some(progress) = &mut self.0 {
            progress.advance(1);
        }
    }

    fn on_epoch(&mut self, record: &EpochRecord) {
        let Some(progress) = &mut self.0 else { return };
        let accuracy = match record.val_accuracy {
            accuracy if accuracy.is_nan() => String::new(),
            accuracy => format!(", val accuracy {:.1} %", 100.0 * accuracy),
        };
        let EpochRecord { epoch, train_loss, val_loss, .. } = record;
        progress.set_message(format!("epoch {epoch}: train loss {train_loss:.3}, val loss {val_loss:.3}{accuracy}"));
    }

    fn on_end(&mut self, _: Option<usize>) {
        if let Some(mut progress) = self.0.take() {
            progress.finish();
        }
    }
}

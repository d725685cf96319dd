//! Curves that grow while training runs: in a notebook a chart, in a terminal a progress bar.

use super::{EpochRecord, Observer, StepRecord, TrainingPlan};
use crate::chart::LearningCurves;
use crate::notebook::{Display, LiveDisplay, Progress, Sink};
use crate::words::part_of;

/// More texts than this, and encoding them once may take seconds.
const WORTH_SHOWING: usize = 1000;

/// Shows a run while it goes on. What a [`super::Trainer`] does when it is told nothing else.
///
/// ```
/// use tunebook::prelude::*;
/// use tunebook::train::Live;
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), vec!["billing".into(), "storage".into()])?;
/// let mut norms = GradientNorms::default();
/// let trainer = Trainer::new(model).observer((Live::new(), &mut norms)); // curves, and norms beside them
/// # let _ = trainer;
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Live {
    encoding: Option<Progress>,
    view: Option<View>,
}

impl Clone for Live {
    /// A fresh one: what is on the screen belongs to the run that put it there.
    fn clone(&self) -> Self {
        Self::new()
    }
}

#[derive(Debug)]
struct View {
    curves: LearningCurves,
    chart: LiveDisplay,
    progress: Progress,
    /// The watched metric beside loss and accuracy.
    watched: Option<String>,
    in_notebook: bool,
}

impl Live {
    /// Shows nothing until a run starts.
    pub fn new() -> Self {
        Self::default()
    }
}

impl View {
    fn draw(&mut self) {
        // A chart that cannot be drawn must not end a training; the report still has the numbers.
        if let Ok(svg) = self.curves.to_svg() {
            self.chart.update(Display::svg(svg));
        }
    }
}

impl Observer for Live {
    fn on_encode(&mut self, done: usize, total: usize) {
        // A few texts take no time worth showing.
        if total > WORTH_SHOWING {
            let progress = self.encoding.get_or_insert_with(|| Progress::new("encoding texts", total as u64));
            progress.advance((done as u64).saturating_sub(progress.done()));
        }
    }

    fn on_start(&mut self, plan: &TrainingPlan) {
        if let Some(mut encoding) = self.encoding.take() {
            encoding.finish();
        }
        let rate = if plan.is_default_rate { format!("the default of {}", plan.source) } else { "given".to_owned() };
        crate::notebook::write_out(&format!(
            "{}: learning rate {:e} ({rate}), {} parameters train\n",
            plan.method,
            plan.learning_rate,
            part_of(plan.trainable_parameters, plan.total_parameters)
        ));
        if let Some(texts) = plan.texts_cut.filter(|texts| texts.cut > 0) {
            crate::notebook::write_out(&format!("{texts}: {}\n", texts.mend("TrainingConfig::max_length")));
        }
        if let Some(note) = plan.accumulation_note() {
            crate::notebook::write_out(&format!("{note}\n"));
        }
        self.view = Some(View {
            curves: plan.curves(),
            chart: LiveDisplay::new(),
            progress: Progress::new("training", (plan.epochs * plan.batches_per_epoch) as u64),
            watched: plan.watched_beside().map(str::to_owned),
            in_notebook: Sink::current() != Sink::Terminal,
        });
    }

    fn on_step(&mut self, record: &StepRecord) {
        let Some(view) = &mut self.view else { return };
        view.progress.advance(1);
        view.curves.push_batch(record.progress, record.loss);
        if view.in_notebook && view.chart.is_due() {
            view.draw();
        }
    }

    fn on_epoch(&mut self, record: &EpochRecord) {
        let Some(view) = &mut self.view else { return };
        view.curves.push_epoch(record.train_loss, record.val_loss, record.val_accuracy);
        if let Some(value) = view.watched.as_deref().and_then(|name| record.metric(name)) {
            view.curves.push_metric(value);
        }
        view.progress.set_message(record.line(view.watched.as_deref()));
        if view.in_notebook && view.chart.is_due() {
            view.draw();
        }
    }

    fn on_end(&mut self, best_epoch: Option<usize>) {
        let Some(mut view) = self.view.take() else { return };
        view.progress.finish();
        if view.in_notebook {
            if let Some(epoch) = best_epoch {
                view.curves.set_best_epoch(epoch);
            }
            view.draw();
            view.chart.finish();
        }
    }
}

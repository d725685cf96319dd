//! Checkpoints as a person meets them: which there are, how good each is, and its weights back in a model.

use std::path::{Path, PathBuf};

use super::checkpoint::{Contents, State};
use super::epoch_metrics::{LOSS, larger_is_better};
use super::{Checkpoints, EpochRecord};
use crate::model::ParameterStore;
use crate::{Error, Result};

/// One checkpoint that a run has left on disk.
///
/// ```
/// use tunebook::prelude::*;
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let (train, validation) = (data.train.few_shot(2, 42)?, data.validation.few_shot(1, 42)?);
/// let folder = std::env::temp_dir().join(format!("tunebook-doc-checkpoints-{}", std::process::id()));
/// let checkpoints = Checkpoints::in_folder(&folder).keep_best(2);
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let trainer = Trainer::new(model).method(Method::FeatureExtraction).observer(Quiet);
/// let report = trainer.checkpoints(checkpoints.clone()).fit(&train, &validation)?;
///
/// let best = checkpoints.best()?.expect("each epoch left one");
/// best.load_into(report.model().store())?; // the model is now as it was after its best epoch
/// let loss = best.epoch().map(|epoch| epoch.val_loss);
/// assert!(report.history().val_loss().into_iter().all(|other| loss <= Some(other)));
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    folder: PathBuf,
    step: usize,
    epoch: Option<EpochRecord>,
    /// The metric by which it is good or bad.
    metric: String,
}

impl Checkpoint {
    pub(super) fn read(folder: PathBuf) -> Result<Self> {
        let state = State::read(&folder)?;
        // In the middle of an epoch the last record is of the epoch before.
        let whole_epoch = state.progress.epoch_steps == 0;
        let epoch = state.history().last().filter(|_| whole_epoch).cloned();
        let metric = state.watched.unwrap_or_else(|| LOSS.to_owned());
        Ok(Self { folder, step: state.progress.steps, epoch, metric })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The steps that the run had taken.
    pub fn step(&self) -> usize {
        self.step
    }

    /// What the epoch that ended with it measured; `None` when it was kept in the middle of one.
    pub fn epoch(&self) -> Option<&EpochRecord> {
        self.epoch.as_ref()
    }

    /// The larger, the better; a metric that is no number, or none at all, is the worst.
    pub(super) fn score(&self) -> f64 {
        let value = self.epoch().and_then(|epoch| epoch.metric(&self.metric)).filter(|value| !value.is_nan());
        let sign = if larger_is_better(&self.metric) == Some(true) { 1.0 } else { -1.0 };
        value.map_or(f64::NEG_INFINITY, |value| sign * value)
    }

    /// Gives the parameters that learned in that run the values that they had then; the others stay as they are.
    ///
    /// # Errors
    /// When a parameter of the checkpoint is not one of the model's, or of another shape: the model stays as it was. And
    /// when a file of it cannot be read.
    pub fn load_into(&self, store: &ParameterStore) -> Result<()> {
        let contents = Contents::read(&self.folder)?;
        let fits = |name: &str, dims: &[usize]| store.get(name).is_some_and(|p| p.var().dims() == dims);
        if let Some((name, values)) = contents.parameters.iter().find(|(name, values)| !fits(name, values.dims())) {
            return Err(Error::input(
                self.folder.display(),
                format!("holds {name} of shape {:?}, and this model has no such parameter", values.dims()),
                "load it into a model made as for that run: the same source and labels, with LoRA where it had LoRA",
            ));
        }
        store.restore(&contents.parameters)
    }
}

impl Checkpoints {
    /// The checkpoints that are there, the oldest first.
    ///
    /// # Errors
    /// When the folder or one of them cannot be read.
    pub fn kept(&self) -> Result<Vec<Checkpoint>> {
        self.list()?.into_iter().map(Checkpoint::read).collect()
    }

    /// The one with the best value of the metric that early stopping watched, without that the smallest validation loss; the
    /// earliest of equals. `None` when no epoch was finished.
    ///
    /// # Errors
    /// As [`Checkpoints::kept`].
    pub fn best(&self) -> Result<Option<Checkpoint>> {
        let finished = self.kept()?.into_iter().filter(|checkpoint| checkpoint.epoch.is_some());
        Ok(finished.min_by(|a, b| b.score().total_cmp(&a.score())))
    }
}

#[cfg(test)]
mod tests {
    use super::Checkpoints;
    use crate::model::TextClassifier;
    use crate::model::fixture::{tiny, tiny_data, tiny_folder};
    use crate::train::{Method, Quiet, Schedule, Trainer, TrainingConfig};

    #[test]
    fn the_best_epochs_and_the_newest_are_kept_and_load_as_they_were() {
        let dir = tiny_folder();
        let model = TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let place = Checkpoints::in_folder(folder.path()).every_steps(3).keep_best(2);
        assert!(place.kept().unwrap().is_empty() && place.best().unwrap().is_none());
        // A rate this high overshoots: the last epochs are not the best.
        let config = TrainingConfig {
            epochs: 7,
            batch_size: 8,
            learning_rate: Some(0.05),
            schedule: Schedule::Constant,
            ..TrainingConfig::default()
        };
        let trainer = Trainer::new(model).method(Method::Full).config(config).observer(Quiet);
        let validation = tiny_data(24, 1);
        let report = trainer.checkpoints(place.clone()).fit(&tiny_data(40, 0), &validation).unwrap();

        let mut by_loss: Vec<_> = report.history().epochs().iter().collect();
        by_loss.sort_by(|a, b| a.val_loss.total_cmp(&b.val_loss));
        let mut expected = vec![by_loss[0].epoch, by_loss[1].epoch, 7];
        expected.sort_unstable();
        expected.dedup();
        let kept = place.kept().unwrap();
        // Five steps an epoch: those of every third step are gone.
        let epochs: Vec<_> = kept.iter().map(|kept| kept.epoch().unwrap().epoch).collect();
        assert_eq!(epochs, expected, "{}", report.history());
        assert!(kept.iter().all(|kept| kept.step() == 5 * kept.epoch().unwrap().epoch));

        let best = place.best().unwrap().unwrap();
        assert_eq!(best.epoch().unwrap(), by_loss[0]);
        for checkpoint in [best, kept[kept.len() - 1].clone()] {
            checkpoint.load_into(report.model().store()).unwrap();
            let loss = report.model().evaluate(&validation).unwrap().loss;
            assert!((loss - checkpoint.epoch().unwrap().val_loss).abs() < 1e-9);
        }
    }
}

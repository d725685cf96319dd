//! Checkpoints: a run kept on disk, from which it goes on as if it had never stopped.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::progress::{Bits, Progress};
use super::{EpochRecord, History};
use crate::model::{Buffer, ParameterStore, read_tensors, write_tensors};
use crate::{Error, Result};

const PREFIX: &str = "step-";
const PARTIAL: &str = ".partial-";
const BEST: &str = "best.safetensors";

/// What to do about a checkpoint that cannot be read.
const BROKEN: &str = "delete this checkpoint; the run goes on from the one before";

/// Where, how often and how many checkpoints of a run are kept.
///
/// A checkpoint is a folder `step-00000120` with the trained parameters, the optimizer's memory and the run's place. It
/// appears whole or not at all. The newest is always kept, for [`super::Trainer::resume`]; [`Checkpoints::kept`] and
/// [`Checkpoints::best`] are for loading one by hand. One folder is for one run.
///
/// ```
/// use tunebook::train::Checkpoints;
/// let checkpoints = Checkpoints::in_folder("runs/tickets").every_steps(100).keep_best(3);
/// assert_eq!(checkpoints.folder(), std::path::Path::new("runs/tickets"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    folder: PathBuf,
    every_steps: Option<usize>,
    keep_best: usize,
}

impl Checkpoints {
    /// A checkpoint after every epoch and when the run is stopped on request; the newest and the best one are kept.
    pub fn in_folder(folder: impl AsRef<Path>) -> Self {
        Self { folder: folder.as_ref().to_path_buf(), every_steps: None, keep_best: 1 }
    }

    /// One after every so many steps too; 1 or more.
    pub fn every_steps(mut self, steps: usize) -> Self {
        self.every_steps = Some(steps);
        self
    }

    /// How many of the best epochs are kept, by the metric that [`super::EarlyStopping`] watches, else by validation loss; 0
    /// keeps only the newest.
    pub fn keep_best(mut self, count: usize) -> Self {
        self.keep_best = count;
        self
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a run can be kept here: found out before it starts, and not at its first checkpoint.
    pub(super) fn check(&self, resume: bool) -> Result<()> {
        if self.every_steps == Some(0) {
            return Err(Error::input("Checkpoints::every_steps", "is 0", "give 1 or more"));
        }
        let partial = self.partial();
        let written = fs::create_dir_all(&partial).and_then(|()| fs::remove_dir(&partial));
        written.map_err(|e| {
            Error::input(
                self.folder.display(),
                format!("cannot hold checkpoints ({e})"),
                "give a folder that you may write to",
            )
        })?;
        // Newest and best of two runs in one folder would be mixed up.
        match self.list()?.last() {
            Some(newest) if !resume => Err(Error::input(
                self.folder.display(),
                format!(
                    "holds checkpoints of an earlier run, up to {}",
                    newest.file_name().unwrap_or_default().display()
                ),
                "go on with that run (resume), give another folder, or delete them",
            )),
            _ => Ok(()),
        }
    }

    /// Where a checkpoint is put together.
    fn partial(&self) -> PathBuf {
        self.folder.join(format!("{PARTIAL}{}", std::process::id()))
    }

    /// Whether one is due after this step.
    pub(super) fn is_due(&self, steps: usize) -> bool {
        self.every_steps.is_some_and(|every| steps.is_multiple_of(every))
    }

    /// Writes one and deletes those that are not kept any more.
    pub(super) fn write(&self, contents: &Contents) -> Result<()> {
        let partial = self.partial();
        let outcome = contents.write(&partial).and_then(|()| {
            let target = self.folder.join(format!("{PREFIX}{:08}", contents.state.progress.steps));
            if target.exists() {
                fs::remove_dir_all(&target).map_err(|e| Error::io(&target, e))?;
            }
            fs::rename(&partial, &target).map_err(|e| Error::io(&target, e))
        });
        if outcome.is_err() {
            // Best effort: the error that matters is the one returned.
            let _ = fs::remove_dir_all(&partial);
        }
        outcome?;
        self.sweep()
    }

    /// The newest, with all that it holds. `None` when there is none yet.
    pub(super) fn newest(&self) -> Result<Option<Contents>> {
        self.list()?.pop().map(|path| Contents::read(&path)).transpose()
    }

    /// All checkpoints, the oldest first.
    pub(super) fn list(&self) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.folder).map_err(|e| Error::io(&self.folder, e))?;
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| Error::io(&self.folder, e))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.strip_prefix(PREFIX).is_some_and(|steps| steps.bytes().all(|b| b.is_ascii_digit())) {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Deletes what is neither the newest nor one of the best. One in the middle of an epoch measured nothing.
    fn sweep(&self) -> Result<()> {
        let mut others = self.kept()?;
        others.pop();
        others.sort_by(|a, b| b.score().total_cmp(&a.score()));
        let kept = others.iter().take(self.keep_best).filter(|other| other.score().is_finite()).count();
        for other in &others[kept..] {
            fs::remove_dir_all(other.folder()).map_err(|e| Error::io(other.folder(), e))?;
        }
        Ok(())
    }
}

/// What one checkpoint holds.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) state: State,
    /// The parameters that learn, and all buffers.
    pub(super) parameters: BTreeMap<String, Tensor>,
    pub(super) optimizer: Vec<(String, Tensor)>,
    /// The best epoch's parameters, where early stopping keeps them.
    pub(super) best: Option<BTreeMap<String, Tensor>>,
    /// Where it was read, for messages.
    pub(super) origin: String,
}

/// The part of a checkpoint that is no tensor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    /// Settings, method and data: a run goes on only with the same.
    pub(super) run: BTreeMap<String, String>,
    pub(super) progress: Progress,
    epochs: Vec<Epoch>,
    /// Best epoch, its value, and epochs waited since, of early stopping.
    pub(super) watch: Option<(usize, Bits, usize)>,
    /// The metric that early stopping watches.
    #[serde(default)]
    pub(super) watched: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Epoch {
    number: usize,
    train_loss: Bits,
    val_loss: Bits,
    val_accuracy: Bits,
    #[serde(default)]
    val_metrics: BTreeMap<String, Bits>,
    learning_rate: Bits,
    seconds: Bits,
}

impl State {
    pub(super) fn new(
        run: BTreeMap<String, String>,
        progress: Progress,
        history: &History,
        watch: Option<(usize, Bits, usize)>,
    ) -> Self {
        let epoch = |e: &EpochRecord| Epoch {
            number: e.epoch,
            train_loss: Bits(e.train_loss),
            val_loss: Bits(e.val_loss),
            val_accuracy: Bits(e.val_accuracy),
            val_metrics: e.val_metrics.iter().map(|(name, value)| (name.clone(), Bits(*value))).collect(),
            learning_rate: Bits(e.learning_rate),
            seconds: Bits(e.seconds),
        };
        let epochs = history.epochs.iter().map(epoch).collect();
        Self { run, progress, epochs, watch, watched: history.watched.clone() }
    }

    pub(super) fn history(&self) -> History {
        let record = |e: &Epoch| EpochRecord {
            epoch: e.number,
            train_loss: e.train_loss.0,
            val_loss: e.val_loss.0,
            val_accuracy: e.val_accuracy.0,
            val_metrics: e.val_metrics.iter().map(|(name, value)| (name.clone(), value.0)).collect(),
            learning_rate: e.learning_rate.0,
            seconds: e.seconds.0,
        };
        History { epochs: self.epochs.iter().map(record).collect(), watched: self.watched.clone() }
    }

    /// The same settings, method and data as `now`, or an error that names what differs.
    pub(super) fn check(&self, now: &BTreeMap<String, String>, origin: &str) -> Result<()> {
        for (what, value) in now {
            let then = self.run.get(what).map_or("missing", String::as_str);
            if then != value {
                let problem = match first_difference(then, value) {
                    Some((field, then, now)) => format!("{field} of {what} was {then}, and is {now} now"),
                    None => format!("{what} was {then}, and is {value} now"),
                };
                return Err(Error::input(
                    origin,
                    problem,
                    "resume with the settings and data of the first run, or give another folder for checkpoints",
                ));
            }
        }
        Ok(())
    }

    /// That early stopping goes on with the metric whose best epoch is kept.
    pub(super) fn check_watched(&self, now: Option<&str>, origin: &str) -> Result<()> {
        match (self.watched.as_deref(), now) {
            (Some(then), Some(now)) if then != now => Err(Error::input(
                origin,
                format!("the metric that decides which epoch is the best was {then}, and is {now} now"),
                format!("resume with {then}, or give another folder for checkpoints"),
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("state.json");
        let text = fs::read_to_string(&path).map_err(|e| Error::io(&path, e))?;
        serde_json::from_str(&text).map_err(|e| Error::input(path.display(), e, BROKEN))
    }
}

/// The first field in which two values of one struct, as `Debug` writes them, differ: its name and both values.
fn first_difference<'a>(then: &'a str, now: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
    let ((then_name, then), (now_name, now)) = (then.split_once(" { ")?, now.split_once(" { ")?);
    let pair = fields(then).into_iter().zip(fields(now)).find(|(then, now)| then != now)?;
    let ((then_field, then), (now_field, now)) = (pair.0.split_once(": ")?, pair.1.split_once(": ")?);
    (then_name == now_name && then_field == now_field).then_some((then_field, then, now))
}

/// `a: 1, b: C { d: 2, e: 3 } }` in its outermost parts: `a: 1` and `b: C { d: 2, e: 3 }`.
fn fields(body: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(body[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        if depth < 0 {
            parts.push(body[start..at].trim());
            return parts;
        }
    }
    parts
}

impl Contents {
    fn write(&self, folder: &Path) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        }
        fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let named = |map: &BTreeMap<String, Tensor>| map.clone().into_iter().collect::<Vec<_>>();
        write_tensors(&folder.join("parameters.safetensors"), named(&self.parameters))?;
        write_tensors(&folder.join("optimizer.safetensors"), self.optimizer.clone())?;
        if let Some(best) = &self.best {
            write_tensors(&folder.join(BEST), named(best))?;
        }
        let path = folder.join("state.json");
        let state = serde_json::to_string(&self.state)
            .map_err(|e| Error::input(path.display(), e, "this is a bug: please report it"))?;
        fs::write(&path, state).map_err(|e| Error::io(&path, e))
    }

    pub(super) fn read(folder: &Path) -> Result<Self> {
        let read = |file: &str| read_tensors(&folder.join(file), BROKEN);
        Ok(Self {
            state: State::read(folder)?,
            parameters: read("parameters.safetensors")?.into_iter().collect(),
            optimizer: read("optimizer.safetensors")?.into_iter().collect(),
            best: if folder.join(BEST).exists() { Some(read(BEST)?.into_iter().collect()) } else { None },
            origin: folder.display().to_string(),
        })
    }

    /// Puts the parameters and the buffers back into a model.
    pub(super) fn restore(&self, store: &ParameterStore, names: &[String]) -> Result<()> {
        let buffers = store.buffers();
        for name in names.iter().map(String::as_str).chain(buffers.iter().map(Buffer::name)) {
            let fits = self.parameters.get(name).zip(store.shape(name)).is_some_and(|(t, shape)| *t.shape() == shape);
            if !fits {
                let problem = format!("{name} is not in it, or has another shape");
                return Err(Error::input(&self.origin, problem, "resume with the model of the first run"));
            }
        }
        store.restore(&self.parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::first_difference;
    use crate::train::{Optimizer, TrainingConfig};

    #[test]
    fn the_setting_that_differs_is_named() {
        let said = |config: &TrainingConfig| format!("{config:?}");
        let config = TrainingConfig::default();
        let then = said(&config);
        let other = said(&TrainingConfig { epochs: 5, ..config.clone() });
        assert_eq!(first_difference(&then, &other), Some(("epochs", "3", "5")));
        let other = said(&TrainingConfig { seed: 7, ..config.clone() });
        assert_eq!(first_difference(&then, &other), Some(("seed", "42", "7")));
        let other = said(&TrainingConfig { optimizer: Optimizer::Sgd { momentum: 0.5, nesterov: false }, ..config });
        let (field, _, now) = first_difference(&then, &other).unwrap();
        assert_eq!((field, now), ("optimizer", "Sgd { momentum: 0.5, nesterov: false }"));
        assert_eq!(first_difference("Full", "BitFit"), None);
        assert_eq!(first_difference(&then, &then), None);
    }
}

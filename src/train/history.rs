//! What each epoch measured.

use std::collections::BTreeMap;
use std::fmt;

use super::epoch_metrics::{ACCURACY, LOSS};

/// One epoch of a run.
///
/// ```
/// use tunebook::train::EpochRecord;
/// let epoch = EpochRecord { epoch: 3, val_loss: 0.42, val_accuracy: 0.9, ..EpochRecord::default() };
/// assert!(epoch.val_accuracy > 0.5);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss over the epoch's batches, as trained: with dropout and label smoothing.
    pub train_loss: f64,
    /// Mean loss on the validation data, without smoothing and class weights: cross-entropy in nats, or the mean squared
    /// error of a regression.
    pub val_loss: f64,
    /// Share of right answers on the validation data, 0 to 1; not a number where answers are numbers, of which none is
    /// right or wrong.
    pub val_accuracy: f64,
    /// What else was measured on the validation data, by name: see
    /// [`Targets::metric_names`](super::Targets::metric_names). Numbers are in the unit in which the model learns them, as the
    /// loss is.
    pub val_metrics: BTreeMap<String, f64>,
    /// The learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// How long the epoch took, validation included.
    pub seconds: f64,
}

impl EpochRecord {
    /// A metric of the epoch by its name, `val_loss` and `val_accuracy` among them; `None` for one that it did not measure.
    ///
    /// ```
    /// use tunebook::train::EpochRecord;
    /// let mut epoch = EpochRecord { val_loss: 0.42, ..EpochRecord::default() };
    /// epoch.val_metrics.insert("val_macro_f1".into(), 0.8);
    /// assert_eq!((epoch.metric("val_loss"), epoch.metric("val_macro_f1")), (Some(0.42), Some(0.8)));
    /// assert_eq!(epoch.metric("val_r2"), None);
    /// ```
    pub fn metric(&self, name: &str) -> Option<f64> {
        match name {
            LOSS => Some(self.val_loss),
            ACCURACY => Some(self.val_accuracy),
            name => self.val_metrics.get(name).copied(),
        }
    }

    /// The epoch in one line, with the watched metric where that is neither loss nor accuracy.
    ///
    /// ```
    /// use tunebook::train::EpochRecord;
    /// let epoch = EpochRecord { epoch: 3, train_loss: 0.4, val_loss: 0.5, val_accuracy: 0.9, ..EpochRecord::default() };
    /// assert_eq!(epoch.line(None), "epoch 3: train loss 0.400, val loss 0.500, val accuracy 90.0 %");
    /// ```
    pub fn line(&self, watched: Option<&str>) -> String {
        let Self { epoch, train_loss, val_loss, val_accuracy, .. } = self;
        let accuracy = match val_accuracy {
            accuracy if accuracy.is_nan() => String::new(),
            accuracy => format!(", val accuracy {:.1} %", 100.0 * accuracy),
        };
        let beside = watched.and_then(|name| {
            let value = self.val_metrics.get(name)?;
            Some(format!(", {} {value:.3}", name.replace('_', " ")))
        });
        let beside = beside.unwrap_or_default();
        format!("epoch {epoch}: train loss {train_loss:.3}, val loss {val_loss:.3}{accuracy}{beside}")
    }
}

/// The epochs of a run, in order.
///
/// ```
/// use tunebook::prelude::*;
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let (train, validation) = (data.train.few_shot(2, 42)?, data.validation.few_shot(1, 42)?);
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let report = Trainer::new(model).method(Method::FeatureExtraction).observer(Quiet).fit(&train, &validation)?;
/// let history = report.history();
/// assert_eq!(history.epochs().len(), 3);
/// assert_eq!(history.last().map(|epoch| epoch.epoch), Some(3));
/// println!("{history}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub(super) epochs: Vec<EpochRecord>,
    /// The metric that early stopping watched.
    pub(super) watched: Option<String>,
}

impl History {
    /// Every epoch.
    pub fn epochs(&self) -> &[EpochRecord] {
        &self.epochs
    }

    /// The last epoch.
    pub fn last(&self) -> Option<&EpochRecord> {
        self.epochs.last()
    }

    /// The epoch of this number, counted from 1.
    pub fn epoch(&self, number: usize) -> Option<&EpochRecord> {
        self.epochs.iter().find(|e| e.epoch == number)
    }

    /// Training losses, for a chart.
    pub fn train_loss(&self) -> Vec<f64> {
        self.epochs.iter().map(|e| e.train_loss).collect()
    }

    /// Validation losses, for a chart.
    pub fn val_loss(&self) -> Vec<f64> {
        self.epochs.iter().map(|e| e.val_loss).collect()
    }

    /// Validation accuracies, for a chart; see [`EpochRecord::val_accuracy`].
    pub fn val_accuracy(&self) -> Vec<f64> {
        self.epochs.iter().map(|e| e.val_accuracy).collect()
    }

    /// The values of a metric, for a chart; no number for an epoch that did not measure it. See [`EpochRecord::metric`].
    ///
    /// ```
    /// # use tunebook::prelude::*;
    /// # let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
    /// # let (train, validation) = (data.train.few_shot(2, 42)?, data.validation.few_shot(1, 42)?);
    /// # let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
    /// # let report = Trainer::new(model).method(Method::FeatureExtraction).observer(Quiet).fit(&train, &validation)?;
    /// let f1 = report.history().metric("val_macro_f1");
    /// assert!(f1.len() == 3 && f1.iter().all(|f1| (0.0..=1.0).contains(f1)));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn metric(&self, name: &str) -> Vec<f64> {
        self.epochs.iter().map(|epoch| epoch.metric(name).unwrap_or(f64::NAN)).collect()
    }

    /// The watched metric, where it is neither loss nor accuracy, which have columns of their own.
    fn watched_beside(&self) -> Option<&str> {
        self.watched.as_deref().filter(|name| ![LOSS, ACCURACY].contains(name))
    }
}

/// A table, one line an epoch; without a column of accuracies where there are none, and with one of the watched metric.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_accuracy = self.epochs.is_empty() || self.epochs.iter().any(|e| !e.val_accuracy.is_nan());
        let title = if has_accuracy { "val accuracy  " } else { "" };
        let watched = self.watched_beside().map(|name| (name, name.replace('_', " ")));
        write!(f, "epoch  train loss  val loss  {title}")?;
        if let Some((_, title)) = &watched {
            write!(f, "{title}  ")?;
        }
        writeln!(f, "learning rate  seconds")?;
        for e in &self.epochs {
            write!(f, "{:>5}  {:>10.4}  {:>8.4}  ", e.epoch, e.train_loss, e.val_loss)?;
            if has_accuracy {
                write!(f, "{:>10.1} %  ", e.val_accuracy * 100.0)?;
            }
            if let Some((name, title)) = &watched {
                write!(f, "{:>width$.4}  ", e.metric(name).unwrap_or(f64::NAN), width = title.len())?;
            }
            writeln!(f, "{:>13.2e}  {:>7.1}", e.learning_rate, e.seconds)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{EpochRecord, History};

    #[test]
    fn a_regression_has_no_column_of_accuracies() {
        let record =
            EpochRecord { epoch: 1, train_loss: 0.5, val_loss: 0.25, learning_rate: 1e-3, ..Default::default() };
        let shown = |val_accuracy| {
            History { epochs: vec![EpochRecord { val_accuracy, ..record.clone() }], watched: None }.to_string()
        };
        assert_eq!(
            shown(0.75),
            "epoch  train loss  val loss  val accuracy  learning rate  seconds\n    1      0.5000    0.2500        75.0 %        \
             1.00e-3      0.0\n"
        );
        assert_eq!(
            shown(f64::NAN),
            "epoch  train loss  val loss  learning rate  seconds\n    1      0.5000    0.2500        1.00e-3      0.0\n"
        );
    }

    #[test]
    fn the_watched_metric_has_a_column() {
        let record = EpochRecord {
            epoch: 1,
            val_accuracy: f64::NAN,
            val_metrics: [("val_r2".to_owned(), -0.5)].into(),
            ..EpochRecord::default()
        };
        let shown = |watched: &str| {
            let (epochs, watched) = (vec![record.clone()], Some(watched.to_owned()));
            History { epochs, watched }.to_string()
        };
        assert_eq!(
            shown("val_r2"),
            "epoch  train loss  val loss  val r2  learning rate  seconds\n    1      0.0000    0.0000  -0.5000         0.00e0  \
             \u{20}   0.0\n"
        );
        assert!(!shown("val_loss").contains("r2"));
        assert!(
            record.line(Some("val_r2")).ends_with(", val r2 -0.500") && !record.line(Some("val_loss")).contains("r2")
        );
    }
}

//! Loss and, where answers are right or wrong, accuracy over the epochs of a training run, growing while it runs.

use super::canvas::Area;
use super::output::{Picture, chart_methods};
use super::panel::{Axis, Line, NO_DATA, Panel};
use super::style::{CARD, mix, series_color};
use super::ticks::{self, Unit};
use crate::Result;

/// More batches than this are thinned out before they are drawn: a line cannot show more.
const MOST_BATCHES: usize = 400;

/// Training and validation loss, and validation accuracy, over epochs.
///
/// It is built while training runs: the axes hold still (all planned epochs across, losses from zero to a round number,
/// accuracy from 0 to 100 %), and the curves grow into them. A value that is not a number leaves a gap.
///
/// ```
/// use tunebook::chart::LearningCurves;
///
/// let mut curves = LearningCurves::new(10);
/// curves.push_batch(0.5, 2.1);
/// curves.push_epoch(1.9, 1.7, 0.45);
/// curves.push_epoch(1.2, 1.3, 0.66);
/// assert!(curves.to_svg()?.contains("validation accuracy"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LearningCurves {
    title: String,
    planned_epochs: usize,
    train_loss: Vec<f64>,
    val_loss: Vec<f64>,
    val_accuracy: Vec<f64>,
    batches: Vec<(f64, f64)>,
    best_epoch: Option<usize>,
    /// What the loss is, where there is no accuracy beside it.
    only_loss: Option<String>,
    /// A metric beside loss and accuracy.
    metric: Option<(String, Vec<f64>)>,
    size: Option<(u32, u32)>,
}

chart_methods!(LearningCurves, "LearningCurves::new(10)");

impl LearningCurves {
    /// Empty curves for a run of `planned_epochs`; 0 when that is not known.
    ///
    /// See [`LearningCurves`] for an example.
    pub fn new(planned_epochs: usize) -> Self {
        Self {
            title: String::new(),
            planned_epochs,
            train_loss: Vec::new(),
            val_loss: Vec::new(),
            val_accuracy: Vec::new(),
            batches: Vec::new(),
            best_epoch: None,
            only_loss: None,
            metric: None,
            size: None,
        }
    }

    /// The same curves under a title of your own.
    ///
    /// ```
    /// use tunebook::chart::LearningCurves;
    ///
    /// assert!(LearningCurves::new(3).with_title("Full fine-tuning").to_svg()?.contains("Full fine-tuning"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The same curves with the losses alone, for a model that answers with numbers; `loss` says which loss it is.
    ///
    /// ```
    /// use tunebook::chart::LearningCurves;
    ///
    /// let mut curves = LearningCurves::new(2).loss_only("mean squared error");
    /// curves.push_epoch(1.9, 1.7, f64::NAN);
    /// let svg = curves.to_svg()?;
    /// assert!(svg.contains("mean squared error") && !svg.contains("accuracy"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn loss_only(mut self, loss: impl Into<String>) -> Self {
        self.only_loss = Some(loss.into());
        self
    }

    /// The same curves with one more metric of the validation data: beside the accuracy where there is one, else in a panel of
    /// its own. Its values come with [`push_metric`](Self::push_metric).
    ///
    /// ```
    /// use tunebook::chart::LearningCurves;
    ///
    /// let mut curves = LearningCurves::new(2).with_metric("val_macro_f1");
    /// curves.push_epoch(1.9, 1.7, 0.45);
    /// curves.push_metric(0.4);
    /// assert!(curves.to_svg()?.contains("validation macro f1"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn with_metric(mut self, name: impl Into<String>) -> Self {
        self.metric = Some((name.into(), Vec::new()));
        self
    }

    /// Adds an epoch's value of the metric that [`with_metric`](Self::with_metric) named; without one it is passed over.
    pub fn push_metric(&mut self, value: f64) {
        if let Some((_, values)) = &mut self.metric {
            values.push(value);
        }
    }

    /// Adds an epoch's values: the mean loss over its batches, loss and accuracy (0 to 1) on the validation data.
    ///
    /// See [`LearningCurves`] for an example.
    pub fn push_epoch(&mut self, train_loss: f64, val_loss: f64, val_accuracy: f64) {
        self.train_loss.push(train_loss);
        self.val_loss.push(val_loss);
        self.val_accuracy.push(val_accuracy);
    }

    /// Adds the loss of one batch, drawn as a thin line; `epoch` is how far training had come (0.5: half the first epoch).
    ///
    /// See [`LearningCurves`] for an example.
    pub fn push_batch(&mut self, epoch: f64, loss: f64) {
        self.batches.push((epoch, loss));
    }

    /// Marks the epoch (counted from 1) whose weights are kept.
    ///
    /// ```
    /// use tunebook::chart::LearningCurves;
    ///
    /// let mut curves = LearningCurves::new(2);
    /// curves.push_epoch(1.9, 1.7, 0.45);
    /// curves.set_best_epoch(1);
    /// assert!(curves.to_svg()?.contains("best: epoch 1"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn set_best_epoch(&mut self, epoch: usize) {
        self.best_epoch = Some(epoch);
    }

    /// How many epochs were added.
    ///
    /// ```
    /// assert_eq!(tunebook::chart::LearningCurves::new(10).epochs(), 0);
    /// ```
    pub fn epochs(&self) -> usize {
        self.train_loss.len()
    }

    fn x_axis(&self, width: i32) -> Axis {
        let reached =
            self.batches.iter().map(|(epoch, _)| *epoch).filter(|epoch| epoch.is_finite()).fold(0.0, f64::max);
        let needed = reached.max(self.epochs() as f64);
        // Without a plan the axis grows in few, round steps.
        let planned =
            if self.planned_epochs == 0 { ticks::ceiling(needed.max(5.0)) } else { self.planned_epochs as f64 };
        let max = planned.max(needed.ceil());
        let count = (width / 45).clamp(2, 10) as usize;
        Axis { label: "epoch".into(), min: 0.0, max, ticks: ticks::whole(0.0, max, count) }
    }

    fn loss_panel(&self, width: i32) -> Panel {
        let losses = self.train_loss.iter().chain(&self.val_loss).chain(self.batches.iter().map(|(_, loss)| loss));
        let highest = losses.copied().filter(|loss| loss.is_finite()).fold(0.0, f64::max);
        let top = ticks::ceiling(highest);
        let every = self.batches.len().div_ceil(MOST_BATCHES).max(1);
        let mut lines = Vec::new();
        if !self.batches.is_empty() {
            lines.push(Line {
                name: Some("training (batch)".into()),
                points: self.batches.iter().copied().step_by(every).collect(),
                color: mix(CARD, series_color(0), 0.4),
                width: 1,
                mark: None,
                mark_every: 1,
            });
        }
        lines.push(curve("training (epoch)", &self.train_loss, 0));
        lines.push(curve("validation", &self.val_loss, 1));
        Panel {
            title: if self.title.is_empty() { "Loss".into() } else { format!("{}: loss", self.title) },
            x: self.x_axis(width),
            y: Axis {
                label: self.only_loss.clone().unwrap_or_else(|| "cross-entropy (nats)".into()),
                min: 0.0,
                max: top,
                ticks: ticks::linear(0.0, top, 5, Unit::Plain),
            },
            lines,
            markers: self.markers(),
        }
    }

    fn accuracy_panel(&self, width: i32) -> Panel {
        let metric = self.metric.as_ref().map(|(name, values)| curve(&spoken(name), values, 3));
        // A metric such as a correlation can be below 0.
        let lowest =
            self.metric.iter().flat_map(|(_, values)| values).copied().filter(|v| v.is_finite()).fold(0.0, f64::min);
        let min = if lowest < 0.0 { -ticks::ceiling(-lowest) } else { 0.0 };
        Panel {
            title: if self.title.is_empty() { "Accuracy".into() } else { format!("{}: accuracy", self.title) },
            x: self.x_axis(width),
            y: Axis {
                label: if metric.is_some() { "score".into() } else { "share of right answers".into() },
                min,
                max: 1.0,
                ticks: ticks::linear(min, 1.0, 5, Unit::Percent),
            },
            lines: std::iter::once(curve("validation accuracy", &self.val_accuracy, 2)).chain(metric).collect(),
            markers: self.markers(),
        }
    }

    /// The metric of a model whose answers are numbers, which may be of any size.
    fn metric_panel(&self, width: i32, name: &str, values: &[f64]) -> Panel {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let end = |value: f64| if value > 0.0 { ticks::ceiling(value) } else { 0.0 };
        let min = -end(-finite().fold(0.0, f64::min));
        let max = match end(finite().fold(0.0, f64::max)) {
            max if max > min => max,
            _ => 1.0,
        };
        let spoken = spoken(name);
        Panel {
            title: if self.title.is_empty() { spoken.clone() } else { format!("{}: {spoken}", self.title) },
            x: self.x_axis(width),
            y: Axis { label: spoken.clone(), min, max, ticks: ticks::linear(min, max, 5, Unit::Plain) },
            lines: vec![curve(&spoken, values, 2)],
            markers: self.markers(),
        }
    }

    fn markers(&self) -> Vec<(f64, String)> {
        self.best_epoch.map(|epoch| (epoch as f64, format!("best: epoch {epoch}"))).into_iter().collect()
    }
}

/// `val_macro_f1` as a legend says it.
fn spoken(name: &str) -> String {
    name.strip_prefix("val_").map_or_else(|| name.to_owned(), |name| format!("validation {name}")).replace('_', " ")
}

fn curve(name: &str, values: &[f64], series: usize) -> Line {
    let points = values.iter().enumerate().map(|(place, value)| ((place + 1) as f64, *value)).collect();
    Line { name: Some(name.into()), points, color: series_color(series), width: 2, mark: Some(series), mark_every: 1 }
}

impl Picture for LearningCurves {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((860, 340))
    }

    fn title(&self) -> String {
        if self.title.is_empty() { "Learning curves".into() } else { self.title.clone() }
    }

    fn description(&self) -> String {
        let ends = |name: &str, values: &[f64], unit: Unit| match (values.first(), values.last()) {
            (Some(first), Some(last)) => {
                format!("{name} from {} to {}", unit.format_value(*first), unit.format_value(*last))
            }
            _ => format!("{name}: {NO_DATA}"),
        };
        let mut parts = vec![
            ends("training loss", &self.train_loss, Unit::Plain),
            ends("validation loss", &self.val_loss, Unit::Plain),
        ];
        if self.only_loss.is_none() {
            parts.push(ends("validation accuracy", &self.val_accuracy, Unit::Percent));
        }
        if let Some((name, values)) = &self.metric {
            parts.push(ends(&spoken(name), values, Unit::Plain));
        }
        let best = self.best_epoch.map_or(String::new(), |epoch| format!(" The best epoch is {epoch}."));
        format!("After {} epochs: {}.{best}", self.epochs(), parts.join(", "))
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let (width, height) = area.dim_in_pixel();
        if self.only_loss.is_some() && self.metric.is_none() {
            return self.loss_panel(width as i32).draw(area);
        }
        // Side by side where there is room, else one below the other.
        let (loss, score) =
            if width >= 560 { area.split_horizontally(width / 2) } else { area.split_vertically(height / 2) };
        let panel_width = loss.dim_in_pixel().0 as i32;
        self.loss_panel(panel_width).draw(&loss)?;
        match &self.metric {
            Some((name, values)) if self.only_loss.is_some() => {
                self.metric_panel(panel_width, name, values).draw(&score)
            }
            _ => self.accuracy_panel(panel_width).draw(&score),
        }
    }
}

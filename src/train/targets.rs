//! What each row should come out as, and the loss that says how far off it is.

use candle_core::{D, Tensor};

use super::loss::{binary_cross_entropy_sum, largest, soft_cross_entropy_sum};
use crate::Result;

/// The right answers of a data set, one for each row. Their kind decides the loss.
///
/// ```
/// use tunebook::train::Targets;
/// let targets = Targets::Classes(vec![0, 1]);
/// let (loss, accuracy) = targets.measure(&[vec![2.0, 0.0], vec![1.0, 0.0]]);
/// assert!(loss > 0.0 && accuracy == 0.5);
/// assert!(!Targets::Values(vec![1.5]).has_accuracy());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// One class of each row, as a number: cross-entropy.
    Classes(Vec<usize>),
    /// Any number of labels of each row, 1.0 or 0.0 for each label: binary cross-entropy, mean over the labels.
    Labels(Vec<Vec<f32>>),
    /// One number of each row: squared error.
    Values(Vec<f32>),
}

/// What changes the loss beside the targets.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use tunebook::train::{LossOptions, Targets};
/// let targets = Targets::Classes(vec![1]);
/// let logits = Tensor::new(&[[0.0f32, 9.0]], &Device::Cpu)?;
/// let smoothed = LossOptions { label_smoothing: 0.1, ..LossOptions::default() };
/// let plain = targets.loss(&logits, &[0], None, &LossOptions::default(), 1.0)?.to_scalar::<f32>()?;
/// let smoothed = targets.loss(&logits, &[0], None, &smoothed, 1.0)?.to_scalar::<f32>()?;
/// assert!(smoothed > plain); // being so sure costs
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossOptions {
    /// Share of each target's probability that is spread over all classes; classes only.
    pub label_smoothing: f64,
    /// Weight of each class; classes only. Empty: all weigh the same.
    pub class_weights: Vec<f64>,
}

/// A second row mixed into each row (mixup): the row beside it, and the share that the first one keeps.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use tunebook::train::{LossOptions, Mix, Targets};
/// let targets = Targets::Values(vec![0.0, 1.0]);
/// let outputs = Tensor::new(&[[0.25f32], [0.75]], &Device::Cpu)?;
/// let mix = Mix { partners: vec![1, 0], share: 0.75 }; // the targets become 0.25 and 0.75
/// let loss = targets.loss(&outputs, &[0, 1], Some(&mix), &LossOptions::default(), 2.0)?;
/// assert!(loss.to_scalar::<f32>()? < 1e-12);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// The row that is mixed in, for each row of the batch.
    pub partners: Vec<usize>,
    /// Share of the first row, 0.0 to 1.0.
    pub share: f32,
}

impl Targets {
    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(rows) => rows.len(),
            Self::Labels(rows) => rows.len(),
            Self::Values(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the loss of these rows is divided by: how many they are, or the sum of their class weights, as
    /// `torch.nn.CrossEntropyLoss` does it. A batch that is computed in parts divides each part by the whole's.
    pub fn weight(&self, rows: &[usize], options: &LossOptions) -> f64 {
        match self {
            Self::Classes(labels) if !options.class_weights.is_empty() => {
                rows.iter().map(|&row| options.class_weights[labels[row]]).sum()
            }
            _ => rows.len() as f64,
        }
    }

    /// The loss of `output` `(rows, outputs)` for these rows, summed and divided by `weight`. Differentiable.
    pub fn loss(
        &self,
        output: &Tensor,
        rows: &[usize],
        mix: Option<&Mix>,
        options: &LossOptions,
        weight: f64,
    ) -> Result<Tensor> {
        let sum = match self {
            Self::Classes(labels) => {
                let target = distribution(labels, rows, output.dim(1)?, mix, options);
                soft_cross_entropy_sum(output, target)?
            }
            Self::Labels(labels) => {
                let mixed = |place: usize| mixed(place, rows, mix, |row| labels[row].clone());
                binary_cross_entropy_sum(output, &(0..rows.len()).map(mixed).collect::<Vec<_>>())?
            }
            Self::Values(values) => {
                let mixed = |place: usize| mixed(place, rows, mix, |row| vec![values[row]]);
                let target: Vec<f32> = (0..rows.len()).flat_map(mixed).collect();
                let target = Tensor::from_vec(target, rows.len(), output.device())?;
                (output.squeeze(D::Minus1)? - target)?.sqr()?.sum_all()?
            }
        };
        Ok((sum * (1.0 / weight))?)
    }

    /// Mean loss of all rows, without smoothing and weights, and the share of right answers: the class of the largest
    /// output, or each label on the right side of one half. For numbers there is no right and wrong: not a number.
    pub fn measure(&self, outputs: &[Vec<f32>]) -> (f64, f64) {
        let rows = outputs.len() as f64;
        match self {
            Self::Classes(labels) => {
                let loss: f64 = outputs.iter().zip(labels).map(|(o, &l)| super::loss::softmax_row(o, l).1).sum();
                let right = outputs.iter().zip(labels).filter(|(o, l)| largest(o) == **l).count();
                (loss / rows, right as f64 / rows)
            }
            Self::Labels(labels) => {
                let pairs = || outputs.iter().zip(labels).flat_map(|(o, l)| o.iter().zip(l));
                let count = pairs().count().max(1) as f64;
                let loss: f64 = pairs().map(|(&o, &l)| super::loss::logistic_loss(o, l)).sum();
                let right = pairs().filter(|(o, l)| (**o > 0.0) == (**l > 0.5)).count();
                (loss / count, right as f64 / count)
            }
            Self::Values(values) => {
                let loss: f64 = outputs.iter().zip(values).map(|(o, v)| f64::from(o[0] - v).powi(2)).sum();
                (loss / rows, f64::NAN)
            }
        }
    }

    /// Whether an answer is right or wrong, so that [`Targets::measure`] gives an accuracy: not for numbers.
    pub fn has_accuracy(&self) -> bool {
        !matches!(self, Self::Values(_))
    }
}

/// The target of one place of a batch, mixed with its partner's where there is one.
fn mixed(place: usize, rows: &[usize], mix: Option<&Mix>, one: impl Fn(usize) -> Vec<f32>) -> Vec<f32> {
    let first = one(rows[place]);
    let Some(mix) = mix else { return first };
    let second = one(mix.partners[place]);
    first.iter().zip(&second).map(|(a, b)| mix.share * a + (1.0 - mix.share) * b).collect()
}

/// The target distribution of each row, `(rows, classes)`, times the row's class weight.
fn distribution(
    labels: &[usize],
    rows: &[usize],
    classes: usize,
    mix: Option<&Mix>,
    options: &LossOptions,
) -> Vec<f32> {
    let smoothing = options.label_smoothing;
    let weight = |class: usize| options.class_weights.get(class).copied().unwrap_or(1.0);
    let one = |row: usize| -> Vec<f32> {
        // Smoothing spreads over the classes with each class's own weight, as PyTorch does.
        let mut target: Vec<f32> = (0..classes).map(|c| (smoothing / classes as f64 * weight(c)) as f32).collect();
        target[labels[row]] = ((1.0 - smoothing + smoothing / classes as f64) * weight(labels[row])) as f32;
        target
    };
    (0..rows.len()).flat_map(|place| mixed(place, rows, mix, one)).collect()
}

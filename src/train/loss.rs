//! Losses: cross-entropy with smoothing, weights and soft targets, and binary cross-entropy.

use candle_core::{D, Tensor};

use super::{LossOptions, Targets};
use crate::{Error, Result};

/// Mean cross-entropy of `logits` `(batch, labels)` against label numbers, in nats.
///
/// With `smoothing` s the target is `1 - s` on the label plus `s / labels` everywhere. Differentiable.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let logits = Tensor::new(&[[0.0f32, 0.0]], &Device::Cpu)?;
/// let loss = tunebook::train::cross_entropy(&logits, &[1], 0.0)?.to_scalar::<f32>()?;
/// assert!((loss - 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn cross_entropy(logits: &Tensor, labels: &[usize], smoothing: f64) -> Result<Tensor> {
    weighted_cross_entropy(logits, labels, &[], smoothing)
}

/// The same with a weight for each class, as `torch.nn.CrossEntropyLoss(weight, label_smoothing)`: the sum over the
/// batch divided by the sum of its labels' weights. No weights: all are 1.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use tunebook::train::weighted_cross_entropy;
/// let logits = Tensor::new(&[[2.0f32, 0.0], [2.0, 0.0]], &Device::Cpu)?;
/// // The second row is wrong, and its class counts three times as much.
/// let plain = weighted_cross_entropy(&logits, &[0, 1], &[], 0.0)?.to_scalar::<f32>()?;
/// let weighted = weighted_cross_entropy(&logits, &[0, 1], &[1.0, 3.0], 0.0)?.to_scalar::<f32>()?;
/// assert!(weighted > plain);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn weighted_cross_entropy(
    logits: &Tensor,
    labels: &[usize],
    class_weights: &[f64],
    smoothing: f64,
) -> Result<Tensor> {
    let (batch, classes) = logits.dims2()?;
    if labels.len() != batch {
        return Err(Error::input(
            "labels",
            format!("{} for {batch} rows of logits", labels.len()),
            "give one for each row",
        ));
    }
    if let Some(label) = labels.iter().find(|&&label| label >= classes) {
        return Err(Error::input(
            "labels",
            format!("label {label} with {classes} classes"),
            "number the labels from 0",
        ));
    }
    if !class_weights.is_empty() && class_weights.len() != classes {
        let problem = format!("{} for {classes} classes", class_weights.len());
        return Err(Error::input("class_weights", problem, "give one for each class"));
    }
    let options = LossOptions { label_smoothing: smoothing, class_weights: class_weights.to_vec() };
    let targets = Targets::Classes(labels.to_vec());
    let rows: Vec<usize> = (0..batch).collect();
    targets.loss(logits, &rows, None, &options, targets.weight(&rows, &options))
}

/// Sum over rows and classes of `-target * log softmax(logits)`; `target` holds `(batch, classes)` in rows.
pub(super) fn soft_cross_entropy_sum(logits: &Tensor, target: Vec<f32>) -> Result<Tensor> {
    let target = Tensor::from_vec(target, logits.shape(), logits.device())?;
    let log_probabilities = candle_nn::ops::log_softmax(logits, D::Minus1)?;
    Ok((log_probabilities * target)?.sum_all()?.neg()?)
}

/// Sum over rows of the mean over labels of the binary cross-entropy of logits against targets from 0.0 to 1.0.
pub(super) fn binary_cross_entropy_sum(logits: &Tensor, target: &[Vec<f32>]) -> Result<Tensor> {
    let labels = logits.dim(1)?;
    let target = Tensor::from_vec(target.concat(), logits.shape(), logits.device())?;
    // max(z, 0) - z y + log(1 + e^-|z|) never overflows.
    let softplus = (logits.abs()?.neg()?.exp()? + 1.0)?.log()?;
    let loss = ((logits.relu()? - (logits * target)?)? + softplus)?;
    Ok((loss.sum_all()? * (1.0 / labels as f64))?)
}

/// Probabilities of one row of logits and the cross-entropy of its label, in double precision.
pub(crate) fn softmax_row(logits: &[f32], label: usize) -> (Vec<f32>, f64) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shifted: Vec<f64> = logits.iter().map(|l| f64::from(*l) - f64::from(largest)).collect();
    let total: f64 = shifted.iter().map(|l| l.exp()).sum();
    let probabilities = shifted.iter().map(|l| (l.exp() / total) as f32).collect();
    (probabilities, total.ln() - shifted[label])
}

/// Binary cross-entropy of one logit, in double precision.
pub(crate) fn logistic_loss(logit: f32, target: f32) -> f64 {
    let (z, y) = (f64::from(logit), f64::from(target));
    z.max(0.0) - z * y + (-z.abs()).exp().ln_1p()
}

/// The place of the largest number, the first of equals.
pub(super) fn largest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use super::{cross_entropy, logistic_loss, softmax_row, weighted_cross_entropy};
    use crate::ops::verify::{assert_gradients, random_var};
    use crate::train::{LossOptions, Mix, Targets};

    #[test]
    fn gradient_matches_finite_differences() {
        let logits = random_var(&[4, 3], 2.0, 1);
        let options = LossOptions { label_smoothing: 0.1, class_weights: vec![0.5, 2.0, 1.0] };
        let mix = Mix { partners: vec![3, 2, 1, 0], share: 0.7 };
        let no_options = LossOptions::default();
        for (targets, options) in [
            (Targets::Classes(vec![0, 2, 1, 1]), &options),
            (Targets::Labels(vec![vec![1.0, 0.0, 1.0]; 4]), &no_options),
        ] {
            assert_gradients("loss", &[&logits], || {
                Ok(targets.loss(&logits, &[0, 1, 2, 3], Some(&mix), options, 4.0)?.reshape(1)?)
            });
        }
        let outputs = random_var(&[4, 1], 2.0, 1);
        let targets = Targets::Values(vec![0.0, 1.0, -1.0, 2.0]);
        assert_gradients("squared error", &[&outputs], || {
            Ok(targets.loss(&outputs, &[0, 1, 2, 3], None, &no_options, 4.0)?.reshape(1)?)
        });
    }

    #[test]
    fn smoothing_mixes_the_label_with_the_uniform_distribution() {
        let logits = random_var(&[1, 4], 2.0, 2);
        let at =
            |label: usize, s: f64| f64::from(cross_entropy(&logits, &[label], s).unwrap().to_scalar::<f32>().unwrap());
        let uniform = (0..4).map(|label| at(label, 0.0)).sum::<f64>() / 4.0;
        assert!((at(2, 0.2) - (0.8 * at(2, 0.0) + 0.2 * uniform)).abs() < 1e-5);
    }

    #[test]
    fn weights_and_smoothing_are_pytorch_s() {
        let logits =
            candle_core::Tensor::new(&[[0.5f32, -1.0, 2.0], [0.0, 1.0, -0.5]], &candle_core::Device::Cpu).unwrap();
        let loss = weighted_cross_entropy(&logits, &[0, 1], &[0.5, 2.0, 1.0], 0.1).unwrap();
        let loss = f64::from(loss.to_scalar::<f32>().unwrap());
        // By hand from the definition in PyTorch's documentation, in double precision.
        let rows = [[0.5f64, -1.0, 2.0], [0.0, 1.0, -0.5]];
        let (weights, labels) = ([0.5, 2.0, 1.0], [0, 1]);
        let mut sum = 0.0;
        for (row, label) in rows.iter().zip(labels) {
            let total = row.iter().map(|z| z.exp()).sum::<f64>().ln();
            let nll: Vec<f64> = row.iter().map(|z| total - z).collect();
            sum += 0.9 * weights[label] * nll[label];
            sum += 0.1 / 3.0 * nll.iter().zip(weights).map(|(n, w)| n * w).sum::<f64>();
        }
        assert!((loss - sum / 2.5).abs() < 1e-6, "{loss} against {}", sum / 2.5);
        assert!(weighted_cross_entropy(&logits, &[0, 1], &[1.0], 0.0).is_err());
    }

    #[test]
    fn rows_agree_with_the_tensor_form() {
        let logits = random_var(&[1, 5], 4.0, 3);
        let tensor = f64::from(cross_entropy(&logits, &[3], 0.0).unwrap().to_scalar::<f32>().unwrap());
        let row = logits.to_vec2::<f32>().unwrap().remove(0);
        let (probabilities, loss) = softmax_row(&row, 3);
        assert!((loss - tensor).abs() < 1e-5 && (probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((f64::from(probabilities[3]).ln() + loss).abs() < 1e-5);

        let targets = Targets::Labels(vec![vec![1.0, 0.0, 0.0, 1.0, 1.0]]);
        let tensor = targets.loss(&logits, &[0], None, &LossOptions::default(), 1.0).unwrap();
        let (loss, accuracy) = targets.measure(std::slice::from_ref(&row));
        assert!((loss - f64::from(tensor.to_scalar::<f32>().unwrap())).abs() < 1e-5);
        assert!((0.0..=1.0).contains(&accuracy) && logistic_loss(100.0, 1.0) < 1e-12);
        assert!((logistic_loss(-300.0, 1.0) - 300.0).abs() < 1e-9);
    }

    #[test]
    fn a_mix_is_the_mix_of_the_losses() {
        let logits = random_var(&[2, 3], 2.0, 5);
        let targets = Targets::Classes(vec![0, 2]);
        let loss = |labels: Vec<usize>, mix: Option<&Mix>| {
            let targets = Targets::Classes(labels);
            let loss = targets.loss(&logits, &[0, 1], mix, &LossOptions::default(), 2.0).unwrap();
            f64::from(loss.to_scalar::<f32>().unwrap())
        };
        let mix = Mix { partners: vec![1, 0], share: 0.75 };
        let expected = 0.75 * loss(vec![0, 2], None) + 0.25 * loss(vec![2, 0], None);
        assert!((loss(vec![0, 2], Some(&mix)) - expected).abs() < 1e-6);
        assert_eq!(targets.len(), 2);
    }

    #[test]
    fn labels_out_of_range_are_errors() {
        let logits = random_var(&[1, 2], 1.0, 3);
        assert!(cross_entropy(&logits, &[2], 0.0).unwrap_err().to_string().contains("label 2 with 2 classes"));
        assert!(cross_entropy(&logits, &[], 0.0).is_err());
    }
}

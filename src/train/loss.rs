//! Cross-entropy, with label smoothing.

use candle_core::{D, Device, Tensor};

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
    let rest = smoothing / classes as f64;
    let mut target = vec![rest as f32; batch * classes];
    for (row, &label) in labels.iter().enumerate() {
        target[row * classes + label] = (1.0 - smoothing + rest) as f32;
    }
    let target = Tensor::from_vec(target, (batch, classes), &Device::Cpu)?.to_device(logits.device())?;
    let log_probabilities = candle_nn::ops::log_softmax(logits, D::Minus1)?;
    Ok(((log_probabilities * target)?.sum_all()? * (-1.0 / batch as f64))?)
}

/// Probabilities of one row of logits and the cross-entropy of its label, in double precision.
pub(super) fn softmax_row(logits: &[f32], label: usize) -> (Vec<f32>, f64) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shifted: Vec<f64> = logits.iter().map(|l| f64::from(*l) - f64::from(largest)).collect();
    let total: f64 = shifted.iter().map(|l| l.exp()).sum();
    let probabilities = shifted.iter().map(|l| (l.exp() / total) as f32).collect();
    (probabilities, total.ln() - shifted[label])
}

#[cfg(test)]
mod tests {
    use super::{cross_entropy, softmax_row};
    use crate::ops::verify::{assert_gradients, random_var};

    #[test]
    fn gradient_matches_finite_differences() {
        let logits = random_var(&[4, 3], 2.0, 1);
        assert_gradients("cross entropy", &[&logits], || Ok(cross_entropy(&logits, &[0, 2, 1, 1], 0.1)?.reshape(1)?));
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
    fn rows_agree_with_the_tensor_form() {
        let logits = random_var(&[1, 5], 4.0, 3);
        let tensor = f64::from(cross_entropy(&logits, &[3], 0.0).unwrap().to_scalar::<f32>().unwrap());
        let (probabilities, loss) = softmax_row(&logits.to_vec2::<f32>().unwrap()[0], 3);
        assert!((loss - tensor).abs() < 1e-5 && (probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((f64::from(probabilities[3]).ln() + loss).abs() < 1e-5);
    }

    #[test]
    fn labels_out_of_range_are_errors() {
        let logits = random_var(&[1, 2], 1.0, 3);
        assert!(cross_entropy(&logits, &[2], 0.0).unwrap_err().to_string().contains("label 2 with 2 classes"));
        assert!(cross_entropy(&logits, &[], 0.0).is_err());
    }
}

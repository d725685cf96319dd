//! Logistic regression on sentence vectors, as the examples that measure encoders use it.

use tunebook::data::{LogisticProbe, ProbeConfig};
use tunebook::prelude::*;

/// Penalties that the validation rows choose among.
const PENALTIES: [f64; 6] = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0];

/// One vector of length one for each text.
pub(crate) fn unit_vectors(encoder: &TextEncoder, texts: &[String]) -> Result<Vec<Vec<f32>>> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut vectors = encoder.embed(&texts)?.to_vec2::<f32>()?;
    for vector in &mut vectors {
        let squares = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        let length = squares.sqrt().max(1e-12) as f32;
        for x in vector.iter_mut() {
            *x /= length;
        }
    }
    Ok(vectors)
}

/// The regression on these vectors and labels whose penalty is right most often on the validation rows, the first of equals.
pub(crate) fn tuned_probe(
    vectors: &[Vec<f32>],
    labels: &[usize],
    classes: usize,
    (validation, answers): (&[Vec<f32>], &[usize]),
) -> Result<LogisticProbe> {
    let mut best: Option<(usize, LogisticProbe)> = None;
    for c in PENALTIES {
        let probe = LogisticProbe::fit(vectors, labels, classes, &ProbeConfig { c, ..ProbeConfig::default() })?;
        let right = probe.predict(validation)?.iter().zip(answers).filter(|(said, is)| said == is).count();
        if best.as_ref().is_none_or(|(most, _)| right > *most) {
            best = Some((right, probe));
        }
    }
    best.map(|(_, probe)| probe).ok_or_else(|| Error::input("penalties", "there are none", ""))
}

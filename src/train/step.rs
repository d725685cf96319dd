//! One step's gradients: forward and backward over the parts of a batch.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Examples, Gradients, LossOptions, Mix, Trainable};
use crate::Result;
use crate::model::{Parameter, Pass};

/// What a step is computed with, the same for every step of a run.
pub(super) struct StepSettings {
    /// Rows in one forward pass.
    pub(super) batch_size: usize,
    pub(super) options: LossOptions,
    /// Alpha of mixup's Beta distribution; 0.0 is off.
    pub(super) mixup: f64,
}

/// The seed of a step's dropout masks and mixup.
pub(super) fn step_seed(run: u64, step: usize) -> u64 {
    run.wrapping_mul(1_000_003).wrapping_add(step as u64)
}

/// The loss of `rows` and its gradients. Rows beyond a batch are computed after it and added up.
///
/// Dropout masks and mixup follow from `seed`.
pub(super) fn gradients<M: Trainable>(
    model: &M,
    examples: &Examples<M::Inputs>,
    rows: &[usize],
    parameters: &[Parameter],
    settings: &StepSettings,
    seed: u64,
) -> Result<(f64, Gradients)> {
    let weight = examples.targets.weight(rows, &settings.options);
    let mut sum: Option<(f64, Gradients)> = None;
    for (part, rows) in rows.chunks(settings.batch_size).enumerate() {
        let seed = seed.wrapping_add((part as u64).wrapping_mul(0x5851_f42d_4c95_7f2d));
        let pass = Pass::training(seed);
        let mix = (settings.mixup > 0.0).then(|| draw_mix(rows, settings.mixup, seed));
        let outputs = match &mix {
            Some(mix) => model.mixed_outputs(&examples.inputs, rows, mix, &pass)?,
            None => model.outputs(&examples.inputs, rows, &pass)?,
        };
        let loss = examples.targets.loss(&outputs, rows, mix.as_ref(), &settings.options, weight)?;
        let value = f64::from(loss.to_scalar::<f32>()?);
        if !value.is_finite() {
            // The backward pass would only spread it.
            return Ok((value, Gradients::default()));
        }
        let gradients = Gradients::of(parameters, &loss)?;
        sum = Some(match sum {
            None => (value, gradients),
            Some((total, mut all)) => {
                all.add(gradients)?;
                (total + value, all)
            }
        });
    }
    Ok(sum.unwrap_or_default())
}

/// Partners in a random order and a share from Beta(alpha, alpha), alpha from above 0 to 1.
fn draw_mix(rows: &[usize], alpha: f64, seed: u64) -> Mix {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut partners = rows.to_vec();
    partners.shuffle(&mut rng);
    // Johnk's method: two powers of uniform numbers, taken when their sum is at most 1.
    let share = loop {
        let (u, v) = (rng.random::<f64>().powf(1.0 / alpha), rng.random::<f64>().powf(1.0 / alpha));
        if u + v > 0.0 && u + v <= 1.0 {
            break u / (u + v);
        }
    };
    Mix { partners, share: share as f32 }
}

#[cfg(test)]
mod tests {
    use super::draw_mix;

    #[test]
    fn shares_have_the_moments_of_the_beta_distribution() {
        for alpha in [0.2, 1.0] {
            let shares: Vec<f64> = (0..20_000).map(|seed| f64::from(draw_mix(&[1, 2, 3], alpha, seed).share)).collect();
            let n = shares.len() as f64;
            let mean = shares.iter().sum::<f64>() / n;
            let variance = shares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n;
            // Mean 1/2, variance 1 / (4 (2 alpha + 1)).
            assert!((mean - 0.5).abs() < 0.01, "{mean}");
            assert!((variance - 0.25 / (2.0 * alpha + 1.0)).abs() < 0.005, "{variance}");
        }
        let mut partners = draw_mix(&[4, 5, 6], 0.2, 1).partners;
        partners.sort_unstable();
        assert_eq!(partners, [4, 5, 6]);
    }
}

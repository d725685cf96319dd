//! Initial values from a seed.

use candle_core::{Device, Var};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

use crate::Result;
use crate::random::normal;

/// How a parameter that no file provides starts.
///
/// ```
/// use tunebook::model::{Init, StoreBuilder};
/// let mut builder = StoreBuilder::random(42);
/// let weight = builder.parameter("head.weight", &[2, 3], Init::Uniform(0.1))?;
/// let bias = builder.parameter("head.bias", &[2], Init::Zeros)?;
/// assert!(weight.var().to_vec2::<f32>()?.concat().iter().all(|w| w.abs() <= 0.1));
/// assert_eq!(bias.var().to_vec1::<f32>()?, [0.0, 0.0]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All zero: biases.
    Zeros,
    /// All one: normalisation weights.
    Ones,
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// Uniform from minus this to this.
    Uniform(f64),
}

impl Init {
    /// Values for the parameter `name`. The generator is seeded from `seed` and the name, so the same name starts the
    /// same in whatever order a model asks for its parameters.
    pub(super) fn var(self, name: &str, shape: &[usize], seed: u64, device: &Device) -> Result<Var> {
        let count = shape.iter().product();
        let values = match self {
            Self::Zeros => vec![0f32; count],
            Self::Ones => vec![1f32; count],
            Self::Normal(std) => {
                let mut rng = generator(name, seed);
                (0..count).map(|_| (normal(&mut rng) * std) as f32).collect()
            }
            Self::Uniform(bound) => {
                let mut rng = generator(name, seed);
                (0..count).map(|_| rng.random_range(-bound..=bound) as f32).collect()
            }
        };
        Ok(Var::from_vec(values, shape, device)?)
    }
}

fn generator(name: &str, seed: u64) -> ChaCha8Rng {
    let digest = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(name).finalize();
    ChaCha8Rng::from_seed(digest.into())
}

#[cfg(test)]
mod tests {
    use super::Init;
    use candle_core::Device;

    #[test]
    fn normal_has_the_asked_moments_and_depends_on_name_and_seed() {
        let draw =
            |name, seed| Init::Normal(0.5).var(name, &[20_000], seed, &Device::Cpu).unwrap().to_vec1::<f32>().unwrap();
        let values = draw("a", 1);
        let n = values.len() as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let variance = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < 0.02 && (variance - 0.25).abs() < 0.02, "{mean} {variance}");
        assert_eq!(values, draw("a", 1));
        assert_ne!(values, draw("b", 1));
        assert_ne!(values, draw("a", 2));
    }
}

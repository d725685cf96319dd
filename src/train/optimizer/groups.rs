//! Which learning rate and which decay each parameter gets.

use crate::model::Parameter;

/// One parameter of an optimizer with its own factors.
///
/// ```
/// use tunebook::model::{Mlp, MlpConfig};
/// use tunebook::train::ParameterGroups;
/// let model = Mlp::new(MlpConfig { hidden: vec![8], ..MlpConfig::new(4, 3) }, 42)?;
/// let groups = ParameterGroups::new(model.store().all(), 0.01);
/// let groups = groups.with_rate_factors(|name| if name.starts_with("output.") { 1.0 } else { 0.1 });
/// for group in groups.all() {
///     println!("{}: rate times {}, decay {}", group.parameter.name(), group.rate_factor, group.weight_decay);
/// }
/// assert_eq!(groups.all()[0].rate_factor, 0.1);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ParameterGroup {
    /// The parameter.
    pub parameter: Parameter,
    /// Times the run's learning rate: 1.0 for the head, less further down with layer-wise rates.
    pub rate_factor: f64,
    /// Weight decay of this parameter.
    pub weight_decay: f64,
}

/// The parameters of an optimizer.
///
/// ```
/// use tunebook::model::{Init, StoreBuilder};
/// use tunebook::train::ParameterGroups;
/// let mut builder = StoreBuilder::random(0);
/// builder.parameter("head.weight", &[2, 2], Init::Ones)?;
/// builder.parameter_without_decay("head.bias", &[2], Init::Zeros)?;
/// let (store, _) = builder.finish()?;
/// let groups = ParameterGroups::new(store.all(), 0.01);
/// let decays: Vec<f64> = groups.all().iter().map(|g| g.weight_decay).collect();
/// assert_eq!(decays, [0.0, 0.01]); // the bias first, by name
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ParameterGroups {
    groups: Vec<ParameterGroup>,
}

impl ParameterGroups {
    /// One learning rate for all, and no decay for what the model exempts: biases and normalisation weights.
    pub fn new(parameters: Vec<Parameter>, weight_decay: f64) -> Self {
        let groups = parameters
            .into_iter()
            .map(|parameter| {
                let weight_decay = if parameter.is_exempt_from_decay() { 0.0 } else { weight_decay };
                ParameterGroup { parameter, rate_factor: 1.0, weight_decay }
            })
            .collect();
        Self { groups }
    }

    /// The learning rate of each parameter times a factor that follows from its name.
    pub fn with_rate_factors(mut self, factor: impl Fn(&str) -> f64) -> Self {
        for group in &mut self.groups {
            group.rate_factor = factor(group.parameter.name());
        }
        self
    }

    /// Every parameter with its factors.
    pub fn all(&self) -> &[ParameterGroup] {
        &self.groups
    }
}

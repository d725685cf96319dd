//! How large the gradients of each layer are, step by step.

use super::{Gradients, Observer};
use crate::Result;
use crate::chart::GradientNormChart;

/// Notes the gradient norm of each layer at every step: `(Live::new(), GradientNorms::default())` beside the curves, or
/// `&mut norms` to have it after the run.
///
/// ```no_run
/// use tunebook::prelude::*;
/// use tunebook::train::GradientNorms;
/// # fn main() -> tunebook::Result<()> {
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let mut norms = GradientNorms::default();
/// Trainer::new(model).observer(&mut norms).fit(&data.train, &data.validation)?;
/// norms.chart()?.evcxr_display();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GradientNorms {
    layers: Vec<String>,
    steps: Vec<Vec<Option<f64>>>,
}

impl GradientNorms {
    /// The layers, in the order of their parameters' names.
    pub fn layers(&self) -> &[String] {
        &self.layers
    }

    /// For each step the norm of each layer: the root of the sum of squares over the layer's parameters. `None`: no
    /// parameter of the layer had a gradient.
    pub fn steps(&self) -> &[Vec<Option<f64>>] {
        &self.steps
    }

    /// The mean norm of each layer over the steps that had one.
    pub fn mean(&self) -> Vec<(String, Option<f64>)> {
        let mean = |layer: usize| {
            let norms: Vec<f64> = self.steps.iter().filter_map(|step| step.get(layer).copied().flatten()).collect();
            (!norms.is_empty()).then(|| norms.iter().sum::<f64>() / norms.len() as f64)
        };
        self.layers.iter().enumerate().map(|(n, name)| (name.clone(), mean(n))).collect()
    }

    /// The norms of the first, the middle and the last step, layer by layer.
    pub fn chart(&self) -> Result<GradientNormChart> {
        let mut chart = GradientNormChart::new("Gradient norms by layer", &self.layers);
        let mut places = vec![0, self.steps.len() / 2, self.steps.len().saturating_sub(1)];
        places.dedup();
        for place in places {
            if let Some(norms) = self.steps.get(place) {
                chart = chart.step(format!("step {}", place + 1), norms)?;
            }
        }
        Ok(chart)
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        if let Ok(chart) = self.chart() {
            chart.evcxr_display();
        }
    }
}

impl Observer for GradientNorms {
    fn on_gradients(&mut self, _: usize, gradients: &Gradients) {
        // A gradient that cannot be measured ends the run by itself.
        let Ok(norms) = gradients.norms() else { return };
        let mut step: Vec<Option<f64>> = vec![None; self.layers.len()];
        for (name, norm) in norms {
            let layer = crate::model::part(&name);
            let place = self.layers.iter().position(|known| *known == layer).unwrap_or_else(|| {
                // A layer that joins late, as with gradual unfreezing.
                self.layers.push(layer);
                step.push(None);
                self.layers.len() - 1
            });
            if let Some(norm) = norm {
                step[place] = Some(step[place].unwrap_or(0.0).hypot(norm));
            }
        }
        self.steps.push(step);
    }
}

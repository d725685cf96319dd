//! A model as the blocks of a layer diagram.

use super::Method;
use crate::Result;
use crate::chart::LayerBlock;
use crate::model::{ModelSummary, TextClassifier};

impl ModelSummary {
    /// The parts as the blocks of a [`LayerDiagram`](crate::chart::LayerDiagram), frozen or trainable as they are.
    ///
    /// ```
    /// use tunebook::prelude::*;
    /// use tunebook::model::{Mlp, MlpConfig};
    /// let model = Mlp::new(MlpConfig { hidden: vec![16, 8], ..MlpConfig::new(4, 3) }, 42)?;
    /// model.store().freeze("hidden.*")?;
    /// let diagram = LayerDiagram::new("Only the head learns").stack("frozen body", model.summary().layers());
    /// assert!(diagram.to_svg()?.contains("layer 2"));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn layers(&self) -> Vec<LayerBlock> {
        let number = |part: &str| {
            let place = part.strip_prefix("encoder.layer.").or_else(|| part.strip_prefix("hidden."))?;
            place.parse::<usize>().ok()
        };
        let name = |part: &str| match number(part) {
            Some(n) => format!("layer {}", n + 1),
            None if matches!(part, "classifier" | "output") => "head".to_owned(),
            None => part.to_owned(),
        };
        self.rows().iter().map(|row| LayerBlock::new(name(&row.name), row.parameters, row.trainable > 0)).collect()
    }
}

impl TextClassifier {
    /// The blocks from input to output, as they are frozen or trainable now.
    pub fn layers(&self) -> Vec<LayerBlock> {
        self.summary().layers()
    }

    /// The blocks as `method` would set them at its start. The model stays as it is.
    pub fn layers_for(&self, method: &Method) -> Result<Vec<LayerBlock>> {
        let before: Vec<_> = self.store().all().into_iter().map(|p| (p.is_trainable(), p)).collect();
        // What LoRA adds stays with the copy; what is frozen or not is shared with it.
        let mut copy = self.clone();
        let outcome = method.apply(&mut copy, 0).map(|()| copy.layers());
        for (trainable, parameter) in before {
            parameter.set_trainable(trainable);
        }
        outcome
    }
}

//! A model as the blocks of a layer diagram.

use super::{Method, Trainable};
use crate::Result;
use crate::chart::LayerBlock;
use crate::model::{ImageClassifier, ModelSummary, TextClassifier};

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
        under(self, method, Self::layers)
    }
}

impl ImageClassifier {
    /// The blocks from the stem to the head, as they are frozen or trainable now.
    pub fn layers(&self) -> Vec<LayerBlock> {
        self.summary().layers()
    }

    /// The blocks as `method` would set them at its start. The model stays as it is.
    ///
    /// ```
    /// use tunebook::prelude::*;
    /// let model = ImageClassifier::resnet18(vec!["cat".into(), "dog".into()], 42)?;
    /// let layers = model.layers_for(&Method::Partial { last_n_layers: 1 })?;
    /// let trains: Vec<&str> = layers.iter().filter(|l| l.trainable).map(|l| l.name.as_str()).collect();
    /// assert_eq!(trains, ["layer 4", "head"]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn layers_for(&self, method: &Method) -> Result<Vec<LayerBlock>> {
        under(self, method, Self::layers)
    }
}

/// What `layers` says while `method` is applied.
fn under<M: Trainable + Clone>(
    model: &M,
    method: &Method,
    layers: impl Fn(&M) -> Vec<LayerBlock>,
) -> Result<Vec<LayerBlock>> {
    let before: Vec<_> = model.store().all().into_iter().map(|p| (p.is_trainable(), p)).collect();
    // What LoRA adds stays with the copy; what is frozen or not is shared with it.
    let mut copy = model.clone();
    let outcome = method.apply(&mut copy, 0).map(|()| layers(&copy));
    for (trainable, parameter) in before {
        parameter.set_trainable(trainable);
    }
    outcome
}

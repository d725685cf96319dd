//! A classifier as the blocks of a layer diagram.

use super::Method;
use crate::Result;
use crate::chart::LayerBlock;
use crate::model::TextClassifier;

impl TextClassifier {
    /// The blocks from input to output, as they are frozen or trainable now.
    pub fn layers(&self) -> Vec<LayerBlock> {
        let name = |part: &str| match part.strip_prefix("encoder.layer.").map(str::parse::<usize>) {
            Some(Ok(n)) => format!("layer {}", n + 1),
            _ if part == "classifier" => "head".to_owned(),
            _ => part.to_owned(),
        };
        let summary = self.summary();
        summary.rows().iter().map(|row| LayerBlock::new(name(&row.name), row.parameters, row.trainable > 0)).collect()
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

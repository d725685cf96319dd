//! What a model must be able to do so that a [`Trainer`](super::Trainer) can fine-tune it.

use candle_core::Tensor;

use super::{Mix, Targets};
use crate::model::{CutTexts, LearningRates, LoraConfig, ParameterStore, Pass};
use crate::{Error, Result};

/// A model that a [`Trainer`](super::Trainer) can fine-tune: texts, images or tables.
///
/// Its parameters fall into *groups* from input to output, by the name of each: group 0 is nearest to the input
/// (embeddings, stem), the last one is the head. Methods, layer-wise learning rates and gradual unfreezing follow them.
pub trait Trainable {
    /// The labelled data that it learns from.
    type Data;
    /// The rows of a data set in the form that a step reads: token ids, pixels, vectors.
    type Inputs: Clone;

    /// All parameters.
    fn store(&self) -> &ParameterStore;

    /// What the pretrained source is called, for messages.
    fn source(&self) -> &str;

    /// How many groups the parameters fall into, the head included; at least 1.
    fn groups(&self) -> usize;

    /// The group of the parameter of this name, `0..groups()`.
    fn group_of(&self, name: &str) -> usize;

    /// The learning rates that the source recommends.
    fn learning_rates(&self) -> LearningRates;

    /// Whether the data has rows and the labels that the model was made for; `what` names it in the error.
    fn check(&self, data: &Self::Data, what: &str) -> Result<()>;

    /// The rows of a data set and their targets.
    fn prepare(&self, data: &Self::Data) -> Result<Examples<Self::Inputs>>;

    /// How many of the texts are longer than the model reads; `None` for models that read no texts, the default.
    fn texts_cut(&self, data: &Self::Data, inputs: &Self::Inputs) -> Result<Option<CutTexts>> {
        let _ = (data, inputs);
        Ok(None)
    }

    /// The same rows as the vectors that the frozen model hands to its head, computed once. Tells how many are done, and
    /// ends with an error when that says so. A model that cannot returns the rows as they are.
    fn freeze_inputs(
        &self,
        inputs: Self::Inputs,
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Self::Inputs> {
        let _ = progress;
        Ok(inputs)
    }

    /// The length of each row, where rows of similar length should share a batch.
    fn lengths(&self, inputs: &Self::Inputs) -> Option<Vec<usize>> {
        let _ = inputs;
        None
    }

    /// Outputs `(rows, outputs)` of some of the rows: logits, or one number each.
    fn outputs(&self, inputs: &Self::Inputs, rows: &[usize], pass: &Pass) -> Result<Tensor>;

    /// The same with a second row mixed into each (mixup).
    ///
    /// # Errors
    /// Where rows cannot be mixed, as with token ids; the default.
    fn mixed_outputs(&self, inputs: &Self::Inputs, rows: &[usize], mix: &Mix, pass: &Pass) -> Result<Tensor> {
        let _ = (inputs, rows, mix, pass);
        Err(Error::input(
            "TrainingConfig::mixup",
            "the rows of this data cannot be mixed",
            "set it to 0.0; mixup is for images and tables",
        ))
    }

    /// Whether a batch may be computed in parts that are added up: true unless rows of a batch influence each other, as
    /// with batch normalisation.
    fn rows_are_independent(&self) -> bool {
        true
    }

    /// Adds the matrices of LoRA beside the weights that `config` names; fresh values come from `seed`.
    ///
    /// # Errors
    /// For models without a place for them, the default, and for names that no weight has.
    fn add_lora(&mut self, config: &LoraConfig, seed: u64) -> Result<()> {
        let _ = (config, seed);
        Err(Error::input("Method::Lora", format!("{} has no place for it", self.source()), "use another method"))
    }

    /// Another limit on tokens, for models that read texts.
    fn set_max_length(&mut self, tokens: usize) -> Result<()> {
        Err(Error::input(
            "TrainingConfig::max_length",
            format!("is {tokens}, and this model reads no texts"),
            "leave it at None",
        ))
    }
}

/// Rows with their targets.
#[derive(Clone, Debug)]
pub struct Examples<I> {
    /// The rows, as the model reads them.
    pub inputs: I,
    /// The right answer of each row.
    pub targets: Targets,
}

/// Rows in one forward pass of validation.
const EVALUATION_BATCH: usize = 32;

impl<I> Examples<I> {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The model's outputs for every row, in order, without gradients and dropout.
    pub fn outputs<M: Trainable<Inputs = I>>(&self, model: &M) -> Result<Vec<Vec<f32>>> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        if let Some(lengths) = model.lengths(&self.inputs) {
            order.sort_by_key(|&i| lengths[i]);
        }
        let mut outputs = vec![Vec::new(); self.len()];
        for rows in order.chunks(EVALUATION_BATCH) {
            let batch = model.outputs(&self.inputs, rows, &Pass::evaluation())?.to_vec2::<f32>()?;
            for (&i, row) in rows.iter().zip(batch) {
                outputs[i] = row;
            }
        }
        Ok(outputs)
    }
}

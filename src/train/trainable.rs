//! What a model must be able to do so that a [`Trainer`](super::Trainer) can fine-tune it.

use candle_core::Tensor;

use super::{Mix, Targets};
use crate::model::{CutTexts, LearningRates, LoraConfig, ParameterStore, Pass};
use crate::{Error, Result};

/// A model that a [`Trainer`](super::Trainer) can fine-tune: texts, images or tables.
///
/// Its parameters fall into *groups* from input to output, by the name of each: group 0 is nearest to the input
/// (embeddings, stem), the last one is the head. Methods, layer-wise learning rates and gradual unfreezing follow them.
///
/// ```
/// use tunebook::candle::{Device, Tensor};
/// use tunebook::model::{Mlp, MlpConfig, ParameterStore};
/// use tunebook::prelude::*;
/// use tunebook::train::{Examples, Targets};
///
/// /// Points in the plane, each on one side of a line.
/// type Points = Vec<([f32; 2], usize)>;
///
/// struct Sides(Mlp);
///
/// impl Trainable for Sides {
///     type Data = Points;
///     type Inputs = Tensor;
///
///     fn store(&self) -> &ParameterStore {
///         self.0.store()
///     }
///
///     fn source(&self) -> &str {
///         "sides"
///     }
///
///     fn groups(&self) -> usize {
///         2
///     }
///
///     fn group_of(&self, name: &str) -> usize {
///         usize::from(name.starts_with("output."))
///     }
///
///     fn learning_rates(&self) -> LearningRates {
///         LearningRates::for_width(8)
///     }
///
///     fn check(&self, data: &Points, what: &str) -> Result<()> {
///         if data.is_empty() { Err(Error::input(what, "has no points", "give at least one")) } else { Ok(()) }
///     }
///
///     fn prepare(&self, data: &Points) -> Result<Examples<Tensor>> {
///         let numbers = data.iter().flat_map(|(point, _)| *point).collect();
///         let inputs = Tensor::from_vec(numbers, (data.len(), 2), &Device::Cpu)?;
///         Ok(Examples { inputs, targets: Targets::Classes(data.iter().map(|(_, side)| *side).collect()) })
///     }
///
///     fn outputs(&self, inputs: &Tensor, rows: &[usize], pass: &Pass) -> Result<Tensor> {
///         let rows = Tensor::from_iter(rows.iter().map(|row| *row as u32), &Device::Cpu)?;
///         self.0.forward(&inputs.index_select(&rows, 0)?, pass)
///     }
/// }
///
/// let at = |n: i32| ((n % 8) as f32 - 3.5, (n / 8) as f32 - 2.0);
/// let points: Points = (0..40).map(at).map(|(x, y)| ([x, y], usize::from(x > y))).collect();
/// let model = Sides(Mlp::new(MlpConfig { hidden: vec![8], ..MlpConfig::new(2, 2) }, 42)?);
/// let config = TrainingConfig { epochs: 30, learning_rate: Some(1e-2), ..Default::default() };
/// let report = Trainer::new(model).config(config).observer(Quiet).fit(&points, &points)?;
/// assert!(report.val_accuracy() > 0.9);
/// # Ok::<(), tunebook::Error>(())
/// ```
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

    /// Freezes the first `groups` groups and makes the others trainable, as fastai's `freeze_to`: 0 unfreezes everything,
    /// one less than [`Trainable::groups`] leaves the head alone. A run with [`Method::Chosen`](super::Method::Chosen)
    /// trains what is left.
    ///
    /// ```
    /// use tunebook::prelude::*;
    /// let labels = vec!["billing".to_owned(), "storage".to_owned()];
    /// let model = TextClassifier::from_pretrained(Pretrained::embedded(), labels)?;
    /// model.freeze_to(model.groups() - 2)?; // the last layer and the head learn
    /// assert_eq!(model.store().trainable().len(), 16 + 2);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When nothing would be left.
    fn freeze_to(&self, groups: usize) -> Result<()> {
        let last = self.groups() - 1;
        if groups > last {
            let problem = format!("would freeze {groups} groups, and {} has {}", self.source(), last + 1);
            return Err(Error::input("freeze_to", problem, format!("give 0 to {last}")));
        }
        self.store().set_trainable(|name| self.group_of(name) >= groups);
        Ok(())
    }

    /// The learning rates that the source recommends.
    fn learning_rates(&self) -> LearningRates;

    /// Whether the data has rows and the labels that the model was made for; `what` names it in the error.
    fn check(&self, data: &Self::Data, what: &str) -> Result<()>;

    /// The same for data that is measured on, validation and test: by default as [`check`](Self::check).
    ///
    /// # Errors
    /// Also for data that is made for training only, with changed copies of its rows.
    fn check_held_out(&self, data: &Self::Data, what: &str) -> Result<()> {
        self.check(data, what)
    }

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
        inputs: &Self::Inputs,
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Self::Inputs> {
        let _ = progress;
        Ok(inputs.clone())
    }

    /// The length of each row, where rows of similar length should share a batch.
    fn lengths(&self, inputs: &Self::Inputs) -> Option<Vec<usize>> {
        let _ = inputs;
        None
    }

    /// What tells these rows from others, so that a run is resumed only on its own data; by default their lengths.
    fn rows_fingerprint(&self, inputs: &Self::Inputs) -> String {
        format!("{:?}", self.lengths(inputs))
    }

    /// Notes what a saved model tells of its training data, such as the size of images; by default nothing.
    fn remember(&mut self, data: &Self::Data) {
        let _ = data;
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

    /// Whether a batch may be computed in parts that are added up with the same outcome: true unless rows of a batch
    /// influence each other, as with batch normalisation that trains. Where it is false, a run that accumulates says so.
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
///
/// ```
/// use tunebook::prelude::*;
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let examples = model.prepare(&data.validation.few_shot(1, 42)?)?;
/// let (loss, _) = examples.targets.measure(&examples.outputs(&model)?);
/// assert_eq!(examples.len(), 8);
/// assert!((loss - 8f64.ln()).abs() < 1.0); // an untrained head guesses
/// # Ok::<(), tunebook::Error>(())
/// ```
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

//! Models on texts as the trainer sees them: token ids, or the vectors of a frozen encoder.

use candle_core::Tensor;

use super::answers::{answers, check_labels, evaluation};
use super::{Examples, Targets, Trainable};
use crate::data::{MultiLabelDataset, Rows, TextAugmentation, TextDataset, TextRegressionDataset, row_seed};
use crate::metrics::{Evaluation, MultiLabelReport, RegressionEvaluation, best_f1_threshold};
use crate::model::{
    CutTexts, LearningRates, LoraConfig, MultiLabelClassifier, ParameterStore, Pass, TextClassifier, TextNetwork,
    TextRegressor, TokenBatch,
};
use crate::{Error, Result};

/// Texts whose vectors are kept together.
const ENCODED_AT_ONCE: usize = 512;

/// Texts as a step reads them.
///
/// ```
/// use tunebook::prelude::*;
/// use tunebook::train::TextInputs;
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let few = data.validation.few_shot(1, 42)?;
/// let tokens = model.prepare(&few)?.inputs;
/// let frozen = model.freeze_inputs(&tokens, &mut |_| Ok(()))?;
/// assert!(matches!(frozen, TextInputs::Features(vectors) if vectors.dims() == [8, 128]));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum TextInputs {
    /// Token ids of each text.
    Tokens(Vec<Vec<u32>>),
    /// Texts that each training step changes anew, with the token ids of the texts as they are, for everything else.
    Changing {
        /// Token ids of each text as it is.
        tokens: Vec<Vec<u32>>,
        /// The texts, in the same order.
        texts: Vec<String>,
        /// How they are changed.
        augmentation: TextAugmentation,
    },
    /// Pooled vectors `(texts, hidden)`: what a frozen encoder says about each text, computed once.
    Features(Tensor),
}

/// A model on texts, which is [`Trainable`] by that: an encoder with a head, and what the head should answer.
///
/// ```
/// use tunebook::prelude::*;
/// use tunebook::train::TextModel;
/// /// The share of the texts whose end the model does not see.
/// fn share_cut<M: TextModel>(model: &M, data: &M::Data) -> Result<f64> {
///     let texts: Vec<&str> = M::texts(data).iter().map(String::as_str).collect();
///     let tokenizer = model.network().encoder().tokenizer();
///     let cut = tokenizer.lengths(&texts)?.into_iter().filter(|tokens| *tokens > tokenizer.max_length()).count();
///     Ok(cut as f64 / texts.len() as f64)
/// }
/// let data = TextDataset::embedded("support-tickets")?;
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// assert!(share_cut(&model, &data)? < 0.1);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub trait TextModel {
    /// Texts with the right answers.
    type Data: Rows;

    /// Encoder and head.
    fn network(&self) -> &TextNetwork;

    /// The same, to add LoRA or to shorten texts.
    fn network_mut(&mut self) -> &mut TextNetwork;

    /// Whether the answers of the data are those that the model was made for; `place` names the data in the error.
    fn check_answers(&self, data: &Self::Data, place: &str) -> Result<()>;

    /// The texts of the data.
    fn texts(data: &Self::Data) -> &[String];

    /// How training changes the texts of the data, if it does; by default not.
    fn augmentation(data: &Self::Data) -> Option<&TextAugmentation> {
        let _ = data;
        None
    }

    /// The right answer of each row.
    fn targets(data: &Self::Data) -> Targets;
}

impl<M: TextModel> Trainable for M {
    type Data = M::Data;
    type Inputs = TextInputs;

    fn store(&self) -> &ParameterStore {
        self.network().store()
    }

    fn source(&self) -> &str {
        self.network().encoder().name()
    }

    /// Embeddings, each layer, the head.
    fn groups(&self) -> usize {
        self.network().encoder().bert().config().num_hidden_layers + 2
    }

    fn group_of(&self, name: &str) -> usize {
        match layer_of(name) {
            Some(layer) => layer + 1,
            None if name.starts_with("embeddings.") => 0,
            None => self.groups() - 1,
        }
    }

    fn learning_rates(&self) -> LearningRates {
        self.network().encoder().learning_rates()
    }

    fn check(&self, data: &M::Data, what: &str) -> Result<()> {
        let place = format!("{what} {}", data.name());
        if data.is_empty() {
            return Err(Error::input(place, "has no rows", "give at least one labelled text"));
        }
        self.check_answers(data, &place)
    }

    fn check_held_out(&self, data: &M::Data, what: &str) -> Result<()> {
        data.check_held_out()?;
        self.check(data, what)
    }

    fn prepare(&self, data: &M::Data) -> Result<Examples<TextInputs>> {
        let texts: Vec<&str> = M::texts(data).iter().map(String::as_str).collect();
        let tokens = self.network().encoder().tokenizer().encode(&texts)?;
        let inputs = match M::augmentation(data) {
            None => TextInputs::Tokens(tokens),
            Some(augmentation) => {
                TextInputs::Changing { tokens, texts: M::texts(data).to_vec(), augmentation: augmentation.clone() }
            }
        };
        Ok(Examples { inputs, targets: M::targets(data) })
    }

    fn rows_fingerprint(&self, inputs: &TextInputs) -> String {
        let lengths = format!("{:?}", self.lengths(inputs));
        match inputs {
            TextInputs::Changing { augmentation, .. } => format!("{lengths} {augmentation:?}"),
            TextInputs::Tokens(_) | TextInputs::Features(_) => lengths,
        }
    }

    fn texts_cut(&self, data: &M::Data, inputs: &TextInputs) -> Result<Option<CutTexts>> {
        let (TextInputs::Tokens(sequences) | TextInputs::Changing { tokens: sequences, .. }) = inputs else {
            return Ok(None);
        };
        let texts: Vec<&str> = M::texts(data).iter().map(String::as_str).collect();
        self.network().encoder().texts_cut_of(&texts, sequences).map(Some)
    }

    /// Texts that are to be changed at each step stay texts: the frozen encoder reads every change.
    fn freeze_inputs(&self, inputs: &TextInputs, progress: &mut dyn FnMut(usize) -> Result<()>) -> Result<TextInputs> {
        let TextInputs::Tokens(sequences) = inputs else { return Ok(inputs.clone()) };
        let encoder = self.network().encoder();
        let weights = encoder.fingerprint()?;
        let mut parts = Vec::new();
        let mut done = 0;
        for part in sequences.chunks(ENCODED_AT_ONCE) {
            progress(done)?;
            parts.push(encoder.embed_tokens_cached_as(&weights, part, &mut |of_part| progress(done + of_part))?);
            done += part.len();
        }
        progress(done)?;
        Ok(TextInputs::Features(Tensor::cat(&parts, 0)?))
    }

    fn lengths(&self, inputs: &TextInputs) -> Option<Vec<usize>> {
        match inputs {
            TextInputs::Tokens(tokens) | TextInputs::Changing { tokens, .. } => {
                Some(tokens.iter().map(Vec::len).collect())
            }
            TextInputs::Features(_) => None,
        }
    }

    fn outputs(&self, inputs: &TextInputs, rows: &[usize], pass: &Pass) -> Result<Tensor> {
        match inputs {
            TextInputs::Tokens(tokens) | TextInputs::Changing { tokens, .. } => {
                let changed = changed(self.network(), inputs, rows, pass)?;
                let batch: Vec<&[u32]> = match &changed {
                    Some(changed) => changed.iter().map(Vec::as_slice).collect(),
                    None => rows.iter().map(|&i| tokens[i].as_slice()).collect(),
                };
                let pad_id = self.network().encoder().tokenizer().pad_id();
                self.network().outputs(&TokenBatch::new(&batch, pad_id)?, pass)
            }
            TextInputs::Features(vectors) => {
                let ids: Vec<u32> = rows.iter().map(|&i| i as u32).collect();
                let ids = Tensor::from_vec(ids, rows.len(), vectors.device())?;
                self.network().head_outputs(&vectors.index_select(&ids, 0)?, pass)
            }
        }
    }

    fn add_lora(&mut self, config: &LoraConfig, seed: u64) -> Result<()> {
        self.network_mut().add_lora(config, seed)
    }

    fn set_max_length(&mut self, tokens: usize) -> Result<()> {
        self.network_mut().encoder_mut().set_max_length(tokens)
    }
}

/// The token ids of rows as a training step changes them; `None` where nothing is changed, in evaluation above all.
fn changed(network: &TextNetwork, inputs: &TextInputs, rows: &[usize], pass: &Pass) -> Result<Option<Vec<Vec<u32>>>> {
    let (TextInputs::Changing { texts, augmentation, .. }, Some(seed)) = (inputs, pass.seed()) else {
        return Ok(None);
    };
    let texts: Vec<String> = rows.iter().map(|&row| augmentation.changed(&texts[row], row_seed(seed, row))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Ok(Some(network.encoder().tokenizer().encode(&texts)?))
}

impl TextModel for TextClassifier {
    type Data = TextDataset;

    fn network(&self) -> &TextNetwork {
        self.network()
    }

    fn network_mut(&mut self) -> &mut TextNetwork {
        self.network_mut()
    }

    fn check_answers(&self, data: &TextDataset, place: &str) -> Result<()> {
        check_labels(&data.label_names(), self.labels(), place)
    }

    fn texts(data: &TextDataset) -> &[String] {
        data.texts()
    }

    fn augmentation(data: &TextDataset) -> Option<&TextAugmentation> {
        data.augmentation()
    }

    fn targets(data: &TextDataset) -> Targets {
        Targets::Classes(data.labels().to_vec())
    }
}

impl TextModel for MultiLabelClassifier {
    type Data = MultiLabelDataset;

    fn network(&self) -> &TextNetwork {
        self.network()
    }

    fn network_mut(&mut self) -> &mut TextNetwork {
        self.network_mut()
    }

    fn check_answers(&self, data: &MultiLabelDataset, place: &str) -> Result<()> {
        check_labels(&data.label_names(), self.labels(), place)
    }

    fn texts(data: &MultiLabelDataset) -> &[String] {
        data.texts()
    }

    fn targets(data: &MultiLabelDataset) -> Targets {
        Targets::Labels(data.labels().iter().map(|row| row.iter().map(|&given| f32::from(given)).collect()).collect())
    }
}

impl TextModel for TextRegressor {
    type Data = TextRegressionDataset;

    fn network(&self) -> &TextNetwork {
        self.network()
    }

    fn network_mut(&mut self) -> &mut TextNetwork {
        self.network_mut()
    }

    fn check_answers(&self, _: &TextRegressionDataset, _: &str) -> Result<()> {
        Ok(())
    }

    fn texts(data: &TextRegressionDataset) -> &[String] {
        data.texts()
    }

    fn targets(data: &TextRegressionDataset) -> Targets {
        Targets::Values(data.targets().to_vec())
    }
}

impl TextClassifier {
    /// Loss, accuracy, predictions and probabilities on a labelled data set with the same labels.
    pub fn evaluate(&self, data: &TextDataset) -> Result<Evaluation> {
        evaluation(self, data, self.labels())
    }
}

impl MultiLabelClassifier {
    /// Precision, recall and F1 of each label and their averages on a data set with the same labels, at the model's
    /// thresholds.
    pub fn evaluate(&self, data: &MultiLabelDataset) -> Result<MultiLabelReport> {
        let (loss, rows) = self.loss_and_probabilities(data, "evaluation data")?;
        let given: Vec<Vec<bool>> = rows.iter().map(|row| self.decide(row)).collect();
        Ok(MultiLabelReport::new(data.labels(), &given, self.labels())?.with_loss(loss))
    }

    /// Sets for each label the threshold with the best F1 on this data, which should not be the data that the model
    /// learned from. A label that no text has keeps its threshold. Returns the new thresholds.
    ///
    /// See [`best_f1_threshold`] for how one is found, and [`MultiLabelClassifier`] for an example.
    pub fn tune_thresholds(&mut self, validation: &MultiLabelDataset) -> Result<Vec<f32>> {
        let (_, rows) = self.loss_and_probabilities(validation, "validation data")?;
        let mut thresholds = self.thresholds().to_vec();
        for (label, threshold) in thresholds.iter_mut().enumerate() {
            let truth: Vec<bool> = validation.labels().iter().map(|row| row[label]).collect();
            let scores: Vec<f32> = rows.iter().map(|row| row[label]).collect();
            *threshold = best_f1_threshold(&truth, &scores)?.unwrap_or(*threshold);
        }
        self.set_thresholds(thresholds.clone())?;
        Ok(thresholds)
    }

    /// The mean loss, and the probability of each label for each row.
    fn loss_and_probabilities(&self, data: &MultiLabelDataset, what: &str) -> Result<(f64, Vec<Vec<f32>>)> {
        let sigmoid = |logit: f32| (1.0 / (1.0 + (-f64::from(logit)).exp())) as f32;
        let (examples, outputs) = answers(self, data, what)?;
        let (loss, _) = examples.targets.measure(&outputs);
        Ok((loss, outputs.into_iter().map(|row| row.into_iter().map(sigmoid).collect()).collect()))
    }
}

impl TextRegressor {
    /// Predicted and true numbers of a data set, and how far they are apart.
    pub fn evaluate(&self, data: &TextRegressionDataset) -> Result<RegressionEvaluation> {
        let (_, outputs) = answers(self, data, "evaluation data")?;
        let predictions = outputs.iter().map(|row| f64::from(row[0])).collect();
        RegressionEvaluation::new(data.targets().iter().copied().map(f64::from).collect(), predictions)
    }
}

/// The layer a parameter belongs to: 3 for `encoder.layer.3.output.dense.bias`.
fn layer_of(name: &str) -> Option<usize> {
    name.strip_prefix("encoder.layer.")?.split('.').next()?.parse().ok()
}

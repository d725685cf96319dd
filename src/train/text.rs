//! Text classifiers as the trainer sees them: token ids, or the vectors of a frozen encoder.

use candle_core::Tensor;

use super::{Examples, Targets, Trainable};
use crate::data::TextDataset;
use crate::metrics::Evaluation;
use crate::model::{LearningRates, LoraConfig, ParameterStore, Pass, TextClassifier, TokenBatch};
use crate::{Error, Result};

/// Texts between two looks at the progress and at a wish to stop.
const ENCODED_AT_ONCE: usize = 512;

/// Texts as a step reads them.
#[derive(Clone, Debug)]
pub enum TextInputs {
    /// Token ids of each text.
    Tokens(Vec<Vec<u32>>),
    /// Pooled vectors `(texts, hidden)`: what a frozen encoder says about each text, computed once.
    Features(Tensor),
}

impl Trainable for TextClassifier {
    type Data = TextDataset;
    type Inputs = TextInputs;

    fn store(&self) -> &ParameterStore {
        self.store()
    }

    fn source(&self) -> &str {
        self.encoder().name()
    }

    /// Embeddings, each layer, the head.
    fn groups(&self) -> usize {
        self.encoder().bert().config().num_hidden_layers + 2
    }

    fn group_of(&self, name: &str) -> usize {
        match layer_of(name) {
            Some(layer) => layer + 1,
            None if name.starts_with("embeddings.") => 0,
            None => self.groups() - 1,
        }
    }

    fn learning_rates(&self) -> LearningRates {
        self.encoder().learning_rates()
    }

    fn check(&self, data: &TextDataset, what: &str) -> Result<()> {
        let place = format!("{what} {}", data.name());
        if data.is_empty() {
            return Err(Error::input(place, "has no rows", "give at least one labelled text"));
        }
        let names = data.label_names();
        if names != self.labels() {
            let problem = format!("has the labels {names:?}, the model {:?}", self.labels());
            return Err(Error::input(place, problem, "make the model with data.label_names() of the same data set"));
        }
        Ok(())
    }

    fn prepare(&self, data: &TextDataset) -> Result<Examples<TextInputs>> {
        let texts: Vec<&str> = data.texts().iter().map(String::as_str).collect();
        let inputs = TextInputs::Tokens(self.encoder().tokenizer().encode(&texts)?);
        Ok(Examples { inputs, targets: Targets::Classes(data.labels().to_vec()) })
    }

    fn freeze_inputs(&self, inputs: TextInputs, progress: &mut dyn FnMut(usize) -> Result<()>) -> Result<TextInputs> {
        let TextInputs::Tokens(sequences) = inputs else { return Ok(inputs) };
        let weights = self.encoder().fingerprint()?;
        let mut parts = Vec::new();
        let mut done = 0;
        for part in sequences.chunks(ENCODED_AT_ONCE) {
            progress(done)?;
            parts.push(self.encoder().embed_tokens_cached_as(&weights, part)?);
            done += part.len();
        }
        progress(done)?;
        Ok(TextInputs::Features(Tensor::cat(&parts, 0)?))
    }

    fn lengths(&self, inputs: &TextInputs) -> Option<Vec<usize>> {
        match inputs {
            TextInputs::Tokens(sequences) => Some(sequences.iter().map(Vec::len).collect()),
            TextInputs::Features(_) => None,
        }
    }

    fn outputs(&self, inputs: &TextInputs, rows: &[usize], pass: &Pass) -> Result<Tensor> {
        match inputs {
            TextInputs::Tokens(sequences) => {
                let batch: Vec<&[u32]> = rows.iter().map(|&i| sequences[i].as_slice()).collect();
                self.logits(&TokenBatch::new(&batch, self.encoder().tokenizer().pad_id())?, pass)
            }
            TextInputs::Features(vectors) => {
                let ids: Vec<u32> = rows.iter().map(|&i| i as u32).collect();
                let ids = Tensor::from_vec(ids, rows.len(), vectors.device())?;
                self.head_logits(&vectors.index_select(&ids, 0)?, pass)
            }
        }
    }

    fn add_lora(&mut self, config: &LoraConfig, seed: u64) -> Result<()> {
        self.add_lora(config, seed)
    }

    fn set_max_length(&mut self, tokens: usize) -> Result<()> {
        self.encoder_mut().set_max_length(tokens)
    }
}

impl TextClassifier {
    /// Loss, accuracy, predictions and probabilities on a labelled data set with the same labels.
    pub fn evaluate(&self, data: &TextDataset) -> Result<Evaluation> {
        self.check(data, "evaluation data")?;
        let examples = self.prepare(data)?;
        let outputs = examples.outputs(self)?;
        let (loss, _) = examples.targets.measure(&outputs);
        let probabilities = outputs.iter().map(|row| super::loss::softmax_row(row, 0).0).collect();
        Evaluation::new(loss, data.labels().to_vec(), probabilities, self.labels().to_vec())
    }
}

/// The layer a parameter belongs to: 3 for `encoder.layer.3.output.dense.bias`.
fn layer_of(name: &str) -> Option<usize> {
    name.strip_prefix("encoder.layer.")?.split('.').next()?.parse().ok()
}

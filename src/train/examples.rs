//! A data set in the form that training reads: token ids, or vectors of a frozen encoder.

use candle_core::{Device, Tensor};

use super::stop;
use crate::data::TextDataset;
use crate::model::{Pass, TextClassifier, TokenBatch};
use crate::{Error, Result};

/// Texts in one forward pass of validation.
const EVALUATION_BATCH: usize = 32;

/// Texts between two looks at the progress and at a wish to stop.
const ENCODED_AT_ONCE: usize = 512;

/// Inputs with their labels.
#[derive(Debug)]
pub(super) struct Examples {
    inputs: Inputs,
    labels: Vec<usize>,
}

#[derive(Debug)]
enum Inputs {
    /// Token ids of each text.
    Tokens(Vec<Vec<u32>>),
    /// Pooled vectors `(texts, hidden)`: what a frozen encoder says about each text, computed once.
    Features(Tensor),
}

impl Examples {
    /// Tokenizes a data set.
    pub(super) fn tokens(model: &TextClassifier, data: &TextDataset) -> Result<Self> {
        let texts: Vec<&str> = data.texts().iter().map(String::as_str).collect();
        let sequences = model.encoder().tokenizer().encode(&texts)?;
        Ok(Self { inputs: Inputs::Tokens(sequences), labels: data.labels().to_vec() })
    }

    /// The same with the encoder's vectors in place of the tokens; tells how many texts are done.
    pub(super) fn into_features(self, model: &TextClassifier, progress: &mut dyn FnMut(usize)) -> Result<Self> {
        let inputs = match self.inputs {
            Inputs::Tokens(sequences) => {
                let mut parts = Vec::new();
                let mut done = 0;
                for part in sequences.chunks(ENCODED_AT_ONCE) {
                    progress(done);
                    if stop::is_requested() {
                        stop::clear();
                        return Err(Error::Training(
                            "stopped while the texts were encoded; nothing was trained".into(),
                        ));
                    }
                    parts.push(model.encoder().embed_tokens(part)?);
                    done += part.len();
                }
                progress(done);
                Inputs::Features(Tensor::cat(&parts, 0)?)
            }
            features @ Inputs::Features(_) => features,
        };
        Ok(Self { inputs, labels: self.labels })
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Tokens of each text; 1 where only vectors are left.
    pub(super) fn lengths(&self) -> Vec<usize> {
        match &self.inputs {
            Inputs::Tokens(sequences) => sequences.iter().map(Vec::len).collect(),
            Inputs::Features(_) => vec![1; self.labels.len()],
        }
    }

    pub(super) fn labels_at(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|&i| self.labels[i]).collect()
    }

    /// Logits `(rows, labels)` of some of the examples.
    pub(super) fn logits(&self, model: &TextClassifier, rows: &[usize], pass: &Pass) -> Result<Tensor> {
        match &self.inputs {
            Inputs::Tokens(sequences) => {
                let batch: Vec<&[u32]> = rows.iter().map(|&i| sequences[i].as_slice()).collect();
                model.logits(&TokenBatch::new(&batch, model.encoder().tokenizer().pad_id())?, pass)
            }
            Inputs::Features(vectors) => {
                let ids: Vec<u32> = rows.iter().map(|&i| i as u32).collect();
                let ids = Tensor::from_vec(ids, rows.len(), &Device::Cpu)?;
                model.head_logits(&vectors.index_select(&ids, 0)?, pass)
            }
        }
    }

    /// Probabilities of every example and the mean cross-entropy, without gradients.
    pub(super) fn evaluate(&self, model: &TextClassifier) -> Result<(f64, Vec<Vec<f32>>)> {
        let lengths = self.lengths();
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|&i| lengths[i]);
        let mut probabilities = vec![Vec::new(); self.len()];
        let mut losses = vec![0.0; self.len()];
        for rows in order.chunks(EVALUATION_BATCH) {
            let logits = self.logits(model, rows, &Pass::evaluation())?.to_vec2::<f32>()?;
            for (&i, row) in rows.iter().zip(&logits) {
                (probabilities[i], losses[i]) = super::loss::softmax_row(row, self.labels[i]);
            }
        }
        Ok((losses.iter().sum::<f64>() / self.len() as f64, probabilities))
    }

    /// Mean cross-entropy and the share of right answers.
    pub(super) fn validate(&self, model: &TextClassifier) -> Result<(f64, f64)> {
        let (loss, probabilities) = self.evaluate(model)?;
        let right = probabilities.iter().zip(&self.labels).filter(|(row, label)| largest(row) == **label).count();
        Ok((loss, right as f64 / self.len() as f64))
    }
}

/// The place of the largest number, the first of equals.
fn largest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

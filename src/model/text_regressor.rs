//! Text to a number: an encoder with a linear head of one output.

use std::path::Path;

use super::hub_layout::{self, Task};
use super::{LoadReport, ModelCard, ModelSummary, ParameterStore, Pretrained, TextEncoder, TextNetwork};
use crate::{Error, Result};

/// A model that gives each text one number, such as a grade or a rating. It trains with the mean squared error.
///
/// The output has the targets' own unit and starts near 0: bring targets that lie far from it, such as years or prices,
/// to about -3 to 3 first, or training takes long to get there.
///
/// ```
/// use tunebook::prelude::*;
/// use tunebook::train::Quiet;
/// # fn main() -> tunebook::Result<()> {
/// let texts = ["Great, works at once!", "It broke after a day.", "Good enough.", "Awful, never again."];
/// let data = TextRegressionDataset::new("stars", texts.map(String::from).to_vec(), vec![2.0, -1.5, 0.5, -2.0])?;
/// let model = TextRegressor::from_pretrained(Pretrained::embedded())?;
/// let report = Trainer::new(model).method(Method::FeatureExtraction).observer(Quiet).fit(&data, &data)?;
/// println!("{}", report.model().evaluate(&data)?);
/// assert_eq!(report.model().predict(&["Works well."])?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TextRegressor {
    network: TextNetwork,
}

impl TextRegressor {
    /// A pretrained encoder with a fresh head. The head starts from seed 42.
    pub fn from_pretrained(source: Pretrained) -> Result<Self> {
        Self::from_pretrained_seeded(source, 42)
    }

    /// The same with the head's seed given.
    pub fn from_pretrained_seeded(source: Pretrained, seed: u64) -> Result<Self> {
        Ok(Self { network: TextNetwork::with_new_head(source, 1, seed)? })
    }

    /// A regressor that [`TextRegressor::save`] wrote, ready to predict.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Self::from_finetuned(Pretrained::folder(folder))
    }

    /// A regressor with the head that its source brings along.
    ///
    /// # Errors
    /// When the source has no head of one output, or its `problem_type` is another.
    pub fn from_finetuned(source: Pretrained) -> Result<Self> {
        let files = source.load()?;
        let outputs = Task::Value.read_labels(&files)?.len();
        if outputs != 1 {
            let problem = format!("id2label has {outputs} entries, a regressor has one output");
            return Err(Error::input(format!("config.json of {}", files.name), problem, "load it as a TextClassifier"));
        }
        Ok(Self { network: TextNetwork::from_files(files, 1)? })
    }

    /// The number of each text, in the unit of the training targets.
    pub fn predict(&self, texts: &[&str]) -> Result<Vec<f32>> {
        Ok(self.network.rows(texts, |outputs| Ok(outputs.clone()))?.concat())
    }

    /// Changes the head so that each answer `y` becomes `y * scale + offset`. A model that learned targets brought to a mean of
    /// 0 and a deviation of 1 ([`TextRegressionDataset::standardised`](crate::data::TextRegressionDataset::standardised))
    /// answers in their own unit after that, here and in transformers.
    ///
    /// ```
    /// use tunebook::model::{Pretrained, TextRegressor};
    /// let model = TextRegressor::from_pretrained(Pretrained::embedded())?;
    /// let before = model.predict(&["The disk is full."])?[0];
    /// model.rescale(10.0, 3.0)?;
    /// assert!((model.predict(&["The disk is full."])?[0] - (10.0 * before + 3.0)).abs() < 1e-4);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a number is not finite.
    pub fn rescale(&self, scale: f64, offset: f64) -> Result<()> {
        if !(scale.is_finite() && offset.is_finite()) {
            let problem = format!("by {scale} and {offset}");
            return Err(Error::input("TextRegressor::rescale", problem, "give finite numbers"));
        }
        for (name, offset) in [("classifier.weight", 0.0), ("classifier.bias", offset)] {
            if let Some(parameter) = self.store().get(name) {
                parameter.var().set(&parameter.var().as_detached_tensor().affine(scale, offset)?)?;
            }
        }
        Ok(())
    }

    /// What the model is made of.
    pub fn network(&self) -> &TextNetwork {
        &self.network
    }

    pub(crate) fn network_mut(&mut self) -> &mut TextNetwork {
        &mut self.network
    }

    /// The encoder below the head. Its parameters are the regressor's.
    pub fn encoder(&self) -> &TextEncoder {
        self.network.encoder()
    }

    /// All parameters, the head's included.
    pub fn store(&self) -> &ParameterStore {
        self.network.store()
    }

    /// Which parameters were loaded, which start fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        self.network.load_report()
    }

    /// Layers with their sizes, and which of them train.
    pub fn summary(&self) -> ModelSummary {
        self.network.summary(format!("TextRegressor on {}", self.encoder().name()))
    }

    /// Writes the model in the Hub's layout, as [`TextClassifier::save`](super::TextClassifier::save) does, with
    /// `problem_type` `regression`: transformers gives the same number and trains it further with the same loss.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        self.save_with_card(folder, &ModelCard::new())
    }

    /// The same with data and metrics on the model's page.
    pub fn save_with_card(&self, folder: impl AsRef<Path>, card: &ModelCard) -> Result<()> {
        hub_layout::write(folder.as_ref(), self.encoder(), &Task::Value, card)
    }
}

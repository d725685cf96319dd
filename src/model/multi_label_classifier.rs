//! Text to any number of labels: an encoder with a linear head, each output a label of its own.

use std::fmt::{self, Write as _};
use std::path::Path;

use super::classifier::check_names;
use super::hub_layout::{self, Task};
use super::{LoadReport, ModelCard, ModelSummary, ParameterStore, Pretrained, TextEncoder, TextNetwork};
use crate::notebook::{Display, escape_html};
use crate::{Error, Result};

/// The probability from which on a label is given, where nothing better is known.
const THRESHOLD: f32 = 0.5;

/// A classifier that gives each text any number of labels, none included: the sigmoid of each output is the probability
/// of its label. It trains with binary cross-entropy, and evaluates as a [`MultiLabelReport`](crate::metrics::MultiLabelReport).
///
/// ```
/// use tunebook::prelude::*;
/// use tunebook::train::Quiet;
/// # fn main() -> tunebook::Result<()> {
/// let names = vec!["storage".to_owned(), "urgent".to_owned()];
/// let texts = ["The disk is full!", "Server down, disk full, help now!", "How do I log in?", "Everything down now!"];
/// let labels = vec![vec![true, false], vec![true, true], vec![false, false], vec![false, true]];
/// let data = MultiLabelDataset::new("tickets", texts.map(String::from).to_vec(), labels, names.clone())?;
/// let model = MultiLabelClassifier::from_pretrained(Pretrained::embedded(), names)?;
/// let report = Trainer::new(model).method(Method::FeatureExtraction).observer(Quiet).fit(&data, &data)?;
/// let mut model = report.into_model();
/// model.tune_thresholds(&data)?;
/// println!("{}\n{}", model.evaluate(&data)?, model.predict(&["My disk is full"])?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MultiLabelClassifier {
    network: TextNetwork,
    labels: Vec<String>,
    thresholds: Vec<f32>,
}

impl MultiLabelClassifier {
    /// A pretrained encoder with a fresh head for these labels, one is enough. The head starts from seed 42; each label is
    /// given from a probability of one half on.
    pub fn from_pretrained(source: Pretrained, labels: Vec<String>) -> Result<Self> {
        Self::from_pretrained_seeded(source, labels, 42)
    }

    /// The same with the head's seed given.
    pub fn from_pretrained_seeded(source: Pretrained, labels: Vec<String>, seed: u64) -> Result<Self> {
        check(&labels)?;
        let thresholds = vec![THRESHOLD; labels.len()];
        Ok(Self { network: TextNetwork::with_new_head(source, labels.len(), seed)?, labels, thresholds })
    }

    /// A classifier that [`MultiLabelClassifier::save`] wrote, ready to predict.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Self::from_finetuned(Pretrained::folder(folder))
    }

    /// A classifier with the head and the labels that its source brings along.
    ///
    /// # Errors
    /// When the source has no `id2label` or no head, and when its `problem_type` says that it is for one label or a number.
    pub fn from_finetuned(source: Pretrained) -> Result<Self> {
        let files = source.load()?;
        let labels = Task::Labels { names: &[], thresholds: &[] }.read_labels(&files)?;
        check(&labels)?;
        let thresholds = match files.config_json["tunebook"]["thresholds"].as_array() {
            Some(given) => given.iter().map(|value| value.as_f64().unwrap_or(f64::NAN) as f32).collect(),
            None => vec![THRESHOLD; labels.len()],
        };
        let origin = format!("config.json of {}", files.name);
        let network = TextNetwork::from_files(files, labels.len())?;
        let mut model = Self { network, labels, thresholds: Vec::new() };
        model.set_thresholds(thresholds).map_err(|e| Error::input(origin, e, ""))?;
        Ok(model)
    }

    /// The labels of each text, with the probabilities of all labels.
    pub fn predict(&self, texts: &[&str]) -> Result<MultiLabelPredictions> {
        let rows = self.network.rows(texts, |logits| Ok(candle_nn::ops::sigmoid(logits)?))?;
        let item = |(text, probabilities): (&&str, Vec<f32>)| {
            let given = self.labels.iter().zip(self.decide(&probabilities)).filter(|(_, given)| *given);
            let labels = given.map(|(name, _)| name.clone()).collect();
            MultiLabelPrediction { text: (*text).to_owned(), labels, probabilities }
        };
        let items = texts.iter().zip(rows).map(item).collect();
        Ok(MultiLabelPredictions { items, labels: self.labels.clone() })
    }

    /// Whether each label is given, for one probability of each.
    pub(crate) fn decide(&self, probabilities: &[f32]) -> Vec<bool> {
        probabilities.iter().zip(&self.thresholds).map(|(probability, from)| probability >= from).collect()
    }

    /// The probability from which on each label is given, in the order of the labels.
    pub fn thresholds(&self) -> &[f32] {
        &self.thresholds
    }

    /// Other probabilities from which on labels are given. [`MultiLabelClassifier::tune_thresholds`] finds good ones.
    ///
    /// # Errors
    /// When there are not as many as labels, or one is not from 0.0 to 1.0.
    pub fn set_thresholds(&mut self, thresholds: Vec<f32>) -> Result<()> {
        if thresholds.len() != self.labels.len() {
            let problem = format!("{} for {} labels", thresholds.len(), self.labels.len());
            return Err(Error::input("thresholds", problem, "give one for each label"));
        }
        if let Some(threshold) = thresholds.iter().find(|t| !(0.0..=1.0).contains(*t)) {
            return Err(Error::input(
                "thresholds",
                format!("{threshold} is no probability"),
                "give numbers from 0 to 1",
            ));
        }
        self.thresholds = thresholds;
        Ok(())
    }

    /// What the model is made of.
    pub fn network(&self) -> &TextNetwork {
        &self.network
    }

    pub(crate) fn network_mut(&mut self) -> &mut TextNetwork {
        &mut self.network
    }

    /// The encoder below the head. Its parameters are the classifier's.
    pub fn encoder(&self) -> &TextEncoder {
        self.network.encoder()
    }

    /// All parameters, the head's included.
    pub fn store(&self) -> &ParameterStore {
        self.network.store()
    }

    /// The labels, in the order of the outputs.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Which parameters were loaded, which start fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        self.network.load_report()
    }

    /// Layers with their sizes, and which of them train.
    pub fn summary(&self) -> ModelSummary {
        let title = format!("MultiLabelClassifier on {}, {} labels", self.encoder().name(), self.labels.len());
        self.network.summary(title)
    }

    /// Writes the model in the Hub's layout, as [`TextClassifier::save`](super::TextClassifier::save) does, with the
    /// thresholds, and `problem_type` `multi_label_classification`: transformers gives the same logits and trains it
    /// further with the same loss.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        self.save_with_card(folder, &ModelCard::new())
    }

    /// The same with data and metrics on the model's page.
    pub fn save_with_card(&self, folder: impl AsRef<Path>, card: &ModelCard) -> Result<()> {
        let task = Task::Labels { names: &self.labels, thresholds: &self.thresholds };
        hub_layout::write(folder.as_ref(), self.encoder(), &task, card)
    }
}

fn check(labels: &[String]) -> Result<()> {
    if labels.is_empty() {
        return Err(Error::input("labels", "0 given", "a multi-label classifier needs at least one"));
    }
    check_names(labels)
}

/// The answer for one text.
///
/// ```
/// use tunebook::model::{MultiLabelClassifier, Pretrained};
/// let labels = vec!["storage".to_owned(), "urgent".to_owned()];
/// let model = MultiLabelClassifier::from_pretrained(Pretrained::embedded(), labels)?;
/// let predictions = model.predict(&["The disk is full!"])?;
/// let prediction = &predictions.items()[0];
/// for (label, (probability, from)) in model.labels().iter().zip(prediction.probabilities.iter().zip(model.thresholds())) {
///     assert_eq!(prediction.labels.contains(label), probability >= from);
/// }
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiLabelPrediction {
    /// The text.
    pub text: String,
    /// The labels that it gets, in the order of the model's labels; may be none.
    pub labels: Vec<String>,
    /// The probability of each of the model's labels, 0 to 1; they do not add up to 1.
    pub probabilities: Vec<f32>,
}

/// The answers for several texts, in their order.
///
/// ```
/// use tunebook::model::{MultiLabelClassifier, Pretrained};
/// let labels = vec!["storage".to_owned(), "urgent".to_owned()];
/// let model = MultiLabelClassifier::from_pretrained(Pretrained::embedded(), labels)?;
/// let predictions = model.predict(&["The disk is full!", "Where is my invoice?"])?;
/// assert_eq!((predictions.len(), predictions.known_labels()), (2, model.labels()));
/// println!("{predictions}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiLabelPredictions {
    items: Vec<MultiLabelPrediction>,
    labels: Vec<String>,
}

impl MultiLabelPredictions {
    /// One for each text.
    pub fn items(&self) -> &[MultiLabelPrediction] {
        &self.items
    }

    /// The labels of each text.
    pub fn labels(&self) -> Vec<Vec<String>> {
        self.items.iter().map(|item| item.labels.clone()).collect()
    }

    /// All labels the classifier knows, in the order of the probabilities.
    pub fn known_labels(&self) -> &[String] {
        &self.labels
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there were no texts.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What evcxr calls when this value is the last expression of a cell: a table with a column for each label.
    pub fn evcxr_display(&self) {
        let mut html = String::from("<table><thead><tr><th>text</th>");
        for label in &self.labels {
            let _ = write!(html, "<th>{}</th>", escape_html(label));
        }
        html.push_str("</tr></thead><tbody>");
        for item in &self.items {
            let _ = write!(html, "<tr><td style=\"text-align:left\">{}</td>", escape_html(&item.text));
            for (label, probability) in self.labels.iter().zip(&item.probabilities) {
                let percent = format!("{:.1} %", probability * 100.0);
                // Bold is given: readable without colours.
                let cell = if item.labels.contains(label) { format!("<b>{percent}</b>") } else { percent };
                let _ = write!(html, "<td>{cell}</td>");
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table>");
        Display::html(html).with("text/plain", self.to_string()).show();
    }
}

/// One line for each text: its labels with their probabilities, then the text.
impl fmt::Display for MultiLabelPredictions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            let pairs = self.labels.iter().zip(&item.probabilities).filter(|(label, _)| item.labels.contains(label));
            let given: Vec<String> = pairs.map(|(label, p)| format!("{label} {:.1} %", p * 100.0)).collect();
            let given = if given.is_empty() { "no label".to_owned() } else { given.join(", ") };
            writeln!(f, "{given}: {}", item.text)?;
        }
        Ok(())
    }
}

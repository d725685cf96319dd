//! What a classifier says about texts, or about rows of a table.

use std::fmt::{self, Write as _};

use crate::notebook::{Display, escape_html};

/// The answer for one text.
///
/// ```
/// use tunebook::model::{Pretrained, TextClassifier};
/// let labels = vec!["billing".to_owned(), "storage".to_owned()];
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), labels)?;
/// let predictions = model.predict(&["The disk is full."])?;
/// let prediction = &predictions.items()[0];
/// assert_eq!(prediction.label, predictions.known_labels()[prediction.index]);
/// assert_eq!(prediction.probability, prediction.probabilities[prediction.index]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The text; of a table's row its cells in short.
    pub text: String,
    /// The most probable label.
    pub label: String,
    /// Its place in the list of labels.
    pub index: usize,
    /// Its probability, 0 to 1.
    pub probability: f32,
    /// The probability of each label, in the order of the labels; they add up to 1.
    pub probabilities: Vec<f32>,
}

impl Prediction {
    pub(super) fn new(text: String, probabilities: Vec<f32>, labels: &[String]) -> Self {
        let index =
            (0..probabilities.len()).fold(0, |best, i| if probabilities[i] > probabilities[best] { i } else { best });
        Self { text, label: labels[index].clone(), index, probability: probabilities[index], probabilities }
    }
}

/// The answers for several texts, in their order.
///
/// ```
/// use tunebook::model::{Pretrained, TextClassifier};
/// let labels = vec!["billing".to_owned(), "storage".to_owned()];
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), labels)?;
/// let predictions = model.predict(&["The disk is full.", "Where is my invoice?"])?;
/// assert_eq!((predictions.len(), predictions.labels().len()), (2, 2));
/// println!("{predictions}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    items: Vec<Prediction>,
    labels: Vec<String>,
}

impl Predictions {
    pub(super) fn new(items: Vec<Prediction>, labels: Vec<String>) -> Self {
        Self { items, labels }
    }

    /// One for each text.
    pub fn items(&self) -> &[Prediction] {
        &self.items
    }

    /// The label of each text.
    pub fn labels(&self) -> Vec<String> {
        self.items.iter().map(|p| p.label.clone()).collect()
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

    /// What evcxr calls when this value is the last expression of a cell: a table.
    pub fn evcxr_display(&self) {
        let mut html =
            String::from("<table><thead><tr><th>text</th><th>label</th><th>probability</th></tr></thead><tbody>");
        for p in &self.items {
            let _ = write!(
                html,
                "<tr><td style=\"text-align:left\">{}</td><td>{}</td><td>{:.1} %</td></tr>",
                escape_html(&p.text),
                escape_html(&p.label),
                p.probability * 100.0
            );
        }
        html.push_str("</tbody></table>");
        Display::html(html).with("text/plain", self.to_string()).show();
    }
}

impl fmt::Display for Predictions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.items.iter().map(|p| p.label.chars().count()).max().unwrap_or(0);
        for p in &self.items {
            writeln!(f, "{:<width$}  {:>5.1} %  {}", p.label, p.probability * 100.0, p.text)?;
        }
        Ok(())
    }
}

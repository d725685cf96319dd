//! What each task measures at the end, and how its model is saved.

use std::path::Path;

use serde_json::{Map, Value, json};
use tunebook::metrics::Scores;
use tunebook::model::ModelCard;
use tunebook::prelude::*;

use super::texts::Parts;

/// What a trained model was measured with.
pub(super) struct Measured {
    /// For people.
    pub(super) text: String,
    /// Single numbers, by their names in JSON.
    pub(super) metrics: Vec<(&'static str, f64)>,
    /// What else goes into the JSON.
    pub(super) more: Map<String, Value>,
}

/// A model that the command can train, measure and save.
pub(super) trait Finetuned: Trainable + Clone {
    /// The task's name in the call.
    const TASK: &'static str;

    /// How good the model is on what the parts say it is measured on.
    fn measure(&self, parts: &Parts<Self::Data>) -> Result<Measured>;

    /// Writes the model with its page.
    fn save_all(&self, folder: &Path, card: &ModelCard) -> Result<()>;
}

impl Finetuned for TextClassifier {
    const TASK: &'static str = "classification";

    fn measure(&self, parts: &Parts<TextDataset>) -> Result<Measured> {
        Ok(of_classes(&self.evaluate(parts.measured())?))
    }

    fn save_all(&self, folder: &Path, card: &ModelCard) -> Result<()> {
        self.save_with_card(folder, card)
    }
}

impl Finetuned for TabularClassifier {
    const TASK: &'static str = "classification";

    fn measure(&self, parts: &Parts<TabularDataset>) -> Result<Measured> {
        Ok(of_classes(&self.evaluate(parts.measured())?))
    }

    fn save_all(&self, folder: &Path, card: &ModelCard) -> Result<()> {
        self.save_with_card(folder, card)
    }
}

impl Finetuned for ImageClassifier {
    const TASK: &'static str = "classification";

    fn measure(&self, parts: &Parts<ImageDataset>) -> Result<Measured> {
        Ok(of_classes(&self.evaluate(parts.measured())?))
    }

    fn save_all(&self, folder: &Path, card: &ModelCard) -> Result<()> {
        self.save_with_card(folder, card)
    }
}

impl Finetuned for MultiLabelClassifier {
    const TASK: &'static str = "multi-label";

    fn measure(&self, parts: &Parts<MultiLabelDataset>) -> Result<Measured> {
        let report = self.evaluate(parts.measured())?;
        let width = self.labels().iter().map(|label| label.chars().count()).max().unwrap_or(0).max("label".len());
        let mut lines = vec![format!("{:width$}  precision  recall      F1  support  given from", "label")];
        let mut labels = Map::new();
        for (scores, &threshold) in report.classes().iter().zip(self.thresholds()) {
            let Scores { name, precision, recall, f1, support } = scores;
            lines.push(format!(
                "{name:width$}  {precision:>9.3}  {recall:>6.3}  {f1:>6.3}  {support:>7}  {threshold:>10.3}"
            ));
            let mut json = as_json(scores);
            json["threshold"] = json!(threshold);
            labels.insert(name.clone(), json);
        }
        lines.push(report.to_string());
        Ok(Measured {
            text: lines.join("\n"),
            metrics: vec![
                ("micro_f1", report.micro_average().f1),
                ("macro_f1", report.macro_average().f1),
                ("subset_accuracy", report.subset_accuracy()),
                ("hamming_loss", report.hamming_loss()),
                ("loss", report.loss().unwrap_or(f64::NAN)),
            ],
            more: Map::from_iter([("labels".to_owned(), Value::Object(labels))]),
        })
    }

    fn save_all(&self, folder: &Path, card: &ModelCard) -> Result<()> {
        self.save_with_card(folder, card)
    }
}

impl Finetuned for TextRegressor {
    const TASK: &'static str = "regression";

    fn measure(&self, parts: &Parts<TextRegressionDataset>) -> Result<Measured> {
        // Its losses are in deviations of the training targets, as those of the epochs are.
        Ok(of_numbers(&self.evaluate(parts.measured())?.in_deviations_of(parts.deviation)))
    }

    fn save_all(&self, folder: &Path, card: &ModelCard) -> Result<()> {
        self.save_with_card(folder, card)
    }
}

impl Finetuned for TabularRegressor {
    const TASK: &'static str = "regression";

    fn measure(&self, parts: &Parts<TabularDataset>) -> Result<Measured> {
        Ok(of_numbers(&self.evaluate(parts.measured())?))
    }

    fn save_all(&self, folder: &Path, card: &ModelCard) -> Result<()> {
        self.save_with_card(folder, card)
    }
}

fn of_classes(evaluation: &Evaluation) -> Measured {
    let report = evaluation.classification_report();
    let labels = report.classes().iter().map(|scores| (scores.name.clone(), as_json(scores)));
    Measured {
        text: report.to_string(),
        metrics: vec![
            ("accuracy", evaluation.accuracy),
            ("macro_f1", evaluation.macro_f1()),
            ("loss", evaluation.loss),
        ],
        more: Map::from_iter([("labels".to_owned(), Value::Object(labels.collect()))]),
    }
}

fn of_numbers(evaluation: &RegressionEvaluation) -> Measured {
    Measured {
        text: format!(
            "{evaluation}\nLosses are mean squared errors in squared deviations of the training targets; val_mae and val_rmse \
             of an epoch are in deviations."
        ),
        metrics: vec![
            ("mean_absolute_error", evaluation.mean_absolute_error),
            ("root_mean_squared_error", evaluation.root_mean_squared_error),
            ("r2", evaluation.r2),
            ("loss", evaluation.loss),
        ],
        more: Map::new(),
    }
}

fn as_json(scores: &Scores) -> Value {
    let Scores { precision, recall, f1, support, .. } = scores;
    json!({ "precision": precision, "recall": recall, "f1": f1, "support": support })
}

//! The page that goes with a saved model: what it is, what it was trained on, how well it did.

use std::fmt::Write as _;

use super::hub_layout::Task;
use super::{Pooling, TextEncoder};

/// What a person says about a trained model, for the `README.md` of its folder (Mitchell et al., 2019, "Model Cards for
/// Model Reporting"). What the model knows of itself, such as its labels and base model, is added.
///
/// ```
/// use tunebook::model::ModelCard;
/// let card = ModelCard::new().data("Support tickets, 320 for training").metric("accuracy", 0.91);
/// assert_eq!(card.metrics(), [("accuracy".to_owned(), 0.91)]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelCard {
    data: Option<String>,
    metrics: Vec<(String, f64)>,
}

impl ModelCard {
    /// A card that says only what the model knows of itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the model was trained on: name, size, where it comes from.
    pub fn data(mut self, description: &str) -> Self {
        self.data = Some(description.to_owned());
        self
    }

    /// A measured number, such as the accuracy on the test set.
    pub fn metric(mut self, name: &str, value: f64) -> Self {
        self.metrics.push((name.to_owned(), value));
        self
    }

    /// The measured numbers, in the order given.
    pub fn metrics(&self) -> &[(String, f64)] {
        &self.metrics
    }

    /// The page of a model with a head, with the front matter that the Hub reads.
    pub(super) fn markdown(&self, encoder: &TextEncoder, task: &Task<'_>) -> String {
        let (title, facts) = match task {
            Task::Classes(names) => {
                let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                ("Text classifier", format!("- Labels: {}\n", names.join(", ")))
            }
            Task::Labels { names, thresholds } => {
                let names =
                    names.iter().zip(*thresholds).map(|(name, from)| format!("{} from {from:.3}", quoted(name)));
                let names: Vec<String> = names.collect();
                let facts = format!("- Labels, each from a probability on: {}\n", names.join(", "));
                ("Multi-label text classifier", facts)
            }
            Task::Value => ("Text regressor", "- Answers with one number\n".to_owned()),
        };
        let trust = if encoder.pooling == Pooling::Pooler { "" } else { ", trust_remote_code=True" };
        self.page(
            encoder,
            &Kind {
                front: "library_name: transformers\npipeline_tag: text-classification\n",
                tags: "- tunebook\n",
                title,
                facts,
                rust: format!("tunebook::model::{}::load(\"FOLDER\")?", task.model()),
                python: format!(
                    "from transformers import AutoModelForSequenceClassification, AutoTokenizer\n\ntokenizer = \
                     AutoTokenizer.from_pretrained(\"FOLDER\")\nmodel = \
                     AutoModelForSequenceClassification.from_pretrained(\"FOLDER\"{trust})"
                ),
            },
        )
    }

    /// The page of an encoder alone.
    pub(super) fn of_encoder(encoder: &TextEncoder) -> String {
        Self::new().page(
            encoder,
            &Kind {
                front: "library_name: sentence-transformers\npipeline_tag: sentence-similarity\n",
                tags: "- sentence-transformers\n- feature-extraction\n- tunebook\n",
                title: "Sentence encoder",
                facts: format!("- Dimensions: {}\n", encoder.bert.config().hidden_size),
                rust: "tunebook::model::TextEncoder::from_pretrained(tunebook::model::Pretrained::folder(\"FOLDER\"))?"
                    .to_owned(),
                python: "from sentence_transformers import SentenceTransformer\n\nvectors = \
                         SentenceTransformer(\"FOLDER\").encode([\"The disk is full.\"])"
                    .to_owned(),
            },
        )
    }

    /// The page of a model on tables, of this task of the Hub; `facts` are lines of a list.
    pub(super) fn of_table(&self, task: &str, title: &str, facts: &str, model: &str) -> String {
        let mut page = format!(
            "---\npipeline_tag: {task}\ntags:\n- tunebook\n---\n\n# {title}\n\nTrained with Tunebook: a multilayer perceptron on \
             the columns of a table; `preprocessor.json` says how they become numbers.\n\n{facts}"
        );
        self.data_and_metrics(&mut page);
        let _ = write!(
            page,
            "\n## Use\n\nOn a file with the same columns:\n\n```sh\ntunebook predict --model FOLDER rows.csv\n```\n\nIn \
             Rust:\n\n```rust\nlet model = tunebook::model::{model}::load(\"FOLDER\")?;\nlet rows = \
             tunebook::data::TabularDataset::read_with(\"rows.csv\", &model.preprocessor().schema())?;\nlet predictions = \
             model.predict(&rows)?;\n```\n"
        );
        page
    }

    fn data_and_metrics(&self, page: &mut String) {
        if let Some(data) = &self.data {
            let _ = writeln!(page, "\n## Data\n\n{data}");
        }
        if !self.metrics.is_empty() {
            page.push_str("\n## Metrics\n\n| metric | value |\n| --- | --- |\n");
            for (name, value) in &self.metrics {
                let _ = writeln!(page, "| {} | {value:.4} |", name.replace('|', "\\|"));
            }
        }
    }

    fn page(&self, encoder: &TextEncoder, kind: &Kind) -> String {
        let base = encoder.name();
        // `owner/name` is a model of the Hub; a path of this machine is nobody's business.
        let on_the_hub = base.split('/').count() == 2 && !base.starts_with(['.', '/']) && !base.contains(['\\', ' ']);
        let is_hub = on_the_hub && !std::path::Path::new(base).exists();
        let mut page = format!("---\n{}", kind.front);
        if is_hub {
            let _ = writeln!(page, "base_model: {base}");
        }
        let _ = write!(page, "tags:\n{}---\n\n# {}\n\nFine-tuned with Tunebook.\n\n", kind.tags, kind.title);
        if is_hub {
            let _ = writeln!(page, "- Base model: `{base}`");
        }
        let _ = writeln!(page, "- SHA-256 of the base weights: `{}`", encoder.weights_sha256());
        let _ = writeln!(page, "- Device: `{}`", super::device_name(encoder.device()));
        page.push_str(&kind.facts);
        let _ =
            writeln!(page, "- Pooling: {}; at most {} tokens", encoder.pooling.name(), encoder.tokenizer.max_length());
        self.data_and_metrics(&mut page);
        let (rust, python) = (&kind.rust, &kind.python);
        let _ = write!(
            page,
            "\n## Use\n\nIn Rust:\n\n```rust\nlet model = {rust};\n```\n\nIn Python:\n\n```python\n{python}\n```\n"
        );
        page
    }
}

/// A name as code.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "'"))
}

/// What differs between the pages of kinds of models.
struct Kind {
    /// Lines of the front matter.
    front: &'static str,
    tags: &'static str,
    title: &'static str,
    /// Lines about this kind.
    facts: String,
    /// The expression that loads the model.
    rust: String,
    /// The lines that load it in Python.
    python: String,
}

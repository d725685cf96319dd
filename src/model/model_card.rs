//! The page that goes with a saved model: what it is, what it was trained on, how well it did.

use std::fmt::Write as _;

use super::hub_layout::Task;
use candle_core::Device;

use super::{ImageClassifier, ImageNetwork, Pooling, TextEncoder};

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
        let facts = facts + &Self::reading(encoder);
        let trust = if encoder.pooling == Pooling::Pooler { "" } else { ", trust_remote_code=True" };
        self.page(
            &Base::of(encoder),
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
            &Base::of(encoder),
            &Kind {
                front: "library_name: sentence-transformers\npipeline_tag: sentence-similarity\n",
                tags: "- sentence-transformers\n- feature-extraction\n- tunebook\n",
                title: "Sentence encoder",
                facts: format!("- Dimensions: {}\n", encoder.bert.config().hidden_size) + &Self::reading(encoder),
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

    /// The page of a classifier of images.
    pub(super) fn of_images(&self, model: &ImageClassifier) -> String {
        let labels: Vec<String> = model.labels().iter().map(|label| quoted(label)).collect();
        let ((height, width), channels) = (model.input_size(), model.network().channels());
        let normalization = model.normalization();
        let (front, python) = match model.network() {
            ImageNetwork::ResNet(_) => (
                "library_name: timm\npipeline_tag: image-classification\n",
                "import timm\n\nmodel = timm.create_model(\"local-dir:FOLDER\", pretrained=True).eval()",
            ),
            ImageNetwork::SmallCnn(_) => (
                "library_name: pytorch\npipeline_tag: image-classification\n",
                "from small_cnn import load  # small_cnn.py lies in the folder\n\nmodel = load(\"FOLDER\")",
            ),
        };
        self.page(
            &Base {
                name: model.origin.weights_sha256.as_ref().map(|_| model.origin.name.as_str()),
                weights_sha256: model.origin.weights_sha256.as_deref(),
                device: model.device(),
            },
            &Kind {
                front,
                tags: "- tunebook\n",
                title: "Image classifier",
                facts: format!(
                    "- Network: `{}`, {} parameters\n- Labels: {}\n- Images: {channels}x{height}x{width} (channels, \
                     height, width), scaled to 0..1, minus {:?}, divided by {:?}\n",
                    model.network().architecture(),
                    model.store().count(),
                    labels.join(", "),
                    normalization.mean,
                    normalization.std
                ),
                rust: "tunebook::model::ImageClassifier::load(\"FOLDER\")?".to_owned(),
                python: python.to_owned(),
            },
        )
    }

    /// How an encoder reads a text.
    fn reading(encoder: &TextEncoder) -> String {
        format!("- Pooling: {}; at most {} tokens\n", encoder.pooling.name(), encoder.tokenizer.max_length())
    }

    fn page(&self, base: &Base<'_>, kind: &Kind) -> String {
        // `owner/name` is a model of the Hub; a path of this machine is nobody's business.
        let on_the_hub = |name: &str| {
            let is_id = name.split('/').count() == 2 && !name.starts_with(['.', '/']) && !name.contains(['\\', ' ']);
            is_id && !std::path::Path::new(name).exists()
        };
        let hub_id = base.name.filter(|name| on_the_hub(name));
        let mut page = format!("---\n{}", kind.front);
        if let Some(id) = hub_id {
            let _ = writeln!(page, "base_model: {id}");
        }
        let _ = write!(page, "tags:\n{}---\n\n# {}\n\nFine-tuned with Tunebook.\n\n", kind.tags, kind.title);
        if let Some(id) = hub_id {
            let _ = writeln!(page, "- Base model: `{id}`");
        }
        if let Some(sha256) = base.weights_sha256 {
            let _ = writeln!(page, "- SHA-256 of the base weights: `{sha256}`");
        } else {
            page.push_str("- Trained from fresh weights\n");
        }
        let _ = writeln!(page, "- Device: `{}`", super::device_name(base.device));
        page.push_str(&kind.facts);
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

/// What a model was made from.
struct Base<'a> {
    /// A Hub id or a path; none for fresh weights.
    name: Option<&'a str>,
    weights_sha256: Option<&'a str>,
    device: &'a Device,
}

impl<'a> Base<'a> {
    fn of(encoder: &'a TextEncoder) -> Self {
        Self { name: Some(encoder.name()), weights_sha256: Some(encoder.weights_sha256()), device: encoder.device() }
    }
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

//! `tunebook model`: pretrained models.

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tunebook::hub::{CachedRepository, Kind};
use tunebook::model::{ImageClassifier, Pretrained, TextEncoder};

use super::{catalogue, listing};
use crate::failure::{Result, outln};

/// Pretrained models: what there is, fetching one, what is inside.
#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:\n  tunebook model list\n  tunebook model info embedded\n  \
    tunebook model get sentence-transformers/all-MiniLM-L6-v2")]
pub(crate) enum Model {
    /// The model inside the library, those in the Hub's cache, and some of the Hub that go well with the course
    #[command(after_help = "Examples:\n  tunebook model list\n  tunebook model list --json")]
    List {
        /// As JSON, with whole hashes
        #[arg(long)]
        json: bool,
    },
    /// Fetches a model from the Hugging Face Hub into its cache, checks it, and sees whether it can be built
    ///
    /// A download that broke off goes on where it stopped. What is cached is compared with its checksums, and fetched again
    /// when it differs.
    #[command(after_help = "Examples:\n  tunebook model get sentence-transformers/all-MiniLM-L6-v2\n  \
        tunebook model get BAAI/bge-small-en-v1.5 --revision 5c38ec7c405ec4b44b94cc5a9bb96e735b38267a\n\n\
        HF_HOME says where the cache lies, HF_ENDPOINT names another server, HF_TOKEN is for private and gated models.")]
    Get {
        /// Hub id, owner/name
        id: String,
        #[command(flatten)]
        hub: OfHub,
    },
    /// Layers, parameters, size, licence and the hash of the weights
    #[command(after_help = "Examples:\n  tunebook model info embedded\n  \
        tunebook model info sentence-transformers/all-MiniLM-L6-v2 --json\n  tunebook model info models/mine")]
    Info {
        /// `embedded`, a folder in the Hub's layout, or a Hub id
        model: String,
        #[command(flatten)]
        hub: OfHub,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct OfHub {
    /// Of a model on the Hub: branch, tag or commit
    #[arg(long, default_value = "main")]
    revision: String,
    /// Only look in the cache, as with HF_HUB_OFFLINE=1
    #[arg(long)]
    offline: bool,
}

pub(crate) fn run(call: Model) -> Result<ExitCode> {
    match call {
        Model::List { json } => list(json)?,
        Model::Get { id, hub } => get(&id, &hub)?,
        Model::Info { model, hub, json } => info(&model, &hub, json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(as_json: bool) -> Result<()> {
    let (encoder, bytes) = (TextEncoder::from_pretrained(Pretrained::embedded())?, Pretrained::embedded_size());
    let cached = listing::cached(Kind::Model)?;
    if as_json {
        let embedded = json!({
            "name": "embedded",
            "about": about_embedded(&encoder),
            "bytes": bytes,
            "licence": listing::OWN_LICENCE,
            "sha256": encoder.weights_sha256(),
        });
        let on_hub: Vec<Value> = catalogue::MODELS.iter().map(catalogue::Listed::json).collect();
        outln!("{:#}", json!({"embedded": [embedded], "cached": listing::cached_json(&cached), "hub": on_hub}));
        return Ok(());
    }
    let embedded = [
        "embedded",
        &listing::size(bytes as u64),
        listing::OWN_LICENCE,
        &format!("SHA-256 {}", listing::short(encoder.weights_sha256())),
        &about_embedded(&encoder),
    ];
    listing::section("Inside the library", &[embedded.map(str::to_owned).to_vec()])?;
    listing::print_cached(&cached)?;
    let on_hub: Vec<Vec<String>> = catalogue::MODELS.iter().map(listing::listed_row).collect();
    listing::section("\nOn the Hugging Face Hub, among others: tunebook model get NAME", &on_hub)?;
    outln!("\nAnd any folder with config.json, model.safetensors and, for texts, tokenizer.json.");
    outln!(
        "For images, `tunebook finetune --data-kind image --model embedded` has a small network for grey ones inside."
    );
    Ok(())
}

fn about_embedded(encoder: &TextEncoder) -> String {
    let config = encoder.bert().config();
    format!("English sentences, {} layers, {} dimensions; no network", config.num_hidden_layers, config.hidden_size)
}

fn get(id: &str, of: &OfHub) -> Result<()> {
    let source = Pretrained::hub(id).revision(&of.revision).offline(of.offline).verify(true);
    let folder = source.fetch()?;
    let commit = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let weights = described(&folder)?;
    let found = weights["weights_sha256"].as_str().unwrap_or_default();
    if let Some(listed) = catalogue::model(id) {
        listing::check_listed(listed, Kind::Model, Some(&of.revision))?;
        if listed.revision != commit && of.revision == "main" {
            outln!("note: it has changed since it was listed; --revision {} is what was listed", listed.revision);
        }
    }
    outln!("{id}: in the Hub's cache at revision {commit}, SHA-256 of the weights {found}");
    Ok(())
}

fn info(model: &str, of: &OfHub, as_json: bool) -> Result<()> {
    let listed = catalogue::model(model).filter(|_| !Path::new(model).is_dir());
    if let Some(listed) = listed.filter(|_| !has_weights(model, &listing::cached(Kind::Model).unwrap_or_default())) {
        if as_json {
            outln!("{:#}", listed.json());
            return Ok(());
        }
        return listing::print_listed(listed, &format!("tunebook model get {model}"));
    }
    let mut about = if model == "embedded" || Path::new(model).is_dir() || !is_hub_id(model) {
        described_source(source(model), Path::new(model))?
    } else {
        let folder = Pretrained::hub(model).revision(&of.revision).offline(of.offline).fetch()?;
        let mut about = described(&folder)?;
        about["name"] = json!(model);
        about["revision"] = json!(folder.file_name().map(|name| name.to_string_lossy()));
        about
    };
    let licence = if model == "embedded" { Some(listing::OWN_LICENCE) } else { listed.map(|listed| listed.licence) };
    if let Some(licence) = licence {
        about["licence"] = json!(licence);
    }
    if as_json {
        outln!("{about:#}");
        return Ok(());
    }
    outln!("{}", about["name"].as_str().unwrap_or(model));
    for (key, label) in LABELS {
        match &about[key] {
            Value::Null => {}
            Value::String(text) => outln!("{label:<19} {text}"),
            value => outln!("{label:<19} {value}"),
        }
    }
    Ok(())
}

/// What is said of a model, and how.
const LABELS: [(&str, &str); 12] = [
    ("architecture", "architecture"),
    ("layers", "layers"),
    ("hidden_size", "hidden size"),
    ("attention_heads", "attention heads"),
    ("vocabulary", "vocabulary"),
    ("positions", "positions"),
    ("parameters", "parameters"),
    ("bytes", "bytes of weights"),
    ("weights_sha256", "weights' SHA-256"),
    ("unused_tensors", "unused in the file"),
    ("revision", "revision"),
    ("licence", "licence"),
];

/// What is in a model's folder. It is built: what cannot be built is an error here and not in a lesson.
fn described(folder: &Path) -> Result<Value> {
    described_source(Pretrained::folder(folder), folder)
}

fn described_source(source: Pretrained, folder: &Path) -> Result<Value> {
    let bytes = std::fs::metadata(folder.join("model.safetensors")).ok().map(|about| about.len());
    let config = std::fs::read(folder.join("config.json")).ok();
    let config: Value = config.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    if config["architecture"].is_string() {
        let classifier = ImageClassifier::from_pretrained(source, vec!["a".to_owned(), "b".to_owned()])?;
        return Ok(json!({
            "name": folder.display().to_string(),
            "architecture": config["architecture"],
            "parameters": classifier.store().count(),
            "bytes": bytes,
            "weights_sha256": classifier.weights_sha256(),
            "unused_tensors": classifier.load_report().unused.len(),
        }));
    }
    let encoder = TextEncoder::from_pretrained(source)?;
    let config = encoder.bert().config();
    Ok(json!({
        "name": encoder.name(),
        "layers": config.num_hidden_layers,
        "hidden_size": config.hidden_size,
        "attention_heads": config.num_attention_heads,
        "vocabulary": config.vocab_size,
        "positions": config.max_position_embeddings,
        "parameters": encoder.store().count(),
        "bytes": bytes,
        "weights_sha256": encoder.weights_sha256(),
        "unused_tensors": encoder.load_report().unused.len(),
    }))
}

/// Whether the cache has the model's weights, of whatever revision.
fn has_weights(id: &str, cached: &[CachedRepository]) -> bool {
    let of_model = cached.iter().filter(|repository| repository.id == id).flat_map(|repository| &repository.revisions);
    of_model.flat_map(|revision| &revision.files).any(|(path, _)| path == "model.safetensors")
}

/// What `--model` names: the embedded model, a folder that exists, or a Hub id.
pub(crate) fn source(model: &str) -> Pretrained {
    if model == "embedded" {
        Pretrained::embedded()
    } else if Path::new(model).is_dir() || !is_hub_id(model) {
        Pretrained::folder(model)
    } else {
        Pretrained::hub(model)
    }
}

/// `owner/name` with the characters that the Hub allows, and nothing that looks like a path.
fn is_hub_id(model: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    matches!(model.split_once('/'), Some((owner, name))
        if !owner.is_empty() && !name.is_empty() && !owner.starts_with('.')
            && owner.chars().all(allowed) && name.chars().all(allowed))
}

#[cfg(test)]
mod tests {
    use super::is_hub_id;

    #[test]
    fn a_hub_id_is_owner_and_name() {
        assert!(is_hub_id("sentence-transformers/all-MiniLM-L6-v2"));
        for path in ["./model", "../model", "/abs/model", "model", "a/b/c", "owner/", "~/x y"] {
            assert!(!is_hub_id(path), "{path}");
        }
    }
}

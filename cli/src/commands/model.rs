//! `tunebook model`: pretrained models.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use tunebook::model::{Pretrained, TextEncoder};

use crate::failure::{Result, outln};

/// Pretrained models: what there is, fetching one, what is inside.
#[derive(Subcommand, Debug)]
#[command(after_help = "Example:\n  tunebook model info embedded")]
pub(crate) enum Model {
    /// The models that are at hand without a network, and the Hub ids the course uses
    List,
    /// Fetches a model from the Hugging Face Hub into its cache
    #[command(after_help = "Example:\n  tunebook model get sentence-transformers/all-MiniLM-L6-v2")]
    Get {
        /// Hub id, owner/name
        id: String,
        /// Branch, tag or commit
        #[arg(long, default_value = "main")]
        revision: String,
    },
    /// Layers, parameters and the hash of the weights
    Info {
        /// `embedded`, a folder in the Hub's layout, or a Hub id
        model: String,
    },
}

pub(crate) fn run(call: Model) -> Result<ExitCode> {
    match call {
        Model::List => {
            outln!("embedded                                 ships inside the library, no network needed");
            outln!("sentence-transformers/all-MiniLM-L6-v2   on the Hub, 91 MB: tunebook model get ...");
            outln!("a folder                                 with config.json, tokenizer.json, model.safetensors");
        }
        Model::Get { id, revision } => {
            let encoder = TextEncoder::from_pretrained(Pretrained::hub(&id).revision(&revision))?;
            outln!("{id}: in the Hub's cache, SHA-256 of the weights {}", encoder.weights_sha256());
        }
        Model::Info { model } => {
            let encoder = TextEncoder::from_pretrained(source(&model))?;
            let config = encoder.bert().config();
            outln!("{}", encoder.name());
            outln!("layers              {}", config.num_hidden_layers);
            outln!("hidden size         {}", config.hidden_size);
            outln!("attention heads     {}", config.num_attention_heads);
            outln!("vocabulary          {}", config.vocab_size);
            outln!("positions           {}", config.max_position_embeddings);
            outln!("parameters          {}", encoder.store().count());
            outln!("weights' SHA-256    {}", encoder.weights_sha256());
            outln!("unused in the file  {}", encoder.load_report().unused.len());
        }
    }
    Ok(ExitCode::SUCCESS)
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

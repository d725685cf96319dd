//! A tiny encoder with random weights in a folder of the Hub's layout, and texts it can tell apart.

use candle_core::DType;
use serde_json::json;
use tempfile::TempDir;

use super::{BertConfig, BertEncoder, Pretrained, StoreBuilder};
use crate::data::TextDataset;

const WORDS: [&str; 16] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "disk", "full", "bill", "invoice", "login", "password", "my", "is", "the",
    "##s", "wrong", "please",
];

/// Sizes of the tiny encoder.
pub(crate) fn tiny_config() -> BertConfig {
    BertConfig {
        vocab_size: WORDS.len(),
        hidden_size: 16,
        num_hidden_layers: 3,
        num_attention_heads: 2,
        intermediate_size: 24,
        max_position_embeddings: 16,
        hidden_dropout_prob: 0.1,
        attention_probs_dropout_prob: 0.1,
        initializer_range: 0.2,
        ..BertConfig::default()
    }
}

/// A folder with config.json, tokenizer.json and model.safetensors; it lives as long as the returned value.
pub(crate) fn tiny_folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let config = tiny_config();
    let mut builder = StoreBuilder::random(7);
    BertEncoder::new(&config, &mut builder).unwrap();
    let (store, _) = builder.finish().unwrap();
    store.save(dir.path().join("model.safetensors"), DType::F32).unwrap();
    std::fs::write(dir.path().join("config.json"), config.to_value().to_string()).unwrap();
    let vocab: serde_json::Map<_, _> = WORDS.iter().enumerate().map(|(i, w)| ((*w).to_owned(), json!(i))).collect();
    let special = |id: usize| json!({"id": WORDS[id], "ids": [id], "tokens": [WORDS[id]]});
    let piece = |id: usize| json!({"SpecialToken": {"id": WORDS[id], "type_id": 0}});
    let tokenizer = json!({
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
        "padding": null,
        "added_tokens": [],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
            "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [piece(2), {"Sequence": {"id": "A", "type_id": 0}}, piece(3)],
            "pair": [piece(2), {"Sequence": {"id": "A", "type_id": 0}}, piece(3), {"Sequence": {"id": "B", "type_id": 1}},
                {"SpecialToken": {"id": WORDS[3], "type_id": 1}}],
            "special_tokens": {WORDS[2]: special(2), WORDS[3]: special(3)}},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab},
    });
    std::fs::write(dir.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
    dir
}

/// The tiny encoder as a pretrained source.
pub(crate) fn tiny(dir: &TempDir) -> Pretrained {
    Pretrained::folder(dir.path())
}

/// Labelled texts whose label follows from one word; `skip` picks another part of the same population.
pub(crate) fn tiny_data(rows: usize, skip: usize) -> TextDataset {
    let keys = [["disk", "full"], ["bill", "invoice"], ["login", "password"]];
    let fillers = ["my", "is", "the", "wrong", "please", "my my", "the wrong", "is please", ""];
    let mut texts = Vec::new();
    let mut labels = Vec::new();
    for i in 0..rows {
        let n = i * 5 + skip * 7 + i / 9;
        let label = i % 3;
        let key = keys[label][n / 3 % 2];
        texts.push(format!("{} {key} {}", fillers[n % fillers.len()], fillers[(n * 4 + 3) % fillers.len()]));
        labels.push(label);
    }
    let names = ["storage", "billing", "access"].map(str::to_owned).to_vec();
    TextDataset::new("tiny", texts, labels, names).unwrap()
}

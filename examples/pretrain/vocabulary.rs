//! A smaller WordPiece vocabulary out of the teacher's.

use std::cmp::Reverse;
use std::fs;

use serde_json::{Map, Value, json};
use tunebook::model::TextTokenizer;
use tunebook::{Error, Result};

use crate::options::Options;

/// The student's vocabulary: its `tokenizer.json`, and which teacher entry each id stands for.
pub(crate) struct Vocabulary {
    pub(crate) json: String,
    pub(crate) teacher_ids: Vec<u32>,
}

const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// Keeps the special entries, every single printable ASCII character with its continuation (so that any English text
/// can be spelled), and then what the corpus uses most.
pub(crate) fn prune(options: &Options, passages: &[String]) -> Result<Vocabulary> {
    let path = options.teacher.join("tokenizer.json");
    let bytes = fs::read(&path).map_err(|problem| Error::io(&path, problem))?;
    let broken = |problem: &dyn std::fmt::Display| Error::input(path.display(), problem, "use a BERT tokenizer.json");
    let mut tokenizer: Value = serde_json::from_slice(&bytes).map_err(|problem| broken(&problem))?;
    let all = tokenizer["model"]["vocab"].as_object().ok_or_else(|| broken(&"there is no model.vocab"))?.clone();

    let mut counts = vec![0u64; all.len()];
    let counter = TextTokenizer::from_json(&bytes, "teacher", 512)?;
    for chunk in passages.chunks(4096) {
        let texts: Vec<&str> = chunk.iter().map(String::as_str).collect();
        for ids in counter.encode(&texts)? {
            for id in ids {
                counts[id as usize] += 1;
            }
        }
    }
    let mut entries: Vec<(&str, u32)> =
        all.iter().filter_map(|(word, id)| Some((word.as_str(), u32::try_from(id.as_u64()?).ok()?))).collect();
    let must = |word: &str| {
        let stem = word.strip_prefix("##").unwrap_or(word);
        SPECIAL.contains(&word) || stem.len() == 1 && stem.is_ascii()
    };
    // What the corpus lacks follows in the teacher's order, which is roughly that of frequency; but not its unused entries
    // and other scripts.
    let last_resort = |word: &str| word.starts_with("[unused") || !word.is_ascii();
    entries.sort_by_key(|&(word, id)| (Reverse(must(word)), Reverse(counts[id as usize]), last_resort(word), id));
    entries.truncate(options.vocabulary);
    // In the teacher's order: padding stays 0.
    entries.sort_by_key(|&(_, id)| id);

    let kept: Map<String, Value> =
        entries.iter().enumerate().map(|(new, (word, _))| ((*word).to_owned(), json!(new))).collect();
    let new_id = |word: &str| kept.get(word).cloned().ok_or_else(|| broken(&format!("there is no {word}")));
    for token in tokenizer["added_tokens"].as_array_mut().into_iter().flatten() {
        token["id"] = new_id(token["content"].as_str().unwrap_or_default())?;
    }
    // The post-processor names its special tokens by id as well.
    if let Some(special) = tokenizer["post_processor"]["special_tokens"].as_object_mut() {
        for (word, entry) in special {
            entry["ids"] = json!([new_id(word)?]);
        }
    }
    for field in ["cls", "sep"] {
        if let Some(pair) = tokenizer["post_processor"][field].as_array_mut() {
            let word = pair[0].as_str().unwrap_or_default().to_owned();
            pair[1] = new_id(&word)?;
        }
    }
    tokenizer["model"]["vocab"] = Value::Object(kept);
    tokenizer["truncation"] = Value::Null;
    tokenizer["padding"] = Value::Null;
    let teacher_ids = entries.iter().map(|&(_, id)| id).collect();
    let json = tokenizer.to_string();
    TextTokenizer::from_json(json.as_bytes(), "pruned tokenizer", 128)?;
    let known = entries.iter().filter(|&&(_, id)| counts[id as usize] > 0).count();
    println!("vocabulary: {} of {} entries, {known} of them in the corpus", entries.len(), all.len());
    Ok(Vocabulary { json, teacher_ids })
}

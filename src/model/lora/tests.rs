//! LoRA on the tiny encoder.

use candle_core::Tensor;

use crate::model::fixture::{tiny, tiny_data, tiny_folder};
use crate::model::{LoraConfig, Pass, Pooling, Pretrained, TextClassifier, TokenBatch};
use crate::ops::verify::assert_close;

fn model() -> TextClassifier {
    let dir = tiny_folder();
    TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap()
}

/// With matrices that are no longer zero, as after a training.
fn with_lora(config: &LoraConfig) -> TextClassifier {
    let mut model = model();
    model.add_lora(config, 1).unwrap();
    for (n, parameter) in model.store().all().iter().filter(|p| p.name().contains(".lora_")).enumerate() {
        parameter.var().set(crate::ops::verify::random_var(parameter.var().dims(), 0.3, n as u64).as_tensor()).unwrap();
    }
    model
}

fn logits(model: &TextClassifier) -> Tensor {
    let batch = TokenBatch::new(&[&[2, 4, 6, 3], &[2, 9, 3]], 0).unwrap();
    model.logits(&batch, &Pass::evaluation()).unwrap()
}

#[test]
fn fresh_matrices_change_nothing_and_moved_ones_do() {
    let plain = logits(&model());
    let mut fresh = model();
    fresh.add_lora(&LoraConfig::default(), 1).unwrap();
    assert_close("fresh", &logits(&fresh), &plain, 1e-7);
    let moved = (logits(&with_lora(&LoraConfig::default())) - plain).unwrap().abs().unwrap().max_all().unwrap();
    assert!(moved.to_scalar::<f32>().unwrap() > 1e-3);
    assert!(fresh.add_lora(&LoraConfig::default(), 1).unwrap_err().to_string().contains("already"));
    // Two matrices beside query and value of three layers, in the stores of classifier and encoder.
    assert_eq!(fresh.store().all().len(), model().store().all().len() + 12);
    assert_eq!(fresh.encoder().store().all().len(), fresh.store().all().len());
}

#[test]
fn merged_and_unmerged_give_the_same_and_saving_merges() {
    for rs_lora in [false, true] {
        let config =
            LoraConfig { rank: 4, rs_lora, target_modules: vec!["all-linear".into()], ..LoraConfig::default() };
        let model = with_lora(&config);
        let before = logits(&model);
        let weight = model.store().get("encoder.layer.1.output.dense.weight").unwrap();
        let weight_before = weight.var().as_detached_tensor().copy().unwrap();
        let dir = tempfile::tempdir().unwrap();
        model.save(dir.path().join("whole")).unwrap();
        let loaded = TextClassifier::load(dir.path().join("whole")).unwrap();
        assert!(loaded.lora_config().is_none());
        assert_close("saved", &logits(&loaded), &before, 1e-5);

        model.merge_lora().unwrap();
        model.merge_lora().unwrap(); // twice is once
        assert_close("merged", &logits(&model), &before, 1e-5);
        model.save(dir.path().join("merged")).unwrap();
        let loaded = TextClassifier::load(dir.path().join("merged")).unwrap();
        assert_close("merged and saved", &logits(&loaded), &before, 1e-5);
        model.unmerge_lora().unwrap();
        assert_close("unmerged", &logits(&model), &before, 1e-5);
        assert_close("weight", weight.var().as_tensor(), &weight_before, 1e-6);
    }
}

#[test]
fn adapters_go_through_files() {
    let config = LoraConfig { rank: 3, alpha: 5.0, dropout: 0.1, ..LoraConfig::default() };
    let model = with_lora(&config);
    let dir = tempfile::tempdir().unwrap();
    model.save_adapter(&dir).unwrap();
    let mut other = self::model();
    other.load_adapter(&dir).unwrap();
    assert_eq!(other.lora_config(), Some(&config));
    assert_eq!(logits(&other).to_vec2::<f32>().unwrap(), logits(&model).to_vec2::<f32>().unwrap());
    assert!(other.load_adapter(&dir).unwrap_err().to_string().contains("already"));
    assert!(self::model().save_adapter(&dir).unwrap_err().to_string().contains("no LoRA"));

    // The names that peft writes for a BertForSequenceClassification.
    let path = dir.path().join("adapter_model.safetensors");
    let tensors = candle_core::safetensors::load(&path, &candle_core::Device::Cpu).unwrap();
    let renamed: std::collections::HashMap<_, _> =
        tensors.into_iter().map(|(n, t)| (n.replace("base_model.model.", "base_model.model.bert."), t)).collect();
    candle_core::safetensors::save(&renamed, &path).unwrap();
    let mut third = self::model();
    third.load_adapter(&dir).unwrap();
    assert_eq!(logits(&third).to_vec2::<f32>().unwrap(), logits(&model).to_vec2::<f32>().unwrap());
}

#[test]
fn an_adapter_of_another_model_is_refused_and_the_model_stays() {
    let dir = tempfile::tempdir().unwrap();
    with_lora(&LoraConfig::default()).save_adapter(&dir).unwrap();
    let read = |file: &str| std::fs::read_to_string(dir.path().join(file)).unwrap();
    let refused = |file: &str, from: &str, to: &str| {
        let good = read(file);
        assert!(good.contains(from), "{good}");
        std::fs::write(dir.path().join(file), good.replace(from, to)).unwrap();
        let mut model = model();
        let message = model.load_adapter(&dir).unwrap_err().to_string();
        std::fs::write(dir.path().join(file), good).unwrap();
        assert!(model.lora_config().is_none());
        message
    };
    assert!(refused("adapter_config.json", "\"r\": 8", "\"r\": 4").contains("belongs to another model"));
    assert!(refused("adapter_config.json", "\"LORA\"", "\"LOHA\"").contains("only LORA"));
    assert!(refused("adapter_config.json", "\"none\"", "\"all\"").contains("biases"));
    assert!(refused("adapter_config.json", "\"query\",", "").contains("no place for"));
    assert!(
        refused("tunebook.json", "\"base_weights_sha256\": \"", "\"base_weights_sha256\": \"0")
            .contains("other weights")
    );
    assert!(refused("tunebook.json", "billing", "money").contains("labels"));
}

/// `tests/parity/adapter.py record` made the adapters with peft; with `TUNEBOOK_PARITY_OUT` ours stay there for its
/// `check`.
#[test]
fn an_adapter_of_peft_gives_peft_s_vectors() {
    for base in ["tiny-bert", "tiny-distilbert"] {
        peft_and_back(base);
    }
}

fn peft_and_back(base: &str) {
    let parity = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity");
    let folder = parity.join(format!("{base}-lora"));
    let said: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("said.json")).unwrap()).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap()).map(|v| v.as_f64().unwrap()).collect()
    };
    let labels = vec!["a".to_owned(), "b".to_owned()];
    let source = || Pretrained::folder(parity.join(base)).pooling(Pooling::Mean);
    let mut model = TextClassifier::from_pretrained(source(), labels.clone()).unwrap();
    let pooled = |model: &TextClassifier| -> Vec<f64> {
        let rows = said["ids"].as_array().unwrap().iter().map(|row| {
            let ids: Vec<u32> = row.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect();
            let batch = TokenBatch::new(&[&ids], 0).unwrap();
            model.encoder().forward(&batch, &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap().remove(0)
        });
        rows.flatten().map(f64::from).collect()
    };
    let largest = |ours: &[f64], theirs: &[f64]| {
        assert_eq!(ours.len(), theirs.len());
        ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    assert!(largest(&pooled(&model), &numbers(&said["without"])) < 1e-5);
    model.load_adapter(&folder).unwrap();
    let ours = pooled(&model);
    assert!(largest(&ours, &numbers(&said["pooled"])) < 1e-5);
    assert!(largest(&numbers(&said["without"]), &numbers(&said["pooled"])) > 1e-2);
    let temporary = tempfile::tempdir().unwrap();
    let out = std::env::var_os("TUNEBOOK_PARITY_OUT").map_or(temporary.path().to_path_buf(), std::path::PathBuf::from);
    // Named in BERT's words and in the family's own, or all at once: the files always have the family's.
    for (n, target_modules) in [None, Some("all-linear"), Some("query")].into_iter().enumerate() {
        let mut model = model.clone();
        if let Some(target) = target_modules {
            model = TextClassifier::from_pretrained(source(), labels.clone()).unwrap();
            let config = LoraConfig { rank: 2, target_modules: vec![target.to_owned()], ..LoraConfig::default() };
            model.add_lora(&config, 1).unwrap();
            for (n, (_, adapter)) in model.lora_adapters().into_iter().enumerate() {
                let up = adapter.parameters()[1].var();
                up.set(crate::ops::verify::random_var(up.dims(), 0.3, n as u64).as_tensor()).unwrap();
            }
        }
        let out = out.join(format!("{base}-{n}"));
        model.save_adapter(&out).unwrap();
        let mut again = TextClassifier::from_pretrained(source(), labels.clone()).unwrap();
        again.load_adapter(&out).unwrap();
        let ours = pooled(&model);
        assert_eq!(pooled(&again), ours);
        let width = ours.len() / 2;
        let rows: Vec<&[f64]> = ours.chunks(width).collect();
        std::fs::write(out.join("said.json"), serde_json::json!({ "base": base, "pooled": rows }).to_string()).unwrap();
    }
}

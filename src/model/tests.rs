//! The tiny encoder: loading, batching, gradients, saving.

use std::fs;

use candle_core::DType;

use super::fixture::{tiny, tiny_data, tiny_folder};
use super::{Pass, Pooling, Pretrained, TextClassifier, TextEncoder, TokenBatch};
use crate::ops::verify::assert_gradients_within;
use crate::train::cross_entropy;

fn labels() -> Vec<String> {
    tiny_data(3, 0).label_names()
}

#[test]
fn gradients_of_the_whole_classifier_match_finite_differences() {
    let dir = tiny_folder();
    for pooling in [Pooling::Mean, Pooling::Cls, Pooling::Max] {
        let model = TextClassifier::from_pretrained(tiny(&dir).pooling(pooling), labels()).unwrap();
        let batch = TokenBatch::new(&[&[2, 4, 5, 11, 3], &[2, 8, 3]], 0).unwrap();
        let loss =
            || cross_entropy(&model.logits(&batch, &Pass::gradients())?, &[0, 2], 0.0).and_then(|l| Ok(l.reshape(1)?));
        for parameter in model.store().all() {
            assert_gradients_within(parameter.name(), &[parameter.var()], loss, 10, 5e-3, 0.04);
        }
    }
}

#[test]
fn padding_and_order_do_not_change_a_vector() {
    let dir = tiny_folder();
    let encoder = TextEncoder::from_pretrained(tiny(&dir)).unwrap();
    let texts = ["my disk is full please the bill is wrong", "bill", "login password wrong"];
    let together = encoder.embed(&texts).unwrap().to_vec2::<f32>().unwrap();
    for (text, row) in texts.iter().zip(&together) {
        let alone = encoder.embed(&[text]).unwrap().to_vec2::<f32>().unwrap();
        assert!(alone[0].iter().zip(row).all(|(a, b)| (a - b).abs() < 1e-5));
    }
    assert_eq!(encoder.embed(&[]).unwrap().dims(), [0, 16]);
}

#[test]
fn the_source_s_truncation_is_replaced_by_max_length() {
    let dir = tiny_folder();
    let long = "disk ".repeat(40);
    let length = |source: Pretrained| source.load().unwrap().tokenizer.encode(&[&long]).unwrap()[0].len();
    assert_eq!(length(tiny(&dir)), 16); // the encoder's positions
    assert_eq!(length(tiny(&dir).max_length(6)), 6);
    let message = tiny(&dir).max_length(17).load().unwrap_err().to_string();
    assert!(message.contains("16 positions"), "{message}");
    assert!(tiny(&dir).max_length(2).load().unwrap_err().to_string().contains("at least 3"));
}

#[test]
fn the_head_is_new_and_everything_else_is_loaded() {
    let dir = tiny_folder();
    let model = TextClassifier::from_pretrained(tiny(&dir), labels()).unwrap();
    let report = model.load_report();
    assert_eq!(report.new, ["classifier.weight", "classifier.bias"]);
    assert_eq!((report.loaded.len(), report.unused.len()), (5 + 3 * 16, 0));
}

#[test]
fn a_missing_a_misnamed_and_a_misshapen_parameter_are_errors() {
    let dir = tiny_folder();
    let config = dir.path().join("config.json");
    let original = fs::read_to_string(&config).unwrap();
    let load = || TextClassifier::from_pretrained(tiny(&dir), labels()).unwrap_err().to_string();

    fs::write(&config, original.replace("\"num_hidden_layers\":3", "\"num_hidden_layers\":4")).unwrap();
    let message = load();
    assert!(
        message.contains("model.safetensors: the weights file lacks 16") && message.contains("encoder.layer.3."),
        "{message}"
    );

    fs::write(&config, original.replace("\"intermediate_size\":24", "\"intermediate_size\":32")).unwrap();
    assert!(load().contains("encoder.layer.0.intermediate.dense.weight is [24, 16], not [32, 16]"), "{}", load());

    fs::write(&config, original.replace("\"vocab_size\":16", "\"vocab_size\":8")).unwrap();
    assert!(load().contains("tokenizer.json: 16 tokens"), "{}", load());

    fs::write(&config, original.replace("\"num_hidden_layers\":3", "\"num_hidden_layers\":2")).unwrap();
    let model = TextClassifier::from_pretrained(tiny(&dir), labels()).unwrap();
    assert_eq!(model.load_report().unused.len(), 16);
}

#[test]
fn missing_and_corrupt_files_are_named() {
    let dir = tiny_folder();
    let weights = dir.path().join("model.safetensors");
    let load = |source: Pretrained| TextEncoder::from_pretrained(source).unwrap_err().to_string();
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    assert!(load(tiny(&dir)).contains("model.safetensors: not a readable safetensors file"), "{}", load(tiny(&dir)));
    fs::remove_file(&weights).unwrap();
    assert!(load(tiny(&dir)).contains("model.safetensors: no such file"));
    fs::write(dir.path().join("pytorch_model.bin"), b"").unwrap();
    assert!(load(tiny(&dir)).contains("safetensors, or convert it"));
    fs::write(dir.path().join("tokenizer.json"), b"{").unwrap();
    assert!(load(tiny(&dir)).contains("tokenizer.json: not a readable tokenizer"));
    fs::write(dir.path().join("config.json"), b"<html>").unwrap();
    assert!(load(tiny(&dir)).contains("config.json: not valid JSON"));
    assert!(load(Pretrained::folder("/no/such/folder")).contains("no such folder"));
}

#[test]
fn a_hub_model_without_network_is_found_in_the_cache_or_says_what_to_do() {
    let message = Pretrained::hub("nobody/no-such-model").offline(true).load().unwrap_err().to_string();
    assert!(message.contains("tunebook model get nobody/no-such-model"), "{message}");
    assert!(Pretrained::hub("minilm").load().unwrap_err().to_string().contains("owner/name"));
}

#[test]
fn saved_and_loaded_predicts_the_same() {
    let dir = tiny_folder();
    let model = TextClassifier::from_pretrained(tiny(&dir), labels()).unwrap();
    let out = dir.path().join("trained");
    model.save(&out).unwrap();
    model.save(&out).unwrap(); // over itself
    let texts = ["my disk is full", "password"];
    let again = TextClassifier::load(&out).unwrap();
    assert_eq!(again.labels(), model.labels());
    assert_eq!(again.predict(&texts).unwrap(), model.predict(&texts).unwrap());
    let mut files: Vec<_> =
        fs::read_dir(&out).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let names = ["README.md", "config.json", "model.safetensors", "modeling_tunebook.py", "tokenizer.json"];
    assert_eq!(files, [&names[..], &["tokenizer_config.json"]].concat());
    let page = fs::read_to_string(out.join("README.md")).unwrap();
    assert!(page.contains("`storage`, `billing`, `access`") && page.contains("trust_remote_code=True"), "{page}");
    assert!(!page.contains(dir.path().to_str().unwrap()), "{page}");
    // A folder with an encoder only is not a classifier; a trained one can start another task.
    assert!(TextClassifier::load(dir.path()).unwrap_err().to_string().contains("no id2label"));
    let other = TextClassifier::from_pretrained(Pretrained::folder(&out), vec!["a".into(), "b".into()]).unwrap();
    assert_eq!(other.load_report().unused, ["classifier.bias", "classifier.weight"]);
}

#[test]
fn half_precision_files_load_as_32_bit() {
    let dir = tiny_folder();
    let encoder = TextEncoder::from_pretrained(tiny(&dir)).unwrap();
    let exact = encoder.embed(&["my disk"]).unwrap().to_vec2::<f32>().unwrap();
    encoder.store().save(dir.path().join("model.safetensors"), DType::F16).unwrap();
    let half = TextEncoder::from_pretrained(tiny(&dir)).unwrap();
    assert_eq!(half.store().all()[0].var().dtype(), DType::F32);
    let rounded = half.embed(&["my disk"]).unwrap().to_vec2::<f32>().unwrap();
    assert!(exact[0].iter().zip(&rounded[0]).all(|(a, b)| (a - b).abs() < 0.02));
    assert_ne!(exact, rounded);
}

#[test]
fn labels_are_checked() {
    let dir = tiny_folder();
    let error = |labels: &[&str]| {
        let labels = labels.iter().map(|l| (*l).to_owned()).collect();
        TextClassifier::from_pretrained(tiny(&dir), labels).unwrap_err().to_string()
    };
    assert!(error(&["one"]).contains("at least two"));
    assert!(error(&["a", "b", "a"]).contains("\"a\" stands twice"));
}

#[test]
fn the_summary_counts_parts() {
    let dir = tiny_folder();
    let model = TextClassifier::from_pretrained(tiny(&dir), labels()).unwrap();
    model.store().set_trainable(|name| name.starts_with("classifier."));
    let summary = model.summary();
    let names: Vec<&str> = summary.rows().iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["embeddings", "encoder.layer.0", "encoder.layer.1", "encoder.layer.2", "classifier"]);
    assert_eq!((summary.trainable(), summary.frozen()), (3 * 16 + 3, model.store().count() - 51));
    let shapes = &summary.rows()[1].shapes;
    assert_eq!(shapes.len(), 16);
    assert_eq!(shapes[15], ("encoder.layer.0.output.dense.weight".to_owned(), vec![16, 24]));
    let text = summary.to_string();
    for line in
        ["frozen  16x16 (4), 24x16, 16x24", "embeddings                576  frozen  16x16 (2), 2x16", "yes     3x16"]
    {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.contains("; frozen: "), "{text}");
}

#[test]
fn a_pooler_needs_weights_and_modes_that_are_not_supported_are_said() {
    let dir = tiny_folder();
    let message = TextEncoder::from_pretrained(tiny(&dir).pooling(Pooling::Pooler)).unwrap_err().to_string();
    assert!(message.contains("model.safetensors: the weights have no pooler"), "{message}");
    assert_eq!(
        TextEncoder::from_scratch(tiny(&dir).pooling(Pooling::Pooler), 1).unwrap().load_report().new.len(),
        5 + 3 * 16 + 2
    );
    fs::create_dir(dir.path().join("1_Pooling")).unwrap();
    let said = |json: &str| {
        fs::write(dir.path().join("1_Pooling/config.json"), json).unwrap();
        tiny(&dir).load().map(|files| files.pooling)
    };
    assert_eq!(said(r#"{"pooling_mode_mean_tokens": false, "pooling_mode_max_tokens": true}"#).unwrap(), Pooling::Max);
    assert_eq!(said(r#"{"pooling_mode": "cls"}"#).unwrap(), Pooling::Cls);
    let message = said(r#"{"pooling_mode_cls_token": true, "pooling_mode_max_tokens": true}"#).unwrap_err().to_string();
    assert!(message.contains("1_Pooling/config.json: pooling by cls_token and max_tokens"), "{message}");
}

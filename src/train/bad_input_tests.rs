//! What a person can get wrong in a fine-tuning: each is one error that names the place and says what to change, before
//! anything is encoded, trained or written.

use std::path::Path;

use super::{
    Checkpoints, ClassWeights, EarlyStopping, EpochRecord, Gradients, Method, Observer, Quiet, SetFit, StepRecord,
    Trainable, Trainer, TrainingConfig, TrainingPlan, TrainingReport,
};
use crate::Result;
use crate::data::{
    FolderImages, ImageDataset, ImageShape, MultiLabelDataset, Preprocessor, TableColumn, TabularDataset, TextDataset,
    TextRegressionDataset,
};
use crate::model::fixture::{tiny, tiny_config, tiny_data, tiny_folder};
use crate::model::{
    LoraConfig, MultiLabelClassifier, Parameter, Pass, Pretrained, TabularClassifier, TabularRegressor, TextClassifier,
    TextEncoder, TextRegressor, TokenBatch,
};

/// Fails when a run has begun.
struct Untouched;

impl Observer for Untouched {
    fn on_encode(&mut self, done: usize, total: usize) {
        panic!("{done} of {total} rows were encoded");
    }

    fn on_start(&mut self, plan: &TrainingPlan) {
        panic!("the run started: {plan:?}");
    }

    fn on_gradients(&mut self, step: usize, _: &Gradients) {
        panic!("step {step} was computed");
    }

    fn on_step(&mut self, record: &StepRecord) {
        panic!("a step was made: {record:?}");
    }

    fn on_epoch(&mut self, record: &EpochRecord) {
        panic!("an epoch was run: {record:?}");
    }
}

fn model() -> TextClassifier {
    let dir = tiny_folder();
    TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap()
}

fn trainer<M: Trainable>(model: M) -> Trainer<M, Untouched> {
    // Rows would be encoded before the first step.
    Trainer::new(model).method(Method::FeatureExtraction).observer(Untouched)
}

fn config() -> TrainingConfig {
    TrainingConfig { batch_size: 8, ..TrainingConfig::default() }
}

/// The error, which must have a mend and hold all of these words.
fn refused<T>(outcome: Result<T>, words: &[&str]) {
    let Err(error) = outcome else { panic!("accepted; expected an error with {words:?}") };
    let message = error.to_string();
    assert!(message.contains("; "), "no mend: {message}");
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
}

fn refused_settings(config: TrainingConfig, words: &[&str]) {
    let (train, validation) = (tiny_data(12, 0), tiny_data(6, 1));
    refused(trainer(model()).config(config.clone()).fit(&train, &validation), words);
    refused(trainer(model()).config(config).find_learning_rate(&train), words);
}

fn refused_method(method: Method, words: &[&str]) {
    let (train, validation) = (tiny_data(12, 0), tiny_data(6, 1));
    refused(trainer(model()).method(method.clone()).fit(&train, &validation), words);
    refused(trainer(model()).method(method).find_learning_rate(&train), words);
}

fn refused_data(train: &TextDataset, validation: &TextDataset, words: &[&str]) {
    refused(trainer(model()).fit(train, validation), words);
}

// Data.

#[test]
fn an_empty_set() {
    refused_data(
        &tiny_data(0, 0),
        &tiny_data(6, 1),
        &["training data tiny: has no rows", "at least one labelled text"],
    );
    refused_data(&tiny_data(12, 0), &tiny_data(0, 1), &["validation data tiny: has no rows"]);
    refused(trainer(model()).find_learning_rate(&tiny_data(0, 0)), &["training data tiny: has no rows"]);
    refused(model().evaluate(&tiny_data(0, 0)), &["evaluation data tiny: has no rows"]);
    refused(TokenBatch::new(&[], 0), &["without tokens", "at least one token"]);
    // No text is no question, and gets no answer.
    assert!(model().predict(&[]).unwrap().is_empty());
    assert_eq!(model().encoder().embed(&[]).unwrap().dims(), [0, 16]);
}

#[test]
fn one_class() {
    let all = tiny_data(30, 0);
    let of_one: Vec<usize> = (0..30).filter(|row| all.labels()[*row] == 1).collect();
    let words = ["training data: every row has the same class, 1", "at least two classes"];
    refused_data(&all.select(&of_one), &tiny_data(6, 1), &words);
    refused(trainer(model()).find_learning_rate(&all.select(&of_one)), &words);
    refused(
        SetFit::default().fit_with(model(), &all.select(&of_one), &tiny_data(6, 1), Untouched),
        &["training data tiny", "only one label", "2 labels"],
    );
    let dir = tiny_folder();
    refused(TextClassifier::from_pretrained(tiny(&dir), vec!["a".into()]), &["labels: 1 given", "at least two"]);
    // To be measured on one class alone is fine.
    let report = Trainer::new(model()).method(Method::FeatureExtraction).observer(Quiet);
    report.fit(&tiny_data(12, 0), &all.select(&of_one)).unwrap();
}

#[test]
fn labels_unknown_to_the_model() {
    let names = ["storage", "billing", "spam"].map(str::to_owned).to_vec();
    let other = TextDataset::new("other", vec!["disk".into(), "bill".into()], vec![0, 2], names).unwrap();
    let words = ["other: has the labels", "\"spam\"", "the model", "\"access\"", "data.label_names()"];
    refused_data(&other, &tiny_data(6, 1), &words);
    refused_data(&tiny_data(12, 0), &other, &["validation data other: has the labels"]);
    refused(model().evaluate(&other), &words);
    let names = vec!["a".to_owned(), "b".to_owned()];
    refused(
        TextDataset::new("numbers", vec!["x".into()], vec![2], names),
        &["numbers: label 2 has no name", "labels count from 0"],
    );
}

#[test]
fn a_text_longer_than_the_model() {
    refused_settings(
        TrainingConfig { max_length: Some(17), ..config() },
        &["max_length", "17 tokens", "16 positions", "smaller limit"],
    );
    refused_settings(TrainingConfig { max_length: Some(2), ..config() }, &["max_length: 2", "at least 3"]);
    let tokens = [4u32; 17];
    let batch = TokenBatch::new(&[&tokens], 0).unwrap();
    let words = ["a text of 17 tokens", "positions end at 16", "truncate"];
    refused(model().encoder().forward(&batch, &Pass::evaluation()), &words);
    refused(model().encoder().embed_tokens(&[tokens.to_vec()]), &words);
    // A longer text is cut, as the tokenizer's documentation says.
    let long = "disk ".repeat(50);
    assert_eq!(model().encoder().tokenizer().encode(&[&long]).unwrap()[0].len(), 16);
    let tokenizer = model().encoder().tokenizer().clone();
    assert_eq!(tokenizer.lengths(&["disk full", &long]).unwrap(), [4, 52]);
}

#[test]
fn targets_that_are_no_numbers_or_of_another_kind() {
    let texts = vec!["my disk".to_owned(), "my bill".to_owned()];
    for target in [f32::NAN, f32::INFINITY] {
        let data = TextRegressionDataset::new("stars", texts.clone(), vec![1.0, target]);
        refused(data, &["stars: the target of row 1 is", "drop the row"]);
    }
    let dir = tiny_folder();
    let regressor = TextRegressor::from_pretrained(tiny(&dir)).unwrap();
    let data = TextRegressionDataset::new("stars", texts.clone(), vec![1.0, 2.0]).unwrap();
    let stopping = EarlyStopping::on("val_accuracy");
    refused(
        trainer(regressor.clone()).early_stopping(stopping).fit(&data, &data),
        &["EarlyStopping::on", "\"val_accuracy\" is not measured", "use one of val_loss, val_mae"],
    );
    let weighted = TrainingConfig { class_weights: ClassWeights::Balanced, ..config() };
    refused(trainer(regressor.clone()).config(weighted).fit(&data, &data), &["class_weights", "ClassWeights::None"]);
    let smoothed = TrainingConfig { label_smoothing: 0.1, ..config() };
    refused(trainer(regressor).config(smoothed).fit(&data, &data), &["label_smoothing", "set it to 0.0"]);

    let labels = vec!["a".to_owned(), "b".to_owned()];
    let narrow = MultiLabelDataset::new("many", texts.clone(), vec![vec![true, false], vec![true]], labels.clone());
    refused(narrow, &["many"]);
    let model = MultiLabelClassifier::from_pretrained(tiny(&dir), labels).unwrap();
    let rows = vec![vec![true], vec![false]];
    let other = MultiLabelDataset::new("many", texts, rows, vec!["spam".into()]).unwrap();
    refused(trainer(model).fit(&other, &other), &["training data many: has the labels [\"spam\"]"]);
}

// Settings.

#[test]
fn no_epochs() {
    refused_settings(TrainingConfig { epochs: 0, ..config() }, &["TrainingConfig::epochs: is 0", "at least 1"]);
}

#[test]
fn a_batch_of_no_rows() {
    refused_settings(TrainingConfig { batch_size: 0, ..config() }, &["TrainingConfig::batch_size: is 0", "at least 1"]);
    let none = TrainingConfig { accumulation_steps: 0, ..config() };
    refused_settings(none, &["TrainingConfig::accumulation_steps: is 0", "at least 1"]);
}

#[test]
fn a_learning_rate_of_zero_below_it_or_no_number() {
    for rate in [0.0, -1e-3, f64::NAN, f64::INFINITY] {
        let said = format!("TrainingConfig::learning_rate: is {rate}");
        refused_settings(
            TrainingConfig { learning_rate: Some(rate), ..config() },
            &[&said, "a positive number such as 3e-4"],
        );
        let set_fit = SetFit { learning_rate: Some(rate), ..SetFit::default() };
        refused(
            set_fit.fit_with(model(), &tiny_data(12, 0), &tiny_data(6, 1), Untouched),
            &["SetFit::learning_rate", "a positive number"],
        );
    }
}

#[test]
fn a_warmup_longer_than_the_training() {
    for ratio in [1.5, -0.1, f64::NAN] {
        refused_settings(
            TrainingConfig { warmup_ratio: ratio, ..config() },
            &["TrainingConfig::warmup_ratio", "from 0.0 to 1.0"],
        );
    }
}

#[test]
fn a_weight_decay_below_zero() {
    for decay in [-0.01, f64::NAN, f64::INFINITY] {
        refused_settings(
            TrainingConfig { weight_decay: decay, ..config() },
            &["TrainingConfig::weight_decay", "0.0 or more"],
        );
    }
}

#[test]
fn shares_out_of_range() {
    for share in [1.0, -0.1, f64::NAN] {
        let smoothing = TrainingConfig { label_smoothing: share, ..config() };
        refused_settings(smoothing, &["TrainingConfig::label_smoothing", "below 1.0"]);
    }
    for factor in [0.0, 1.1, f64::NAN] {
        refused_settings(
            TrainingConfig { layer_decay: factor, ..config() },
            &["TrainingConfig::layer_decay", "at most 1.0"],
        );
    }
    for norm in [0.0, -1.0, f64::NAN] {
        let clipped = TrainingConfig { max_grad_norm: Some(norm), ..config() };
        refused_settings(clipped, &["TrainingConfig::max_grad_norm", "None switches it off"]);
    }
}

#[test]
fn mixup_of_texts() {
    refused_settings(TrainingConfig { mixup: 0.2, ..config() }, &["TrainingConfig::mixup", "images and tables"]);
    refused_settings(TrainingConfig { mixup: 1.5, ..config() }, &["TrainingConfig::mixup: is 1.5"]);
}

#[test]
fn class_weights_of_another_length_or_below_zero() {
    for weights in [vec![], vec![1.0], vec![1.0, 2.0], vec![1.0; 4]] {
        let said = format!("TrainingConfig::class_weights: has {} weights for 3 classes", weights.len());
        let given = TrainingConfig { class_weights: ClassWeights::Given(weights), ..config() };
        refused_settings(given, &[&said, "one for each class"]);
    }
    for weight in [0.0, -1.0, f64::NAN] {
        let given = TrainingConfig { class_weights: ClassWeights::Given(vec![1.0, weight, 1.0]), ..config() };
        refused_settings(given, &["TrainingConfig::class_weights", "positive numbers"]);
    }
}

#[test]
fn early_stopping_on_what_is_not_measured() {
    let fit = |rule| trainer(model()).early_stopping(rule).fit(&tiny_data(12, 0), &tiny_data(6, 1));
    refused(fit(EarlyStopping::on("val_f1")), &["EarlyStopping::on", "\"val_f1\"", "val_loss, val_accuracy"]);
    let unfit = fit(EarlyStopping::on("val_r2"));
    refused(unfit, &["\"val_r2\" is not measured", "one class", "val_macro_f1"]);
    refused(fit(EarlyStopping::on("val_loss").patience(0)), &["EarlyStopping::patience: is 0", "1 or more"]);
    refused(fit(EarlyStopping::on("val_loss").min_delta(-0.1)), &["EarlyStopping::min_delta", "0.0 or more"]);
}

// Methods.

#[test]
fn more_layers_than_the_model_has() {
    refused_method(
        Method::Partial { last_n_layers: 4 },
        &["Method::Partial::last_n_layers: is 4", "has 3 layers", "give 1 to 3"],
    );
    refused_method(Method::Partial { last_n_layers: 0 }, &["is 0", "Method::FeatureExtraction"]);
    refused(model().freeze_to(5), &["would freeze 5 groups", "has 5", "give 0 to 4"]);
    refused(model().store().freeze("decoder.*"), &["\"decoder.*\"", "no parameter has such a name", "embeddings"]);
}

#[test]
fn lora_of_rank_zero_or_beside_no_layer() {
    let lora = |change: fn(&mut LoraConfig)| {
        let mut config = LoraConfig::default();
        change(&mut config);
        Method::Lora(config)
    };
    refused_method(lora(|c| c.rank = 0), &["LoraConfig::rank: is 0", "1 or more"]);
    refused_method(lora(|c| c.alpha = -1.0), &["LoraConfig::alpha", "positive"]);
    refused_method(lora(|c| c.dropout = 1.0), &["LoraConfig::dropout", "below 1.0"]);
    refused_method(lora(|c| c.target_modules = vec![]), &["LoraConfig::target_modules", "at least one"]);
    refused_method(
        lora(|c| c.target_modules = vec!["querry".into()]),
        &["LoraConfig::target_modules", "\"querry\"", "attention.self.query"],
    );
    let table = table_of(&[0.5, 1.5, -0.5, 2.0]);
    refused(
        trainer(classifier_of(&table)).method(Method::Lora(LoraConfig::default())).fit(&table, &table),
        &["Method::Lora", "use another method"],
    );
}

#[test]
fn nothing_left_to_train() {
    let model = model();
    model.store().freeze("*").unwrap();
    let outcome = trainer(model).method(Method::Chosen).fit(&tiny_data(12, 0), &tiny_data(6, 1));
    refused(outcome, &["Method::Chosen: every parameter is frozen", "unfreeze"]);
    refused_method(Method::Gradual { epochs_per_layer: 0 }, &["Method::Gradual::epochs_per_layer: is 0", "1 or more"]);
    refused_method(Method::TwoPhase { freeze_epochs: 0 }, &["Method::TwoPhase::freeze_epochs: is 0", "1 or more"]);
}

// Tables and images.

fn table_of(values: &[f64]) -> TabularDataset {
    let labels = (0..values.len()).map(|row| Some(if row % 2 == 0 { "low" } else { "high" }.to_owned())).collect();
    let columns = vec![
        TableColumn::numeric("load", values.iter().copied().map(Some).collect()),
        TableColumn::categorical("tier", labels),
    ];
    TabularDataset::new("loads", columns).unwrap().label_column("tier").unwrap()
}

fn classifier_of(table: &TabularDataset) -> TabularClassifier {
    let preprocessor = Preprocessor::new().fit(table).unwrap();
    TabularClassifier::new(&preprocessor, table.label_names(), &[4], 1).unwrap()
}

#[test]
fn features_that_are_no_numbers() {
    for value in [f64::NAN, f64::INFINITY] {
        let column = TableColumn::numeric("load", vec![Some(1.0), Some(value)]);
        let said = format!("column \"load\": {value} is not a finite number");
        refused(TabularDataset::new("loads", vec![column]), &["loads, row 1", &said, "None where a value is missing"]);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loads.csv");
    std::fs::write(&path, "load,tier\n1.0,low\ninf,high\n").unwrap();
    refused(TabularDataset::read(&path), &["loads.csv", "line 3", "inf"]);
}

#[test]
fn tables_that_do_not_fit() {
    let table = table_of(&[0.5, 1.5, -0.5, 2.0]);
    let model = classifier_of(&table);
    let empty = table.select(&[]);
    refused(trainer(model.clone()).fit(&empty, &table), &["training data loads: has no rows", "at least one row"]);
    refused(trainer(model.clone()).fit(&table, &empty), &["validation data loads: has no rows"]);
    refused(trainer(model.clone()).fit(&table.select(&[0, 2]), &table), &["every row has the same class"]);
    let other = TabularDataset::new(
        "other",
        vec![
            TableColumn::numeric("weight", vec![Some(1.0), Some(2.0)]),
            TableColumn::categorical("tier", ["low", "high"].map(|name| Some(name.to_owned())).to_vec()),
        ],
    );
    let other = other.unwrap().label_column("tier").unwrap();
    refused(trainer(model.clone()).fit(&other, &table), &["other", "\"load\""]);
    let longer = TrainingConfig { max_length: Some(64), ..config() };
    refused(trainer(model.clone()).config(longer).fit(&table, &table), &["max_length", "reads no texts", "None"]);
    let numbers = table_of(&[1.0, 2.0]).without_columns(&[]).unwrap();
    refused(TabularRegressor::new(model.preprocessor(), &numbers, &[4], 1), &["no target of numbers", "target_column"]);
    refused(TabularClassifier::new(model.preprocessor(), vec!["low".into()], &[4], 1), &["labels", "at least two"]);
    refused(TabularClassifier::new(model.preprocessor(), table.label_names(), &[0], 1), &["0"]);
}

#[test]
fn images_of_another_size() {
    let shape = ImageShape { channels: 1, height: 2, width: 2 };
    let names = vec!["a".to_owned(), "b".to_owned()];
    refused(
        ImageDataset::new("dots", vec![0; 9], shape, vec![0, 1], names.clone()),
        &["dots", "9 bytes", "4 bytes for each image"],
    );
    refused(ImageDataset::new("dots", vec![0; 8], shape, vec![0], names), &["dots", "2 images but 1 labels"]);
    let folder = tempfile::tempdir().unwrap();
    for (class, side) in [("a", 2), ("b", 3)] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        image::GrayImage::new(side, side).save(folder.path().join(class).join("1.png")).unwrap();
    }
    refused(
        ImageDataset::read_folder(folder.path(), &FolderImages::default(), None),
        &["b/1.png", "3 x 3", "size: Some((64, 64))"],
    );
    let none = FolderImages { size: Some((0, 4)), ..FolderImages::default() };
    refused(ImageDataset::read_folder(folder.path(), &none, None), &["FolderImages::size", "28 to 224"]);
}

// Files.

#[test]
fn weights_of_another_model() {
    let dir = tiny_folder();
    let path = dir.path().join("config.json");
    let original = std::fs::read_to_string(&path).unwrap();
    let load = |from: &str, to: &str| {
        assert!(original.contains(from), "{original}");
        std::fs::write(&path, original.replace(from, to)).unwrap();
        TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names())
    };
    let mend = "check that config.json and the weights belong together";
    refused(load("\"num_hidden_layers\":3", "\"num_hidden_layers\":4"), &["model.safetensors", "lacks 16", mend]);
    refused(load("\"intermediate_size\":24", "\"intermediate_size\":32"), &["[24, 16], not [32, 16]", mend]);
    refused(load("\"model_type\":\"bert\"", "\"model_type\":\"gpt2\""), &["config.json", "gpt2", "choose a BERT"]);
    refused(TextClassifier::load(tiny_folder().path()), &["no id2label", "TextClassifier::from_pretrained"]);
    refused(TextClassifier::load("/no/such/folder"), &["no such folder", "config.json"]);
}

#[test]
fn weights_that_are_no_numbers() {
    let model = model();
    let bias = model.store().get("encoder.layer.1.output.dense.bias").unwrap();
    bias.var().set(&(bias.var().as_detached_tensor() * f64::NAN).unwrap()).unwrap();
    let outcome = trainer(model).fit(&tiny_data(12, 0), &tiny_data(6, 1));
    refused(outcome, &["no finite numbers for the first row, before any training", "another checkpoint"]);
}

#[test]
fn an_adapter_of_another_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut with_lora = model();
    with_lora.add_lora(&LoraConfig { rank: 2, ..LoraConfig::default() }, 1).unwrap();
    with_lora.save_adapter(&folder).unwrap();
    // Another base: as many layers, other weights.
    let dir = tiny_folder();
    let encoder = TextEncoder::from_scratch(tiny(&dir), 3).unwrap();
    encoder.store().save(dir.path().join("model.safetensors"), candle_core::DType::F32).unwrap();
    let mut other = TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap();
    refused(other.load_adapter(&folder), &["tunebook.json", "trained on other weights", "load that model first"]);
    let labels = vec!["a".to_owned(), "b".to_owned()];
    let mut other = TextClassifier::from_pretrained(tiny(&tiny_folder()), labels).unwrap();
    refused(other.load_adapter(&folder), &["the adapter's labels are", "with the adapter's labels"]);
    // As peft would write it, without our notes: names and shapes decide.
    std::fs::remove_file(folder.path().join("tunebook.json")).unwrap();
    std::fs::remove_file(folder.path().join("head.safetensors")).unwrap();
    let narrow = crate::model::BertConfig { num_hidden_layers: 2, ..tiny_config() };
    let mut builder = crate::model::StoreBuilder::random(7);
    crate::model::BertEncoder::new(&narrow, &mut builder).unwrap();
    builder.finish().unwrap().0.save(dir.path().join("model.safetensors"), candle_core::DType::F32).unwrap();
    std::fs::write(dir.path().join("config.json"), narrow.to_value().to_string()).unwrap();
    let mut other = TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap();
    refused(other.load_adapter(&folder), &["encoder.layer.2.", "belongs to another model"]);
    assert!(other.lora_config().is_none());
    refused(other.load_adapter("/no/such/folder"), &["adapter_config.json"]);
}

/// A run with checkpoints, which may be refused or go through.
fn keep(place: Checkpoints, resume: bool, config: TrainingConfig) -> Result<TrainingReport> {
    let trainer = Trainer::new(model()).method(Method::FeatureExtraction).observer(Quiet).config(config);
    let trainer = trainer.checkpoints(place);
    let trainer = if resume { trainer.resume() } else { trainer };
    trainer.fit(&tiny_data(12, 0), &tiny_data(6, 1))
}

#[test]
fn a_folder_for_checkpoints_that_cannot_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refuse = |place: Checkpoints, resume: bool, words: &[&str]| {
        let trainer = trainer(model()).checkpoints(place);
        let trainer = if resume { trainer.resume() } else { trainer };
        refused(trainer.fit(&tiny_data(12, 0), &tiny_data(6, 1)), words);
    };
    for path in [file.clone(), file.join("below")] {
        refuse(Checkpoints::in_folder(path), false, &["file", "cannot hold checkpoints", "that you may write to"]);
    }
    refuse(
        Checkpoints::in_folder(folder.path()).every_steps(0),
        false,
        &["Checkpoints::every_steps: is 0", "1 or more"],
    );
    refused(
        trainer(model()).resume().fit(&tiny_data(12, 0), &tiny_data(6, 1)),
        &["Trainer::resume", "no place for checkpoints", "call checkpoints(...) too"],
    );
    // Neither of two runs is mixed up with the other.
    let place = Checkpoints::in_folder(folder.path().join("run"));
    keep(place.clone(), false, config()).unwrap();
    refuse(place.clone(), false, &["run: holds checkpoints of an earlier run, up to step-00000006", "(resume)"]);
    refused(
        keep(place.clone(), true, TrainingConfig { seed: 1, ..config() }),
        &["the configuration was", "resume with"],
    );
    keep(place.clone(), true, config()).unwrap();
    assert_eq!(place.kept().unwrap().last().unwrap().step(), 6);
}

#[test]
fn a_checkpoint_of_another_model() {
    let folder = tempfile::tempdir().unwrap();
    let place = Checkpoints::in_folder(folder.path());
    keep(place.clone(), false, config()).unwrap();
    let best = place.best().unwrap().unwrap();
    let dir = tiny_folder();
    let other = TextClassifier::from_pretrained(tiny(&dir), vec!["a".into(), "b".into()]).unwrap();
    let before: Vec<f32> = first_values(&other.store().all());
    refused(best.load_into(other.store()), &["classifier.", "no such parameter", "the same source and labels"]);
    assert_eq!(first_values(&other.store().all()), before);
    let encoder = TextEncoder::from_pretrained(Pretrained::folder(dir.path())).unwrap();
    refused(best.load_into(encoder.store()), &["classifier.", "no such parameter"]);
    std::fs::write(best.folder().join("parameters.safetensors"), "no tensors").unwrap();
    refused(best.load_into(model().store()), &["parameters.safetensors", "delete this checkpoint"]);
}

fn first_values(parameters: &[Parameter]) -> Vec<f32> {
    parameters.iter().map(|p| p.var().flatten_all().unwrap().to_vec1::<f32>().unwrap()[0]).collect()
}

#[test]
fn a_folder_to_save_into_that_cannot_be_one() {
    type Save<'a> = &'a dyn Fn(&Path) -> Result<()>;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    let mut with_lora = model();
    with_lora.add_lora(&LoraConfig::default(), 1).unwrap();
    let table = classifier_of(&table_of(&[0.5, 1.5, -0.5, 2.0]));
    let saves: [Save<'_>; 4] = [
        &|path| with_lora.save(path),
        &|path| with_lora.save_adapter(path),
        &|path| with_lora.encoder().save(path),
        &|path| table.save(path),
    ];
    for save in saves {
        refused(save(&file), &["file: is a file", "give a folder"]);
        refused(save(&file.join("below")), &["below: cannot be made", "where you may write"]);
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    refused(model().save_adapter(folder.path()), &["save_adapter: the model has no LoRA", "call save"]);
}

// Few-shot.

#[test]
fn set_fit_without_pairs_or_steps() {
    let fit = |set_fit: SetFit, train: &TextDataset| set_fit.fit_with(model(), train, &tiny_data(6, 1), Untouched);
    for (name, set_fit) in [
        ("iterations", SetFit { iterations: 0, ..SetFit::default() }),
        ("batch_size", SetFit { batch_size: 0, ..SetFit::default() }),
        ("head_epochs", SetFit { head_epochs: 0, ..SetFit::default() }),
    ] {
        refused(fit(set_fit, &tiny_data(12, 0)), &[&format!("SetFit::{name}: is 0"), "give 1 or more"]);
    }
    refused(fit(SetFit::default(), &tiny_data(3, 0)), &["one text for each label", "2 texts each"]);
    refused(fit(SetFit::default(), &tiny_data(0, 0)), &["has no rows"]);
    let outcome = SetFit::default().fit_with(model(), &tiny_data(12, 0), &tiny_data(0, 1), Untouched);
    refused(outcome, &["validation data tiny: has no rows"]);
}

//! Models with several labels and with numbers, on the tiny encoder.

use super::{EarlyStopping, Method, Quiet, Trainable, Trainer, TrainingConfig};
use crate::data::{MultiLabelDataset, TextAugmentation, TextDataset, TextRegressionDataset};
use crate::model::fixture::{tiny, tiny_data, tiny_folder};
use crate::model::{LoraConfig, MultiLabelClassifier, Pass, Pretrained, TextClassifier, TextEncoder, TextRegressor};
use crate::train::Targets;

fn config() -> TrainingConfig {
    TrainingConfig { epochs: 12, batch_size: 8, learning_rate: Some(5e-3), ..TrainingConfig::default() }
}

/// Two labels: the text is about storage; the text has a filler word that makes it urgent.
fn labelled(rows: usize, skip: usize) -> MultiLabelDataset {
    let texts = tiny_data(rows, skip).texts().to_vec();
    let labels = texts.iter().map(|t| vec![t.contains("disk") || t.contains("full"), t.contains("please")]).collect();
    MultiLabelDataset::new("tiny", texts, labels, vec!["storage".into(), "urgent".into()]).unwrap()
}

/// The number is 1 for storage, 0 otherwise, and half more when it is urgent.
fn numbered(rows: usize, skip: usize) -> TextRegressionDataset {
    let data = labelled(rows, skip);
    let number = |row: &Vec<bool>| f32::from(row[0]) + 0.5 * f32::from(row[1]);
    let targets = data.labels().iter().map(number).collect();
    TextRegressionDataset::new("tiny", data.texts().to_vec(), targets).unwrap()
}

fn multi_label() -> MultiLabelClassifier {
    let dir = tiny_folder();
    MultiLabelClassifier::from_pretrained(tiny(&dir), labelled(3, 0).label_names()).unwrap()
}

fn regressor() -> TextRegressor {
    let dir = tiny_folder();
    TextRegressor::from_pretrained(tiny(&dir)).unwrap()
}

#[test]
fn several_labels_are_learned_and_the_folder_keeps_them_with_their_thresholds() {
    let report = Trainer::new(multi_label()).observer(Quiet).config(config());
    let report = report.fit(&labelled(90, 0), &labelled(30, 1)).unwrap();
    let test = labelled(30, 2);
    let evaluation = report.model().evaluate(&test).unwrap();
    assert!(evaluation.micro_average().f1 > 0.95, "{evaluation}");
    // The accuracy of an epoch is the share of right decisions.
    let validation = report.model().evaluate(&labelled(30, 1)).unwrap();
    assert!((report.val_accuracy() - (1.0 - validation.hamming_loss())).abs() < 1e-12);
    let metrics = &report.kept_epoch().unwrap().val_metrics;
    assert!((metrics["val_micro_f1"] - validation.micro_average().f1).abs() < 1e-12);
    assert!((metrics["val_subset_accuracy"] - validation.subset_accuracy()).abs() < 1e-12);
    assert!((report.val_loss() - validation.loss().unwrap()).abs() < 1e-9);

    let mut model = report.into_model();
    model.set_thresholds(vec![0.3, 0.4]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    model.save(&folder).unwrap();
    let again = MultiLabelClassifier::load(&folder).unwrap();
    assert_eq!((again.labels(), again.thresholds()), (model.labels(), model.thresholds()));
    let texts = ["my disk is full please", "the invoice"];
    let said = model.predict(&texts).unwrap();
    assert_eq!(again.predict(&texts).unwrap(), said);
    assert_eq!(said.labels(), [vec!["storage", "urgent"], vec![]]);
    assert!(said.to_string().contains("no label: the invoice"), "{said}");
    let message = TextClassifier::load(&folder).unwrap_err().to_string();
    assert!(message.contains("problem_type is multi_label_classification") && message.contains("MultiLabelClassifier"));
}

#[test]
fn tuned_thresholds_have_at_least_the_f1_of_one_half() {
    // One epoch at a small rate: probabilities are not on the right side of one half yet.
    let config = TrainingConfig { epochs: 3, learning_rate: Some(2e-3), ..config() };
    let report = Trainer::new(multi_label()).observer(Quiet).config(config);
    let mut model = report.fit(&labelled(90, 0), &labelled(30, 1)).unwrap().into_model();
    let validation = labelled(60, 3);
    let before = model.evaluate(&validation).unwrap();
    let thresholds = model.tune_thresholds(&validation).unwrap();
    assert_eq!(thresholds, model.thresholds());
    let after = model.evaluate(&validation).unwrap();
    for (before, after) in before.classes().iter().zip(after.classes()) {
        assert!(after.f1 >= before.f1);
    }
    assert!(after.macro_average().f1 > before.macro_average().f1, "{after} from {before}");
    // A label that no text has keeps its threshold.
    let without = |row: &Vec<bool>| vec![row[0], false];
    let rows = validation.labels().iter().map(without).collect();
    let none = MultiLabelDataset::new("tiny", validation.texts().to_vec(), rows, validation.label_names()).unwrap();
    assert_eq!(model.tune_thresholds(&none).unwrap()[1].to_bits(), thresholds[1].to_bits());
}

#[test]
fn numbers_are_learned_and_come_back_from_the_folder() {
    for method in
        [Method::Full, Method::Lora(LoraConfig { target_modules: vec!["all-linear".into()], ..LoraConfig::default() })]
    {
        let stopping = EarlyStopping::on("val_loss").patience(30);
        let trainer =
            Trainer::new(regressor()).observer(Quiet).method(method).config(config()).early_stopping(stopping);
        let report = trainer.fit(&numbered(90, 0), &numbered(30, 1)).unwrap();
        let evaluation = report.model().evaluate(&numbered(30, 2)).unwrap();
        assert!(evaluation.r2 > 0.6, "{evaluation}");
        let validation = report.model().evaluate(&numbered(30, 1)).unwrap();
        assert!((report.val_loss().sqrt() - validation.root_mean_squared_error).abs() < 1e-6);
        assert!(report.val_accuracy().is_nan());

        let folder = tempfile::tempdir().unwrap();
        report.model().save(&folder).unwrap();
        let again = TextRegressor::load(&folder).unwrap();
        let texts = ["my disk is full please", "the invoice"];
        let (said, saved) = (report.model().predict(&texts).unwrap(), again.predict(&texts).unwrap());
        assert!(said.iter().zip(&saved).all(|(a, b)| (a - b).abs() < 1e-5), "{said:?} {saved:?}");
        let message = TextClassifier::load(&folder).unwrap_err().to_string();
        assert!(message.contains("problem_type is regression") && message.contains("load it as a TextRegressor"));
        // Its encoder can go on to another task, without the head.
        let encoder = TextEncoder::from_pretrained(Pretrained::folder(&folder)).unwrap();
        assert_eq!(encoder.load_report().unused, ["classifier.bias", "classifier.weight"]);
    }
}

#[test]
fn a_frozen_encoder_s_vectors_give_the_same_outputs() {
    let model = multi_label();
    let examples = model.prepare(&labelled(20, 0)).unwrap();
    let rows: Vec<usize> = (0..20).collect();
    let outputs =
        |inputs| model.outputs(inputs, &rows, &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap().concat();
    let direct = outputs(&examples.inputs);
    let cached = outputs(&model.freeze_inputs(&examples.inputs, &mut |_| Ok(())).unwrap());
    assert!(direct.iter().zip(cached).all(|(a, b)| (a - b).abs() < 1e-5));
    assert!(matches!(examples.targets, Targets::Labels(rows) if rows.len() == 20 && rows[0].len() == 2));
}

#[test]
fn data_that_do_not_fit_are_errors_before_the_training() {
    let other = MultiLabelDataset::new("other", vec!["a".into()], vec![vec![true]], vec!["spam".into()]).unwrap();
    let trainer = || Trainer::new(multi_label()).observer(Quiet).config(config());
    let message = trainer().fit(&other, &labelled(3, 0)).unwrap_err().to_string();
    assert!(message.contains("training data other: has the labels [\"spam\"]"), "{message}");
    let message = trainer().fit(&labelled(3, 0), &labelled(0, 0)).unwrap_err().to_string();
    assert!(message.contains("validation data tiny: has no rows"), "{message}");
    let trainer = Trainer::new(regressor()).observer(Quiet).config(config());
    let message = trainer.fit(&numbered(0, 0), &numbered(3, 0)).unwrap_err().to_string();
    assert!(message.contains("training data tiny: has no rows"), "{message}");
    let trainer = Trainer::new(regressor()).observer(Quiet).config(TrainingConfig { label_smoothing: 0.1, ..config() });
    let message = trainer.fit(&numbered(3, 0), &numbered(3, 0)).unwrap_err().to_string();
    assert!(message.contains("label_smoothing") && message.contains("no classes"), "{message}");
    assert!(multi_label().set_thresholds(vec![0.5]).unwrap_err().to_string().contains("1 for 2 labels"));
    assert!(multi_label().set_thresholds(vec![0.5, 1.5]).unwrap_err().to_string().contains("1.5 is no probability"));
    let dir = tiny_folder();
    let message = MultiLabelClassifier::from_pretrained(tiny(&dir), Vec::new()).unwrap_err().to_string();
    assert!(message.contains("at least one"), "{message}");
}

#[test]
fn targets_far_from_zero_are_learned_standardised_and_answered_in_their_own_unit() {
    let prices = |rows, skip| {
        let data = numbered(rows, skip);
        let targets = data.targets().iter().map(|target| 50_000.0 + 8_000.0 * target).collect();
        TextRegressionDataset::new("prices", data.texts().to_vec(), targets).unwrap()
    };
    let train = prices(90, 0);
    let (mean, deviation) = train.scale().unwrap();
    let standardised = |data: &TextRegressionDataset| data.standardised(mean, deviation).unwrap();
    let report = Trainer::new(regressor()).observer(Quiet).config(config());
    let report = report.fit(&standardised(&train), &standardised(&prices(30, 1))).unwrap();
    report.model().rescale(deviation, mean).unwrap();
    let evaluation = report.model().evaluate(&prices(30, 2)).unwrap();
    assert!(evaluation.r2 > 0.9, "{evaluation}");
    let folder = tempfile::tempdir().unwrap();
    report.model().save(&folder).unwrap();
    let said = |model: &TextRegressor| model.predict(&["my disk is full please", "the invoice"]).unwrap();
    assert_eq!(said(&TextRegressor::load(&folder).unwrap()), said(report.model()));

    assert!(report.model().rescale(f64::NAN, 0.0).is_err());
    let same = TextRegressionDataset::new("same", vec!["a".into(), "b".into()], vec![7.0, 7.0]).unwrap();
    assert_eq!(same.scale().unwrap(), (7.0, 1.0));
    assert!(same.standardised(0.0, 0.0).is_err());
}

#[test]
fn a_run_says_how_many_training_texts_it_cuts() {
    let run = |max_length| {
        let config = TrainingConfig { epochs: 1, max_length: Some(max_length), ..config() };
        Trainer::new(regressor()).observer(Quiet).config(config).fit(&numbered(20, 0), &numbered(10, 1)).unwrap()
    };
    let cut = run(4).texts_cut().unwrap();
    assert!(cut.cut > 0 && cut.cut <= 20 && cut.longest > 4, "{cut}");
    assert!(run(4).to_string().ends_with(&cut.to_string()));
    let whole = run(cut.longest);
    assert_eq!(whole.texts_cut().unwrap().cut, 0);
    assert!(!whole.to_string().contains("are cut"));
}

#[test]
fn augmentation_changes_texts_in_training_passes_and_nowhere_else() {
    let dir = tiny_folder();
    let plain = tiny_data(30, 0);
    let change = TextAugmentation { random_deletion: 0.5, min_words: 1, ..TextAugmentation::default() };
    let changing = plain.augmented(change).unwrap();
    let model = TextClassifier::from_pretrained(tiny(&dir), plain.label_names()).unwrap();
    let rows: Vec<usize> = (0..30).collect();
    let outputs = |data: &TextDataset, pass: Pass| {
        let inputs = model.prepare(data).unwrap().inputs;
        model.outputs(&inputs, &rows, &pass).unwrap().to_vec2::<f32>().unwrap()
    };
    for pass in [Pass::evaluation, Pass::gradients] {
        assert_eq!(outputs(&changing, pass()), outputs(&plain, pass()));
    }
    assert_ne!(outputs(&changing, Pass::training(1)), outputs(&plain, Pass::training(1)));
    assert_ne!(outputs(&changing, Pass::training(1)), outputs(&changing, Pass::training(2)));
    assert_eq!(outputs(&changing, Pass::training(1)), outputs(&changing, Pass::training(1)));
    assert_eq!(model.evaluate(&changing).unwrap().probabilities, model.evaluate(&plain).unwrap().probabilities);

    // A frozen encoder reads each changed text too; a rerun gives the same bits.
    for method in [Method::Full, Method::FeatureExtraction] {
        let run = |train: &TextDataset, validation: &TextDataset| {
            let model = TextClassifier::from_pretrained(tiny(&dir), plain.label_names()).unwrap();
            let trainer = Trainer::new(model)
                .observer(Quiet)
                .method(method.clone())
                .config(TrainingConfig { epochs: 2, ..config() });
            trainer.fit(train, validation)
        };
        let losses = |train: &TextDataset, validation: &TextDataset| {
            let report = run(train, validation).unwrap();
            report.history().epochs().iter().map(|epoch| epoch.val_loss).collect::<Vec<_>>()
        };
        // Vectors of a frozen encoder are computed in other batches, which moves their last bits.
        let same = losses(&changing, &plain).into_iter().zip(losses(&changing, &changing));
        assert!(same.clone().all(|(a, b)| (a - b).abs() < 1e-5), "{method}: {:?}", same.collect::<Vec<_>>());
        assert_eq!(losses(&changing, &plain), losses(&changing, &plain), "{method}");
        assert_ne!(losses(&changing, &plain), losses(&plain, &plain), "{method}");
        // Changed copies are for training only.
        let larger = changing.with_copies(2, 1).unwrap();
        assert!(run(&larger, &plain).is_ok());
        let message = run(&plain, &larger).unwrap_err().to_string();
        assert!(message.contains("for training only"), "{message}");
        assert!(model.evaluate(&larger).unwrap_err().to_string().contains("for training only"));
    }
}

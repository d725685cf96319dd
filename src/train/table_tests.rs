//! Classifiers and regressors of tables: they learn, come back from a folder, and hand their hidden layers on.

use super::{EarlyStopping, Method, Quiet, Trainable, Trainer, TrainingConfig, TrainingReport};
use crate::Result;
use crate::data::{
    CategoricalSteps, FittedPreprocessor, NumericSteps, OutlierAction, OutlierRule, Preprocessor, TableColumn,
    TabularDataset,
};
use crate::model::{MlpConfig, Parameter, Pass, TabularClassifier, TabularRegressor};
use crate::ops::verify::assert_close;

/// Points of a lattice: `a` and `b` from -1 to 1, a group that moves the cost, and two targets that no line can give: whether
/// the point lies inside a ring, and a cost that bends. A few cells are missing.
fn table(rows: usize) -> TabularDataset {
    let at = |row: usize, step: usize, size: usize| (row * step % size) as f64 / (size - 1) as f64 * 2.0 - 1.0;
    let (mut a, mut b, mut group, mut class, mut cost) = (vec![], vec![], vec![], vec![], vec![]);
    for row in 0..rows {
        let (x, y, high) = (at(row, 7, 31), at(row, 11, 37), row % 3 == 0);
        a.push((row % 29 != 5).then_some(x));
        b.push(Some(1000.0 + 10.0 * y));
        group.push((row % 23 != 4).then(|| if high { "high" } else { "low" }.to_owned()));
        class.push(Some(if x * x + y * y < 0.6 { "inside" } else { "outside" }.to_owned()));
        cost.push(Some(500.0 + 80.0 * (x * x + y) + if high { 60.0 } else { 0.0 }));
    }
    let columns = vec![
        TableColumn::numeric("a", a),
        TableColumn::numeric("b", b),
        TableColumn::categorical("group", group),
        TableColumn::categorical("class", class),
        TableColumn::numeric("cost", cost),
    ];
    TabularDataset::new("lattice", columns).unwrap()
}

fn classes() -> TabularDataset {
    table(300).without_columns(&["cost"]).unwrap().label_column("class").unwrap()
}

fn costs() -> TabularDataset {
    table(300).without_columns(&["class"]).unwrap().target_column("cost").unwrap()
}

fn prepared(train: &TabularDataset) -> FittedPreprocessor {
    let numeric = NumericSteps {
        indicator: true,
        outliers: Some((OutlierRule::Iqr(3.0), OutlierAction::Clip)),
        ..NumericSteps::default()
    };
    Preprocessor::new().numeric(numeric).categorical(CategoricalSteps::default()).fit(train).unwrap()
}

fn classifier(hidden: &[usize]) -> TabularClassifier {
    let data = classes();
    TabularClassifier::new(&prepared(&data), data.label_names(), hidden, 1).unwrap()
}

fn regressor(hidden: &[usize]) -> TabularRegressor {
    let data = costs();
    TabularRegressor::new(&prepared(&data), &data, hidden, 1).unwrap()
}

fn config(epochs: usize) -> TrainingConfig {
    TrainingConfig { epochs, learning_rate: Some(1e-2), weight_decay: 0.0, ..TrainingConfig::default() }
}

fn fit<M: Trainable<Data = TabularDataset>>(
    model: M,
    data: &TabularDataset,
    method: Method,
    config: TrainingConfig,
) -> Result<TrainingReport<M>> {
    let parts = data.random_split(5, 0.2, 0.0)?;
    Trainer::new(model).method(method).config(config).observer(Quiet).fit(&parts.train, &parts.validation)
}

fn values(parameters: &[Parameter]) -> Vec<Vec<f32>> {
    parameters.iter().map(|p| p.var().flatten_all().unwrap().to_vec1().unwrap()).collect()
}

#[test]
fn a_ring_is_learned_and_a_rerun_is_the_same_to_the_last_bit() {
    let run = |hidden: &[usize]| fit(classifier(hidden), &classes(), Method::Full, config(25)).unwrap();
    let report = run(&[24]);
    assert!(report.val_accuracy() > 0.85, "{report}");
    assert!(report.to_string().contains("full fine-tuning of Mlp [24]") && report.to_string().contains("val accuracy"));
    let evaluation = report.model().evaluate(&classes()).unwrap();
    let predicted = report.model().predict(&classes()).unwrap();
    let names: Vec<String> =
        evaluation.predictions.iter().map(|&class| evaluation.label_names[class].clone()).collect();
    assert_eq!(predicted.labels(), names);
    assert!(predicted.items()[0].text.starts_with("a -1, b 990, group high"), "{}", predicted.items()[0].text);
    assert!((predicted.items()[3].probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    assert_eq!(values(&report.model().store().all()), values(&run(&[24]).model().store().all()));
    // The majority is all that a line finds.
    assert!(run(&[]).val_accuracy() < 0.8);
}

#[test]
fn costs_are_learned_in_their_own_unit_and_the_report_knows_no_accuracy() {
    let report = fit(regressor(&[24]), &costs(), Method::Full, config(40)).unwrap();
    let evaluation = report.model().evaluate(&costs()).unwrap();
    assert!(evaluation.r2 > 0.9 && evaluation.mean_absolute_error < 20.0, "{evaluation}");
    assert_eq!(evaluation.predictions, report.model().predict(&costs()).unwrap());
    let text = report.to_string();
    assert!(report.val_accuracy().is_nan() && !text.contains("accuracy"), "{text}");
    assert!(report.curves().to_svg().unwrap().contains("mean squared error"));
    // The validation loss is the squared error in squared deviations.
    let parts = costs().random_split(5, 0.2, 0.0).unwrap();
    let held_out = report.model().evaluate(&parts.validation).unwrap();
    let all = costs();
    let mean = all.targets().iter().sum::<f64>() / 300.0;
    let variance = all.targets().iter().map(|cost| (cost - mean).powi(2)).sum::<f64>() / 300.0;
    let expected = held_out.root_mean_squared_error.powi(2) / variance;
    assert!((report.val_loss() / expected - 1.0).abs() < 1e-3, "{} against {expected}", report.val_loss());
    let last = report.history().last().unwrap();
    assert!((last.val_metrics["val_rmse"].powi(2) / last.val_loss - 1.0).abs() < 1e-5);
    assert!(
        (last.val_metrics["val_r2"] - held_out.r2).abs() < 1e-5
            && (held_out.loss / report.val_loss() - 1.0).abs() < 1e-5
    );
    let stopping = EarlyStopping::on("val_accuracy");
    let trainer = Trainer::new(regressor(&[4])).config(config(1)).observer(Quiet).early_stopping(stopping);
    assert!(trainer.fit(&costs(), &costs()).unwrap_err().to_string().contains("use one of val_loss, val_mae"));
}

#[test]
fn methods_reach_as_deep_as_they_say() {
    let moved = |method: Method| -> Vec<bool> {
        let model = classifier(&[6, 5]);
        let before = values(&model.store().all());
        let after = fit(model, &classes(), method, config(1)).unwrap();
        before.iter().zip(values(&after.model().store().all())).map(|(a, b)| *a != b).collect()
    };
    // hidden.0 bias and weight, hidden.1, output.
    assert_eq!(moved(Method::FeatureExtraction), [false, false, false, false, true, true]);
    assert_eq!(moved(Method::Partial { last_n_layers: 1 }), [false, false, true, true, true, true]);
    assert_eq!(moved(Method::Partial { last_n_layers: 2 }), [true; 6]);
    assert_eq!(moved(Method::BitFit), [true, false, true, false, true, true]);
    let message = fit(classifier(&[6, 5]), &classes(), Method::Partial { last_n_layers: 3 }, config(1)).unwrap_err();
    assert!(message.to_string().contains("Mlp [6, 5] has 2 layers"), "{message}");
    // A linear model has a head only.
    fit(classifier(&[]), &classes(), Method::Partial { last_n_layers: 1 }, config(1)).unwrap();
    fit(classifier(&[]), &classes(), Method::TwoPhase { freeze_epochs: 1 }, config(1)).unwrap();
}

#[test]
fn frozen_hidden_layers_give_the_same_outputs_and_mixing_mixes() {
    let data = classes();
    let dropping = MlpConfig { dropout: 0.4, ..MlpConfig::new(prepared(&data).features().len(), 2) };
    let model = TabularClassifier::with_config(&prepared(&data), data.label_names(), dropping, 3).unwrap();
    let rows = model.prepare(&data).unwrap().inputs;
    let hidden = model.freeze_inputs(&rows, &mut |_| Ok(())).unwrap();
    let some = [4, 9, 200, 9];
    for pass in [Pass::evaluation, || Pass::training(8)] {
        let outputs = |inputs| model.outputs(inputs, &some, &pass()).unwrap();
        assert_close("on hidden layers", &outputs(&rows), &outputs(&hidden), 1e-5);
    }
    let linear = classifier(&[]);
    let rows = linear.prepare(&data).unwrap().inputs;
    let mix = super::Mix { partners: vec![9, 200, 4, 9], share: 0.25 };
    let mixed = linear.mixed_outputs(&rows, &some, &mix, &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap();
    let plain = linear.outputs(&rows, &[4, 9], &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap();
    // Of a linear model the mixed output is the mix of the outputs.
    assert!((mixed[0][1] - (0.25 * plain[0][1] + 0.75 * plain[1][1])).abs() < 1e-5);
    let mixup = TrainingConfig { mixup: 0.2, ..config(2) };
    let with = fit(classifier(&[8]), &data, Method::Full, mixup).unwrap();
    let without = fit(classifier(&[8]), &data, Method::Full, config(2)).unwrap();
    assert_ne!(with.val_loss().to_bits(), without.val_loss().to_bits());
}

#[test]
fn saved_models_predict_the_same_on_raw_rows() {
    let folder = tempfile::tempdir().unwrap();
    let model = fit(classifier(&[6]), &classes(), Method::Full, config(2)).unwrap().into_model();
    model.save(&folder).unwrap();
    let back = TabularClassifier::load(&folder).unwrap();
    let raw = table(40).without_columns(&["class"]).unwrap();
    assert_eq!(back.predict(&raw).unwrap(), model.predict(&raw).unwrap());
    assert_eq!((back.labels(), back.preprocessor()), (model.labels(), model.preprocessor()));
    assert!(back.predict(&raw.select(&[])).unwrap().is_empty());
    assert!(back.summary().title().contains("6 features, hidden layers of [6], 2 labels"));
    let message = TabularRegressor::load(&folder).unwrap_err().to_string();
    assert!(message.contains("model_type is \"tabular_classifier\", not tabular_regressor"), "{message}");

    let path = folder.path().join("config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let broken = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        TabularClassifier::load(&folder).unwrap_err().to_string()
    };
    assert!(broken("\"inside\",", "").contains("labels: 1 given"));
    assert!(broken("\"inside\",", "\"inside\", \"on it\",").contains("2 outputs, the model needs 3"));
    assert!(broken("\"outputs\": 2", "\"outputs\": \"two\"").contains("the network:"));
    let inputs = format!("\"inputs\": {}", model.preprocessor().features().len());
    assert!(broken(&inputs, "\"inputs\": 50").contains("preprocessor.json makes"));

    let folder = tempfile::tempdir().unwrap();
    let model = fit(regressor(&[6]), &costs(), Method::Full, config(2)).unwrap().into_model();
    model.save(&folder).unwrap();
    let back = TabularRegressor::load(&folder).unwrap();
    assert_eq!((back.predict(&raw).unwrap(), back.target()), (model.predict(&raw).unwrap(), "cost"));
}

#[test]
fn a_copy_on_a_device_is_the_same_model_and_trains_on_its_own() {
    let model = classifier(&[6]);
    model.store().set_trainable(|name| name.starts_with("output."));
    let copy = model.to_device(&crate::model::device("auto").unwrap()).unwrap();
    let frozen =
        |model: &TabularClassifier| model.store().all().iter().map(Parameter::is_trainable).collect::<Vec<_>>();
    assert_eq!((frozen(&copy), copy.load_report()), (frozen(&model), model.load_report()));
    let rows = classes();
    assert_eq!(copy.predict(&rows).unwrap().labels(), model.predict(&rows).unwrap().labels());
    let before = values(&model.store().all());
    let trained = fit(copy, &rows, Method::Full, config(2)).unwrap();
    assert_eq!(trained.device(), crate::model::device_name(trained.model().device()));
    assert_eq!(values(&model.store().all()), before);
    assert_ne!(values(&trained.model().store().all()), before);

    // What its page says beside what it knows of itself.
    let folder = tempfile::tempdir().unwrap();
    let card = crate::model::ModelCard::new().data("300 points").metric("accuracy", 0.9876);
    trained.model().save_with_card(&folder, &card).unwrap();
    let page = std::fs::read_to_string(folder.path().join("README.md")).unwrap();
    for words in
        ["`a`, `b`, `group`", "`inside`, `outside`", "300 points", "| accuracy | 0.9876 |", "TabularClassifier::load"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let back = TabularClassifier::load_on(&folder, trained.model().device()).unwrap();
    assert_eq!(back.predict(&rows).unwrap(), trained.model().predict(&rows).unwrap());
}

#[test]
fn a_saved_body_serves_other_targets() {
    let folder = tempfile::tempdir().unwrap();
    fit(classifier(&[24, 12]), &classes(), Method::Full, config(20)).unwrap().into_model().save(&folder).unwrap();
    let labels = vec!["cheap".to_owned(), "dear".to_owned(), "very dear".to_owned()];
    let model = TabularClassifier::from_pretrained(&folder, labels.clone(), 2).unwrap();
    assert_eq!(model.load_report().new, ["output.weight", "output.bias"]);
    assert_eq!((model.labels(), model.load_report().loaded.len()), (&labels[..], 4));

    let body = TabularRegressor::from_pretrained(&folder, &costs(), 2).unwrap();
    let hidden = |model: &TabularRegressor| {
        values(&model.store().all().into_iter().filter(|p| p.name().starts_with("hidden.")).collect::<Vec<_>>())
    };
    let before = hidden(&body);
    let report = fit(body, &costs(), Method::FeatureExtraction, config(30)).unwrap();
    assert_eq!(hidden(report.model()), before);
    assert!(report.val_loss() < 0.7, "{report}");
    assert!(TabularClassifier::from_pretrained(&folder, labels[..1].to_vec(), 2).is_err());
}

#[test]
fn data_that_do_not_fit_the_model_are_named_before_training() {
    let error = |outcome: Result<TrainingReport<TabularClassifier>>| outcome.unwrap_err().to_string();
    let run = |data: &TabularDataset| error(fit(classifier(&[4]), data, Method::Full, config(1)));
    assert!(run(&costs()).contains("has no labels, and the model is a classifier"));
    let other = classes().select(&[0, 1]);
    let names = ["inside".to_owned(), "outside".to_owned(), "far".to_owned()];
    let renamed = table(60).without_columns(&["cost"]).unwrap().known_label_column("class", &names).unwrap();
    assert!(run(&renamed).contains("known_label_column"));
    assert!(
        error(Trainer::new(classifier(&[4])).observer(Quiet).fit(&other, &other.select(&[]))).contains("has no rows")
    );
    let lora = Method::Lora(crate::model::LoraConfig::default());
    assert!(error(fit(classifier(&[4]), &classes(), lora, config(1))).contains("use another method"));
    let message = fit(regressor(&[4]), &classes(), Method::Full, config(1)).unwrap_err().to_string();
    assert!(message.contains("the model is a regressor"), "{message}");

    let model = |config| TabularClassifier::with_config(&prepared(&classes()), classes().label_names(), config, 0);
    let features = prepared(&classes()).features().len();
    assert!(model(MlpConfig::new(features, 3)).unwrap_err().to_string().contains("there are 2 labels"));
    assert!(model(MlpConfig::new(2, 2)).unwrap_err().to_string().contains("preprocessor makes"));
    assert!(
        TabularRegressor::new(&prepared(&costs()), &classes(), &[4], 0).unwrap_err().to_string().contains("target")
    );

    // A cell that nothing stands in for stops a run before its first step, by row and column.
    let strict = NumericSteps { imputer: crate::data::NumericImputer::Refuse, ..NumericSteps::default() };
    let strict = Preprocessor::new().numeric(strict).fit(&classes().drop_missing("a").unwrap()).unwrap();
    let strict = TabularClassifier::new(&strict, classes().label_names(), &[4], 0).unwrap();
    let message = error(Trainer::new(strict).observer(Quiet).fit(&classes(), &classes()));
    assert!(message.contains("lattice, row 5, column \"a\": the value is missing"), "{message}");
}

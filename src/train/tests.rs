//! The training loop on the tiny encoder.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{
    EarlyStopping, EpochRecord, Method, Observer, Quiet, StepRecord, StopReason, Trainer, TrainingConfig, TrainingPlan,
    stop,
};
use super::{TrainingReport, examples::Examples};
use crate::Result;
use crate::model::fixture::{tiny, tiny_config, tiny_data, tiny_folder};
use crate::model::{Parameter, Pass, TextClassifier};

/// A stop request reaches whichever run sees it first, so runs of different tests take turns.
static TURN: Mutex<()> = Mutex::new(());

fn model() -> TextClassifier {
    let dir = tiny_folder();
    TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap()
}

fn config() -> TrainingConfig {
    TrainingConfig { epochs: 2, batch_size: 8, learning_rate: Some(5e-3), ..TrainingConfig::default() }
}

fn fit<O: Observer>(trainer: Trainer<O>) -> Result<TrainingReport> {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    trainer.fit(&tiny_data(60, 0), &tiny_data(24, 1))
}

fn values(model: &TextClassifier) -> BTreeMap<String, Vec<f32>> {
    let flat = |t: &candle_core::Var| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    model.store().all().iter().map(|p| (p.name().to_owned(), flat(p.var()))).collect()
}

#[test]
fn each_method_moves_exactly_its_parameters() {
    for (method, lowest) in
        [(Method::FeatureExtraction, 3), (Method::Partial { last_n_layers: 1 }, 2), (Method::Full, 0)]
    {
        let model = model();
        let before = values(&model);
        let report = fit(Trainer::new(model).observer(Quiet).method(method).config(config())).unwrap();
        for (name, after) in values(report.model()) {
            let layer = name.strip_prefix("encoder.layer.").map(|rest| rest[..1].parse::<usize>().unwrap());
            let should_move =
                name.starts_with("classifier.") || method == Method::Full || layer.is_some_and(|n| n >= lowest);
            assert_eq!(after != before[&name], should_move, "{method}: {name}");
        }
        let expected: usize = report.model().store().trainable().iter().map(Parameter::count).sum();
        assert_eq!(report.trainable_parameters(), expected);
    }
}

#[test]
fn a_rerun_is_bit_equal_and_another_seed_is_not() {
    let run = |seed| {
        let config = TrainingConfig { seed, ..config() };
        let report = fit(Trainer::new(model()).observer(Quiet).config(config)).unwrap();
        let losses: Vec<_> = report.history().epochs().iter().map(|e| (e.train_loss, e.val_loss)).collect();
        (values(report.model()), losses)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).0, run(2).0);
}

#[test]
fn full_fine_tuning_learns_the_tiny_task() {
    let config = TrainingConfig { epochs: 15, label_smoothing: 0.05, ..config() };
    let report = fit(Trainer::new(model()).observer(Quiet).config(config)).unwrap();
    let evaluation = report.model().evaluate(&tiny_data(24, 1)).unwrap();
    assert!(evaluation.accuracy > 0.95, "{}", report.history());
    let last = report.history().last().unwrap();
    assert!((evaluation.loss - last.val_loss).abs() < 1e-9 && (evaluation.accuracy - last.val_accuracy).abs() < 1e-12);
    let labels = report.model().predict(&["my disk is full", "invoice wrong", "password please"]).unwrap().labels();
    assert_eq!(labels, ["storage", "billing", "access"]);
}

#[test]
fn cached_features_give_the_frozen_encoder_s_logits() {
    let model = model();
    let rows: Vec<usize> = (0..20).collect();
    let tokens = Examples::tokens(&model, &tiny_data(20, 0)).unwrap();
    let direct = tokens.logits(&model, &rows, &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap();
    let turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let features = tokens.into_features(&model, &mut |_| {}).unwrap();
    drop(turn);
    let cached = features.logits(&model, &rows, &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap();
    for (a, b) in direct.concat().iter().zip(cached.concat()) {
        assert!((a - b).abs() < 1e-5);
    }
}

#[test]
fn encoding_is_told_to_its_end_before_the_first_step() {
    #[derive(Default)]
    struct Encoded(Vec<(usize, usize)>);
    impl Observer for &mut Encoded {
        fn on_encode(&mut self, done: usize, total: usize) {
            self.0.push((done, total));
        }

        fn on_start(&mut self, _: &TrainingPlan) {
            assert_eq!(self.0.last(), Some(&(84, 84)));
        }
    }
    let mut encoded = Encoded::default();
    let trainer = Trainer::new(model()).method(Method::FeatureExtraction).config(config());
    let report = fit(trainer.observer(&mut encoded)).unwrap();
    assert_eq!(report.samples(), 60);
    assert!(encoded.0.is_sorted() && encoded.0[0] == (0, 84), "{:?}", encoded.0);
}

/// Remembers everything that it is told.
#[derive(Default)]
struct Log<'a> {
    steps: Vec<StepRecord>,
    epochs: usize,
    stop_after: Option<usize>,
    best: Option<&'a mut Option<usize>>,
}

impl Observer for Log<'_> {
    fn on_step(&mut self, record: &StepRecord) {
        self.steps.push(*record);
        if Some(record.step) == self.stop_after {
            stop::request();
        }
    }

    fn on_epoch(&mut self, _: &EpochRecord) {
        self.epochs += 1;
    }

    fn on_end(&mut self, best_epoch: Option<usize>) {
        assert_eq!(self.steps.len() / 8, self.epochs);
        if let Some(best) = self.best.as_mut() {
            **best = best_epoch;
        }
    }
}

#[test]
fn early_stopping_restores_the_best_epoch() {
    let mut seen = None;
    // A rate this high overshoots after a few epochs.
    let config = TrainingConfig { epochs: 30, learning_rate: Some(0.05), ..config() };
    let trainer = Trainer::new(model()).observer(Log { best: Some(&mut seen), ..Log::default() });
    let report = fit(trainer.config(config).early_stopping(EarlyStopping::on("val_loss").patience(2))).unwrap();
    let best = report.history().epochs().iter().min_by(|a, b| a.val_loss.total_cmp(&b.val_loss)).unwrap();
    assert_eq!((report.stop_reason(), report.best_epoch()), (StopReason::NoImprovement, Some(best.epoch)));
    assert_eq!(seen, Some(best.epoch));
    assert!(report.history().epochs().len() == best.epoch + 2);
    let evaluation = report.model().evaluate(&tiny_data(24, 1)).unwrap();
    assert!((evaluation.loss - best.val_loss).abs() < 1e-9);
    assert!(report.to_string().contains("restored"), "{report}");
}

#[test]
fn a_stop_request_ends_the_run_at_the_next_batch() {
    let config = TrainingConfig { epochs: 5, ..config() };
    let report =
        fit(Trainer::new(model()).observer(Log { stop_after: Some(10), ..Log::default() }).config(config)).unwrap();
    assert_eq!(report.stop_reason(), StopReason::Requested);
    assert_eq!(report.history().epochs().len(), 1); // eight steps an epoch
    assert!(!stop::is_requested());
}

#[test]
fn a_loss_that_is_no_number_names_the_step() {
    let config = TrainingConfig { learning_rate: Some(1e30), warmup_ratio: 0.0, ..config() };
    let message = fit(Trainer::new(model()).observer(Quiet).config(config)).unwrap_err().to_string();
    assert!(message.contains("at step 2 (epoch 1)") && message.contains("too high"), "{message}");
}

#[test]
fn wrong_settings_and_data_are_errors_before_anything_starts() {
    let error = |method, config| {
        fit(Trainer::new(model()).observer(Quiet).method(method).config(config)).unwrap_err().to_string()
    };
    assert!(error(Method::Partial { last_n_layers: 4 }, config()).contains("has 3 layers"));
    assert!(error(Method::Partial { last_n_layers: 0 }, config()).contains("FeatureExtraction"));
    assert!(error(Method::Full, TrainingConfig { epochs: 0, ..config() }).contains("epochs"));
    assert!(error(Method::Full, TrainingConfig { max_length: Some(99), ..config() }).contains("16 positions"));
    let stopping = Trainer::new(model()).observer(Quiet).early_stopping(EarlyStopping::on("accuracy"));
    assert!(fit(stopping).unwrap_err().to_string().contains("val_accuracy"));

    let dir = tiny_folder();
    let other = TextClassifier::from_pretrained(tiny(&dir), vec!["a".into(), "b".into()]).unwrap();
    let message = fit(Trainer::new(other).observer(Quiet)).unwrap_err().to_string();
    assert!(message.contains("training data tiny: has the labels"), "{message}");
}

#[test]
fn the_default_learning_rate_is_the_source_s() {
    let dir = tiny_folder();
    let mut json = tiny_config().to_value();
    json["tunebook"] = serde_json::json!({"learning_rates": {"full": 0.0025}});
    std::fs::write(dir.path().join("config.json"), json.to_string()).unwrap();
    let model = TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap();
    let config = TrainingConfig { learning_rate: None, ..config() };
    let report = fit(Trainer::new(model).observer(Quiet).config(config)).unwrap();
    assert_eq!(report.learning_rate().to_bits(), 0.0025f64.to_bits());
    assert!(report.to_string().contains("2.5e-3 (the source's default)"), "{report}");
}

#[test]
fn the_diagram_s_blocks_leave_the_model_as_it_is() {
    let model = model();
    let layers = model.layers_for(Method::Partial { last_n_layers: 1 }).unwrap();
    let trains: Vec<_> = layers.iter().map(|l| (l.name.as_str(), l.trainable)).collect();
    assert_eq!(
        trains,
        [("embeddings", false), ("layer 1", false), ("layer 2", false), ("layer 3", true), ("head", true)]
    );
    assert!(model.layers().iter().all(|l| l.trainable));
}

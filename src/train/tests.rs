//! The training loop on the tiny encoder.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{
    Checkpoints, ClassWeights, EarlyStopping, EpochRecord, GradientNorms, Method, Observer, Optimizer, Quiet, Schedule,
    StepRecord, StopReason, Trainer, TrainingConfig, TrainingPlan, stop,
};
use super::{Trainable, TrainingReport};
use crate::Result;
use crate::data::TextDataset;
use crate::model::fixture::{tiny, tiny_config, tiny_data, tiny_folder};
use crate::model::{LoraConfig, Parameter, Pass, Pretrained, TextClassifier};
use crate::ops::verify::without_kernels;

/// A stop request reaches whichever run sees it first, so runs of different tests take turns.
pub(super) static TURN: Mutex<()> = Mutex::new(());

fn model() -> TextClassifier {
    let dir = tiny_folder();
    TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap()
}

fn config() -> TrainingConfig {
    TrainingConfig { epochs: 2, batch_size: 8, learning_rate: Some(5e-3), ..TrainingConfig::default() }
}

fn fit<O: Observer>(trainer: Trainer<TextClassifier, O>) -> Result<TrainingReport> {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    trainer.fit(&tiny_data(60, 0), &tiny_data(24, 1))
}

fn values(model: &TextClassifier) -> BTreeMap<String, Vec<f32>> {
    let flat = |t: &candle_core::Var| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    model.store().all().iter().map(|p| (p.name().to_owned(), flat(p.var()))).collect()
}

#[test]
fn each_method_moves_exactly_its_parameters() {
    type Moves<'a> = &'a dyn Fn(&str) -> bool;
    let layer = |name: &str| name.strip_prefix("encoder.layer.").map(|rest| rest[..1].parse::<usize>().unwrap());
    let cases: [(Method, Moves<'_>); 7] = [
        (Method::FeatureExtraction, &|_| false),
        (Method::Partial { last_n_layers: 1 }, &|name| layer(name) == Some(2)),
        (Method::Full, &|_| true),
        // Two epochs: the head alone, then the last layer too.
        (Method::Gradual { epochs_per_layer: 1 }, &|name| layer(name) == Some(2)),
        (Method::TwoPhase { freeze_epochs: 1 }, &|_| true),
        (Method::BitFit, &|name| name.split('.').any(|word| word == "bias")),
        (Method::Lora(LoraConfig { rank: 2, ..LoraConfig::default() }), &|name| name.contains(".lora_")),
    ];
    for (method, moves) in cases {
        let model = model();
        let mut before = values(&model);
        let report = fit(Trainer::new(model).observer(Quiet).method(method.clone()).config(config())).unwrap();
        for (name, after) in values(report.model()) {
            let should_move = name.starts_with("classifier.") || moves(&name);
            // LoRA's second matrix starts at zero.
            let started = before.remove(&name).unwrap_or_else(|| vec![0.0; after.len()]);
            assert_eq!(after != started, should_move, "{method}: {name}");
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

/// On the embedded encoder, whose products are large enough that threads share them.
#[test]
fn every_method_s_rerun_is_bit_equal_on_several_threads() {
    let data = TextDataset::embedded("support-tickets").unwrap();
    let rows: Vec<usize> = (0..64).collect();
    let (train, validation) = (data.select(&rows[..48]), data.select(&rows[48..]));
    for method in [
        Method::Full,
        Method::Partial { last_n_layers: 2 },
        Method::Lora(LoraConfig { dropout: 0.1, ..LoraConfig::default() }),
        Method::FeatureExtraction,
    ] {
        let run = || {
            let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names()).unwrap();
            let config = TrainingConfig { batch_size: 16, learning_rate: Some(1e-3), ..config() };
            let trainer = Trainer::new(model).observer(Quiet).method(method.clone()).config(config);
            let report = trainer.fit(&train, &validation).unwrap();
            (bits(report.model()), report.val_loss().to_bits())
        };
        assert!(run() == run(), "{method}");
    }
}

/// Every number of every parameter.
fn bits(model: &TextClassifier) -> BTreeMap<String, Vec<u32>> {
    values(model).into_iter().map(|(name, values)| (name, values.into_iter().map(f32::to_bits).collect())).collect()
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
    let tokens = model.prepare(&tiny_data(20, 0)).unwrap().inputs;
    let direct = model.outputs(&tokens, &rows, &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap();
    let features = model.freeze_inputs(&tokens, &mut |_| Ok(())).unwrap();
    let cached = model.outputs(&features, &rows, &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap();
    for (a, b) in direct.concat().iter().zip(cached.concat()) {
        assert!((a - b).abs() < 1e-5);
    }
}

#[test]
fn encoding_is_told_to_its_end_before_the_first_step() {
    #[derive(Default)]
    struct Encoded(Vec<(usize, usize)>);
    impl Observer for Encoded {
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
    /// Part of a run's steps only.
    resumed: bool,
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
        assert!(self.resumed || self.steps.len() / 8 == self.epochs);
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
fn the_watched_metric_decides_what_is_kept_and_what_a_run_resumes_with() {
    // A rate this high makes the epochs' metrics rise and fall.
    let config = TrainingConfig { epochs: 8, learning_rate: Some(0.05), ..config() };
    for (metric, sign) in [("val_macro_f1", 1.0), ("val_roc_auc", 1.0), ("val_loss", -1.0)] {
        let folder = tempfile::tempdir().unwrap();
        let place = Checkpoints::in_folder(&folder).keep_best(1);
        let trainer = |rule: EarlyStopping, observer| {
            let trainer = Trainer::new(model()).observer(observer).config(config.clone());
            trainer.early_stopping(rule.patience(20)).checkpoints(place.clone()).resume()
        };
        let report = fit(trainer(EarlyStopping::on(metric), Log { stop_after: Some(20), ..Log::default() })).unwrap();
        assert_eq!(report.stop_reason(), StopReason::Requested);
        let report = fit(trainer(EarlyStopping::on(metric), Log { resumed: true, ..Log::default() })).unwrap();
        let values: Vec<f64> = report.history().metric(metric).iter().map(|value| sign * value).collect();
        let best = (0..values.len()).fold(0, |best, epoch| if values[epoch] > values[best] { epoch } else { best });
        assert_eq!((report.best_epoch(), values.len()), (Some(best + 1), 8), "{metric}: {report}");
        let evaluation = report.model().evaluate(&tiny_data(24, 1)).unwrap();
        let kept = report.kept_epoch().unwrap();
        assert!((evaluation.macro_f1() - kept.metric("val_macro_f1").unwrap()).abs() < 1e-9);
        assert!((evaluation.roc_auc().unwrap() - kept.metric("val_roc_auc").unwrap()).abs() < 1e-9);
        assert_eq!(place.best().unwrap().unwrap().epoch(), Some(kept));
        let (shown, svg) = (report.to_string(), report.curves().to_svg().unwrap());
        let beside = metric != "val_loss";
        assert_eq!(shown.contains(&format!("(best {metric})")), beside, "{shown}");
        assert!(svg.contains(&metric.replace("val_", "validation ").replace('_', " ")));
        let other = trainer(EarlyStopping::on("val_accuracy"), Log { resumed: true, ..Log::default() });
        let message = fit(other).unwrap_err().to_string();
        assert!(message.contains(&format!("was {metric}, and is val_accuracy now")), "{message}");
    }
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
    let layers = model.layers_for(&Method::Partial { last_n_layers: 1 }).unwrap();
    let trains: Vec<_> = layers.iter().map(|l| (l.name.as_str(), l.trainable)).collect();
    assert_eq!(
        trains,
        [("embeddings", false), ("layer 1", false), ("layer 2", false), ("layer 3", true), ("head", true)]
    );
    assert!(model.layers().iter().all(|l| l.trainable));
}

#[test]
fn two_small_batches_make_the_step_of_a_large_one() {
    // Without dropout, and with rows of one length, the parts differ in nothing.
    let run = |batch_size, accumulation_steps| {
        let mut log = Log::default();
        let config = TrainingConfig {
            batch_size,
            accumulation_steps,
            group_by_length: false,
            class_weights: ClassWeights::Balanced,
            label_smoothing: 0.1,
            optimizer: Optimizer::SGD,
            schedule: Schedule::OneCycle,
            learning_rate: Some(0.1),
            ..config()
        };
        let dir = tiny_folder();
        let json = tiny_config().to_value().to_string().replace("_dropout_prob\":0.1", "_dropout_prob\":0.0");
        std::fs::write(dir.path().join("config.json"), json).unwrap();
        let model = TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap();
        fit(Trainer::new(model).observer(&mut log).config(config)).unwrap();
        log.steps.iter().map(|s| s.loss).collect::<Vec<_>>()
    };
    let (whole, parts) = (run(8, 1), run(4, 2));
    assert_eq!((whole.len(), parts.len()), (16, 16));
    for (a, b) in whole.iter().zip(&parts) {
        assert!((a - b).abs() < 1e-4, "{a} against {b}");
    }
}

/// Every method that keeps something between epochs, interrupted in the middle of one.
#[test]
fn a_resumed_run_is_bit_equal_to_one_that_was_never_interrupted() {
    for method in [
        Method::Full,
        Method::FeatureExtraction,
        Method::Gradual { epochs_per_layer: 1 },
        Method::TwoPhase { freeze_epochs: 1 },
        Method::Lora(LoraConfig { rank: 2, dropout: 0.1, ..LoraConfig::default() }),
    ] {
        let trainer = |observer| {
            let rule = EarlyStopping::on("val_loss").patience(3);
            let config = TrainingConfig { epochs: 3, ..config() };
            Trainer::new(model()).observer(observer).method(method.clone()).config(config).early_stopping(rule)
        };
        let whole = fit(trainer(Log::default())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let place = Checkpoints::in_folder(folder.path().join("run")).every_steps(5).keep_best(2);
        let first = fit(trainer(Log { stop_after: Some(11), ..Log::default() }).checkpoints(place.clone())).unwrap();
        assert_eq!(first.stop_reason(), StopReason::Requested);
        let second = fit(trainer(Log { resumed: true, ..Log::default() }).checkpoints(place.clone()).resume()).unwrap();
        assert_eq!(values(second.model()), values(whole.model()), "{method}");
        let losses = |report: &TrainingReport| -> Vec<_> {
            report.history().epochs().iter().map(|e| (e.epoch, e.train_loss, e.val_loss, e.val_accuracy)).collect()
        };
        assert_eq!(losses(&second), losses(&whole), "{method}");
        assert_eq!(second.best_epoch(), whole.best_epoch());
        // A finished run is not trained again.
        let third = fit(trainer(Log { resumed: true, ..Log::default() }).checkpoints(place).resume()).unwrap();
        assert_eq!(values(third.model()), values(whole.model()), "{method}");
        let left = std::fs::read_dir(folder.path().join("run")).unwrap().count();
        assert!((1..=3).contains(&left), "{left} checkpoints");
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let run = |config, rows| {
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let trainer = Trainer::new(model()).observer(Quiet).config(config);
        trainer.checkpoints(Checkpoints::in_folder(&folder)).resume().fit(&tiny_data(rows, 0), &tiny_data(24, 1))
    };
    run(config(), 60).unwrap();
    let message = run(TrainingConfig { seed: 3, ..config() }, 60).unwrap_err().to_string();
    assert!(message.contains("the configuration was") && message.contains("step-00000016"), "{message}");
    let message = run(config(), 50).unwrap_err().to_string();
    assert!(message.contains("the training data was 60 rows"), "{message}");
    std::fs::write(folder.path().join("step-00000016/state.json"), "{").unwrap();
    let message = run(config(), 60).unwrap_err().to_string();
    assert!(message.contains("state.json") && message.contains("delete this checkpoint"), "{message}");
    let message = fit(Trainer::new(model()).observer(Quiet).resume()).unwrap_err().to_string();
    assert!(message.contains("checkpoints(...)"), "{message}");
}

#[test]
fn layers_near_the_input_take_smaller_steps() {
    let model = model();
    let before = values(&model);
    let config = TrainingConfig { epochs: 1, layer_decay: 0.1, weight_decay: 0.0, ..config() };
    let report = fit(Trainer::new(model).observer(Quiet).config(config)).unwrap();
    let after = values(report.model());
    let moved = |name: &str| {
        let steps = after[name].iter().zip(&before[name]).map(|(a, b)| (a - b).abs());
        steps.sum::<f32>() / after[name].len() as f32
    };
    let path = |n: usize| format!("encoder.layer.{n}.output.dense.weight");
    assert!(moved("classifier.weight") > 5.0 * moved(&path(2)) && moved(&path(2)) > 5.0 * moved(&path(1)));
}

#[test]
fn settings_that_do_not_fit_the_data_are_errors() {
    let error = |config| fit(Trainer::new(model()).observer(Quiet).config(config)).unwrap_err().to_string();
    assert!(error(TrainingConfig { mixup: 0.2, ..config() }).contains("images and tables"));
    let weights = ClassWeights::Given(vec![1.0]);
    assert!(error(TrainingConfig { class_weights: weights, ..config() }).contains("1 weights for 3 classes"));
    let lora = Method::Lora(LoraConfig { target_modules: vec!["querry".into()], ..LoraConfig::default() });
    let message = fit(Trainer::new(model()).observer(Quiet).method(lora)).unwrap_err().to_string();
    assert!(message.contains("\"querry\"") && message.contains("attention.self.query"), "{message}");
    for method in [Method::Gradual { epochs_per_layer: 0 }, Method::TwoPhase { freeze_epochs: 0 }] {
        assert!(fit(Trainer::new(model()).observer(Quiet).method(method)).unwrap_err().to_string().contains("is 0"));
    }
}

#[test]
fn norms_of_each_layer_are_noted_and_a_layer_that_joins_late_has_none_before() {
    let mut norms = GradientNorms::default();
    let trainer = Trainer::new(model()).method(Method::Gradual { epochs_per_layer: 1 }).config(config());
    fit(trainer.observer(&mut norms)).unwrap();
    assert_eq!(norms.layers(), ["classifier", "encoder.layer.2"]);
    assert_eq!(norms.steps().len(), 16);
    let (first, last) = (&norms.steps()[0], &norms.steps()[15]);
    assert!(first[0].unwrap() > 0.0 && first.len() == 1 && last.len() == 2 && last[1].unwrap() > 0.0);
    let mean: Vec<f64> = norms.steps()[8..].iter().filter_map(|step| step[1]).collect();
    assert!((norms.mean()[1].1.unwrap() - mean.iter().sum::<f64>() / 8.0).abs() < 1e-12);
    assert!(norms.chart().unwrap().to_svg().unwrap().contains("classifier"));
}

#[test]
fn without_kernels_as_on_a_graphics_card_a_run_comes_out_the_same() {
    for method in [Method::FeatureExtraction, Method::Full, Method::Lora(LoraConfig::default())] {
        let run = || {
            let trainer = Trainer::new(model()).observer(Quiet).method(method.clone()).config(config());
            let report = fit(trainer).unwrap();
            (report.history().epochs().iter().map(|e| e.train_loss).collect::<Vec<_>>(), report.val_loss())
        };
        let ((losses, val_loss), (composed, composed_val_loss)) = (run(), without_kernels(run));
        for (own, composed) in losses.iter().chain([&val_loss]).zip(composed.iter().chain([&composed_val_loss])) {
            assert!((own - composed).abs() < 1e-3 * own, "{method}: {losses:?} against {composed:?}");
        }
    }
}

//! Classifiers of images: they learn, each method moves what it says, and a run resumes to the last bit.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor};

use super::tests::TURN;
use super::{
    Checkpoints, EarlyStopping, ImageInputs, Method, Mix, Observer, Quiet, StepRecord, StopReason, Trainable, Trainer,
    TrainingConfig, TrainingReport,
};
use crate::Result;
use crate::data::{Augmentation, ImageDataset, ImageShape, Normalization};
use crate::model::{ImageClassifier, LoraConfig, Pass, SmallCnn, SmallCnnConfig};
use crate::ops::verify::{assert_close, without_kernels};

const SHAPE: ImageShape = ImageShape { channels: 1, height: 10, width: 10 };

/// Stripes that lie or stand, of varying brightness and place, with some noise.
fn data(count: usize, skip: usize) -> ImageDataset {
    let pixel = |n: usize, p: usize| {
        let (y, x) = (p / 10, p % 10);
        let place = if n.is_multiple_of(2) { y } else { x } + n / 2;
        let noise = (n * 7919 + p * 104_729) % 61;
        (if place % 4 < 2 { 130 + n * 13 % 60 } else { 20 } + noise) as u8
    };
    let rows = skip..skip + count;
    let pixels = rows.clone().flat_map(|n| (0..100).map(move |p| pixel(n, p))).collect();
    let names = vec!["lying".to_owned(), "standing".to_owned()];
    ImageDataset::new("stripes", pixels, SHAPE, rows.map(|n| n % 2).collect(), names).unwrap()
}

fn changed(count: usize) -> ImageDataset {
    let augmentation = Augmentation { horizontal_flip: 0.5, shift: 0.2, brightness: 0.2, ..Default::default() };
    data(count, 0).augmented(augmentation).unwrap()
}

fn model() -> ImageClassifier {
    model_with(SmallCnnConfig::new(1, 2).dropout)
}

fn model_with(dropout: f64) -> ImageClassifier {
    let config = SmallCnnConfig { widths: vec![4, 6, 8], dropout, ..SmallCnnConfig::new(1, 2) };
    let normalization = data(40, 0).normalization();
    let network = SmallCnn::new(config, 3).unwrap();
    ImageClassifier::with_network(network, data(2, 0).label_names(), normalization).unwrap()
}

fn config(epochs: usize) -> TrainingConfig {
    TrainingConfig { epochs, batch_size: 8, learning_rate: Some(1e-2), ..TrainingConfig::default() }
}

fn fit<O: Observer>(
    trainer: Trainer<ImageClassifier, O>,
    train: &ImageDataset,
) -> Result<TrainingReport<ImageClassifier>> {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    trainer.fit(train, &data(24, 100))
}

/// Parameters and buffers, bit by bit.
fn values(model: &ImageClassifier) -> BTreeMap<String, Vec<u64>> {
    let flat = |t: Tensor| -> Vec<u64> {
        let numbers = t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        numbers.into_iter().map(f64::to_bits).collect()
    };
    let parameters = model.store().all().into_iter().map(|p| (p.name().to_owned(), flat(p.var().as_detached_tensor())));
    let buffers = model.store().buffers().into_iter().map(|b| (b.name().to_owned(), flat(b.tensor())));
    parameters.chain(buffers).collect()
}

/// Notes the losses, and asks to stop after so many steps.
#[derive(Default)]
struct Log {
    losses: Vec<f64>,
    stop_after: Option<usize>,
}

impl Observer for Log {
    fn on_step(&mut self, record: &StepRecord) {
        self.losses.push(record.loss);
    }

    fn wants_stop(&self) -> bool {
        self.stop_after == Some(self.losses.len())
    }
}

#[test]
fn stripes_are_learned_and_a_rerun_is_the_same_to_the_last_bit() {
    let run = || {
        let config = TrainingConfig { mixup: 0.2, ..config(5) };
        fit(Trainer::new(model()).observer(Quiet).config(config), &changed(80)).unwrap()
    };
    let report = run();
    assert!(report.val_accuracy() > 0.9, "{report}");
    assert_eq!(values(report.model()), values(run().model()));
    let evaluation = report.model().evaluate(&data(40, 200)).unwrap();
    assert!(evaluation.accuracy > 0.9);
    let predictions = report.model().predict(&data(40, 200)).unwrap();
    let names: Vec<&str> = evaluation.predictions.iter().map(|&class| ["lying", "standing"][class]).collect();
    assert_eq!(predictions.labels(), names);
    assert_eq!((predictions.items()[5].text.as_str(), report.model().input_size()), ("5", (10, 10)));
    assert!(report.to_string().contains("full fine-tuning of small_cnn"), "{report}");
}

#[test]
fn each_method_moves_exactly_its_parameters_and_statistics() {
    type Moves<'a> = &'a dyn Fn(&str) -> bool;
    let block = |name: &str| name.strip_prefix("blocks.").map_or(3, |rest| rest[..1].parse::<usize>().unwrap());
    let cases: [(Method, Moves<'_>); 6] = [
        (Method::FeatureExtraction, &|name| block(name) == 3),
        (Method::Partial { last_n_layers: 1 }, &|name| block(name) >= 2),
        (Method::Partial { last_n_layers: 2 }, &|name| block(name) >= 1),
        (Method::Full, &|_| true),
        (Method::Gradual { epochs_per_layer: 1 }, &|name| block(name) >= 2),
        // The running statistics belong to the frozen weights.
        (Method::BitFit, &|name| block(name) == 3 || name.ends_with("bias")),
    ];
    for (method, moves) in cases {
        for train in [data(40, 0), changed(40)] {
            let model = model();
            let before = values(&model);
            let trainer = Trainer::new(model).observer(Quiet).method(method.clone()).config(config(2));
            let report = fit(trainer, &train).unwrap();
            for (name, after) in values(report.model()) {
                assert_eq!(before[&name] != after, moves(&name), "{method}: {name}");
            }
        }
    }
}

#[test]
fn a_run_that_accumulates_says_what_batch_normalisation_knows() {
    let losses = |method: Method, batch_size, accumulation_steps| {
        let mut log = Log::default();
        let config = TrainingConfig { batch_size, accumulation_steps, ..config(2) };
        let trainer = Trainer::new(model_with(0.0)).observer(&mut log).method(method).config(config);
        let report = fit(trainer, &data(32, 0)).unwrap().to_string();
        (log.losses, report.contains("batch normalisation knows the 8 rows of one batch"))
    };
    let differ = |(a, _): &(Vec<f64>, bool), (b, _): &(Vec<f64>, bool)| (a[0] - b[0]).abs() > 1e-4;
    // Gradual unfreezing ends with every layer in training.
    for method in [Method::Full, Method::Gradual { epochs_per_layer: 1 }] {
        let (whole, parts) = (losses(method.clone(), 16, 1), losses(method.clone(), 8, 2));
        assert!((whole.1, parts.1) == (false, true), "{method}");
        assert!(method != Method::Full || differ(&whole, &parts), "{whole:?} {parts:?}");
    }
    // Running statistics are the same for every batch.
    for method in [Method::FeatureExtraction, Method::BitFit] {
        let (whole, parts) = (losses(method.clone(), 16, 1), losses(method.clone(), 8, 2));
        assert!(!whole.1 && !parts.1 && !differ(&whole, &parts), "{method}: {whole:?} {parts:?}");
    }
}

#[test]
fn a_resumed_run_is_bit_equal_to_one_that_was_never_interrupted() {
    for method in [
        Method::Full,
        Method::FeatureExtraction,
        Method::Gradual { epochs_per_layer: 1 },
        Method::TwoPhase { freeze_epochs: 1 },
        Method::BitFit,
    ] {
        let trainer = |log| {
            let config = TrainingConfig { mixup: 0.2, ..config(3) };
            let rule = EarlyStopping::on("val_loss").patience(3);
            Trainer::new(model()).observer(log).method(method.clone()).config(config).early_stopping(rule)
        };
        let train = changed(36);
        let whole = fit(trainer(Log::default()), &train).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let place = Checkpoints::in_folder(folder.path()).every_steps(2);
        let first = trainer(Log { stop_after: Some(8), ..Log::default() }).checkpoints(place.clone());
        assert_eq!(fit(first, &train).unwrap().stop_reason(), StopReason::Requested);
        let second = fit(trainer(Log::default()).checkpoints(place.clone()).resume(), &train).unwrap();
        assert_eq!(values(second.model()), values(whole.model()), "{method}");
        assert_eq!(second.val_loss().to_bits(), whole.val_loss().to_bits(), "{method}");
        // Other pixels, or other changes of them, are another run.
        for other in [data(36, 0), changed(38).select(&(2..38).collect::<Vec<_>>())] {
            let message = fit(trainer(Log::default()).checkpoints(place.clone()).resume(), &other).unwrap_err();
            assert!(message.to_string().contains("the training data was 36 rows"), "{message}");
        }
    }
}

#[test]
fn the_best_epoch_comes_back_with_its_statistics() {
    // What is right in training is wrong in validation: it only gets worse.
    let right = data(24, 100);
    let pixels = (0..24).flat_map(|row| right.pixels(row).to_vec()).collect();
    let labels = right.labels().iter().map(|label| 1 - label).collect();
    let wrong = ImageDataset::new("wrong", pixels, SHAPE, labels, right.label_names()).unwrap();
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let trainer = Trainer::new(model()).observer(Quiet).config(config(8));
    let stopped = trainer.early_stopping(EarlyStopping::on("val_loss").patience(2)).fit(&data(32, 0), &wrong).unwrap();
    let best = stopped.best_epoch().unwrap();
    assert!(best < stopped.history().epochs().len(), "{stopped}");
    let restored = stopped.model().evaluate(&wrong).unwrap().loss;
    assert_eq!(restored.to_bits(), stopped.history().epoch(best).unwrap().val_loss.to_bits());
}

#[test]
fn a_search_for_a_learning_rate_leaves_no_trace() {
    let model = model();
    let before = values(&model);
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Trainer::new(model.clone()).config(config(1)).observer(Quiet).find_learning_rate(&data(40, 0)).unwrap();
    assert_eq!(values(&model), before);
}

fn numbers(tensor: &Tensor) -> Vec<Vec<f32>> {
    tensor.to_vec2().unwrap()
}

#[test]
fn images_change_in_training_alone_and_by_its_seed() {
    let model = model();
    Method::FeatureExtraction.apply(&mut model.clone(), 0).unwrap();
    let (plain, other) = (model.prepare(&data(20, 0)).unwrap().inputs, model.prepare(&changed(20)).unwrap().inputs);
    let rows = [3, 4, 17];
    // Without dropout in between: what the head reads.
    let features = |inputs: &ImageInputs, seed| {
        let ImageInputs::Pixels(data) = inputs else { panic!("pixels") };
        let batch = model.batch(data, &rows, seed).unwrap();
        numbers(&model.network().features(&batch, &Pass::evaluation()).unwrap())
    };
    assert_eq!(features(&other, None), features(&plain, Some(1)));
    assert_eq!(features(&other, Some(1)), features(&other, Some(1)));
    assert_ne!(features(&other, Some(1)), features(&other, Some(2)));
    let outputs = |pass: Pass| numbers(&model.outputs(&other, &rows, &pass).unwrap());
    assert_eq!(outputs(Pass::evaluation()), numbers(&model.outputs(&plain, &rows, &Pass::evaluation()).unwrap()));
    assert_ne!(outputs(Pass::training(1)), outputs(Pass::training(2)));
    // One row twice in a batch is changed twice.
    let ImageInputs::Pixels(images) = &other else { panic!("pixels") };
    let twice = model.batch(images, &[3, 3], Some(1)).unwrap().flatten_from(1).unwrap();
    assert_ne!(numbers(&twice)[0], numbers(&twice)[1]);
}

#[test]
fn a_frozen_network_s_vectors_give_the_same_outputs_and_mixing_mixes() {
    let model = model();
    for step in 0..3 {
        model.outputs(&model.prepare(&data(20, 0)).unwrap().inputs, &[1, 2, 3, 4], &Pass::training(step)).unwrap();
    }
    Method::FeatureExtraction.apply(&mut model.clone(), 0).unwrap();
    let pixels = model.prepare(&data(150, 0)).unwrap().inputs;
    let mut told = Vec::new();
    let frozen = model
        .freeze_inputs(&pixels, &mut |done| {
            told.push(done);
            Ok(())
        })
        .unwrap();
    assert_eq!(told, [0, 64, 128, 150]);
    let again = model.freeze_inputs(&pixels, &mut |_| Ok(())).unwrap();
    let (ImageInputs::Features(first), ImageInputs::Features(second)) = (&frozen, &again) else { panic!("vectors") };
    assert_eq!(numbers(first), numbers(second));
    let rows = [4, 149, 30, 4];
    for pass in [Pass::evaluation, || Pass::training(8)] {
        let outputs = |inputs| model.outputs(inputs, &rows, &pass()).unwrap();
        assert_close("on vectors", &outputs(&pixels), &outputs(&frozen), 1e-5);
    }
    // Other running statistics are another network: nothing stale comes back.
    let buffer = model.store().buffers().into_iter().find(|b| b.name().ends_with("running_mean")).unwrap();
    let copies = model.store().copy_of(&[]).unwrap();
    let moved =
        copies.iter().map(|(n, t)| (n.clone(), if n == buffer.name() { (t + 1.0).unwrap() } else { t.clone() }));
    model.store().restore(&moved.collect()).unwrap();
    let ImageInputs::Features(third) = model.freeze_inputs(&pixels, &mut |_| Ok(())).unwrap() else {
        panic!("vectors")
    };
    assert_ne!(numbers(first), numbers(&third));

    let share = |share| Mix { partners: vec![30, 4, 149, 4], share };
    let mixed = |inputs, mix| numbers(&model.mixed_outputs(inputs, &rows, &mix, &Pass::evaluation()).unwrap());
    let plain = |inputs, rows: &[usize]| numbers(&model.outputs(inputs, rows, &Pass::evaluation()).unwrap());
    assert_eq!(mixed(&pixels, share(1.0)), plain(&pixels, &rows));
    assert_eq!(mixed(&pixels, share(0.0)), plain(&pixels, &[30, 4, 149, 4]));
    assert_ne!(mixed(&pixels, share(0.5)), plain(&pixels, &rows));
    // The head is linear: its mixed output is the mix of the outputs.
    let (half, first, second) = (mixed(&frozen, share(0.5)), plain(&frozen, &rows), plain(&frozen, &[30, 4, 149, 4]));
    assert!((half[0][1] - 0.5 * (first[0][1] + second[0][1])).abs() < 1e-5);
}

#[test]
fn images_that_do_not_fit_the_model_are_named_before_training() {
    let error = |train: &ImageDataset, method: Method| {
        fit(Trainer::new(model()).observer(Quiet).method(method).config(config(1)), train).unwrap_err().to_string()
    };
    let full = |train: &ImageDataset| error(train, Method::Full);
    assert!(full(&data(20, 0).select(&[])).contains("training data stripes: has no images"));
    let of = |shape: ImageShape, names: &[&str]| {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        ImageDataset::new("other", vec![9; 2 * shape.numel()], shape, vec![0, 1], names).unwrap()
    };
    let names = ["lying", "standing"];
    assert!(full(&of(SHAPE, &["left", "right"])).contains("has the labels"));
    let message = full(&of(ImageShape { channels: 3, ..SHAPE }, &names));
    assert!(
        message.contains("training data other: its images are 3x10x10") && message.contains("takes 1 channels"),
        "{message}"
    );
    assert!(full(&of(ImageShape { height: 5, ..SHAPE }, &names)).contains("need 8 pixels on each side"));
    let lora = error(&data(20, 0), Method::Lora(LoraConfig::default()));
    assert!(lora.contains("small_cnn has no place for it"), "{lora}");
    let deep = error(&data(20, 0), Method::Partial { last_n_layers: 3 });
    assert!(deep.contains("small_cnn has 2 layers"), "{deep}");
    let model = model();
    assert!(model.evaluate(&of(SHAPE, &["left", "right"])).is_err());
    // Images of another size than those of training are fine.
    let wide = of(ImageShape { width: 16, ..SHAPE }, &names);
    assert_eq!(model.predict(&wide).unwrap().len(), 2);
}

#[test]
fn batches_that_are_small_at_the_end_and_single_pixels_do_no_harm() {
    // 33 rows: the last batch of each epoch is one image.
    let report = fit(Trainer::new(model()).observer(Quiet).config(config(2)), &data(33, 0)).unwrap();
    assert!(report.val_loss().is_finite());
    let normalization = Normalization::imagenet();
    let resnet = crate::model::ResNet::new(
        crate::model::ResNetConfig { width: 4, ..crate::model::ResNetConfig::resnet18(2) },
        1,
    );
    let model = ImageClassifier::with_network(resnet.unwrap(), data(2, 0).label_names(), normalization).unwrap();
    let (train, validation) = (data(33, 0).to_colour().unwrap(), data(8, 50).to_colour().unwrap());
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let trainer = Trainer::new(model).observer(Quiet).config(config(1));
    assert!(trainer.fit(&train, &validation).unwrap().val_loss().is_finite());
}

#[test]
fn without_kernels_as_on_a_graphics_card_a_run_comes_out_the_same() {
    for method in [Method::FeatureExtraction, Method::Full] {
        let run = || {
            let config = TrainingConfig { learning_rate: Some(1e-3), ..config(2) };
            let trainer = Trainer::new(model()).observer(Quiet).method(method.clone()).config(config);
            let report = fit(trainer, &data(32, 0)).unwrap();
            report.history().epochs().iter().map(|e| e.train_loss).collect::<Vec<_>>()
        };
        let (own, composed) = (run(), without_kernels(run));
        for (own, composed) in own.iter().zip(&composed) {
            assert!((own - composed).abs() < 2e-3 * own, "{method}: {own} against {composed}");
        }
    }
}

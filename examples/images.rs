//! Images from a file to a saved classifier: chest X-rays of MedMNIST, or drawings made here.
//!
//! `cargo run --release --example images` takes some seconds: drawings of three shapes, from a seed. With the path of an NPZ
//! file of MedMNIST it trains on that in place of them, once for each seed:
//! `cargo run --release --example images -- pneumoniamnist.npz 3`. The images must be grey or in colour with about 28 to 64
//! pixels on each side, and have a fixed split.

use std::path::Path;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tunebook::model::ModelCard;
use tunebook::prelude::*;

const SIDE: usize = 28;

/// Discs, squares and crosses of any size, place and brightness, on noise.
fn drawings(count: usize, seed: u64) -> Result<ImageDataset> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut pixels = Vec::with_capacity(count * SIDE * SIDE);
    for n in 0..count {
        let (x, y) = (rng.random_range(9.0..19.0f32), rng.random_range(9.0..19.0f32));
        let (size, ink) = (rng.random_range(4.0..8.0f32), rng.random_range(90.0..200.0f32));
        for place in 0..SIDE * SIDE {
            let (dx, dy) = (((place % SIDE) as f32 - x).abs(), ((place / SIDE) as f32 - y).abs());
            let inside = match n % 3 {
                0 => dx.hypot(dy) < size,
                1 => dx.max(dy) < size * 0.85,
                _ => dx.min(dy) < size * 0.3 && dx.max(dy) < size,
            };
            let light = if inside { ink } else { 30.0 } + rng.random_range(-30.0..30.0f32);
            pixels.push(light.clamp(0.0, 255.0) as u8);
        }
    }
    let names = ["disc", "square", "cross"].map(String::from).to_vec();
    let shape = ImageShape { channels: 1, height: SIDE, width: SIDE };
    ImageDataset::new("drawings", pixels, shape, (0..count).map(|n| n % 3).collect(), names)
}

/// Trains a small network on the parts of a data set; the accuracy on the test part, and the model.
fn train(data: &ImageSplits, epochs: usize, seed: u64) -> Result<(Evaluation, ImageClassifier)> {
    // What a picture shows does not depend on where it stands, nor on how it was lit.
    let changes = Augmentation {
        shift: 0.1,
        rotation: 10.0,
        scale: 0.1,
        brightness: 0.1,
        contrast: 0.2,
        ..Augmentation::default()
    };
    let model = ImageClassifier::small(&data.train, seed)?;
    let config = TrainingConfig {
        epochs,
        batch_size: 32,
        // X-rays of healthy people are rare among those of the sick: each class counts the same.
        class_weights: ClassWeights::Balanced,
        seed,
        ..TrainingConfig::default()
    };
    let report = Trainer::new(model)
        .config(config)
        .early_stopping(EarlyStopping::on("val_loss").patience(epochs))
        .observer(Quiet)
        .fit(&data.train.augmented(changes)?, &data.validation)?;
    println!("{report}\n");
    Ok((report.model().evaluate(&data.test)?, report.into_model()))
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        let folder = std::env::temp_dir().join(format!("tunebook-images-{}", std::process::id()));
        let outcome = on_drawings(&folder);
        // Best effort: the outcome is what matters.
        let _ = std::fs::remove_dir_all(&folder);
        return outcome;
    };
    let seeds: u64 = arguments
        .next()
        .map_or(Ok(1), |seeds| seeds.parse())
        .map_err(|e| Error::input("the second argument", e, "give the number of seeds, such as 3"))?;
    let data = ImageDataset::read_npz(&path, None)?;
    println!("{data}\n");
    let data = data.fixed_split()?;
    let mut accuracies = Vec::new();
    for seed in 0..seeds {
        let (evaluation, _) = train(&data, 12, seed)?;
        println!(
            "seed {seed}: {:.1} % of the test images\n{}\n",
            evaluation.accuracy * 100.0,
            evaluation.classification_report()
        );
        accuracies.push(evaluation.accuracy * 100.0);
    }
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    println!("test accuracy: {accuracies:.1?}, mean {mean:.1} %");
    Ok(())
}

fn on_drawings(folder: &Path) -> Result<()> {
    let data = drawings(600, 42)?;
    println!("{data}\n");
    let data = data.stratified_split(42, 0.2, 0.2)?;
    let (evaluation, model) = train(&data, 6, 42)?;
    println!("{}\n", evaluation.classification_report());
    println!("{}\n", model.summary());

    // A saved model takes raw images: it brings its labels and its normalisation along.
    let card = ModelCard::new().data("600 drawings made by a program").metric("accuracy", evaluation.accuracy);
    model.save_with_card(folder, &card)?;
    let model = ImageClassifier::load(folder)?;
    println!("{}", model.predict(&data.test.select(&[0, 1, 2, 3]))?);

    // Another question about such images: its layers serve again, under a new head.
    let round: Vec<usize> = data.train.labels().iter().map(|&label| usize::from(label > 0)).collect();
    let pixels = (0..data.train.len()).flat_map(|row| data.train.pixels(row).to_vec()).collect();
    let names = vec!["round".to_owned(), "angular".to_owned()];
    let other =
        ImageDataset::new("round or not", pixels, data.train.shape(), round, names)?.stratified_split(1, 0.5, 0.3)?;
    println!("{} images to learn from", other.train.len());
    for method in [Method::FeatureExtraction, Method::Partial { last_n_layers: 1 }, Method::Full] {
        let model = ImageClassifier::from_pretrained(Pretrained::folder(folder), other.train.label_names())?;
        let report = Trainer::new(model)
            .method(method)
            .config(TrainingConfig { epochs: 5, ..TrainingConfig::default() })
            .observer(Quiet)
            .fit(&other.train, &other.validation)?;
        let accuracy = report.model().evaluate(&other.test)?.accuracy;
        println!("{}: {:.1} % in {:.1} s", report.method(), accuracy * 100.0, report.seconds());
    }
    Ok(())
}

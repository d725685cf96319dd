//! Makes the embedded image network: a small convolutional network that learns to tell generated outlines and what is in
//! them apart.
//!
//! `cargo run --release --example pretrain_images -- FOLDER` writes `config.json` and `model.safetensors` (F16) into the
//! folder; its checkpoints lie in `FOLDER/run`, and the same command goes on where it was stopped. `FOLDER SEED IMAGES EPOCHS`
//! for other settings than 42, 7,200 and 8. The model card is `models/tunebook-images/README.md`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tunebook::candle::DType;
use tunebook::model::ModelCard;
use tunebook::prelude::*;

/// Images of the same kind from another seed, to measure on.
const HELD_OUT: usize = 1080;
const HELD_OUT_SEED: u64 = 1_000_003;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        return Err(Error::input("pretrain_images", "no folder was named", "say where the model shall be written"));
    };
    let mut number = |name: &str, default: u64| {
        arguments.next().map_or(Ok(default), |said| {
            said.parse().map_err(|e| Error::input(format!("{name} {said:?}"), e, "give a whole number"))
        })
    };
    let seed = number("seed", 42)?;
    let images = number("images", 7_200)? as usize;
    let epochs = number("epochs", 8)? as usize;

    let started = Instant::now();
    let train = OutlinePhantoms { images, seed, ..OutlinePhantoms::default() }.generate()?;
    let held_out =
        OutlinePhantoms { images: HELD_OUT, seed: HELD_OUT_SEED, ..OutlinePhantoms::default() }.generate()?;
    println!("{} and {} images drawn in {:.0} s", train.len(), held_out.len(), started.elapsed().as_secs_f64());

    let report = pretrain(&train, &held_out, epochs, seed, &folder.join("run"))?;
    println!("{report}");

    let evaluation = report.model().evaluate(&held_out)?;
    println!("accuracy over {} classes {:.4}", train.label_names().len(), evaluation.accuracy);
    let card = ModelCard::new()
        .data(&format!("{images} outline phantoms of seed {seed}"))
        .metric("accuracy", evaluation.accuracy);
    let model = report.into_model();
    model.save_with_card(&folder, &card)?;
    // Half the size; what is lost is far below the noise of training.
    model.store().save(folder.join("model.safetensors"), DType::F16)?;
    let halved = ImageClassifier::load(&folder)?;
    println!("accuracy from the F16 file {:.4}", halved.evaluate(&held_out)?.accuracy);
    println!("{}", halved.summary());
    Ok(())
}

fn pretrain(
    train: &ImageDataset,
    held_out: &ImageDataset,
    epochs: usize,
    seed: u64,
    run: &Path,
) -> Result<TrainingReport<ImageClassifier>> {
    let config = TrainingConfig {
        epochs,
        batch_size: 32,
        learning_rate: Some(3e-3),
        schedule: Schedule::OneCycle,
        seed,
        ..TrainingConfig::default()
    };
    Trainer::new(ImageClassifier::small(train, seed)?)
        .config(config)
        .early_stopping(EarlyStopping::on("val_loss").patience(epochs))
        .checkpoints(Checkpoints::in_folder(run))
        .resume()
        .fit(train, held_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_of_the_smallest_run_falls() {
        let folder = tempfile::tempdir().unwrap();
        let images = |images, seed| OutlinePhantoms { images, seed, ..OutlinePhantoms::default() }.generate().unwrap();
        let report = pretrain(&images(360, 1), &images(72, 2), 4, 1, folder.path()).unwrap();
        let losses = report.history().train_loss();
        assert!(losses.len() == 4 && losses[3] < losses[0] - 0.2, "{losses:?}");
        assert!(losses[3] < 36.0_f64.ln() - 0.2, "{losses:?}");
    }
}

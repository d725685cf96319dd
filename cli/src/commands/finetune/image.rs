//! The images of a call: folders of classes or NPZ files, split; and a network for them.

use std::path::Path;

use tunebook::candle::Device;
use tunebook::data::{FolderImages, ImageSplits};
use tunebook::model::{ResNet, ResNetConfig, SmallCnn, SmallCnnConfig};
use tunebook::prelude::*;

use super::Finetune;
use super::texts::{Parts, held_out};
use crate::commands::is_npz;
use crate::commands::model::source;
use crate::failure::{Failure, Result, outln};

/// The network for images of 28 to 64 pixels, and what stands for no `--model`.
pub(super) const SMALL: &str = "small";
/// The network for larger images, with fresh weights.
const RESNET18: &str = "resnet18";

/// Images with one class each. An NPZ file brings parts of its own.
pub(super) fn classes(call: &Finetune) -> Result<Parts<ImageDataset>> {
    let (train, seed) = (&call.data.train, call.training.seed);
    check_files(call)?;
    let all = read(call, train, None)?;
    let names = all.label_names();
    let found = all.label_counts().iter().filter(|count| **count > 0).count();
    if found < 2 {
        let only = all.labels().first().map_or("none", |label| all.label_name(*label));
        return Err(Failure::input(format!(
            "{}: all images have the label \"{only}\"; a classifier needs two labels or more, each with a folder of its \
             images",
            train.display()
        )));
    }
    let same_size = |path: &Path, data: ImageDataset| {
        if data.shape() == all.shape() {
            return Ok(data);
        }
        let (found, trained) = (data.shape(), all.shape());
        Err(Failure::input(format!(
            "{}: holds images of {found}, and {} of {trained} (channels x height x width); {}",
            path.display(),
            train.display(),
            if is_npz(path) || is_npz(train) { "scale the ones to the size of the others" } else { SAY_SIZE }
        )))
    };
    // Of a file with parts the one that is asked for, otherwise all of it.
    let beside = |path: &Option<std::path::PathBuf>, part: fn(ImageSplits) -> ImageDataset| {
        let Some(path) = path else { return Ok(None) };
        let data = same_size(path, read(call, path, Some(&names))?)?;
        let of_part = data.fixed_split().ok().map(part).filter(|part| !part.is_empty());
        Ok::<_, Failure>(Some(of_part.unwrap_or(data)))
    };
    let validation = beside(&call.data.validation, |parts| parts.validation)?;
    let test = beside(&call.data.test, |parts| parts.test)?;
    let (rest, own_validation, own_test) = match all.fixed_split() {
        Ok(parts) => {
            let some = |part: ImageDataset| (!part.is_empty()).then_some(part);
            (parts.train, some(parts.validation), some(parts.test))
        }
        Err(_) => (all.clone(), None, None),
    };
    let mut parts = held_out(call, rest, validation.or(own_validation), test.or(own_test), |rest| {
        rest.stratified_split(seed, 0.2, 0.0)
    })?;
    if let Some(augmentation) = call.data.augmentation()? {
        parts.train = parts.train.augmented(augmentation)?;
    }
    if !call.results.json {
        outln!("{}", parts.train);
    }
    Ok(parts)
}

/// A fresh network for the training images, or a pretrained one below a fresh head, which may know colour only.
pub(super) fn classifier(
    call: &Finetune,
    parts: Parts<ImageDataset>,
    device: &Device,
) -> Result<(ImageClassifier, Parts<ImageDataset>)> {
    let (train, labels, seed) = (&parts.train, parts.train.label_names(), call.training.seed);
    let (channels, classes) = (train.shape().channels, labels.len());
    let model = match call.model.model.as_deref().unwrap_or(SMALL) {
        SMALL => {
            let network = SmallCnn::new_on(SmallCnnConfig::new(channels, classes), seed, device)?;
            ImageClassifier::with_network(network, labels, train.normalization())?
        }
        RESNET18 => {
            let config = ResNetConfig { channels, ..ResNetConfig::resnet18(classes) };
            ImageClassifier::with_network(ResNet::new_on(config, seed, device)?, labels, train.normalization())?
        }
        model => ImageClassifier::from_pretrained_seeded(source(model).device(device), labels, seed)?,
    };
    if model.network().channels() == 1 && channels == 3 {
        let (name, train) = (call.model.model.as_deref().unwrap_or(SMALL), call.data.train.display());
        let mend =
            if is_npz(&call.data.train) { "use --model small or resnet18" } else { "read them as grey with --grey" };
        return Err(Failure::input(format!("--model {name}: is for grey images, and {train} has colour; {mend}")));
    }
    if model.network().channels() == channels || model.network().channels() != 3 {
        return Ok((model, parts));
    }
    let colour = Parts {
        train: parts.train.to_colour()?,
        validation: parts.validation.to_colour()?,
        measured: parts.measured.map(|images| images.to_colour()).transpose()?,
        ..parts
    };
    Ok((model, colour))
}

const SAY_SIZE: &str = "give one size with --image-size, such as --image-size 64";

/// That what was said of the files fits them.
fn check_files(call: &Finetune) -> Result<()> {
    let data = &call.data;
    let files = [Some(&data.train), data.validation.as_ref(), data.test.as_ref()];
    for path in files.into_iter().flatten() {
        if !path.is_dir() && path.exists() && !is_npz(path) {
            return Err(Failure::input(format!(
                "{}: is neither a folder nor an .npz file; give a folder with a folder of PNG or JPEG files for each class",
                path.display()
            )));
        }
    }
    let (is_npz, path) = (is_npz(&data.train), data.train.display());
    if is_npz && (data.image_size.is_some() || data.grey) {
        let option = if data.grey { "--grey" } else { "--image-size" };
        return Err(Failure::input(format!(
            "{option}: is for folders of images, and {path} is an .npz file; leave it out"
        )));
    }
    if !is_npz && !data.label_names.is_empty() {
        let message = format!("--label-names: is for an .npz file; the classes of {path} are named after its folders");
        return Err(Failure::input(message));
    }
    Ok(())
}

fn read(call: &Finetune, path: &Path, names: Option<&[String]>) -> Result<ImageDataset> {
    let given = (!call.data.label_names.is_empty()).then_some(call.data.label_names.as_slice());
    let data = if is_npz(path) {
        ImageDataset::read_npz(path, names.or(given))
    } else {
        let channels = call.data.grey.then_some(1);
        ImageDataset::read_folder(path, &FolderImages { size: call.data.image_size, channels }, names)
    };
    Ok(data.map_err(|error| match error {
        Error::Input { place, problem, mend } if mend.contains("FolderImages") => {
            Error::input(place, problem, SAY_SIZE)
        }
        Error::Input { place, problem, mend } if problem.contains("label names") => {
            Error::input(place, problem, format!("{mend} with --label-names"))
        }
        other => other,
    })?)
}

//! Classifiers of images as the trainer sees them: pixels, or what a frozen network says of each image.

use candle_core::Tensor;
use sha2::{Digest, Sha256};

use super::answers::{check_labels, evaluation};
use super::table::select;
use super::{Examples, Mix, Targets, Trainable};
use crate::data::{ImageDataset, LabelledRows};
use crate::metrics::Evaluation;
use crate::model::{ImageClassifier, LearningRates, ParameterStore, Pass};
use crate::words::hexadecimal;
use crate::{Error, Result};

/// Images between two looks at the progress and at a wish to stop.
const ENCODED_AT_ONCE: usize = 64;

/// Tells the changes of a row that is mixed in from those of the row itself.
const PARTNER: u64 = 0x6d69_7875_7000_0000;

/// Images as a step reads them.
///
/// ```
/// use tunebook::prelude::*;
/// use tunebook::train::ImageInputs;
/// let shape = ImageShape { channels: 1, height: 8, width: 8 };
/// let data = ImageDataset::new("dots", (0..128).collect(), shape, vec![0, 1], vec!["a".into(), "b".into()])?;
/// let model = ImageClassifier::small(&data, 42)?;
/// let pixels = model.prepare(&data)?.inputs;
/// let frozen = model.freeze_inputs(&pixels, &mut |_| Ok(()))?; // what the network makes of each image
/// assert!(matches!(frozen, ImageInputs::Features(vectors) if vectors.dims() == [2, 64]));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one for a data set, not one for each image")]
pub enum ImageInputs {
    /// The images, to be normalised, and changed where the data set says so.
    Pixels(ImageDataset),
    /// What the frozen network makes of each image, `(images, features)`, computed once.
    Features(Tensor),
}

impl Trainable for ImageClassifier {
    type Data = ImageDataset;
    type Inputs = ImageInputs;

    fn store(&self) -> &ParameterStore {
        self.store()
    }

    fn source(&self) -> &str {
        self.source()
    }

    /// Stem, each stage or block, head.
    fn groups(&self) -> usize {
        self.network().groups()
    }

    fn group_of(&self, name: &str) -> usize {
        self.network().group_of(name)
    }

    fn learning_rates(&self) -> LearningRates {
        self.recommended_rates()
    }

    fn check(&self, data: &ImageDataset, what: &str) -> Result<()> {
        let place = format!("{what} {}", data.name());
        if data.is_empty() {
            return Err(Error::input(place, "has no images", "give at least one labelled image"));
        }
        check_labels(LabelledRows::label_names(data), self.labels(), &place)?;
        self.network().check_shape(data.shape()).map_err(|error| match error {
            Error::Input { problem, mend, .. } => Error::input(place, format!("its images {problem}"), mend),
            other => other,
        })
    }

    fn prepare(&self, data: &ImageDataset) -> Result<Examples<ImageInputs>> {
        let targets = Targets::Classes(data.labels().to_vec());
        Ok(Examples { inputs: ImageInputs::Pixels(data.clone()), targets })
    }

    /// Images that are to be changed at each step stay images: the frozen network sees every change.
    fn freeze_inputs(
        &self,
        inputs: &ImageInputs,
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<ImageInputs> {
        let data = match inputs {
            ImageInputs::Pixels(data) if data.augmentation().is_none() => data,
            other => return Ok(other.clone()),
        };
        let weights = self.fingerprint()?;
        let rows: Vec<usize> = (0..data.len()).collect();
        let mut parts = Vec::new();
        for rows in rows.chunks(ENCODED_AT_ONCE) {
            progress(rows[0])?;
            parts.push(self.features_cached(&weights, data, rows)?);
        }
        progress(data.len())?;
        Ok(ImageInputs::Features(Tensor::cat(&parts, 0)?))
    }

    fn rows_fingerprint(&self, inputs: &ImageInputs) -> String {
        let ImageInputs::Pixels(data) = inputs else { return String::new() };
        let mut hash = Sha256::new();
        for row in 0..data.len() {
            hash.update(data.pixels(row));
        }
        format!("{} {} {:?}", hexadecimal(&hash.finalize()), data.shape(), data.augmentation())
    }

    fn remember(&mut self, data: &ImageDataset) {
        self.set_input_size(data.shape());
    }

    fn outputs(&self, inputs: &ImageInputs, rows: &[usize], pass: &Pass) -> Result<Tensor> {
        match inputs {
            ImageInputs::Pixels(data) => self.logits(&self.batch(data, rows, pass.seed())?, pass),
            ImageInputs::Features(vectors) => self.network().head(&select(vectors, rows)?, pass),
        }
    }

    /// Pixels are mixed as Zhang et al. (2018) do it, each image changed for itself; on a frozen network, what it makes of
    /// the images ("manifold mixup", Verma et al., 2019).
    fn mixed_outputs(&self, inputs: &ImageInputs, rows: &[usize], mix: &Mix, pass: &Pass) -> Result<Tensor> {
        let share = f64::from(mix.share);
        let mixed =
            |first: Tensor, second: Tensor| -> Result<Tensor> { Ok(((first * share)? + (second * (1.0 - share))?)?) };
        match inputs {
            ImageInputs::Pixels(data) => {
                let partner_seed = pass.seed().map(|seed| seed ^ PARTNER);
                let first = self.batch(data, rows, pass.seed())?;
                self.logits(&mixed(first, self.batch(data, &mix.partners, partner_seed)?)?, pass)
            }
            ImageInputs::Features(vectors) => {
                let mixed = mixed(select(vectors, rows)?, select(vectors, &mix.partners)?)?;
                self.network().head(&mixed, pass)
            }
        }
    }

    /// Not where a layer of batch normalisation trains.
    fn rows_are_independent(&self) -> bool {
        !self.network().follows_batches()
    }
}

impl ImageClassifier {
    /// Loss, accuracy, predictions and probabilities on labelled images with the same labels.
    ///
    /// # Errors
    /// When there are no images, they have other labels, or the network cannot take their shape.
    pub fn evaluate(&self, data: &ImageDataset) -> Result<Evaluation> {
        evaluation(self, data, self.labels())
    }
}

//! A small convolutional network, trained from scratch.

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::layers::{BatchNorm2d, Conv2d};
use super::resnet::HEAD;
use crate::data::ImageShape;
use crate::model::{Linear, LoadReport, ParameterStore, Pass, StoreBuilder};
use crate::{Error, Result, ops};

/// The shape of a [`SmallCnn`].
///
/// ```
/// use tunebook::model::SmallCnnConfig;
/// let wider = SmallCnnConfig { widths: vec![48, 96, 192], ..SmallCnnConfig::new(3, 10) };
/// assert_eq!(wider.smallest_side(), 8);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmallCnnConfig {
    /// Channels of an image: 1 for grey, 3 for colour.
    pub channels: usize,
    /// Scores that come out, one for each label.
    pub classes: usize,
    /// Channels of each block, from the input on.
    pub widths: Vec<usize>,
    /// Share of the head's inputs that training drops, 0 to below 1.
    pub dropout: f64,
}

impl SmallCnnConfig {
    /// Three blocks of 16, 32 and 64 channels, dropout 0.2: for images of 28 to 64 pixels.
    pub fn new(channels: usize, classes: usize) -> Self {
        Self { channels, classes, widths: vec![16, 32, 64], dropout: 0.2 }
    }

    /// The fewest pixels that a side may have: each block needs two, and the one before it twice as many.
    pub fn smallest_side(&self) -> usize {
        1 << self.widths.len().min(32)
    }

    fn check(&self, origin: &str) -> Result<()> {
        // Far more than this network is for; a broken config.json must not ask for more memory than there is.
        const MOST: usize = 4096;
        let mut sizes = self.widths.iter().chain([&self.channels, &self.classes]);
        if !(1..=8).contains(&self.widths.len()) || !sizes.all(|size| (1..=MOST).contains(size)) {
            let problem = format!("{self:?} is no network");
            return Err(Error::input(origin, problem, format!("give 1 to 8 widths, and sizes from 1 to {MOST}")));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            let problem = format!("dropout {} is no share", self.dropout);
            return Err(Error::input(origin, problem, "give a number from 0 to below 1"));
        }
        Ok(())
    }
}

/// A small convolutional network for images of about 28 to 64 pixels, grey or in colour, to train from scratch.
///
/// Each block is two convolutions of 3x3, each with batch normalisation and ReLU; a maximum over 2x2 pixels stands between
/// blocks. The last block's maps are averaged over their pixels, so that the size of the images is not built in; dropout
/// and a linear head follow. With the default widths 72 thousand parameters.
///
/// ```
/// use tunebook::candle::{DType, Device, Tensor};
/// use tunebook::model::{Pass, SmallCnn, SmallCnnConfig};
/// let model = SmallCnn::new(SmallCnnConfig::new(1, 2), 42)?;
/// let images = Tensor::zeros((5, 1, 28, 28), DType::F32, &Device::Cpu)?;
/// assert_eq!(model.forward(&images, &Pass::evaluation())?.dims(), [5, 2]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SmallCnn {
    config: SmallCnnConfig,
    blocks: Vec<[(Conv2d, BatchNorm2d); 2]>,
    head: Linear,
    store: ParameterStore,
    pub(super) report: LoadReport,
}

impl SmallCnn {
    /// A network with fresh weights from `seed`: the same seed gives the same bits.
    ///
    /// # Errors
    /// When a size is 0 or far too large, or the dropout is no share.
    pub fn new(config: SmallCnnConfig, seed: u64) -> Result<Self> {
        Self::build(config, StoreBuilder::random(seed), "SmallCnnConfig")
    }

    /// The same on a device of [`device()`](crate::model::device()).
    pub fn new_on(config: SmallCnnConfig, seed: u64, device: &Device) -> Result<Self> {
        Self::build(config, StoreBuilder::random(seed).on(device), "SmallCnnConfig")
    }

    pub(super) fn build(config: SmallCnnConfig, mut builder: StoreBuilder, origin: &str) -> Result<Self> {
        config.check(origin)?;
        let mut blocks = Vec::with_capacity(config.widths.len());
        let mut inputs = config.channels;
        for (n, &outputs) in config.widths.iter().enumerate() {
            let mut layer = |part: usize, inputs| -> Result<(Conv2d, BatchNorm2d)> {
                let name = |kind: &str| format!("blocks.{n}.{kind}{part}");
                let conv = Conv2d::new(&mut builder, &name("conv"), (inputs, outputs), 3, 1, 1)?;
                Ok((conv, BatchNorm2d::new(&mut builder, &name("bn"), outputs)?))
            };
            blocks.push([layer(1, inputs)?, layer(2, outputs)?]);
            inputs = outputs;
        }
        let head = Linear::new(&mut builder, HEAD, inputs, config.classes, (1.0 / inputs as f64).sqrt())?;
        let (store, report) = builder.finish()?;
        Ok(Self { config, blocks, head, store, report })
    }

    /// Normalised images `(batch, channels, height, width)` to scores `(batch, classes)`.
    ///
    /// # Errors
    /// For another number of channels, and for images that are too small.
    pub fn forward(&self, images: &Tensor, pass: &Pass) -> Result<Tensor> {
        self.head(&self.features(images, pass)?, pass)
    }

    /// What the head reads, before its dropout: `(batch, last width)`.
    pub fn features(&self, images: &Tensor, pass: &Pass) -> Result<Tensor> {
        let (channels, height, width) = super::check_batch(images, self.config.channels)?;
        self.check_shape(ImageShape { channels, height, width })?;
        let mut x = images.to_device(self.store.device())?;
        for (n, block) in self.blocks.iter().enumerate() {
            if n > 0 {
                x = ops::max_pool2d(&x, 2, 2, 0)?;
            }
            for (conv, norm) in block {
                x = norm.forward_relu(&conv.forward(&x, pass)?, None, pass)?;
            }
        }
        Ok(x.mean((2, 3))?)
    }

    /// Scores from what [`SmallCnn::features`] gives.
    pub(super) fn head(&self, features: &Tensor, pass: &Pass) -> Result<Tensor> {
        self.head.forward(&pass.dropout(features, self.config.dropout)?, pass)
    }

    /// The network's shape.
    pub fn config(&self) -> &SmallCnnConfig {
        &self.config
    }

    /// All parameters and buffers: `blocks.0.conv1.weight`, `blocks.0.bn1.running_mean`, `fc.bias`, ...
    pub fn store(&self) -> &ParameterStore {
        &self.store
    }

    /// What was loaded, what starts fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        &self.report
    }

    /// The first block is the stem; then the others, and the head.
    pub(super) fn groups(&self) -> usize {
        self.blocks.len() + 1
    }

    pub(super) fn group_of(&self, name: &str) -> usize {
        let block = name.strip_prefix("blocks.").and_then(|rest| rest.split('.').next()?.parse().ok());
        block.unwrap_or(self.blocks.len())
    }

    pub(super) fn check_shape(&self, shape: ImageShape) -> Result<()> {
        super::check_channels(shape, self.config.channels)?;
        let smallest = self.config.smallest_side();
        if shape.height.min(shape.width) < smallest {
            return Err(Error::input(
                "images",
                format!("are {shape}, and {} blocks need {smallest} pixels on each side", self.blocks.len()),
                "give larger images, or a network with fewer blocks",
            ));
        }
        Ok(())
    }
}

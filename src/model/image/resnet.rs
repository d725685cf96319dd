//! Residual networks: ResNet-18 and ResNet-34.

use candle_core::{Device, Tensor};

use super::layers::{BatchNorm2d, Conv2d};
use crate::data::ImageShape;
use crate::model::{Linear, LoadReport, ParameterStore, Pass, StoreBuilder};
use crate::{Error, Result, ops};

/// The name of the last layer.
pub(super) const HEAD: &str = "fc";

/// Stages between stem and head.
const STAGES: usize = 4;

/// The shape of a [`ResNet`].
///
/// ```
/// use tunebook::model::ResNetConfig;
/// let grey = ResNetConfig { channels: 1, ..ResNetConfig::resnet18(2) };
/// assert_eq!((grey.architecture(), grey.num_features()), (Some("resnet18"), 512));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResNetConfig {
    /// Residual blocks in each of the four stages: 2, 2, 2, 2 for ResNet-18.
    pub blocks: [usize; STAGES],
    /// Channels of an image: 3 for colour, 1 for grey.
    pub channels: usize,
    /// Scores that come out, one for each label.
    pub classes: usize,
    /// Channels of the stem and the first stage; each later stage has twice as many as the one before.
    pub width: usize,
}

impl ResNetConfig {
    /// ResNet-18 for colour images: 11.7 million parameters with ImageNet's 1,000 classes.
    pub fn resnet18(classes: usize) -> Self {
        Self { blocks: [2, 2, 2, 2], channels: 3, classes, width: 64 }
    }

    /// ResNet-34 for colour images: 21.8 million parameters with ImageNet's 1,000 classes.
    pub fn resnet34(classes: usize) -> Self {
        Self { blocks: [3, 4, 6, 3], ..Self::resnet18(classes) }
    }

    /// What torchvision and timm call this network; `None` for one that they do not have.
    pub fn architecture(&self) -> Option<&'static str> {
        match (self.blocks, self.width) {
            ([2, 2, 2, 2], 64) => Some("resnet18"),
            ([3, 4, 6, 3], 64) => Some("resnet34"),
            _ => None,
        }
    }

    /// The length of the vector that the head reads: 512 for ResNet-18 and ResNet-34.
    pub fn num_features(&self) -> usize {
        self.width << (STAGES - 1)
    }

    fn check(&self) -> Result<()> {
        // Far more than any network of this family; a broken config.json must not ask for more memory than there is.
        const MOST: usize = 4096;
        let sizes = [self.channels, self.classes.div_ceil(256), self.width];
        let blocks = self.blocks.iter();
        if blocks.chain(&sizes).all(|size| (1..=MOST).contains(size)) && self.classes > 0 {
            return Ok(());
        }
        Err(Error::input("ResNetConfig", format!("{self:?} is no network"), "give every size at least 1"))
    }
}

/// A residual network of basic blocks (He et al. 2016, <https://arxiv.org/abs/1512.03385>), parameter for parameter
/// torchvision's and timm's `resnet18` and `resnet34`: `conv1`, `bn1`, `layer1.0.conv1`, `layer2.0.downsample.0`, `fc`.
///
/// Global average pooling takes images of any size; the stem and the stages halve each side five times, so that 224 pixels
/// become 7, and 64 become 2.
///
/// ```
/// use tunebook::candle::{DType, Device, Tensor};
/// use tunebook::model::{Pass, ResNet, ResNetConfig};
/// let model = ResNet::new(ResNetConfig::resnet18(10), 42)?;
/// let images = Tensor::zeros((2, 3, 32, 32), DType::F32, &Device::Cpu)?;
/// assert_eq!(model.forward(&images, &Pass::evaluation())?.dims(), [2, 10]);
/// assert_eq!(model.store().count(), 11_181_642);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ResNet {
    config: ResNetConfig,
    stem: (Conv2d, BatchNorm2d),
    blocks: Vec<Block>,
    head: Linear,
    store: ParameterStore,
    pub(super) report: LoadReport,
}

/// Two convolutions beside a shortcut.
#[derive(Clone, Debug)]
struct Block {
    first: (Conv2d, BatchNorm2d),
    second: (Conv2d, BatchNorm2d),
    /// Where the block changes the shape: a projection of 1x1. Elsewhere the shortcut is the input itself.
    downsample: Option<(Conv2d, BatchNorm2d)>,
}

impl Block {
    fn new(builder: &mut StoreBuilder, name: &str, inputs: usize, outputs: usize, stride: usize) -> Result<Self> {
        let norm =
            |builder: &mut StoreBuilder, part: &str| BatchNorm2d::new(builder, &format!("{name}.{part}"), outputs);
        let conv = |builder: &mut StoreBuilder, part: &str, inputs, kernel, stride| {
            Conv2d::new(builder, &format!("{name}.{part}"), (inputs, outputs), kernel, stride, kernel / 2)
        };
        let changes_shape = stride != 1 || inputs != outputs;
        Ok(Self {
            first: (conv(builder, "conv1", inputs, 3, stride)?, norm(builder, "bn1")?),
            second: (conv(builder, "conv2", outputs, 3, 1)?, norm(builder, "bn2")?),
            downsample: if changes_shape {
                Some((conv(builder, "downsample.0", inputs, 1, stride)?, norm(builder, "downsample.1")?))
            } else {
                None
            },
        })
    }

    fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        let y = rectified(&self.first, x, None, pass)?;
        let shortcut = match &self.downsample {
            Some((conv, norm)) => norm.forward(&conv.forward(x, pass)?, pass)?,
            None => x.clone(),
        };
        rectified(&self.second, &y, Some(&shortcut), pass)
    }
}

/// A convolution, its normalisation, the sum with what goes past it, and the rectifier.
fn rectified(
    (conv, norm): &(Conv2d, BatchNorm2d),
    x: &Tensor,
    residual: Option<&Tensor>,
    pass: &Pass,
) -> Result<Tensor> {
    norm.forward_relu(&conv.forward(x, pass)?, residual, pass)
}

impl ResNet {
    /// A network with fresh weights from `seed`, as torchvision starts them: the same seed gives the same bits.
    ///
    /// # Errors
    /// When a size is 0, or larger than any network of this family.
    pub fn new(config: ResNetConfig, seed: u64) -> Result<Self> {
        Self::build(config, StoreBuilder::random(seed))
    }

    /// The same on a device of [`device()`](crate::model::device()).
    pub fn new_on(config: ResNetConfig, seed: u64, device: &Device) -> Result<Self> {
        Self::build(config, StoreBuilder::random(seed).on(device))
    }

    /// A network with the values of a builder: those of a weights file that torchvision or timm wrote.
    ///
    /// ```no_run
    /// use tunebook::model::{ResNet, ResNetConfig, StoreBuilder, Weights};
    /// let weights = Weights::from_file("resnet18.safetensors")?;
    /// let model = ResNet::build(ResNetConfig::resnet18(1000), StoreBuilder::strict(weights, 0))?;
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`ResNet::new`] and of [`StoreBuilder::finish`].
    pub fn build(config: ResNetConfig, mut builder: StoreBuilder) -> Result<Self> {
        config.check()?;
        let width = config.width;
        let stem = (
            Conv2d::new(&mut builder, "conv1", (config.channels, width), 7, 2, 3)?,
            BatchNorm2d::new(&mut builder, "bn1", width)?,
        );
        let mut blocks = Vec::new();
        let mut inputs = width;
        for (stage, &count) in config.blocks.iter().enumerate() {
            for n in 0..count {
                // Every stage but the first begins by halving the sides.
                let stride = if stage > 0 && n == 0 { 2 } else { 1 };
                let outputs = width << stage;
                let name = format!("layer{}.{n}", stage + 1);
                blocks.push(Block::new(&mut builder, &name, inputs, outputs, stride)?);
                inputs = outputs;
            }
        }
        let head = Linear::new(&mut builder, HEAD, inputs, config.classes, (1.0 / inputs as f64).sqrt())?;
        let (store, report) = builder.finish()?;
        Ok(Self { config, stem, blocks, head, store, report })
    }

    /// Normalised images `(batch, channels, height, width)` to scores `(batch, classes)`.
    ///
    /// # Errors
    /// For another number of channels.
    pub fn forward(&self, images: &Tensor, pass: &Pass) -> Result<Tensor> {
        self.head.forward(&self.features(images, pass)?, pass)
    }

    /// What the head reads: the last stage's maps, each averaged over its pixels, `(batch, 512)`.
    pub fn features(&self, images: &Tensor, pass: &Pass) -> Result<Tensor> {
        super::check_batch(images, self.config.channels)?;
        let x = images.to_device(self.store.device())?;
        let x = rectified(&self.stem, &x, None, pass)?;
        let mut x = ops::max_pool2d(&x, 3, 2, 1)?;
        for block in &self.blocks {
            x = block.forward(&x, pass)?;
        }
        Ok(x.mean((2, 3))?)
    }

    /// Scores from what [`ResNet::features`] gives.
    pub(super) fn head(&self, features: &Tensor, pass: &Pass) -> Result<Tensor> {
        self.head.forward(features, pass)
    }

    /// The network's shape.
    pub fn config(&self) -> &ResNetConfig {
        &self.config
    }

    /// All parameters and buffers.
    pub fn store(&self) -> &ParameterStore {
        &self.store
    }

    /// What was loaded, what starts fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        &self.report
    }

    /// Stem, four stages, head.
    pub(super) fn groups() -> usize {
        STAGES + 2
    }

    /// 0 for the stem, 1 to 4 for `layer1.` to `layer4.`, 5 for the head.
    pub(super) fn group_of(name: &str) -> usize {
        let stage = name.strip_prefix("layer").and_then(|rest| rest.split('.').next()?.parse().ok());
        match stage {
            Some(stage) => stage,
            None if name.starts_with("fc.") => STAGES + 1,
            None => 0,
        }
    }

    /// An image of any size has a last map of at least one pixel.
    pub(super) fn check_shape(&self, shape: ImageShape) -> Result<()> {
        super::check_channels(shape, self.config.channels)
    }
}

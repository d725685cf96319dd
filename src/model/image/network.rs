//! Either of the image networks, seen in the same way.

use candle_core::Tensor;

use super::{ResNet, SmallCnn};
use crate::Result;
use crate::data::ImageShape;
use crate::model::{LearningRates, LoadReport, ParameterStore, Pass};

/// An image network: a body that makes one vector of each image, and a linear head `fc` on it.
///
/// ```
/// use tunebook::model::{ImageNetwork, SmallCnn, SmallCnnConfig};
/// let network = ImageNetwork::from(SmallCnn::new(SmallCnnConfig::new(1, 2), 42)?);
/// assert_eq!((network.architecture(), network.classes(), network.num_features()), ("small_cnn", 2, 64));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum ImageNetwork {
    /// ResNet-18 or ResNet-34.
    ResNet(Box<ResNet>),
    /// The small network for small images.
    SmallCnn(Box<SmallCnn>),
}

impl From<ResNet> for ImageNetwork {
    fn from(network: ResNet) -> Self {
        Self::ResNet(network.into())
    }
}

impl From<SmallCnn> for ImageNetwork {
    fn from(network: SmallCnn) -> Self {
        Self::SmallCnn(network.into())
    }
}

/// The same call on whichever network it is.
macro_rules! each {
    ($self:ident, $network:ident => $call:expr) => {
        match $self {
            Self::ResNet($network) => $call,
            Self::SmallCnn($network) => $call,
        }
    };
}

impl ImageNetwork {
    /// Normalised images `(batch, channels, height, width)` to scores `(batch, classes)`.
    pub fn forward(&self, images: &Tensor, pass: &Pass) -> Result<Tensor> {
        each!(self, network => network.forward(images, pass))
    }

    /// Normalised images to the vectors that the head reads, `(batch, features)`.
    pub fn features(&self, images: &Tensor, pass: &Pass) -> Result<Tensor> {
        each!(self, network => network.features(images, pass))
    }

    /// Scores from [`ImageNetwork::features`]: what remains to compute when the body is frozen.
    pub fn head(&self, features: &Tensor, pass: &Pass) -> Result<Tensor> {
        each!(self, network => network.head(features, pass))
    }

    /// All parameters and buffers.
    pub fn store(&self) -> &ParameterStore {
        each!(self, network => network.store())
    }

    /// What was loaded, what starts fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        each!(self, network => network.load_report())
    }

    pub(super) fn load_report_mut(&mut self) -> &mut LoadReport {
        each!(self, network => &mut network.report)
    }

    /// Channels of an image.
    pub fn channels(&self) -> usize {
        each!(self, network => network.config().channels)
    }

    /// Scores that come out.
    pub fn classes(&self) -> usize {
        each!(self, network => network.config().classes)
    }

    /// What the network is called: `resnet18`, `small_cnn`.
    pub fn architecture(&self) -> &'static str {
        match self {
            Self::ResNet(network) => network.config().architecture().unwrap_or("resnet"),
            Self::SmallCnn(_) => super::source::SMALL_CNN,
        }
    }

    /// The length of the vector that the head reads.
    pub fn num_features(&self) -> usize {
        match self {
            Self::ResNet(network) => network.config().num_features(),
            Self::SmallCnn(network) => network.config().widths.last().copied().unwrap_or(0),
        }
    }

    /// The side of the images that the network is made for, in pixels; it takes others.
    pub(super) fn usual_side(&self) -> usize {
        match self {
            Self::ResNet(_) => 224,
            Self::SmallCnn(_) => 28,
        }
    }

    /// How many groups its parameters fall into, from the stem to the head.
    pub(crate) fn groups(&self) -> usize {
        match self {
            Self::ResNet(_) => ResNet::groups(),
            Self::SmallCnn(network) => network.groups(),
        }
    }

    /// The group of the parameter of this name.
    pub(crate) fn group_of(&self, name: &str) -> usize {
        match self {
            Self::ResNet(_) => ResNet::group_of(name),
            Self::SmallCnn(network) => network.group_of(name),
        }
    }

    /// Learning rates under AdamW; fresh weights bear, and need, larger steps than pretrained ones.
    pub(super) fn learning_rates(&self, fresh: bool) -> LearningRates {
        let (partial, full) = match (self, fresh) {
            (Self::ResNet(_), true) => (1e-3, 1e-3),
            (Self::ResNet(_), false) => (3e-4, 1e-4),
            (Self::SmallCnn(_), true) => (2e-3, 2e-3),
            (Self::SmallCnn(_), false) => (1e-3, 5e-4),
        };
        LearningRates { feature_extraction: 1e-2, partial, full, lora: partial, bitfit: 10.0 * full }
    }

    /// Whether batch normalisation follows the batch in training, so that the rows of a batch influence each other: where
    /// one of its layers trains.
    pub(crate) fn follows_batches(&self) -> bool {
        let store = self.store();
        let norms = store.buffers().into_iter().filter_map(|buffer| {
            let layer = buffer.name().strip_suffix(".running_mean").map(|layer| format!("{layer}.weight"));
            layer.and_then(|weight| store.get(&weight))
        });
        norms.into_iter().any(|weight| weight.is_trainable())
    }

    /// That images of this shape go through.
    ///
    /// # Errors
    /// For another number of channels, and for images that are too small.
    pub fn check_shape(&self, shape: ImageShape) -> Result<()> {
        each!(self, network => network.check_shape(shape))
    }
}
